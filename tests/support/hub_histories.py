"""Histories of whole hubs as lists of steps, small enough to be read: what hypothesis draws, carries out and shortens.

Two hubs share one database and two far sides. What happens to a message is its fate, which it carries with it, so that
the same steps always mean the same, whatever the hubs do at the same time.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import orjson

from hilum import cases
from hilum.connector import Receipt, Traits
from hilum.ending import cancel_all
from hilum.errors import Down, Invalid, Rejected, TryAgain, Unsure
from hilum.flow import Lookup
from hilum.flow.retry import Retry
from hilum.journal import reading
from hilum.message import Delivery, Outcome
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.settings import DestinationSettings
from support.doubles import Answer, Feed, Receiver, takes_all
from support.hub_steps import HELD_AT, KEYS, PLACES, Step, permitted
from support.looks import assert_sound, rows, states
from support.projects import make_flow, make_project, order
from support.servers import LANES, Databases

PATIENCE = 8.0
"""Seconds in which nothing changes in the journal, after which nothing will. Only a failing history waits so long."""

_RETRY = Retry(attempts=10, first_wait=0.03, longest_wait=0.1)
_LIMITS = DestinationSettings(first_pause_seconds=0.05, longest_pause_seconds=0.1, drain_seconds=0, gather_ms=40)
_TIMES = 2  # calls at which a busy receiver is busy


class Far(Receiver):
    """A receiver that does with each message what its fate says, and sees whether attempts are used up for nothing."""

    def __init__(self, history: History) -> None:
        super().__init__(self.answer)
        self.history = history
        self.down = False
        self.calls: Counter[str] = Counter()  # by idempotency key, without those at which it was down

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        for each in batch:
            if each.attempt > self.calls[each.idempotency_key] + 1:
                self.history.faults.append(f"{each.destination} was down, and that used up an attempt")
        if self.down:
            raise Down("maintenance")
        self.calls.update(each.idempotency_key for each in batch)
        self.spoil(batch)
        return await super().deliver(batch)

    def spoil(self, batch: Sequence[Delivery]) -> None:
        """Raises what fails the batch as a whole, if something does."""

    async def answer(self, delivery: Delivery) -> Outcome:
        await asyncio.sleep(zlib.crc32(delivery.body) % 4 / 1000)  # some are quicker than others
        calls = self.calls[delivery.idempotency_key]
        match self.history.fate(delivery.body):
            case "busy" if calls <= _TIMES:
                return TryAgain("busy")
            case "lost" if calls == 1:
                self.take(delivery)
                return Unsure("the answer was lost")
            case "refused" if delivery.destination == HELD_AT["refused"]:
                return Rejected("test.no", "No.")
        return takes_all(delivery)


class FarBatching(Far):
    """One that takes ten at once, and that some messages fail as a whole."""

    traits: ClassVar[Traits] = Traits(batch_limit=10, deduplicates=True)

    def spoil(self, batch: Sequence[Delivery]) -> None:
        fates = [(self.history.fate(each.body), self.calls[each.idempotency_key]) for each in batch]
        if any(fate == "poison" for fate, _ in fates):
            raise Rejected("test.no", "One of these is wrong.")
        if any(fate == "jam" and calls <= _TIMES for fate, calls in fates):
            raise TryAgain("One of these cannot be taken now.")


class Member:
    """One of the hubs, with the senders' connections to it."""

    def __init__(self, hub: Hub, database: Database, feeds: dict[str, Feed]) -> None:
        self.hub = hub
        self.database = database
        self.feeds = feeds
        self._outstanding: set[asyncio.Future[Answer]] = set()

    async def send(self, flow: str, thing: Any) -> Answer:
        """Raises `ConnectionResetError` where the hub is killed before it answers."""
        answer = self.feeds[flow].offer(thing)
        self._outstanding.add(answer)
        try:
            return await answer
        finally:
            self._outstanding.discard(answer)

    async def stop(self) -> None:
        await self.hub.stop()
        await self.database.close()

    async def kill(self) -> None:
        """As `kill -9` would: nothing is finished, committed, given back or answered."""
        hub = self.hub
        await cancel_all([task for task in (hub._working, *hub._intakes, *hub._tasks) if task is not None])
        if hub._watchdog is not None:  # a thread, which would look on
            hub._watchdog.stop()
        await self.database.close()
        for answer in self._outstanding:
            if not answer.done():
                answer.set_exception(ConnectionResetError())


