"""Fact tables: each closed day goes out once per version as a Parquet file that pyarrow reads back, to the cent."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hilum import facts
from hilum.errors import SettingsError
from hilum.facts import KINDS
from hilum.observe.indicators import Calendar, count
from hilum.observe.indicators.table_source import FactTables
from hilum.observe.indicators.tables import columns, make_versions, parquet, untaken
from hilum.packs import analytics
from hilum.postgres import Database
from hilum.testing import eventually
from support.business_history import ZONE, History, order_lines
from support.looks import rows
from support.waits import Start

pytestmark = pytest.mark.req("OBS-2")

CALENDAR = Calendar(zone=ZONE)
SCHEMAS: Final = Path(__file__).with_name("fact_schemas.json")


async def noted(database: Database, *told: facts.Fact) -> None:
    async with database.transaction() as connection:
        await facts.note(connection, told)

    async def counted() -> bool:
        """A count leaves it to the next one while a source makes versions."""
        await count(database, CALENDAR)
        return await rows(database, "SELECT count(*) FROM business_fact WHERE counted IS NULL") == [(0,)]

    await eventually(counted)


def names(folder: Path) -> set[str]:
    """Files that are whole."""
    return {path.name for path in folder.glob("*.parquet")}


def tables_of(folder: Path, kind: str) -> dict[date, pa.Table]:
    """Of each day the highest version, as an analyst reads it."""
    latest: dict[date, str] = {}
    for path in sorted(folder.glob(f"{kind}-s1-*.parquet")):
        day = date.fromisoformat(path.name.removeprefix(f"{kind}-s1-")[:10])
        latest[day] = path.name  # versions are numbered, so that names are in their order
    return {day: pq.read_table(folder / name) for day, name in latest.items()}


async def test_files_hold_the_facts_of_closed_days_to_the_cent(hub: Start, database: Database, tmp_path: Path) -> None:
    history, folder = History.of(11, size=10), tmp_path / "analytics"
    folder.mkdir()
    flow = analytics.fact_tables("files.analytics", quiet_minutes=0, poll=0.05)
    endpoints = {"files": {"analytics": {"url": str(folder)}}}
    await noted(database, *history.facts())
    made = await hub(flow, endpoints=endpoints)
    wanted = await rows(database, "SELECT count(*) FROM business_day")

    async def written() -> bool:
        return [(len(names(folder)),)] == wanted

    await eventually(written, lambda: (len(names(folder)), wanted))
    sums: dict[tuple[str, bool], Decimal] = {}
    for day, read in tables_of(folder, "order_lines").items():
        for line in read.to_pylist():
            assert line["day"] == day
            at = (line["currency"], line["basis"] == "contract")
            if not line["cancelled"]:
                sums[at] = sums.get(at, Decimal(0)) + line["amount"]
    expected: dict[tuple[str, bool], Decimal] = {}
    for row in history.rows["order"]:
        for amount, agreed in zip(row["amounts"], row["agreed"], strict=True):
            if not row["cancelled"]:
                expected[row["currency"], agreed] = expected.get((row["currency"], agreed), Decimal(0)) + amount
    assert sums == expected
    causes = [line["causes"] for read in tables_of(folder, "matched_bills").values() for line in read.to_pylist()]
    assert causes == [["price"]] * 10

    # one comes late, for a day that was written: that day alone gets another version, with all its rows
    late = History.of(12, size=1).rows["order"][0] | {"number": "LATE-1", "cancelled": False}
    before = names(folder)
    await noted(database, *order_lines(late))

    async def again() -> bool:
        return len(names(folder) - before) == 1

    await eventually(again)
    (name,) = names(folder) - before
    version = pq.read_table(folder / name)
    assert {b"hilum.table": b"order_lines", b"hilum.schema_version": b"1"}.items() <= version.schema.metadata.items()
    assert "LATE-1" in version["document"].to_pylist()
    assert set(version["table_version"].to_pylist()) == {int(name.removesuffix(".parquet")[-4:])}
    await made.stop()
    assert await rows(database, "SELECT count(*) FROM business_table WHERE taken_at IS NULL") == [(0,)]


async def test_a_version_has_the_same_bytes_whatever_came_after_it(database: Database) -> None:
    history = History.of(13, size=10)
    await noted(database, *history.facts())
    kinds, now = list(KINDS), timedelta()
    async with database.transaction() as connection:
        assert await make_versions(connection, "f", kinds, now) > 0
        assert await make_versions(connection, "f", kinds, now) == 0
        versions = await untaken(connection, "f", kinds, [], 1000)
        first = {each.name: await parquet(connection, each) for each in versions}
    for row in history.rows["order"]:
        row["amounts"] = [amount + 1 for amount in row["amounts"]]
    await noted(database, *(line for row in history.rows["order"] for line in order_lines(row, revision=1)))
    async with database.transaction() as connection:
        assert {each.name: await parquet(connection, each) for each in versions} == first
        assert await make_versions(connection, "f", kinds, timedelta(hours=1)) == 0  # more may come late
        assert await make_versions(connection, "f", kinds, now) > 0
        (newer, *_) = [v for v in await untaken(connection, "f", ["order_lines"], [], 1000) if v.version == 2]
        table = pq.read_table(pa.BufferReader(await parquet(connection, newer)))
        assert set(table["revision"].to_pylist()) == {1}


async def test_a_day_that_is_not_closed_or_not_counted_waits(database: Database) -> None:
    (today,) = History.of(14, size=1).rows["order"]
    open_day = {**today, "at": today["at"].replace(year=2099)}
    async with database.transaction() as connection:
        await facts.note(connection, order_lines(today))
        assert await make_versions(connection, "f", list(KINDS), timedelta()) == 0  # nothing was counted
    await count(database, CALENDAR)
    await noted(database, *order_lines(open_day | {"number": "PO-X"}))
    async with database.transaction() as connection:
        assert await make_versions(connection, "f", list(KINDS), timedelta()) == 1
        assert await make_versions(connection, "g", list(KINDS), timedelta()) == 1  # another flow has its own


@pytest.mark.long
async def test_two_hubs_write_each_version_once(hub: Start, database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "analytics"
    folder.mkdir()
    await noted(database, *History.of(15, size=6).facts())
    endpoints = {"files": {"analytics": {"url": str(folder)}}}
    for _ in range(2):
        await hub(analytics.fact_tables(quiet_minutes=0, poll=0.05), endpoints=endpoints)
    wanted = (await rows(database, "SELECT count(*) FROM business_day"))[0][0]
    await eventually(lambda: len(names(folder)) == wanted)
    taken = "SELECT count(*) FROM business_table WHERE taken_at IS NULL"

    async def all_taken() -> bool:
        return await rows(database, taken) == [(0,)]

    await eventually(all_taken)
    sent = "SELECT count(*), count(DISTINCT key) FROM delivery WHERE flow = 'analytics.fact_tables'"
    assert await rows(database, sent) == [(wanted, wanted)]


def test_the_schema_of_a_table_does_not_change_without_a_higher_version() -> None:
    """Columns of a schema that was published stay. Raise the `schema_version`, then write the new schema beside it."""
    kept = json.loads(SCHEMAS.read_text())
    now = {f"{kind.kind} {kind.schema_version}": {c.name: c.type for c in columns(kind)} for kind in KINDS.values()}
    assert {name: kept.get(name) for name in now} == now


def test_an_unknown_table_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="there is no table pills"):
        FactTables(tables=["pills"])
    assert asyncio.run(FactTables(tables=["payments"]).check()) == "takes the fact tables payments"
