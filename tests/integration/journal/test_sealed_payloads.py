"""Payloads of protected flows in the journal: nobody who reads or changes the tables gets at them unnoticed."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from hilum.cases import cases
from hilum.connector import Receipt
from hilum.encryption.master_keys import KeySource
from hilum.encryption.sealing import MasterKey, key_text, new_key, read_key
from hilum.errors import KeyUnavailable, SettingsError
from hilum.flow import DataClass
from hilum.journal import Draft, reading, receive
from hilum.journal.data_keys import masters_in_use, shred
from hilum.journal.keyring import Keyring, Policy, keyring_for
from hilum.journal.payloads import SEALED, Damaged
from hilum.message import id_at
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.settings import EncryptionSettings
from hilum.testing import eventually
from support import waits
from support.doubles import Feed, Receiver
from support.looks import assert_sound, rows
from support.projects import MASTER_KEY, make_flow, make_project, order
from support.servers import LANES
from support.waits import Start

SECRET = b"Quillfeather"
PHI = Policy(flow="test.flow", sealed=True, retention="P1Y", data_class="phi")


def keyring(database: Database, key: str = MASTER_KEY, *previous: str) -> Keyring:
    settings = EncryptionSettings(key=SecretStr(key), previous_keys=tuple(map(SecretStr, previous)))
    return Keyring(database, KeySource(settings, Path(), None))


async def use(database: Database, key: str = MASTER_KEY, *previous: str) -> Keyring:
    made = keyring(database, key, *previous)
    database.keyring = made
    await made.govern([PHI])
    return made


def draft(body: bytes, moment: datetime | None = None) -> Draft:
    made = Draft(flow="test.flow", body=body, content_type="text/plain")
    if moment is not None:
        made.id = UUID(int=id_at(moment).int | 0x7000 << 64 | 2 << 62 | made.id.int & 0xFFFFFFFF)
    return made


async def store(database: Database, *drafts: Draft) -> list[UUID]:
    async with database.hot() as connection:
        await receive(connection, drafts, LANES)
    return [each.id for each in drafts]


async def body(database: Database, message_id: UUID, ordinal: int = -1) -> bytes | None:
    async with database.cold() as connection:
        return await reading.body(connection, message_id, ordinal)


async def execute(database: Database, statement: str, values: list[object] | None = None) -> None:
    async with database.cold() as connection:
        await connection.execute(statement.encode(), values)


@pytest.mark.req("SEC-1")
async def test_a_protected_payload_is_in_no_table_and_arrives_as_it_was(database: Database, hub: Start) -> None:
    feed, open_feed, receiver, open_receiver = Feed(), Feed("open"), Receiver(), Receiver()
    protected = make_flow(feed, receiver, data_class=DataClass.PHI)
    plain = make_flow(open_feed, open_receiver, name="test.open")
    plain.targets[0] = plain.targets[0].__class__(
        endpoint="memory.open", operation="", encode=plain.targets[0].encode, connector=open_receiver
    )
    await hub(protected, plain)
    things = [order(n, name=SECRET.decode(), note="long " * 100) for n in range(5)]
    receipts = await feed.send_all(things)
    await open_feed.send_all([order(9, name="Open")])
    await waits.messages(database, completed=6)
    assert receiver.bodies == things
    stored = await rows(database, "SELECT m.flow, p.codec, p.body FROM payload p JOIN message m USING (id)")
    assert {(flow, bool(codec & SEALED)) for flow, codec, _ in stored} == {("test.orders", True), ("test.open", False)}
    assert not [1 for *_, kept in stored if SECRET in kept]
    assert len([1 for flow, *_ in stored if flow == "test.orders"]) == 10, "of messages and of deliveries"
    kept = await body(database, receipts[0].message_id)
    assert kept is not None
    assert SECRET in kept
    days = await rows(database, "SELECT period FROM data_key WHERE flow = 'test.orders' ORDER BY 1")
    today = datetime.now(UTC).date()
    assert {day for (day,) in days} >= {today, today + timedelta(days=1)}, "tomorrow's is at hand"
    assert not await rows(database, "SELECT 1 FROM data_key WHERE flow <> 'test.orders'")
    await assert_sound(database)


@pytest.mark.req("SEC-1")
async def test_a_flow_may_say_otherwise_than_its_data_class(database: Database, hub: Start) -> None:
    feed, other = Feed(), Feed("other")
    await hub(
        make_flow(feed, Receiver(), data_class=DataClass.PHI, encrypt=False),
        make_flow(other, Receiver(), name="test.prices", encrypt=True),
    )
    await feed.send_all([order(1)])
    await other.send_all([order(2)])
    found = await rows(
        database, "SELECT DISTINCT m.flow, p.codec & 2 FROM payload p JOIN message m USING (id) ORDER BY 1"
    )
    assert found == [("test.orders", 0), ("test.prices", 2)]


@pytest.mark.req("SEC-1")
async def test_a_swap_or_a_change_by_sql_is_found(database: Database) -> None:
    await use(database)
    one, two, three = await store(database, draft(b"one"), draft(b"two"), draft(b"three" * 100))
    await execute(
        database,
        "UPDATE payload p SET body = q.body FROM payload q WHERE p.id = %s AND q.id = %s",
        [one, two],
    )
    await execute(database, "UPDATE payload SET codec = 2 WHERE id = %s", [three])
    assert await body(database, two) == b"two"
    for message_id in (one, three):
        with pytest.raises(Damaged, match="changed since it was stored, or belongs to another message"):
            await body(database, message_id)
    await execute(database, "UPDATE payload SET body = 'short', codec = 2 WHERE id = %s", [two])
    with pytest.raises(Damaged, match="too short"):
        await body(database, two)
    await execute(database, "UPDATE payload SET codec = 9 WHERE id = %s", [two])
    with pytest.raises(Damaged, match="codec 9"):
        await body(database, two)


@pytest.mark.req("SEC-1")
async def test_a_damaged_message_is_held_as_damaged_and_stops_no_other(
    database: Database, hub: Start, tmp_path: Path
) -> None:
    flow = make_flow(Feed(), receiver := Receiver(), data_class=DataClass.PHI)
    database.keyring = keyring_for(database, make_project(tmp_path).settings)
    assert isinstance(database.keyring, Keyring)
    await database.keyring.govern([Policy(flow=flow.name, sealed=True, retention="P1Y", data_class="phi")])
    drafts = [Draft(flow=flow.name, body=b'{"id": "%d", "n": %d}' % (n, n), content_type="text/json") for n in range(3)]
    ids = await store(database, *drafts)
    await execute(
        database, "UPDATE payload SET body = set_byte(body, 25, get_byte(body, 25) # 1) WHERE id = %s", [ids[1]]
    )
    await hub(flow, roles=("worker",))
    await waits.messages(database, completed=2, held=1)
    assert sorted(each["n"] for each in receiver.bodies) == [0, 2]
    async with database.cold() as connection:
        (case,) = await cases(connection)
    assert (case.message_id, case.category) == (ids[1], "payload_damaged")


@pytest.mark.req("SEC-1")
async def test_data_keys_exchanged_in_their_table_open_nothing(database: Database) -> None:
    await use(database)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    first, second = await store(database, draft(b"old", yesterday), draft(b"new"))
    await execute(
        database,
        "UPDATE data_key k SET wrapped = o.wrapped FROM data_key o WHERE k.period = %s AND o.period = %s",
        [yesterday.date(), datetime.now(UTC).date()],
    )
    database.keyring = keyring(database)
    with pytest.raises(Damaged, match="missing or damaged"):
        await body(database, first)
    assert await body(database, second) == b"new"


@pytest.mark.req("SEC-1")
async def test_a_wrong_or_missing_master_key_is_an_error_at_the_start_and_never_a_wrong_body(
    database: Database, hub: Start
) -> None:
    await use(database)
    (message_id,) = await store(database, draft(SECRET))
    old, other = MasterKey(read_key(MASTER_KEY, "")).id, key_text(new_key())
    flow = make_flow(Feed(), Receiver(), name="test.flow", data_class=DataClass.PHI)
    for given, words in (("", "no master key is set"), (other, "set the right key, or add it to")):
        database.keyring = None
        with pytest.raises(SettingsError, match=words) as found:
            await hub(flow, encryption={"key": SecretStr(given)})
        assert old in str(found.value)
        assert MASTER_KEY not in str(found.value)
        assert other not in str(found.value)
    database.keyring = keyring(database, other)
    with pytest.raises(KeyUnavailable, match=old):
        await body(database, message_id)
    database.keyring = Keyring(database, KeySource(EncryptionSettings(), Path(), None))
    with pytest.raises(KeyUnavailable, match="has no master key"):
        await body(database, message_id)
    database.keyring = None
    with pytest.raises(Damaged, match="has no keys"):
        await body(database, message_id)


@pytest.mark.req("SEC-1")
async def test_over_a_foreign_database_protected_flows_need_a_key_or_a_word(database: Database, hub: Start) -> None:
    flow = make_flow(feed := Feed(), Receiver(), data_class=DataClass.PHI)
    with pytest.raises(SettingsError, match=r"test\.orders are encrypted .*hilum keys new.* for = \[\]"):
        await hub(flow, encryption={"key": SecretStr("")})
    database.keyring = None
    await hub(flow, encryption={"key": SecretStr(""), "for": ()})
    await feed.send_all([order(1)])
    assert await rows(database, "SELECT DISTINCT codec & 2 FROM payload") == [(0,)]
    assert not await rows(database, "SELECT 1 FROM data_key")


@pytest.mark.req("SEC-1")
async def test_a_key_survives_the_transaction_that_asked_for_it_and_is_rolled_back(database: Database) -> None:
    made = await use(database)
    old = datetime.now(UTC) - timedelta(days=9)
    with pytest.raises(RuntimeError):
        async with database.transaction() as connection:
            await receive(connection, [draft(b"gone", old)], LANES)
            raise RuntimeError
    (message_id,) = await store(database, draft(b"kept", old))
    made.forget([number for (number,) in await rows(database, "SELECT number FROM data_key")])
    assert await body(database, message_id) == b"kept"


@pytest.mark.req("SEC-1")
async def test_processes_agree_on_one_key_for_each_flow_and_day(database: Database, postgres_url: str) -> None:
    pools = [Database(postgres_url) for _ in range(3)]
    for pool in pools:
        await pool.open()
        await use(pool)
    try:
        day = datetime.now(UTC) - timedelta(days=3)
        found = await asyncio.gather(*(store(pool, draft(b"%d" % n, day)) for n, pool in enumerate(pools)))
        assert await rows(database, "SELECT count(*) FROM data_key WHERE period = %s", [day.date()]) == [(1,)]
        for pool in pools:
            assert [await body(pool, message_id) for (message_id,) in found] == [b"0", b"1", b"2"]
    finally:
        for pool in pools:
            await pool.close()


@pytest.mark.req("MSG-15")
async def test_a_shredded_key_reads_as_erased_in_every_process_and_is_never_written_with(
    database: Database, postgres_url: str
) -> None:
    other = Database(postgres_url)
    await other.open()
    try:
        await use(database)
        await use(other)
        old = datetime.now(UTC) - timedelta(days=30)
        (message_id,) = await store(database, draft(b"old", old))
        assert await body(other, message_id) == b"old"
        async with database.cold() as connection:
            assert len(await shred(connection, "period = %s", [old.date()])) == 1
        assert await body(database, message_id) is None
        assert await body(other, message_id) is None
        (late,) = await store(other, draft(b"late", old))
        assert await body(database, late) == b"late", "it was sealed with a new key, not with the one in memory"
        assert await rows(database, "SELECT count(*) FROM data_key WHERE period = %s", [old.date()]) == [(2,)]
    finally:
        await other.close()


@pytest.mark.req("MSG-15")
async def test_a_key_is_not_shredded_while_a_commit_uses_it(database: Database) -> None:
    await use(database)
    old = datetime.now(UTC) - timedelta(days=30)
    await store(database, draft(b"first", old))

    async def shredding() -> None:
        async with database.cold() as connection:
            await shred(connection, "period = %s", [old.date()])

    async with database.transaction() as connection:
        await receive(connection, [draft(b"second", old)], LANES)
        task = asyncio.create_task(shredding())
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE data_key%%'"
        )
        async with asyncio.timeout(10):
            while await rows(database, waiting) != [(1,)]:
                await asyncio.sleep(0.02)
        assert not task.done()
    await task
    assert await rows(
        database, "SELECT count(*) FROM data_key WHERE wrapped IS NOT NULL AND period = %s", [old.date()]
    ) == [(0,)]


@pytest.mark.req("SEC-1")
async def test_keys_rotate_under_load_without_a_loss(database: Database, hub: Start, tmp_path: Path) -> None:
    """A hub whose keys are in a file learns the new one there; the old one goes when all data keys are sealed anew."""
    path, old, new = tmp_path / "keys", key_text(new_key()), key_text(new_key())
    path.write_text(old)
    path.chmod(0o600)
    feed, receiver = Feed(), Receiver()
    flow = make_flow(feed, receiver, data_class=DataClass.PHI)
    encryption = {"key": SecretStr(""), "key_file": path}
    running: Hub = await hub(flow, encryption=encryption)
    sent: list[asyncio.Future[object]] = []
    over = asyncio.Event()

    async def load() -> None:
        while not over.is_set():
            sent.append(feed.offer(order(len(sent), key=f"k{len(sent) % 7}")))
            await asyncio.sleep(0.002)

    loading = asyncio.create_task(load())
    await eventually(lambda: len(receiver.taken) > 50, lambda: "some arrive")
    path.write_text(f"{new}\n{old}\n")
    rotating = keyring_for(database, running.project.settings)
    async with database.cold() as connection:
        assert await rotating.rotate(connection, actor="eva") >= 2
        assert await rotating.rotate(connection, actor="eva") == 0, "harmless to repeat"
        assert [use.id for use in await masters_in_use(connection)] == [MasterKey(read_key(new, "")).id]
    path.write_text(new)
    assert isinstance(database.keyring, Keyring)
    numbers = [number for (number,) in await rows(database, "SELECT number FROM data_key")]
    database.keyring.forget(numbers)  # as if they had never been in memory: they must open under the new master key
    before = len(receiver.taken)
    await eventually(lambda: len(receiver.taken) > before + 50, lambda: "they still arrive")
    over.set()
    await loading
    answers = await asyncio.gather(*sent)
    assert all(isinstance(answer, Receipt) for answer in answers)
    await waits.messages(database, completed=len(sent))
    assert sorted(each["n"] for each in receiver.bodies) == list(range(len(sent)))
    assert not receiver.overlaps
    await assert_sound(database)
    acts = await rows(database, "SELECT actor, action FROM audit WHERE action = 'rotate_keys'")
    assert acts == [("eva", "rotate_keys")]


@pytest.mark.req("SEC-1")
async def test_a_master_key_that_is_not_known_acknowledges_nothing_and_holds_nothing(
    database: Database, hub: Start
) -> None:
    """Another hub has rotated to a key that this one was not given: it waits, and goes on when it knows it."""
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver, data_class=DataClass.PHI))
    new = key_text(new_key())
    async with database.cold() as connection:
        await keyring(database, new, MASTER_KEY).rotate(connection, actor="eva")
    running = database.keyring
    assert isinstance(running, Keyring)
    running.forget([number for (number,) in await rows(database, "SELECT number FROM data_key")])
    refused = await feed.send(order(1))
    assert isinstance(refused, KeyUnavailable), refused
    running.source = keyring(database, new).source
    assert isinstance(await feed.send(order(1)), Receipt)
    await waits.messages(database, completed=1)
    assert not await rows(database, "SELECT 1 FROM exception_case")


@pytest.mark.req("SEC-1")
async def test_a_key_file_that_goes_away_under_a_running_hub_refuses_nothing_for_good(
    database: Database, hub: Start, tmp_path: Path
) -> None:
    path = tmp_path / "keys"
    path.write_text(MASTER_KEY)
    path.chmod(0o600)
    feed, receiver = Feed(), Receiver()
    await hub(make_flow(feed, receiver, data_class=DataClass.PHI), encryption={"key": SecretStr(""), "key_file": path})
    new = key_text(new_key())
    async with database.cold() as connection:
        await keyring(database, new, MASTER_KEY).rotate(connection, actor="eva")
    path.unlink()
    assert isinstance(database.keyring, Keyring)
    database.keyring.forget([number for (number,) in await rows(database, "SELECT number FROM data_key")])
    refused = await feed.send(order(1))
    assert isinstance(refused, KeyUnavailable), refused
    path.write_text(new)
    path.chmod(0o600)
    assert isinstance(await feed.send(order(1)), Receipt)
    await waits.messages(database, completed=1)


@pytest.mark.req("SEC-3")
async def test_keys_and_bodies_are_in_no_log(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await use(database)
        (message_id,) = await store(database, draft(SECRET * 50))
        await execute(database, "UPDATE payload SET body = set_byte(body, 40, get_byte(body, 40) # 255), codec = 3")
        with pytest.raises(Damaged) as found:
            await body(database, message_id)
    assert SECRET.decode() not in f"{caplog.text} {found.value!r}"
    assert MASTER_KEY not in caplog.text


def test_a_day_is_fresh_until_noon_of_the_next() -> None:
    from hilum.journal.keyring import is_fresh

    today = datetime.now(UTC).date()
    assert is_fresh(today)
    assert is_fresh(today + timedelta(days=1))
    assert not is_fresh(today - timedelta(days=2))
    assert not is_fresh(date(2020, 1, 1))
