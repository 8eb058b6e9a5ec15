"""Alerts: one incident for a cause, told once when it opens and once when it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import web

from hilum.errors import Down
from hilum.message import Delivered
from hilum.observe import catalogue
from hilum.observe.alerts import Alerts, causes
from hilum.observe.snapshot import Sample
from hilum.postgres import Database
from hilum.settings import AlertSettings
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.looks import rows
from support.measured import measured
from support.projects import make_flow, order, target
from support.waits import Start, messages

PLACE = "memory.main"


class Pager:
    """Takes notices; refuses the first ones when asked to."""

    def __init__(self) -> None:
        self.url = ""
        self.refuse = 0
        self.notices: list[dict[str, Any]] = []
        self.keys: list[str] = []

    async def take(self, request: web.Request) -> web.Response:
        if self.refuse:
            self.refuse -= 1
            return web.Response(status=503)
        self.keys.append(request.headers["Idempotency-Key"])
        self.notices.append(orjson.loads(await request.read()))
        return web.Response(status=204)


@asynccontextmanager
async def pager() -> AsyncIterator[Pager]:
    """A receiver of notices."""
    made, app = Pager(), web.Application()
    app.router.add_post("/page", made.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/page"
    yield made
    await runner.cleanup()


def _sample(depth: float) -> Sample:
    made = Sample()
    made.set(catalogue.QUEUE_DEPTH, {("test.orders", PLACE, "pending"): depth, ("test.orders", "", "completed"): 1e9})
    return made


@pytest.mark.req("OBS-3")
async def test_a_destination_that_is_down_is_told_once_and_its_end_too(hub: Start, database: Database) -> None:
    receiver = Receiver(lambda _: Down("It is away."))
    feed = Feed()
    async with pager() as far:
        alerts = {"webhook": far.url, "for_seconds": 0, "clear_seconds": 0}
        async with measured(hub, make_flow(feed, receiver), alerts=alerts) as it:
            await feed.send(order(1))
            await eventually(lambda: len(far.notices) == 1, lambda: f"{far.notices}")
            (incidents,) = (await it.scrape())["hilum_incidents_open"].items()
            assert incidents == (("down",), 1)
            receiver.behave = lambda _: Delivered()
            await messages(database, completed=1)
            await eventually(lambda: len(far.notices) == 2, lambda: f"{far.notices}")
    assert [(n["event"], n["kind"], n["subject"], n["hub"]) for n in far.notices] == [
        ("opened", "down", PLACE, "test"),
        ("resolved", "down", PLACE, "test"),
    ]
    assert far.notices[0]["incident"] == far.notices[1]["incident"]
    assert len(set(far.keys)) == 2
    assert "It is away" not in str(far.notices)


async def test_a_cause_must_last_and_what_flutters_is_one_incident(database: Database) -> None:
    settings = AlertSettings(flow="ops.alerts", depth=100, for_seconds=0.2, clear_seconds=0.2, down=False)
    ops = make_flow(None, Receiver(), name="ops.alerts")
    alerts = Alerts(settings, {"ops.alerts": ops}, "test", 64)

    async def look(depth: float) -> list[tuple[Any, ...]]:
        async with database.transaction() as connection:
            await alerts.look(connection, _sample(depth))
        return await rows(database, "SELECT opened_at IS NOT NULL, closed_at IS NOT NULL FROM incident ORDER BY id")

    async def until(depth: float, *wanted: tuple[bool, bool]) -> None:
        async def there() -> bool:
            return await look(depth) == list(wanted)

        await eventually(there, lambda: f"{wanted}")

    assert await look(99) == []
    assert await look(100) == [(False, False)], "seen, and not yet an incident"
    assert await look(10) == [], "it did not last"
    await until(150, (True, False))
    for depth in (99, 81, 120, 85):  # between the limit and four fifths of it nothing changes
        assert await look(depth) == [(True, False)]
    assert await look(10) == [(True, False)], "it must stay away for a while"
    assert await look(100) == [(True, False)], "the same incident"
    await until(10, (True, True))
    await until(150, (True, True), (True, False))


@pytest.mark.req("OBS-3")
async def test_notices_go_through_the_journal_where_a_flow_takes_them(hub: Start, database: Database) -> None:
    pages = Receiver()
    ops = make_flow(None, name="ops.alerts", order_by=None, dedup_by=None)
    ops.deliver_to(target(pages, "memory.pages"))
    receiver, feed = Receiver(lambda _: Down("It is away.")), Feed()
    alerts = {"flow": "ops.alerts", "for_seconds": 0, "clear_seconds": 0}
    async with measured(hub, make_flow(feed, receiver), ops, alerts=alerts):
        await feed.send(order(1))
        await eventually(lambda: len(pages.taken) == 1, lambda: "a notice")
        receiver.behave = lambda _: Delivered()
        await eventually(lambda: len(pages.taken) == 2, lambda: "its end")
    assert [body["event"] for body in pages.bodies] == ["opened", "resolved"]
    assert len({delivery.key for delivery in pages.taken}) == 1, "in order"


async def test_a_notice_is_sent_until_it_is_taken(database: Database) -> None:
    async with pager() as far:
        far.refuse = 2
        settings = AlertSettings(webhook=far.url, depth=1, for_seconds=0, clear_seconds=0, down=False)
        alerts = Alerts(settings, {}, "test", 64)

        async def told() -> bool:
            async with database.transaction() as connection:
                await alerts.look(connection, _sample(5))
                await connection.execute("UPDATE incident SET next_try_at = now()")
            await alerts.tell(database)
            return bool(far.notices)

        await eventually(told, lambda: "a notice")
        await told()
    assert len(far.notices) == 1
    assert far.refuse == 0


def test_what_is_watched() -> None:
    sample = _sample(500)
    sample.set(
        catalogue.QUEUE_OLDEST, {("f", "d", "waiting"): 90.0, ("f", "d", "pending"): 10.0, ("f", "d", "held"): 1e6}
    )
    sample.set(catalogue.SILENCE, {("lab",): 1900.0, ("other",): 1e9})
    sample.set(catalogue.BREAKER_OPEN, {("a",): 1.0, ("b",): 0.0})
    sample.set(catalogue.SLO_BUDGET, {("f", "30d"): 0.05, ("f", "1h"): -3.0, ("g", "30d"): 0.9})
    settings = AlertSettings(depth=400, oldest_seconds=60, silence={"lab": 1800}, budget_used=0.9)
    firing = {(cause.kind, cause.subject) for cause in causes(sample, settings) if cause.firing}
    assert firing == {
        ("depth", "test.orders to memory.main"),
        ("oldest", "f to d"),
        ("silence", "lab"),
        ("down", "a"),
        ("budget", "f"),
    }
