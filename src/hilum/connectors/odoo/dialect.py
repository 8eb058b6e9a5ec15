"""Names that differ between the Odoo versions, in one table.

The differences were measured on 18.0 and 19.0 servers. Versions before 18 are treated as 18.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Version = tuple[int, int]
"""(19, 0)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """What one range of Odoo versions calls what the hub writes."""

    order_line_unit: str  # purchase.order.line: unit of measure
    unit_family: str  # uom.uom: the field that leads to units that convert into each other
    move_has_name: bool  # stock.move: a description is required
    storable_field: str | None  # product: stock is kept of it; none: the type `product` says so


_ODOO_16: Final = Dialect(
    order_line_unit="product_uom", unit_family="category_id", move_has_name=True, storable_field=None
)
_ODOO_18: Final = Dialect(
    order_line_unit="product_uom", unit_family="category_id", move_has_name=True, storable_field="is_storable"
)
_ODOO_19: Final = Dialect(
    order_line_unit="product_uom_id", unit_family="relative_uom_id", move_has_name=False, storable_field="is_storable"
)


def dialect(version: Version) -> Dialect:
    """The names that a server of this version uses."""
    if version >= (19, 0):
        return _ODOO_19
    return _ODOO_18 if version >= (18, 0) else _ODOO_16
