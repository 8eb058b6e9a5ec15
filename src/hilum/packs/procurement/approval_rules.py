"""Who approves a requisition: a table of rules in `approvals.toml`, read from the top; the first that fits counts.

    currency = "EUR"

    [step.head]
    team = "Heads of department"
    due = "P1D"

    [[rule]]
    name = "Dear or over budget"
    amount_from = 5000
    steps = ["head"]

    [[rule]]
    name = "Everything else"
    steps = []

Pure but for reading the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hilum.cases.side_by_side import SideBySide
from hilum.errors import SettingsError
from hilum.flow import Stake
from hilum.packs.procurement.rule_tables import table_in, table_of
from hilum.processes import Task
from hilum.processes.periods import duration
from hilum.processes.tasks import LookUp
from hilum.security import Permission

FILE: Final = "approvals.toml"
"""Where a project says who approves what."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Step(_Part):
    """One desk that must agree."""

    team: str = Field(min_length=1, description="Who is asked.")
    permission: Permission = Field(Permission.APPROVE, description="What one must be allowed to, to decide it.")
    due: str = Field("P2D", description="When it is due, from the moment when it is asked.")
    remind: str | None = Field(None, description="After this time the team is reminded.")
    escalate: str | None = Field(None, description="After this time it goes to another team as well.")
    escalate_to: str = Field("", description="The other team.")
    portal: tuple[str, ...] = Field(
        (),
        description="Who may decide it in the procurement portal, by their names there; *: whom the portal lets.",
    )

    @field_validator("due", "remind", "escalate")
    @classmethod
    def _is_a_period(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                duration(value)
            except SettingsError as error:
                raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _escalates_to_somebody(self) -> Self:
        if (self.escalate is not None) != bool(self.escalate_to):
            raise ValueError("escalate and escalate_to belong together")
        return self


def task_of(
    step: Step,
    title: str,
    form: type[BaseModel],
    words: str,
    not_by: Sequence[str],
    stake: Stake,
    *,
    papers: SideBySide | LookUp,
) -> Task:
    """What the desk of a step is asked, what is at stake, and what is beside each other."""
    return Task(
        title, form, team=step.team, words=words, permission=step.permission, due=step.due, remind=step.remind,
        escalate=step.escalate, escalate_to=step.escalate_to, not_by=not_by, value=stake.value,
        criticality=stake.criticality, papers=papers,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules are asked about."""

    amount: Decimal | None  # in the table's currency; none: a line has no price, or one in another currency
    categories: frozenset[str] = frozenset()
    facility: str = ""
    off_contract: bool = False  # at least one line is
    over_budget: bool = False
    no_budget: bool = False  # nobody told one for the cost centre
    urgent: bool = False


class Rule(_Part):
    """Conditions, all of which must hold, and the desks that must agree, one after the other. No steps: it goes on."""

    name: str = Field(min_length=1)
    amount_from: Decimal | None = Field(None, description="It costs so much or more, or nobody knows what it costs.")
    amount_below: Decimal | None = Field(None, description="It is known to cost less.")
    categories: tuple[str, ...] = Field((), description="A line is of one of these categories.")
    facilities: tuple[str, ...] = Field((), description="It is for one of these facilities.")
    off_contract: bool | None = Field(None, description="A line has no agreed price; false: all have.")
    over_budget: bool | None = Field(None, description="It costs more than is available.")
    no_budget: bool | None = Field(None, description="No budget is known for the cost centre.")
    urgent: bool | None = Field(None, description="The requester says that it is urgent.")
    steps: tuple[str, ...]

    @property
    def fits_all(self) -> bool:
        """Is it without conditions?"""
        return not self.model_fields_set - {"name", "steps"}

    def fits(self, facts: Facts) -> bool:
        """Do all its conditions hold?"""
        return self._amount_fits(facts.amount) and all(
            (
                not self.categories or bool(facts.categories & set(self.categories)),
                not self.facilities or facts.facility in self.facilities,
                self.off_contract in (None, facts.off_contract),
                self.over_budget in (None, facts.over_budget),
                self.no_budget in (None, facts.no_budget),
                self.urgent in (None, facts.urgent),
            )
        )

    def _amount_fits(self, amount: Decimal | None) -> bool:
        """An amount that nobody knows may be large: it reaches every lower limit, and is below none."""
        if amount is None:
            return self.amount_below is None
        return (self.amount_from is None or amount >= self.amount_from) and (
            self.amount_below is None or amount < self.amount_below
        )


class OrderFirst(_Part):
    """Urgent requisitions of critical items are ordered at once, and looked at afterwards."""

    amount_below: Decimal = Field(gt=0, description="Only what is known to cost less.")
    review: str = Field(min_length=1, description="The step that looks at it afterwards.")


class Approvals(_Part):
    """The table."""

    currency: str = Field(pattern=r"^[A-Z]{3}$", description="Of the amounts.")
    step: Mapping[str, Step] = Field(default_factory=dict)
    rule: tuple[Rule, ...] = Field(min_length=1)
    order_first: OrderFirst | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        asked = {name for rule in self.rule for name in rule.steps}
        asked |= {self.order_first.review} if self.order_first is not None else set()
        if missing := sorted(asked - set(self.step)):
            raise ValueError(f"there is no step {', '.join(missing)}: write [step.{missing[0]}]")
        if not self.rule[-1].fits_all:
            raise ValueError("the last rule must have no conditions: it says what happens when none of the others fits")
        if hidden := [rule.name for rule in self.rule[:-1] if rule.fits_all]:
            raise ValueError(f"rules behind “{hidden[0]}”, which has no conditions, would never be asked")
        return self

    def route(self, facts: Facts) -> Rule:
        """The first rule that fits."""
        return next(rule for rule in self.rule if rule.fits(facts))

    def may_go_first(self, amount: Decimal | None) -> bool:
        """May urgent critical items of this amount be ordered before anybody is asked?"""
        return self.order_first is not None and amount is not None and amount < self.order_first.amount_below


def load_approvals(path: Path) -> Approvals:
    """The table in a file, or in the file `approvals.toml` of a folder. Raises `SettingsError` naming what is wrong."""
    return table_in(path, FILE, Approvals)


def approvals_of(text: str) -> Approvals:
    """The table in this text (TOML). Raises `SettingsError`."""
    return table_of(text, Approvals)
