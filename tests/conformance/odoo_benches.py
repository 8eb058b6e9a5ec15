"""An Odoo as the far side of feeds: records of one model, made in the order of their numbers at one instant."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import orjson

from hilum.connector import Source
from hilum.connectors.odoo import Changes, Outbox
from hilum.connectors.odoo.capture.known import KnownRecords
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing.memory import Notebooks

MODEL = "maintenance.equipment"
AT = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)


class OdooBench(logging.Handler):
    """What both feeds have in common. The numbers of the units are the ids of the records."""

    def __init__(self) -> None:
        super().__init__()
        self.sandbox = SandboxOdoo("19.0", clock=lambda: AT)
        self.books = Notebooks()
        self.sent: dict[bytes, int] = {}
        self.lines: list[str] = []

    async def start(self) -> None:
        await self.sandbox.start()
        logging.getLogger("hilum.odoo.capture").addHandler(self)

    async def stop(self) -> None:
        logging.getLogger("hilum.odoo.capture").removeHandler(self)
        await self.sandbox.stop()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def settings(self) -> dict[str, Any]:
        return {
            "url": self.sandbox.url, "api_key": self.sandbox.api_key, "poll": 0.02, "models": [MODEL],
            "fields": {MODEL: ["name"]},
        }  # fmt: skip

    def unit(self, number: int) -> bytes:
        return orjson.dumps(
            {
                "model": MODEL,
                "id": number,
                "kind": "created",
                "external_id": "",
                "write_date": "2026-11-21T10:00:00Z",
                "values": {"name": f"secret-{number}", "active": True},
            }
        )

    async def put(self, *bodies: bytes) -> None:
        for body in bodies:
            told = orjson.loads(body)
            self.sent[body] = told["id"]
            self.sandbox.change(lambda env, told=told: env[MODEL].create({"name": told["values"]["name"]}))


class ChangesBench(OdooBench):
    """Polling: what is not remembered as known is what is left."""

    def source(self) -> Source:
        made = Changes(**self.settings(), begin="all", verify=0)
        made.remember(self.books.of)
        return made

    async def left(self) -> set[bytes]:
        pages = next(iter(self.books.pages.values()), {})
        ranges = {int(n.removeprefix("range/")): orjson.loads(t) for n, t in pages.items() if n.startswith("range/")}
        known = KnownRecords(ranges)
        return {body for body, number in self.sent.items() if known.get(number) is None}

    async def told(self, body: bytes) -> str:
        return " ".join(self.lines)


class OutboxBench(OdooBench):
    """The outbox: a note that is there and not refused is left."""

    async def start(self) -> None:
        await super().start()
        self.sandbox.set_module("hilum_outbox", installed=True)
        watched = {"key": "hilum_outbox.models", "value": MODEL}
        self.sandbox.change(lambda env: env["ir.config_parameter"].create(watched))

    def source(self) -> Source:
        made = Outbox(**self.settings())
        made.remember(self.books.of)
        return made

    async def left(self) -> set[bytes]:
        there = {note["res_id"] for note in self.sandbox.records("hilum.outbox")}
        return {body for body, number in self.sent.items() if number in there}

    async def told(self, body: bytes) -> str:
        number = self.sent[body]
        notes = [each for each in self.sandbox.records("hilum.outbox") if each["res_id"] == number]
        return str(notes[0]["refusal"] or "") if notes else ""
