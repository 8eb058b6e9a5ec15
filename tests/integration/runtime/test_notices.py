"""What is told by NOTIFY: heard by who wants it, and looked for again where some may have been missed."""

from __future__ import annotations

import pytest

from hilum.postgres import Database
from hilum.testing import eventually
from support.looks import rows

pytestmark = [pytest.mark.req("WF-2")]


async def tell(database: Database, words: str) -> None:
    async with database.cold() as connection:
        await connection.execute("SELECT pg_notify('hilum', %s)", [words])


async def test_a_notice_is_heard_by_those_of_its_topic_until_they_forget_it(database: Database) -> None:
    runs: list[str] = []
    items: list[str] = []
    database.notices.tell("run", runs.append)
    database.notices.tell("item", items.append)
    await eventually(lambda: database.notices.heard)
    runs.clear()
    items.clear()
    await tell(database, "run 7")
    await tell(database, "run 8")
    await eventually(lambda: runs == ["7", "8"], lambda: runs)
    assert items == []
    database.notices.forget("run", runs.append)
    await tell(database, "run 9")
    await tell(database, "item")
    await eventually(lambda: items == [""])


async def test_after_its_connection_was_cut_everybody_looks_for_what_was_missed(database: Database) -> None:
    heard: list[str] = []
    database.notices.tell("run", heard.append)
    await eventually(lambda: database.notices.heard)
    heard.clear()
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    assert await rows(database, cut) == [(True,)]
    await eventually(lambda: "" in heard and database.notices.heard, lambda: heard)
    await tell(database, "run 7")
    await eventually(lambda: "7" in heard, lambda: heard)


async def test_who_fails_at_what_it_is_told_keeps_nobody_else_from_hearing(database: Database) -> None:
    heard: list[str] = []

    def fail(about: str) -> None:
        raise ValueError(about)

    database.notices.tell("run", fail)
    database.notices.tell("run", heard.append)
    await eventually(lambda: database.notices.heard)
    heard.clear()
    await tell(database, "run 7")
    await tell(database, "run 8")
    await eventually(lambda: heard == ["7", "8"], lambda: heard)
