"""What a journal promises, and broken journals that the promises must catch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import pytest

from hilum.connector import Receipt
from hilum.errors import LeaseLost
from hilum.journal import Draft, Reused
from hilum.journal.moves import fence, move_delivery, move_message
from hilum.journal.receipt import receive
from hilum.journal.work import ToDeliver, ToTranslate, Translated
from hilum.message import DeliveryState, MessageState, Priority
from hilum.postgres import Connection
from support.journal_driver import DESTINATIONS, FLOW, Journal, draft
from support.looks import assert_sound, rows, states

EVERY_BYTE = bytes(range(256)) * 9


def ids(answers: Sequence[Receipt | Reused]) -> list[UUID]:
    """Of messages that were stored."""
    assert all(isinstance(answer, Receipt) and not answer.duplicate for answer in answers)
    return [answer.message_id for answer in answers if isinstance(answer, Receipt)]


class JournalSuite:
    """The promises. Each name is one."""

    async def test_keeps_every_byte(self, journal: Journal) -> None:
        bodies = [b"", b"\x00", EVERY_BYTE, b"a" * 100_000, EVERY_BYTE[:191], EVERY_BYTE[:192]]
        stored = ids(await journal.receive(*(draft(body) for body in bodies)))
        assert [await journal.body(each) for each in stored] == bodies
        await journal.lead(0)
        await journal.translate(0, await journal.take())
        assert [await journal.body(each, 1) for each in stored] == bodies

    async def test_survives_a_reopening(self, journal: Journal) -> None:
        stored = ids(await journal.receive(draft(b"one", dedup="1"), draft(b"two", key="k")))
        await journal.reopen()
        assert [await journal.body(each) for each in stored] == [b"one", b"two"]
        [again] = await journal.receive(draft(b"one", dedup="1"))
        assert again == Receipt(message_id=stored[0], duplicate=True)
        await journal.lead(0)
        assert [each.id for each in await journal.take()] == stored

    async def test_the_same_key_counts_once(self, journal: Journal) -> None:
        first, second, other = await journal.receive(
            draft(b"a", dedup="1"), draft(b"a", dedup="1"), draft(b"a", dedup="1", flow="test.other")
        )
        assert isinstance(first, Receipt)
        assert second == Receipt(message_id=first.message_id, duplicate=True)
        assert isinstance(other, Receipt)
        assert not other.duplicate, "another flow is another matter"
        assert await states(journal.database) == {"received": 2}

    async def test_the_same_key_counts_once_under_a_race(self, journal: Journal) -> None:
        for number in range(8):
            racing = [journal.receive(draft(b"x", dedup=f"r{number}")) for _ in range(6)]
            answers = [answer for [answer] in await asyncio.gather(*racing)]
            assert all(isinstance(answer, Receipt) for answer in answers)
            assert [answer.duplicate for answer in answers if isinstance(answer, Receipt)].count(False) == 1
            assert len({answer.message_id for answer in answers if isinstance(answer, Receipt)}) == 1
        assert await states(journal.database) == {"received": 8}
        await assert_sound(journal.database)

    async def test_the_first_writers_bytes_win_and_other_content_is_told_apart(self, journal: Journal) -> None:
        [first] = ids(await journal.receive(draft(b"first", dedup="1")))
        answers = await journal.receive(draft(b"second", dedup="1"), draft(b"later", dedup="1", fingerprint=b"first"))
        assert answers == [Reused(first_id=first), Receipt(message_id=first, duplicate=True)]
        assert await journal.body(first) == b"first"
        assert await states(journal.database) == {"received": 1}

    async def test_oldest_first(self, journal: Journal) -> None:
        stored = ids(await journal.receive(*(draft(b"%d" % n, key=f"k{n}") for n in range(40))))
        stored += ids(await journal.receive(*(draft(b"%d" % n) for n in range(40))))
        await journal.lead(0)
        assert [each.id for each in await journal.take(limit=100)] == stored
        assert [each.id for each in await journal.take(limit=7)] == stored[:7]

    async def test_flows_do_not_mix(self, journal: Journal) -> None:
        mine, other = ids(await journal.receive(draft(b"a"), draft(b"b", flow="test.other")))
        await journal.lead(0)
        assert [each.id for each in await journal.take()] == [mine]
        assert [each.id for each in await journal.take(flows=["test.other"])] == [other]
        assert await journal.take(flows=[]) == []

    async def test_illegal_moves_are_refused(self, journal: Journal) -> None:
        [one] = ids(await journal.receive(draft(b"a", key="k")))
        await journal.lead(0)
        async with journal.database.transaction() as connection:
            assert await move_message(connection, one, ["held"], "discarded") is None
        assert await journal.state(one) == "received"
        taken = await journal.take()
        await journal.translate(0, taken)
        [delivery] = await journal.pending(0, "here")
        assert await journal.delivered(0, [delivery]) == 1
        with pytest.raises(LeaseLost):  # nothing was noted: it is delivered already
            await journal.delivered(0, [delivery])
        await journal.hold_delivery(0, delivery)
        await journal.wait(0, delivery)
        async with journal.database.transaction() as connection:
            assert await move_delivery(connection, one, 0, ["held"], "cancelled") is None
        with pytest.raises(LeaseLost):  # it is translated already
            await journal.translate(0, taken)
        assert [row[0] for row in await rows(journal.database, "SELECT state::text FROM delivery ORDER BY 1")] == [
            "delivered",
            "pending",
        ]
        await assert_sound(journal.database, cases=False)

    async def test_a_rollback_leaves_nothing(self, journal: Journal) -> None:
        class Stop(Exception):
            pass

        with pytest.raises(Stop):
            async with journal.database.transaction() as connection:
                await journal.receive_on(connection, [draft(b"a", dedup="1", key="k")])
                raise Stop
        for table in ("message", "payload", "dedup", "tally"):
            assert await rows(journal.database, f"SELECT 1 FROM {table}") == [], table
        [again] = await journal.receive(draft(b"a", dedup="1", key="k"))
        assert isinstance(again, Receipt)
        assert not again.duplicate

    async def test_who_lost_a_lane_cannot_commit(self, journal: Journal) -> None:
        ids(await journal.receive(draft(b"a", key="k"), draft(b"b", key="l")))
        await journal.lead(0)
        taken = await journal.take(0)
        await journal.lead(1)
        with pytest.raises(LeaseLost):
            await journal.translate(0, taken)
        with pytest.raises(LeaseLost):
            await journal.translate(0, taken, fails=[taken[0].id])
        assert await states(journal.database) == {"received": 2}
        await journal.translate(1, await journal.take(1))
        late = await journal.pending(1, "here")
        await journal.lead(0)
        for act in (journal.delivered(1, late), journal.wait(1, late[0]), journal.hold_delivery(1, late[0])):
            with pytest.raises(LeaseLost):
                await act
        assert len(await journal.pending(0, "here")) == 2
        await assert_sound(journal.database, cases=False)

    async def test_a_lost_lane_voids_only_its_own_part_of_a_commit(self, journal: Journal) -> None:
        ids(await journal.receive(draft(b"mine", key="k"), draft(b"lost", key="l")))
        await journal.lead(0)
        taken = await journal.take(0)
        mine, lost = taken
        assert mine.lane != lost.lane
        await journal.seize(lost.lane)
        await journal.translate(0, taken)
        assert [await journal.state(one.id) for one in taken] == ["routed", "received"]
        await journal.lead(1)
        await journal.translate(1, await journal.take(1))
        batch = await journal.pending(1, "here")
        assert len(batch) == 2
        await journal.seize(lost.lane)
        assert await journal.delivered(1, batch) == 1
        assert journal.effects["here"] == [b"mine"]
        await assert_sound(journal.database, cases=False)

    async def test_a_held_message_holds_its_key_only_and_is_followed_in_order(self, journal: Journal) -> None:
        stored = ids(await journal.receive(*(draft(b"%d" % n, key="kl"[n % 2]) for n in range(8))))
        await journal.lead(0)
        await journal.translate(0, await journal.take(), fails=[stored[0]])
        assert await journal.take() == []
        assert [await journal.state(each) for each in stored] == ["held", "routed", *["received", "routed"] * 3]
        await journal.replay(stored[0])
        await self.finish(journal)
        for place in DESTINATIONS:
            assert [body for body in journal.effects[place] if int(body) % 2 == 0] == [b"0", b"2", b"4", b"6"]

    async def test_a_held_delivery_holds_its_key_there_only(self, journal: Journal) -> None:
        stored = ids(await journal.receive(*(draft(b"%d" % n, key="k") for n in range(4))))
        await journal.lead(0)
        await journal.translate(0, await journal.take())
        await journal.hold_delivery(0, (await journal.pending(0, "here"))[0])
        assert await journal.pending(0, "here") == []
        while found := await journal.pending(0, "there"):
            await journal.delivered(0, found)
        assert journal.effects == {"here": [], "there": [b"0", b"1", b"2", b"3"]}
        await journal.discard(stored[0])
        assert await journal.state(stored[0]) == "completed"
        await self.finish(journal)
        assert journal.effects["here"] == [b"1", b"2", b"3"]
        await assert_sound(journal.database, cases=False)

    async def test_counts_are_exact_when_destinations_finish_at_the_same_moment(self, journal: Journal) -> None:
        stored = ids(await journal.receive(*(draft(b"%d" % n) for n in range(120))))
        await journal.lead(0)
        await journal.translate(0, await journal.take(limit=200))
        parts = [
            journal.delivered(0, part)
            for place in DESTINATIONS
            for found in [await journal.pending(0, place)]
            for part in (found[:60], found[60:])
        ]
        assert sum(await asyncio.gather(*parts)) == 200, "100 of each were read"
        await self.finish(journal)
        assert await states(journal.database) == {"completed": len(stored)}
        await assert_sound(journal.database)

    async def test_states_are_those_of_the_database(self, journal: Journal) -> None:
        for kind, name in ((MessageState, "message_state"), (DeliveryState, "delivery_state"), (Priority, "priority")):
            found = await rows(journal.database, f"SELECT unnest(enum_range(NULL::{name}))::text")
            assert [value for (value,) in found] == [each.value for each in kind]

    @staticmethod
    async def finish(journal: Journal) -> None:
        """Translate and deliver until nothing is left to do."""
        for _ in range(100):
            taken = await journal.take(limit=200)
            await journal.translate(0, taken)
            found = [(place, await journal.pending(0, place)) for place in DESTINATIONS]
            for _place, batch in found:
                await journal.delivered(0, batch)
            if not taken and not any(batch for _, batch in found):
                return
        raise AssertionError("it never ends")


@pytest.mark.req("MSG-1")
@pytest.mark.req("MSG-2")
@pytest.mark.req("MSG-4")
@pytest.mark.req("MSG-17")
class TestPostgresJournal(JournalSuite):
    """The journal in PostgreSQL."""

    @pytest.fixture
    async def journal(self, postgres_url: str) -> AsyncIterator[Journal]:
        made = Journal(postgres_url)
        await made.open()
        yield made
        await made.close()


class Trims(Journal):
    async def receive_on(self, connection: Connection, drafts: Sequence[Draft]) -> list[Receipt | Reused]:
        for each in drafts:
            each.body = each.body.rstrip(b"\x00\xff")
        return await super().receive_on(connection, drafts)


class LooksThenInserts(Journal):
    async def receive_on(self, connection: Connection, drafts: Sequence[Draft]) -> list[Receipt | Reused]:
        answers: list[Receipt | Reused] = []
        for each in drafts:
            key = f"{each.flow}{each.dedup_key}"
            cursor = await connection.execute("SELECT id FROM message WHERE flow || dedup_key = %s", [key])
            if (row := await cursor.fetchone()) is not None:
                answers.append(Receipt(message_id=row[0], duplicate=True))
                continue
            await asyncio.sleep(0.05)  # the others look meanwhile: the defect shows on a quick database too
            plain = Draft(flow=each.flow, body=each.body, content_type="text/plain", key=each.key, id=each.id)
            answers += await receive(connection, [plain], 64)
            await connection.execute("UPDATE message SET dedup_key = %s WHERE id = %s", [each.dedup_key, each.id])
        return answers


class LastWriterWins(Journal):
    async def receive_on(self, connection: Connection, drafts: Sequence[Draft]) -> list[Receipt | Reused]:
        answers = await super().receive_on(connection, drafts)
        for each, answer in zip(drafts, answers, strict=True):
            if isinstance(answer, Reused):
                await connection.execute(
                    "UPDATE payload SET codec = 0, body = %s WHERE id = %s", [each.body, answer.first_id]
                )
        return answers


class NewestFirst(Journal):
    async def take(self, *args: Any, **more: Any) -> list[ToTranslate]:
        return (await super().take(*args, **more))[::-1]


class TakesAllFlows(Journal):
    async def take(self, worker: int = 0, flows: Sequence[str] = (), limit: int = 100) -> list[ToTranslate]:
        return await super().take(worker, [FLOW, "test.other"], limit)


class CommitsAtOnce(Journal):
    async def receive_on(self, connection: Connection, drafts: Sequence[Draft]) -> list[Receipt | Reused]:
        async with self.database.hot() as own:
            return await super().receive_on(own, drafts)


class HasNoFence(Journal):
    async def lead(self, worker: int) -> None:
        await super().lead(worker)
        for each in self.workers:  # every worker believes, and the database with it, that the lanes are its own
            each.held = dict(self.workers[worker].held)
            each.id = self.workers[worker].id


class MovesAnything(Journal):
    async def hold_delivery(self, worker: int, one: ToDeliver) -> None:
        async with self.database.transaction() as connection:
            await move_delivery(connection, *one.ref, ["pending", "waiting", "delivered"], "held")


class LosesWhatWasParked(Journal):
    async def unblock(self, connection: Connection, stage: str, key: str, message_id: UUID, ordinal: int) -> None:
        await connection.execute("DELETE FROM parked WHERE stage = %s AND key = %s", [stage, key])
        await super().unblock(connection, stage, key, message_id, ordinal)


class BlocksNothing(Journal):
    async def hold_message(self, worker: int, one: ToTranslate) -> None:
        async with self.database.transaction() as connection:
            await move_message(connection, one.id, ["received"], "held")


class CountsNothing(Journal):
    async def commit_translated(self, connection: Connection, worker: int, done: Sequence[Translated]) -> set[UUID]:
        noted = await super().commit_translated(connection, worker, done)
        await connection.execute("DELETE FROM tally WHERE destination = 'here'")
        return noted


class VoidsTheWholeCommit(Journal):
    async def commit_translated(self, connection: Connection, worker: int, done: Sequence[Translated]) -> set[UUID]:
        await fence(connection, self.workers[worker], {one.taken.lane for one in done})
        return await super().commit_translated(connection, worker, done)


BROKEN = {
    Trims: "test_keeps_every_byte",
    LooksThenInserts: "test_the_same_key_counts_once_under_a_race",
    LastWriterWins: "test_the_first_writers_bytes_win_and_other_content_is_told_apart",
    NewestFirst: "test_oldest_first",
    TakesAllFlows: "test_flows_do_not_mix",
    CommitsAtOnce: "test_a_rollback_leaves_nothing",
    HasNoFence: "test_who_lost_a_lane_cannot_commit",
    MovesAnything: "test_illegal_moves_are_refused",
    LosesWhatWasParked: "test_a_held_message_holds_its_key_only_and_is_followed_in_order",
    BlocksNothing: "test_a_held_message_holds_its_key_only_and_is_followed_in_order",
    VoidsTheWholeCommit: "test_a_lost_lane_voids_only_its_own_part_of_a_commit",
    CountsNothing: "test_counts_are_exact_when_destinations_finish_at_the_same_moment",
}


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
async def test_a_broken_journal_is_caught(postgres_url: str, kind: type[Journal]) -> None:
    journal = kind(postgres_url)
    await journal.open()
    try:
        with pytest.raises((AssertionError, pytest.fail.Exception, LeaseLost)):
            await getattr(JournalSuite(), BROKEN[kind])(journal)
    finally:
        await journal.close()
