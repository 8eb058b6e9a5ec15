"""The life of hubs: taking in and refusing, sharing lanes, taking over, stopping, losing a lease, new tables."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hilum.connector import Receipt
from hilum.errors import Busy, DatabaseUnavailable, Down, Invalid, NotAccepted, SettingsError
from hilum.flow import Lookup
from hilum.journal.tallies import counts
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Database
from hilum.runtime import Hub, prepare
from hilum.testing import eventually
from support.doubles import Feed, Forgetful, Receiver, takes_all
from support.looks import assert_sound, delivery_states, rows, states
from support.projects import make_flow, make_project, order, write_lookup
from support.waits import Start, deliveries, messages, replay


def lanes_of(hub: Hub) -> set[int]:
    """The lanes that this hub holds."""
    assert hub.share is not None
    return set(hub.share.leases.held)


@pytest.mark.req("MSG-2")
async def test_a_repetition_is_acknowledged_and_has_no_second_effect(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    started = await hub(make_flow(feed, receiver))
    first = await feed.send_all([order(n) for n in range(10)])
    again = [await feed.send(order(n)) for n in range(10)]
    await messages(database, completed=10)
    assert again == [Receipt(message_id=each.message_id, duplicate=True) for each in first]
    assert len(receiver.seen) == 10
    async with database.cold() as connection:
        [duplicates] = [each for each in await counts(connection) if each.state == "duplicate"]
    assert duplicates.entered == 10
    await started.stop()
    await assert_sound(database)


@pytest.mark.req("MSG-2")
async def test_two_hubs_recognise_each_others_messages(hub: Start, database: Database) -> None:
    here, there, receiver = Feed("here"), Feed("there"), Receiver()
    await hub(make_flow(here, receiver))
    await hub(make_flow(there, receiver))
    answers = await asyncio.gather(*(feed.send(order(n)) for n in range(30) for feed in (here, there)))
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    assert len(receipts) == 60
    assert len({each.message_id for each in receipts}) == 30
    assert [each.duplicate for each in receipts].count(True) == 30
    await messages(database, completed=30)
    assert len(receiver.taken) == 30
    await assert_sound(database)


@pytest.mark.req("MSG-17")
async def test_what_no_flow_takes_is_refused_for_good_and_noted(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    feed.wants = lambda received: received.headers.get("message-type") == "ORDER"  # type: ignore[method-assign]
    started = await hub(make_flow(feed, receiver))
    refused = await feed.send(order(0), peer="10.0.0.7", **{"message-type": "PRICE"})
    taken = await feed.send(order(1), **{"message-type": "ORDER"})
    assert isinstance(refused, NotAccepted)
    assert isinstance(taken, Receipt)
    await started.stop()
    [(source, peer, reason, size)] = await rows(database, "SELECT source, peer, reason, size FROM refusal")
    assert (source, peer, size) == ("memory:feed", "10.0.0.7", len(b'{"id":"k-0","key":"k","n":0}'))
    assert reason == "No flow of this hub takes PRICE here."


@pytest.mark.req("MSG-17")
async def test_what_is_being_noted_when_the_hub_stops_is_noted_all_the_same(hub: Start, database: Database) -> None:
    feed = Feed()
    feed.wants = lambda received: False  # type: ignore[method-assign]
    started = await hub(make_flow(feed, Receiver()))
    async with database.transaction() as connection:
        await connection.execute("LOCK TABLE refusal IN ACCESS EXCLUSIVE MODE")
        await feed.send(order(0))

        async def being_noted() -> bool:
            waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INTO refusal%'"
            return bool(await rows(database, waiting))

        await eventually(being_noted)
        stopping = asyncio.create_task(started.stop())
        await eventually(lambda: started.stopping)
        await asyncio.sleep(0.1)
    await stopping
    assert len(await rows(database, "SELECT 1 FROM refusal")) == 1


@pytest.mark.req("MSG-11")
async def test_past_the_high_water_mark_senders_are_told_to_come_again(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver(lambda _: Down("closed"))
    await hub(make_flow(feed, receiver), intake={"max_pending_messages": 20})

    async def busy() -> bool:
        return isinstance(await feed.send({"id": "", "key": "k", "n": 0}), Busy)

    await eventually(busy)
    found = sum((await states(database)).values())
    assert found >= 18  # nine tenths of the mark: what is normal is shut out before what is urgent
    receiver.behave = takes_all

    async def welcome() -> bool:
        return isinstance(await feed.send({"id": "", "key": "k", "n": 0}), Receipt)

    await eventually(welcome)
    assert await rows(database, "SELECT count(*) > 0 FROM refusal WHERE reason LIKE 'The hub is busy%'") == [(True,)]


@pytest.mark.req("MSG-11")
async def test_memory_is_bounded_while_the_database_cannot_follow(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver), intake={"max_waiting": 10, "batch": 5})
    async with database.transaction() as connection:
        await connection.execute("LOCK TABLE tally IN ACCESS EXCLUSIVE MODE")
        answers = [feed.offer(order(n)) for n in range(60)]
        # ten wait, five are being committed
        await eventually(lambda: sum(not answer.done() for answer in answers) <= 15)
        assert all(isinstance(answer.result(), Busy) for answer in answers if answer.done())
    accepted = [answer for answer in await asyncio.gather(*answers) if isinstance(answer, Receipt)]
    await messages(database, completed=len(accepted))


@pytest.mark.req("MSG-14")
async def test_lanes_are_shared_and_move_when_hubs_come_and_go(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    everything = set(range(64))
    first = await hub(make_flow(feed, receiver))
    await eventually(lambda: lanes_of(first) == everything)
    second = await hub(make_flow(Feed("second"), receiver))
    third = await hub(make_flow(Feed("third"), receiver))
    await eventually(
        lambda: (
            sorted(map(len, (lanes_of(first), lanes_of(second), lanes_of(third)))) == [20, 22, 22]
            and lanes_of(first) | lanes_of(second) | lanes_of(third) == everything
        )
    )
    assert not lanes_of(first) & lanes_of(second)
    keys = [f"k{n}" for n in range(30)]
    await feed.send_all([order(n, key) for n in range(5) for key in keys])
    await messages(database, completed=150)
    assert all(receiver.numbers(key) == list(range(5)) for key in keys)
    await second.stop()
    await third.stop()
    await eventually(lambda: lanes_of(first) == everything)
    await assert_sound(database)


@pytest.mark.req("MSG-14")
@pytest.mark.req("MSG-4")
async def test_hubs_come_and_go_under_load_and_the_order_of_each_key_stays(hub: Start, database: Database) -> None:
    async def slowly(delivery: Delivery) -> Outcome:
        await asyncio.sleep(0.001)
        return takes_all(delivery)

    feed, receiver = Feed(), Receiver(slowly)
    keys = [f"k{n}" for n in range(20)]
    await hub(make_flow(feed, receiver), worker={"lease_seconds": 1.0})
    for start in range(0, 30, 10):
        sending = asyncio.gather(*(feed.send(order(n, key)) for n in range(start, start + 10) for key in keys))
        other = await hub(make_flow(Feed(f"other{start}"), receiver), worker={"lease_seconds": 1.0})
        await sending
        await eventually(lambda other=other: bool(lanes_of(other)))  # type: ignore[misc]
        await other.stop()
    await messages(database, completed=600)
    assert {key: receiver.numbers(key) for key in keys} == {key: list(range(30)) for key in keys}
    await assert_sound(database)


@pytest.mark.req("MSG-14")
async def test_a_worker_that_lost_its_lease_commits_nothing(hub: Start, database: Database) -> None:
    """It stands still in the middle of a delivery; another one takes over, delivers, and goes on with the key."""
    gate = asyncio.Event()

    async def stuck(delivery: Delivery) -> Outcome:
        await gate.wait()
        return Delivered(reference="from the stuck one")

    feed, slow, quick = Feed(), Receiver(stuck), Receiver()
    first = await hub(make_flow(feed, slow), worker={"lease_seconds": 1.0})
    await feed.send_all([order(n) for n in range(3)])
    await eventually(lambda: len(slow.seen) == 1)

    async def silent() -> None:
        """The heart stands still."""

    assert first.worker is not None
    first.worker._beat = silent  # type: ignore[method-assign]
    await hub(make_flow(Feed("other"), quick), worker={"lease_seconds": 1.0})
    await messages(database, completed=3)
    gate.set()
    await eventually(lambda: slow.under_way.total() == 0)
    await first.stop()
    assert quick.numbers("k") == [0, 1, 2]
    assert {reference for (reference,) in await rows(database, "SELECT reference FROM delivery")} == {
        f"R-{each.idempotency_key}" for each in quick.taken
    }
    await assert_sound(database)


@pytest.mark.req("MSG-1")
async def test_a_stop_under_load_keeps_or_delivers_everything(hub: Start, database: Database) -> None:
    async def slowly(delivery: Delivery) -> Outcome:
        await asyncio.sleep(0.002)
        return takes_all(delivery)

    feed, receiver = Feed(), Receiver(slowly)
    first = await hub(make_flow(feed, receiver))
    offered = [feed.offer(order(n, f"k{n % 9}")) for n in range(400)]
    await eventually(lambda: len(receiver.taken) > 20)
    await first.stop()
    accepted = [answer.result() for answer in offered if answer.done()]
    assert all(isinstance(answer, Receipt) for answer in accepted)
    assert set(await delivery_states(database)) <= {"pending", "delivered"}
    assert len(receiver.taken) == (await delivery_states(database))["delivered"], "what was under way is committed"
    assert await rows(database, "SELECT 1 FROM worker UNION ALL SELECT 1 FROM lane WHERE holder IS NOT NULL") == []
    await assert_sound(database)
    await hub(make_flow(Feed(), receiver))
    await messages(database, completed=len(accepted))
    assert len(receiver.seen) == len(receiver.taken) == len(accepted), "nothing was sent twice"


@pytest.mark.req("MSG-1")
async def test_a_call_that_does_not_end_is_unsure_when_the_hub_stops(hub: Start, database: Database) -> None:
    async def forever(_: Delivery) -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    feed, receiver, careful = Feed(), Receiver(forever), Forgetful(forever)
    first = await hub(make_flow(feed, receiver, careful), worker={"stop_seconds": 0.2})
    await feed.send_all([order(0)])
    await eventually(lambda: len(receiver.seen) == len(careful.seen) == 1)
    await first.stop()
    found = dict(await rows(database, "SELECT destination, state::text FROM delivery"))
    assert found == {"memory.main": "waiting", "memory.1": "held"}
    receiver.behave = careful.behave = takes_all
    await hub(make_flow(Feed(), receiver, careful))
    await deliveries(database, delivered=1, held=1)
    await assert_sound(database)


@pytest.mark.req("MSG-1")
async def test_a_sender_without_answer_sends_again_and_is_told_of_the_first(hub: Start, database: Database) -> None:
    """The database is cut off between two commits: nothing is acknowledged, and nothing is half there."""
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver))
    await feed.send_all([order(0)])
    async with database.cold() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    for _ in range(8):  # the connections of this test's own questions are cut off too
        with suppress(DatabaseUnavailable):
            await rows(database, "SELECT 1")

    async def accepted() -> bool:
        return isinstance(await feed.send(order(1)), Receipt)

    await eventually(accepted)
    await messages(database, completed=2)
    assert receiver.numbers("k") == [0, 1]
    await assert_sound(database)


@pytest.mark.req("MOD-4")
async def test_one_table_that_cannot_be_read_keeps_its_former_rows_and_the_others_are_read(
    hub: Start, database: Database, tmp_path: Path
) -> None:
    def translate(parsed: dict[str, Any], lookup: Lookup) -> dict[str, Any]:
        return {**parsed, "a": lookup.value("a", "1"), "z": lookup.value("z", "1")}

    feed, receiver = Feed(), Receiver()
    started = await hub(make_flow(feed, receiver, translate=translate), lookups={"a": "c,v\n1,A\n", "z": "c,v\n1,Z\n"})
    write_lookup(tmp_path, "a", "c,v\n1,A\n1,twice\n")
    write_lookup(tmp_path, "z", "c,v\n1,NEW\n")
    await eventually(lambda: started.project.lookup.value("z", "1") == "NEW")
    await feed.send_all([order(0)])
    await messages(database, completed=1)
    assert (receiver.bodies[0]["a"], receiver.bodies[0]["z"]) == ("A", "NEW")


@pytest.mark.req("MSG-7")
async def test_a_message_that_is_older_than_the_place_workers_look_from_can_be_replayed(
    hub: Start, database: Database
) -> None:
    refusing = True

    def translate(parsed: dict[str, Any], _: Lookup) -> dict[str, Any]:
        if refusing:
            raise Invalid("not yet")
        return parsed

    feed, receiver = Feed(), Receiver()
    started = await hub(make_flow(feed, receiver, translate=translate))
    [old] = await feed.send_all([order(0, "")])
    await messages(database, held=1)
    assert started.share is not None
    started.share.floor = type(old.message_id)(int=old.message_id.int + 1)  # as it is some days later
    refusing = False
    await replay(database, old.message_id)
    await messages(database, completed=1)


async def test_a_hub_says_what_keeps_it_from_starting_and_leaves_nothing_open(
    database: Database, tmp_path: Path
) -> None:
    flow = make_flow(Feed(), Receiver())
    project = make_project(tmp_path, flow)
    other = project.settings.model_copy(update={"hub": project.settings.hub.model_copy(update={"lanes": 8})})
    started = Hub(type(project)(settings=other, flows=project.flows, lookup=project.lookup), database)
    with pytest.raises(SettingsError, match="was made with 64"):
        await started.start()
    assert await rows(database, "SELECT * FROM worker") == []


async def test_hubs_may_start_on_an_empty_database_at_the_same_moment(empty_postgres_url: str) -> None:
    pools = [Database(empty_postgres_url, hot=1, cold=1) for _ in range(4)]
    await asyncio.gather(*(pool.open() for pool in pools))
    applied = await asyncio.gather(*(prepare(pool, lanes=16) for pool in pools))
    assert sorted(map(bool, applied)) == [False, False, False, True]
    assert await rows(pools[0], "SELECT count(*) FROM lane") == [(16,)]
    await asyncio.gather(*(pool.close() for pool in pools))
