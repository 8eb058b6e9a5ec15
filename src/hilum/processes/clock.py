"""What time it is for processes: the computer's time, or that of a simulation.

A simulated month must not take a month. Its clock is a file that says what time it is, and stands still until whoever
plays the month writes a later moment. So nothing is due before everything that was to come before has come, however
slow the machine is, and a hub that is killed finds the same time again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from pathlib import Path

from hilum.errors import SettingsError
from hilum.settings import HubSettings


class Clock(ABC):
    """Tells the time."""

    runs: bool  # goes on by itself; otherwise somebody sets it, and waiting runs are woken when it is time

    @abstractmethod
    def now(self) -> datetime:
        """The moment, UTC."""


class SystemClock(Clock):
    """The computer's time."""

    runs = True

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)


class FileClock(Clock):
    """The moment that a file says (ISO 8601 with an offset)."""

    runs = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """See `Clock.now`. Raises `SettingsError` where the file says none."""
        try:
            found = datetime.fromisoformat(self._path.read_text(encoding="ascii").strip())
        except (OSError, ValueError):
            found = datetime.min
        if found.tzinfo is None:
            raise SettingsError(f"[hub] clock_file: {self._path} does not say a moment such as 2026-03-02T08:00+00:00.")
        return found.astimezone(UTC)


def set_clock(path: Path, moment: datetime) -> None:
    """From now on it is that time; whole or not at all, for hubs read it at any time."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(moment.astimezone(UTC).isoformat(), encoding="ascii")
    part.replace(path)


def clock_of(settings: HubSettings, folder: Path) -> Clock:
    """The clock of a hub whose project is in `folder`."""
    return SystemClock() if settings.clock_file is None else FileClock(folder / settings.clock_file)
