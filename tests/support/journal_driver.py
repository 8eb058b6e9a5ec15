"""The journal as the conformance suite sees it: receipt, two workers that translate and deliver by hand, and people.

Each step does what the runtime does, once and in one task, so that a test (or a random history) decides what happens
when. A saboteur is a subclass with one step done wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hilum import cases
from hilum.connector import Receipt
from hilum.journal import Draft, Reused, reading, receive
from hilum.journal.leases import Leases
from hilum.journal.moves import (
    fence,
    hold_delivery,
    hold_message,
    park_deliveries,
    park_messages,
    unblock,
    wait,
)
from hilum.journal.work import (
    MESSAGE_BODY,
    Done,
    NewDelivery,
    Stream,
    ToDeliver,
    ToTranslate,
    Translated,
    commit_delivered,
    commit_translated,
    take_deliveries,
    take_due,
    take_received,
)
from hilum.message import Priority
from hilum.postgres import Connection, Database
from support.servers import LANES

FLOW = "test.flow"
DESTINATIONS = ("here", "there")
_FLOOR = UUID(int=0)
_STREAMS = [Stream(priority=priority, limit=100) for priority in Priority]
_LEASE = 600.0  # seconds; a worker dies when a test says so, not by the clock


def draft(body: bytes, *, key: str = "", dedup: str = "", flow: str = FLOW, fingerprint: bytes = b"") -> Draft:
    """A message that is about to be stored."""
    return Draft(
        flow=flow, body=body, content_type="text/plain", key=key, dedup_key=dedup,
        fingerprint=(fingerprint or body)[:16].ljust(16, b"\0"),
    )  # fmt: skip


class Journal:
    """One journal, and two workers over it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = Database(url, hot=6, cold=4)
        self.workers = [self._worker("one"), self._worker("two")]
        self.effects: dict[str, list[bytes]] = {name: [] for name in DESTINATIONS}  # bodies as they were noted

    def _worker(self, name: str) -> Leases:
        return Leases(self.database, name, "worker", _LEASE)

    async def open(self) -> None:
        await self.database.open()

    async def close(self) -> None:
        await self.database.close()

    async def reopen(self) -> None:
        """As after a restart of the hub."""
        await self.close()
        self.database = Database(self.url, hot=6, cold=4)
        self.workers = [self._worker("one"), self._worker("two")]
        await self.open()

    # Receipt

    async def receive(self, *drafts: Draft) -> list[Receipt | Reused]:
        async with self.database.hot() as connection:
            return await self.receive_on(connection, drafts)

    async def receive_on(self, connection: Connection, drafts: Sequence[Draft]) -> list[Receipt | Reused]:
        return await receive(connection, drafts, LANES)

    async def body(self, message_id: UUID, ordinal: int = MESSAGE_BODY) -> bytes | None:
        async with self.database.cold() as connection:
            return await reading.body(connection, message_id, ordinal)

    async def state(self, message_id: UUID) -> str:
        async with self.database.cold() as connection:
            row = await reading.message(connection, message_id)
        return row.state if row else ""

    # Workers

    async def lead(self, worker: int) -> None:
        """This worker holds all lanes from now on; the other one is silent."""
        async with self.database.cold() as connection:
            await connection.execute(
                "UPDATE worker SET seen_at = now() - interval '1 day' WHERE id = %s", [self.workers[1 - worker].id]
            )
        await self.workers[worker].heartbeat()

    async def seize(self, lane: int) -> None:
        """A third worker has this lane from now on."""
        async with self.database.cold() as connection:
            await connection.execute(
                "UPDATE lane SET holder = %s, epoch = epoch + 1 WHERE lane = %s", [UUID(int=3), lane]
            )

    async def take(self, worker: int = 0, flows: Sequence[str] = (FLOW,), limit: int = 100) -> list[ToTranslate]:
        async with self.database.hot() as connection:
            return await take_received(
                connection, priority=Priority.NORMAL, flows=flows, lanes=list(self.workers[worker].held),
                floor=_FLOOR, limit=limit,
            )  # fmt: skip

    async def translate(self, worker: int, taken: Sequence[ToTranslate], fails: Sequence[UUID] = ()) -> None:
        """What the translator does with a batch; the messages in `fails` cannot be translated."""
        done, blocked, behind = [], set(), []
        for one in taken:
            if one.behind or (one.key and one.key in blocked):
                behind.append(one)
            elif one.id in fails:
                blocked.add(one.key)
                await self.hold_message(worker, one)
            else:
                done.append(await self._translated(one))
        if done:
            async with self.database.transaction() as connection:
                noted = await self.commit_translated(connection, worker, done)
                for result in done:
                    if result.taken.id in noted and result.taken.head is not None:
                        await self.unblock(connection, result.taken.stage, result.taken.key, result.taken.id, -1)
        if behind:
            async with self.database.transaction() as connection:
                await park_messages(connection, behind)

    async def _translated(self, one: ToTranslate) -> Translated:
        body = await self.body(one.id)
        assert body is not None
        made = [
            NewDelivery(
                destination=name, operation="", idempotency_key=f"{one.id}.{name}", content_type="text/plain",
                headers={}, body=body,
            )
            for name in DESTINATIONS
        ]  # fmt: skip
        return Translated(taken=one, deliveries=made, identifiers={one.key})

    async def commit_translated(self, connection: Connection, worker: int, done: Sequence[Translated]) -> set[UUID]:
        return await commit_translated(connection, self.workers[worker], done)

    async def hold_message(self, worker: int, one: ToTranslate) -> None:
        async with self.database.transaction() as connection:
            await fence(connection, self.workers[worker], {one.lane})
            await hold_message(connection, one, blocks=True)

    async def unblock(self, connection: Connection, stage: str, key: str, message_id: UUID, ordinal: int) -> None:
        await unblock(connection, stage, key, message_id, ordinal)

    async def pending(self, worker: int, destination: str) -> list[ToDeliver]:
        """What this worker may deliver now: at most one of each key; what must wait is parked."""
        lanes = list(self.workers[worker].held)
        async with self.database.hot() as connection:
            due = await take_due(connection, destination, _STREAMS, lanes=lanes, floor=_FLOOR)
            batch, _ = await take_deliveries(connection, destination, _STREAMS, lanes=lanes, floor=_FLOOR)
        async with self.database.transaction() as connection:
            await park_deliveries(connection, destination, [one for one in batch if one.behind])
        firsts: dict[object, ToDeliver] = {}
        for one in [*due, *(one for one in batch if not one.behind)]:
            firsts.setdefault(one.key or one.ref, one)
        return list(firsts.values())

    async def delivered(self, worker: int, taken: Sequence[ToDeliver]) -> int:
        """The receiver has taken these; returns how many were noted."""
        if not taken:
            return 0
        done = [Done(taken=one, reference="r", words="") for one in taken]
        async with self.database.transaction() as connection:
            noted = await commit_delivered(connection, self.workers[worker], done)
            for one in taken:
                if one.ref in noted and one.key and (one.waiting or one.head is not None):
                    await self.unblock(connection, one.destination, one.key, *one.ref)
        for one in taken:
            if one.ref in noted:
                self.effects[one.destination].append(await self.body(*one.ref) or b"")
        return len(noted)

    async def wait(self, worker: int, one: ToDeliver) -> None:
        """The receiver could not take it now; its time to be repeated has come at once."""
        async with self.database.transaction() as connection:
            await fence(connection, self.workers[worker], {one.lane})
            await wait(connection, one, seconds=0, outcome="TryAgain", words="busy", milliseconds=1, worker="test")

    async def hold_delivery(self, worker: int, one: ToDeliver) -> None:
        """The receiver refuses it."""
        async with self.database.transaction() as connection:
            await fence(connection, self.workers[worker], {one.lane})
            await hold_delivery(
                connection, one, blocks=True, outcome="Rejected", words="no", milliseconds=1, worker="test"
            )

    # People

    async def replay(self, message_id: UUID) -> int:
        async with self.database.transaction() as connection:
            return await cases.apply(connection, await cases.plan(connection, [message_id]), actor="eva", reason="why")

    async def discard(self, message_id: UUID) -> None:
        async with self.database.transaction() as connection:
            await cases.discard(connection, message_id, actor="eva", reason="why")
