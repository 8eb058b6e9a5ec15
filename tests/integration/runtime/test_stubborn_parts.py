"""A part that fails in an unforeseen way, or never answers, harms nothing else and is not repeated without end."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson
import pytest

from hilum import cases
from hilum.connector import Receipt
from hilum.connectors import http
from hilum.errors import Invalid, TryAgain
from hilum.flow import Lookup, Retry
from hilum.journal.leases import Leases
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Database
from hilum.runtime import calling, intake
from hilum.runtime.intake import RefusalNote, Refusals
from hilum.testing import eventually
from support.doubles import Batching, Feed, Forgetful, Receiver, takes_all
from support.looks import assert_sound, rows
from support.projects import make_flow, order
from support.waits import Start, deliveries, messages


@pytest.mark.req("MSG-5")
async def test_a_receiver_that_asks_for_an_absurd_wait_is_not_called_again_and_again(
    hub: Start, database: Database
) -> None:
    feed, receiver = Feed(), Receiver(lambda _: TryAgain("busy", after=float("inf")))
    await hub(make_flow(feed, receiver))
    await feed.send(order(0))
    await deliveries(database, waiting=1)
    assert len(receiver.seen) == 1
    [(hours,)] = await rows(database, "SELECT extract(epoch FROM next_at - now()) / 3600 FROM delivery")
    assert 0 < hours <= 24


@pytest.mark.req("MSG-6")
async def test_a_stored_body_that_cannot_be_read_is_held_and_harms_no_other(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver(lambda _: TryAgain("busy", after=0.5))
    await hub(make_flow(feed, receiver), worker={"parallel": 1})
    await feed.send(order(0, "bad"))
    await deliveries(database, waiting=1)
    async with database.cold() as connection:
        await connection.execute("UPDATE payload SET codec = 1, body = 'this is no zstd' WHERE ordinal = 0")
    receiver.behave = takes_all
    await deliveries(database, held=1)
    await feed.send(order(0, "good"))
    await messages(database, completed=1, routed=1)
    await assert_sound(database)


@pytest.mark.req("MSG-10")
async def test_an_erased_payload_holds_its_own_delivery_only(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Batching(lambda _: TryAgain("busy", after=0.5))
    await hub(make_flow(feed, receiver))
    await feed.send_all([order(0, f"k{n}") for n in range(6)])
    await deliveries(database, waiting=6)
    async with database.cold() as connection:
        await connection.execute(
            "DELETE FROM payload WHERE ordinal = 0 AND id = (SELECT message_id FROM delivery WHERE key = 'k3')"
        )
    receiver.behave = takes_all
    await messages(database, completed=5, routed=1)
    await deliveries(database, held=1)
    assert await rows(database, "SELECT key FROM delivery WHERE state = 'held'") == [("k3",)]


@pytest.mark.req("MSG-5")
@pytest.mark.parametrize("answer", [None, Delivered(reference=17)], ids=["none", "number"])  # type: ignore[arg-type]
async def test_an_answer_that_cannot_be_kept_counts_as_a_failed_attempt(
    hub: Start, database: Database, answer: Any
) -> None:
    feed, receiver = Feed(), Receiver(lambda _: answer)
    await hub(make_flow(feed, receiver, retry=Retry(attempts=5, first_wait=0.01)))
    await feed.send(order(0))
    await deliveries(database, held=1)
    assert len(receiver.seen) == 5
    await assert_sound(database)


@pytest.mark.req("MSG-9")
async def test_a_connector_that_never_answers_is_given_up(
    hub: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "_LONGEST_CALL", 0.05)

    async def behave(delivery: Delivery) -> Outcome:
        if delivery.key == "bad":
            await asyncio.Event().wait()
        return takes_all(delivery)

    feed, receiver = Feed(), Forgetful(behave)
    await hub(make_flow(feed, receiver), worker={"parallel": 1})
    await feed.send_all([order(0, "bad"), order(0, "good")])
    await messages(database, completed=1, routed=1)
    await deliveries(database, held=1, delivered=1)
    await assert_sound(database)


@pytest.mark.req("MSG-14")
async def test_a_defect_in_a_heartbeat_does_not_end_them(
    hub: Start, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failed = Leases.heartbeat, asyncio.Event()

    async def defective(leases: Leases) -> set[int]:
        if not failed.is_set():
            failed.set()
            raise ValueError("unforeseen")
        return await real(leases)

    feed, receiver = Feed(), Receiver()
    running = await hub(make_flow(feed, receiver), worker={"lease_seconds": 0.6})
    monkeypatch.setattr(Leases, "heartbeat", defective)
    await failed.wait()
    assert running.share is not None
    leases = running.share.leases
    before = leases._renewed
    await eventually(lambda: leases._renewed > before)
    await feed.send(order(0))
    await messages(database, completed=1)


@pytest.mark.req("MSG-7")
async def test_a_replay_does_nothing_to_what_another_person_ended_meanwhile(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    flow = make_flow(feed, receiver, translate=lambda _, hub: [hub.item("none")], on_held="hold_key")
    await hub(flow, lookups={"items": "code,item\na,b\n"})
    receipt = await feed.send(order(0))
    assert isinstance(receipt, Receipt)
    await messages(database, held=1)
    async with database.transaction() as connection:
        planned = await cases.plan(connection, [receipt.message_id])
    async with database.transaction() as connection:
        await cases.discard(connection, receipt.message_id, actor="ann", reason="a repetition")
    async with database.transaction() as connection:
        assert await cases.apply(connection, planned, actor="ben", reason="again") == 0
    await messages(database, discarded=1)


@pytest.mark.req("MSG-7")
@pytest.mark.parametrize("second", ["resubmit", "discard"])
async def test_of_two_people_at_one_held_message_only_the_first_is_obeyed(
    hub: Start, database: Database, second: str
) -> None:
    def picky(parsed: Any, _: Lookup) -> Any:
        if parsed["n"] == 0:
            raise Invalid("no number")
        return parsed

    feed, receiver = Feed(), Receiver()
    running = await hub(make_flow(feed, receiver, translate=picky))
    receipt = await feed.send(order(0))
    assert isinstance(receipt, Receipt)
    await messages(database, held=1)
    held = receipt.message_id

    async def act(what: str, number: int) -> None:
        async with database.transaction() as connection:
            if what == "discard":
                await cases.discard(connection, held, actor="ben", reason="not needed", settled=running.settled)
                return
            body = orjson.dumps(order(number))
            edit = cases.Edit(message_id=held, body=body, actor="ann", reason="corrected", lanes=64)
            await cases.resubmit(connection, edit)

    async with database.transaction() as connection:  # both have read that it is held before either one writes
        await connection.execute("SELECT 1 FROM message WHERE id = %s FOR UPDATE", [held])
        both = [asyncio.create_task(act("resubmit", 1)), asyncio.create_task(act(second, 2))]

        async def both_wait() -> bool:
            waiting = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            return await rows(database, waiting) == [(2,)]

        await eventually(both_wait)
    ends = await asyncio.gather(*both, return_exceptions=True)
    assert [type(end) for end in ends].count(cases.NotPossible) == 1, ends
    await messages(database, discarded=1, received=0, held=0)
    await deliveries(database, pending=0, waiting=0)
    assert len(receiver.taken) == (0 if ends[0] is not None and second == "discard" else 1)
    await assert_sound(database)


@pytest.mark.req("MSG-11")
async def test_more_items_in_one_body_than_may_wait_for_their_commit_are_all_taken(
    hub: Start, database: Database
) -> None:
    source, receiver = http.Listener(host="127.0.0.1", port=0, path="/in"), Receiver()
    flow = make_flow(None, receiver)
    flow.source = source
    await hub(flow, intake={"max_waiting": 20, "batch": 5})
    body = b"\n".join(b'{"id":"%d","key":"k","n":%d}' % (n, n) for n in range(100))
    kind = {"Content-Type": "application/x-ndjson"}
    async with aiohttp.ClientSession() as session, session.post(source.address, data=body, headers=kind) as answer:
        assert answer.status == 202
    await messages(database, completed=100)
    assert receiver.numbers("k") == list(range(100))


def test_refusals_that_could_not_be_written_are_kept_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_KEPT_REFUSALS", 3)
    first = [RefusalNote("mllp://a", "peer", f"reason {n}", 1) for n in range(2)]
    later = [RefusalNote("mllp://a", "peer", f"reason {n}", 1) for n in range(2, 4)]
    refusals = Refusals(notes=list(later), dropped=1)
    refusals.give_back(first, 2)
    assert [note.reason for note in refusals.notes] == ["reason 0", "reason 1", "reason 2"]
    assert refusals.dropped == 4
