"""The crosswalk in the database: what is changed is known everywhere, can be undone, and is in the history."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hilum.cases import cases
from hilum.errors import SettingsError, Unmapped
from hilum.flow import Lookup
from hilum.journal.audit import ActSearch, search
from hilum.masterdata import crosswalk
from hilum.masterdata.crosswalk import Identifier, LiveCrosswalk
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.projects import make_flow, order

pytestmark = pytest.mark.req("MD-2")

WHO = {"actor": "mia", "reason": "catalogue of 2026"}


def ident(system: str, identifier: str, object_: str = "item") -> Identifier:
    return Identifier(object=object_, system=system, identifier=identifier)


async def linked(database: Database, *names: tuple[str, str], to: int | None = None) -> int:
    """These identifiers name one thing; its number."""
    async with database.transaction() as connection:
        for system, identifier in names:
            to = await crosswalk.link(connection, ident(system, identifier), to=to, **WHO)
    assert to is not None
    return to


@pytest.fixture
def rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks by itself while the test lasts: what becomes known was told."""
    monkeypatch.setattr("hilum.masterdata.crosswalk.live._LOOK", 3600.0)


@pytest.fixture
async def elsewhere(postgres_url: str) -> AsyncIterator[LiveCrosswalk]:
    """The crosswalk as another process has it."""
    database = Database(postgres_url)
    await database.open()
    live = LiveCrosswalk(database)
    await live.load()
    following = asyncio.create_task(live.run())
    yield live
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await database.close()


async def test_what_one_process_links_another_one_knows(database: Database, elsewhere: LiveCrosswalk) -> None:
    number = await linked(database, ("EHR", "4711"), ("ODOO", "GLV-01"))
    await eventually(lambda: elsewhere.seq == 2)
    assert elsewhere.id("item", "EHR", "4711", "ODOO") == "GLV-01"
    assert elsewhere.golden("item", "EHR", "4711") == f"item-{number}"


