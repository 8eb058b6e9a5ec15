"""Item categories, lots and warehouses: what a person may have made in Odoo already is taken over, not made twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from hilum.canonical import ItemCategory, Lot, Warehouse
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, Upsert, found, prepare
from hilum.connectors.odoo.operations.expiry import EXPIRY, NO_EXPIRY, noon
from hilum.connectors.odoo.references import CATEGORY, ITEM
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.showing import shows
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected


class AdoptingUpsert(Upsert):
    """Master data whose natural key Odoo keeps unique, or should: a record of a person is used where there is one.

    It carries no identifier of the hub, so it is changed by its number, to the same values at every repetition.
    """

    natural: ClassVar[tuple[str, ...]]  # the columns that make it the same; ids for relations

    async def shown(self, session: Session, record: Record) -> int | None:
        """See `Upsert.shown`: also a record of a person that was taken over."""
        number = await super().shown(session, record)
        if number is None:
            number = (await self._typed(session, [record])).get(id(record))
            if number is None or not await shows(session, self.model, number, record.head):
                return None
        return number

    async def write(self, session: Session, records: Sequence[Record], tasks: Sequence[Task]) -> None:
        """See `Upsert.write`."""
        typed = await self._typed(session, records)
        new = [record for record in records if id(record) not in typed]

        async def take_over(task: Task) -> None:
            record = next(each for each in records if each.task is task)
            number = typed[id(record)]
            values = self.plain(record)
            if values:
                await session.client.write(self.model, [number], values)
            record.number = number

        await prepare([record.task for record in records if id(record) in typed], take_over)
        await super().write(session, new, tasks)

    async def _typed(self, session: Session, records: Sequence[Record]) -> dict[int, int]:
        """Record → Odoo's id, where there is one without the hub's identifier."""
        if not records:
            return {}
        fields = [column.removesuffix("/.id") for column in self.natural]
        domain: list[Any] = []
        for column, field in zip(self.natural, fields, strict=True):
            values = sorted({record.head.get(column, "") for record in records})
            domain.append([field, "in", [int(x) if x else False for x in values] if column != field else values])
        context = {"active_test": False}
        rows = await session.client.search_read(self.model, domain, fields, context=context, order="id desc")
        names = await session.client.external_ids(self.model, [row["id"] for row in rows])
        by_key = {tuple(cell(row[field] or None) for field in fields): row["id"] for row in rows}
        found_: dict[int, int] = {}
        for record in records:
            number = by_key.get(tuple(record.head.get(column, "") for column in self.natural))
            if number is not None and names.get(number) != record.xml_id:
                found_[id(record)] = number
        return found_

    def plain(self, record: Record) -> dict[str, Any]:
        """What is written into a record of a person: everything but its natural key."""
        values = {k: v for k, v in record.head.items() if k not in self.natural}
        return {
            column.removesuffix("/.id"): int(text)
            if column.endswith("/.id")
            else text == "1"
            if column == "active"
            else text
            for column, text in values.items()
        }


class UpsertCategory(AdoptingUpsert):
    """ItemCategory → product.category."""

    name: ClassVar[str] = "item_category"
    accepts: ClassVar[tuple[type, ...]] = (ItemCategory,)
    needs: ClassVar[Needs] = {"product.category": ("name", "parent_id")}
    model = "product.category"
    kind = "category"
    noun = "item category"
    natural = ("name", "parent_id/.id")

    async def values(self, session: Session, thing: ItemCategory, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`. Accounts and valuation stay with finance."""
        if not thing.parent:
            return {"name": thing.title}
        parents = await session.references.find(CATEGORY, [thing.parent])
        return {"name": thing.title, "parent_id/.id": found(parents[thing.parent])["id"]}


class UpsertLot(AdoptingUpsert):
    """Lot → stock.lot."""

    name: ClassVar[str] = "item_lot"
    accepts: ClassVar[tuple[type, ...]] = (Lot,)
    needs: ClassVar[Needs] = {"stock.lot": ("name", "product_id")}
    model = "stock.lot"
    kind = "lot"
    noun = "lot"
    natural = ("name", "product_id/.id")

    async def values(self, session: Session, thing: Lot, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`. The expiry needs the module `product_expiry`."""
        items = await session.references.find(ITEM, [thing.item])
        item = found(items[thing.item])
        if item["tracking"] == "none":
            raise Rejected("odoo.validation", f"Odoo does not track lots of item {thing.item}. Correct the item there.")
        values: dict[str, Any] = {"name": thing.lot, "product_id/.id": item["id"]}
        if thing.expires_on is not None:
            if EXPIRY in await session.fields(self.model):
                values[EXPIRY] = noon(thing.expires_on)
            else:
                task.remarks.append(NO_EXPIRY)
        return values


class UpsertWarehouse(AdoptingUpsert):
    """Warehouse → stock.warehouse; Odoo makes its locations and kinds of transfers."""

    name: ClassVar[str] = "warehouse"
    accepts: ClassVar[tuple[type, ...]] = (Warehouse,)
    needs: ClassVar[Needs] = {"stock.warehouse": ("name", "code", "active")}
    model = "stock.warehouse"
    kind = "warehouse"
    noun = "warehouse"
    natural = ("code",)

    async def values(self, session: Session, thing: Warehouse, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        return {"name": thing.title, "code": thing.code, "active": thing.active}
