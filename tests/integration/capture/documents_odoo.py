"""An Odoo in which people buy, receive and book; and who hears of it, from a feed without a hub around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
from followed_odoo import Followed

from hilum.connectors.odoo.capture.feed import Feed
from hilum.simulator.odoo.orm.record import Env
from hilum.testing import eventually
from hilum.testing.memory import Notebooks

Event = dict[str, Any]


class Hearing:
    """What a feed has told so far. Each change is accepted at once."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.keys: list[str] = []

    async def listen(self, source: Feed) -> None:
        """Until the source is closed."""
        while received := await source.receive():
            for each in received:
                self.events.append(orjson.loads(each.body))
                self.keys.append(each.headers["idempotency-key"])
                await each.accept(None)  # type: ignore[arg-type]  # nobody needs the receipt

    def of(self, model: str, record_id: int) -> list[Event]:
        """All that was told of one record."""
        return [each for each in self.events if (each["model"], each["id"]) == (model, record_id)]

    def last(self, model: str, record_id: int) -> Event:
        """What was told of it last."""
        return self.of(model, record_id)[-1]

    async def told(self, model: str, record_id: int, *kinds: str) -> Event:
        """Wait until exactly these kinds were told of a record; the last one."""
        await eventually(
            lambda: [each["kind"] for each in self.of(model, record_id)] == list(kinds),
            lambda: self.of(model, record_id),
        )
        return self.last(model, record_id)


@asynccontextmanager
async def heard(source: Feed, books: Notebooks | None = None, hearing: Hearing | None = None) -> AsyncIterator[Hearing]:
    """A feed that is open, and what it tells. With the same books it goes on where it was."""
    hearing = hearing or Hearing()
    source.remember((books or Notebooks()).of)
    await source.open()
    listening = asyncio.create_task(hearing.listen(source))
    try:
        yield hearing
    finally:
        await source.close()
        with suppress(asyncio.CancelledError):
            await listening


def named(env: Env, model: str, xml_id: str, values: dict[str, Any]) -> int:
    """A record with an external identifier, as the hub makes them."""
    made = env[model].create(values).id
    module, _, name = xml_id.partition(".")
    env["ir.model.data"].create({"module": module, "name": name, "model": model, "res_id": made})
    return made


class People:
    """What they do in Odoo."""

    def __init__(self, followed: Followed) -> None:
        self.followed = followed
        self.newest = followed.sandbox.version == "19.0"
        self.unit = "product_uom_id" if self.newest else "product_uom"
        self.taxes = "tax_ids" if self.newest else "taxes_id"

    def begin(self) -> None:
        """A supplier and two items, which the hub has made; one is kept by lots."""

        def work(env: Env) -> None:
            self.supplier = named(env, "res.partner", "hilum.supplier_V1", {"name": "Gloves Ltd", "ref": "V1"})
            glove = {"name": "Glove", "default_code": "G-1"}
            self.glove = named(env, "product.product", "hilum.item_G-1", glove)
            kept = {"is_storable": True} if env.since(18) else {"detailed_type": "product"}
            mesh = {"name": "Mesh", "default_code": "M-1", "tracking": "lot", **kept}
            self.mesh = named(env, "product.product", "hilum.item_M-1", mesh)

        self.followed.change(work)

    def order(self, *lines: tuple[int, float, float]) -> int:
        """An order of these (item, quantity, price)."""
        commands = [
            (0, 0, {"product_id": item, "product_qty": quantity, "price_unit": price})
            for item, quantity, price in lines
        ]
        values = {"partner_id": self.supplier, "origin": "PO-7", "order_line": commands}
        return int(self.followed.change(lambda env: env["purchase.order"].create(values).id))

    def write(self, model: str, record_id: int, **values: Any) -> None:
        """Change a record as a person does."""
        self.followed.change(lambda env: env[model].write(record_id, values))

    def put(self, model: str, record_id: int, **values: Any) -> None:
        """Change a record and nothing else: its document's own `write_date` stands still."""
        self.followed.change(lambda env: env[model].put(record_id, values))

    def lines(self, model: str, **where: int) -> list[dict[str, Any]]:
        """The records of a model of which this holds."""
        rows = self.followed.sandbox.records(model)
        return [row for row in rows if all(row[name] == value for name, value in where.items())]

    def add_line(self, env: Env, order: int, quantity: float, number: int | None = None) -> int:
        """A line that a script adds: its order's own `write_date` stands still."""
        unit = env.record("product.product", self.glove)["uom_id"]
        values = {"order_id": order, "product_id": self.glove, "product_qty": quantity, self.unit: unit}
        dates = {"create_date": env.now, "write_date": env.now}
        return env.store.insert(LINE, {**env.registry.blank[LINE], **values, **dates}, record_id=number)

    def drop_line(self, line: int) -> None:
        """A line that a script, or a cascade of the database, deletes."""
        self.followed.change(lambda env: env.store.delete(LINE, line))

    def quantities(self, order: int) -> list[float]:
        """Of the lines that an order has."""
        return [row["product_qty"] for row in self.lines(LINE, order_id=order)]

    def receive(self, item: int, quantity: float, lot: str = "") -> int:
        """A receipt that is done; the picking."""

        def work(env: Env) -> int:
            kind = env.ref("stock.picking_type_in")
            moves = [(0, 0, {"name": "in", "product_id": item, "product_uom_qty": quantity})]
            if env.since(19):
                moves[0][2].pop("name")
            picking = env["stock.picking"].create({"picking_type_id": kind, "move_ids": moves})
            env["stock.picking"].action_confirm([picking.id])
            for move in picking.many("move_ids"):
                went = {"quantity": quantity, "picked": True} if env.since(17) else {"quantity_done": quantity}
                move.model.write(move.id, went)
                if lot:
                    number = env["stock.lot"].create({"name": lot, "product_id": item}).id
                    for line in move.many("move_line_ids"):
                        line.model.write(line.id, {"lot_id": number})
            env["stock.picking"].button_validate([picking.id])
            return int(picking.id)

        return int(self.followed.change(work))


LINE = "purchase.order.line"


def shown(event: Event) -> list[float]:
    """The quantities of the lines of an order, as they were told."""
    return [line["product_qty"] for line in event["values"]["order_line"]]