class History:
    """One history, from an empty journal to its end. The methods that `histories` names are its steps."""

    def __init__(self, url: str, folder: Path, *, patience: float = PATIENCE) -> None:
        self.url = url
        self.folder = folder
        self.patience = patience
        self.far: dict[str, Far] = dict(zip(PLACES, (Far(self), FarBatching(self)), strict=True))
        self.people = Database(url, hot=1, cold=3)
        self.members: list[Member] = []
        self.started = 0
        self.sent: dict[str, list[str]] = defaultdict(list)  # fates, by key
        self.accepted: list[tuple[str, dict[str, Any], UUID]] = []  # flow, message, id
        self.queues: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self.senders: list[asyncio.Task[None]] = []
        self.seen_to: set[str] = set()  # ids of messages that a person has seen to
        self.calm = False  # everything is seen to
        self.gone: dict[str, set[tuple[str, int]]] = {place: set() for place in PLACES}
        self.faults: list[str] = []  # what the far sides say is wrong

    def fate(self, body: bytes) -> str:
        """What happens to this message now."""
        message = orjson.loads(body)
        fate = str(message["fate"])
        return "ok" if fate in HELD_AT and (self.calm or message["id"] in self.seen_to) else fate

    def translate(self, parsed: dict[str, Any], _: Lookup) -> dict[str, Any]:
        if self.fate(orjson.dumps(parsed)) == "unread" and not parsed.get("edited"):
            raise Invalid("not yet")
        return parsed

    # Hubs

    async def start(self) -> None:
        self.started += 1
        feeds = {name: Feed(f"{name}{self.started}") for name in ("hold_key", "pass")}
        flows = [
            make_flow(
                feed, *self.far.values(), name=f"test.{name}", translate=self.translate, on_held=name, retry=_RETRY
            )
            for name, feed in feeds.items()
        ]
        database = Database(self.url)
        await database.open()
        worker = {"lease_seconds": 0.75, "batch": 20, "parallel": 4}
        project = make_project(self.folder, *flows, worker=worker, destinations=dict.fromkeys(PLACES, _LIMITS))
        hub = Hub(project, database, roles=("listener", "worker"))
        self.members.append(Member(hub, database, feeds))
        await hub.start()

    async def kill(self, which: int) -> None:
        await self.members.pop(which).kill()
        await self.start()

    # Far sides

    async def down(self, place: str) -> None:
        self.far[place].down = True

    async def up(self, place: str) -> None:
        self.far[place].down = False

    # Senders

    async def send(self, key: str, fates: Sequence[str]) -> None:
        """The sender of this key has these to send, one after the other, each until it is accepted."""
        if key not in self.queues:
            self.queues[key] = asyncio.Queue()
            self.senders.append(asyncio.create_task(self._send_all(KEYS[key], self.queues[key])))
        for fate in fates:
            self.queues[key].put_nowait(order(len(self.sent[key]), key, fate=fate))
            self.sent[key].append(fate)

    async def _send_all(self, flow: str, queue: asyncio.Queue[dict[str, Any]]) -> None:
        while True:
            message = await queue.get()
            receipt = await self._until_accepted(flow, message)
            self.accepted.append((flow, message, receipt.message_id))
            queue.task_done()

    async def _until_accepted(self, flow: str, message: dict[str, Any]) -> Receipt:
        number = int(message["n"])
        while True:
            number += 1
            if self.members:
                with suppress(ConnectionResetError):
                    answer = await self.members[number % len(self.members)].send(flow, message)
                    if isinstance(answer, Receipt):
                        return answer
            await asyncio.sleep(0.01)

    async def again(self, number: int) -> None:
        """A sender that did not get its answer sends an earlier message once more."""
        if number < len(self.accepted):
            flow, message, first = self.accepted[number]
            receipt = await self._until_accepted(flow, message)
            if receipt != Receipt(message_id=first, duplicate=True):
                self.faults.append(f"{message['id']} was sent again and taken as new")

    # People

    async def decide(self, number: int, act: str) -> None:
        """A person looks at something that is held and does something with it."""
        found = await rows(
            self.people,
            "SELECT DISTINCT seq, id, state::text FROM message m WHERE state = 'held' OR EXISTS (SELECT 1 FROM delivery"
            " d WHERE d.message_id = m.id AND d.state = 'held') ORDER BY seq",
        )
        if number >= len(found):
            return
        _, message_id, state = found[number]
        with suppress(cases.NotPossible):
            if act == "discard":
                await self._discard(message_id)
            elif act == "edit" and state == "held":
                await self._edit(message_id)
            else:
                await self._replay(message_id)

    async def repeat(self, number: int) -> None:
        """A person replays something that was done."""
        done = await rows(self.people, "SELECT id FROM message WHERE state = 'completed' ORDER BY seq LIMIT 4")
        if number < len(done):
            await self._replay(done[number][0])

    async def _replay(self, message_id: UUID) -> None:
        self.seen_to.add((await self._message(message_id))["id"])
        async with self.people.transaction() as connection:
            await cases.apply(connection, await cases.plan(connection, [message_id]), actor="eva", reason="seen to")

    async def _discard(self, message_id: UUID) -> None:
        message = await self._message(message_id)
        async with self.people.transaction() as connection:
            row = await reading.message(connection, message_id)
            places = {d.destination for d in await reading.deliveries(connection, message_id) if d.state == "held"}
            await cases.discard(connection, message_id, actor="eva", reason="not needed")
        for place in PLACES if row is not None and row.state == "held" else places:
            self.gone[place].add((message["key"], message["n"]))

    async def _edit(self, message_id: UUID) -> None:
        body = orjson.dumps({**await self._message(message_id), "edited": True})
        async with self.people.transaction() as connection:
            edit = cases.Edit(message_id=message_id, body=body, actor="eva", reason="typing error", lanes=LANES)
            await cases.resubmit(connection, edit)

    async def _message(self, message_id: UUID) -> dict[str, Any]:
        async with self.people.cold() as connection:
            return dict(orjson.loads(await reading.body(connection, message_id, -1) or b""))

    # The whole

    async def live(self, steps: Sequence[Step]) -> None:
        """Carry these out, bring everything to its end, and compare. Raises `AssertionError`."""
        await self.people.open()
        try:
            await asyncio.gather(self.start(), self.start())
            for name, *values in steps:
                await getattr(self, str(name))(*values)
            await self._finish()
            self._check()
            await self._check_cases()
            await assert_sound(self.people)
        finally:
            await cancel_all(self.senders)
            await asyncio.gather(*(member.stop() for member in self.members))
            await self.people.close()

    async def rest(self) -> None:
        """Until nothing can go on: all is done, held, behind what is held, or for a receiver that is left alone."""

        async def rests() -> bool:
            if any(queue._unfinished_tasks for queue in self.queues.values()):  # type: ignore[attr-defined]
                return False
            moving = {place for (place,) in await rows(self.people, _MOVING)}
            if any(place not in self.far or not self.far[place].down for place in moving):
                return False
            left_alone = await rows(self.people, "SELECT destination FROM breaker WHERE state <> 'closed'")
            return moving <= {place for (place,) in left_alone}

        await self._until(rests, "comes to rest")

    async def _finish(self) -> None:
        """Nothing fails any more, and people replay what is held: then everything ends."""
        for far in self.far.values():
            far.down = False
        await self.rest()
        self.calm = True

        async def ended() -> bool:
            held = await rows(self.people, "SELECT DISTINCT message_id FROM exception_case WHERE closed_at IS NULL")
            for (message_id,) in held:
                await self._replay(message_id)
            return not held and set(await states(self.people)) <= {"completed", "discarded"}

        await self._until(ended, "ends")

    async def _until(self, condition: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait as long as something changes in the journal."""
        loop = asyncio.get_running_loop()
        seen, since = None, loop.time()
        while not await condition():
            assert not self.faults, self.faults
            found = (await rows(self.people, _PROGRESS), len(self.accepted))
            if found != seen:
                seen, since = found, loop.time()
            assert loop.time() - since < self.patience, f"it never {what}: {await states(self.people)}"
            await asyncio.sleep(0.01)
        assert not self.faults, self.faults

    def _check(self) -> None:
        for place, far in self.far.items():
            for key, fates in self.sent.items():
                found = far.numbers(key)
                gone = {number for name, number in self.gone[place] if name == key}
                passes = [n for n, fate in enumerate(fates) if fate in HELD_AT] if KEYS[key] == "pass" else []
                told = f"{place} {key!r}: {found} of {fates}, ended by a person: {gone}"
                assert permitted(len(fates), found if key else sorted(found), gone, passes=passes), told

    async def _check_cases(self) -> None:
        """Only what must be held was ever held: neither one that was with it in a batch, nor for want of attempts."""
        for message_id, place in await rows(self.people, "SELECT message_id, destination FROM exception_case"):
            message = await self._message(message_id)
            assert HELD_AT.get(message["fate"]) == place, f"held at {place or 'the translation'}: {message}"


_MOVING = (
    "SELECT '' FROM message WHERE work_lane IS NOT NULL"
    " UNION ALL SELECT destination FROM delivery d WHERE state IN ('pending', 'waiting') AND NOT EXISTS"
    " (SELECT 1 FROM parked p WHERE p.message_id = d.message_id AND p.ordinal = d.ordinal)"
)
_PROGRESS = (
    "SELECT 'message', '', state::text, count(*), 0 FROM message GROUP BY state"
    " UNION ALL SELECT 'delivery', destination, state::text, count(*), sum(attempts) FROM delivery GROUP BY 2, 3"
    " UNION ALL SELECT 'parked', stage, '', count(*), 0 FROM parked GROUP BY stage ORDER BY 1, 2, 3"
)


def live(databases: Databases, folder: Path, steps: Sequence[Step], *, patience: float = PATIENCE) -> None:
    """One history in a database of its own. Raises `AssertionError` where it is none that the model permits."""
    with databases.migrated() as url, asyncio.Runner() as runner:
        runner.run(History(url, folder, patience=patience).live(steps))
