"""What a person asked of a folder: take what is there now, and say how many files that were."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from hilum.connectors.files.store import Entry
from hilum.errors import HilumError


def fitting(entries: Sequence[Entry], since: datetime | None) -> list[Entry]:
    """Those that were modified then or later."""
    return [entry for entry in entries if since is None or entry.modified >= since.timestamp()]


def counted(files: int) -> str:
    """`1 file`, `3 files`."""
    return f"{files} file{'' if files == 1 else 's'}"


class Asked:
    """One request, from the first look to the one in which everything that was there then has been stable."""

    def __init__(self, since: datetime | None) -> None:
        self.since = since
        self._taken = 0
        self._looked_at: float | None = None  # end of the first look, by the clock of the event loop
        self._answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def done(self) -> bool:
        """Is it answered?"""
        return self._answer.done()

    async def answer(self) -> str:
        """Wait for the last look; says how many files were taken. Raises what kept it from looking."""
        return await asyncio.shield(self._answer)

    def looked(self, began: float, taken: int, patience: float) -> None:
        """A look is over; it began then and took so many. `patience`: seconds in which a file must not change."""
        self._taken += taken
        if self._looked_at is None:
            self._looked_at = asyncio.get_running_loop().time()
        if not self.done and (not patience or began - self._looked_at >= patience):
            self._answer.set_result(f"{counted(self._taken)} taken" if self._taken else "no file was there to be taken")

    def end(self, error: HilumError) -> None:
        """It could not look."""
        if not self.done:
            self._answer.set_exception(error)
            self._answer.exception()  # the one who asked may have gone
