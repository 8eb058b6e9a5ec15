"""What waits in a process without a task is a case of its owners; what a run sent leads to its messages."""

from __future__ import annotations

import orjson
import pytest

from hilum import cases
from hilum.cases import Case
from hilum.errors import SettingsError
from hilum.flow import DataClass
from hilum.message import new_id
from hilum.postgres import Database
from hilum.processes import Commands, Process, decide, inbox, store
from hilum.processes.tasks import open_of
from hilum.processes.troubles import settle
from hilum.testing import eventually
from support.doubles import Receiver
from support.orders_process import Approval, Confirmed, approved_orders, empty
from support.processes import Begin
from support.projects import make_flow
from support.waits import Start, deliveries

pytestmark = pytest.mark.req("WF-2")


async def held(database: Database, key: str, outcome: str, kind: str = "technical") -> None:
    """A run that stopped."""
    id = new_id()
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO process_run (id, process, version, key, workflow, state, status, outcome, held_kind)"
            " VALUES (%s, 'test.order', '1.0', %s, %s, 'wanted', 'held', %s, %s)", [id, key, str(id), outcome, kind],
        )  # fmt: skip


async def goes_on(database: Database, key: str) -> None:
    async with database.transaction() as connection:
        await connection.execute("UPDATE process_run SET status = 'running' WHERE key = %s", [key])


async def looked(database: Database, process: Process | None = None) -> list[Case]:
    """The cases after a look."""
    async with database.transaction() as connection:
        await settle(connection, process or empty())
    async with database.cold() as connection:
        return await cases.cases(connection)


async def test_runs_held_alike_are_one_case_of_the_owner_that_can_act(database: Database) -> None:
    for key in ("P1", "P2"):
        await held(database, key, "A defect of the process: KeyError")
    await held(database, "P3", "order: it is “wanted” and cannot become “confirmed”", "business")
    found = {each.category: each for each in await looked(database)}
    defect, refused = found["process.held"], found["process.refused"]
    assert (defect.owner, defect.title) == ("Integration", "2 runs of test.order are held")
    assert (refused.owner, refused.other_owner, refused.process) == ("Supply chain", "Integration", "test.order")
    assert [each["what"] for each in defect.misfits] == ["P1", "P2"]
    await goes_on(database, "P3")
    [left] = await looked(database)
    assert left.id == defect.id


async def test_a_case_that_a_person_closed_opens_again_only_when_more_waits(database: Database) -> None:
    await held(database, "P1", "A defect of the process: KeyError")
    await held(database, "P2", "A defect of the process: KeyError")
    [case] = await looked(database)
    async with database.transaction() as connection:
        await cases.close_condition(connection, case.id, actor="eva", reason="mended tomorrow")
    await goes_on(database, "P1")
    assert await looked(database) == []
    await held(database, "P3", "A defect of the process: KeyError")
    [again] = await looked(database)
    assert again.id == case.id
    for key in ("P2", "P3"):
        await goes_on(database, key)
    assert await looked(database) == []


async def test_protected_keys_and_words_are_not_in_cases(database: Database) -> None:
    await held(database, "MR10007", "no bed for MR10007")
    process = Process("test.order", version="1.0", summary="", owners=empty().owners, states=empty().states,
                      data_class=DataClass.PHI)  # fmt: skip
    [case] = await looked(database, process)
    assert "MR10007" not in repr(case)


async def test_what_nobody_waits_for_is_a_case_after_a_day_and_what_came_late_at_once(database: Database) -> None:
    async with database.transaction() as connection:
        for key, state, age in (("P1", "unheard", "2 days"), ("P2", "unheard", "1 hour"), ("P3", "late", "0 s")):
            await store.put(connection, store.NewItem(process="test.order", key=key, kind=store.EVENT, topic="Wanted"))
            await connection.execute(
                "UPDATE process_item SET state = %s, at = now() - %s::interval WHERE key = %s", [state, age, key]
            )
    found = await looked(database)
    told = {each.category: [misfit["what"] for misfit in each.misfits] for each in found}
    assert told == {"process.unheard": ["P1"], "process.late": ["P3"]}
    assert {each.owner for each in found} == {"Supply chain"}


