"""Switches for people: flows that are stopped, keys that are held, retries that are ended; nothing is lost by any."""

from __future__ import annotations

import pytest

from hilum import cases
from hilum.cases import NotPossible, switches
from hilum.connector import Receipt
from hilum.errors import Busy, Rejected, TryAgain
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Database
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.looks import assert_sound, rows
from support.projects import make_flow
from support.waits import Start, deliveries, messages, parked

FLOW = "test.orders"


def order(n: int, key: str = "k") -> dict[str, object]:
    return {"id": f"{key}-{n}", "key": key, "n": n}


@pytest.mark.req("RES-8")
@pytest.mark.req("MSG-17")
async def test_a_stopped_flow_answers_busy_or_keeps_what_it_has_and_goes_on_in_order(
    hub: Start, database: Database
) -> None:
    feed, receiver = Feed(), Receiver()
    running = await hub(make_flow(feed, receiver))
    async with database.transaction() as connection:
        await switches.pause(connection, FLOW, [switches.TRANSLATION], by="eva", reason="the mapping is wrong")
    await running.switches.look(database)
    await feed.send_all([order(n) for n in range(3)])
    async with database.transaction() as connection:
        await switches.pause(connection, FLOW, [switches.INTAKE], by="eva", reason="the sender floods")
    await running.switches.look(database)
    assert isinstance(await feed.send(order(3)), Busy)
    await messages(database, received=3)
    assert receiver.seen == []
    async with database.transaction() as connection:
        words = await switches.resume(connection, FLOW, by="eva", reason="mended")
        with pytest.raises(NotPossible, match="Nothing of"):
            await switches.resume(connection, FLOW, by="eva", reason="again")
    assert words == "intake and translation of test.orders goes on"
    await eventually(lambda: running.switches.translated([FLOW]) == [FLOW])  # by itself, within a second
    assert isinstance(await feed.send(order(3)), Receipt)
    await messages(database, completed=4)
    assert receiver.numbers("k") == [0, 1, 2, 3]
    told = await rows(database, "SELECT action, words FROM audit WHERE flow = %s ORDER BY id", [FLOW])
    assert told[0] == ("flow_paused", "translation: the mapping is wrong")
    assert [action for action, _ in told] == ["flow_paused", "flow_paused", "flow_resumed"]


@pytest.mark.req("RES-8")
@pytest.mark.req("MSG-4")
async def test_a_held_key_waits_alone_and_follows_in_order_when_it_is_freed(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver))
    async with database.transaction() as connection:
        await switches.hold_key(connection, FLOW, "k", by="eva", reason="the order is disputed")
    await feed.send_all([*(order(n) for n in range(4)), order(0, "other")])
    await messages(database, completed=1, received=4)
    await parked(database, 4)
    await assert_sound(database)
    async with database.cold() as connection:
        [hold] = await switches.key_holds(connection, FLOW)
    assert (hold.key, hold.waiting, hold.by) == ("k", 4, "eva")
    async with database.transaction() as connection:
        await switches.free_key(connection, FLOW, "k", by="eva", reason="settled")
        with pytest.raises(NotPossible, match="Nobody holds"):
            await switches.free_key(connection, FLOW, "k", by="eva", reason="twice")
    await messages(database, completed=5)
    assert receiver.numbers("k") == [0, 1, 2, 3]
    await assert_sound(database)


@pytest.mark.req("RES-8")
async def test_those_behind_a_held_one_pass_when_a_person_lets_them(hub: Start, database: Database) -> None:
    def behave(delivery: Delivery) -> Outcome:
        first = delivery.ordinal == 0 and b'"n":0' in delivery.body.replace(b" ", b"")
        return Rejected("odoo.validation", "closed") if first else Delivered()

    feed, receiver = Feed(), Receiver(behave)
    await hub(make_flow(feed, receiver))
    [head, *_] = await feed.send_all([order(n) for n in range(3)])
    await deliveries(database, held=1, waiting=2)
    async with database.transaction() as connection:
        assert await switches.let_pass(connection, head.message_id, by="eva", reason="they do not depend on it") == 2
    await deliveries(database, held=1, delivered=2)
    with pytest.raises(NotPossible, match="Nothing is held back"):
        async with database.transaction() as connection:
            await switches.let_pass(connection, head.message_id, by="eva", reason="again")
    await assert_sound(database)


@pytest.mark.req("MSG-5")
@pytest.mark.req("MSG-7")
async def test_a_retry_is_brought_forward_or_ended_by_a_person(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver(lambda _: TryAgain("busy", after=600))
    await hub(make_flow(feed, receiver))
    first, second = await feed.send_all([order(0, "a"), order(0, "b")])
    await deliveries(database, waiting=2)
    receiver.behave = lambda _: Delivered()
    async with database.transaction() as connection:
        assert await cases.retry_now(connection, first.message_id, actor="eva", reason="it is back") == 1
        assert await cases.cancel_retry(connection, second.message_id, actor="eva", reason="not needed any more") == 1
    await deliveries(database, delivered=1, held=1)
    async with database.cold() as connection:
        [case] = await cases.cases(connection)
    assert (case.category, case.kind, case.message_id) == ("retries_cancelled", "technical", second.message_id)
    with pytest.raises(NotPossible, match="Nothing of it waits"):
        async with database.transaction() as connection:
            await cases.cancel_retry(connection, second.message_id, actor="eva", reason="twice")
    await assert_sound(database)


@pytest.mark.req("MSG-6")
async def test_a_case_is_handed_to_the_other_owner_with_a_reason_and_has_notes(hub: Start, database: Database) -> None:
    feed = Feed()
    await hub(make_flow(feed, Receiver(lambda _: Rejected("odoo.validation", "closed"))))
    await feed.send(order(0))
    await deliveries(database, held=1)
    async with database.transaction() as connection:
        [case] = await cases.cases(connection)
        assert (case.owner, case.other_owner, case.kind) == ("Supply chain", "Integration", "business")
        assert case.due_at is not None
        await cases.assign(connection, case.id, to="omar", actor="eva")
        assert await cases.hand_over(connection, case.id, actor="eva", reason="the endpoint is set up wrongly")
        await cases.add_note(connection, case.id, actor="eva", words="They called.")
        after = await cases.case(connection, case.id)
        notes = await cases.notes(connection, case.id)
    assert after is not None
    assert (after.owner, after.kind, after.assigned_to) == ("Integration", "technical", None)
    assert [note.words for note in notes] == [
        "Handed over to Integration: the endpoint is set up wrongly", "They called."
    ]  # fmt: skip
