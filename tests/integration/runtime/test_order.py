"""Order per ordering key, from receipt to each destination."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from uuid import UUID

import pytest

from hilum.cases import discard
from hilum.errors import Down, Invalid, Rejected
from hilum.flow import Lookup
from hilum.journal.receipt import lane_of
from hilum.message import Delivery, Outcome
from hilum.postgres import Database
from hilum.testing import eventually
from support.doubles import Batching, Feed, Receiver, takes_all
from support.looks import assert_sound, rows
from support.projects import make_flow, order, write_lookup
from support.servers import LANES
from support.waits import Start, deliveries, messages, parked, replay


async def jittery(delivery: Delivery) -> Outcome:
    """Some answers overtake others."""
    await asyncio.sleep(random.uniform(0, 0.003))
    return takes_all(delivery)


@pytest.mark.req("MSG-4")
@pytest.mark.parametrize("kind", [Receiver, Batching])
async def test_each_key_is_in_order_while_keys_go_in_parallel(
    hub: Start, database: Database, kind: type[Receiver]
) -> None:
    feed, receiver, second = Feed(), kind(jittery), Receiver(jittery)
    await hub(make_flow(feed, receiver, second))
    keys = [f"k{n}" for n in range(12)]
    await feed.send_all([order(n, key) for n in range(25) for key in keys])
    await messages(database, completed=300)
    for one in (receiver, second):
        assert all(one.numbers(key) == list(range(25)) for key in keys)
        assert not one.overlaps
        assert one.most_under_way > 1
    await assert_sound(database)


def mapped(parsed: dict[str, str], lookup: Lookup) -> dict[str, str]:
    return {**parsed, "code": lookup.value("codes", parsed.get("code", "known"))}


@pytest.mark.req("MSG-4")
@pytest.mark.req("MSG-7")
async def test_what_was_behind_a_held_message_follows_it_after_the_replay(
    hub: Start, database: Database, tmp_path: Path
) -> None:
    feed, receiver = Feed(), Receiver()
    started = await hub(make_flow(feed, receiver, translate=mapped), lookups={"codes": "code,means\nknown,K\n"})
    first = await feed.send_all([order(0, "held", code="new")])
    await feed.send_all([order(n, "held") for n in range(1, 6)] + [order(n, "other") for n in range(40)])
    await eventually(lambda: receiver.numbers("other") == list(range(40)))
    assert receiver.numbers("held") == []
    write_lookup(tmp_path, "codes", "code,means\nknown,K\nnew,N\n")
    table = started.project.lookup.table("codes")
    await eventually(lambda: len(table) == 2)
    await replay(database, first[0].message_id)
    await feed.send_all([order(n, "held") for n in range(6, 9)])
    await messages(database, completed=49)
    assert receiver.numbers("held") == list(range(9))
    await assert_sound(database)


@pytest.mark.req("MSG-4")
@pytest.mark.req("MSG-7")
async def test_a_replayed_message_goes_before_a_follower_that_was_received_last(hub: Start, database: Database) -> None:
    """The follower lies beyond the place to which the dispatcher has read, the replayed one before it."""
    refusing = True

    def translate(parsed: dict[str, object], _: Lookup) -> dict[str, object]:
        if refusing and parsed["id"] == "held-0":
            raise Invalid("not yet")
        return parsed

    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver, translate=translate))
    for round_number in range(3):
        refusing = True
        key = f"held-{round_number}"
        (head,) = await feed.send_all([{**order(0, key), "id": "held-0", "round": round_number}])
        await feed.send_all([order(n, f"other-{round_number}") for n in range(40)])
        await feed.send_all([order(1, key)])
        await messages(database, completed=round_number * 42 + 40)
        await parked(database, 1)
        refusing = False
        await replay(database, head.message_id)
        await messages(database, completed=(round_number + 1) * 42)
        assert receiver.numbers(key) == [0, 1]
        async with database.cold() as connection:
            await connection.execute("DELETE FROM dedup")
    await assert_sound(database)


@pytest.mark.req("MSG-4")
@pytest.mark.req("MSG-7")
async def test_what_a_discard_sets_free_goes_before_what_comes_afterwards(hub: Start, database: Database) -> None:
    feed = Feed()
    receiver = Receiver(
        lambda d: Rejected("test.no", "No.") if b'"n":0' in d.body and d.key == "held" else takes_all(d)
    )
    await hub(make_flow(feed, receiver))
    (head,) = await feed.send_all([order(0, "held")])
    await feed.send_all([order(n, "held") for n in range(1, 4)] + [order(n, "other") for n in range(40)])
    await parked(database, 3)
    await eventually(lambda: len(receiver.taken) == 40)
    async with database.transaction() as connection:
        await discard(connection, head.message_id, actor="eva", reason="not needed")
    await feed.send_all([order(n, "held") for n in range(4, 7)])
    await messages(database, completed=47)
    assert receiver.numbers("held") == [1, 2, 3, 4, 5, 6]
    await assert_sound(database)


@pytest.mark.req("MSG-4")
@pytest.mark.req("MSG-14")
async def test_a_lane_that_is_taken_over_is_read_from_its_beginning(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver(lambda _: Down("not now"))
    first = await hub(make_flow(feed, receiver))
    await feed.send_all([order(n, "late") for n in range(3)])
    await deliveries(database, pending=3)
    await first.stop()
    [(lane,)] = await rows(database, "SELECT DISTINCT lane FROM message")
    async with database.cold() as connection:  # a worker that is never silent holds that lane
        await connection.execute(
            "INSERT INTO worker (id, name, roles, seen_at) VALUES (%s, 'other', 'worker', now() + interval '1 hour')",
            [UUID(int=7)],
        )
        await connection.execute("UPDATE lane SET holder = %s WHERE lane = %s", [UUID(int=7), lane])
        await connection.execute("DELETE FROM breaker")
    again, healthy = Feed(), Receiver()
    await hub(make_flow(again, healthy))
    others = [key for key in (f"o{n}" for n in range(200)) if lane_of(key, UUID(int=0), LANES) != lane]
    await again.send_all([order(0, key) for key in others] + [order(3, "late")])
    await eventually(lambda: len(healthy.taken) > 50)
    async with database.cold() as connection:
        await connection.execute("DELETE FROM worker WHERE id = %s", [UUID(int=7)])
    await messages(database, completed=len(others) + 4)
    assert healthy.numbers("late") == [0, 1, 2, 3]
    await assert_sound(database)


@pytest.mark.req("MSG-4")
@pytest.mark.req("MSG-8")
async def test_order_is_kept_while_a_receiver_goes_down_again_and_again(hub: Start, database: Database) -> None:
    calls = 0
    quick = {"memory.main": {"first_pause_seconds": 0.02, "longest_pause_seconds": 0.02, "drain_seconds": 0}}

    async def flaky(delivery: Delivery) -> Outcome:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)
        return Down("maintenance") if calls % 37 == 0 else takes_all(delivery)

    feed, receiver = Feed(), Receiver(flaky)
    await hub(make_flow(feed, receiver), worker={"batch": 20}, destinations=quick)
    keys = [f"k{n}" for n in range(10)]
    for start in range(0, 60, 6):
        await feed.send_all([order(n, key) for n in range(start, start + 6) for key in keys])
    await messages(database, completed=600)
    assert {key: receiver.numbers(key) for key in keys} == {key: list(range(60)) for key in keys}
    assert max(each.attempt for each in receiver.seen) == 1, "being down uses up no attempt"
    await assert_sound(database)
