"""The ownership matrix: for each object or field, by facility where needed, the system of record. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hilum.flow import Flow

FILE: Final = "ownership.toml"
"""Where a project says who owns what."""


class Others(StrEnum):
    """What becomes of a change by a system that does not own the field."""

    REFUSE = "refuse"  # the message is held with a case: somebody told the wrong system
    HOLD = "hold"  # the message is held with a case: a steward may let this one through
    IGNORE = "ignore"  # the field is left out, the rest goes on; what is in force is sent back where the flow says so
    ACCEPT_IF_EMPTY = "accept_if_empty"  # taken where nothing is in force yet; else as with `ignore`


class Conflict(StrEnum):
    """Who wins where nobody owns a field and two systems changed it at once."""

    NEWEST = "newest"  # what was changed last, by the clocks of the systems
    HOLD = "hold"  # the message is held with a case: a steward decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who owns a field. Without an owner every system may change it, and `conflict` says who wins."""

    owner: str = ""
    others: Others = Others.REFUSE
    conflict: Conflict = Conflict.NEWEST
    place: str = ""  # where it is written


EVERYBODY: Final = Rule()
"""The rule of a field that no line names: nobody owns it, the newest wins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """All rules, and which flows and endpoints belong to which system. Empty: nothing is governed."""

    rules: Mapping[tuple[str, str, str], Rule] = field(default_factory=dict)  # object, field or "", facility or ""
    systems: Mapping[str, Sequence[str]] = field(default_factory=dict)  # system → its endpoints

    @property
    def objects(self) -> Collection[str]:
        """The objects that have rules; all others go on as they are."""
        return {name for name, *_ in self.rules}

    def rule(self, object_: str, field_: str, facility: str = "") -> Rule:
        """The rule of a field: the one that names field and facility, else the field, else the facility, else none."""
        rules = self.rules
        for place in ((field_, facility), (field_, ""), ("", facility), ("", "")):
            if (found := rules.get((object_, *place))) is not None:
                return found
        return EVERYBODY

    def system_of(self, flow: Flow) -> str:
        """The system that a flow speaks for: as it says itself, or that of its source's endpoint; empty: none."""
        return flow.system or self.system_at(flow.source_endpoint)

    def system_at(self, endpoint: str) -> str:
        """The system that an endpoint belongs to; empty: none."""
        return next((name for name, endpoints in self.systems.items() if endpoint in endpoints), "")

    def captured(self, flows: Collection[Flow]) -> frozenset[str]:
        """The systems whose own changes come in, so that an echo of what the hub wrote there can come too."""
        speaking = {self.system_of(flow) for flow in flows}
        return frozenset(name for name, endpoints in self.systems.items() if endpoints and name in speaking)
