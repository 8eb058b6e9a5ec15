"""What suppliers ask for items: vendor prices, of which Odoo accepts doubles and the hub makes none.

A price has an external identifier from item and supplier, and where they are given from quantity step and first day. A
row that a buyer has typed for the same supplier, item, step and day is taken over instead of made a second time: it
carries no identifier of the hub, so it is changed by its number, to the same values at every repetition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from hilum.canonical import SupplierPrice
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.external_ids import external_id
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, Operation, found, joined, prepare
from hilum.connectors.odoo.references import ITEM, SUPPLIER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.showing import shown, shows
from hilum.connectors.odoo.units import units_needed
from hilum.connectors.odoo.work import Task, cell, exact
from hilum.errors import Rejected, Unsure
from hilum.message import Delivered

MODEL = "product.supplierinfo"
NEEDS: Needs = {
    MODEL: (
        "partner_id",
        "product_tmpl_id",
        "price",
        "currency_id",
        "min_qty",
        "delay",
        "date_start",
        "date_end",
        "product_code",
        "product_name",
    )
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    items: Mapping[str, Row | Rejected]
    suppliers: Mapping[str, Row | Rejected]


class PriceItem(Operation):
    """SupplierPrice → product.supplierinfo."""

    name: ClassVar[str] = "supplier_price"
    accepts: ClassVar[tuple[type, ...]] = (SupplierPrice,)
    needs: ClassVar[Needs] = NEEDS

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        own = {MODEL: (names.price_unit_of_measure,)} if names.price_unit_of_measure else {}
        return joined(self.needs, own, units_needed(names))

    def effect(self, thing: SupplierPrice, prefix: str) -> str:
        """See `Operation.effect`."""
        return external_id("vendorprice", thing.business_key, prefix=prefix)

    async def landed(self, session: Session, task: Task) -> Delivered | Unsure | None:
        """See `Operation.landed`: the price is there, by the hub or taken over, and shows what was sent."""
        number = await price_shown(session, task, task.thing)
        if number is None:
            return None
        _settle(task, task.thing, number)
        return task.outcome if isinstance(task.outcome, Delivered) else None

    async def run(self, session: Session, tasks: Sequence[Task]) -> None:
        """See `Operation.run`."""
        for price, task, number in await write_prices(session, tasks, {task: task.thing for task in tasks}):
            _settle(task, price, number)


def _settle(task: Task, price: SupplierPrice, number: int) -> None:
    words = f"The price of item {price.item} from supplier {price.supplier} is up to date in Odoo."
    task.deliver(f"{MODEL}:{number} {price.item}@{price.supplier}", words)


async def price_shown(session: Session, task: Task, price: SupplierPrice) -> int | None:
    """The id of the vendor price that shows this one: the hub's own, or a buyer's that was taken over. Reads only.

    Raises `Rejected` where item or supplier are not in Odoo.
    """
    known = await _look_up(session, [price])
    record = await _record(session, task, price, known)
    number = await shown(session, MODEL, record)
    if number is None:
        number = (await _typed(session, known)).get(_place(price, known))
        if number is None or not await shows(session, MODEL, number, record.head):
            return None
    return number


async def write_prices(
    session: Session, tasks: Sequence[Task], prices: Mapping[Task, SupplierPrice]
) -> list[tuple[SupplierPrice, Task, int]]:
    """Write these prices; tasks of refused ones are settled. Answers what was written, with Odoo's ids."""
    open_tasks = [task for task in tasks if task.outcome is None and task in prices]
    if not open_tasks:
        return []
    known = await _look_up(session, [prices[task] for task in open_tasks])
    typed = await _typed(session, known)

    async def record(task: Task) -> Record:
        return await _record(session, task, prices[task], known)

    records = await prepare(open_tasks, record)
    taken = {id(made): typed.get(_place(prices[made.task], known)) for made in records}

    async def take_over(task: Task) -> None:
        made = next(each for each in records if each.task is task)
        number = taken[id(made)]
        if number is not None:
            await session.client.write(MODEL, [number], _values(made))
            made.number = number

    await prepare([made.task for made in records if taken[id(made)] is not None], take_over)
    new = [made for made in records if taken[id(made)] is None]
    await session.master_data(MODEL).load(new, tasks)
    return [(prices[m.task], m.task, m.number) for m in records if m.task.outcome is None and m.number is not None]


async def _look_up(session: Session, prices: Sequence[SupplierPrice]) -> _Known:
    return _Known(
        items=await session.references.find(ITEM, [price.item for price in prices]),
        suppliers=await session.references.find(SUPPLIER, [price.supplier for price in prices]),
    )


