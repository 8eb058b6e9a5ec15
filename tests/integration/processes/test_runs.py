"""A run from the object that starts it to its end: people, commands, events, undoing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from dbos import DBOS

from hilum.errors import Refused
from hilum.postgres import Connection, Database
from hilum.processes import Run, Task, assign, cancel, decide, engine, inbox, migrate, repeat, store
from hilum.processes.courier import ITEM, LOCK
from hilum.processes.store import RunRow
from hilum.processes.tasks import Asked
from hilum.testing import eventually
from support.looks import rows
from support.orders_process import Approval, Confirmed, Ordered, Wanted, approved_orders, empty
from support.processes import Begin, Working

pytestmark = [pytest.mark.req("WF-2"), pytest.mark.req("WF-4")]


def said(order: str, **more: Any) -> bytes:
    """A message about an order."""
    return orjson.dumps({"id": f"{order} {sorted(more.items())}", "order": order, **more})


async def asked(database: Database, count: int = 1) -> list[Asked]:
    """The open tasks, when there are so many."""
    found: list[Asked] = []

    async def there() -> bool:
        async with database.cold() as connection:
            found[:] = await inbox(connection)
        return len(found) == count

    await eventually(there, lambda: f"{count} tasks, not {len(found)}")
    return found


async def answer(work: Working, approved: bool, by: str = "ada") -> None:
    """The one open task is decided."""
    [task] = await asked(work.database)
    async with work.database.transaction() as connection:
        await decide(connection, task.id, Approval(approved=approved), actor=by, permissions={"approve"})


async def run_of(database: Database, order: str) -> RunRow:
    async with database.cold() as connection:
        found = await store.run_of(connection, "test.order", order)
    assert found is not None, order
    return found


async def became(database: Database, order: str, status: str) -> RunRow:
    """The run of an order, when it is that."""
    seen: list[RunRow | None] = [None]

    async def there() -> bool:
        async with database.cold() as connection:
            seen[0] = await store.run_of(connection, "test.order", order)
        return seen[0] is not None and seen[0].status == status

    await eventually(there, lambda: f"{status}, not {seen[0]}")
    assert seen[0] is not None
    return seen[0]


def sent(work: Working) -> list[tuple[str, str]]:
    """What the receiver of commands has got."""
    return [(each["key"], each["act"]) for each in work.receiver.bodies]


async def test_a_person_approves_the_order_goes_out_and_the_confirmation_ends_it(
    working: Begin, database: Database
) -> None:
    work = await working(approved_orders())
    await work.feed.send(said("P1", amount=3))
    await answer(work, approved=True)
    await eventually(lambda: sent(work) == [("P1", "order")], lambda: sent(work))
    waiting = await run_of(database, "P1")
    assert (waiting.status, waiting.state) == ("running", "ordered")
    await work.feed.send(said("P1", amount=3, confirmed=True))
    run = await became(database, "P1", "completed")
    assert (run.state, run.outcome) == ("confirmed", "approved by ada")
    async with database.cold() as connection:
        told = [(line.kind, line.words) for line in await store.history(connection, run.id)]
    assert [kind for kind, _ in told] == ["started", "asked", "decided", "moved", "sent", "heard", "moved", "completed"]
    assert ("moved", "wanted → ordered") in told


async def test_what_fails_is_undone_in_turn(working: Begin, database: Database) -> None:
    work = await working(approved_orders())
    await work.feed.send(said("P1", amount=3))
    await answer(work, approved=True)
    await work.feed.send(said("P1", amount=2, confirmed=True))
    run = await became(database, "P1", "failed")
    assert (run.state, run.outcome) == ("cancelled", "The supplier confirmed another amount.")
    await eventually(lambda: sent(work) == [("P1", "order"), ("P1", "cancel")], lambda: sent(work))


async def test_a_cancelled_run_is_undone(working: Begin, database: Database) -> None:
    work = await working(approved_orders())
    await work.feed.send(said("P1"))
    await answer(work, approved=True)
    await eventually(lambda: sent(work) == [("P1", "order")])
    async with database.transaction() as connection:
        await cancel(connection, "test.order", "P1", actor="eva", reason="ordered elsewhere")
    run = await became(database, "P1", "cancelled")
    assert run.outcome == "ordered elsewhere"
    await eventually(lambda: sent(work) == [("P1", "order"), ("P1", "cancel")], lambda: sent(work))


async def test_what_comes_before_its_run_waits_for_it(working: Begin, database: Database) -> None:
    work = await working(approved_orders())
    await work.feed.send(said("P1", confirmed=True))
    await work.feed.send(said("P1"))
    await answer(work, approved=True)
    await became(database, "P1", "completed")


async def test_what_comes_while_a_hub_looks_for_lost_runs_begins_once_it_has_looked(
    working: Begin, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its notice has come by then, and the next look by the clock is an hour away."""
    monkeypatch.setattr(engine, "_LOOK", 3600.0)
    monkeypatch.setattr(engine, "_SWEEP", 3600.0)
    work = await working(approved_orders())
    await eventually(lambda: database.notices.heard)
    told: list[str] = []
    refused: list[int] = []  # since the last notice
    alone = engine._alone

    def heard(about: str) -> None:
        told.append(about)
        refused.clear()

    async def counted(connection: Connection, lock: int = LOCK) -> bool:
        free = await alone(connection, lock)
        if not free:
            refused.append(lock)
        return free

    monkeypatch.setattr(engine, "_alone", counted)
    database.notices.tell(ITEM, heard)
    async with database.transaction() as connection:  # as the look of another hub
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        await work.feed.send(said("P1"))
        await eventually(lambda: bool(told) and LOCK in refused)
    await asked(database)


