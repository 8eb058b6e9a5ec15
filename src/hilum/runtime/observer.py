"""What the loops of the runtime tell of their work, once for each batch, to whoever measures it.

The runtime measures nothing by itself: it says what was done and when, by the clock `time.monotonic`. `Observer` hears
it and does nothing; `hilum.observe` makes metrics and traces of it. No call here waits, fails or keeps a body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from hilum.connector import Receipt
from hilum.journal import Draft, Reused
from hilum.journal.work import ToDeliver, ToTranslate
from hilum.message import Delivery, Outcome

if TYPE_CHECKING:
    from hilum.runtime.committer import Entry

Stage = Literal["receipt", "translate", "deliver"]


@dataclass(frozen=True, slots=True)
class Translation:
    """One run of a flow's translation."""

    taken: ToTranslate
    began: float  # seconds by `time.monotonic`, as all times here
    ended: float
    failed: bool


class Observer:
    """Hears of everything and does nothing. All calls come from one event loop."""

    def received(self, entry: Entry, answers: Sequence[Receipt | Reused], ended: float) -> None:
        """An entry is durable since `ended`; one answer for each of its drafts. `entry.began`: when it was taken."""

    def refused(self, source: str, error: Exception) -> None:
        """Something was not taken in."""

    def committed(self, stage: Stage, count: int, began: float, ended: float) -> None:
        """A commit of the message path: `count` messages or deliveries."""

    def translated(self, runs: Sequence[Translation]) -> None:
        """These were translated, or failed in it; what was made of them is not yet committed."""

    def outgoing(self, delivery: Delivery) -> Delivery:
        """A delivery is about to be handed to its destination: with the trace context that is to go with it."""
        return delivery

    def called(
        self, destination: str, taken: Sequence[ToDeliver], outcomes: Sequence[Outcome], began: float, ended: float
    ) -> None:
        """One call of a destination has ended, with one outcome for each delivery."""

    def delivered(self, destination: str, taken: Sequence[ToDeliver]) -> None:
        """It is in the journal that these are delivered."""

    def made(self, draft: Draft, cause_id: UUID) -> None:
        """The hub has made a message of another one, within the transaction of its caller."""

    def held(self, taken: ToTranslate | ToDeliver, category: str) -> None:
        """A message or a delivery waits for a person now."""


class Observers(Observer):
    """Tells several what it hears, one after the other."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def received(self, entry: Entry, answers: Sequence[Receipt | Reused], ended: float) -> None:
        """To each."""
        for each in self._observers:
            each.received(entry, answers, ended)

    def refused(self, source: str, error: Exception) -> None:
        """To each."""
        for each in self._observers:
            each.refused(source, error)

    def committed(self, stage: Stage, count: int, began: float, ended: float) -> None:
        """To each."""
        for each in self._observers:
            each.committed(stage, count, began, ended)

    def translated(self, runs: Sequence[Translation]) -> None:
        """To each."""
        for each in self._observers:
            each.translated(runs)

    def outgoing(self, delivery: Delivery) -> Delivery:
        """Through each."""
        for each in self._observers:
            delivery = each.outgoing(delivery)
        return delivery

    def called(
        self, destination: str, taken: Sequence[ToDeliver], outcomes: Sequence[Outcome], began: float, ended: float
    ) -> None:
        """To each."""
        for each in self._observers:
            each.called(destination, taken, outcomes, began, ended)

    def delivered(self, destination: str, taken: Sequence[ToDeliver]) -> None:
        """To each."""
        for each in self._observers:
            each.delivered(destination, taken)

    def made(self, draft: Draft, cause_id: UUID) -> None:
        """To each."""
        for each in self._observers:
            each.made(draft, cause_id)

    def held(self, taken: ToTranslate | ToDeliver, category: str) -> None:
        """To each."""
        for each in self._observers:
            each.held(taken, category)
