"""Retention: each flow's payloads go on their day, nothing that is needed goes, and the evidence stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from hilum.encryption import KeySource
from hilum.journal import erasing, reading, receive
from hilum.journal.holds import NotHeld, hold, holds, release
from hilum.journal.keyring import Keyring, Policy, day_of
from hilum.journal.partitions import ensure_partitions
from hilum.journal.periods import after
from hilum.journal.receipt import Draft
from hilum.journal.retention import AGREE, MOST_DAYS, Bounds, Plan, plan
from hilum.message import id_at
from hilum.postgres import Database
from hilum.settings import EncryptionSettings
from support.looks import rows
from support.projects import MASTER_KEY
from support.servers import LANES

NOW = datetime.now(UTC)
SHORT, LONG, SEALED = "test.short", "test.long", "test.sealed"
POLICIES = [
    Policy(flow=SHORT, sealed=False, retention="P30D", data_class="internal"),
    Policy(flow=LONG, sealed=False, retention="P7Y", data_class="internal"),
    Policy(flow=SEALED, sealed=True, retention="P30D", data_class="phi"),
]
OLD = (NOW - timedelta(days=33)).replace(hour=12)  # a day that is due in flows that keep for 30 days
DAY = OLD.date()


@dataclass
class House:
    """A journal with partitions of past days and the policies of three flows."""

    database: Database

    async def store(self, flow: str, moment: datetime, count: int = 1, *, state: str = "completed") -> list[UUID]:
        """Messages of this moment, that are in this state now, each with a delivery of its own."""
        async with self.database.cold() as connection:
            await ensure_partitions(connection, moment.date())
        drafts = [Draft(flow=flow, body=b"body %d " % n * 40, content_type="text/plain") for n in range(count)]
        for n, draft in enumerate(drafts):
            draft.id = UUID(int=id_at(moment).int | 0x7000 << 64 | 2 << 62 | draft.id.int & 0xFFFFFFFFFFFF | n << 50)
        async with self.database.hot() as connection:
            await receive(connection, drafts, LANES)
        ids = [draft.id for draft in drafts]
        async with self.database.cold() as connection:
            await connection.execute(
                "UPDATE message SET state = %s::message_state, work_lane = NULL WHERE id = ANY(%s)", [state, ids]
            )
        return ids

    async def run(self, *, force: bool = False, **bounds: int) -> Plan:
        made = await erasing.run(self.database, Bounds(**bounds), actor="eva", force=force)
        assert made is not None
        return made

    async def bodies(self, ids: Sequence[UUID]) -> list[bool]:
        """Is the payload of each still there?"""
        async with self.database.cold() as connection:
            return [await reading.body(connection, each) is not None for each in ids]

    async def erased(self, message_id: UUID) -> str:
        async with self.database.cold() as connection:
            trace = await reading.trace(connection, message_id)
        assert trace is not None
        return trace.erased.words if trace.erased else ""

    async def hold(self, **which: object) -> None:
        async with self.database.transaction() as connection:
            await hold(connection, actor="eva", reason="a claim", **which)  # type: ignore[arg-type]

    async def release(self, **which: object) -> None:
        async with self.database.transaction() as connection:
            await release(connection, actor="eva", reason="settled", **which)  # type: ignore[arg-type]

    async def partitions(self) -> set[str]:
        found = await rows(self.database, "SELECT relname FROM pg_class WHERE relname ~ '^payload_[0-9]{8}$'")
        return {name for (name,) in found}

    async def acts(self) -> list[tuple[str, str]]:
        return await rows(self.database, "SELECT action, flow FROM audit WHERE action LIKE 'erase%%' ORDER BY id")


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    made = Keyring(database, KeySource(EncryptionSettings(key=SecretStr(MASTER_KEY)), Path(), None))
    database.keyring = made
    await made.govern(POLICIES)
    home = House(database)
    await home.store(LONG, NOW)  # the newest message: the clocks agree
    yield home


@pytest.mark.req("MSG-15")
async def test_two_flows_in_one_partition_go_each_on_its_own_day(house: House) -> None:
    short = await house.store(SHORT, OLD, 5)
    long = await house.store(LONG, OLD, 3)
    sealed = await house.store(SEALED, OLD, 4)
    young = await house.store(SHORT, NOW - timedelta(days=20))
    made = await house.run()
    assert {(one.flow, one.messages) for one in made.due} == {(SHORT, 5), (SEALED, 4)}
    assert not any(await house.bodies(short + sealed))
    assert all(await house.bodies(long + young))
    assert f"payload_{DAY:%Y%m%d}" in await house.partitions(), "the other flow's payloads are in it"
    assert await rows(house.database, "SELECT count(*) FROM payload WHERE id = ANY(%s)", [[*short, *sealed]]) == [(0,)]
    keys = await rows(house.database, "SELECT wrapped, shredded_at IS NOT NULL FROM data_key WHERE period = %s", [DAY])
    assert keys == [(None, True)], "the row of the key stays, the key is gone"
    # the evidence
    found = await rows(house.database, "SELECT count(*), min(size) FROM message WHERE id = ANY(%s)", [short + sealed])
    assert found[0][0] == 9
    assert found[0][1] > 0
    assert sorted(await house.acts()) == [("erase_payloads", SEALED), ("erase_payloads", SHORT)]
    (words,) = await rows(
        house.database, "SELECT words FROM audit WHERE flow = %s AND action = 'erase_payloads'", [SHORT]
    )
    assert words[0] == f"payloads of 5 messages received on {DAY}, by the retention of the flow (P30D)"
    today = datetime.now(UTC).date()
    assert await house.erased(short[0]) == f"erased on {today} by the retention of the flow (P30D)"
    assert await house.erased(sealed[0]) == f"erased on {today} by the retention of the flow (P30D)"
    assert await house.erased(long[0]) == ""
    # and again: nothing is left to do
    assert not (await house.run()).due
    assert len(await house.acts()) == 2


@pytest.mark.req("MSG-15")
async def test_a_partition_is_dropped_when_nothing_in_it_is_kept(house: House) -> None:
    ids = [*await house.store(SHORT, OLD, 2), *await house.store(SEALED, OLD, 2)]
    other = await house.store(SHORT, OLD + timedelta(days=1))
    await house.run()
    assert not {f"payload_{DAY:%Y%m%d}", f"payload_{DAY + timedelta(days=1):%Y%m%d}"} & await house.partitions()
    assert f"payload_{NOW:%Y%m%d}" in await house.partitions()
    assert not any(await house.bodies(ids + other))


@pytest.mark.req("MSG-15")
@pytest.mark.parametrize("state", ["received", "routed", "held"])
@pytest.mark.parametrize("flow", [SHORT, SEALED])
async def test_what_is_not_done_keeps_its_flow_and_day(house: House, state: str, flow: str) -> None:
    done = await house.store(flow, OLD, 2)
    open_ = await house.store(flow, OLD + timedelta(minutes=1), state=state)
    other = await house.store(SEALED if flow == SHORT else SHORT, OLD)
    made = await house.run()
    assert [(one.flow, one.waits) for one in made.waiting] == [(flow, "under way or held")]
    assert all(await house.bodies(done + open_))
    assert not any(await house.bodies(other))
    async with house.database.cold() as connection:
        await connection.execute("UPDATE message SET state = 'completed' WHERE id = %s", [open_[0]])
    await house.run()
    assert not any(await house.bodies(done + open_))


@pytest.mark.req("MSG-15")
async def test_a_waiting_delivery_keeps_its_flow_and_day(house: House) -> None:
    (message_id,) = await house.store(SHORT, OLD)
    async with house.database.cold() as connection:
        await connection.execute(
            "INSERT INTO delivery (message_id, ordinal, seq, flow, destination, state, lane, idempotency_key,"
            " content_type, next_at) VALUES (%s, 0, 1, %s, 'there', 'waiting', 0, 'k', 'text/plain', now())",
            [message_id, SHORT],
        )
    assert (await house.run()).waiting
    assert await house.bodies([message_id]) == [True]


@pytest.mark.req("MSG-15")
@pytest.mark.parametrize("flow", [SHORT, SEALED])
@pytest.mark.parametrize("alone", [True, False])
async def test_a_message_on_hold_outlives_its_day_its_key_and_its_partition(
    house: House, flow: str, alone: bool
) -> None:
    held, gone = await house.store(flow, OLD, 2)
    if not alone:
        await house.store(LONG, OLD)
    await house.hold(message_id=held)
    with pytest.raises(NotHeld, match="on hold already"):
        await house.hold(message_id=held)
    await house.run()
    assert await house.bodies([held, gone]) == [True, False]
    async with house.database.cold() as connection:
        assert await reading.body(connection, held) == b"body 0 " * 40
        trace = await reading.trace(connection, held)
        assert trace is not None
        assert (trace.on_hold, trace.erased) == ("a claim", None)
    with pytest.raises(NotHeld, match="was erased on"):
        await house.hold(message_id=gone)
    assert (f"payload_{DAY:%Y%m%d}" in await house.partitions()) is not alone
    await house.run()
    assert await house.bodies([held]) == [True]
    await house.release(message_id=held)
    await house.run()
    assert await house.bodies([held]) == [False]
    assert await house.erased(held) == f"erased on {datetime.now(UTC).date()} by the retention of the flow (P30D)"
    assert not await rows(house.database, "SELECT 1 FROM data_key WHERE message_id IS NOT NULL AND wrapped IS NOT NULL")
    assert (await house.acts())[-1] == ("erase_payload", flow)
    async with house.database.cold() as connection:
        assert [one.reason for one in await holds(connection, only_now=False)] == ["a claim"]
        assert not await holds(connection)


@pytest.mark.req("MSG-15")
async def test_a_flow_on_hold_keeps_everything_until_it_is_released(house: House) -> None:
    ids = await house.store(SEALED, OLD, 2)
    await house.hold(flow=SEALED)
    assert [one.waits for one in (await house.run()).waiting] == ["on legal hold"]
    assert all(await house.bodies(ids))
    await house.release(flow=SEALED)
    with pytest.raises(NotHeld, match="not on hold"):
        await house.release(flow=SEALED)
    await house.run()
    assert not any(await house.bodies(ids))
    acts = await rows(
        house.database, "SELECT action, flow, words FROM audit WHERE action LIKE '%%_payload' ORDER BY id"
    )
    assert acts == [("hold_payload", SEALED, "a claim"), ("release_payload", SEALED, "settled")]


@pytest.mark.req("MSG-15")
async def test_what_a_replay_adds_to_a_message_on_hold_is_erased_with_it(house: House) -> None:
    (held,) = await house.store(SEALED, OLD)
    await house.hold(message_id=held)
    await house.run()
    draft = Draft(flow=SEALED, body=b"added", content_type="text/plain")  # sealed with a new key of its old day
    draft.id = UUID(int=held.int + 1)
    async with house.database.hot() as connection:
        await receive(connection, [draft], LANES)
        await connection.execute("UPDATE message SET state = 'completed', work_lane = NULL WHERE id = %s", [draft.id])
    assert await house.bodies([held, draft.id]) == [True, True]
    await house.run()
    assert await house.bodies([held, draft.id]) == [True, False]


@pytest.mark.req("MSG-15")
async def test_a_clock_that_jumped_ahead_erases_nothing(house: House) -> None:
    ids = await house.store(SHORT, OLD, 2)
    async with house.database.cold() as connection:
        # The clock of a database cannot be moved in a test; that its messages are old looks the same.
        await connection.execute("DELETE FROM message WHERE id >= %s", [id_at(NOW - AGREE - timedelta(hours=1))])
    made = await house.run()
    assert "the newest message is of" in made.refusal
    assert all(await house.bodies(ids))
    assert not await house.acts()
    await house.run(force=True)
    assert not any(await house.bodies(ids))


@pytest.mark.req("MSG-15")
async def test_many_days_at_once_need_a_person(house: House) -> None:
    ids = [(await house.store(SHORT, OLD - timedelta(days=number)))[0] for number in range(MOST_DAYS + 1)]
    made = await house.run()
    assert f"{MOST_DAYS + 1} days of payload are due at once" in made.refusal
    assert all(await house.bodies(ids))
    await house.run(force=True)
    assert not any(await house.bodies(ids))


@pytest.mark.req("MSG-15")
async def test_the_upper_bound_of_the_hub_holds_for_every_flow_and_for_those_that_are_gone(house: House) -> None:
    ids = [*await house.store(LONG, OLD), *await house.store("test.gone", OLD)]
    async with house.database.cold() as connection:
        made = await plan(connection, Bounds())
        assert {one.flow: one.due for one in made.kept} == {
            LONG: after(DAY + timedelta(days=1), "P7Y"),
            "test.gone": None,
        }
        assert not made.due
    await house.run(retention_days=31)
    assert not any(await house.bodies(ids))
    assert "upper bound of the hub" in await house.erased(ids[0])


@pytest.mark.req("MSG-15")
async def test_evidence_is_kept_unless_the_hub_says_for_how_long(house: House) -> None:
    moment = datetime(NOW.year - 2, 3, 15, 12, tzinfo=UTC)
    ids = await house.store(SHORT, moment, 3)
    open_ = await house.store(SHORT, moment + timedelta(days=40), state="held")
    await house.run()
    assert not any(await house.bodies(ids))
    found = "SELECT count(*) FROM message WHERE id = ANY(%s)"
    assert await rows(house.database, found, [ids]) == [(3,)]
    await house.run(evidence_days=400, force=True)
    assert await rows(house.database, found, [ids]) == [(0,)]
    assert await rows(house.database, found, [open_]) == [(1,)], "it is not done"
    acts = [words for (words,) in await rows(house.database, "SELECT words FROM audit WHERE action = 'erase_evidence'")]
    assert f"3 messages of {moment:%Y-%m}, by [hub] evidence_days = 400" in acts


@pytest.mark.req("MSG-15")
async def test_payloads_of_a_day_that_has_no_partition_are_erased_too(house: House) -> None:
    """A clock was wrong for a while: they lie in the rest."""
    async with house.database.cold() as connection:
        await connection.execute(f"DROP TABLE IF EXISTS payload_{DAY:%Y%m%d}".encode())
    drafts = [Draft(flow=flow, body=b"rest", content_type="text/plain") for flow in (SHORT, SEALED, LONG)]
    for n, draft in enumerate(drafts):
        draft.id = UUID(int=id_at(OLD).int | n)
    async with house.database.hot() as connection:
        await receive(connection, drafts, LANES)
        await connection.execute("UPDATE message SET state = 'completed', work_lane = NULL")
    assert len(await rows(house.database, "SELECT 1 FROM payload_rest")) == 3
    await house.run()
    assert await house.bodies([draft.id for draft in drafts]) == [False, False, True]
    assert len(await rows(house.database, "SELECT 1 FROM payload_rest")) == 1


@pytest.mark.req("MSG-15")
async def test_one_process_erases_at_a_time_and_a_table_in_use_is_left_for_later(house: House) -> None:
    await house.store(SHORT, OLD)
    async with house.database.cold() as reader, reader.transaction():
        await reader.execute("SELECT count(*) FROM payload")  # as a backup that runs for hours
        await house.run()
        assert f"payload_{DAY:%Y%m%d}" in await house.partitions()
    found = await asyncio.gather(*(erasing.run(house.database, Bounds()) for _ in range(3)))
    assert any(found)
    assert f"payload_{DAY:%Y%m%d}" not in await house.partitions()


@pytest.mark.req("MSG-15")
async def test_without_the_master_key_nothing_on_hold_is_lost(house: House) -> None:
    (held,) = await house.store(SEALED, OLD)
    await house.hold(message_id=held)
    keyring, house.database.keyring = house.database.keyring, None
    with pytest.raises(Exception, match="no keys to keep them with"):
        await house.run()
    house.database.keyring = keyring
    assert await house.bodies([held]) == [True]


def test_the_day_of_a_message_is_that_of_its_id() -> None:
    assert day_of(id_at(datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC))) == date(2026, 3, 4)
