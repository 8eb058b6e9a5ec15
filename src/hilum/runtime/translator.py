"""Translation: received messages, in the order of receipt, become deliveries; what cannot go on is held with a case."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hilum.cases import classify, open_case
from hilum.errors import DatabaseUnavailable, LeaseLost
from hilum.flow.stakes import all_of
from hilum.journal.moves import fence, hold_message, park_messages, unblock_all
from hilum.journal.payloads import Damaged
from hilum.journal.rules import note_rules
from hilum.journal.text import key_of
from hilum.journal.work import (
    MESSAGE_BODY,
    ToTranslate,
    Translated,
    bodies,
    commit_translated,
    take_received,
)
from hilum.masterdata.sync import note
from hilum.message import Priority
from hilum.postgres import Connection
from hilum.runtime.observer import Translation
from hilum.runtime.precedence import RANK, Standing
from hilum.runtime.settling import Halted, Unsettled
from hilum.runtime.share import Share
from hilum.runtime.translating import Failed, OneMessage

log = logging.getLogger("hilum.translator")

_BATCH_BYTES = 8 * 1024 * 1024
"""Bytes of bodies, read or made, after which a batch takes no further message: what is left is in the next one."""

_BREATHE = 32
"""Messages translated before the event loop gets a turn, so that acknowledgements are not kept waiting."""

_BREATHE_BULK = 8
"""The same for bulk, which also stands back there for what is more urgent."""


class Translator:
    """Translates the messages of one priority in the lanes that this worker holds. One batch at a time."""

    def __init__(self, share: Share, priority: Priority) -> None:
        self._share = share
        self._priority = priority
        self._breathe = _BREATHE_BULK if priority is Priority.BULK else _BREATHE
        self._standing = Standing(share.precedence, RANK[priority])
        self._one = OneMessage(share)
        self.busy: set[int] = set()  # lanes of the batch in hand
        self.translated = 0

    async def step(self) -> None:
        """Take a batch and commit what became of it; or rest."""
        share, bell = self._share, self._share.translate_bells[self._priority]
        lanes, limit = share.lanes, share.batch_of(self._priority)
        if not lanes:
            await share.rest(bell)
            return
        await self._standing.turn()
        async with share.database.hot() as connection:
            batch = await take_received(
                connection,
                priority=self._priority,
                flows=share.switches.translated(share.flows),
                lanes=lanes,
                floor=share.floor,
                limit=limit,
            )
        if batch:
            await self._translate_all(batch)
        if len(batch) < limit:  # that was all; what may have become work meanwhile has rung
            await share.rest_watched(bell, self._priority, share.resting)

    async def _translate_all(self, batch: list[ToTranslate]) -> None:
        portion = _within(batch, _BATCH_BYTES)
        self.busy = {taken.lane for taken in portion}
        self._share.precedence.note(self._priority)
        try:
            whole = await self._process(portion)
        finally:
            self.busy = set()
        if not whole or len(portion) < len(batch):
            self._share.ring_translators(self._priority)

    def reset(self) -> None:
        """Nothing is kept between batches."""
        self.busy = set()

    async def _process(self, batch: Sequence[ToTranslate]) -> bool:
        """Translate, commit, hold. False: not all of it was translated, so there may be more work."""
        found = await self._bodies(batch)
        blocked: set[tuple[str, str]] = set()
        done: list[Translated] = []
        failed: list[Failed] = []
        behind: list[ToTranslate] = []
        runs: list[Translation] = []
        made = 0  # bytes of the deliveries
        for number, taken in enumerate(batch):
            if made > _BATCH_BYTES:
                break
            if number % self._breathe == self._breathe - 1:
                await asyncio.sleep(0)
                await self._standing.turn()
            if taken.behind or (taken.flow, taken.key) in blocked:
                behind.append(taken)
                continue
            began = time.monotonic()
            result = await self._one.translate(taken, *found.get(taken.id, (None, None)))
            runs.append(Translation(taken, began, time.monotonic(), isinstance(result, Failed)))
            if isinstance(result, Translated):
                done.append(result)
                made += sum(len(delivery.body) for delivery in result.deliveries)
                continue
            failed.append(result)
            if taken.key and self._share.flows[taken.flow].on_held == "hold_key":
                blocked.add((taken.flow, taken.key))
        self._share.observer.translated(runs)
        failed += await self._commit_apart(done, behind)
        for one in failed:
            try:
                await self._hold(one)
            except LeaseLost as error:  # its lane only: the others are still ours
                log.info("translate: %s", error)
        if behind:
            async with self._share.database.transaction() as connection:
                await park_messages(connection, behind)
        return len(done) == len(batch) and not failed

    async def _commit_apart(self, done: Sequence[Translated], behind: list[ToTranslate]) -> list[Failed]:
        """Commit them together; where that fails by a defect, one by one, so that only what is at fault is held.

        Those of its key join `behind`. Raises `LeaseLost`, `DatabaseUnavailable`.
        """
        if not done:
            return []
        try:
            return await self._commit(done, behind)
        except (LeaseLost, DatabaseUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - what one flow made must not stop the others
            if len(done) == 1:
                return [Failed(done[0].taken, error, set(), rules=done[0].rules)]
        failed: list[Failed] = []
        for one in done:
            if any((one.taken.flow, one.taken.key) == (f.taken.flow, f.taken.key) for f in failed if f.taken.key):
                behind.append(one.taken)
            else:
                failed += await self._commit_apart([one], behind)
        return failed

    async def _bodies(self, batch: Sequence[ToTranslate]) -> dict[Any, tuple[bytes | Damaged, Any]]:
        """Bodies by message id, with the parsed form where it is at hand."""
        found: dict[Any, tuple[bytes | Damaged, Any]] = {}
        missing = []
        for taken in batch:
            kept = self._share.cache.take((taken.id, MESSAGE_BODY))
            if kept is not None:
                found[taken.id] = kept
            else:
                missing.append((taken.id, MESSAGE_BODY))
        if missing:
            async with self._share.database.hot() as connection:
                for (message_id, _), body in (await bodies(connection, missing)).items():
                    found[message_id] = (body, None)
        return found

    async def _commit(self, done: Sequence[Translated], behind: list[ToTranslate]) -> list[Failed]:
        """Commit them; those that ownership holds are returned, and those of their keys join `behind`."""
        share = self._share
        began = time.monotonic()
        failed: list[Failed] = []
        with share.horizon.routing(min(one.taken.seq for one in done), self._priority):
            if self._simple(done):
                async with share.database.hot() as connection:
                    noted = await commit_translated(connection, share.leases, done)
            else:
                later: list[ToTranslate] = []  # joins `behind` when this is committed: if it is not, it is done again
                async with share.database.transaction() as connection:
                    if any(isinstance(one, Unsettled) for one in done):
                        done, failed = await self._settle(connection, done, later)
                    noted = await self._commit_in(connection, done) if done else set()
                    _whole(done, noted)
                behind += later
                share.ring_translators(self._priority)  # what waited behind these, and reports about them
        share.observer.committed("translate", len(noted), began, time.monotonic())
        self.translated += len(noted)
        share.precedence.note(self._priority)
        for one in done:
            if one.taken.id not in noted:
                continue  # another worker's translation is in the journal, with bodies of its own
            for n, delivery in enumerate(one.deliveries):
                share.cache.put((one.taken.id, one.taken.next_ordinal + n), delivery.body)
                share.ring(delivery.destination)
        return failed

    async def _settle(
        self, connection: Connection, done: Sequence[Translated], behind: list[ToTranslate]
    ) -> tuple[Sequence[Translated], list[Failed]]:
        """Match and judge; returns those that go on and those that are held. What is behind these joins `behind`."""
        failed: list[Failed] = []
        for settle in (self._share.arrivals.settle, self._share.stewardship.settle):
            held = [_halted(each) for each in await settle(connection, done)]
            done = self._not_held(done, held, behind)
            failed += held
        return done, failed

    def _not_held(
        self, done: Sequence[Translated], failed: Sequence[Failed], behind: list[ToTranslate]
    ) -> list[Translated]:
        """Those that go on: not the held ones, and not what is behind one of them in its key."""
        held = {one.taken.id for one in failed}
        blocked: set[tuple[str, str]] = set()
        going: list[Translated] = []
        for one in done:
            taken, flow = one.taken, self._share.flows[one.taken.flow]
            if taken.id in held:
                if taken.key and flow.on_held == "hold_key":
                    blocked.add((taken.flow, taken.key))
            elif (taken.flow, taken.key) in blocked:
                behind.append(taken)
            else:
                one.late = not one.deliveries and self._share.late(taken.flow, taken.id)
                going.append(one)
        return going

    def _simple(self, done: Sequence[Translated]) -> bool:
        """Is there nothing to be done in the transaction besides the one statement?"""
        return not any(
            isinstance(one, Unsettled)
            or one.taken.head is not None
            or (not one.deliveries and self._share.reporter.wants(one.taken.flow))
            for one in done
        )

    async def _commit_in(self, connection: Connection, done: Sequence[Translated]) -> set[UUID]:
        """Note them, free the keys that they blocked, and tell the senders of those that are completed."""
        share = self._share
        noted = await commit_translated(connection, share.leases, done)
        going = [one for one in done if one.taken.id in noted]
        heads = [one.taken for one in going if one.taken.head is not None]
        for stage in sorted({taken.stage for taken in heads}):
            refs = [(taken.key, (taken.id, MESSAGE_BODY)) for taken in heads if taken.stage == stage]
            await unblock_all(connection, stage, refs)
        for one in going:
            if not one.deliveries and share.reporter.wants(one.taken.flow):
                await share.reporter.settled(connection, one.taken.id, "completed")
        return noted

    async def _hold(self, failed: Failed) -> None:
        taken, share = failed.taken, self._share
        flow = share.flows[taken.flow]
        async with share.database.transaction() as connection:
            error: Exception | None = failed.error
            if failed.doubt is not None:
                error = await share.arrivals.ask(connection, flow.name, failed.doubt)
            if error is None:  # it was answered in this moment, and is translated again
                return
            finding = classify(error)
            await fence(connection, share.leases, {taken.lane})
            if not await hold_message(connection, taken, blocks=flow.on_held == "hold_key"):
                return
            if taken.endless:  # a replay is tried again: the flow may have been corrected
                await connection.execute("DELETE FROM endless_translation WHERE message_id = %s", [taken.id])
            await note(connection, failed.notes)
            await note_rules(connection, taken.id, failed.rules)
            await open_case(connection, finding, flow=flow.name, declared=flow, message_id=taken.id, stake=failed.stake)
            await connection.cursor().executemany(
                "INSERT INTO identifier (value, message_id) VALUES (%s, %s)",
                [(value, taken.id) for value in sorted(map(key_of, failed.identifiers))],
            )
            await share.reporter.settled(connection, taken.id, "held", finding.title)
        share.observer.held(taken, finding.category)


def _whole(done: Sequence[Translated], noted: set[UUID]) -> None:
    """What was matched or judged must not be kept of a message whose deliveries are not: they would never be made.

    Raises `LeaseLost`: what is still ours is read and judged again.
    """
    if any(isinstance(one, Unsettled) and one.taken.id not in noted for one in done):
        raise LeaseLost("Some of the lanes of these messages are held by another worker now.")


def _within(batch: list[ToTranslate], size: int) -> list[ToTranslate]:
    """The first ones whose bodies have so many bytes together; at least one."""
    for number, taken in enumerate(batch):
        size -= taken.size
        if size < 0:
            return batch[: max(number, 1)]
    return batch


def _halted(each: Halted) -> Failed:
    result = each.result
    stake = all_of(one.stake for one in result.yielded)
    return Failed(result.taken, each.error, result.identifiers, each.notes, result.rules, each.doubt, stake)
