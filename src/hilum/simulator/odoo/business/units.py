"""Units of measure: of one category until 18, of one family since 19, and what so many of one are in another."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from hilum.simulator.odoo.errors import UserError
from hilum.simulator.odoo.orm.access import PRODUCTS, rights
from hilum.simulator.odoo.orm.fields import (
    Columns,
    boolean,
    char,
    choice,
    decimal,
    many2one,
)
from hilum.simulator.odoo.orm.model import Model, Values
from hilum.simulator.odoo.orm.record import Env, Record

_KEPT: Final = (
    "You cannot change the ratio of this unit of measure as some products with this UoM have already been moved or are "
    "currently reserved."
)


def unit(env: Env) -> int:
    """The unit "Units", as a default."""
    return env.ref("uom.product_uom_unit")


class UnitCategory(Model):
    """18 only: units convert within their category."""

    name = "uom.category"
    label = "Product UoM Categories"
    until = 18
    module = "uom"
    columns: ClassVar[Columns] = {"name": char("Unit of Measure Category", required=True)}


class Unit(Model):
    """A unit of measure. `factor` is per reference unit in 18 (dozen 0.083) and the inverse in 19 (dozen 12)."""

    name = "uom.uom"
    label = "Product Unit of Measure"
    module = "uom"
    rights = rights(change=PRODUCTS)
    columns: ClassVar[Columns] = {
        "name": char("Unit Name", required=True, index=True),
        "active": boolean("Active", default=True),
        "category_id": many2one("uom.category", "Category", required=True, until=18),
        "uom_type": choice(
            "Type",
            (
                ("bigger", "Bigger than the reference Unit of Measure"),
                ("reference", "Reference Unit of Measure for this category"),
                ("smaller", "Smaller than the reference Unit of Measure"),
            ),
            default="reference",
            until=18,
        ),
        "relative_factor": decimal("Contains", default=1.0, since=19),
        "relative_uom_id": many2one("uom.uom", "Reference Unit", since=19),
        "factor": decimal("Absolute Quantity", default=1.0),
        "rounding": decimal("Rounding Precision", default=0.01),
    }

    def before_write(self, record: Record, values: dict[str, Any]) -> dict[str, Any]:
        """What a unit holds stays once goods are reserved or kept in it. Read in Odoo's source, not measured."""
        names = ("factor", "relative_factor", "relative_uom_id") if self.env.since(19) else ("factor", "category_id")
        if any(name in values and (values[name] or None) != (record[name] or None) for name in names) and _used(record):
            raise UserError(_KEPT)
        return values

    def after_create(self, record: Record, given: Values) -> None:
        """19: the absolute factor follows from the relative one."""
        self._absolute(record, given)

    def after_write(self, record: Record, given: Values) -> None:
        """19: the absolute factor follows from the relative one."""
        self._absolute(record, given)

    def _absolute(self, record: Record, given: Values) -> None:
        if self.env.since(19) and ("relative_factor" in given or "relative_uom_id" in given):
            reference = record.one("relative_uom_id")
            record.set(factor=record["relative_factor"] * (reference["factor"] if reference else 1.0))


def _used(record: Record) -> bool:
    """Is a move or a detailed line of this unit still open, or stock kept in it?"""
    env = record.env
    still_open = ["state", "not in", ["cancel", "done"]]
    return bool(
        env["stock.move"].find([["product_uom", "=", record.id], still_open], limit=1)
        or env["stock.move.line"].find([["product_uom_id", "=", record.id], still_open], limit=1)
        or env["stock.quant"].find([["product_id.uom_id", "=", record.id], ["quantity", "!=", 0]], limit=1)
    )


def family(record: Record) -> int:
    """What units convert with: the category in 18, the last reference unit in 19."""
    if not record.env.since(19):
        return int(record["category_id"])
    reference = record.one("relative_uom_id")
    return family(reference) if reference else record.id


def converted(quantity: float, unit_from: Record, unit_to: Record) -> float:
    """A quantity in another unit. Units of two families are taken as equal, as 19 silently does."""
    if unit_from.id == unit_to.id or family(unit_from) != family(unit_to):
        return quantity
    ratio = unit_from["factor"] / unit_to["factor"]
    return float(round(quantity * ratio if unit_from.env.since(19) else quantity / ratio, 6))
