"""An item becomes a product in Odoo with its packings, and the supplier's price of it a vendor price.

Stocked items are goods whose stock is kept (`consu` with `is_storable`); the others are goods without stock. Costs and
prices are in the currency of the company; others are refused, because Odoo would take the bare number. The category
must be there: accounts and valuation hang on it, so none is made up from a name. The Odoo user needs Products/Create.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from hilum.canonical import Item, Money, SupplierPrice
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, Upsert, found, joined
from hilum.connectors.odoo.operations.packings import packings_needed, packings_shown, scanned, write_packings
from hilum.connectors.odoo.operations.vendor_prices import NEEDS, price_shown, write_prices
from hilum.connectors.odoo.references import CATEGORY, SUPPLIER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.units import units_needed
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected


class UpsertItem(Upsert):
    """Item → product.product (and product.supplierinfo)."""

    name: ClassVar[str] = "item"
    accepts: ClassVar[tuple[type, ...]] = (Item,)
    needs: ClassVar[Needs] = {
        "product.product": (
            "default_code",
            "name",
            "barcode",
            "tracking",
            "uom_id",
            "standard_price",
            "list_price",
            "product_tmpl_id",
            "categ_id",
            "active",
        ),
        **NEEDS,
    }
    model = "product.product"
    number = "default_code"
    kind = "item"
    noun = "item"

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        by_version = (names.storable, names.purchase_unit)
        own = (names.product_type, *(name for name in by_version if name))
        return joined(self.needs, {"product.product": own}, packings_needed(names), units_needed(names))

    async def values(self, session: Session, thing: Item, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        if thing.supplier:  # refuse before anything is written
            suppliers = await session.references.find(SUPPLIER, [thing.supplier])
            found(suppliers[thing.supplier])
        names = session.client.dialect
        unit = found(await session.units.find(thing.unit))
        return {
            "default_code": thing.code,
            "name": thing.title,
            "barcode": thing.barcode or scanned(thing.gtin),
            names.product_type: "product" if thing.stocked and names.storable is None else "consu",
            **({names.storable: thing.stocked} if names.storable else {}),
            "tracking": thing.tracking.value if thing.stocked else None,
            "uom_id/.id": unit,
            **await _bought(session, thing, unit),
            "categ_id/.id": await _category(session, thing),
            "active": thing.active,
            "standard_price": await in_company_currency(session, thing.cost),
            "list_price": await in_company_currency(session, thing.price),
        }

    async def write(self, session: Session, records: Sequence[Record], tasks: Sequence[Task]) -> None:
        """See `Upsert.write`. Packings and vendor prices follow once their products are there."""
        await super().write(session, records, tasks)
        await write_packings(session, records, tasks)
        prices = {task: _vendor_price(task.thing) for task in tasks if task.outcome is None}
        await write_prices(session, tasks, {task: price for task, price in prices.items() if price is not None})

    async def belongings_shown(self, session: Session, record: Record) -> bool:
        """See `Upsert.belongings_shown`: its packings, and the price of its supplier."""
        if not await packings_shown(session, record):
            return False
        price = _vendor_price(record.task.thing)
        return price is None or await price_shown(session, record.task, price) is not None


def _vendor_price(item: Item) -> SupplierPrice | None:
    """The item's cost is what its supplier asks: the same row as the price list of that supplier."""
    if not item.supplier or item.cost is None:
        return None
    return SupplierPrice(supplier=item.supplier, item=item.code, price=item.cost)


async def _category(session: Session, item: Item) -> int | None:
    if not item.category:
        return None
    categories = await session.references.find(CATEGORY, [item.category])
    return int(found(categories[item.category])["id"])


async def _bought(session: Session, item: Item, unit: int) -> Mapping[str, int]:
    """The purchase unit, before 19; 19 has one for each vendor price. Raises `Rejected` where it does not convert."""
    if item.purchase_unit is None:
        return {}
    bought, names = found(await session.units.find(item.purchase_unit)), session.client.dialect
    if not session.units.convert(bought, unit):
        words = f"Item {item.code} is kept in {item.unit} and bought in {item.purchase_unit}, which does not convert."
        raise Rejected("odoo.unit", f"{words} Correct the unit.")
    return {f"{names.purchase_unit}/.id": bought} if names.purchase_unit else {}


async def in_company_currency(session: Session, money: Money | None) -> str | None:
    """The amount as text. Raises `Rejected` when it is in another currency than the company's."""
    if money is None:
        return None
    if found(await session.currency(money.currency)) != await session.company_currency():
        raise Rejected(
            "odoo.currency",
            f"Odoo keeps costs and prices in the company's currency, and this one is in {money.currency}. "
            "Convert it in the flow, or let the sender convert it.",
        )
    return cell(money.amount)
