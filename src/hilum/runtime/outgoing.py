"""From objects that a translation made to the deliveries that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hilum.connector import Header, Outgoing, Target
from hilum.errors import Invalid
from hilum.flow import Yielded
from hilum.flow.stakes import NOTHING
from hilum.journal.work import NewDelivery, ToTranslate

_TRACE = (Header.TRACEPARENT, Header.TRACESTATE)


def deliveries(taken: ToTranslate, yielded: Yielded) -> list[NewDelivery]:
    """One delivery for each target. The idempotency key is the same at every translation of the same message."""
    made = []
    stake = str(yielded.stake) if yielded.stake is not NOTHING else ""
    for target in yielded.targets:
        thing, more = yielded.thing, yielded.headers
        if yielded.identity is not None:
            thing, addressed = yielded.identity.addressed(thing, target)
            more = {**more, **addressed}
        if stake:
            more = {**more, Header.STAKE: stake}
        outgoing = _encoded(target, thing, more)
        if outgoing is None:
            continue
        if not isinstance(outgoing.body, bytes):
            raise Invalid(f"the target {target.endpoint} made no bytes", where=target.operation or target.endpoint)
        place = f".{target.operation}" if target.operation else ""
        made.append(
            NewDelivery(
                destination=target.endpoint,
                operation=target.operation,
                idempotency_key=f"{taken.id}.{yielded.index}{place}",
                content_type=outgoing.content_type,
                headers=_traced(taken, {**outgoing.headers, **more} if more else outgoing.headers),
                body=outgoing.body,
            )
        )
    return made


def _encoded(target: Target, thing: Any, headers: Mapping[str, str]) -> Outgoing | None:
    """The body. Of fields that may only fill what is empty a receiver is told in its own words, where it needs them."""
    if target.to_fill is not None and (names := headers.get(Header.ONLY_IF_EMPTY)):
        return target.to_fill(thing, frozenset(names.split(",")))
    return target.encode(thing)


def _traced(taken: ToTranslate, headers: Mapping[str, str]) -> Mapping[str, str]:
    """The sender's trace context goes on with every delivery (W3C Trace Context)."""
    found = {name: taken.headers[name] for name in _TRACE if name in taken.headers}
    return {**headers, **found} if found else headers
