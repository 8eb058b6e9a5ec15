"""What a stream source has in hand: handed over in order, and after a refusal that may pass, again in that order.

Streams give no refusal back to anybody, and what is given back to them comes again after its followers. So a source
keeps what was refused for now, hands nothing over until all that is outstanding is answered, and begins again with
the first. Pure but for the clock of the event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from hilum.connector import Receipt, Received
from hilum.connectors.intake import HANDOVER_LIMIT
from hilum.errors import Busy, Invalid, NotAccepted

_COME_AGAIN: Final = 1.0
"""Seconds after a refusal that names no time (the database is away)."""


class Handed(Received):
    """One message of a stream. `place` is its place there: what sorts it, and what it is acknowledged by."""

    __slots__ = ("_hands", "body", "content_type", "headers", "place")

    def __init__(self, hands: Hands, place: Any, body: bytes, content_type: str, headers: Mapping[str, str]) -> None:
        self._hands = hands
        self.place = place
        self.body = body
        self.content_type = content_type
        self.headers = headers

    async def accept(self, receipt: Receipt) -> None:
        """The journal has it: the stream may forget it for this consumer."""
        self._hands.answered(self, "")

    async def refuse(self, error: Exception) -> None:
        """For now: it comes again, before those behind it. For good: the stream is told why, and it ends there."""
        if isinstance(error, NotAccepted | Invalid):
            self._hands.answered(self, str(error))
        else:
            self._hands.refused(self, error.after if isinstance(error, Busy) else _COME_AGAIN)


Ended = Callable[[Handed, str], None]
"""Told of each message that was answered: accepted (no reason), or refused for good (the reason)."""


class Hands:
    """Messages between the stream and the journal. All methods belong to one event loop."""

    def __init__(self, ended: Ended) -> None:
        self._ended = ended
        self._queue: deque[Handed] = deque()
        self._out: dict[Any, Handed] = {}  # by place: handed over and not answered
        self._refused: list[Handed] = []
        self._again_at = 0.0  # by the clock of the event loop
        self._timer: asyncio.TimerHandle | None = None
        self._ready = asyncio.Event()
        self._closed = False
        self._answers = asyncio.Event()  # something was answered, since it was cleared
        self.size = 0  # bytes of all that is in hand

    def __len__(self) -> int:
        return len(self._queue) + len(self._out) + len(self._refused)

    @property
    def unanswered(self) -> list[Handed]:
        """All that is in hand, in the order of the stream."""
        return sorted([*self._out.values(), *self._refused, *self._queue], key=lambda each: each.place)

    def put(self, units: Sequence[Handed]) -> None:
        """These came from the stream, in this order, after all that came before."""
        self._queue.extend(units)
        self.size += sum(len(each.body) for each in units)
        self._wake()

    async def take(self) -> Sequence[Received]:
        """Wait for the first, then give all that is ready, at most `HANDOVER_LIMIT`; nothing once it is closed."""
        await self._ready.wait()
        while not self._queue and not self._closed:  # what was ready was forgotten meanwhile
            self._ready.clear()
            await self._ready.wait()
        # no await from here on: a cancelled `receive` either has not begun to take, or has returned what it took
        if self._closed:
            return ()
        queue = self._queue
        taken = [queue.popleft() for _ in range(min(len(queue), HANDOVER_LIMIT))]
        self._out.update((each.place, each) for each in taken)
        if not queue:
            self._ready.clear()
        return taken

    def answered(self, unit: Handed, reason: str) -> None:
        """It is in the journal, or refused for good. A second answer changes nothing."""
        if self._out.pop(unit.place, None) is None:
            return
        self.size -= len(unit.body)
        self._ended(unit, reason)
        self._answers.set()
        self._begin_again()

    def refused(self, unit: Handed, seconds: float) -> None:
        """Not now: it comes again after so many seconds, with all that was refused behind it."""
        if self._out.pop(unit.place, None) is None:
            return
        self._refused.append(unit)
        self._answers.set()
        self._again_at = max(self._again_at, asyncio.get_running_loop().time() + seconds)
        self._ready.clear()
        self._begin_again()

    def forget(self, places: Callable[[Any], bool]) -> None:
        """Drop what is at these places: another consumer has them now. Answers that still come for them are void."""
        self.forget_waiting(places)
        for unit in [each for each in self._out.values() if places(each.place)]:
            del self._out[unit.place]
            self.size -= len(unit.body)
        self._begin_again()

    def forget_waiting(self, places: Callable[[Any], bool]) -> None:
        """Drop what is at these places and not with the hub now: it has not begun, and another consumer gets it."""
        waiting = [each for each in (*self._queue, *self._refused) if places(each.place)]
        gone = {each.place for each in waiting}
        self.size -= sum(len(each.body) for each in waiting)
        self._queue = deque(each for each in self._queue if each.place not in gone)
        self._refused = [each for each in self._refused if each.place not in gone]

    async def settled(self, places: Callable[[Any], bool]) -> None:
        """Wait until nothing that was handed over of these places is without an answer."""
        while any(places(place) for place in self._out):
            self._answers.clear()
            await self._answers.wait()

    def close(self) -> None:
        """End a waiting `take`, now and later; forget everything: it stays in the stream."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._queue.clear()
        self._out.clear()
        self._refused.clear()
        self.size = 0
        self._ready.set()

    def _begin_again(self) -> None:
        """Once everything is answered, what was refused goes to the front, when its time has come."""
        if self._out or not self._refused or self._timer is not None or self._closed:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(max(self._again_at, loop.time()), self._put_back)

    def _put_back(self) -> None:
        self._timer = None
        self._queue.extendleft(sorted(self._refused, key=lambda each: each.place, reverse=True))
        self._refused.clear()
        self._wake()

    def _wake(self) -> None:
        if self._queue and not self._refused and not self._closed:
            self._ready.set()