async def test_what_a_run_leaves_when_it_ends_is_not_lost(working: Begin, database: Database) -> None:
    """The supplier confirms an order that nobody had approved yet, and nobody does."""
    process = approved_orders()
    work = await working(process)
    for body in ({"id": "1", "order": "P1"}, {"id": "2", "order": "P1", "confirmed": True}):
        await work.feed.send(orjson.dumps(body))

    async def confirmed() -> bool:
        async with database.cold() as connection:
            cursor = await connection.execute(
                "SELECT count(*) FROM process_item WHERE topic = 'Confirmed' AND run_id IS NOT NULL"
            )
            [(count,)] = await cursor.fetchall()
            return count == 1 and bool(await inbox(connection))

    await eventually(confirmed)
    async with database.transaction() as connection:
        [task] = await inbox(connection)
        await decide(connection, task.id, Approval(approved=False), actor="ada", permissions={"approve"})

    async def ended() -> bool:
        async with database.cold() as connection:
            return await store.counts(connection) == {}

    await eventually(ended)
    [case] = await looked(database, process)
    assert (case.category, [misfit["what"] for misfit in case.misfits]) == ("process.late", ["P1"])


async def test_what_does_not_matter_late_is_no_case(database: Database) -> None:
    process = empty()
    process.hears(Confirmed, key=lambda confirmed: confirmed.order, matters_late=False)
    topics = [each.topic for each in process.heard.values()]
    assert len(topics) == 2
    async with database.transaction() as connection:
        for topic in topics:
            await store.put(connection, store.NewItem(process="test.order", key=topic, kind=store.EVENT, topic=topic))
        await connection.execute("UPDATE process_item SET state = 'late'")
    [case] = await looked(database, process)
    assert [misfit["what"] for misfit in case.misfits] == [topic for topic in topics if "Confirmed" not in topic]


async def test_commands_lead_to_their_messages_and_these_to_documents(working: Begin, database: Database) -> None:
    work = await working(approved_orders(team="Purchasing"))
    await work.feed.send(orjson.dumps({"id": "1", "order": "P1"}))

    async def asked() -> bool:
        async with database.cold() as connection:
            return bool(await inbox(connection, teams=["Purchasing"]))

    await eventually(asked)
    async with database.cold() as connection:
        assert await inbox(connection, teams=["Legal"]) == [], "what nobody has taken is not everybody's"
        [task] = await inbox(connection, teams=["Purchasing"])
        assert [each.id for each in await open_of(connection, task.run_id)] == [task.id]
    async with database.transaction() as connection:
        await decide(connection, task.id, Approval(approved=True), actor="ada", permissions={"approve"})

    async def translated() -> bool:
        async with database.cold() as connection:
            sent = await store.sent(connection, task.run_id)
        return bool(sent) and sent[0].message_id is not None

    await eventually(translated)
    await deliveries(database, delivered=2)  # what the process heard, and what it sent
    async with database.cold() as connection:
        [command] = await store.sent(connection, task.run_id)
        cursor = await connection.execute("SELECT flow FROM message WHERE id = %s", [command.message_id])
        assert await cursor.fetchone() == ("test.sent",)
        assert command.taken_at is not None
        await connection.execute("UPDATE delivery SET reference = 'PO1' WHERE message_id = %s", [command.message_id])
        assert command.message_id is not None
        [document] = await store.documents(connection, [command.message_id])
    assert (document.reference, document.flow) == ("PO1", "test.sent")


async def test_runs_are_found_by_state_and_protected_keys_only_whole(database: Database) -> None:
    for key in ("P1", "P12"):
        await held(database, key, "")
    async with database.cold() as connection:
        assert [r.key for r in await store.runs(connection, text="p1", state="wanted")] == ["P12", "P1"]
        assert await store.runs(connection, state="ordered") == []
        assert [r.key for r in await store.runs(connection, text="P1", protected=["test.order"])] == ["P1"]
        first, second = await store.runs(connection)
        assert await store.runs(connection, before=first.id) == [second]
        assert await store.runs(connection, text=str(first.id)) == [first]
        assert await store.counts(connection) == {("test.order", "held"): 2}


async def test_two_flows_with_one_channel_are_told_so_at_the_start(hub: Start) -> None:
    flows = [
        make_flow(Commands("orders"), Receiver(), name=name, order_by=None, dedup_by=None) for name in ("one", "two")
    ]
    with pytest.raises(
        SettingsError, match=r"one and two both take the commands of orders.*each command is taken once"
    ):
        await hub(*flows)
