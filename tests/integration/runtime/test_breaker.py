"""A destination that does not work is left alone by all workers, one call finds out, then it is taken up slowly."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hilum.errors import Down, TryAgain
from hilum.flow import Retry
from hilum.journal.breakers import breakers, close_by_person, open_by_person
from hilum.message import Delivery, Outcome
from hilum.postgres import Database
from hilum.testing import eventually
from support.doubles import Batching, Feed, Receiver, takes_all
from support.looks import assert_sound, rows
from support.projects import make_flow, order
from support.waits import Start, deliveries, left_alone, messages

NAME = "memory.main"


def limits(**settings: Any) -> dict[str, Any]:
    """The section of `hilum.toml` for the receiver, with short pauses and no slow start unless a test wants them."""
    return {NAME: {"first_pause_seconds": 0.05, "longest_pause_seconds": 0.1, "drain_seconds": 0, **settings}}


def keys(count: int) -> list[dict[str, Any]]:
    """So many messages, each of a key of its own."""
    return [order(0, f"k{n}") for n in range(count)]


async def state(database: Database) -> str:
    found = await rows(database, "SELECT state::text FROM breaker")
    return str(found[0][0]) if found else ""


class Wall:
    """Says that it is down; when `silent` is set, it does not answer until it is let go."""

    def __init__(self) -> None:
        self.silent = False
        self.answer = asyncio.Event()
        self.calls = 0

    async def __call__(self, delivery: Delivery) -> Outcome:
        self.calls += 1
        if not self.silent:
            return Down("no connection")
        await self.answer.wait()
        return takes_all(delivery)


@pytest.mark.req("MSG-8")
async def test_of_two_workers_one_makes_the_one_call_that_finds_out(hub: Start, database: Database) -> None:
    wall = Wall()
    receiver, feed = Receiver(wall), Feed()
    flow = make_flow(feed, receiver)
    section = limits(first_pause_seconds=0.5, longest_pause_seconds=0.5)
    first = await hub(flow, destinations=section)
    second = await hub(make_flow(None, receiver), roles=("worker",), destinations=section)
    await eventually(lambda: all(each.share and len(each.share.leases.held) == 32 for each in (first, second)))
    await feed.send_all(keys(60))

    async def is_open() -> bool:
        return await state(database) == "open"

    await eventually(is_open)
    await left_alone(NAME, first, second)  # until it has looked, the other one may find out by itself
    await eventually(lambda: receiver.under_way.total() == 0)
    wall.silent = True
    before = wall.calls
    await eventually(lambda: wall.calls > before)
    assert await state(database) == "half_open"
    await asyncio.sleep(1.5)  # both workers have looked again meanwhile
    assert wall.calls == before + 1
    assert await rows(database, "SELECT max(attempts) FROM delivery") == [(0,)], "nothing is used up"
    assert await rows(database, "SELECT * FROM attempt") == []
    wall.answer.set()
    await messages(database, completed=60)
    assert await state(database) == "closed"
    assert {each.attempt for each in receiver.seen} == {1}
    await assert_sound(database)


@pytest.mark.req("MSG-8")
async def test_a_worker_that_died_with_the_one_call_blocks_nobody_for_long(hub: Start, database: Database) -> None:
    async with database.cold() as connection:
        await connection.execute(
            "INSERT INTO breaker (destination, state, words, prober, probe_until)"
            " VALUES (%s, 'half_open', 'down', %s, now() + interval '1 second')",
            [NAME, UUID(int=7)],
        )
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver), destinations=limits())
    await feed.send_all(keys(5))
    await deliveries(database, pending=5)
    await messages(database, completed=5)
    assert await state(database) == "closed"


@pytest.mark.req("MSG-8")
async def test_a_person_stops_a_destination_and_lets_it_go_on(hub: Start, database: Database) -> None:
    feed, receiver, other = Feed(), Receiver(), Receiver()
    working = await hub(make_flow(feed, receiver, other), destinations=limits())
    async with database.transaction() as connection:
        await open_by_person(connection, NAME, actor="omar", reason="the portal moves")
    await left_alone(NAME, working)
    await feed.send_all(keys(10))
    await eventually(lambda: len(other.taken) == 10)
    await deliveries(database, pending=10, delivered=10)
    assert receiver.seen == []
    async with database.cold() as connection:
        found = (await breakers(connection))[NAME]
    assert (found.state, found.until, found.words, found.actor) == ("open", None, "the portal moves", "omar")
    async with database.transaction() as connection:
        assert await close_by_person(connection, NAME, actor="stella", reason="it has moved")
        assert not await close_by_person(connection, NAME, actor="stella", reason="again")
    await messages(database, completed=10)
    assert await rows(database, "SELECT actor, action, words FROM audit WHERE actor <> 'hub' ORDER BY id") == [
        ("omar", "destination_opened", f"{NAME}: the portal moves"),
        ("stella", "destination_closed", f"{NAME}: it has moved"),
    ]


@pytest.mark.req("MSG-8")
async def test_what_a_person_stopped_for_a_time_is_tried_by_itself_afterwards(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    async with database.transaction() as connection:
        await open_by_person(connection, NAME, actor="omar", reason="maintenance", seconds=0.5)
    await hub(make_flow(feed, receiver), destinations=limits())
    await feed.send_all(keys(10))
    await messages(database, completed=10)
    assert await state(database) == "closed"


@pytest.mark.req("MSG-8")
@pytest.mark.req("MSG-5")
async def test_many_failures_in_a_row_open_it_and_one_delivery_that_always_fails_does_not(
    hub: Start, database: Database
) -> None:
    def behave(delivery: Delivery) -> Outcome:
        return TryAgain("busy") if busy or delivery.key == "k0" else takes_all(delivery)

    busy = False
    feed, receiver = Feed(), Receiver(behave)
    flow = make_flow(feed, receiver, retry=Retry(attempts=1000, first_wait=0.01, longest_wait=0.02))
    section = limits(open_after_failures=5, first_pause_seconds=2, longest_pause_seconds=2)
    await hub(flow, destinations=section, worker={"parallel": 1})
    await feed.send_all(keys(1))
    await eventually(lambda: len(receiver.seen) > 8)
    assert await state(database) == "", "one says nothing of the others"
    busy = True
    await feed.send_all([order(0, f"m{n}") for n in range(40)])

    async def is_open() -> bool:
        return await state(database) == "open"

    await eventually(is_open)
    [(words,)] = await rows(database, "SELECT words FROM breaker")
    assert words == "5 deliveries in a row failed; the last one: busy"
    [(most,)] = await rows(database, "SELECT max(attempts) FROM delivery WHERE key <> 'k0'")
    assert most <= 4
    busy = False
    await messages(database, completed=40, routed=1)


@pytest.mark.req("RES-1")
@pytest.mark.req("MSG-8")
async def test_what_works_again_is_taken_up_slowly_at_first(hub: Start, database: Database) -> None:
    wall = Wall()
    receiver, feed = Receiver(wall), Feed()
    section = limits(drain_seconds=20, drain_calls_per_second=10)
    await hub(make_flow(feed, receiver), destinations=section)
    await feed.send_all(keys(60))

    async def is_open() -> bool:
        return await state(database) == "open"

    await eventually(is_open)
    wall.silent = True
    wall.answer.set()
    came: list[float] = []
    receiver.behave = lambda delivery: (came.append(time.monotonic()), takes_all(delivery))[1]  # type: ignore[func-returns-value]
    await messages(database, completed=60)
    # 10 calls a second, twice as many each second: 60 need more than two seconds, less what may come at once
    assert came[-1] - came[0] > 1.5


@pytest.mark.req("RES-1")
async def test_two_workers_together_keep_the_rate_of_calls(hub: Start, database: Database) -> None:
    came: list[float] = []

    def behave(delivery: Delivery) -> Outcome:
        came.append(time.monotonic())
        return takes_all(delivery)

    receiver, feed = Receiver(behave), Feed()
    section = limits(calls_per_second=20)
    first = await hub(make_flow(feed, receiver), destinations=section)
    second = await hub(make_flow(None, receiver), roles=("worker",), destinations=section)
    await eventually(lambda: all(each.share and len(each.share.leases.held) == 32 for each in (first, second)))
    await feed.send_all(keys(60))
    await messages(database, completed=60)
    assert came[-1] - came[0] > 2.0, "60 at 20 a second take 3 s, less what may come at once"
    assert all(each.worker is not None and each.worker.dispatchers[0].delivered for each in (first, second))


@pytest.mark.req("RES-1")
@pytest.mark.req("MSG-10")
async def test_the_rate_of_records_counts_what_is_in_a_batch(hub: Start, database: Database) -> None:
    came: list[float] = []

    def behave(delivery: Delivery) -> Outcome:
        came.append(time.monotonic())
        return takes_all(delivery)

    receiver, feed = Batching(behave), Feed()
    await hub(make_flow(feed, receiver), destinations=limits(records_per_second=20))
    await feed.send_all(keys(40))
    await messages(database, completed=40)
    assert came[-1] - came[0] > 1.2


async def test_settings_for_a_destination_that_no_flow_has_are_refused(hub: Start, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r'\[destinations."memory.maim"\]: no flow delivers there'):
        await hub(make_flow(Feed(), Receiver()), destinations={"memory.maim": {}})
