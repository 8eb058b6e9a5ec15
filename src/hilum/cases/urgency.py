"""How much a case presses: how close its flow is to the patient, and until when somebody should have acted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from hilum.flow import Criticality, Flow

RANK: Mapping[Criticality, int] = MappingProxyType({each: rank for rank, each in enumerate(Criticality)})
"""Low 0 … vital 3; the more vital one comes first in every list."""

TIME_TO_ACT: Mapping[Criticality, timedelta] = MappingProxyType(
    {
        Criticality.LOW: timedelta(days=3),
        Criticality.NORMAL: timedelta(hours=8),
        Criticality.HIGH: timedelta(hours=1),
        Criticality.VITAL: timedelta(minutes=15),
    }
)
"""The time that a person has before a case is overdue; the promise of the flow (its SLO) where that is longer."""


def rank_of(flow: Flow | None) -> int:
    """How vital the flow is; an unknown one counts as normal."""
    return RANK[flow.criticality if flow else Criticality.NORMAL]


def time_to_act(flow: Flow | None) -> timedelta:
    """From the opening of a case until it is due."""
    if flow is None:
        return TIME_TO_ACT[Criticality.NORMAL]
    return max(TIME_TO_ACT[flow.criticality], timedelta(seconds=flow.slo.seconds))
