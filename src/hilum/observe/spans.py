"""The observer that makes spans of what the runtime tells: receive, translate, deliver, hold, make, acts of people.

Spans are made after the work, from its times, and only for traced messages. Nothing is carried from stage to stage,
which may run in other processes: the span of the receipt has the last 64 bits of the message's id as its own id, and
all later spans of the message are its children. Attributes name flows, destinations, ids and outcomes; never a key, a
header, a word of a receiver, or a body.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from hilum.connector import Header, Receipt
from hilum.errors import Rejected
from hilum.journal import Draft, Reused
from hilum.journal.work import ToDeliver, ToTranslate
from hilum.message import Delivered, Delivery, Outcome
from hilum.observe.naming import snake
from hilum.runtime import Observer
from hilum.runtime.committer import Entry
from hilum.runtime.observer import Translation
from hilum.tracing import SpanContext as Place
from hilum.tracing import sender_context, trace_id_of

_SCOPE = InstrumentationScope("hilum")
_RANDOM_BITS = 48  # of the end of an id made by the hub; the bits before them say its version and when it was made
_MOST_CALLS = 100_000  # deliveries under way whose span is known already; far more than there can be

Attributes = Mapping[str, str | int]


def receipt_span_id(message_id: UUID) -> int:
    """The id of the span of a message's receipt: never 0, because of the bits that say the variant of the id."""
    return message_id.int & (2**64 - 1)


