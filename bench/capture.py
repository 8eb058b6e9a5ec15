"""How late a change in Odoo is told: from the commit to the hand-over, by polling, with a hint, and from the outbox.

Changes come at a stated rate and at random moments. Against the sandbox, in this process; a real server adds its own
time for a read. Also the time of the first look at many records, and what is remembered of them.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from typing import Any

import httpx
import orjson

from hilum.connector import Receipt
from hilum.connectors import odoo
from hilum.connectors.odoo.capture.feed import Feed
from hilum.message import new_id
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing.memory import Notebooks

MODEL = "maintenance.equipment"
RATE = 5.0  # changes a second, at random moments (a Poisson process): a busy hour of a large hospital
SECONDS = 20.0  # for which they are made
RECORDS = 50_000


async def lags(sandbox: SandboxOdoo, source: Feed, *, hint: bool) -> list[float]:
    """Seconds from the commit of each change to its hand-over. Each change is of a new record, so none is overtaken."""
    source.remember(Notebooks().of)
    await source.open()
    found: dict[int, float] = {}
    receiving = asyncio.create_task(_receive(source, found))
    await asyncio.sleep(3)  # the first look
    chance, committed = random.Random(1), {}  # when people press a button
    async with httpx.AsyncClient() as http:
        until = time.perf_counter() + SECONDS
        while (now := time.perf_counter()) < until:
            number = sandbox.change(lambda env, n=now: env[MODEL].create({"name": f"thing {n}"}).id)
            committed[number] = time.perf_counter()
            if hint:
                body = {"_model": MODEL, "_id": number}
                await http.post(f"http://127.0.0.1:{source.hint_port}/odoo-changed", json=body)
            await asyncio.sleep(chance.expovariate(RATE))
    async with asyncio.timeout(60):
        while not committed.keys() <= found.keys():
            await asyncio.sleep(0.05)
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)
    await source.close()
    return [found[number] - at for number, at in committed.items()]


async def _receive(source: Feed, found: dict[int, float]) -> None:
    while True:
        for each in await source.receive():
            found.setdefault(orjson.loads(each.body)["id"], time.perf_counter())
            await each.accept(Receipt(message_id=new_id()))


async def first_look(sandbox: SandboxOdoo, settings: dict[str, Any]) -> tuple[float, int]:
    """Seconds until all that is there is known, and bytes that are remembered."""
    sandbox.change(lambda env: [env[MODEL].create({"name": f"item {n}"}) for n in range(RECORDS)])
    books = Notebooks()
    source = odoo.changes(**settings)
    source.remember(books.of)
    await source.open()
    began = time.perf_counter()
    waiting = asyncio.ensure_future(source.receive())
    while not any("state" in page for page in books.pages.values()):
        await asyncio.sleep(0.01)
    took = time.perf_counter() - began
    waiting.cancel()
    await source.close()
    return took, sum(len(text) for page in books.pages.values() for text in page.values())


async def measure() -> list[dict[str, Any]]:
    """The figures."""
    rows: list[dict[str, Any]] = []
    async with SandboxOdoo("19.0") as sandbox:
        sandbox.set_module("hilum_outbox", installed=True)
        settings = {
            "url": sandbox.url, "api_key": sandbox.api_key, "models": [MODEL], "fields": {MODEL: ["name"]}, "page": 500,
        }  # fmt: skip
        for name, source, hint in (
            ("polling, poll = 2 s", odoo.changes(**settings), False),
            ("polling, poll = 0.5 s", odoo.changes(**settings, poll=0.5), False),
            ("polling with hints, poll = 10 s", odoo.changes(**settings, poll=10, hint_port=0), True),
            ("outbox, poll = 2 s", odoo.outbox(**settings), False),
            ("outbox, poll = 0.5 s", odoo.outbox(**settings, poll=0.5), False),
            ("outbox with hints, poll = 10 s", odoo.outbox(**settings, poll=10, hint_port=0), True),
        ):
            if isinstance(source, odoo.Outbox) and not sandbox.records("ir.config_parameter"):
                watched = {"key": "hilum_outbox.models", "value": MODEL}
                sandbox.change(lambda env, watched=watched: env["ir.config_parameter"].create(watched))
            found = sorted(await lags(sandbox, source, hint=hint))
            middle, late = (1000 * each for each in (statistics.median(found), found[int(len(found) * 0.95)]))
            rows.append(
                {
                    "name": f"capture lag at {RATE:.0f} changes a second, {name}: p50 (p95 {late:.0f})",
                    "median": round(middle, 1),
                    "p95": round(late, 1),
                    "changes": len(found),
                    "unit": "ms",
                }
            )
        took, size = await first_look(sandbox, settings)
        rows.append({"name": f"first look at {RECORDS} records", "median": round(took, 2), "unit": "s"})
        rows.append({"name": "remembered for a record", "median": round(size / RECORDS, 1), "unit": "bytes"})
    return rows


def run() -> list[dict[str, Any]]:
    """For `python -m bench capture`."""
    return asyncio.run(measure())
