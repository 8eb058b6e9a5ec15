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
from hilum.errors import DatabaseUnavailable, Down, Failure, LeaseLost, Rejected, TryAgain, Unsure, trail
from hilum.journal.moves import unblock
from hilum.journal.payloads import Damaged, Ref
from hilum.journal.work import Done, ToDeliver, bodies, commit_delivered
from hilum.message import Delivered, Delivery, Outcome
from hilum.runtime.failures import Failures
from hilum.runtime.feed import Feed
from hilum.runtime.pauses import Pauses
from hilum.runtime.precedence import RANK, RANKS, Standing
from hilum.runtime.share import Share, keep_going
from hilum.runtime.turns import Turns

log = logging.getLogger("hilum.dispatcher")

_LONGEST_CALL = 1800.0  # seconds that a connector gets for one call; its own limits end what is slow long before
_CALLERS_OF_BATCHES = 4  # calls under way to a destination that takes batches: so each batch has time to fill
_AFTER_DEFECT = 0.5  # seconds
_STOOD_BACK = 0.005  # seconds until what stands back looks again


def _is_outcome(answer: object) -> bool:
    """Can the journal keep it? One that it cannot would be delivered again and again."""
    if isinstance(answer, Delivered):
        return isinstance(answer.reference, str) and isinstance(answer.words, str)
    return isinstance(answer, Outcome)


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
        self._destination = destination
        self._callers = share.settings.parallel if destination.traits.batch_limit == 1 else _CALLERS_OF_BATCHES
        self._feed = Feed(share, name, destination.traits.batch_limit)
        self._window = self._feed.window
        self._turns = Turns(self._callers, share.precedence)
        self._committing = [Standing(share.precedence, rank) for rank in RANKS]
        self._results: tuple[list[_Result], ...] = tuple([] for _ in RANKS)  # to be committed, by priority
        self._results_bell = asyncio.Event()
        self._ready_bell = asyncio.Event()
        self._pauses = Pauses(share.database, name)
        self._failures = Failures(share, name, destination)
        share.bells[name] = asyncio.Event()
        self._stood_back = False  # was something left out because something more urgent is on its way?
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
        share, batch_limit = self._share, self._destination.traits.batch_limit
        feeding = asyncio.create_task(keep_going(share, f"{self.name} feed", self._fill, self._feed.reset))
        calling = [asyncio.create_task(self._call_until_stopped(batch_limit)) for _ in range(self._callers)]
        flushing = asyncio.create_task(self._flush_until_idle(feeding))
        try:
            await feeding
            self._ready_bell.set()
            _, late = await asyncio.wait(calling, timeout=share.settings.stop_seconds)
            for call in late:
                call.cancel()
            await asyncio.gather(*calling, return_exceptions=True)
            self._results_bell.set()
            await flushing
        finally:
            for task in (feeding, flushing, *calling):
                task.cancel()

    async def _fill(self) -> None:
        share, bell = self._share, self._share.bells[self.name]
        if not share.lanes or await self._pauses.closed():
            await share.rest(bell)
            return
        fresh, full = await self._feed.read()
        if fresh:
            self._ready_bell.set()
        if self._feed.stood_back:
            await share.rest(bell, _STOOD_BACK)
        elif not full:
            await share.rest(bell)

    def lost(self, lanes: Collection[int]) -> None:
        """Another worker had these lanes since they were read: what is known of them may be out of date."""
        self._feed.lost(lanes)

    # Calling

    async def _call_until_stopped(self, batch_limit: int) -> None:
        share = self._share
        while not share.stopping.is_set():
            limit = self._pauses.limit(batch_limit, self._window.under_way)
            rank, taken = self._begin(limit) if limit else (0, [])
            if not taken:
                await share.rest(self._ready_bell, _STOOD_BACK if self._stood_back else 0.5)
                continue
            if self._window.ready:
                self._ready_bell.set()
            self._turns.began(rank)
            try:
                await self._call(taken)
            finally:
                self._turns.ended(rank)

    def _begin(self, limit: int) -> tuple[int, list[ToDeliver]]:
        """What the next call takes: all of one rank, and how urgent it is."""
        self._stood_back = False
        for rank in self._turns.order():
            if not self._window.ready_at(rank):
                continue
            if self._turns.stands_back(rank):
                self._stood_back = True
                continue
            if taken := self._window.begin(limit, self._share.lanes, rank):
                for priority in {one.priority for one in taken}:
                    self._share.precedence.note(priority)
                return rank, taken
        return 0, []

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
        answers = iter(await self._answers(batch) if batch else ())
        return [next(answers) if isinstance(body := found.get(one.ref), bytes) else _gone(body) for one in taken]

    async def _answers(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """What the destination says, whatever the connector does."""
        try:
            async with asyncio.timeout(_LONGEST_CALL):
                outcomes = await self._destination.deliver(batch)
        except (TryAgain, Unsure, Rejected, Down) as failure:
            return [failure] * len(batch)
        except Failure as failure:
            return [Unsure(str(failure))] * len(batch)
        except Exception as error:  # noqa: BLE001 - a connector's defect, or no end: what it did is unknown
            log.error("%s: the connector has a defect: %s", self.name, trail(error))
            return [Unsure(f"The connector failed in an unforeseen way ({type(error).__name__}).")] * len(batch)
        if len(outcomes) != len(batch):
            return [Unsure(f"The connector gave {len(outcomes)} outcomes for {len(batch)} deliveries.")] * len(batch)
        return [
            each if _is_outcome(each) else Unsure("The connector gave an answer that is none.") for each in outcomes
        ]

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
            await self._share.rest(self._results_bell, 0.2)
            while any(self._results):
                await self._flush(await self._next_results())

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
                if result.taken.ref in self._window:
                    self._window.finished(result.taken, go_on=False)
            if not self._window.count(priority := results[0].taken.priority):
                self._share.precedence.clear(priority)
            self._ready_bell.set()

    async def _unless_lost(self, committing: Awaitable[None]) -> None:
        """Another worker has the lanes of these, which says nothing about the lanes of the others."""
        try:
            await committing
        except LeaseLost as error:
            log.info("%s: %s", self.name, error)

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
        began = time.monotonic()
        if heads or any(share.reporter.wants(r.taken.flow) for r in results):
            async with share.database.transaction() as connection:
                noted = await commit_delivered(connection, share.leases, done)
                for taken in heads:
                    if taken.ref in noted:
                        await unblock(connection, self.name, taken.key, taken.message_id, taken.ordinal)
                for message_id in {ref[0] for ref, completed in noted.items() if completed}:
                    await share.reporter.settled(connection, message_id, "completed")
        else:
            async with share.database.hot() as connection:
                noted = await commit_delivered(connection, share.leases, done)
        share.observer.committed("deliver", len(noted), began, time.monotonic())
        share.observer.delivered(self.name, [r.taken for r in results if r.taken.ref in noted])
        self.delivered += len(noted)
        await self._pauses.worked()
        for result in results:
            self._window.finished(result.taken, go_on=result.taken.ref in noted and not result.taken.waiting)
        if heads:
            self._feed.back()
            share.ring(self.name)
        share.translate_bell.set()

    async def _fail(self, result: _Result) -> None:
        if isinstance(result.outcome, Delivered):
            return
        if isinstance(result.outcome, Down):
            await self._pauses.down(result.outcome)
            self._window.finished(result.taken, go_on=False)
            self._feed.reset()
            return
        goes_on = await self._failures.settle(result.taken, result.outcome, result.milliseconds)
        self._window.finished(result.taken, go_on=goes_on)
        if isinstance(result.outcome, Rejected):
            await self._pauses.worked()


def _gone(body: Damaged | None) -> Rejected:
    """What becomes of a delivery that cannot be sent, because there is nothing to send."""
    if body is None:
        return Rejected("payload_erased", "The payload of this delivery was erased; it cannot be delivered any more.")
    return Rejected("payload_damaged", f"The payload of this delivery is damaged: {body}.")
