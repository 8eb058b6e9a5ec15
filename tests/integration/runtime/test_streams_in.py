"""Sources that tell nobody of a refusal, and keep their order over those that pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from hilum.errors import Busy, DatabaseUnavailable
from hilum.message import Priority, new_id
from hilum.postgres import Connection, Database
from hilum.runtime import unread
from hilum.runtime.gate import Gate
from hilum.testing import eventually
from support.doubles import Receiver, Stream
from support.looks import assert_sound, rows
from support.projects import make_flow, order
from support.waits import Start, deliveries, messages, replay

pytestmark = pytest.mark.req("MSG-2")


async def _cases(database: Database) -> list[tuple[Any, ...]]:
    return await rows(
        database, "SELECT flow, category, message_id FROM exception_case WHERE closed_at IS NULL ORDER BY id"
    )


async def test_what_cannot_be_read_is_held_with_a_case_and_delays_nobody(hub: Start, database: Database) -> None:
    stream, receiver = Stream(), Receiver()
    await hub(make_flow(stream, receiver))
    stream.write(order(1), b"{ this is no JSON", order(2))
    await deliveries(database, delivered=2)
    await messages(database, held=1, completed=2)
    assert receiver.numbers("k") == [1, 2]
    await eventually(lambda: sorted(stream.ended) == [(1, ""), (2, ""), (3, "")])  # all are accepted: nothing is left
    ((flow, category, _),) = await _cases(database)
    assert (flow, category) == ("test.orders", "invalid")
    await assert_sound(database)


async def test_what_comes_again_unread_is_held_once(hub: Start, database: Database) -> None:
    stream = Stream()
    await hub(make_flow(stream, Receiver()))
    stream.write(b"{ again", b"{ again", b"{ again")
    await eventually(lambda: len(stream.ended) == 3)
    await messages(database, held=1)
    assert len(await _cases(database)) == 1


async def test_what_no_flow_takes_goes_to_the_first_flow_of_the_source(hub: Start, database: Database) -> None:
    stream, receiver = Stream(wants=lambda received: b"other" not in received.body), Receiver()
    await hub(make_flow(stream, receiver))
    stream.write({"other": 1}, order(1))
    await deliveries(database, delivered=1)
    ((flow, category, message_id),) = await _cases(database)
    assert (flow, category) == ("test.orders", "not_accepted")
    assert await replay(database, UUID(str(message_id))) == 1
    await deliveries(database, delivered=2)  # a person decided that this flow is to have it
    await assert_sound(database)


async def test_a_flood_of_unreadable_ones_stays_in_the_stream(
    hub: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "MOST_OPEN", 3)
    monkeypatch.setattr(unread, "_COME_AGAIN", 0.05)
    stream, receiver = Stream(), Receiver()
    await hub(make_flow(stream, receiver))
    stream.write(*(b"{ %d" % number for number in range(5)), order(1))
    await messages(database, held=3)
    assert not receiver.taken
    for _, _, message_id in await _cases(database):  # people look, and discard
        await rows(database, "DELETE FROM exception_case WHERE message_id = %s RETURNING id", [message_id])
    await deliveries(database, delivered=1)
    assert sorted(place for place, _ in stream.ended) == [1, 2, 3, 4, 5, 6]
    await messages(database, held=5)


async def test_order_is_kept_when_one_in_the_middle_is_told_busy(
    hub: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    check = Gate.check

    def busy_now_and_then(gate: Gate, priority: Priority = Priority.URGENT) -> None:
        nonlocal looks
        looks += 1
        if looks in (9, 10, 60):
            raise Busy(after=0.02)
        check(gate, priority)

    monkeypatch.setattr(Gate, "check", busy_now_and_then)
    stream, receiver = Stream(), Receiver()
    await hub(make_flow(stream, receiver))
    stream.write(*(order(number) for number in range(1, 41)))
    await deliveries(database, delivered=40)
    assert receiver.numbers("k") == list(range(1, 41))
    assert looks > 60
    await assert_sound(database)


async def test_order_is_kept_when_a_commit_fails_while_others_wait(
    hub: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, receiver = Stream(), Receiver()
    await hub(make_flow(stream, receiver), intake={"batch": 5})
    hot, failing = database.hot, True

    @asynccontextmanager
    async def lost_once() -> AsyncIterator[Connection]:
        nonlocal failing
        task = asyncio.current_task()
        if failing and task is not None and "Committer.run" in repr(task.get_coro()):
            failing = False
            await asyncio.sleep(0.05)  # meanwhile the others come to wait for the next commit
            raise DatabaseUnavailable("the test says so")
        async with hot() as connection:
            yield connection

    monkeypatch.setattr(database, "hot", lost_once)
    stream.write(*(order(number) for number in range(1, 31)))
    await deliveries(database, delivered=30)
    assert not failing
    assert receiver.numbers("k") == list(range(1, 31))
    await assert_sound(database)


@pytest.mark.req("MSG-13")
async def test_ids_of_the_sending_hub_are_kept_and_found(hub: Start, database: Database) -> None:
    from hilum.journal.reading import Search, find

    stream, receiver = Stream(), Receiver()
    await hub(make_flow(stream, receiver, order_by=None, dedup_by=None))
    edge = new_id()
    headers = {
        "causation-id": str(edge),
        "correlation-id": "visit-7",
        "idempotency-key": f"{edge}.0",
        "ordering-key": "p/1",
    }
    stream.write({"key": "k", "n": 1}, **headers)
    stream.write({"key": "k", "n": 1}, **headers)
    await deliveries(database, delivered=1)
    await eventually(lambda: len(stream.ended) == 2)
    (taken,) = receiver.taken
    assert (taken.key, taken.correlation_id) == ("p/1", "visit-7")
    for text in (str(edge), "visit-7", f"{edge}.0"):
        async with database.cold() as connection:
            (row,) = await find(connection, Search(text=text))
        assert (row.id, row.cause_id) == (taken.message_id, edge)
