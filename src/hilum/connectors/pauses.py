"""The pauses of a source that connects again and again, with what was said about it."""

from __future__ import annotations

import asyncio
from typing import Final

_FIRST: Final = 0.2  # seconds before a lost far side is tried again; doubled each time
_LONGEST: Final = 5.0  # seconds; a session that lasted longer makes the next pause short, and its end worth telling


class Pauses:
    """For each attempt: `begin`, then `ended` when it is over, then `rest`. Belongs to one event loop."""

    def __init__(self) -> None:
        self._pause = _FIRST
        self._said = ""
        self._began = 0.0

    def begin(self) -> None:
        """An attempt begins."""
        self._began = asyncio.get_running_loop().time()

    def news(self, words: str) -> bool:
        """Are these words other than those of the attempt before? Then they are worth a line of the log."""
        new, self._said = words != self._said, words
        return new

    def ended(self) -> None:
        """The attempt is over, what is cleared away after it not counted: one that lasted begins the pauses anew."""
        if asyncio.get_running_loop().time() - self._began > _LONGEST:
            self._pause, self._said = _FIRST, ""

    async def rest(self) -> None:
        """Wait until the next attempt."""
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, _LONGEST)
