"""Sends what the hospital's systems have to tell, and does what real systems do: wait, repeat, keep the order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from zlib import crc32

from hilum.errors import SettingsError
from hilum.simulator.hospital.events import Event, Flaw
from hilum.simulator.hospital.lines import Answer, HttpLine, Line, MllpLine

FIRST_PAUSE: Final = 0.1  # seconds before a message that was not taken is sent again
LONGEST_PAUSE: Final = 5.0  # the pause doubles up to this many seconds
WAITING_EVENTS: Final = 20  # events that wait for one connection, at most


@dataclass(slots=True, kw_only=True)
class Counts:
    """What happened so far. `messages` = accepted + refused once everything is answered."""

    messages: int = 0  # events that were answered for good, files included
    sent: int = 0  # times that a message was sent, repetitions included
    accepted: int = 0  # answered AA
    errors: int = 0  # answered AE: sent again
    refused: int = 0  # answered AR: not sent again
    unanswered: int = 0  # connection lost or time over: sent again
    duplicates: int = 0  # sent although it was accepted before, on purpose
    reconnects: int = 0  # connections that had to be made again
    files: int = 0  # files that were put into the folder


class Sender:
    """Sends events over several connections, those of one key in their order; a message waits for its answer.

    One of `mllp` (host, port) and `http` (URL) is where HL7 messages go; `inbox` is the folder for files. `rate` is
    in events per second (None: as fast as the hub answers), `timeout` the seconds to wait for an answer. A message
    that is answered AE, or not at all, is sent again until it is taken or `stop` is called. `on_progress` gets the
    counts after an answer or the lack of one, at most every `progress_every` seconds, and at the end.
    """

    def __init__(
        self,
        *,
        mllp: tuple[str, int] | None = None,
        http: str | None = None,
        inbox: Path | None = None,
        connections: int = 4,
        rate: float | None = None,
        timeout: float = 30.0,
        on_progress: Callable[[Counts], None] | None = None,
        progress_every: float = 1.0,
    ) -> None:
        if (mllp is None) == (http is None):
            raise SettingsError("a simulated hospital sends to one place: give mllp=(host, port) or http=url")
        if connections < 1 or (rate is not None and rate <= 0):
            raise SettingsError("connections must be 1 or more, and the rate more than 0 events per second")
        self.counts = Counts()
        self.acknowledged: list[str] = []
        """Control ids that were answered AA, in the order of the answers; a duplicate is there each time."""
        self._mllp = mllp
        self._http = http
        self._inbox = inbox
        self._connections = connections
        self._rate = rate
        self._timeout = timeout
        self._on_progress = on_progress
        self._progress_every = progress_every
        self._next_report = 0.0  # time of the loop
        self._stopping = asyncio.Event()
        self._lines: list[Line] = []

    def stop(self) -> None:
        """Send nothing new and repeat nothing; `run` returns when the answers that are awaited came, or did not."""
        self._stopping.set()

    async def run(self, events: Iterable[Event]) -> Counts:
        """Send all events; returns the final counts. Raises `SettingsError` for a file without an `inbox`."""
        queues = [asyncio.Queue[Event | None](WAITING_EVENTS) for _ in range(self._connections)]
        try:
            async with asyncio.TaskGroup() as tasks:
                for queue in queues:
                    tasks.create_task(self._work(queue))
                tasks.create_task(self._feed(events, queues))
        except* SettingsError as group:
            raise group.exceptions[0] from None
        self._report(last=True)
        return self._snapshot()

    async def _feed(self, events: Iterable[Event], queues: list[asyncio.Queue[Event | None]]) -> None:
        """Hand each event to the connection of its key, at the wanted rate; None ends a queue."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        for number, event in enumerate(events):
            if self._rate is not None:
                await self._pause(started + number / self._rate - loop.time())
            if self._stopping.is_set():
                break
            await queues[crc32(event.key.encode()) % len(queues)].put(event)
        for queue in queues:
            await queue.put(None)

    async def _work(self, queue: asyncio.Queue[Event | None]) -> None:
        line = self._line()
        self._lines.append(line)
        async with line:
            while (event := await queue.get()) is not None:
                if self._stopping.is_set():
                    continue  # take the rest off the queue, so that the feeder can end it
                if event.channel == "file":
                    await asyncio.to_thread(self._drop, event)
                else:
                    await self._send(line, event)

    async def _send(self, line: Line, event: Event) -> None:
        """Send until it is taken or refused, or the sender is stopped."""
        pause = FIRST_PAUSE
        while True:
            self.counts.sent += 1
            answer = await line.send(event.body, event.control_id)
            if answer in (Answer.ACCEPTED, Answer.REFUSED):
                self._settle(event, answer)
                self._report()
                return
            self.counts.errors += answer is Answer.COME_AGAIN
            self.counts.unanswered += answer is Answer.NONE
            self._report()
            await self._pause(pause)
            if self._stopping.is_set():
                return
            pause = min(2 * pause, LONGEST_PAUSE)

    def _settle(self, event: Event, answer: Answer) -> None:
        self.counts.messages += 1
        if answer is Answer.REFUSED:
            self.counts.refused += 1
            return
        self.counts.accepted += 1
        self.counts.duplicates += event.flaw is Flaw.DUPLICATE
        self.acknowledged.append(event.control_id)

    def _drop(self, event: Event) -> None:
        """Put a file into the folder: whole or not at all, because the hub is watching."""
        if self._inbox is None:
            raise SettingsError("the traffic has files: give the sender the folder (inbox) that they are put into")
        if event.flaw is Flaw.DUPLICATE and (self._inbox / event.control_id).exists():
            return  # still there: putting the same file again would change nothing
        part = self._inbox / f".{event.control_id}.part"
        part.write_bytes(event.body)
        part.replace(self._inbox / event.control_id)
        self.counts.files += 1
        self.counts.messages += 1

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until the sender is stopped."""
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _report(self, *, last: bool = False) -> None:
        """Tell the counts if it is time, after an answer or the lack of one."""
        now = asyncio.get_running_loop().time()
        if self._on_progress is None or (now < self._next_report and not last):
            return
        self._next_report = now + self._progress_every
        self._on_progress(self._snapshot())

    def _snapshot(self) -> Counts:
        return replace(self.counts, reconnects=sum(line.reconnects for line in self._lines))

    def _line(self) -> Line:
        if self._mllp is not None:
            host, port = self._mllp
            return MllpLine(host, port, timeout=self._timeout)
        return HttpLine(self._http or "", timeout=self._timeout)
