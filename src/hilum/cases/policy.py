"""Which acts need a second person: `[approvals]` of hilum.toml, asked for an act and the flows that it touches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from hilum.flow import Flow
from hilum.security import Role
from hilum.settings import ApprovalRule, ApprovalSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A second person is needed."""

    role: Role  # the least role
    why: str  # the rule, in words


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rules of a hub, with the flows that they are about. Without rules nobody is asked."""

    settings: ApprovalSettings = field(default_factory=ApprovalSettings)
    flows: Mapping[str, Flow] = field(default_factory=dict)

    @property
    def lifetime(self) -> timedelta:
        """How long a request may wait."""
        return timedelta(hours=self.settings.expires_hours)

    def demand(self, act: str, counts: Mapping[str, int]) -> Demand | None:
        """Does this act on so many messages of these flows need a second person? The strictest rule counts.

        A flow that is not declared here fits every condition: nobody says that it is harmless.
        """
        found: Demand | None = None
        for rule in self.settings.rules:
            if rule.act != act or not self._fits(rule, counts):
                continue
            role = Role(rule.role)
            if found is None or (role is Role.ADMIN and found.role is not Role.ADMIN):
                found = Demand(role=role, why=_words(rule))
        return found

    def demand_for(self, destination: str) -> Demand | None:
        """Does opening or closing the breaker of a destination need a second person? Its flows decide."""
        flows = [name for name, flow in self.flows.items() if destination in {t.endpoint for t in flow.targets}]
        return self.demand("breaker", dict.fromkeys(flows or [""], 1))

    def _fits(self, rule: ApprovalRule, counts: Mapping[str, int]) -> bool:
        fitting = sum(count for flow, count in counts.items() if self._concerns(rule, self.flows.get(flow)))
        return fitting > rule.more_than

    @staticmethod
    def _concerns(rule: ApprovalRule, flow: Flow | None) -> bool:
        if flow is None:
            return True
        return (not rule.data_class or flow.data_class.value in rule.data_class) and (
            not rule.criticality or flow.criticality.value in rule.criticality
        )


def _words(rule: ApprovalRule) -> str:
    """`replay of more than 100 messages, data class phi`."""
    parts = [
        f"{rule.act} of more than {rule.more_than} message{'s' if rule.more_than > 1 else ''}"
        if rule.more_than
        else rule.act
    ]
    if rule.data_class:
        parts.append(f"data class {' or '.join(rule.data_class)}")
    if rule.criticality:
        parts.append(f"criticality {' or '.join(rule.criticality)}")
    return f"The policy asks for a second person ({rule.role}) here: {', '.join(parts)}."
