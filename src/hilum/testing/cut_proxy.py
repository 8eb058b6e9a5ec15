"""A TCP proxy between a connector and its far side that can be stopped, fall silent, lose the answers, or hold them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Self


class Answers(StrEnum):
    """What happens to the bytes that the far side sends."""

    PASS = "pass"  # they arrive  # noqa: S105 — not a password
    LOSE = "lose"  # they vanish, the connection stays
    CUT = "cut"  # instead of the first of them, the connection breaks
    HOLD = "hold"  # they arrive when the answers are set to PASS again


class CutProxy:
    """`async with CutProxy(far_port) as proxy:` and connect to `proxy.port`. Everything stays on 127.0.0.1."""

    def __init__(self, far_port: int) -> None:
        self._far_port = far_port
        self._answers = Answers.PASS
        self._released = asyncio.Event()
        self._released.set()
        self._passing = asyncio.Event()
        self._passing.set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    @property
    def answers(self) -> Answers:
        """What happens to the answers now."""
        return self._answers

    @answers.setter
    def answers(self, answers: Answers) -> None:
        self._answers = answers
        if answers is Answers.HOLD:
            self._released.clear()
        else:
            self._released.set()

    @property
    def silent(self) -> bool:
        """Does nothing pass, either way, while connections stay and new ones are taken? So is a line broken far off.

        What was sent meanwhile passes when the line is whole again, if both ends still wait for it: so does TCP.
        """
        return not self._passing.is_set()

    @silent.setter
    def silent(self, silent: bool) -> None:
        if silent:
            self._passing.clear()
        else:
            self._passing.set()

    @property
    def connections(self) -> int:
        """How many sockets are open, both sides counted."""
        return len(self._writers)

    async def start(self) -> None:
        """Listen; after `stop` on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Refuse connections and break those that there are. Returns when all of them are gone."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.cut()

    async def cut(self) -> None:
        """Break all connections; new ones are welcome."""
        for writer in list(self._writers):
            writer.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        # a task that calls this from within cannot wait for itself
        others = self._tasks - {asyncio.current_task()}
        if others:
            await asyncio.wait(others)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.answers = Answers.PASS
        self.silent = False
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 — for the type checker: a coroutine runs in a task
        self._tasks.add(task)
        self._writers.add(writer)
        far_writer: asyncio.StreamWriter | None = None
        try:
            await self._passing.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far_port)
            self._writers.add(far_writer)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._there(reader, far_writer))
                both.create_task(self._back(far_reader, writer))
        except* (OSError, asyncio.CancelledError):
            pass  # one side is gone: the other one goes too, below
        finally:
            for each in (writer, far_writer):
                if each is not None:
                    await self._end(each)
            self._tasks.discard(task)

    async def _end(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._passing.wait()
            writer.write(data)
            await writer.drain()
        await self._passing.wait()
        writer.write_eof()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._released.wait()
            await self._passing.wait()
            if self._answers is Answers.CUT:
                writer.transport.abort()
                raise ConnectionAbortedError
            if self._answers is Answers.PASS:
                writer.write(data)
                await writer.drain()
        # the far side closed: pass that on, also where its last words were lost
        await self._released.wait()
        await self._passing.wait()
        writer.close()
