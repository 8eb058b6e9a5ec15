"""What a hospital says of its requisitions: who approves, who pays, what is critical; and the forms and states."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pydantic import BaseModel, Field

from hilum.canonical import Requisition
from hilum.packs.contracts import PacksOf
from hilum.packs.contracts.checking import no_packs
from hilum.packs.procurement.approval_rules import Approvals
from hilum.packs.procurement.order_rules import BUYER
from hilum.packs.procurement.tolerances import no_category
from hilum.processes import States
from hilum.processes.periods import Period

STATES: Final = States(
    "requisition",
    {
        "requested": ("sourcing", "approval", "ordered", "refused", "cancelled"),
        "sourcing": ("approval", "ordered", "refused", "cancelled"),
        "approval": ("sourcing", "ordered", "refused", "cancelled"),
        "ordered": ("approval", "acknowledged", "received", "completed", "cancelled"),
        "acknowledged": ("received", "completed", "cancelled"),
        "received": ("completed", "cancelled"),
        "completed": (),
        "refused": (),
        "cancelled": (),
    },
)


class Sourcing(BaseModel):
    """Who delivers what nobody has agreed a price for."""

    supplier: str = Field(min_length=1, max_length=128, description="The hub's number of the supplier.")
    unit_price: Decimal | None = Field(None, ge=0, max_digits=18, decimal_places=6, description="For one of the unit.")


class Approval(BaseModel):
    """Whether it may be bought."""

    approved: bool
    comment: str = Field("", max_length=1000, description="The requester reads it.")


class Review(BaseModel):
    """Whether it was right to order before anybody was asked."""

    justified: bool
    comment: str = Field("", max_length=1000, description="The requester reads it.")


def of_department(requisition: Requisition) -> str:
    """The cost centre has the department's code."""
    return requisition.department


def where_it_goes(requisition: Requisition) -> str:
    """The facility is the place of delivery."""
    return requisition.deliver_to or ""


def not_critical(_: str) -> bool:
    """No item is critical."""
    return False


def who_asked(requisition: Requisition) -> Collection[str]:
    """The users of the hub have the names that requisitions have, in any case of letters."""
    name = requisition.requested_by
    return {name, name.lower()} if name else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequisitionRules:
    """A hospital's own rules. What the functions say counts as it was when the requisition was judged."""

    approvals: Approvals
    cost_centre_of: Callable[[Requisition], str] = of_department  # whose budget it is; empty: nobody's
    facility_of: Callable[[Requisition], str] = where_it_goes  # for whom contracts must hold
    category_of: Callable[[str], str] = no_category  # of an item
    is_critical: Callable[[str], bool] = not_critical  # may this item be ordered first, where it is urgent?
    requesters_of: Callable[[Requisition], Collection[str]] = who_asked  # users who must not approve it
    packs_of: PacksOf = no_packs
    buyers: str = BUYER  # who finds a supplier where nobody has agreed a price
    source_within: Period = "P2D"
    name_agreements: bool = True  # orders name the blanket order that they draw on; Odoo must have it
    follow: Period = "P60D"  # without news for so long it ends, and what it still binds is released
    orders: str = "procurement.orders"  # the channel of orders, and of their cancellations
    status: str = "procurement.status"  # of what the requester is told


_NUMBER: Final = re.compile(r"(.+)-R[1-9][0-9]*")


def order_number(requisition: str, place: int) -> str:
    """`REQ-7-R1`: the first order of requisition REQ-7. The same each time, so that Odoo knows the order again."""
    return f"{requisition}-R{place}"


def requisition_of_order(number: str | None) -> str | None:
    """Of which requisition an order was made; none: of none, its number says nothing of one."""
    found = _NUMBER.fullmatch(number or "")
    return found[1] if found else None
