"""Runs by a clock that somebody sets; and objects that several processes hear."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hilum.errors import SettingsError
from hilum.postgres import Database
from hilum.processes import Process, Run, States, handle, store
from hilum.processes.clock import FileClock, SystemClock, set_clock
from hilum.processes.engine import Engine
from hilum.testing import eventually
from support.doubles import Feed
from support.orders_process import Confirmed, Wanted, kinds
from support.projects import OWNERS, make_flow
from support.waits import Start

pytestmark = [pytest.mark.req("WF-2")]

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
STATES = States("order", {"wanted": ("confirmed", "late"), "confirmed": (), "late": ()})

Play = Callable[..., Any]


def patient(name: str, within: str = "P14D") -> Process:
    """Waits so long for a confirmation, and says when it was then."""
    process = Process(name, version="1.0", summary="An order", owners=OWNERS, states=STATES)
    process.starts_on(Wanted, key=lambda wanted: wanted.order)
    process.hears(Confirmed, key=lambda confirmed: confirmed.order)

    @process.run
    async def follow(run: Run, wanted: Wanted) -> str:
        found = await run.wait(Confirmed, within=within)
        await run.move("late" if found is None else "confirmed")
        return (await run.now()).isoformat()

    return process


@pytest.fixture
async def play(hub: Start, database: Database, tmp_path: Path) -> AsyncIterator[Play]:
    """`await play(process, …)`: a hub with these processes, all of which hear what the feed sends."""
    engines: list[Engine] = []
    set_clock(tmp_path / "clock", BEGIN)

    async def begin(*processes: Process) -> Feed:
        feed = Feed()
        heard = make_flow(feed, name="test.heard", translate=kinds, order_by=lambda parsed: parsed["order"])
        for process in processes:
            heard.deliver_to(*handle(process))
        started = await hub(heard)
        assert started.share is not None
        clock = FileClock(tmp_path / "clock")
        engines.append(Engine(started.project, database, processes, started.share.leases.id, clock=clock))
        await engines[-1].start()
        return feed

    yield begin
    for engine in engines:
        await engine.stop()


async def ended(database: Database, process: str, key: str = "P1") -> tuple[str, str]:
    """State and outcome of a run, when it has ended."""
    seen: list[store.RunRow | None] = [None]

    async def over() -> bool:
        async with database.cold() as connection:
            seen[0] = await store.run_of(connection, process, key)
        return seen[0] is not None and not seen[0].open

    await eventually(over, lambda: str(seen[0]))
    assert seen[0] is not None
    return seen[0].state, seen[0].outcome


async def waiting(database: Database, *orders: str) -> None:
    """Their runs wait, for fourteen days."""

    async def there() -> bool:
        async with database.cold() as connection:
            found = [await store.run_of(connection, "test.order", order) for order in orders]
            rest = await store.at_rest(connection, BEGIN)
        return rest and all(run is not None and run.waits_until == BEGIN + timedelta(days=14) for run in found)

    await eventually(there)


async def test_an_object_is_heard_by_each_process_that_it_is_for(play: Play, database: Database) -> None:
    feed = await play(patient("test.one"), patient("test.other"))
    await feed.send(b'{"id": "1", "order": "P1"}')
    await feed.send(b'{"id": "2", "order": "P1", "confirmed": true}')
    assert await ended(database, "test.one") == await ended(database, "test.other") == ("confirmed", BEGIN.isoformat())


async def test_time_is_over_when_the_clock_says_so_and_not_before(
    play: Play, database: Database, tmp_path: Path
) -> None:
    feed = await play(patient("test.order"))
    for order in ("P1", "P2"):
        await feed.send(f'{{"id": "{order}", "order": "{order}"}}'.encode())
    await waiting(database, "P1", "P2")
    almost = BEGIN + timedelta(days=14, seconds=-1)
    set_clock(tmp_path / "clock", almost)
    await feed.send(b'{"id": "3", "order": "P2", "confirmed": true}')
    assert await ended(database, "test.order", "P2") == ("confirmed", almost.isoformat())
    async with database.cold() as connection:
        run = await store.run_of(connection, "test.order", "P1")
    assert run is not None
    assert run.open
    over = almost + timedelta(days=3)
    set_clock(tmp_path / "clock", over)
    assert await ended(database, "test.order", "P1") == ("late", over.isoformat())


async def test_a_moment_that_is_there_already_is_not_waited_for(play: Play, database: Database) -> None:
    feed = await play(patient("test.order", within="PT0S"))
    await feed.send(b'{"id": "1", "order": "P1"}')
    assert await ended(database, "test.order") == ("late", BEGIN.isoformat())


def test_a_clock_without_a_moment_says_what_to_write(tmp_path: Path) -> None:
    assert abs(SystemClock().now() - datetime.now(UTC)) < timedelta(minutes=1)
    (tmp_path / "clock").write_text("2026-03-02T08:00")
    for path in (tmp_path / "clock", tmp_path / "none"):
        with pytest.raises(SettingsError, match="such as 2026-03-02T08:00"):
            FileClock(path).now()
