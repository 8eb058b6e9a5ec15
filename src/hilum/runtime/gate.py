"""The gate of intake: past the high-water marks the sources answer busy, and recover alone."""

from __future__ import annotations

import shutil
from pathlib import Path

from hilum.errors import Busy
from hilum.journal.tallies import counts
from hilum.postgres import Database
from hilum.settings import IntakeSettings

_OPEN_STATES = {"received", "pending", "waiting"}


class Gate:
    """Looks at the marks now and then; asking it costs nothing."""

    def __init__(self, database: Database, settings: IntakeSettings, disk: Path | None) -> None:
        self._database = database
        self._settings = settings
        self._disk = disk  # where the embedded database writes; none: an outside database looks after itself
        self._reason = ""
        self.pending = 0

    def check(self) -> None:
        """Raises `Busy` with the reason while intake is shut."""
        if self._reason:
            raise Busy(self._reason)

    async def look(self) -> None:
        """Measure again. Raises `DatabaseUnavailable`."""
        async with self._database.cold() as connection:
            found = await counts(connection)
        self.pending = sum(count.now for count in found if count.state in _OPEN_STATES)
        self._reason = self._shut()

    def _shut(self) -> str:
        if self.pending >= self._settings.max_pending_messages:
            return f"The hub is busy: {self.pending} messages are waiting to be worked off. Send again later."
        if self._disk is not None:
            free_mb = shutil.disk_usage(self._disk).free // (1024 * 1024)
            if free_mb < self._settings.min_free_disk_mb:
                return "The hub's disk is nearly full. Send again later."
        return ""
