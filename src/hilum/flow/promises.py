"""What a flow promises and to whom: its data class, criticality, owners and SLO; and the pattern that gives defaults.

A flow of a pattern need not say what all flows of that kind have in common. What it says itself always counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from hilum.errors import SettingsError
from hilum.message import Priority


class DataClass(StrEnum):
    """What a payload may contain; decides masking, encryption and who may see it."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"  # prices, contracts, employees
    PHI = "phi"  # protected health information

    @property
    def open(self) -> bool:
        """May everybody who sees the hub see what such payloads say?"""
        return self in (DataClass.PUBLIC, DataClass.INTERNAL)


class Criticality(StrEnum):
    """What happens when it stands still; decides how long the hub retries and whom it wakes."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    VITAL = "vital"


OnHeld = Literal["hold_key", "pass"]
"""What a held message does to the later ones of its ordering key: they wait, or they pass it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Who decides about the content, and who keeps it running. Cases go to the one that can act."""

    business: str
    technical: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """The promise: so many percent of messages are completed within this time (`30s`, `5m`, `2h`)."""

    percent: float
    within: str

    @property
    def seconds(self) -> float:
        """`within` in seconds. Raises `SettingsError` where it cannot be read."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h|d)", self.within)
        if not found:
            raise SettingsError(f"Slo(within={self.within!r}): write a number and s, m, h or d, for example '30s'.")
        return float(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]

    def problems(self) -> list[str]:
        """What is wrong with the promise, in words."""
        try:
            within = self.seconds
        except SettingsError as error:
            return [str(error)]
        if 0 < self.percent < 100 and within > 0:
            return []
        return ["slo: percent must be between 0 and 100, and the time longer than 0"]


class Pattern(StrEnum):
    """What kind of interface a flow is."""

    TRANSACTION = "transaction"  # a business act between systems: an order, a charge, a payment
    MASTER_DATA = "master_data"  # what somebody or something is: the latest counts
    EVENT = "event"  # something has happened, and others are told: it must be quick, and waits for nobody
    DOCUMENT = "document"  # a file or report that people need, whenever it comes
    REPORT = "report"  # a feed for statistics: large, and never in the way of the others


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the flows of a pattern have unless they say otherwise."""

    criticality: Criticality  # reliability: how long it is repeated, and how soon somebody must act
    priority: Priority  # reliability: what is done first
    on_held: OnHeld  # reliability: what a held message does to the later ones of its key
    data_class: DataClass  # security: who may see it, and whether it is encrypted in the journal
    retention: str  # security: for how long the payload is kept
    slo: Slo  # observability: when it is late


DEFAULTS: Mapping[Pattern, Defaults] = MappingProxyType(
    {
        Pattern.TRANSACTION: Defaults(
            criticality=Criticality.NORMAL, priority=Priority.NORMAL, on_held="hold_key",
            data_class=DataClass.PHI, retention="P1Y", slo=Slo(percent=99.5, within="5m"),
        ),
        Pattern.MASTER_DATA: Defaults(
            criticality=Criticality.NORMAL, priority=Priority.NORMAL, on_held="pass",
            data_class=DataClass.INTERNAL, retention="P90D", slo=Slo(percent=99.0, within="15m"),
        ),
        Pattern.EVENT: Defaults(
            criticality=Criticality.HIGH, priority=Priority.URGENT, on_held="pass",
            data_class=DataClass.PHI, retention="P90D", slo=Slo(percent=99.5, within="30s"),
        ),
        Pattern.DOCUMENT: Defaults(
            criticality=Criticality.NORMAL, priority=Priority.NORMAL, on_held="pass",
            data_class=DataClass.PHI, retention="P90D", slo=Slo(percent=99.0, within="1h"),
        ),
        Pattern.REPORT: Defaults(
            criticality=Criticality.LOW, priority=Priority.BULK, on_held="pass",
            data_class=DataClass.CONFIDENTIAL, retention="P30D", slo=Slo(percent=95.0, within="1d"),
        ),
    }
)  # fmt: skip
"""The defaults of each pattern. Strict where nothing is said: what may name a patient is treated as if it did."""
