"""Group commit: what all sources of this process hand over while one commit is under way goes into the next one.

Only after the commit is anything acknowledged. One commit at a time, so that the order of receipt is the order of the
journal; the batch grows by itself with the load, and a single sender waits for nobody.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hilum.cases import open_case, reused
from hilum.connector import Receipt, Received
from hilum.errors import Busy, DatabaseUnavailable, HilumError, Invalid, trail
from hilum.flow import Flow
from hilum.journal import Draft, Reused, receive
from hilum.journal.tallies import note
from hilum.message import Priority, new_id
from hilum.postgres import Database
from hilum.runtime.observer import Observer
from hilum.runtime.precedence import RANK, Precedence
from hilum.runtime.unread import Unread

log = logging.getLogger("hilum.committer")


_PATIENCE = 2.0
"""Seconds that a source waits for room while nothing moves; while commits go on it waits as long as it takes."""

_COMMIT_BYTES = 8 * 1024 * 1024
"""Bytes of bodies after which a commit takes no further message: it is held several times over while it is sent."""

_PARSED_BYTES = 4 * 1024 * 1024
"""Bytes of waiting bodies past which parsed forms, which may take many times as much, are not kept for later."""


@dataclass(slots=True)
class Turn:
    """What a source hands over between two refusals: once one is asked to come again, so are those behind it."""

    ended_by: HilumError | None = None


@dataclass(slots=True)
class Entry:
    """What one sender waits for: one received unit, and a draft for each flow that takes it."""

    received: Received
    source: str  # its address
    drafts: list[tuple[Flow, Draft]]
    parsed: Mapping[str, Any]  # by format: flows that share a source may read it differently
    turn: Turn | None = None  # of a source that keeps its order over refusals
    answers: bool = True  # False: nobody is told of a refusal, so what can never be stored as it is is kept apart
    began: float = field(default_factory=time.monotonic)  # when it was taken from its source

    @property
    def size(self) -> int:
        """Bytes of its body."""
        return len(self.received.body)

    @property
    def priority(self) -> Priority:
        """The most urgent one of its flows'."""
        return min((flow.priority for flow, _ in self.drafts), key=RANK.__getitem__)


Stored = Callable[[Draft, Any], None]
"""Called after the commit, for each message that is new, with its parsed form."""


