"""How much a case presses: how close its flow is to the patient, and until when somebody should have acted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from hilum.flow import Criticality, Flow
from hilum.flow.stakes import NOTHING, RANK, Stake, highest

TIME_TO_ACT: Mapping[Criticality, timedelta] = MappingProxyType(
    {
        Criticality.LOW: timedelta(days=3),
        Criticality.NORMAL: timedelta(hours=8),
        Criticality.HIGH: timedelta(hours=1),
        Criticality.VITAL: timedelta(minutes=15),
    }
)
"""The time that a person has before a case is overdue; the promise of the flow (its SLO) where that is longer."""


def rank_of(flow: Flow | None, stake: Stake = NOTHING) -> int:
    """How vital it is: as the flow (an unknown one counts as normal), or as what is at stake, if that is more."""
    return RANK[criticality_of(flow, stake)]


def criticality_of(flow: Flow | None, stake: Stake = NOTHING) -> Criticality:
    """As `rank_of`."""
    return highest(flow.criticality if flow is not None else None, stake.criticality)


def time_to_act(flow: Flow | None, stake: Stake = NOTHING) -> timedelta:
    """From the opening of a case until it is due, where no clock of the settings says otherwise."""
    given = TIME_TO_ACT[criticality_of(flow, stake)]
    return max(given, timedelta(seconds=flow.slo.seconds)) if flow is not None else given
