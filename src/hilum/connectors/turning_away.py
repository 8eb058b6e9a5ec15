"""Connections that a listener does not let in: each one counts, and operators are told, but not of each one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

import structlog

log = structlog.get_logger(__name__)

TOO_MANY: Final = "too many connections"
TOO_MANY_OF_ONE: Final = "too many connections of this sender"

# Seconds between two notes about the same peer: who is turned away often tries often.
_TELL_AGAIN: Final = 60.0
# Peers of which it is remembered when they were told of.
_PEERS_KNOWN: Final = 1_000


class Listening(Protocol):
    """Who listens: a source, or a destination that waits for answers."""

    turned_away: Callable[[str, str], None] | None

    @property
    def address(self) -> str:
        """Where."""


class TurnedAway:
    """What one listener turned away. `counts` is the listener's own, under `refused: …`, for the metrics."""

    def __init__(self, source: Listening, counts: Counter[str]) -> None:
        self._source = source
        self._counts = counts
        self._told: dict[str, float] = {}  # by peer: when that was, by the clock of the event loop

    def note(self, peer: str, reason: str, now: float) -> None:
        """One connection was closed at once. It counts; the log and the list of refusals hear of a peer now and then.

        `now`: seconds of the event loop's clock.
        """
        self._counts[f"refused: {reason}"] += 1
        if peer in self._told and now - self._told[peer] < _TELL_AGAIN:
            return
        if len(self._told) >= _PEERS_KNOWN:
            self._told.clear()
        self._told[peer] = now
        log.warning("connection_turned_away", listener=self._source.address, peer=peer, reason=reason)
        if self._source.turned_away is not None:
            self._source.turned_away(peer, f"{reason}: the connection was closed at once")
