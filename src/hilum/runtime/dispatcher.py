"""Delivery: one dispatcher for each destination and worker.

It reads in order, keeps several calls under way, commits the outcomes together, and does with each failure what its
class says.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass

from hilum.connector import Destination
from hilum.ending import cancel_all
from hilum.errors import DatabaseUnavailable, Down, LeaseLost, Rejected, Unsure, trail
from hilum.journal.moves import unblock_all
from hilum.journal.payloads import Damaged, Ref
from hilum.journal.work import Done, ToDeliver, bodies, commit_delivered
from hilum.message import Delivered, Outcome
from hilum.runtime.admission import Admission
from hilum.runtime.calling import Calling
from hilum.runtime.effort import EffortLog
from hilum.runtime.failures import Failures
from hilum.runtime.feed import Feed
from hilum.runtime.ledger import Ledger
from hilum.runtime.precedence import RANK, RANKS, Standing
from hilum.runtime.resting import Resting
from hilum.runtime.share import Share, keep_going
from hilum.runtime.turns import Turns

log = logging.getLogger("hilum.dispatcher")

_CALLERS_OF_BATCHES = 5  # calls under way to a destination that takes batches: so each batch has time to fill
_AFTER_DEFECT = 0.5  # seconds
_IDLE = 0.5  # seconds after which a caller that may not take what there is looks again, if nobody wakes it
_NOTHING = 5.0  # the same where there is nothing: whatever comes wakes as many callers as it needs
_NO_RESULT = 1.0  # seconds between two looks whether it has ended, where nothing is to be committed
_STOOD_BACK = 0.005  # seconds until what stands back looks again


@dataclass(slots=True)
class _Result:
    taken: ToDeliver
    outcome: Outcome
    milliseconds: int


class Dispatcher:
    """Delivers to one destination what is pending in the lanes that this worker holds."""

    def __init__(self, share: Share, name: str, destination: Destination) -> None:
        self._share = share
        self.name = name
        self._batch_limit = destination.traits.batch_limit
        limits = share.limits_of(name)
        usual = share.settings.parallel if self._batch_limit == 1 else _CALLERS_OF_BATCHES
        self._callers = limits.parallel or usual
        self._gather_seconds = limits.gather_ms / 1000 if self._batch_limit > 1 else 0.0
        traits = destination.traits
        self._destination = destination
        self._effort = EffortLog(share.database, name, destination)
        self._ledger = Ledger(share.database, share.leases, name, destination) if traits.ledger else None
        self._calling = Calling(name, destination, self._ledger)
        self._admission = Admission(share.database, share.leases, name, limits, share.hours.get(name))
        self._feed = Feed(share, name, self._batch_limit)
        self._window = self._feed.window
        self._turns = Turns(self._callers, share.precedence)
        self._committing = [Standing(share.precedence, rank) for rank in RANKS]
        self._results: tuple[list[_Result], ...] = tuple([] for _ in RANKS)  # to be committed, by priority
        self._results_bell = asyncio.Event()
        self._resting = Resting()
        self._failures = Failures(share, name, destination, self._ledger)
        share.bells[name] = asyncio.Event()
        self.delivered = 0

    @property
    def busy_lanes(self) -> set[int]:
        """Lanes in which something is under way."""
        return self._window.busy_lanes

    @property
    def idle(self) -> bool:
        """Is nothing under way, and nothing left to commit?"""
        return not self._window.under_way and not any(self._results)

    async def run(self) -> None:
        """Deliver until the worker stops; then until what is under way is committed, or the task is cancelled."""
        share = self._share
        feeding = asyncio.create_task(keep_going(share, f"{self.name} feed", self._fill, self._feed.reset))
        calling = [asyncio.create_task(self._call_until_stopped()) for _ in range(self._callers)]
        flushing = asyncio.create_task(self._flush_until_idle(feeding))
        try:
            await feeding
            self._resting.wake_all()
            _, late = await asyncio.wait(calling, timeout=share.settings.stop_seconds)
            await cancel_all(late)
            await asyncio.gather(*calling, return_exceptions=True)
            self._results_bell.set()
            await flushing
        finally:
            for task in (feeding, flushing, *calling):
                task.cancel()

    async def _fill(self) -> None:
        share, bell = self._share, self._share.bells[self.name]
        if not share.lanes or await self._admission.shut():
            if self._window.ready:  # it stays in the journal: nothing is kept in hand that may not be sent
                self._feed.reset()
            await share.rest(bell)
            return
        fresh, full = await self._feed.read()
        if fresh:
            self._resting.wake(self._window.ready)
        if self._feed.stood_back:
            await share.rest(bell, _STOOD_BACK)
        elif not full and (fresh or self._window.ready or self._window.under_way):
            await share.rest(bell)
        elif not full:
            await share.rest_watched(bell, self.name, share.watched)

    def lost(self, lanes: Collection[int]) -> None:
        """Another worker had these lanes since they were read: what is known of them may be out of date."""
        self._feed.lost(lanes)

    # Calling

    async def _call_until_stopped(self) -> None:
        share = self._share
        while not share.stopping.is_set():
            try:
                rank, taken, rest = await self._begin()
            except DatabaseUnavailable as error:
                log.warning("%s: %s", self.name, error)
                rank, taken, rest = 0, [], _AFTER_DEFECT
            if not taken:
                await self._resting.rest(rest)
                continue
            if self._window.ready:
                self._resting.wake(1)
            self._turns.began(rank)
            try:
                await self._call(taken)
            finally:
                self._turns.ended(rank)

    async def _begin(self) -> tuple[int, list[ToDeliver], float]:
        """What the next call takes: how urgent it is, and the deliveries; or for how many seconds there is nothing.

        Raises `DatabaseUnavailable`.
        """
        if not self._window.ready:
            return 0, [], _NOTHING
        if self._gather_seconds and not self._window.ready_at(0) and self._window.ready < self._batch_limit:
            await asyncio.sleep(self._gather_seconds)
        limit = await self._admission.room(min(self._batch_limit, self._destination.portion()), self._window.under_way)
        if not limit:
            return 0, [], self._admission.wait
        rest = _IDLE
        for rank in self._turns.order():
            if not self._window.ready_at(rank):
                continue
            if self._turns.stands_back(rank):
                rest = _STOOD_BACK
                continue
            if taken := self._window.begin(limit, self._share.lanes, rank):
                self._admission.began(len(taken))
                for priority in {one.priority for one in taken} if len(taken) > 1 else (taken[0].priority,):
                    self._share.precedence.note(priority)
                return rank, taken, 0.0
        return 0, [], rest

    async def _call(self, taken: Sequence[ToDeliver]) -> None:
        started = time.monotonic()
        try:
            outcomes = await self._outcomes(taken)
        except DatabaseUnavailable as error:
            log.warning("%s: %s", self.name, error)
            for one in taken:
                self._window.finished(one, go_on=False)
            return
        except asyncio.CancelledError:
            # The hub stops and this call took too long: it may have been done.
            self._note(taken, [Unsure("The hub stopped while the answer was outstanding.")] * len(taken), started)
            raise
        except Exception as error:  # noqa: BLE001 - one that ends here would deliver nothing any more, unseen
            log.error("%s: a defect before the call; going on: %s", self.name, trail(error))
            for one in taken:
                self._window.finished(one, go_on=False)
            await asyncio.sleep(_AFTER_DEFECT)
            return
        self._note(taken, outcomes, started)

    def _note(self, taken: Sequence[ToDeliver], outcomes: Sequence[Outcome], started: float) -> None:
        ended = time.monotonic()
        self._share.observer.called(self.name, taken, outcomes, started, ended)
        milliseconds = int((ended - started) * 1000)
        for one, outcome in zip(taken, outcomes, strict=True):
            self._results[RANK[one.priority]].append(_Result(one, outcome, milliseconds))
        self._results_bell.set()

    async def _outcomes(self, taken: Sequence[ToDeliver]) -> Sequence[Outcome]:
        """One for each; those whose body is gone are not sent, and stop none of the others."""
        found = await self._bodies(taken)
        outgoing = self._share.observer.outgoing
        batch = [outgoing(one.delivery(body)) for one in taken if isinstance(body := found.get(one.ref), bytes)]
        answers = iter(await self._calling.outcomes(batch) if batch else ())
        return [next(answers) if isinstance(body := found.get(one.ref), bytes) else _gone(body) for one in taken]

    async def _bodies(self, taken: Sequence[ToDeliver]) -> Mapping[Ref, bytes | Damaged]:
        found: dict[Ref, bytes | Damaged] = {}
        for one in taken:
            if kept := self._share.cache.take(one.ref):
                found[one.ref] = kept[0]
        missing = [one.ref for one in taken if one.ref not in found]
        if missing:
            async with self._share.database.hot() as connection:
                found |= await bodies(connection, missing)
        return found

    # Committing

    async def _flush_until_idle(self, feeding: asyncio.Task[None]) -> None:
        while not (feeding.done() and self.idle):
            await self._share.rest(self._results_bell, _NO_RESULT)
            while any(self._results):
                await self._flush(await self._next_results())
            await self._effort.write()
        await self._effort.write(now=True)

    async def _next_results(self) -> list[_Result]:
        """What is committed next: outcomes of the most urgent priority that has any."""
        while True:
            rank = next(rank for rank in RANKS if self._results[rank])
            if self._committing[rank].may():
                break
            await asyncio.sleep(_STOOD_BACK)
        results = self._results[rank]
        limit = self._share.batch_of(results[0].taken.priority)
        chosen = results[:limit]
        del results[:limit]
        return chosen

    async def _flush(self, results: Sequence[_Result]) -> None:
        """Commit outcomes. What cannot be committed is forgotten here: the journal still has it as it was."""
        done = [r for r in results if isinstance(r.outcome, Delivered)]
        failed = [r for r in results if not isinstance(r.outcome, Delivered)]
        try:
            if done:
                await self._unless_lost(self._commit(done))
            await self._not_sent([r.taken.ref for r in failed if isinstance(r.outcome, Down)])
            for result in failed:
                await self._unless_lost(self._fail(result))
        except DatabaseUnavailable as error:  # nothing is lost: it will be delivered again
            log.warning("%s: outcomes could not be committed: %s", self.name, error)
            await asyncio.sleep(0.2)
        except Exception as error:  # noqa: BLE001 - a defect must not stop the other deliveries
            log.error("%s: a defect in committing outcomes; going on: %s", self.name, trail(error))
            await asyncio.sleep(0.2)
        finally:
            for result in results:
                if self._window.has_under_way(result.taken):  # and not the next attempt at it, which may have begun
                    self._window.finished(result.taken, go_on=False)
            if not self._window.count(priority := results[0].taken.priority):
                self._share.precedence.clear(priority)
            self._resting.wake(self._window.ready)

    async def _unless_lost(self, committing: Awaitable[None]) -> None:
        """Another worker has the lanes of these, which says nothing about the lanes of the others."""
        try:
            await committing
        except LeaseLost as error:
            log.info("%s: %s", self.name, error)

    async def _not_sent(self, refs: Sequence[Ref]) -> None:
        """These met a receiver that was down, so nothing of theirs is open."""
        if refs and self._ledger is not None:
            async with self._share.database.hot() as connection:
                await self._ledger.not_landed(connection, refs)

    async def _commit(self, results: Sequence[_Result]) -> None:
        share = self._share
        done = [
            Done(
                taken=r.taken,
                reference=r.outcome.reference,
                words=r.outcome.words,
                late=share.late(r.taken.flow, r.taken.message_id),
            )
            for r in results
            if isinstance(r.outcome, Delivered)
        ]
        heads = [r.taken for r in results if r.taken.key and (r.taken.waiting or r.taken.head is not None)]
        reported = False
        began = time.monotonic()
        if heads or self._ledger is not None or any(share.reporter.wants(r.taken.flow) for r in results):
            async with share.database.transaction() as connection:
                noted = await commit_delivered(connection, share.leases, done)
                if self._ledger is not None:
                    await self._ledger.landed(connection, list(noted))
                gone_on = [(taken.key, taken.ref) for taken in heads if taken.ref in noted]
                await unblock_all(connection, self.name, gone_on)
                for message_id in {ref[0] for ref, completed in noted.items() if completed}:
                    reported |= await share.reporter.settled(connection, message_id, "completed")
        else:
            async with share.database.hot() as connection:
                noted = await commit_delivered(connection, share.leases, done)
        share.observer.committed("deliver", len(noted), began, time.monotonic())
        share.observer.delivered(self.name, [r.taken for r in results if r.taken.ref in noted])
        self.delivered += len(noted)
        await self._admission.breaker.worked(len(noted))
        for result in results:
            self._window.finished(result.taken, go_on=result.taken.ref in noted and not result.taken.waiting)
        if heads:
            self._feed.back()
            share.ring(self.name)
        if reported:
            share.ring_translators(results[0].taken.priority)

    async def _fail(self, result: _Result) -> None:
        breaker, taken, outcome = self._admission.breaker, result.taken, result.outcome
        if isinstance(outcome, Delivered):
            return
        if isinstance(outcome, Down):
            await breaker.down(str(outcome), outcome.after)
            self._window.finished(taken, go_on=False)
            self._feed.reset()
            return
        goes_on = await self._failures.settle(taken, outcome, result.milliseconds)
        if isinstance(outcome, Rejected):
            await breaker.worked()
        elif await breaker.failed(taken.ref, str(outcome)):
            self._feed.reset()
        self._window.finished(taken, go_on=goes_on)


def _gone(body: Damaged | None) -> Rejected:
    """What becomes of a delivery that cannot be sent, because there is nothing to send."""
    if body is None:
        return Rejected("payload_erased", "The payload of this delivery was erased; it cannot be delivered any more.")
    return Rejected("payload_damaged", f"The payload of this delivery is damaged: {body}.")
