"""A count sets the stock of an item at a location (and lot), once.

The count is written as `inventory_quantity_auto_apply` in inventory mode, which finds the existing quantity and moves
the difference in the same transaction. It goes through `load` with an external identifier of the count, so that the
fact "this count was applied" is kept in that transaction too: applied again later, after stock has moved, the old count
would undo what happened since. `action_apply_inventory` is never called: a second call sets the stock to zero on 19.

Odoo deletes quantities of zero now and then, and the identifier with them. So the count is named on the move that it
made, too (`inventory_name`), and that name is looked for before a count is applied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from hilum.canonical import StockLevel
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.external_ids import external_id
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, Operation, found, joined, prepare
from hilum.connectors.odoo.operations.lots import lot_of, lots
from hilum.connectors.odoo.references import ITEM, LOCATION
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.units import units_needed
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Failure, Rejected, Unsure
from hilum.message import Delivered

_MODEL = "stock.quant"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    items: Mapping[str, Row | Rejected]
    locations: Mapping[str, Row | Rejected]
    lots: Mapping[tuple[int, str], int]


class SetStockLevel(Operation):
    """StockLevel → stock.quant."""

    name: ClassVar[str] = "stock_level"
    accepts: ClassVar[tuple[type, ...]] = (StockLevel,)
    needs: ClassVar[Needs] = {
        "stock.quant": ("product_id", "location_id", "lot_id", "inventory_quantity_auto_apply"),
        "stock.move.line": ("reference", "product_id", "lot_id", "location_id", "location_dest_id"),
    }

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        return joined(self.needs, units_needed(names))

    def effect(self, thing: StockLevel, prefix: str) -> str:
        """See `Operation.effect`."""
        return external_id("count", thing.business_key, prefix=prefix)

    async def landed(self, session: Session, task: Task) -> Delivered | Unsure | None:
        """See `Operation.landed`: the identifier of a count is written with it, so it says that it was applied."""
        target = await session.client.reference(self.effect(task.thing, session.settings.prefix))
        if target is None:
            made = await self._record(session, task, await self._look_up(session, [task]))
            if not await _moved(session, [made]):
                return None
        _delivered(task, target[1] if target else None)
        return task.outcome if isinstance(task.outcome, Delivered) else None

    async def run(self, session: Session, tasks: Sequence[Task]) -> None:
        """See `Operation.run`."""
        known = await self._look_up(session, tasks)

        async def record(task: Task) -> Record | None:
            made = await self._record(session, task, known)
            target = await session.client.reference(made.xml_id)
            if target is None:
                return made
            _delivered(task, target[1])
            return None

        records = [made for made in await prepare(tasks, record) if made is not None]
        for made in await _moved(session, records):
            _delivered(made.task, None)
        records = [made for made in records if made.task.outcome is None]
        for name, some in groupby(records, lambda made: _name(made.task.thing)):
            context = {"inventory_mode": True, "inventory_name": name}
            await session.loader(_MODEL, context).load(list(some), tasks)
        for made in records:
            if isinstance(made.task.outcome, Rejected):
                await self._refused(session, made)
            if made.task.outcome is None:
                _delivered(made.task, made.number)

    @staticmethod
    async def _refused(session: Session, made: Record) -> None:
        """Keep the refusal, unless another client has applied the count meanwhile: a second time is refused."""
        try:
            applied = await session.client.reference(made.xml_id) is not None
        except Failure as failure:
            made.task.fail(failure, made.about)
            return
        if applied:
            made.task.outcome = None

    async def _look_up(self, session: Session, tasks: Sequence[Task]) -> _Known:
        counts: list[StockLevel] = [task.thing for task in tasks]
        items = await session.references.find(ITEM, [count.item for count in counts])
        return _Known(
            items=items,
            locations=await session.references.find(LOCATION, [count.location for count in counts]),
            lots=await lots(session, items, [(count.item, count.lot) for count in counts]),
        )

    async def _record(self, session: Session, task: Task, known: _Known) -> Record:
        count: StockLevel = task.thing
        item, place = found(known.items[count.item]), found(known.locations[count.location])
        if found(await session.units.find(count.unit)) != item["uom_id"]:
            kept = session.units.name(item["uom_id"])
            words = f"Item {count.item} is kept in {kept} in Odoo; it was counted in {count.unit}. Count in {kept}."
            raise Rejected("odoo.unit", words)
        lot = lot_of(count.item, item, count.lot, known.lots, task)
        head = {
            "product_id/.id": cell(item["id"]),
            "location_id/.id": cell(place["id"]),
            **({"lot_id/.id": cell(lot)} if lot else {}),
            "inventory_quantity_auto_apply": cell(count.quantity),
        }
        return Record(
            task=task,
            xml_id=session.xml_id("count", count.business_key),
            head=head,
            about=f"count {count.count} of item {count.item} at {count.location}",
        )


def _name(count: StockLevel) -> str:
    """What the moves of a count are called in Odoo."""
    return f"Count {count.count}"


async def _moved(session: Session, records: Sequence[Record]) -> list[Record]:
    """The counts that have moved stock already, by the name of their moves. One call for all."""
    if not records:
        return []
    products = sorted({int(made.head["product_id/.id"]) for made in records})
    domain = [
        ["reference", "in", sorted({_name(made.task.thing) for made in records})],
        ["product_id", "in", products],
    ]
    fields = ["reference", "product_id", "lot_id", "location_id", "location_dest_id"]
    done = {
        (row["reference"], row["product_id"], row["lot_id"] or 0, place)
        for row in await session.client.search_read("stock.move.line", domain, fields)
        for place in (row["location_id"], row["location_dest_id"])
    }
    return [made for made in records if _where(made) in done]


def _where(made: Record) -> tuple[str, int, int, int]:
    head = made.head
    lot = int(head.get("lot_id/.id", 0))
    return _name(made.task.thing), int(head["product_id/.id"]), lot, int(head["location_id/.id"])


def _delivered(task: Task, number: int | None) -> None:
    count: StockLevel = task.thing
    words = f"Stock of item {count.item} at {count.location} was set to {cell(count.quantity)} by count {count.count}."
    task.deliver(f"{_MODEL}:{number or ''} {count.item}@{count.location}", words)
