"""Log lines: few of one cause, and nothing in them but their words and the fields that identify a message."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TextIO

FIELDS: Final = ("message_id", "flow", "destination", "trace_id", "category", "outcome", "attempt", "source", "reason")
"""What a line may say besides its words; nothing else that a record carries is written."""

WINDOW_SECONDS: Final = 60.0
FIRST: Final = 5
"""Lines of one cause that are written one by one in a window; the rest is counted."""

_MOST_CAUSES = 1_000
_CHANGING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
_CAUSE_LENGTH = 200


@dataclass(slots=True)
class _Cause:
    began: float
    record: logging.LogRecord
    count: int = 0


class Summing(logging.Filter):
    """Lets the first lines of one cause pass, counts the others, and says how many there were.

    One cause: the same logger, level and words, whatever numbers and ids are in them. `emit` writes the sums; who
    filters a handler gives its own. Lines of DEBUG are asked for and not counted.
    """

    def __init__(
        self, emit: Callable[[logging.LogRecord], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._emit = emit
        self._clock = clock
        self._causes: dict[tuple[str, int, str], _Cause] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """May this line be written?"""
        if record.levelno < logging.INFO or getattr(record, "is_sum", False):
            return True
        self.flush()
        cause = (record.name, record.levelno, _words(record))
        with self._lock:
            if cause not in self._causes and len(self._causes) >= _MOST_CAUSES:
                cause = (record.name, record.levelno, "")
            found = self._causes.setdefault(cause, _Cause(self._clock(), record))
            found.count += 1
            return found.count <= FIRST

    def flush(self, *, everything: bool = False) -> None:
        """Write the sums of the windows that have ended."""
        now = self._clock()
        ended: list[_Cause] = []
        with self._lock:
            while self._causes:  # in the order in which their windows began
                cause, found = next(iter(self._causes.items()))
                if not everything and now - found.began < WINDOW_SECONDS:
                    break
                ended.append(self._causes.pop(cause))
        for found in ended:
            if found.count > FIRST:
                self._emit(_sum(found, now))


class SummingHandler(logging.StreamHandler[TextIO]):
    """Writes lines, those of one cause summed; what is not yet said is said at the end."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._summing = Summing(self.handle)
        self.addFilter(self._summing)

    def flush_sums(self) -> None:
        """Write the sums whose window has ended."""
        self._summing.flush()

    def close(self) -> None:
        """Write all sums."""
        self._summing.flush(everything=True)
        super().close()


def flush_logs() -> None:
    """Write the sums that are due: a cause that has ended brings no line that would do it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, SummingHandler):
            handler.flush_sums()


def _words(record: logging.LogRecord) -> str:
    text = str(record.msg.get("event", "")) if isinstance(record.msg, dict) else record.getMessage()
    return _CHANGING.sub("#", text[:_CAUSE_LENGTH])


def _sum(found: _Cause, now: float) -> logging.LogRecord:
    first = found.record
    text = str(first.msg.get("event", "")) if isinstance(first.msg, dict) else first.getMessage()
    record = logging.LogRecord(
        first.name,
        first.levelno,
        first.pathname,
        first.lineno,
        "%s (… %d times in the last %.0f s)",
        (text, found.count, max(now - found.began, 1.0)),
        None,
    )
    record.is_sum = True
    return record
