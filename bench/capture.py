"""How late a change in Odoo is told: from the commit to the hand-over, by polling, with a hint, and from the outbox.

Against the sandbox, in this process; a real server adds its own time for a read. Also the time of the first look at
many records, and what is remembered of them.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

import httpx

from hilum.connector import Receipt
from hilum.connectors import odoo
from hilum.connectors.odoo.capture.feed import Feed
from hilum.message import new_id
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing.memory import Notebooks

MODEL = "maintenance.equipment"
CHANGES = 40
RECORDS = 50_000


async def lags(sandbox: SandboxOdoo, source: Feed, *, hint: bool) -> list[float]:
    """Seconds from the commit of each change to its hand-over."""
    source.remember(Notebooks().of)
    await source.open()
    found = []
    waiting = asyncio.ensure_future(source.receive())
    await asyncio.sleep(3)
    async with httpx.AsyncClient() as http:
        for number in range(CHANGES):
            began = time.perf_counter()
            made = sandbox.change(lambda env, n=number: env[MODEL].create({"name": f"thing {n}"}).id)
            if hint:
                await http.post(
                    f"http://127.0.0.1:{source.hint_port}/odoo-changed", json={"_model": MODEL, "_id": made}
                )
            for each in await waiting:
                await each.accept(Receipt(message_id=new_id()))
            found.append(time.perf_counter() - began)
            waiting = asyncio.ensure_future(source.receive())
            await asyncio.sleep(0.13)  # not in step with the looks
    waiting.cancel()
    await source.close()
    return found


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
            ("polling, poll = 0.5 s", odoo.changes(**settings, poll=0.5), False),
            ("polling with hints, poll = 10 s", odoo.changes(**settings, poll=10, hint_port=0), True),
            ("outbox, poll = 0.5 s", odoo.outbox(**settings, poll=0.5), False),
        ):
            if isinstance(source, odoo.Outbox):
                watched = {"key": "hilum_outbox.models", "value": MODEL}
                sandbox.change(lambda env, watched=watched: env["ir.config_parameter"].create(watched))
            found = sorted(await lags(sandbox, source, hint=hint))
            middle, late = (1000 * each for each in (statistics.median(found), found[int(len(found) * 0.95)]))
            rows.append(
                {"name": f"capture lag, {name}", "median": round(middle, 1), "p95": round(late, 1), "unit": "ms"}
            )
        took, size = await first_look(sandbox, settings)
        rows.append({"name": f"first look at {RECORDS} records", "median": round(took, 2), "unit": "s"})
        rows.append({"name": "remembered for a record", "median": round(size / RECORDS, 1), "unit": "bytes"})
    return rows


def run() -> list[dict[str, Any]]:
    """For `python -m bench capture`."""
    return asyncio.run(measure())
