"""Payloads of protected flows in the journal: nobody who reads or changes the tables gets at them unnoticed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sealed_journal import SECRET, body, draft, execute, keyring, store, use

from hilum.cases import cases
from hilum.encryption.master_keys import KeySource
from hilum.encryption.sealing import MasterKey, key_text, new_key, read_key
from hilum.errors import KeyUnavailable, SettingsError
from hilum.flow import DataClass
from hilum.journal import Draft
from hilum.journal.keyring import Keyring, Policy, keyring_for
from hilum.journal.payloads import SEALED, Damaged
from hilum.postgres import Database
from hilum.settings import EncryptionSettings
from support import waits
from support.doubles import Feed, Receiver
from support.looks import assert_sound, rows
from support.projects import MASTER_KEY, make_flow, make_project, order
from support.waits import Start


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
