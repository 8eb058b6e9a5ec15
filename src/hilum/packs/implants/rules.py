"""What a hospital says of implants that it buys when they are used: states, who owns what, how long is waited."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from pydantic import BaseModel, Field

from hilum.canonical import ImplantUsed, MatchCause, SupplierBill
from hilum.packs.contracts import PacksOf
from hilum.packs.contracts.checking import no_packs
from hilum.packs.procurement.order_rules import BUYER, PAYABLES, TEAMS, BillDecision
from hilum.packs.procurement.tolerances import TolerancesOf, strict
from hilum.processes import States
from hilum.processes.periods import Period

CHANNEL: Final = "implants.commands"
THEATRE: Final = "Theatre supplies"
MASTER_DATA: Final = "Master data"
SAFETY: Final = "Patient safety"
BILLING: Final = "Patient accounts"

BREAKS: Mapping[str, str] = MappingProxyType(
    {
        "device": MASTER_DATA,  # nobody knows which item it is, or whose it was
        "safety": SAFETY,  # expired, or of a recalled lot
        "price": BUYER,  # no supplier, or none has agreed a price
        "charge": BILLING,  # nothing says what the patient is charged
        "taken back": THEATRE,  # a use is taken back that nobody told
        "unbilled": BUYER,  # used, and the supplier's bill does not come
        "unused": PAYABLES,  # billed, and taken back since: a credit note is missing
        "late": PAYABLES,  # told otherwise after the operation was closed
    }
)
"""Who owns which break; those of bills are in `BILLS`."""

BILLS: Mapping[MatchCause, str] = MappingProxyType(
    {**TEAMS, **dict.fromkeys((MatchCause.NO_ORDER, MatchCause.NOT_RECEIVED, MatchCause.NOT_ORDERED,
                               MatchCause.OVER_ORDERED), THEATRE)}
)  # fmt: skip
"""Who owns a bill that does not match: what was billed and not used is asked of the theatre."""

USAGE: Final = frozenset(
    {MatchCause.NO_ORDER, MatchCause.NOT_RECEIVED, MatchCause.NOT_ORDERED, MatchCause.OVER_ORDERED}
)
"""What a use that is still to be told may settle."""

STATES: Final = States(
    "operation with implants",
    {
        "used": ("ordered", "billed", "break", "closed", "taken back"),
        "ordered": ("used", "billed", "break", "closed", "taken back"),
        "billed": ("used", "ordered", "break", "closed", "taken back"),
        "break": ("used", "ordered", "billed", "closed", "taken back"),
        "closed": ("used", "ordered", "billed", "break", "taken back"),
        "taken back": ("used", "ordered", "billed", "break", "closed"),
    },
)


class DeviceDecision(BaseModel):
    """Which item it is. Linking its number in the crosswalk, or adding a row to the table items, answers it too."""

    item: str = Field(min_length=1, max_length=128, description="The hub's item number.")
    whose: Literal["consigned", "bill only", "own"] | None = Field(
        None, description="Whose it was until it was used; empty: as the table items says."
    )


class SafetyDecision(BaseModel):
    """What to do about an implant that is expired or recalled."""

    decision: Literal["proceed", "stop"] = Field(
        description="proceed: order it and charge the patient; stop: neither. The use stays on record."
    )
    comment: str = Field("", max_length=1000)


class PriceDecision(BaseModel):
    """From whom it is bought, at which price. A contract that is told meanwhile answers it too."""

    supplier: str = Field(min_length=1, max_length=128, description="The hub's number of the supplier.")
    unit_price: Decimal = Field(ge=0, max_digits=18, decimal_places=6, description="For one of the unit of the use.")
    currency: str = Field(pattern="^[A-Z]{3}$")
    comment: str = Field("", max_length=1000)


class ChargeDecision(BaseModel):
    """What the patient is charged for it."""

    amount: Decimal = Field(ge=0, max_digits=18, decimal_places=6, description="For all of it.")
    currency: str = Field(pattern="^[A-Z]{3}$")


class PatienceDecision(BaseModel):
    """Whether what is missing is still waited for."""

    decision: Literal["wait", "close"] = Field(
        description="wait: ask again after the same time; close: nothing more is waited for."
    )
    comment: str = Field("", max_length=1000)


FORMS: Final = (DeviceDecision, SafetyDecision, PriceDecision, ChargeDecision, PatienceDecision, BillDecision)


def by_order(bill: SupplierBill) -> str | None:
    """A bill belongs to the operation whose order it names; others are for other processes."""
    return case_of_order(bill.order)


def by_order_or_alone(bill: SupplierBill) -> str:
    """The same, where all bills of a flow are of implants: one that names no such order is a break of its own."""
    return by_order(bill) or f"bill {bill.business_key}"


def own_facility(used: ImplantUsed) -> str | None:
    """Contracts must hold for the facility that tells of the use."""
    return used.facility or None


def at_the_theatre(used: ImplantUsed) -> str:
    """What is bought is booked in the store of the theatre."""
    return used.location


@dataclass(frozen=True, slots=True, kw_only=True)
class ImplantRules:
    """A hospital's own rules. What the functions say must not change while an operation is open."""

    lookups: Path | None = None  # the folder of `items` and `recalls`, where the hub's database does not have them
    tolerances_of: TolerancesOf = strict
    packs_of: PacksOf = no_packs
    facility_of: Callable[[ImplantUsed], str | None] = own_facility  # for whom contracts must hold
    bought_into: Callable[[ImplantUsed], str] = at_the_theatre  # the place that receipts of its orders come into
    case_of_bill: Callable[[SupplierBill], str | None] = by_order  # none: the bill is not for this process
    gather: Period = "PT1H"  # so long after the last use its orders are made: one for each supplier
    wait_for_bill: Period = "P14D"
    wait_for_usage: Period = "P3D"  # so long a bill, or a use taken back, waits for the use
    look_again: Period = "PT1H"  # how often an open break is held against what is known now
    linger: Period = "P90D"  # how long a closed operation listens for corrections, credit notes and late bills
    decide_within: Period = "P3D"
    teams: Mapping[str, str] = field(default_factory=dict)  # other owners of breaks than `BREAKS` says
    channel: str = CHANNEL

    def owner_of(self, kind: str) -> str:
        """Whose break it is."""
        return self.teams.get(kind) or BREAKS[kind]


_NUMBER: Final = re.compile(r"(.+)-B[1-9][0-9]*")


def order_number(case: str, place: int) -> str:
    """`OP-7-B1`: the first bill-only order of operation OP-7. The same each time, so that Odoo knows it again."""
    return f"{case}-B{place}"


def case_of_order(number: str | None) -> str | None:
    """Of which operation an order was made; none: it is no bill-only order."""
    found = _NUMBER.fullmatch(number or "")
    return found[1] if found else None
