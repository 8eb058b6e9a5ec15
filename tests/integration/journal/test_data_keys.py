"""Data keys of protected flows: agreed on by all processes, rotated, shredded, and lost for a while."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sealed_journal import body, draft, keyring, store, use

from hilum.connector import Receipt
from hilum.encryption.sealing import MasterKey, key_text, new_key, read_key
from hilum.errors import KeyUnavailable
from hilum.flow import DataClass
from hilum.journal import receive
from hilum.journal.data_keys import masters_in_use, shred
from hilum.journal.keyring import Keyring, keyring_for
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.testing import eventually
from support import waits
from support.doubles import Feed, Receiver
from support.looks import assert_sound, rows
from support.projects import MASTER_KEY, make_flow, order
from support.servers import LANES
from support.waits import Start


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


def test_a_day_is_fresh_until_noon_of_the_next() -> None:
    from hilum.journal.keyring import is_fresh

    today = datetime.now(UTC).date()
    assert is_fresh(today)
    assert is_fresh(today + timedelta(days=1))
    assert not is_fresh(today - timedelta(days=2))
    assert not is_fresh(date(2020, 1, 1))
