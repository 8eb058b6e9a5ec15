"""Names that differ between the Odoo versions, in one table.

The differences of 18.0 and 19.0 were measured on servers; those of 16.0 and 17.0 are as documented, not measured. A
version that is newer than all of them is spoken to as the newest, and that is said (`unknown`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

Version = tuple[int, int]
"""(19, 0)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """What one range of Odoo versions calls what the hub writes. The values given here are those of 18."""

    order_line_unit: str = "product_uom"  # purchase.order.line: unit of measure
    unit_family: str = "category_id"  # uom.uom: the field that leads to units that convert into each other
    move_has_name: bool = True  # stock.move: a description is required
    move_quantity: str = "quantity"  # stock.move: what really goes, beside the demand
    move_line_quantity: str = "quantity"  # stock.move.line: the same
    has_picked: bool = True  # stock.move and its lines: `picked` marks what goes
    product_type: str = "type"  # product
    order_locked: str | None = None  # purchase.order: the mark of a locked one; None: the state `done` says so
    agreement_kind: tuple[str, str] = ("requisition_type", "blanket_order")  # purchase.requisition: column and cell
    agreement_start: str = "date_start"  # purchase.requisition: first day
    agreement_ends_at: bool = False  # purchase.requisition: the last day is a time
    agreement_reference: str = "reference"  # purchase.requisition: the number that others know
    agreement_confirmed: str = "confirmed"  # purchase.requisition.state in which its prices count
    purchase_unit: str | None = "uom_po_id"  # product: in which it is bought; None: each vendor price has its own
    price_unit_of_measure: str | None = None  # product.supplierinfo: what the price is for; None: the purchase unit
    payment_memo: str = "memo"  # account.payment: what the payer says it is for
    payment_invoices: str | None = "invoice_ids"  # account.payment: what it pays; None: only the ledger says so
    task_state: str | None = "state"  # project.task: what says that it is done; None: a folded stage
    storable: str | None = "is_storable"  # product: stock is kept of it; None: the type `product` says so
    account_retired: str | None = "deprecated"  # account.account: the mark of one no longer used; None: `active`
    relative_units: bool = False  # uom.uom: a unit is a multiple of another one, not of its category's reference
    packing: str = "product.packaging"  # the model of a level of packing with a barcode
    lock_dates: tuple[str, ...] = ("fiscalyear_lock_date", "hard_lock_date")  # res.company: for all entries
    side_locks: bool = True  # res.company: sales and purchases have lock dates of their own
    has_access: bool = True  # every model: `has_access` says what the user may; before, `check_access_rights`


_ODOO_18: Final = Dialect()
_ODOO_19: Final = replace(
    _ODOO_18,
    order_line_unit="product_uom_id",
    unit_family="relative_uom_id",
    move_has_name=False,
    order_locked="locked",
    purchase_unit=None,
    price_unit_of_measure="product_uom_id",
    packing="product.uom",
    account_retired=None,
    relative_units=True,
)
_ODOO_17: Final = replace(
    _ODOO_18,
    product_type="detailed_type",
    storable=None,
    has_access=False,
    lock_dates=("fiscalyear_lock_date", "period_lock_date"),
    side_locks=False,
    agreement_kind=("type_id/id", "purchase_requisition.type_single"),
    agreement_start="ordering_date",
    agreement_ends_at=True,
    agreement_reference="origin",
    agreement_confirmed="ongoing",
    payment_memo="ref",
    payment_invoices=None,
)
_ODOO_16: Final = replace(
    _ODOO_17, move_quantity="quantity_done", move_line_quantity="qty_done", has_picked=False, task_state=None
)

# The first version of each, newest first.
_SINCE: Final[tuple[tuple[Version, Dialect], ...]] = (
    ((19, 0), _ODOO_19),
    ((18, 0), _ODOO_18),
    ((17, 0), _ODOO_17),
    ((0, 0), _ODOO_16),
)


NEWEST: Final[Version] = _SINCE[0][0]
OLDEST: Final[Version] = (16, 0)


def dialect(version: Version) -> Dialect:
    """The names that a server of this version uses."""
    return next(names for since, names in _SINCE if version >= since)


def unknown(version: Version) -> str:
    """What to say of a version that is newer than all that the hub knows; empty for one that it knows."""
    if version <= NEWEST:
        return ""
    told, newest = (".".join(map(str, each)) for each in (version, NEWEST))
    return (
        f"Odoo {told} is newer than all that this hub knows: it is spoken to as {newest}. Run `hilum odoo check` "
        "before flows depend on it, and look for a newer hub."
    )
