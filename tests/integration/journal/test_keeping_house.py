"""Partitions, counts, the place to look from, retention: what runs now and then keeps the journal right."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from hilum.connector import Receipt
from hilum.journal import overview, reading, receive
from hilum.journal.audit import record
from hilum.journal.partitions import ensure_partitions, oldest_open
from hilum.journal.reading import Search
from hilum.journal.receipt import Draft
from hilum.journal.tallies import counts, roll_up
from hilum.message import id_at
from hilum.postgres import Database, migrate, migration_files
from hilum.runtime import COMPONENTS
from support.journal_driver import FLOW, Journal, draft
from support.looks import assert_sound, rows, states
from support.servers import LANES


def at(moment: datetime, number: int = 1) -> Draft:
    """A message whose id says that it was received then."""
    made = draft(b"%d" % number)
    made.id = UUID(int=id_at(moment).int | 0x7000 << 64 | 2 << 62 | number)
    return made


async def store(database: Database, *drafts: Draft) -> None:
    async with database.hot() as connection:
        await receive(connection, drafts, LANES)


@pytest.mark.req("MSG-1")
async def test_messages_around_midnight_and_the_change_of_a_year_have_their_partitions(database: Database) -> None:
    for today in (date(2031, 12, 31), date(2032, 1, 1), date(2032, 2, 29)):
        async with database.cold() as connection:
            await ensure_partitions(connection, today)
            await ensure_partitions(connection, today)
    midnight = datetime(2032, 1, 1, tzinfo=UTC)
    moments = [midnight - timedelta(milliseconds=1), midnight, midnight + timedelta(milliseconds=1)]
    await store(database, *(at(moment, number) for number, moment in enumerate(moments, 1)))
    found = await rows(database, "SELECT tableoid::regclass::text, count(*) FROM payload GROUP BY 1 ORDER BY 1")
    assert found == [("payload_20311231", 1), ("payload_20320101", 2)]
    found = await rows(database, "SELECT tableoid::regclass::text, count(*) FROM message GROUP BY 1 ORDER BY 1")
    assert found == [("message_203112", 1), ("message_203201", 2)]


@pytest.mark.req("MSG-1")
async def test_a_clock_that_was_wrong_loses_nothing_and_keeps_no_hub_from_starting(database: Database) -> None:
    """Ids of a day without a partition go to the rest; that this day cannot get a partition of its own is no error."""
    wrong = datetime(2033, 5, 5, 12, tzinfo=UTC)
    await store(database, at(wrong))
    assert await rows(database, "SELECT tableoid::regclass::text FROM payload") == [("payload_rest",)]
    async with database.cold() as connection:
        await ensure_partitions(connection, date(2033, 5, 5))
    there = {name for (name,) in await rows(database, "SELECT relname FROM pg_class WHERE relname LIKE '%2033%'")}
    assert "payload_20330506" in there
    assert "payload_20330505" not in there
    await store(database, at(wrong + timedelta(days=1), 2))
    assert await states(database) == {"received": 2}
    async with database.cold() as connection:
        assert await reading.body(connection, at(wrong).id) == b"1"


@pytest.mark.req("MSG-17")
async def test_counts_stay_exact_while_they_are_rolled_up(database: Database) -> None:
    await store(database, *(draft(b"%d" % n, dedup=f"{n % 7}", fingerprint=b"same") for n in range(20)))
    for ages in (["0 seconds"], ["1 minute", "3 days", "50 days"]):
        for age in ages:
            async with database.cold() as connection:
                await connection.execute("UPDATE tally SET at = at - %s::interval", [age])
                await connection.execute(
                    "INSERT INTO tally (at, flow, state, entered, departed)"
                    " VALUES (now() - %s::interval, %s, 'held', 5, 5)",
                    [age, FLOW],
                )
                for _ in range(2):
                    before = await counts(connection)
                    await roll_up(connection)
                    assert await counts(connection) == before
    async with database.cold() as connection:
        found = {(each.state): (each.now, each.entered) for each in await counts(connection)}
    assert found == {"received": (7, 7), "open_kb": (7, 7), "duplicate": (13, 13), "held": (0, 20)}
    await assert_sound(database)


async def test_workers_look_from_the_oldest_that_has_work(database: Database) -> None:
    now = datetime.now(UTC)
    async with database.cold() as connection:
        fresh = await oldest_open(connection)
    assert id_at(now - timedelta(days=2)) < fresh < id_at(now)
    old = at(now - timedelta(days=40))
    await store(database, old)
    async with database.cold() as connection:
        assert await oldest_open(connection) <= old.id
        await connection.execute("UPDATE message SET state = 'held', work_lane = NULL")
        assert await oldest_open(connection) > old.id
        await connection.execute("INSERT INTO reopened (message_id) VALUES (%s)", [old.id])
        assert await oldest_open(connection) <= old.id


@pytest.mark.req("MSG-17")
async def test_a_message_is_found_by_any_identifier_and_by_its_time(postgres_url: str) -> None:
    journal = Journal(postgres_url)
    await journal.open()
    try:
        answers = await journal.receive(*(draft(b"%d" % n, key=f"P_47%{n}") for n in range(5)))
        ids = [answer.message_id for answer in answers if isinstance(answer, Receipt)]
        await journal.lead(0)
        await journal.translate(0, await journal.take())
        async with journal.database.cold() as connection:
            await record(connection, actor="eva", action="view", message_id=ids[3], words="nul \x00 in it")
            for text in ("P_47%3", str(ids[3]), f"{ids[3]}.0"):
                assert [row.id for row in await reading.find(connection, Search(text=text))] == [ids[3]]
            assert len(await reading.find(connection, Search(text="P_47%"))) == 5
            assert await reading.find(connection, Search(text="PX47")) == [], "no character is a wild card"
            whole = await reading.find(connection, Search(text="P_47%3", whole=True))
            assert [row.id for row in whole] == [ids[3]]
            assert await reading.find(connection, Search(text="P_47%", whole=True)) == [], "not letter by letter"
            newest = await reading.find(connection, Search(flow=FLOW, state="routed", limit=2))
            assert [row.id for row in newest] == [ids[4], ids[3]]
            after = await reading.find(connection, Search(before=newest[-1].id))
            assert [row.id for row in after] == ids[2::-1]
            assert await reading.find(connection, Search(since=datetime.now(UTC) + timedelta(minutes=1))) == []
            trace = await reading.trace(connection, ids[3])
        assert trace is not None
        assert [row.destination for row in trace.deliveries] == ["here", "there"]
        assert trace.audit[-1].words == "nul � in it"
        places = {queue.place: (queue.pending, queue.waiting) for queue in await queues(journal)}
        assert places == {"translate": (0, 0), "here": (5, 0), "there": (5, 0)}
    finally:
        await journal.close()


async def queues(journal: Journal) -> list[overview.Queue]:
    async with journal.database.cold() as connection:
        return await overview.queues(connection)


async def test_migrations_are_applied_once_and_no_number_is_used_twice(database: Database) -> None:
    assert await migrate(database, COMPONENTS) == []
    for _, folder in COMPONENTS:
        numbers = [number for number, _ in migration_files(folder)]
        assert numbers == sorted(set(numbers))
