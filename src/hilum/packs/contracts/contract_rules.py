"""What a hospital decides about its contracts: states, who is asked for what, reminders, and how long is waited."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from hilum.canonical import Contract
from hilum.canonical.base import Code, Quantity, Text
from hilum.packs.suppliers.standing import standing
from hilum.postgres import Connection
from hilum.processes import States
from hilum.processes.periods import Period

NAME: Final = "contracts.contract"

DESK: Final = "Contracts"

CLM, ESIGNATURE = "clm", "esignature"
"""The systems whose states are mapped."""

STATES = States(
    "contract",
    {
        "draft": ("legal review", "expired"),
        "legal review": ("draft", "approved", "expired"),
        "approved": ("draft", "legal review", "active", "expired"),
        "active": ("suspended", "expired"),
        "suspended": ("active", "expired"),
        "expired": (),
    },
    outside={
        CLM: {
            "draft": "draft",
            "in_review": "legal review",
            "approved": "approved",
            "out_for_signature": "approved",
            "executed": "active",
            "on_hold": "suspended",
            "expired": "expired",
            "terminated": "expired",
            "withdrawn": "expired",
        },
        ESIGNATURE: {
            "created": "approved",
            "sent": "approved",
            "delivered": "approved",
            "completed": "active",
            "declined": "legal review",
            "voided": "legal review",
        },
    },
)
"""A contract is in force as `active`. Of an envelope: `active` is signed, `legal review` is refused."""

IN_FORCE: Final = ("active", "suspended")


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Commitment(_Told):
    """So much of an item is to be bought in the time of the contract: a line of the blanket order."""

    item: Code
    quantity: Quantity = Field(gt=0)


class ContractTold(_Told):
    """What the CLM says of a contract at a time: all of it, and its state as `STATES` has it."""

    name: ClassVar[str] = "contracts.told"
    called: ClassVar[str] = "news of the CLM"

    contract: Contract  # its own `status` does not count
    state: str
    at: AwareDatetime  # when it became so in the CLM: of two, the later counts
    owner: Text = ""  # team that is reminded of the renewal; empty: the desk of contracts
    commitments: tuple[Commitment, ...] = ()
    seen: bool = False  # it was looked up, not told: it may have passed through states between the last word and this

    @model_validator(mode="after")
    def _commits_to_what_it_prices(self) -> ContractTold:
        for each in self.commitments:
            lines = [line for line in self.contract.prices if line.item == each.item]
            reached = [min(tier.from_quantity for tier in line.tiers) <= each.quantity for line in lines]
            if not lines or not all(reached):
                raise ValueError(f"{each.item} is committed, and the contract has no price for so much of it")
        return self


class ContractsListed(_Told):
    """All contracts that the CLM has at a time."""

    name: ClassVar[str] = "contracts.listed"

    at: AwareDatetime  # nothing that is listed is older
    contracts: tuple[ContractTold, ...]
    unread: tuple[Code, ...] = ()  # numbers of those that are there and could not be read


class EnvelopeTold(_Told):
    """What the provider of signatures says of the envelope of a contract."""

    name: ClassVar[str] = "contracts.envelope"
    called: ClassVar[str] = "news of its signature"

    envelope: Code
    contract: Code
    revision: int = Field(default=1, ge=1)
    state: str
    at: AwareDatetime
    words: Text = ""  # why it was declined


class SupplierDecision(BaseModel):
    """What to do with a contract whose supplier is not in order."""

    decision: Literal["look again", "accept"] = Field(
        description="look again: the supplier was corrected; accept: the contract goes on with the supplier as it is."
    )
    comment: str = ""


class SignatureDecision(BaseModel):
    """The CLM says that the contract is in force, and no signed envelope has come."""

    signed: bool = Field(description="It was signed otherwise, on paper; else the envelope is waited for.")
    comment: str = ""


class RenewalDecision(BaseModel):
    """What is to become of a contract that ends soon."""

    decision: Literal["renew", "let it end"] = Field(
        description="renew: remind again until an amendment has come; let it end: remind no more."
    )
    comment: str = ""


StandingOf = Callable[[Connection, str], Awaitable[list[str]]]
"""What is wrong with a supplier, in words; none: it is known, not blocked, and cleared by screening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRules:
    """A hospital's own rules."""

    standing_of: StandingOf = standing
    signature: bool = True  # a contract counts only with a signed envelope
    reminders: Sequence[Period] = ("P90D", "P30D")  # so long before its end its owner is asked
    wait_for_envelope: Period = "P7D"  # so long after the CLM called it executed, before the desk is asked
    late: Period = "PT10M"  # how long an illegal move waits for what may come out of order, before it is a case
    linger: Period = "P90D"  # how long an ended contract listens for what comes late
    look_again: Period = "P1D"  # at a supplier that is not in order, while somebody is asked
    decide_within: Period = "P5D"
    terms: str = "contracts.terms"  # the channel of contracts to keep
    prices: str = "contracts.prices"  # of supplier prices to write
    agreements: str = "contracts.agreements"  # of blanket orders that begin or end
