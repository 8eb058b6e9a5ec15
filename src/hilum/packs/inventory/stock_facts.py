"""What is known of the stock that the hub replenishes, kept as facts: the same fact told again changes nothing.

flow.deliver_to(stock_facts.keep())   # StockLevel, SupplyConsumed, GoodsReceipt, DocumentStatus, levels, plans
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from hilum.canonical import (
    BusinessObject,
    DocumentStatus,
    GoodsReceipt,
    PlannedDemand,
    ReorderRule,
    Requisition,
    StockLevel,
    SupplyConsumed,
)
from hilum.connector import Target
from hilum.errors import Invalid, Rejected
from hilum.flow import Owners
from hilum.masterdata.keeping import Keeper, kept
from hilum.message import Delivered, Delivery, Outcome
from hilum.packs.inventory import stock_alarms
from hilum.packs.inventory.replenishment import Level, Stock
from hilum.packs.inventory.store_rules import Place, note_demand, note_rule
from hilum.packs.procurement.requisition_rules import requisition_of_order
from hilum.postgres import Connection

_NEVER = datetime.min.replace(year=1900, tzinfo=UTC)
OVER = frozenset({"closed", "withdrawn"})
"""What the requester of a requisition is told when nothing more is to come of it."""


class StockFacts(Keeper):
    """Keeps counts, uses, arrivals, the ends of requisitions, what should be there and what will be needed."""

    kind: ClassVar[str] = "inventory"
    needs: ClassVar[str] = "What is known of stock is kept"

    def __init__(self, owners: Owners) -> None:
        super().__init__()
        self._owners = owners

    def __repr__(self) -> str:
        return "<stock_facts.keep()>"

    async def keep(self, connection: Connection, thing: BusinessObject, delivery: Delivery) -> Outcome:
        """Within the transaction of the batch."""
        if isinstance(thing, ReorderRule):
            await note_rule(connection, thing, delivery)
        elif isinstance(thing, PlannedDemand):
            await note_demand(connection, thing, delivery)
        elif not await note(connection, thing):
            return Rejected("invalid", "Only what happens to stock, levels, plans and statuses are kept here.")
        return Delivered(reference=thing.business_key)

    async def settled(self, connection: Connection, things: Sequence[BusinessObject]) -> None:
        """Where something must be there, it is looked at once what happened is noted."""
        places: set[Place] = set()
        for thing in things:
            match thing:
                case StockLevel() | SupplyConsumed() | ReorderRule():
                    places.add((thing.location, thing.item))
                case GoodsReceipt():
                    places |= await _asked_for(connection, thing)
        if places:
            await stock_alarms.look(connection, places, known, self._owners)


async def note(connection: Connection, thing: BusinessObject) -> bool:
    """Within a transaction: keep what it says of stock. False: it says nothing of it."""
    match thing:
        case StockLevel():
            await _note(connection, thing.location, thing.item, "count", thing.count, thing.lot, thing.quantity,
                        thing.unit, thing.counted_at)  # fmt: skip
        case SupplyConsumed():
            await _note(connection, thing.location, thing.item, "use", thing.transaction, thing.lot,
                        thing.quantity, thing.unit, thing.used_at)  # fmt: skip
        case GoodsReceipt():
            await _arrived(connection, thing)
        case DocumentStatus():
            if thing.status in OVER or (thing.status == "refused" and not thing.references):
                await _closed(connection, thing.document, None)
        case _:
            return False
    return True


def keep(owners: Owners = stock_alarms.OWNERS) -> Target:
    """What happens to stock becomes what is replenished. `owners`: whose cases stock is that is critical."""
    return Target(
        endpoint="inventory.stock",
        operation="keep",
        accepts=(StockLevel, SupplyConsumed, GoodsReceipt, DocumentStatus, ReorderRule, PlannedDemand),
        encode=kept,
        connector=StockFacts(owners),
    )


async def note_orders(connection: Connection, requisition: Requisition, at: datetime) -> None:
    """Within a transaction: what the requisition asks for is on order for its store."""
    for line in requisition.lines:
        await _note(connection, requisition.deliver_to or "", line.item, "order", requisition.number, None,
                    line.quantity, line.unit, at)  # fmt: skip


async def known(connection: Connection, levels: Iterable[Level]) -> tuple[list[Stock], list[str]]:
    """What is known of each store's item that was counted; and in words what could not be reckoned with."""
    stocks = {(level.location, level.item): Stock(level) for level in levels}
    locations, items = zip(*stocks, strict=True) if stocks else ((), ())
    cursor = await connection.execute(
        "SELECT location, item, kind, name, lot, requisition, quantity, unit, at FROM stock_event"
        " WHERE (location, item) IN (SELECT * FROM unnest(%s::text[], %s::text[])) ORDER BY at, kind, name",
        [list(locations), list(items)],
    )
    wrong: dict[tuple[str, str], str] = {}
    counted = set()
    for row in await cursor.fetchall():
        key = (row[0], row[1])
        counted |= {key} if row[2] == "count" else set()
        try:
            _tell(stocks[key], row)
        except Invalid as error:
            wrong[key] = str(error)
    return [stock for key, stock in stocks.items() if key in counted - set(wrong)], sorted(wrong.values())


