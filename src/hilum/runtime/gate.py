"""The gate of intake: past the high-water marks the sources answer busy, and recover alone.

Each mark gives a fullness, 1.0 at the mark; the fullest one counts. What may wait is refused first, so that there is
always room for what may not: `bulk` is shut out at 80 % of a mark, `normal` at 90 %, `urgent` at the mark itself. Who
was shut out is let in again when the fullness has sunk to nine tenths of where that was: a gate that opened at once
would flutter.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from hilum.errors import Busy
from hilum.journal.tallies import OPEN_KB, Count, counts
from hilum.message import Priority
from hilum.postgres import Database
from hilum.settings import IntakeSettings

_OPEN_STATES = {"received", "pending", "waiting"}

_SHUT_AT = {Priority.URGENT: 1.0, Priority.NORMAL: 0.9, Priority.BULK: 0.8}
"""The fullness at which a priority is shut out."""

_OPEN_AT = 0.9
"""The part of that fullness at which it is let in again."""

_MB = 1024 * 1024


class Gate:
    """Looks at the marks now and then; asking it costs nothing."""

    def __init__(self, database: Database, settings: IntakeSettings, disk: Path | None) -> None:
        self._database = database
        self._settings = settings
        self._disk = disk  # where the embedded database writes; none: an outside database looks after itself
        self._reason = ""
        self._shut: frozenset[Priority] = frozenset()
        self.pending = 0
        self.pending_bytes = 0  # of the messages that are received or routed, each rounded up to a kilobyte

    def shut_for(self, priority: Priority) -> str:
        """Why intake is shut for this priority, in words; empty: it is open."""
        return self._reason if priority in self._shut else ""

    def check(self, priority: Priority = Priority.URGENT) -> None:
        """Raises `Busy` with the reason while intake is shut for this priority; `urgent` is the last to be shut out."""
        if priority in self._shut:
            raise Busy(self._reason)

    async def look(self) -> None:
        """Measure again. Raises `DatabaseUnavailable`."""
        async with self._database.cold() as connection:
            found = await counts(connection)
        self._weigh(found)
        fullness, reason = max(self._marks())
        shut = frozenset(priority for priority in Priority if fullness >= self._mark(priority))
        self._reason, self._shut = reason, shut

    def _weigh(self, found: Iterable[Count]) -> None:
        self.pending = self.pending_bytes = 0
        for count in found:
            if count.state in _OPEN_STATES:
                self.pending += count.now
            elif count.state == OPEN_KB:
                self.pending_bytes += count.now * 1024

    def _mark(self, priority: Priority) -> float:
        """The fullness from which this priority is shut out, or is not yet let in again."""
        return _SHUT_AT[priority] * (_OPEN_AT if priority in self._shut else 1.0)

    def _marks(self) -> list[tuple[float, str]]:
        """How full it is by each mark, and what senders are told where that one is the fullest."""
        settings, again = self._settings, "Send again later."
        found = [
            (
                self.pending / settings.max_pending_messages,
                f"The hub is busy: {self.pending} messages are waiting to be worked off. {again}",
            ),
            (
                self.pending_bytes / settings.max_pending_bytes,
                f"The hub is busy: {self.pending_bytes // _MB} MB are waiting to be worked off. {again}",
            ),
        ]
        if self._disk is not None:
            free = shutil.disk_usage(self._disk).free
            wanted = settings.min_free_disk_mb * _MB
            found.append((wanted / max(free, 1), f"The hub's disk is nearly full. {again}"))
        return found