Place = tuple[int, int, Decimal, str]
"""Supplier, product template, quantity step, first day: what may be priced once."""


def _place(price: SupplierPrice, known: _Known) -> Place:
    start = price.valid_from.isoformat() if price.valid_from else ""
    vendor, item = found(known.suppliers[price.supplier]), found(known.items[price.item])
    return vendor["id"], item["product_tmpl_id"], price.from_quantity, start


async def _typed(session: Session, known: _Known) -> dict[Place, int]:
    """The prices that are there without an identifier of the hub, and that belong to no agreement."""
    vendors = [row["id"] for row in known.suppliers.values() if not isinstance(row, Rejected)]
    templates = [row["product_tmpl_id"] for row in known.items.values() if not isinstance(row, Rejected)]
    if not vendors or not templates:
        return {}
    domain: list[Any] = [["partner_id", "in", sorted(set(vendors))], ["product_tmpl_id", "in", sorted(set(templates))]]
    fields = ["partner_id", "product_tmpl_id", "min_qty", "date_start"]
    # the link to agreements is there only with the module `purchase_requisition`
    link = "purchase_requisition_line_id"
    if link in await session.fields(MODEL):
        domain.append([link, "=", False])
    rows = await session.client.search_read(MODEL, domain, fields, order="id desc")
    names = await session.client.external_ids(MODEL, [row["id"] for row in rows])
    start = session.xml_id("vendorprice", "x")[:-1]
    typed: dict[Place, int] = {}
    ours: set[Place] = set()
    for row in rows:
        place = (row["partner_id"], row["product_tmpl_id"], exact(row["min_qty"]), row["date_start"] or "")
        if names.get(row["id"], "").startswith(start):
            ours.add(place)
        else:
            typed[place] = row["id"]
    return {place: number for place, number in typed.items() if place not in ours}


async def _record(session: Session, task: Task, price: SupplierPrice, known: _Known) -> Record:
    vendor, item = found(known.suppliers[price.supplier]), found(known.items[price.item])
    head = {
        "partner_id/.id": cell(vendor["id"]),
        "product_tmpl_id/.id": cell(item["product_tmpl_id"]),
        "price": cell(price.price.amount),
        "currency_id/.id": cell(found(await session.currency(price.price.currency))),
        **({"min_qty": cell(price.from_quantity)} if price.from_quantity else {}),
        **({"delay": cell(price.lead_days)} if price.lead_days is not None else {}),
        **({"date_start": cell(price.valid_from)} if price.valid_from else {}),
        **({"date_end": cell(price.valid_to - timedelta(days=1))} if price.valid_to else {}),
        **({"product_code": price.supplier_item} if price.supplier_item else {}),
        **({"product_name": price.supplier_title} if price.supplier_title else {}),
        **await _unit(session, price, item),
    }
    xml_id = session.xml_id("vendorprice", price.business_key)
    return Record(task=task, xml_id=xml_id, head=head, about=f"price of item {price.item} from {price.supplier}")


async def _unit(session: Session, price: SupplierPrice, item: Row) -> dict[str, str]:
    """What the price is for. Before 19 Odoo knows one unit for all prices of an item: it must be that."""
    if price.unit is None:
        return {}
    unit, names = found(await session.units.find(price.unit)), session.client.dialect
    if not session.units.convert(unit, item["uom_id"]):
        kept = session.units.name(item["uom_id"])
        words = f"Item {price.item} is kept in {kept} in Odoo, and {price.unit} does not convert into that."
        raise Rejected("odoo.unit", f"{words} Correct the unit.")
    if names.price_unit_of_measure:
        return {f"{names.price_unit_of_measure}/.id": cell(unit)}
    bought = item["uom_id"]
    if names.purchase_unit:
        (product,) = await session.client.read("product.product", [item["id"]], [names.purchase_unit])
        bought = product[names.purchase_unit] or bought
    if unit != bought:
        words = f"Item {price.item} is bought in {session.units.name(bought)} in Odoo; the price is for {price.unit}."
        raise Rejected("odoo.unit", f"{words} Set the item's purchase unit, or convert the price in the flow.")
    return {}


def _values(record: Record) -> dict[str, Any]:
    """The columns of a record as values of `write`."""
    kinds: Mapping[str, Callable[[str], Any]] = {"price": float, "min_qty": float, "delay": int}
    return {
        column.removesuffix("/.id"): int(text) if column.endswith("/.id") else kinds.get(column, str)(text)
        for column, text in record.head.items()
    }