class Spans(Observer):
    """Makes spans and hands each to `export`. For one event loop."""

    def __init__(self, ratio: float, resource: Resource, export: Callable[[ReadableSpan], None]) -> None:
        self._limit = int(ratio * 2**_RANDOM_BITS)
        self._resource = resource
        self._export = export
        self._calls: dict[tuple[UUID, int], int] = {}  # the spans of the deliveries under way

    # ---- what the runtime tells

    def received(self, entry: Entry, answers: Sequence[Receipt | Reused], ended: float) -> None:
        """Receipt: from the source's handing over until the commit."""
        for (flow, draft), answer in zip(entry.drafts, answers, strict=True):
            again = isinstance(answer, Receipt) and answer.duplicate
            # what came again is not stored: it belongs to the trace of the first, as far as nobody says otherwise
            message_id = answer.message_id if isinstance(answer, Receipt) else draft.id
            named = "" if draft.correlation_id == str(draft.id) else draft.correlation_id
            place = self._place(message_id, named, draft.headers)
            if place is None:
                continue
            parent = sender_context(draft.headers)
            self._span(
                f"receive {flow.name}",
                replace(place, span_id=_new_span_id()) if again else place,
                parent,
                (entry.began, ended),
                {
                    "hilum.flow": flow.name,
                    "hilum.message.id": str(message_id),
                    "hilum.message.size": len(draft.body),
                    "hilum.source": entry.source,
                    "hilum.outcome": "duplicate" if again else "reused" if isinstance(answer, Reused) else "accepted",
                },
                kind=SpanKind.CONSUMER,
            )

    def translated(self, runs: Sequence[Translation]) -> None:
        """Translation."""
        for run in runs:
            taken = run.taken
            if (parent := self._place(taken.id, taken.correlation_id, taken.headers)) is not None:
                self._span(
                    f"translate {taken.flow}",
                    replace(parent, span_id=_new_span_id()),
                    parent,
                    (run.began, run.ended),
                    {"hilum.flow": taken.flow, "hilum.message.id": str(taken.id)},
                    failed=run.failed,
                )

    def outgoing(self, delivery: Delivery) -> Delivery:
        """The span of a call begins before the call, so that it can go along."""
        trace = self._trace(delivery.message_id, delivery.correlation_id, delivery.headers)
        if not trace.sampled and Header.TRACEPARENT in delivery.headers:
            return delivery  # the sender wants no spans: what it sent goes on as it is
        span_id = _new_span_id()
        if trace.sampled:
            if len(self._calls) >= _MOST_CALLS:
                self._calls.clear()
            self._calls[delivery.message_id, delivery.ordinal] = span_id
        own = replace(trace, span_id=span_id)
        return replace(delivery, headers={**delivery.headers, Header.TRACEPARENT: own.traceparent})

    def called(
        self, destination: str, taken: Sequence[ToDeliver], outcomes: Sequence[Outcome], began: float, ended: float
    ) -> None:
        """One attempt of each; those of one call are linked to the first, whose context went along."""
        first: Place | None = None
        for one, outcome in zip(taken, outcomes, strict=True):
            span_id = self._calls.pop(one.ref, 0)
            parent = self._place(one.message_id, one.correlation_id, one.headers)
            if parent is None:
                continue
            own = replace(parent, span_id=span_id or _new_span_id())
            attributes: dict[str, str | int] = {
                "hilum.flow": one.flow,
                "hilum.message.id": str(one.message_id),
                "hilum.destination": destination,
                "hilum.delivery.ordinal": one.ordinal,
                "hilum.delivery.attempt": one.attempts + 1,
                "hilum.outcome": snake(type(outcome)),
            }
            if isinstance(outcome, Rejected):
                attributes["hilum.category"] = outcome.category
            self._span(
                f"deliver {destination}",
                own,
                parent,
                (began, ended),
                attributes,
                kind=SpanKind.PRODUCER,
                links=[first] if first else (),
                failed=not isinstance(outcome, Delivered),
            )
            first = first or own

    def held(self, taken: ToTranslate | ToDeliver, category: str) -> None:
        """The moment from which a person is waited for."""
        delivery = taken if isinstance(taken, ToDeliver) else None
        message_id = taken.message_id if isinstance(taken, ToDeliver) else taken.id
        parent = self._place(message_id, taken.correlation_id, taken.headers)
        if parent is None:
            return
        attributes = {"hilum.flow": taken.flow, "hilum.message.id": str(message_id), "hilum.category": category}
        if delivery is not None:
            attributes["hilum.destination"] = delivery.destination
        now = time.monotonic()
        self._span("hold", replace(parent, span_id=_new_span_id()), parent, (now, now), attributes, failed=True)

    def made(self, draft: Draft, cause_id: UUID) -> None:
        """A message that the hub made of another one: its first span is a child of the receipt of that one."""
        place = self._place(draft.id, draft.correlation_id, draft.headers)
        if place is not None:
            now = time.monotonic()
            self._span(
                f"make {draft.flow}",
                place,
                replace(place, span_id=receipt_span_id(cause_id)),
                (now, now),
                {
                    "hilum.flow": draft.flow,
                    "hilum.message.id": str(draft.id),
                    "hilum.cause.id": str(cause_id),
                },
            )

    def acted(self, act: str, message_id: UUID, correlation_id: str, headers: Mapping[str, str] | None) -> None:
        """A person let a message go on its way again: a trace of its own, linked to the one of the message."""
        old = self._place(message_id, correlation_id, headers or {})
        if old is not None:
            now = time.monotonic()
            new = Place(random.getrandbits(127) + 1, _new_span_id(), True)
            self._span(act, new, None, (now, now), {"hilum.message.id": str(message_id)}, links=[old])

    # ---- spans

    def _trace(self, message_id: UUID, correlation_id: str, headers: Mapping[str, str] | None) -> Place:
        """The trace of a message at the span of its receipt: whether it is traced is the same in every process."""
        sender = sender_context(headers)
        if sender is not None:
            return replace(sender, span_id=receipt_span_id(message_id))
        trace_id = trace_id_of(message_id, correlation_id, None)
        sampled = trace_id & (2**_RANDOM_BITS - 1) < self._limit
        return Place(trace_id, receipt_span_id(message_id), sampled)

    def _place(self, message_id: UUID, correlation_id: str, headers: Mapping[str, str] | None) -> Place | None:
        """The same, or nothing for a message that is not traced."""
        place = self._trace(message_id, correlation_id, headers)
        return place if place.sampled else None

    def _span(
        self,
        name: str,
        own: Place,
        parent: Place | None,
        times: tuple[float, float],
        attributes: Attributes,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        links: Sequence[Place] = (),
        failed: bool = False,
    ) -> None:
        clock = time.time() - time.monotonic()
        self._export(
            ReadableSpan(
                name=name,
                context=_otel(own),
                parent=_otel(parent) if parent is not None else None,
                resource=self._resource,
                attributes=attributes,
                links=[Link(_otel(link)) for link in links],
                kind=kind,
                status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
                start_time=int((clock + times[0]) * 1e9),
                end_time=int((clock + times[1]) * 1e9),
                instrumentation_scope=_SCOPE,
            )
        )


def _otel(place: Place) -> SpanContext:
    return SpanContext(place.trace_id, place.span_id, is_remote=False, trace_flags=TraceFlags(place.sampled))


def _new_span_id() -> int:
    return random.getrandbits(63) + 1
