"""An item becomes a product in Odoo, and the supplier's price of it a vendor price.

Stocked items are goods whose stock is kept (`consu` with `is_storable`); the others are goods without stock. Costs and
prices are in the currency of the company; others are refused, because Odoo would take the bare number. The vendor
price has an external identifier of its own, from item and supplier: Odoo accepts doubles there. The Odoo user needs
Products/Create.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from hilum.canonical import Item, Money
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, Upsert, found, joined, prepare
from hilum.connectors.odoo.references import ITEM, SUPPLIER
from hilum.connectors.odoo.session import Session
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
        ),
        "product.supplierinfo": ("partner_id", "product_tmpl_id", "price", "currency_id"),
    }
    model = "product.product"
    kind = "item"
    noun = "item"

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        own = (names.product_type, *((names.storable,) if names.storable else ()))
        return joined(self.needs, {"product.product": own})

    async def values(self, session: Session, thing: Item, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        if thing.supplier:  # refuse before anything is written
            suppliers = await session.references.find(SUPPLIER, [thing.supplier])
            found(suppliers[thing.supplier])
        names = session.client.dialect
        return {
            "default_code": thing.code,
            "name": thing.title,
            "barcode": thing.barcode,
            names.product_type: "product" if thing.stocked and names.storable is None else "consu",
            **({names.storable: thing.stocked} if names.storable else {}),
            "tracking": thing.tracking.value if thing.stocked else None,
            "uom_id/.id": found(await session.units.find(thing.unit)),
            "standard_price": await _in_company_currency(session, thing.cost),
            "list_price": await _in_company_currency(session, thing.price),
        }

    async def run(self, session: Session, tasks: Sequence[Task]) -> None:
        """See `Operation.run`. Vendor prices follow once their products are there."""
        records = await self._records(session, tasks)
        await session.master_data(self.model).load(records, tasks)
        await self._vendor_prices(session, tasks)
        for record in records:
            if record.task.outcome is None and record.number is not None:
                words = f"The {record.about} is up to date in Odoo."
                record.task.deliver(f"{self.model}:{record.number} {record.task.thing.code}", words)

    async def _vendor_prices(self, session: Session, tasks: Sequence[Task]) -> None:
        priced = [task for task in tasks if task.outcome is None and task.thing.supplier and task.thing.cost]
        if not priced:
            return
        items = await session.references.find(ITEM, [task.thing.code for task in priced])
        suppliers = await session.references.find(SUPPLIER, [task.thing.supplier for task in priced])

        async def record(task: Task) -> Record:
            item: Item = task.thing
            money = item.cost
            code, supplier = item.code, item.supplier or ""
            head = {
                "partner_id/.id": cell(found(suppliers[supplier])["id"]),
                "product_tmpl_id/.id": cell(found(items[code])["product_tmpl_id"]),
                "price": cell(money.amount if money else None),
                "currency_id/.id": cell(found(await session.currency(money.currency)) if money else None),
            }
            xml_id = session.xml_id("vendorprice", f"{code}/{supplier}")
            return Record(task=task, xml_id=xml_id, head=head, about=f"vendor price of item {code}")

        prices = await prepare(priced, record)
        await session.master_data("product.supplierinfo").load(prices, tasks)


async def _in_company_currency(session: Session, money: Money | None) -> str | None:
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