async def test_a_key_begins_again_after_its_run_has_ended(working: Begin, database: Database) -> None:
    work = await working(approved_orders())
    for number in (1, 2):
        await work.feed.send(said("P1", n=number))
        await answer(work, approved=False)
        await became(database, "P1", "completed")
    run = await run_of(database, "P1")
    assert (run.number, run.state) == (2, "refused")


async def test_who_may_decide(working: Begin, database: Database) -> None:
    work = await working(approved_orders(not_by=["ada"], team="Purchasing"))
    await work.feed.send(said("P1"))
    [task] = await asked(database)
    yes = Approval(approved=True)
    async with database.transaction() as connection:
        with pytest.raises(Refused, match="permission “approve”"):
            await decide(connection, task.id, yes, actor="bo", permissions={"replay"})
        with pytest.raises(Refused, match="Somebody else"):
            await decide(connection, task.id, yes, actor="ada", permissions={"approve"})
        await assign(connection, task.id, to="cy", actor="bo", reason="on leave")
        with pytest.raises(Refused, match="given to cy"):
            await decide(connection, task.id, yes, actor="bo", permissions={"approve"})
        await decide(connection, task.id, yes, actor="cy", permissions={"approve"})
        with pytest.raises(Refused, match="cy has decided"):
            await decide(connection, task.id, yes, actor="cy", permissions={"approve"})


async def test_nobody_decides_it_reminds_and_goes_to_others(working: Begin, database: Database) -> None:
    work = await working(approved_orders(remind="PT0S", escalate="PT0S", escalate_to="Direction"))
    await work.feed.send(said("P1"))
    await asked(database)

    async def escalated() -> bool:
        async with database.cold() as connection:
            [task] = await inbox(connection, teams=["Direction"]) or [None]
        return task is not None and task.reminded_at is not None

    await eventually(escalated)
    run = await run_of(database, "P1")
    async with database.cold() as connection:
        kinds = {line.kind for line in await store.history(connection, run.id)}
    assert {"reminded", "escalated"} <= kinds


async def test_an_illegal_move_holds_the_run_until_its_code_is_mended(working: Begin, database: Database) -> None:
    wrong, tried = empty(), []

    @wrong.run
    async def follow(run: Run, wanted: Wanted) -> str:
        async def note() -> int:
            tried.append(wanted.order)
            return len(tried)

        await run.step("note", note)
        await run.send("orders", Ordered(order=wanted.order, amount=1))
        await run.move("confirmed")  # it must be ordered first
        return "never"

    work = await working(wrong)
    await work.feed.send(said("P1"))
    run = await became(database, "P1", "held")
    assert "cannot become “confirmed”; from here it may become ordered, refused" in run.outcome
    mended = empty()

    @mended.run
    async def right(run: Run, wanted: Wanted) -> str:
        async def note() -> int:
            tried.append(wanted.order)
            return len(tried)

        await run.step("note", note)
        await run.send("orders", Ordered(order=wanted.order, amount=1))
        await run.move("ordered")
        return "mended"

    await work.again(mended)
    async with database.transaction() as connection:
        await repeat(connection, "test.order", "P1", actor="eva", reason="mended")
    run = await became(database, "P1", "completed")
    assert (run.outcome, tried) == ("mended", ["P1"]), "what was done before is not done again"
    await eventually(lambda: sent(work) == [("P1", "order")], lambda: sent(work))


async def test_a_running_process_finishes_on_its_version_and_new_ones_begin_on_the_next(
    working: Begin, database: Database
) -> None:
    work = await working(approved_orders())
    await work.feed.send(said("P1"))
    await asked(database)
    old, new = approved_orders(), empty("2.0")
    old.retired = True

    @new.run
    async def other(run: Run, wanted: Wanted) -> str:
        return "the new way"

    await work.again(old, new)
    await work.feed.send(said("P2"))
    assert (await became(database, "P2", "completed")).version == "2.0"
    await answer(work, approved=False)
    assert (await became(database, "P1", "completed")).version == "1.0"


