"""What a hospital decides about its suppliers: states, who is asked for what, documents, and how long is waited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel, Field, model_validator

from hilum.canonical import Supplier, SupplierRegistration
from hilum.canonical.partial import partial_kind
from hilum.flow import Lookup
from hilum.processes import States
from hilum.processes.periods import Period

ONBOARDING: Final = "suppliers.onboarding"
BANK_CHANGE: Final = "suppliers.bank_change"

COMPLIANCE: Final = "Compliance"
MASTER_DATA: Final = "Master data"
PURCHASING: Final = "Purchasing"
FINANCE: Final = "Finance"

STATES = States(
    "supplier",
    {
        "registered": ("checking", "refused"),
        "checking": ("incomplete", "screening", "active", "blocked", "refused"),
        "incomplete": ("checking", "active", "blocked", "refused"),
        "screening": ("approval", "checking", "active", "blocked", "refused"),
        "approval": ("active", "blocked", "checking", "refused"),
        "active": ("blocked", "checking"),
        "blocked": ("active", "checking"),
        "refused": (),
    },
)

BANK_STATES = States(
    "change of bank details",
    {
        "entered": ("call back", "refused"),
        "call back": ("entered", "changed", "refused"),
        "changed": (),
        "refused": (),
    },
)


class DuplicateDecision(BaseModel):
    """Is it a supplier that the hospital has already?"""

    is_new: bool = Field(description="It is another company than those named; otherwise it is refused as a double.")
    comment: str = ""


class ScreeningDecision(BaseModel):
    """Is it whom the list names?"""

    decision: Literal["other", "same"] = Field(
        description="other: somebody else, and not asked again; same: it is them, and nothing is bought of them."
    )
    comment: str = Field(min_length=1, description="What was compared: it is kept for auditors.")


class Approval(BaseModel):
    """May the hospital buy of them?"""

    approved: bool
    comment: str = ""


class FinalApproval(Approval):
    """May the hospital buy of them, and pay to the accounts that they told?"""

    spoke_with: str = Field(
        default="",
        description="Who confirmed the bank details, called under a number that did not come with the registration. "
        "Empty: nothing is paid to them before a change of bank details was confirmed.",
    )


class CallBack(BaseModel):
    """What came of calling the supplier, under a number that was known before the change."""

    confirmed: bool = Field(description="They confirm the new bank details themselves.")
    spoke_with: str = ""
    comment: str = ""

    @model_validator(mode="after")
    def _with_somebody(self) -> CallBack:
        if self.confirmed and not self.spoke_with.strip():
            raise ValueError("say with whom you spoke")
        return self


class SupplierChange(BaseModel):
    """What is to be different of a supplier; what is not told stays as it is."""

    code: str
    told: dict[str, Any] = Field(repr=False)


def supplier_changed(parsed: Any, _: Lookup) -> Supplier:
    """The translation of a flow whose source is `Commands("suppliers.changes")`."""
    change = SupplierChange.model_validate(parsed["content"])
    said = {"code": change.code, **change.told}
    return partial_kind(Supplier, said).model_validate(said)


def own_number(registration: SupplierRegistration) -> str:
    """The number that it is to have; else that of its registration."""
    return registration.supplier or f"SUP-{registration.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierRules:
    """A hospital's own rules."""

    credentials: Sequence[str] = ()  # types of documents that everybody needs
    lists: Sequence[str] = ()  # lists that must be loaded before anybody is let in
    supplier_of: Callable[[SupplierRegistration], str] = own_number
    wait_for_supplier: Period = "P30D"  # how long for what is missing, before it is refused
    remind_before: Period = "P30D"  # how long before a document ends
    decide_within: Period = "P5D"
    look_again: Period = "PT1H"  # for a list that is not loaded
    first_approval: str = PURCHASING
    second_approval: str = FINANCE
    changes: str = "suppliers.changes"  # the channel of what is to be written into Odoo
    answers: str = "suppliers.answers"  # of what the supplier is told
    screenings: str = "suppliers.screenings"  # of what screenings came to
