"""The observer that writes a log line for what did not go well, with the identity of the message."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from hilum.journal.work import ToDeliver, ToTranslate
from hilum.message import Delivered, Outcome
from hilum.observe.naming import snake
from hilum.runtime import Observer
from hilum.tracing import shown_trace_id

log = logging.getLogger("hilum.messages")


class LogLines(Observer):
    """Writes a line for what did not go well: refused, failed attempts, held. Never what somebody said of it."""

    def refused(self, source: str, error: Exception) -> None:
        """By its kind."""
        log.info("not taken in", extra={"source": source, "reason": snake(type(error))})

    def called(
        self, destination: str, taken: Sequence[ToDeliver], outcomes: Sequence[Outcome], began: float, ended: float
    ) -> None:
        """Those that were not delivered."""
        for one, outcome in zip(taken, outcomes, strict=True):
            if not isinstance(outcome, Delivered):
                fields = {"destination": destination, "outcome": snake(type(outcome)), "attempt": one.attempts + 1}
                log.info("%s: not delivered", destination, extra={**_of(one), **fields})

    def held(self, taken: ToTranslate | ToDeliver, category: str) -> None:
        """A person is waited for."""
        log.warning("%s: held, %s", taken.flow, category, extra={**_of(taken), "category": category})


def _of(taken: ToTranslate | ToDeliver) -> Mapping[str, Any]:
    message_id: UUID = taken.message_id if isinstance(taken, ToDeliver) else taken.id
    found = {
        "message_id": str(message_id),
        "flow": taken.flow,
        "trace_id": shown_trace_id(message_id, taken.correlation_id, taken.headers),
    }
    return found | {"destination": taken.destination} if isinstance(taken, ToDeliver) else found