async def test_a_change_that_no_notice_tells_of_is_found_by_a_look(
    database: Database, elsewhere: LiveCrosswalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hilum.masterdata.crosswalk.editing.TOPIC", "swallowed")
    await linked(database, ("EHR", "4711"))
    await eventually(lambda: elsewhere.seq == 1)


async def test_what_is_linked_while_nobody_listens_is_known_when_somebody_does(
    database: Database, rarely: None, elsewhere: LiveCrosswalk
) -> None:
    await linked(database, ("EHR", "4711"))
    await eventually(lambda: elsewhere.seq == 1)
    async with database.transaction() as connection:
        cut = (
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
        assert await (await connection.execute(cut)).fetchall() == [(True,)]
        await crosswalk.link(connection, ident("EHR", "4712"), **WHO)
    await eventually(lambda: elsewhere.seq == 2)


async def test_ones_own_change_is_known_at_once(database: Database) -> None:
    live = LiveCrosswalk(database)
    await live.load()
    await linked(database, ("EHR", "4711"), ("ODOO", "GLV-01"))
    assert await live.catch_up()
    assert live.id("item", "EHR", "4711", "ODOO") == "GLV-01"
    assert not await live.catch_up()


async def test_changes_of_many_at_once_are_all_followed(database: Database, elsewhere: LiveCrosswalk) -> None:
    async def some(worker: int) -> None:
        for n in range(10):
            await linked(database, ("EHR", f"{worker}-{n}"), ("ODOO", f"o{worker}-{n}"))

    await asyncio.gather(*(some(worker) for worker in range(4)))
    await eventually(lambda: len(elsewhere) == 80)
    for worker in range(4):
        for n in range(10):
            assert elsewhere.id("item", "EHR", f"{worker}-{n}", "ODOO") == f"o{worker}-{n}"


async def test_a_merge_is_undone_exactly(database: Database, elsewhere: LiveCrosswalk) -> None:
    one = await linked(database, ("EHR", "1"), ("ODOO", "A"))
    two = await linked(database, ("EHR", "2"), ("ODOO", "B"))
    async with database.transaction() as connection:
        await crosswalk.merge(connection, "item", two, into=one, **WHO)
    await linked(database, ("LAB", "L"), to=one)
    async with database.cold() as connection:
        found = await crosswalk.find(connection, ident("EHR", "2"))
    assert found is not None
    assert found.number == one
    assert found.parts == (two,)
    assert [(each.system, each.identifier) for each in found.identifiers][:2] == [("EHR", "1"), ("EHR", "2")]
    async with database.transaction() as connection:
        assert await crosswalk.unmerge(connection, "item", two, **WHO) == one
    fresh = LiveCrosswalk(database)
    await fresh.load()
    await eventually(lambda: elsewhere.seq == fresh.seq)
    for live in (fresh, elsewhere):
        assert live.id("item", "EHR", "2", "ODOO") == "B"
        assert live.id("item", "EHR", "1", "LAB") == "L"
        with pytest.raises(Unmapped):
            live.id("item", "EHR", "2", "LAB")


async def test_a_snapshot_knows_merges_and_the_latest_names(database: Database) -> None:
    one = await linked(database, ("EHR", "1"), ("ODOO", "OLD"), ("ODOO", "NEW"))
    two = await linked(database, ("EHR", "2"))
    async with database.transaction() as connection:
        await crosswalk.link(connection, ident("ODOO", "ALSO"), to=one, alias=True, **WHO)
        await crosswalk.merge(connection, "item", two, into=one, **WHO)
    live = LiveCrosswalk(database)
    await live.load()
    assert live.id("item", "EHR", "2", "ODOO") == "NEW"


async def test_what_would_be_wrong_is_refused(database: Database) -> None:
    one = await linked(database, ("EHR", "1"))
    two = await linked(database, ("EHR", "2"))
    three = await linked(database, ("EHR", "3"))
    attempts: Sequence[tuple[str, Callable[[Any], Awaitable[Any]]]] = [
        ("names item-", lambda c: crosswalk.link(c, ident("EHR", "1"), to=two, **WHO)),
        ("There is no", lambda c: crosswalk.link(c, ident("EHR", "9"), to=999, **WHO)),
        ("into itself", lambda c: crosswalk.merge(c, "item", one, into=one, **WHO)),
        ("not linked", lambda c: crosswalk.unlink(c, ident("EHR", "9"), **WHO)),
        ("not merged", lambda c: crosswalk.unmerge(c, "item", one, **WHO)),
    ]
    for words, attempt in attempts:
        with pytest.raises(SettingsError, match=words):
            async with database.transaction() as connection:
                await attempt(connection)
    async with database.transaction() as connection:
        await crosswalk.merge(connection, "item", two, into=one, **WHO)
        with pytest.raises(SettingsError, match="is merged into"):
            await crosswalk.merge(connection, "item", one, into=two, **WHO)  # a circle
        with pytest.raises(SettingsError, match="is merged into"):
            await crosswalk.link(connection, ident("LAB", "x"), to=two, **WHO)
        await crosswalk.merge(connection, "item", three, into=one, **WHO)
    with pytest.raises(SettingsError, match="white space"):
        ident("EHR", " 1")


async def test_every_change_is_in_the_history_and_in_the_audit(database: Database) -> None:
    one = await linked(database, ("EHR", "1"))
    two = await linked(database, ("EHR", "2"))
    async with database.transaction() as connection:
        await crosswalk.merge(connection, "item", two, into=one, **WHO)
        await crosswalk.unlink(connection, ident("EHR", "1"), actor="noah", reason="a typing error")
        acts = [(row.act, row.actor, row.words) for row in await crosswalk.history(connection, number=one)]
        audit = await search(connection, ActSearch(action="crosswalk_unlink"))
    assert acts == [
        ("unlink", "noah", "a typing error"),
        ("merge", "mia", "catalogue of 2026"),
        ("link", "mia", "catalogue of 2026"),
    ]
    assert [(act.actor, act.words) for act in audit] == [("noah", f"item-{one}: a typing error")]


async def test_an_import_links_row_by_row_and_a_second_one_changes_nothing(database: Database) -> None:
    lines = ["object,EHR,ODOO,SRM\n", "item,4711,GLV-01,8001|8001-OLD\n", "item,4712,GLV-02,\n", "\n"]
    for repeated in (False, True):
        async with database.transaction() as connection:
            report = await crosswalk.import_csv(connection, lines, **WHO)
        assert report.imported
        assert (report.rows, report.things, report.identifiers) == ((2, 0, 0) if repeated else (2, 2, 6))
    live = LiveCrosswalk(database)
    await live.load()
    assert live.id("item", "EHR", "4711", "SRM") == "8001"
    assert live.id("item", "SRM", "8001-OLD", "ODOO") == "GLV-01"
    async with database.cold() as connection:
        assert await crosswalk.export_csv(connection) == [
            ["object", "EHR", "ODOO", "SRM"],
            ["item", "4711", "GLV-01", "8001|8001-OLD"],
            ["item", "4712", "GLV-02", ""],
        ]


async def test_an_import_says_what_is_wrong_with_each_row_and_takes_nothing(database: Database) -> None:
    one = await linked(database, ("EHR", "1"))
    two = await linked(database, ("ODOO", "B"))
    lines = [
        "object,EHR,ODOO\n",
        "item,1,B\n",  # two things
        "item,5,E\n",
        "item,5,F\n",  # 5 again
        "Item,6,G\n",
        "item,,\n",
        "item,7\n",
    ]
    async with database.transaction() as connection:
        report = await crosswalk.import_csv(connection, lines, **WHO)
    found = {problem.line: problem.words for problem in report.problems}
    assert f"item-{one} and item-{two}" in found[2]
    assert "in line 3 already" in found[4]
    assert "no kind of thing" in found[5]
    assert "names no identifier" in found[6]
    assert "2 columns" in found[7]
    assert not report.imported
    async with database.cold() as connection:
        assert await crosswalk.find(connection, ident("EHR", "5")) is None


async def test_an_import_extends_what_is_there_and_follows_merges(database: Database) -> None:
    one = await linked(database, ("EHR", "1"))
    two = await linked(database, ("ODOO", "B"))
    async with database.transaction() as connection:
        await crosswalk.merge(connection, "item", two, into=one, **WHO)
        report = await crosswalk.import_csv(connection, ["object,EHR,ODOO,LAB\n", "item,1,B,L\n"], **WHO)
        assert (report.things, report.identifiers, report.known) == (0, 1, 2)
        found = await crosswalk.find(connection, ident("LAB", "L"))
    assert found is not None
    assert found.number == one


async def test_a_translation_asks_and_a_miss_is_a_case_that_a_link_resolves(
    database: Database, hub: Callable[..., Awaitable[Hub]], tmp_path: Path
) -> None:
    feed, receiver = Feed(), Receiver()

    def called_elsewhere(parsed: Any, lookup: Lookup) -> Any:
        return {**parsed, "item": lookup.id("item", "EHR", parsed["item"], "ODOO")}

    await hub(make_flow(feed, receiver, translate=called_elsewhere))
    await linked(database, ("EHR", "4711"), ("ODOO", "GLV-01"))
    await feed.send(order(1, item="4711"))  # linked this moment, by another process as it were
    await eventually(lambda: len(receiver.taken) == 1)
    assert receiver.bodies[0]["item"] == "GLV-01"
    await feed.send(order(2, item="0815"))

    async def held() -> bool:
        async with database.cold() as connection:
            return bool(await cases(connection))

    await eventually(held)
    async with database.cold() as connection:
        (case,) = await cases(connection)
    assert case.category == "unmapped"
    assert "0815" in case.words
