"""One file under way: which of its units are out, which are answered, and what becomes of the file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from hilum.connector import Header, Receipt, Received
from hilum.connectors.files.units import Flaw, Unit
from hilum.connectors.intake import Intake
from hilum.errors import Busy, HilumError, Invalid, NotAccepted

# The most units and bytes of a folder that are handed over and not answered: what bounds the memory of a large file.
WINDOW_UNITS: Final = 1_000
WINDOW_BYTES: Final = 32 * 2**20
# Reasons that the reason file lists one by one.
REASONS_LISTED: Final = 1_000


class FileReceived(Received):
    """One unit of a file."""

    __slots__ = ("_answered", "_job", "body", "content_type", "headers", "number", "place")

    def __init__(self, job: Job, unit: Unit, headers: Mapping[str, str], place: int) -> None:
        self._job = job
        self._answered = False
        self.number = unit.number
        self.body = unit.body
        self.content_type = unit.content_type
        self.headers = headers
        self.place = place  # in the order of everything that the folder hands over

    async def accept(self, receipt: Receipt) -> None:
        """It is done with; the file moves to `done` after its last unit."""
        self._once()
        self._job.end(self)

    async def refuse(self, error: Exception) -> None:
        """For good: the file will go to `failed` with this reason. For now: it comes again after a while."""
        self._once()
        if isinstance(error, NotAccepted | Invalid):
            self._job.end(self, str(error))
        else:
            self._job.window.again(self, error)

    def _once(self) -> None:
        if self._answered:
            raise RuntimeError("a received unit is answered once; this one was answered before")
        self._answered = True

    def renewed(self) -> FileReceived:
        """The same unit, to be answered anew."""
        return FileReceived(self._job, Unit(self.number, self.body, self.content_type), self.headers, self.place)


class Window:
    """What a folder has handed over and not got answered, over all its files. Bounded."""

    def __init__(self, intake: Intake, pause: float) -> None:
        self._intake = intake
        self._pause = pause  # seconds until a unit that was refused for now comes again
        self._units = 0
        self._bytes = 0
        self._place = 0
        self._again: list[FileReceived] = []
        self._timer: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()

    async def hand(self, job: Job, unit: Unit, headers: Mapping[str, str]) -> None:
        """Hand a unit over, when there is room for one more."""
        while self._units >= WINDOW_UNITS or self._bytes >= WINDOW_BYTES:
            self._room.clear()
            await self._room.wait()
        self._units += 1
        self._bytes += len(unit.body)
        self._place += 1
        self._intake.put(FileReceived(job, unit, headers, self._place))

    def end(self, received: FileReceived) -> None:
        """This unit is answered for good."""
        self._units -= 1
        self._bytes -= len(received.body)
        self._room.set()

    def again(self, received: FileReceived, error: Exception) -> None:
        """This unit comes again, in its order, before those that were not handed over yet."""
        self._again.append(received.renewed())
        if self._timer is None:
            after = min(error.after, self._pause) if isinstance(error, Busy) else self._pause
            self._timer = asyncio.get_running_loop().call_later(after, self._put_again)

    def close(self) -> None:
        """Nothing comes again."""
        if self._timer is not None:
            self._timer.cancel()

    def _put_again(self) -> None:
        self._timer = None
        again, self._again = sorted(self._again, key=lambda each: each.place), []
        self._intake.put_first(again)


class Job:
    """One reading of one file: its units, and why some were refused."""

    def __init__(self, name: str, digest: str, window: Window, peer: str) -> None:
        self.name = name
        self.digest = digest
        self.window = window
        self.refused = 0
        self._reasons: list[str] = []
        self._peer = peer
        self._units = 0
        self._out = 0
        self._changed = asyncio.Event()

    async def hand(self, unit: Unit | Flaw) -> None:
        """Hand a unit over; note one that cannot be read."""
        self._units += 1
        if isinstance(unit, Flaw):
            self._note(unit.number, unit.reason)
            return
        headers = {
            Header.PEER: self._peer,
            Header.FILE: self.name,
            # the same for each reading of this file with this content, also after a crash
            Header.IDEMPOTENCY_KEY: f"{self.name}:{self.digest[:32]}:{unit.number}",
        }
        if unit.number:
            headers[Header.ROW] = str(unit.number)
        self._out += 1
        await self.window.hand(self, unit, headers)

    async def answered(self) -> None:
        """Wait until every unit that was handed over is answered for good."""
        while self._out:
            self._changed.clear()
            await self._changed.wait()

    def end(self, received: FileReceived, reason: str = "") -> None:
        """This unit is answered for good."""
        self._out -= 1
        self.window.end(received)
        if reason:
            self._note(received.number, reason)
        self._changed.set()

    def _note(self, number: int, reason: str) -> None:
        self.refused += 1
        if len(self._reasons) < REASONS_LISTED:
            self._reasons.append(f"row or message {number}: {reason}" if number else reason)

    def report(self, error: HilumError | None = None) -> str:
        """The text of the reason file."""
        lines = [f"{self.name} was not taken completely: {self._units - self.refused} taken, {self.refused} refused."]
        if error is not None:
            lines.append(f"Reading ended early. {error}")
        lines += self._reasons
        if self.refused > len(self._reasons):
            lines.append(f"... and {self.refused - len(self._reasons)} more")
        return "\n".join(lines) + "\n"
