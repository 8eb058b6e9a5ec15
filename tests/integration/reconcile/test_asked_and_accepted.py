"""Comparisons that people ask for, what they accept of the differences, and what doctor says of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hilum import cases
from hilum.cases import Case, NotPossible
from hilum.cli import checks
from hilum.cli.checks import comparison_checks
from hilum.flow import Calendar, Owners, Project
from hilum.postgres import Database
from hilum.reconcile import Accepted, Comparison, Field, Reconciler, Row, Rows, accepting, asking, run, store
from hilum.reconcile.keeping import GRACE, overdue
from hilum.testing import eventually
from support.looks import rows
from support.projects import make_project

pytestmark = pytest.mark.req("REC-1", "REC-3")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


class Ledger:
    """Two lists, of which the second may be changed."""

    def __init__(self, **more: Any) -> None:
        self.there = {"A": "x", "B": "other", "C": "z"}
        self.fails = False
        self.comparison = Comparison(
            "test.lists", summary="Two lists", owners=Owners(business="Ledger", technical="IT"), fields=[Field("name")],
            here=Rows(lambda: self.rows({"A": "x", "B": "y", "C": "z"}), called="one"),
            there=Rows(lambda: self.rows(self.there), called="two"), case_after=1, **more,
        )  # fmt: skip

    def rows(self, said: dict[str, str]) -> list[Row]:
        if self.fails:
            raise ValueError("secret")
        return [Row(key=key, title=f"Thing {key}", values={"name": name}) for key, name in said.items()]


async def open_cases(database: Database) -> list[Case]:
    async with database.cold() as connection:
        return await cases.cases(connection)


async def differing(database: Database) -> list[store.DifferenceRow]:
    async with database.cold() as connection:
        return await store.found(connection, "test.lists")


@asynccontextmanager
async def worker(database: Database, project: Project, *comparisons: Comparison) -> AsyncIterator[None]:
    reconciler = Reconciler(database, project, comparisons, look_every=0.05)
    reconciler.start()
    yield
    await reconciler.stop()


async def test_who_asks_is_answered_by_a_worker_once_and_it_is_in_the_audit(
    database: Database, project: Project
) -> None:
    ledger = Ledger()
    async with database.transaction() as connection:
        assert await asking.ask(connection, "test.lists", actor="eva", reason="month end")
        assert not await asking.ask(connection, "test.lists", actor="mia", reason="me too")
        assert await asking.ask(connection, "test.other", actor="eva", reason="of another hub")
    async with worker(database, project, ledger.comparison):

        async def answered() -> bool:
            async with database.cold() as connection:
                return "test.lists" not in await asking.asked(connection)

        await eventually(answered)
    async with database.cold() as connection:
        (done,) = await store.runs(connection, "test.lists")
        assert (await asking.asked(connection)).keys() == {"test.other"}, "a hub that declares it makes it"
    assert (done.state, done.actor, done.differences) == ("done", "eva", 1)
    said = await rows(database, "SELECT actor, words FROM audit WHERE action = 'comparison_asked' ORDER BY id")
    assert said[0] == ("eva", "test.lists: month end")


async def test_what_is_accepted_is_no_work_until_something_else_differs(database: Database, project: Project) -> None:
    ledger = Ledger()
    await run(database, project, ledger.comparison)
    (found,), (case,) = await differing(database), await open_cases(database)
    async with database.transaction() as connection:
        assert await accepting.case_of(connection, found) == case.id
        await accepting.accept(connection, found.id, Accepted.THEIRS, actor="eva", reason="their spelling counts")
        with pytest.raises(NotPossible):
            await accepting.accept(connection, found.id, Accepted.KNOWN, actor="mia", reason="again")
    assert not await open_cases(database)
    async with database.cold() as connection:
        closed = await cases.case(connection, case.id)
    assert closed is not None
    assert (closed.closed_by, closed.reason) == ("eva", "their spelling counts")
    await run(database, project, ledger.comparison)
    (still,) = await differing(database)
    assert (still.id, still.runs, still.accepted_by, still.accepted_as) == (found.id, 2, "eva", "theirs")
    assert not await open_cases(database)
    async with database.cold() as connection:
        assert await store.accepted(connection) == {"test.lists": 1}
    said = await rows(database, "SELECT actor, words FROM audit WHERE action = 'difference_accepted'")
    assert said == [("eva", "test.lists, Thing B: theirs, their spelling counts")]
    ledger.there["B"] = "a third thing"
    await run(database, project, ledger.comparison)
    (other,), (again,) = await differing(database), await open_cases(database)
    assert (other.accepted_at, other.runs) == (None, 3)
    assert again.title == "Thing B: one and two differ"


async def test_an_acceptance_can_be_taken_back(database: Database, project: Project) -> None:
    ledger = Ledger()
    await run(database, project, ledger.comparison)
    (found,) = await differing(database)
    async with database.transaction() as connection:
        with pytest.raises(NotPossible):
            await accepting.take_back(connection, found.id, actor="eva", reason="x")
        await accepting.accept(connection, found.id, Accepted.KNOWN, actor="eva", reason="known")
        await accepting.take_back(connection, found.id, actor="mia", reason="it is not")
    await run(database, project, ledger.comparison)
    assert [each.title for each in await open_cases(database)] == ["Thing B: one and two differ"]
    ledger.there["B"] = "y"
    await run(database, project, ledger.comparison)
    async with database.transaction() as connection:
        with pytest.raises(NotPossible):
            await accepting.accept(connection, found.id, Accepted.KNOWN, actor="eva", reason="gone")
    assert not await open_cases(database)


async def test_doctor_says_which_comparison_never_ran_failed_or_is_late(
    database: Database, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(when=Calendar("0 5 * * *", zone="UTC"))
    monkeypatch.setattr(checks, "comparisons_of", lambda _: [ledger.comparison])

    async def said() -> tuple[bool, str]:
        (found,) = await comparison_checks(database, project)
        assert found.what == "comparison test.lists"
        return found.ok, found.words

    ok, words = await said()
    assert not ok
    assert "it never ran" in words
    await run(database, project, ledger.comparison)
    assert await said() == (True, f"1 different; 2 agree. ({datetime.now(UTC):%Y-%m-%d %H:%M} UTC)")
    async with database.transaction() as connection:
        await connection.execute("UPDATE comparison_run SET started_at = started_at - interval '3 days'")
    ok, words = await said()
    assert not ok
    assert "was not made: is a worker running?" in words
    ledger.fails = True
    await run(database, project, ledger.comparison)
    ok, words = await said()
    assert not ok
    assert "could not look" in words
    assert "secret" not in words


def test_what_is_late() -> None:
    comparison = Ledger(when=Calendar("0 5 * * *", zone="UTC")).comparison
    five = datetime(2026, 3, 10, 5, tzinfo=UTC)
    assert overdue(comparison, five - timedelta(days=1), five + GRACE - timedelta(seconds=1)) is None
    assert overdue(comparison, five - timedelta(days=1), five + GRACE) == five
    assert overdue(comparison, five, five + timedelta(hours=20)) is None
    assert overdue(Ledger().comparison, five - timedelta(days=9), five) is None