async def test_a_run_is_moved_to_the_next_version_by_an_explicit_step(working: Begin, database: Database) -> None:
    old = empty()

    @old.run
    async def before(run: Run, wanted: Wanted) -> str:
        async def price() -> int:
            return 42

        await run.step("price", price)
        await run.wait(Confirmed)
        return "the old way"

    work = await working(old)
    await work.feed.send(said("P1"))

    async def waits() -> bool:
        async with database.cold() as connection:
            found = await store.run_of(connection, "test.order", "P1")
        return found is not None and found.waits_for == "Confirmed"

    await eventually(waits)
    old.retired = True
    new = empty("2.0")

    @new.run
    async def after(run: Run, wanted: Wanted) -> str:
        return "from the beginning"

    @new.migrate("1.0")
    async def on(run: Run, wanted: Wanted, where: Any) -> str:
        await run.send("orders", Ordered(order=wanted.order, amount=1))
        await run.wait(Confirmed)
        return f"moved, price {where.outcome['price']}"

    await work.again(old, new)
    async with database.transaction() as connection:
        assert await migrate(connection, "test.order", "1.0", actor="eva", reason="new rules") == 1
    await eventually(lambda: sent(work) == [("P1", "order")], lambda: sent(work))
    await work.feed.send(said("P1", confirmed=True))
    run = await became(database, "P1", "completed")
    assert (run.version, run.outcome) == ("2.0", "moved, price 42")


async def test_the_engine_makes_its_tables_beside_a_transaction_of_its_own_hub(
    working: Begin, database: Database
) -> None:
    began = asyncio.Event()

    async def look() -> None:
        """As the hub reads its tables: one snapshot, which keeps an index that is made from getting ready."""
        async with database.transaction() as connection, database.cold() as other:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            await connection.execute("SELECT count(*) FROM process_run")
            began.set()
            schema = "SELECT 1 FROM pg_namespace WHERE nspname = 'processes'"
            while await (await other.execute(schema)).fetchone() is None:
                await asyncio.sleep(0.01)

    looking = asyncio.create_task(look())
    await began.wait()
    work = await working(approved_orders())
    await looking
    await work.feed.send(said("P1"))
    await asked(database)


def test_a_task_that_escalates_to_nobody_is_refused() -> None:
    from hilum.errors import SettingsError

    with pytest.raises(SettingsError, match="escalate_to"):
        Task("Approve", Approval, team="Purchasing", escalate="P1D")


async def test_a_run_that_will_not_leave_off_does_not_keep_the_hub_from_stopping(
    working: Begin, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hilum.processes.engine._STOPPING", 0.2)
    stubborn, free = empty(), asyncio.Event()

    @stubborn.run
    async def cling(run: Run, wanted: Wanted) -> str:
        try:
            await run.sleep("PT1H")
        finally:
            await free.wait()
        return wanted.order

    work = await working(stubborn)
    await work.feed.send(said("P1"))
    await became(database, "P1", "running")
    waits: list[str] = []

    async def waiting() -> bool:
        waits[:] = [(await run_of(database, "P1")).waits_for]
        return waits == ["the time"]

    await eventually(waiting, lambda: waits)
    async with asyncio.timeout(30):
        await work.end()
    free.set()


# A run is executed by one hub: by its own, however late its sign of life is, and by somebody where its hub lost it.

_NEVER_SEEN = """
CREATE FUNCTION unseen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.seen_at = 'epoch'; RETURN NEW; END $$;
CREATE TRIGGER unseen BEFORE UPDATE ON worker FOR EACH ROW EXECUTE FUNCTION unseen();
UPDATE worker SET seen_at = now();
"""


async def test_a_hub_does_not_take_its_own_runs_over_when_its_sign_of_life_is_late(
    working: Begin, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []

    async def take(ids: Sequence[str]) -> None:
        taken.extend(ids)

    monkeypatch.setattr(DBOS, "resume_workflows_async", take)
    work = await working(approved_orders())
    await work.feed.send(said("P1"))
    await asked(database)
    async with database.transaction() as connection:
        await connection.execute(_NEVER_SEEN.encode())
    await work.engine._sweep()
    assert taken == []
    async with database.transaction() as connection:
        await connection.execute(b"DROP TRIGGER unseen ON worker")
    await answer(work, approved=True)
    await work.feed.send(said("P1", confirmed=True))
    await became(database, "P1", "completed")


async def test_a_run_that_its_hub_has_lost_goes_on(working: Begin, database: Database) -> None:
    work = await working(approved_orders())
    await work.feed.send(said("P1"))
    await asked(database)
    [execution] = work.engine._active
    execution.cancel()
    await asyncio.wait([execution])
    assert await rows(database, "SELECT status FROM processes.workflow_status") == [("PENDING",)]
    work.engine._lost.seconds = 0.1
    await answer(work, approved=True)
    await work.feed.send(said("P1", confirmed=True))
    await became(database, "P1", "completed")
