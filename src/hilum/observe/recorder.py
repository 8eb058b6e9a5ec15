"""The observer that makes metrics of what the runtime tells."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from hilum.connector import Receipt
from hilum.journal import Reused
from hilum.journal.work import ToDeliver, ToTranslate
from hilum.message import Delivered, Outcome
from hilum.observe import catalogue
from hilum.observe.instruments import Counter, Histogram, Reading
from hilum.observe.naming import snake
from hilum.runtime import Observer
from hilum.runtime.committer import Entry
from hilum.runtime.observer import Stage, Translation


class Recorder(Observer):
    """Counts. For one event loop."""

    def __init__(self) -> None:
        self.receipt_messages = Counter(catalogue.RECEIPT_MESSAGES)
        self.receipt_refused = Counter(catalogue.RECEIPT_REFUSED)
        self.receipt_duration = Histogram(catalogue.RECEIPT_DURATION)
        self.commit_size = Histogram(catalogue.COMMIT_SIZE)
        self.commit_duration = Histogram(catalogue.COMMIT_DURATION)
        self.translate_messages = Counter(catalogue.TRANSLATE_MESSAGES)
        self.translate_duration = Histogram(catalogue.TRANSLATE_DURATION)
        self.delivery_attempts = Counter(catalogue.DELIVERY_ATTEMPTS)
        self.delivery_retries = Counter(catalogue.DELIVERY_RETRIES)
        self.delivery_duration = Histogram(catalogue.DELIVERY_DURATION)
        self.delivery_batch = Histogram(catalogue.DELIVERY_BATCH)
        self.end_to_end = Histogram(catalogue.END_TO_END)
        self.held_cases = Counter(catalogue.HELD)
        self.loop_delay = Histogram(catalogue.LOOP_DELAY)
        self._names: dict[type, str] = {}

    def readings(self) -> Iterator[Reading]:
        """All of them as they are now."""
        for instrument in vars(self).values():
            if isinstance(instrument, Counter | Histogram):
                yield instrument.reading()

    def received(self, entry: Entry, answers: Sequence[Receipt | Reused], ended: float) -> None:
        """Each flow that took it counts it."""
        seconds = ended - entry.began
        for (flow, _), answer in zip(entry.drafts, answers, strict=True):
            outcome = "reused" if isinstance(answer, Reused) else "duplicate" if answer.duplicate else "accepted"
            self.receipt_messages.add((flow.name, outcome))
            self.receipt_duration.record((flow.name,), seconds)

    def refused(self, source: str, error: Exception) -> None:
        """By the kind of the error, never by its text."""
        self.receipt_refused.add((source, self._name(error)))

    def committed(self, stage: Stage, count: int, began: float, ended: float) -> None:
        """How many, how long."""
        self.commit_size.record((stage,), count)
        self.commit_duration.record((stage,), ended - began)

    def translated(self, runs: Sequence[Translation]) -> None:
        """Each run by itself: one slow message among many must be seen."""
        for run in runs:
            flow = run.taken.flow
            self.translate_messages.add((flow, "failed" if run.failed else "translated"))
            self.translate_duration.record((flow,), run.ended - run.began)

    def called(
        self, destination: str, taken: Sequence[ToDeliver], outcomes: Sequence[Outcome], began: float, ended: float
    ) -> None:
        """One call; each of its deliveries is an attempt."""
        self.delivery_duration.record((destination,), ended - began)
        self.delivery_batch.record((destination,), len(taken))
        for one, outcome in zip(taken, outcomes, strict=True):
            name = "delivered" if type(outcome) is Delivered else self._name(outcome)
            self.delivery_attempts.add((one.flow, destination, name))
            if one.attempts:
                self.delivery_retries.add((one.flow, destination))

    def delivered(self, destination: str, taken: Sequence[ToDeliver]) -> None:
        """The time since receipt is in the id of each message."""
        now = time.time() * 1000
        for one in taken:
            seconds = (now - (one.message_id.int >> 80)) / 1000
            self.end_to_end.record((one.flow, destination), max(seconds, 0.0))

    def held(self, taken: ToTranslate | ToDeliver, category: str) -> None:
        """A message has no destination."""
        destination = taken.destination if isinstance(taken, ToDeliver) else ""
        self.held_cases.add((taken.flow, destination, category))

    def _name(self, thing: object) -> str:
        kind = type(thing)
        found = self._names.get(kind)
        if found is None:
            found = self._names[kind] = snake(kind)
        return found