class Committer:
    """Collects entries and commits them. For one event loop."""

    def __init__(
        self,
        database: Database,
        *,
        lanes: int,
        batch: int,
        max_waiting: int,
        max_waiting_bytes: int,
        stored: Stored,
        observer: Observer | None = None,
        precedence: Precedence,
    ) -> None:
        self._database = database
        self._lanes = lanes
        self.unread = Unread(database, lanes)
        self._batch = batch
        self._max_waiting = max_waiting
        self._max_waiting_bytes = max_waiting_bytes
        self._stored = stored
        self._observer = observer or Observer()
        self._precedence = precedence
        self._waiting: deque[Entry] = deque()
        self._waiting_bytes = 0
        self._bell = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._moved = asyncio.Event()
        self._moved_at = 0.0  # when a batch left the queue, or the first came into it, by the clock of the event loop
        self.commits = 0
        self.messages = 0

    @property
    def waiting(self) -> int:
        """Entries that wait for their commit."""
        return len(self._waiting)

    async def room(self, entry: Entry) -> None:
        """Wait until this one may be submitted. Raises `Busy` where nothing has moved for a while.

        A sender may hand over more at once than may wait here, and would be told busy each time that it tries.
        """
        while self._full(entry):
            self._moved.clear()
            try:
                async with asyncio.timeout_at(self._moved_at + _PATIENCE):
                    await self._moved.wait()
            except TimeoutError:
                raise Busy from None

    def submit(self, entry: Entry) -> None:
        """Hand an entry over; its sender is answered after the commit. Raises `Busy` when too many wait already."""
        if self._full(entry):
            raise Busy
        if not self._waiting:
            self._moved_at = asyncio.get_running_loop().time()
        self._precedence.note(entry.priority)
        self._waiting.append(entry)
        self._waiting_bytes += entry.size
        if self._waiting_bytes > _PARSED_BYTES:
            entry.parsed = {}
        self._idle.clear()
        self._bell.set()

    def _full(self, entry: Entry) -> bool:
        """Must this one wait? One that is larger than all that may wait is let in alone."""
        if not self._waiting:
            return False
        return len(self._waiting) >= self._max_waiting or self._waiting_bytes + entry.size > self._max_waiting_bytes

    def _next(self) -> list[Entry]:
        """The next ones to commit together: at least one."""
        batch = [self._waiting.popleft()]
        size = batch[0].size
        while self._waiting and len(batch) < self._batch and size + self._waiting[0].size <= _COMMIT_BYTES:
            batch.append(self._waiting.popleft())
            size += batch[-1].size
        self._waiting_bytes -= size
        return batch

    async def drained(self) -> None:
        """Wait until everything that was handed over is answered."""
        await self._idle.wait()

    async def run(self) -> None:
        """Commit until cancelled."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            while self._waiting:
                batch = self._next()
                self._moved_at = asyncio.get_running_loop().time()
                self._moved.set()
                await self._commit(batch)
            self._idle.set()

    async def _commit(self, gathered: Sequence[Entry]) -> None:
        batch = await self._in_turn(gathered)
        if not batch:
            return
        drafts = [draft for entry in batch for _, draft in entry.drafts]
        began = time.monotonic()
        try:
            async with self._database.hot() as connection:
                answers = await receive(connection, drafts, self._lanes)
        except DatabaseUnavailable as error:
            await self._refuse(batch, error)
            await self._revive()
            return
        except Exception as error:  # noqa: BLE001 - one that cannot be stored must neither stop the others nor the hub
            await self._set_apart(batch, error)
            return
        self.commits += 1
        self.messages += len(drafts)
        ended = time.monotonic()
        self._observer.committed("receipt", len(drafts), began, ended)
        remaining = iter(answers)
        for entry in batch:
            own = [next(remaining) for _ in entry.drafts]
            self._observer.received(entry, own, ended)
            await self._answer(entry, own)

    async def _in_turn(self, gathered: Sequence[Entry]) -> Sequence[Entry]:
        """Those that nothing before them holds back. The others are refused as the one before them was."""
        batch = []
        for entry in gathered:
            if entry.turn is not None and entry.turn.ended_by is not None:
                await self._refuse([entry], entry.turn.ended_by)
            else:
                batch.append(entry)
        return batch

    async def _answer(self, entry: Entry, answers: Sequence[Receipt | Reused]) -> None:
        receipts = []
        for (flow, draft), answer in zip(entry.drafts, answers, strict=True):
            if isinstance(answer, Reused):
                try:
                    receipts.append(await self._keep_reused(flow, draft, answer))
                except DatabaseUnavailable as error:
                    await self._refuse([entry], error)
                    return
                continue
            if not answer.duplicate and not draft.filtered:
                # of a reduced message the parsed form is that of the original, which nobody is to see any more
                self._stored(draft, entry.parsed.get(flow.format) if draft.size is None else None)
            receipts.append(answer)
        try:
            await entry.received.accept(receipts[0])
        except Exception as error:  # noqa: BLE001 - a defect of one source must not keep the others from their answers
            # It is durable, and the sender was not told: it will send again and be told then.
            log.warning("the acknowledgement could not be sent: %s", type(error).__name__)

    async def _keep_reused(self, flow: Flow, draft: Draft, answer: Reused) -> Receipt:
        """Other content under a known identifier: neither may be lost, so this one waits for a person."""
        draft.id, draft.held, first = new_id(), not draft.filtered, str(answer.first_id)
        draft.headers = {**draft.headers, "reused-key": draft.dedup_key}
        draft.dedup_key = f"{draft.dedup_key}#{draft.fingerprint.hex()}"
        async with self._database.transaction() as connection:
            (stored,) = await receive(connection, [draft], self._lanes)
            # the first attempt counted it as a duplicate, which it is not
            await note(connection, flow.name, "duplicate", entered=-1)
            if draft.held and isinstance(stored, Receipt) and not stored.duplicate:
                await open_case(connection, reused(first), flow=flow.name, declared=flow, message_id=draft.id)
        return stored if isinstance(stored, Receipt) else Receipt(message_id=stored.first_id, duplicate=True)

    async def _set_apart(self, batch: Sequence[Entry], error: Exception) -> None:
        """A batch failed by a defect: commit each by itself, and refuse for good the one that is at fault.

        The text of a foreign error may quote the payload, so only its kind is told.
        """
        if len(batch) > 1:
            for entry in batch:
                await self._commit([entry])
            return
        defect = Invalid(f"The hub cannot store this message ({type(error).__name__}).")
        entry = batch[0]
        if entry.answers or not await self._kept_apart(entry, defect):
            await self._refuse(batch, defect)

    async def _kept_apart(self, entry: Entry, defect: Invalid) -> bool:
        """Its sender would not hear of the refusal, so it is kept for a person. Says whether it is answered now."""
        try:
            receipt = await self.unread.keep(entry.received, entry.drafts[0][0], defect)
        except (Busy, DatabaseUnavailable) as error:
            await self._refuse([entry], error)
            return True
        except Exception as error:  # noqa: BLE001 - not even this way: the source puts it where its people find it
            log.error("a message can be stored in no way: %s", trail(error))
            return False
        await entry.received.accept(receipt)
        return True

    async def _revive(self) -> None:
        try:
            await self._database.revive()
        except DatabaseUnavailable as error:
            log.warning("%s", error)

    async def _refuse(self, batch: Sequence[Entry], error: HilumError) -> None:
        log.warning("%d messages are not acknowledged: %s", len(batch), error)
        for entry in batch:
            if entry.turn is not None and not isinstance(error, Invalid):
                entry.turn.ended_by = error
        for entry in batch:
            self._observer.refused(entry.source, error)
            try:
                await entry.received.refuse(error)
            except Exception as lost:  # noqa: BLE001 - as for the acknowledgement
                log.warning("a refusal could not be sent: %s", type(lost).__name__)
