"""Lookup tables in the database: every change is kept with its days, is known everywhere, and releases what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from hilum.cases import Policy, cases
from hilum.cases.missing import Missing, add_and_release, missing, one
from hilum.errors import SettingsError, Unmapped
from hilum.flow import Lookup
from hilum.flow.tables import Row, read_csv
from hilum.journal.audit import ActSearch, search
from hilum.masterdata import lookups
from hilum.masterdata.lookups import Change, LiveLookups
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.projects import make_flow, order, write_lookup

pytestmark = pytest.mark.req("MOD-4")

WHY = Change(actor="mia", reason="catalogue of 2026")


async def put(database: Database, text: str, table: str = "items", *, whole: bool = False) -> lookups.Difference:
    """Import a table from CSV."""
    async with database.transaction() as connection:
        return await lookups.import_table(connection, table, read_csv(StringIO(text), table), WHY, whole=whole)


async def say(database: Database, code: str, table: str = "items", **more: Any) -> None:
    """Set a row; `first` and `last` are its days."""
    row = Row(code=code, valid_from=more.pop("first", None), valid_to=more.pop("last", None), cells=more)
    async with database.transaction() as connection:
        await lookups.set_row(connection, table, row, WHY)


async def live(database: Database, lookup: Lookup | None = None) -> tuple[Lookup, LiveLookups]:
    """A lookup with the tables of the database."""
    lookup = lookup or Lookup()
    made = LiveLookups(database, lookup)
    await made.load()
    return lookup, made


async def test_what_was_said_is_kept_with_its_days_and_its_reason(database: Database) -> None:
    await put(database, "code,item,unit\nG1,GLOVE-M,EA\n")
    await say(database, "G1", item="GLOVE-L", first=date(2026, 6, 1), last=date(2026, 7, 1))
    lookup, _ = await live(database)
    assert lookup.value("items", "G1", at=date(2026, 5, 31)) == "GLOVE-M"
    assert lookup.value("items", "G1", at=date(2026, 6, 1)) == "GLOVE-L"
    assert lookup.value("items", "G1", "unit", at=date(2026, 6, 30)) == "EA", "cells that are not given stay"
    assert lookup.value("items", "G1", at=date(2026, 7, 1)) == "GLOVE-M"
    async with database.transaction() as connection:
        await lookups.end_row(connection, "items", "G1", date(2026, 6, 15), WHY)
    async with database.cold() as connection:
        versions = await lookups.history(connection, "items", "G1")
        acts = await search(connection, ActSearch(actor="mia"))
    assert [v.cells["item"] for v in versions if v.ended_at is None] == ["GLOVE-L", "GLOVE-M"]
    assert {(v.made_by, v.reason) for v in versions} == {("mia", "catalogue of 2026")}
    assert len(versions) == 6, "nothing that was said is ever changed or removed"
    assert [act.action for act in acts] == ["lookup_end", "lookup_set", "lookup_import"]
    lookup, _ = await live(database)
    with pytest.raises(Unmapped):
        lookup.value("items", "G1", at=date(2026, 6, 15))


async def test_a_change_is_followed_row_by_row(database: Database) -> None:
    lookup, following = await live(database)
    assert not await following.catch_up()
    await put(database, "code,item\n" + "".join(f"C{n},I{n}\n" for n in range(500)))
    assert await following.catch_up()
    table = lookup.table("items")
    await say(database, "C7", item="NEW")
    async with database.transaction() as connection:
        await lookups.end_row(connection, "items", "C8", None, WHY)
    assert await following.catch_up()
    assert lookup.item("C7") == "NEW"
    assert lookup.item("C9") == "I9"
    with pytest.raises(Unmapped):
        lookup.item("C8")
    assert lookup.table("items") is table, "only what changed was read"
    await put(database, "code,item,colour\nC1,I1,blue\n", whole=True)
    assert await following.catch_up()
    assert lookup.value("items", "C1", "colour") == "blue"
    assert len(lookup.table("items")) == 1


async def test_changes_of_many_at_once_are_all_followed(database: Database) -> None:
    await put(database, "code,item\nA,1\n")
    lookup, following = await live(database)

    async def some(worker: int) -> None:
        for n in range(8):
            await say(database, f"{worker}-{n}", item=f"i{worker}-{n}")
            await following.catch_up()

    await asyncio.gather(*(some(worker) for worker in range(4)))
    assert len(lookup.table("items")) == 33


async def test_a_table_is_a_file_or_in_the_database(database: Database, tmp_path: Path) -> None:
    write_lookup(tmp_path, "items", "code,item\nG1,FROM-FILE\n")
    lookup, following = await live(database, Lookup(tmp_path / "lookups"))
    assert lookup.item("G1") == "FROM-FILE"
    await put(database, "code,item\nG1,FROM-DATABASE\n")
    await following.catch_up()
    assert lookup.item("G1") == "FROM-DATABASE"
    assert [path.name for path in lookup.unused_files] == ["items.csv"]
    async with database.transaction() as connection:
        await lookups.give_back(connection, "items", WHY)
    await following.catch_up()
    assert lookup.item("G1") == "FROM-FILE"
    assert lookup.unused_files == []
    with pytest.raises(SettingsError, match="hilum lookups import items"):
        await say(database, "G1", item="X")


@pytest.mark.parametrize(
    ("code", "cells", "words"),
    [
        ("G1", {"colour": "red"}, "there is no column 'colour'; there are code, item"),
        (" ", {"item": "X"}, "a code is empty"),
        ("G1", {"item": "GLOVE-M"}, "says that of 'G1' already"),
        ("G1", {"item": "X" * 2001}, "more than 2000 characters"),
    ],
)
async def test_a_row_that_cannot_be_is_refused(
    database: Database, code: str, cells: dict[str, str], words: str
) -> None:
    await put(database, "code,item\nG1,GLOVE-M\n")
    with pytest.raises(SettingsError, match=words):
        await say(database, code, **cells)


async def test_an_import_says_what_it_changes(database: Database) -> None:
    await put(database, "code,item\nA,1\nB,2\nC,3\n")
    found = await put(database, "code,item\nA,1\nB,22\nD,4\n")
    assert (found.added, found.changed, found.ended, found.same) == (1, 1, 0, 1)
    found = await put(database, "code,item\nA,1\n", whole=True)
    assert (found.added, found.changed, found.ended, found.same) == (0, 0, 3, 1)
    with pytest.raises(SettingsError, match="lacks the columns item"):
        await put(database, "code,other\nA,1\n")


HubOf = Callable[..., Awaitable[Hub]]


def translated(parsed: Any, hub: Lookup) -> Any:
    """Each message needs its code."""
    return {**parsed, "item": hub.item(parsed["code"])}


async def lack(database: Database, lookup: Lookup, code: str) -> Missing:
    """What waits for a code."""
    async with database.cold() as connection:
        return one(await missing(connection, lookup.tables), "items", code)


async def test_adding_what_is_missing_releases_all_that_wait_for_it(database: Database, hub: HubOf) -> None:
    await put(database, "code,item\nG1,GLOVE-M\n")
    first, second, receiver = Feed("ehr"), Feed("lab"), Receiver()
    flows = [
        make_flow(first, receiver, name="test.orders", translate=translated),
        make_flow(second, receiver, name="test.charges", translate=translated),
    ]
    started = await hub(*flows)
    code, alike = "04012345678901", "04012345678902"  # a number of eight digits and more: still two causes
    for n in range(3):
        await first.send(order(n, key=f"a{n}", code=code))
    await first.send(order(9, key="a0", code="G1"))  # waits behind its key
    await second.send(order(1, key="b", code=code))
    await second.send(order(2, key="c", code=alike))

    async def held() -> bool:
        async with database.cold() as connection:
            return len(await cases(connection)) == 5

    await eventually(held)
    lookup = started.project.lookup

    async def one_behind() -> bool:
        return (await lack(database, lookup, code)).behind == 1

    await eventually(one_behind)
    found = await lack(database, lookup, code)
    assert (found.messages, found.flows) == (4, ("test.charges", "test.orders"))
    words = found.in_words({flow.name: flow for flow in flows})
    assert words == (
        f"The table 'items' lacks the code '{code}', which came from memory:ehr, memory:lab: 4 messages wait for it,"
        " and 1 more behind them."
    )
    row = Row(code=code, cells={"item": "MESH-15"})
    async with database.transaction() as connection:
        _, job = await add_and_release(connection, found, row, by="mia", reason="new item", policy=Policy())
    assert job is not None
    assert job.total == 4
    await eventually(lambda: len(receiver.taken) == 5)
    async with database.cold() as connection:
        (left,) = await cases(connection)
    assert alike in left.title


async def test_nothing_is_held_for_a_code_that_is_there(database: Database, hub: HubOf) -> None:
    """A worker that has not seen the row yet looks again before it says that a code is missing."""
    await put(database, "code,item\nG1,GLOVE-M\n")
    feed, receiver = Feed(), Receiver()
    started = await hub(make_flow(feed, receiver, translate=translated))
    for n in range(20):
        await say(database, f"N{n}", item=f"I{n}")
        await feed.send(order(n, key=f"k{n}", code=f"N{n}"))
    await eventually(lambda: len(receiver.taken) == 20)
    assert started.lookups.seq > 20
    async with database.cold() as connection:
        assert await cases(connection, only_open=False) == []


async def test_nothing_is_held_for_a_code_that_is_in_a_file(database: Database, hub: HubOf, tmp_path: Path) -> None:
    """Who has written a row and replays at once must not find the message held again."""
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver, translate=translated), lookups={"items": "code,item\nG1,GLOVE-M\n"})
    with (tmp_path / "lookups" / "items.csv").open("a") as table:
        for n in range(20):
            table.write(f"N{n},I{n}\n")
            table.flush()
            await feed.send(order(n, key=f"k{n}", code=f"N{n}"))
    await eventually(lambda: len(receiver.taken) == 20)
    async with database.cold() as connection:
        assert await cases(connection, only_open=False) == []


async def test_another_process_knows_of_a_change_by_itself(database: Database, hub: HubOf) -> None:
    await put(database, "code,item\nG1,GLOVE-M\n")
    started = await hub(make_flow(Feed(), Receiver()), roles=("listener",))
    await say(database, "G1", item="GLOVE-L")
    await eventually(lambda: started.project.lookup.item("G1") == "GLOVE-L")
