"""What is told by NOTIFY: one connection of a process listens for all who want to know, and comes again after a fault.

A notice is a hint and no promise: who waits for one looks by itself now and then, and oftener while none is heard. All
go over one channel, as a topic and, after a space, what it is about.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final
from uuid import uuid4

from psycopg import AsyncConnection

from hilum.ending import cancel_all
from hilum.errors import DatabaseUnavailable, trail

log = logging.getLogger("hilum.postgres")

CHANNEL: Final = "hilum"

Heard = Callable[[str], None]
"""Told what a notice is about; nothing where some may have been missed: then look for everything."""

_AFTER_FAULT: Final = 1.0  # seconds
_EVERY: Final = 30.0  # seconds between two proofs that notices come
_PROVEN: Final = 5.0  # seconds for a notice to come back to who sent it
_HELLO: Final = "hello"


class Notices:
    """Of one database. It listens from the first who wants to know until `close`; both in one event loop."""

    def __init__(
        self,
        aside: Callable[[], AbstractAsyncContextManager[AsyncConnection[Any]]],
        cold: Callable[[], AbstractAsyncContextManager[AsyncConnection[Any]]],
    ) -> None:
        self._aside = aside  # listens
        self._cold = cold  # sends what proves that it hears
        self._wanted: dict[str, list[Heard]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._proven: asyncio.Event | None = None
        self.heard = False  # do notices come? Behind some poolers none ever does

    def tell(self, topic: str, heard: Heard) -> None:
        """From now on, notices of this topic are told to `heard`."""
        self._wanted.setdefault(topic, []).append(heard)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="notices")

    def forget(self, topic: str, heard: Heard) -> None:
        """No more. Who was not told changes nothing."""
        with suppress(KeyError, ValueError):
            self._wanted[topic].remove(heard)

    async def close(self) -> None:
        """Listen no more; what is told from then on begins anew."""
        listening, self._listening = self._listening, None
        self.heard = False
        if listening is not None:
            await cancel_all([listening])

    async def _listen(self) -> None:
        while True:
            try:
                async with self._aside() as connection:
                    await connection.execute(f"LISTEN {CHANNEL}".encode())
                    await self._hear(connection)
            except DatabaseUnavailable as error:
                log.info("notices of the database are not heard: %s", error)
            self.heard = False
            self._missed()  # so that who relied on notices looks by itself from now on
            await asyncio.sleep(_AFTER_FAULT)

    async def _hear(self, connection: AsyncConnection[Any]) -> None:
        """Pass on what comes, until nothing proves that anything does."""
        self._missed()
        mark = uuid4().hex
        self._proven = asyncio.Event()
        proving = asyncio.create_task(self._prove(mark, self._proven))
        try:
            async for notice in connection.notifies():
                topic, _, about = notice.payload.partition(" ")
                if topic == _HELLO:
                    if about == mark:
                        self._proven.set()
                    continue
                self._pass_on(topic, about)
        finally:
            await cancel_all([proving])

    async def _prove(self, mark: str, proven: asyncio.Event) -> None:
        while True:
            proven.clear()
            with suppress(DatabaseUnavailable, TimeoutError):
                async with self._cold() as connection:
                    await connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"{_HELLO} {mark}"])
                async with asyncio.timeout(_PROVEN):
                    await proven.wait()
            if proven.is_set() and not self.heard:
                self.heard = True
                self._missed()
            self.heard = proven.is_set()
            await asyncio.sleep(_EVERY)

    def _pass_on(self, topic: str, about: str) -> None:
        for heard in list(self._wanted.get(topic, ())):
            try:
                heard(about)
            except Exception as error:  # noqa: BLE001 - a defect of one must not keep the others from hearing
                log.error("a defect of who was told of %s; going on: %s", topic, trail(error))

    def _missed(self) -> None:
        for topic in list(self._wanted):
            self._pass_on(topic, "")
