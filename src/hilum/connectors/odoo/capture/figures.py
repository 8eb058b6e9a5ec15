"""What a feed has come to, for people: when it looked last, how late it tells, what it found late. Pure.

It is kept with the feed's own memory, so it outlives the hub. Odoo's `write_date` is the start of a transaction, in
whole seconds: so is a lag, and it holds the time that the transaction took.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SEEN: Final = "seen/"
"""What the names begin with under which figures are remembered; the model follows."""

EVERY: Final = 20.0
"""Seconds between two notes, where nothing else is to be remembered."""

_LAGS: Final = 100  # of so many changes, the last ones, lags are kept


@dataclass(slots=True, kw_only=True)
class Figures:
    """Of one model in one feed."""

    mode: str  # `polling`, `polling with hints`, `outbox`, `outbox with hints`
    poll: float  # seconds between two looks
    looked_at: float = 0.0  # by the hub's clock, seconds since 1970; 0: never
    compared_at: float = 0.0  # when all ids were compared; 0: never, or this feed does not
    changes: int = 0  # told, deletions included
    deletions: int = 0
    late: int = 0  # told later than the look after them: a long transaction, or a date that stood still
    lags: deque[int] = field(default_factory=lambda: deque(maxlen=_LAGS))  # seconds, of the last changes

    def told(self, lag: float | None, *, late: bool = False, deleted: bool = False) -> None:
        """One change was handed over; `lag` none: nobody knows since when it is there."""
        self.changes += 1
        self.late += late
        self.deletions += deleted
        if lag is not None:
            self.lags.append(max(0, round(lag)))

    @property
    def lag(self) -> tuple[float, int] | None:
        """The middle and the longest of the last lags, in seconds; none: nothing was told yet."""
        return (statistics.median(self.lags), max(self.lags)) if self.lags else None

    def noted(self) -> dict[str, Any]:
        """As it is remembered."""
        return {
            "mode": self.mode,
            "poll": self.poll,
            "looked_at": self.looked_at,
            "compared_at": self.compared_at,
            "changes": self.changes,
            "deletions": self.deletions,
            "late": self.late,
            "lags": list(self.lags),
        }

    def go_on(self, noted: Mapping[str, Any] | None) -> None:
        """Count on from what was remembered; mode and settings are those of now."""
        if noted is None:
            return
        self.looked_at, self.compared_at = noted["looked_at"], noted["compared_at"]
        self.changes, self.deletions, self.late = noted["changes"], noted["deletions"], noted["late"]
        self.lags = deque(noted["lags"], maxlen=_LAGS)
