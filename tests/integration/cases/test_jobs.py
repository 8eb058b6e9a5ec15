"""Acts on many messages: like cases in one act, dry run first, resumed wherever they stopped, nothing twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hilum import cases
from hilum.cases import NotPossible, Selection, jobs, run_batch
from hilum.cases.jobs import Asked
from hilum.connector import Receipt
from hilum.errors import Invalid, Rejected
from hilum.flow import Criticality, Lookup
from hilum.message import Delivered, Delivery, Outcome, Priority
from hilum.postgres import Database
from hilum.testing import eventually
from support.acting import job, made, replay_of, run_to_end
from support.doubles import Feed, Forgetful, Receiver
from support.looks import assert_sound, rows
from support.projects import make_flow, write_lookup
from support.waits import Start, deliveries, messages, parked


def looked_up(parsed: Any, hub: Lookup) -> Any:
    return {**parsed, "item": hub.item(parsed["item"])}


def order(n: int, item: str = "4711", key: str = "") -> dict[str, object]:
    return {"id": f"o-{n}", "key": key or f"k-{n}", "n": n, "item": item}


async def groups(database: Database) -> list[cases.Group]:
    async with database.cold() as connection:
        return await cases.groups(connection)


async def acts(database: Database, action: str) -> int:
    [(count,)] = await rows(database, "SELECT count(*) FROM audit WHERE action = %s", [action])
    return int(count)


@pytest.mark.req("MSG-6")
@pytest.mark.req("MSG-7")
@pytest.mark.req("UX-2")
async def test_all_that_wait_for_one_code_are_replayed_in_one_act_after_the_code_is_there(
    hub: Start, database: Database, tmp_path: Path
) -> None:
    feed, receiver = Feed(), Receiver()
    flow = make_flow(feed, receiver, translate=looked_up, criticality=Criticality.HIGH)
    running = await hub(flow, lookups={"items": "code,item\nknown,I-1\n"})
    await feed.send_all([*(order(n) for n in range(37)), order(50, "4712"), order(51, key="k-0")])
    await messages(database, held=38)
    await parked(database, 1)
    first, second = await groups(database)
    assert (first.count, first.messages, first.behind) == (37, 37, 1)
    assert first.title == "The code '4711' is not known in the table 'items'"
    assert (second.count, second.criticality, second.owner, second.unassigned) == (1, 2, "Supply chain", 1)

    write_lookup(tmp_path, "items", "code,item\nknown,I-1\n4711,I-2\n")
    running.project.lookup.refresh()
    before = await rows(database, "SELECT id, state_at FROM message ORDER BY id")
    async with database.cold() as connection:
        prepared = await jobs.prepare(connection, replay_of(group=first.key))
    assert [(line.flow, line.action, line.count) for line in prepared.lines] == [("test.orders", "translate", 37)]
    assert await rows(database, "SELECT id, state_at FROM message ORDER BY id") == before  # a dry run changes nothing

    number = (await made(database, replay_of(group=first.key))).id
    await messages(database, completed=38, held=1)

    async def ended() -> bool:
        return (await job(database, number)).state == "done"

    await eventually(ended)
    assert receiver.numbers("k-0") == [0, 51]
    assert (await job(database, number)).done == 37
    assert (await acts(database, "job_made"), await acts(database, "job_done"), await acts(database, "replay")) == (
        1,
        1,
        37,
    )
    assert [group.key for group in await groups(database)] == [second.key]
    await assert_sound(database)


async def held_orders(hub: Start, database: Database, count: int) -> tuple[Feed, Receiver, list[Receipt]]:
    """So many orders that the receiver refuses, under a hub that carries out no job by itself."""
    feed, receiver = Feed(), Receiver(lambda _: Rejected("odoo.validation", "The period is closed."))
    await hub(make_flow(feed, receiver), roles=("listener", "worker"))
    sent = await feed.send_all([{"id": f"o-{n}", "key": f"k-{n}", "n": n} for n in range(count)])
    await deliveries(database, held=count)
    return feed, receiver, sent


@pytest.mark.req("MSG-7")
@pytest.mark.req("RES-8")
async def test_a_job_leaves_alone_what_has_moved_on_since_it_was_planned(hub: Start, database: Database) -> None:
    _, _, sent = await held_orders(hub, database, 4)
    planned = await made(database, Asked(act="discard", selection=Selection(category="odoo.validation")), start=False)
    assert (planned.state, planned.total) == ("planned", 4)
    async with database.transaction() as connection:
        await cases.discard(connection, sent[0].message_id, actor="ben", reason="twice")
        [step] = await cases.plan(connection, [sent[1].message_id])
        assert await cases.apply(connection, [step], actor="ben", reason="again") == 1
    await deliveries(database, held=3, cancelled=1)  # the second is refused again: another case than was planned for
    async with database.transaction() as connection:
        await jobs.resume(connection, planned.id, by="eva", reason="now")

    async def ended() -> bool:
        return (await job(database, planned.id)).state == "done"

    await eventually(ended)
    found = await job(database, planned.id)
    assert (found.done, found.moved_on, found.failed) == (2, 2, 0)
    await deliveries(database, held=1, cancelled=3)
    assert await acts(database, "discard") == 3
    await assert_sound(database)


@pytest.mark.req("MSG-7")
async def test_a_job_can_be_paused_and_cancelled_and_what_is_done_stays_done(database: Database, hub: Start) -> None:
    await held_orders(hub, database, 5)
    slow = replace(replay_of(category="odoo.validation"), rate=1.0)
    number = (await made(database, slow)).id

    async def begun() -> bool:
        return (await job(database, number)).done > 0

    await eventually(begun)
    async with database.transaction() as connection:
        await jobs.pause(connection, number, by="eva", reason="lunch")
        with pytest.raises(NotPossible, match="is paused"):
            await jobs.pause(connection, number, by="eva", reason="again")
    assert await run_batch(database, only=number) is None
    async with database.transaction() as connection:
        ended = await jobs.cancel(connection, number, by="eva", reason="no need")
    assert (ended.state, ended.settled < 5) == ("cancelled", True)
    assert await run_batch(database, only=number) is None
    with pytest.raises(NotPossible, match="is cancelled"):
        async with database.transaction() as connection:
            await jobs.resume(connection, number, by="eva", reason="after all")
    told = await rows(database, "SELECT action FROM audit WHERE action LIKE 'job%%' ORDER BY id")
    assert told == [("job_made",), ("job_paused",), ("job_cancelled",)]


@pytest.mark.req("MSG-7")
async def test_two_that_carry_out_one_job_do_nothing_twice(hub: Start, database: Database) -> None:
    await held_orders(hub, database, 120)
    planned = await made(database, replay_of(category="odoo.validation"))
    await asyncio.gather(*(run_to_end(database, planned.id) for _ in range(3)))
    found = await job(database, planned.id)

    async def ended() -> bool:
        return (await job(database, planned.id)).state == "done"

    await eventually(ended)
    found = await job(database, planned.id)
    assert (found.done, found.total) == (120, 120)
    assert await acts(database, "replay") == 120


@pytest.mark.req("MSG-7")
async def test_what_is_done_is_sent_again_to_one_place_only_with_the_same_key_and_a_warning(
    hub: Start, database: Database
) -> None:
    feed, first, second = Feed(), Receiver(), Forgetful()
    await hub(make_flow(feed, first, second))
    await feed.send_all([{"id": f"o-{n}", "key": "k", "n": n} for n in range(3)])
    await messages(database, completed=3)
    asked = replace(replay_of(flow="test.orders", state="completed"), destination="memory.1")
    async with database.cold() as connection:
        prepared = await jobs.prepare(connection, asked)
    assert [(line.action, line.count, line.places) for line in prepared.lines] == [("again", 3, ("memory.1",))]
    assert "would be done twice" in prepared.warnings({"memory.1": False})[0]
    assert "no second effect" in prepared.warnings({"memory.1": True})[0]
    assert "not known" in prepared.warnings({})[0]
    await made(database, asked)
    await eventually(lambda: len(second.seen) == 6)
    await messages(database, completed=3)
    assert [body["n"] for body in second.bodies] == [0, 1, 2, 0, 1, 2]
    assert len({each.idempotency_key for each in second.seen}) == 3
    assert len(first.seen) == 3
    await assert_sound(database)


@pytest.mark.req("MSG-7")
@pytest.mark.req("MSG-9")
async def test_what_is_done_is_translated_anew_at_bulk_priority_with_a_new_place(
    hub: Start, database: Database
) -> None:
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver))
    sent = await feed.send_all([{"id": f"o-{n}", "key": "k", "n": n} for n in range(3)])
    await messages(database, completed=3)
    before = dict(await rows(database, "SELECT id, seq FROM message"))
    number = (await made(database, replay_of(ids=[one.message_id for one in sent[:2]]))).id
    await eventually(lambda: len(receiver.seen) == 5)
    await messages(database, completed=3)
    found = {row[0]: row[1:] for row in await rows(database, "SELECT id, seq, priority::text FROM message")}
    for one in sent[:2]:
        assert found[one.message_id][0] > max(before.values())
        assert found[one.message_id][1] == Priority.BULK.value
    assert found[sent[2].message_id] == (before[sent[2].message_id], "normal")
    assert len(receiver.taken) == 3  # the receiver recognised what it had
    assert (await job(database, number)).done == 2
    await assert_sound(database)


async def test_a_selection_of_everything_or_of_nothing_is_refused(database: Database) -> None:
    for selection, words in ((Selection(), "Say which"), (Selection(state="completed"), "Say which")):
        with pytest.raises(NotPossible, match=words):
            await made(database, Asked(act="replay", selection=selection))
    with pytest.raises(NotPossible, match="Nothing fits"):
        await made(database, replay_of(flow="no.such"))


@pytest.mark.req("MSG-6")
async def test_a_group_is_given_to_a_person_in_one_act(hub: Start, database: Database) -> None:
    await held_orders(hub, database, 3)
    [group] = await groups(database)
    asked = Asked(act="assign", selection=Selection(group=group.key), assign_to="omar")
    planned = await made(database, asked)

    async def ended() -> bool:
        return (await job(database, planned.id)).state == "done"

    await eventually(ended)
    [group] = await groups(database)
    assert (group.unassigned, group.assigned, group.count) == (0, ["omar"], 3)
    assert await acts(database, "assign") == 3


@pytest.mark.req("MSG-6")
async def test_causes_that_differ_only_in_what_is_incidental_are_one_group(hub: Start, database: Database) -> None:
    def picky(parsed: Any, _: Lookup) -> Any:
        raise Invalid("the quantity is missing", where=f"FT1[{parsed['n']}]-10")

    def behave(delivery: Delivery) -> Outcome:
        return Delivered()

    feed = Feed()
    await hub(make_flow(feed, Receiver(behave), translate=picky))
    await feed.send_all([{"id": f"o-{n}", "key": f"k-{n}", "n": n} for n in range(1, 5)])
    await messages(database, held=4)
    [group] = await groups(database)
    assert (group.count, group.category) == (4, "invalid")
