"""The story of one message as a time line: from whom, what was made of it, who took it, who did what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from hilum.cases import Case
from hilum.connector import Header
from hilum.console import words
from hilum.console.components.age import ago, clock
from hilum.console.links import case_link, message_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.words import plural
from hilum.journal.audit import AuditRow
from hilum.journal.reading import AttemptRow, DeliveryRow, Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened."""

    at: datetime
    look: str  # the colour and shape of its dot
    what: Html
    rank: int = 0  # order of what happened at the same moment


Masker = Callable[[str], str]
"""How an identifier is shown to whoever looks."""


def story(trace: Trace, cases: Sequence[Case], masked: Masker) -> Html:
    """The time line, oldest first."""
    events = sorted(_events(trace, cases, masked), key=lambda event: (event.at, event.rank))
    return tag("ol", [_line(event) for event in events], class_="story", aria_label="Story")


def _line(event: Event) -> Html:
    return tag(
        "li", clock(event.at), tag("span", class_="dot"), tag("div", event.what, class_="what"), class_=event.look
    )


def _what(head: Child, *small: Child) -> Html:
    return join(head, [tag("small", line) for line in small if line])


def _events(trace: Trace, cases: Sequence[Case], masked: Masker) -> Iterator[Event]:
    yield _received(trace, masked)
    yield from _repeated(trace)
    yield from _translated(trace)
    destinations = {d.ordinal: d.destination for d in trace.deliveries}
    for attempt in trace.attempts:
        yield _attempt(attempt, destinations.get(attempt.ordinal, ""))
    for delivery in trace.deliveries:
        yield from _delivery(delivery, trace, masked)
    for case in cases:
        yield from _case(case)
    # An act that opened or closed a case was written in the same transaction: it has the very same time.
    told = {moment for case in cases for moment in (case.opened_at, case.closed_at)}
    for act in trace.audit:
        if act.at not in told:
            yield _act(act)
    yield from _end(trace)


def _received(trace: Trace, masked: Masker) -> Event:
    message = trace.message
    headers = message.headers or {}
    peer = headers.get(Header.PEER, "")
    kind = headers.get(Header.MESSAGE_TYPE, "") or message.content_type
    from_whom = f" from {peer}" if peer else ""
    caused = join("Caused by ", message_link(message.cause_id)) if message.cause_id else ""
    file = headers.get(Header.FILE, "") and f"File {masked(headers[Header.FILE])}, row {headers.get(Header.ROW, 'all')}"
    bends = headers.get(Header.WARNINGS, "") and f"Accepted although: {headers[Header.WARNINGS]}"
    what = _what(f"Received{from_whom}: {kind}, {words.size(message.size)}", caused, file, bends)
    return Event(at=message.received_at, look="flowing", what=what)


def _repeated(trace: Trace) -> Iterator[Event]:
    if (repeats := trace.repeats) is not None:
        last = f", the last time from {repeats.last_peer}" if repeats.last_peer else ""
        times = "once" if repeats.count == 1 else f"{words.number(repeats.count)} times"
        what = _what(f"Came again {times}{last}", "Answered as the first time; it has no second effect.")
        yield Event(at=repeats.last_at, look="", rank=9, what=what)


def _translated(trace: Trace) -> Iterator[Event]:
    if trace.deliveries:
        places = ", ".join(dict.fromkeys(d.destination for d in trace.deliveries))
        at = min(d.created_at for d in trace.deliveries)
        used = f"By {plural(len(trace.rules), 'rule')}, see below" if trace.rules else ""
        what = _what(f"Translated: {plural(len(trace.deliveries), 'delivery', 'deliveries')} to {places}", used)
        yield Event(at=at, look="flowing", what=what, rank=1)
    for stage, head in trace.waits_for.items():
        if stage.startswith("translate:"):
            what = _what(
                ["Waits to be translated behind ", message_link(head)], "An earlier message of its key is held."
            )
            yield Event(at=trace.message.state_at, look="waiting", what=what, rank=1)


def _attempt(attempt: AttemptRow, destination: str) -> Event:
    outcome = words.OUTCOMES.get(attempt.outcome, attempt.outcome)
    took = f"{attempt.milliseconds} ms, " if attempt.milliseconds else ""
    look = "done" if attempt.outcome == "delivered" else "waiting"
    what = _what(f"Attempt {attempt.number} at {destination}: {outcome}", attempt.words, f"{took}{attempt.worker}")
    return Event(at=attempt.at, look=look, what=what, rank=2)


def _delivery(delivery: DeliveryRow, trace: Trace, masked: Masker) -> Iterator[Event]:
    operation = f" ({delivery.operation})" if delivery.operation else ""
    place = f"{delivery.destination}{operation}"
    if delivery.state == "delivered":
        known_as = f" as {masked(delivery.reference)}" if delivery.reference else ""
        yield Event(
            at=delivery.state_at, look="done", rank=3, what=_what(f"Delivered to {place}{known_as}", delivery.words)
        )
    elif delivery.state == "cancelled":
        yield Event(at=delivery.state_at, look="", rank=3, what=_what(f"Cancelled for {place}", delivery.words))
    elif delivery.state == "waiting":
        head = trace.waits_for.get(delivery.destination)
        why = (
            ["behind ", message_link(head)]
            if head and delivery.next_at is None
            else ["tried again ", ago(delivery.next_at)]
        )
        yield Event(at=delivery.state_at, look="waiting", rank=3, what=_what([f"Waits for {place}, ", why]))
    elif delivery.state == "pending":
        yield Event(at=delivery.state_at, look="flowing", rank=3, what=_what(f"Next for {place}"))


def _case(case: Case) -> Iterator[Event]:
    link = tag("a", f"Case {case.id}", href=case_link(case.id))
    yield Event(
        at=case.opened_at, look="held", rank=4, what=_what(["Held: ", case.title], join(link, f" for {case.owner}"))
    )
    if case.closed_at is not None:
        how = words.RESOLUTIONS.get(case.resolution or "", case.resolution)
        what = _what([f"{case.closed_by} {how}"], case.reason)
        yield Event(at=case.closed_at, look="done", rank=5, what=what)


def _act(act: AuditRow) -> Event:
    what = _what(f"{act.actor} {words.ACTS.get(act.action, act.action)}", act.words)
    return Event(at=act.at, look="", what=what, rank=6)


def _end(trace: Trace) -> Iterator[Event]:
    message = trace.message
    if trace.erased is not None:
        yield Event(at=trace.erased.at, look="", rank=9, what=_what("Payload erased", f"By {trace.erased.rule}"))
    if message.state == "completed":
        yield Event(at=message.state_at, look="done", rank=7, what=_what("Completed"))
    if message.state == "discarded":
        why = (message.headers or {}).get(Header.FILTERED, "")
        yield Event(at=message.state_at, look="", rank=7, what=_what("Discarded", why))
    for caused in trace.caused:
        yield Event(at=message.state_at, look="", rank=8, what=_what(["Caused ", message_link(caused)]))
