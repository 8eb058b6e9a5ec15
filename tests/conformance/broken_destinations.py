"""Destinations that each break one promise, with the name of the test that must fail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from broken_sources import Undescribed

from hilum.connector import Traits
from hilum.errors import Busy, Down, Rejected, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome
from hilum.testing.memory import MemoryDestination


class Truncates(MemoryDestination):
    async def deliver_one(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver_one(delivery)
        self.inbox.bodies[-1] = self.inbox.bodies[-1][:-1]
        return outcome


class AnswersOnce(MemoryDestination):
    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        return (await super().deliver(batch))[:1]


class PutsInFront(MemoryDestination):
    async def deliver_one(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver_one(delivery)
        self.inbox.bodies.insert(0, self.inbox.bodies.pop())
        return outcome


class MixesTasks(MemoryDestination):
    """Keeps what it delivers on itself, where another task finds it."""

    async def deliver_one(self, delivery: Delivery) -> Outcome:
        self.current = delivery
        await asyncio.sleep(0)
        return await super().deliver_one(self.current)


class NobodyIsUnsure(MemoryDestination):
    async def deliver_one(self, delivery: Delivery) -> Outcome:
        return await super().deliver_one(delivery) if self.inbox.there else Unsure("no connection")


class StaysDown(MemoryDestination):
    was_down = False

    async def deliver_one(self, delivery: Delivery) -> Outcome:
        self.was_down = self.was_down or not self.inbox.there
        return Down("no connection") if self.was_down else await super().deliver_one(delivery)


class QuotesPayload(MemoryDestination):
    async def deliver_one(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver_one(delivery)
        return Rejected("memory.refused", repr(delivery.body)) if isinstance(outcome, Rejected) else outcome


class RetriesRefusals(MemoryDestination):
    async def deliver_one(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver_one(delivery)
        return TryAgain("refused") if isinstance(outcome, Rejected) else outcome


class SulksAfterRefusal(MemoryDestination):
    async def deliver_one(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver_one(delivery)
        if isinstance(outcome, Rejected):
            self.inbox.there = False
        return outcome


class OpensOnlyOnce(MemoryDestination):
    was_closed = False

    async def open(self) -> None:
        if not self.was_closed:
            await super().open()

    async def close(self) -> None:
        self.was_closed = True
        await super().close()


class DeliversWhenClosed(MemoryDestination):
    async def close(self) -> None:
        self.closed.set()


class CheckLeavesSomething(MemoryDestination):
    async def check(self) -> str:
        self.inbox.bodies.append(b"test")
        return "works"


class ShowsSecret(MemoryDestination):
    def __repr__(self) -> str:
        return "<secret-1>"


class DestinationUndescribed(MemoryDestination):
    Settings = Undescribed


class DestinationPromisesLess(MemoryDestination):
    traits = Traits(batch_limit=10)


class DeliversTwice(MemoryDestination):
    async def deliver_one(self, delivery: Delivery) -> Outcome:
        self.inbox.keys.clear()
        return await super().deliver_one(delivery)


class LostIsDelivered(MemoryDestination):
    async def deliver_one(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver_one(delivery)
        return Delivered(reference="?") if isinstance(outcome, Unsure) else outcome


class LostIsTryAgain(MemoryDestination):
    async def deliver_one(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver_one(delivery)
        return TryAgain("lost") if isinstance(outcome, Unsure) else outcome


class TakesTheLateAnswer(MemoryDestination):
    late: Outcome | None = None

    async def deliver_one(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver_one(delivery)
        late, self.late = self.late, Delivered(reference="late") if isinstance(outcome, Unsure) else None
        return late or outcome


class DeafToClose(MemoryDestination):
    patience = 60.0

    def __init__(self, *inbox: Any) -> None:
        super().__init__(*inbox)
        self.patience = 60.0

    async def close(self) -> None:
        self.is_open = False


class StaysBusyWhenCancelled(MemoryDestination):
    busy = False

    async def deliver_one(self, delivery: Delivery) -> Outcome:
        if self.busy:
            return TryAgain("busy", after=Busy().after)
        self.busy = True
        outcome = await super().deliver_one(delivery)
        self.busy = False
        return outcome


class ForgetsWhatLanded(MemoryDestination):
    async def landed(self, delivery: Delivery) -> Delivered | Unsure | None:
        return None


BROKEN_DESTINATIONS: list[tuple[type[MemoryDestination], str]] = [
    (ForgetsWhatLanded, "test_says_what_landed"),
    (Truncates, "test_arrives_unchanged_and_once"),
    (AnswersOnce, "test_one_outcome_each"),
    (PutsInFront, "test_order_is_that_of_the_calls"),
    (MixesTasks, "test_many_tasks_at_once"),
    (NobodyIsUnsure, "test_nobody_there_is_surely_not_done"),
    (StaysDown, "test_works_again_after_a_cut"),
    (QuotesPayload, "test_refusal_is_rejected_in_words"),
    (RetriesRefusals, "test_refusal_is_rejected_in_words"),
    (SulksAfterRefusal, "test_a_refused_one_delays_no_other"),
    (OpensOnlyOnce, "test_closes_twice_and_opens_again"),
    (DeliversWhenClosed, "test_a_closed_one_delivers_nothing"),
    (CheckLeavesSomething, "test_check_is_harmless"),
    (ShowsSecret, "test_repr_shows_no_body"),
    (DestinationUndescribed, "test_settings_are_described"),
    (DestinationPromisesLess, "test_traits_are_tested"),
    (DeliversTwice, "test_same_key_twice_has_one_effect"),
    (LostIsDelivered, "test_lost_answer_is_unsure"),
    (LostIsTryAgain, "test_lost_answer_is_unsure"),
    (LostIsTryAgain, "test_cut_before_the_answer_is_unsure"),
    (TakesTheLateAnswer, "test_late_answer_is_not_that_of_the_next"),
    (DeafToClose, "test_close_ends_a_waiting_delivery"),
    (StaysBusyWhenCancelled, "test_cancelled_delivery_leaves_no_trace"),
]