def _tell(stock: Stock, row: Sequence[Any]) -> None:
    location, item, kind, name, lot, requisition, quantity, unit, at = row
    match kind:
        case "count":
            stock.counted(StockLevel(count=name, item=item, location=location, quantity=quantity, unit=unit,
                                     counted_at=at, lot=lot or None))  # fmt: skip
        case "use":
            stock.used(SupplyConsumed(transaction=name, item=item, location=location, quantity=quantity, unit=unit,
                                      used_at=at, lot=lot or None))  # fmt: skip
        case "order":
            stock.ordered(name, quantity)
        case "receipt":
            stock.received(requisition, f"{name}:{lot}", quantity, at, lot or None, unit=unit)
        case "closed":
            stock.closed(name)


async def _note(connection: Connection, location: str, item: str, kind: str, name: str, lot: str | None, quantity: Any,
                unit: str, at: datetime | None) -> None:  # fmt: skip
    """What is told again stays as it was told first."""
    await connection.execute(
        "INSERT INTO stock_event (location, item, kind, name, lot, quantity, unit, at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [location, item, kind, name, lot or "", quantity, unit, at or _NEVER],
    )


async def _arrived(connection: Connection, receipt: GoodsReceipt) -> None:
    """Goods of a requisition that the hub made; others come into the store with its next count."""
    requisition = requisition_of_order(receipt.order)
    if requisition is None:
        return
    for line in receipt.lines:
        await connection.execute(
            "INSERT INTO stock_event AS e (location, item, kind, name, lot, requisition, quantity, unit, at)"
            " SELECT location, item, 'receipt', %s, %s, %s, %s, %s, coalesce(%s, now()) FROM stock_event"
            " WHERE kind = 'order' AND name = %s AND item = %s ON CONFLICT DO NOTHING",
            [receipt.number, line.lot or "", requisition, line.quantity, line.unit, receipt.received_at, requisition,
             line.item],
        )  # fmt: skip
    if receipt.final:
        await _closed(connection, requisition, [line.item for line in receipt.lines])


async def _asked_for(connection: Connection, receipt: GoodsReceipt) -> set[Place]:
    """For which stores goods came."""
    cursor = await connection.execute(
        "SELECT location, item FROM stock_event WHERE kind = 'order' AND name = %s",
        [requisition_of_order(receipt.order)],
    )
    return {(location, item) for location, item in await cursor.fetchall()}


async def _closed(connection: Connection, requisition: str, items: Sequence[str] | None) -> None:
    """Nothing more comes of a requisition: of these items, none: of all."""
    await connection.execute(
        "INSERT INTO stock_event (location, item, kind, name, at) SELECT location, item, 'closed', name, now()"
        " FROM stock_event WHERE kind = 'order' AND name = %(name)s"
        " AND (%(items)s::text[] IS NULL OR item = ANY(%(items)s)) ON CONFLICT DO NOTHING",
        {"name": requisition, "items": None if items is None else list(items)},
    )
