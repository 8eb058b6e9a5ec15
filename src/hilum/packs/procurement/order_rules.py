"""What a hospital decides about its orders: states, who is asked for what, tolerances, and how long is waited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal

from pydantic import BaseModel, Field

from hilum.canonical import MatchCause, PurchaseOrder
from hilum.flow import Criticality
from hilum.packs.contracts import PacksOf
from hilum.packs.contracts.checking import no_packs
from hilum.packs.procurement.tolerances import TolerancesOf, no_category, strict
from hilum.processes import States
from hilum.processes.periods import Period

BUYER: Final = "Buyers"
RECEIVER: Final = "Receiving"
PAYABLES: Final = "Payables"

TEAMS: Mapping[MatchCause, str] = MappingProxyType(
    {
        MatchCause.NO_ORDER: PAYABLES,
        MatchCause.SUPPLIER: PAYABLES,
        MatchCause.CURRENCY: PAYABLES,
        MatchCause.DUPLICATE: PAYABLES,
        MatchCause.TOTAL: PAYABLES,
        MatchCause.TAX: PAYABLES,
        MatchCause.OVER_CREDITED: PAYABLES,
        MatchCause.NOT_RECEIVED: RECEIVER,
        MatchCause.UNIT: BUYER,
        MatchCause.NOT_ORDERED: BUYER,
        MatchCause.OVER_ORDERED: BUYER,
        MatchCause.NO_PRICE: BUYER,
        MatchCause.PRICE: BUYER,
        MatchCause.EXTRAS: BUYER,
    }
)
"""Who decides, by the cause; of several causes the first of this list."""

STATES = States(
    "purchase order",
    {
        "ordered": ("acknowledged", "received", "billed", "exception", "matched", "cancelled"),
        "acknowledged": ("received", "billed", "exception", "matched", "cancelled"),
        "received": ("billed", "exception", "matched", "cancelled"),
        "billed": ("received", "exception", "matched", "cancelled"),
        "exception": ("ordered", "acknowledged", "received", "billed", "matched", "cancelled"),
        "matched": ("received", "billed", "exception", "cancelled"),
        "cancelled": (),
    },
    outside={"odoo": {"purchase": "ordered", "done": "ordered", "cancel": "cancelled"}},
)


def no_tax(_: str) -> Decimal | None:
    """Nobody says what tax an item should have: bills are taken at their word."""
    return None


def place_of(order: PurchaseOrder) -> str:
    """The facility is the place of delivery."""
    return order.deliver_to or ""


class AnswerDecision(BaseModel):
    """What to do with an answer of the supplier that differs from the order."""

    accept: bool = Field(description="Order it as the supplier answered; otherwise the order is cancelled.")
    comment: str = ""


class BillDecision(BaseModel):
    """What to do with a bill that does not match."""

    decision: Literal["accept", "refuse", "wait"] = Field(
        description="accept: post it as it is; refuse: tell the supplier; wait: for goods or a credit note."
    )
    comment: str = ""


def as_others(_: str) -> Criticality | None:
    """No item is more critical than the process."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRules:
    """A hospital's own rules."""

    tolerances_of: TolerancesOf = strict
    tax_of: Callable[[str], Decimal | None] = no_tax  # the tax that an item should have, in percent
    packs_of: PacksOf = no_packs
    criticality_of: Callable[[str], Criticality | None] = (
        as_others  # of an item: the most vital one of a question counts
    )
    category_of: Callable[[str], str] = no_category  # of an item, for the indicators
    facility_of: Callable[[PurchaseOrder], str] = place_of  # whom an order is for, for the indicators
    wait_for_goods: Period = "P14D"  # how long a bill waits for its goods before somebody is asked
    linger: Period = "P60D"  # how long a settled order listens for credit notes, returns and late bills
    decide_within: Period = "P3D"
    approvals_from: frozenset[str] = frozenset()  # systems whose people may decide about bills too: the AP product
    orders: str = "procurement.orders"  # the channel of changed and cancelled orders
    bills: str = "payables.bills"  # of bills to post
    matches: str = "payables.matches"  # of what each comparison came to
    refused: str = "payables.refused"  # of bills that were refused, to tell the supplier
