"""One loop that looks into another system while this hub holds its memory: faults are told once and do not end it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from hilum.connector import Memory
from hilum.ending import cancel_all
from hilum.errors import DatabaseUnavailable, Down, Failure, LeaseLost, SettingsError, trail

_FIRST_PAUSE: Final = 0.5  # seconds before what failed is tried again; doubled each time
_LONGEST_PAUSE: Final = 15.0  # seconds
_LAST_SECONDS: Final = 2.0  # for what is noted when the source is closed
_BEATS: Final = 3  # times that a memory is held anew within its lease


class Work(Protocol):
    """What a loop does."""

    @property
    def name(self) -> str:
        """Of what, for people."""

    async def begin(self) -> None:
        """This hub holds the memory now: read it. What was in hand is void."""

    async def look(self) -> None:
        """One look, and the rest until the next. May raise what the system and the memory raise."""

    async def finish(self) -> None:
        """The source is being closed, and this hub holds the memory still. Quick."""


async def keep_looking(work: Work, memory: Memory, *, down: Callable[[], None], log: logging.Logger) -> None:
    """For ever. `down` is told when the server does not answer."""
    pauses = _Pauses(work.name, log)
    try:
        while True:
            try:
                if await memory.hold():
                    await _while_held(work, memory, pauses, down)
                else:
                    await asyncio.sleep(memory.seconds / _BEATS)
            except (DatabaseUnavailable, LeaseLost) as error:
                await pauses.after(error)
            except Exception as error:  # noqa: BLE001 - a loop that ends would see nothing any more, unnoticed
                log.error("a defect in looking at %s; going on: %s", work.name, trail(error))
                await pauses.after(None)
    finally:
        with suppress(DatabaseUnavailable):  # the lease ends by itself
            await memory.release()


async def _end(work: Work, log: logging.Logger) -> None:
    """What is not noted now is told again, and known then."""
    try:
        async with asyncio.timeout(_LAST_SECONDS):
            await work.finish()
    except (DatabaseUnavailable, LeaseLost, TimeoutError) as error:
        log.info("%s: %s", work.name, error)


async def _while_held(work: Work, memory: Memory, pauses: _Pauses, down: Callable[[], None]) -> None:
    taken = asyncio.Event()
    beating = asyncio.create_task(_beat(memory, taken))
    try:
        begun = False
        while not taken.is_set():
            try:
                if not begun:
                    await work.begin()
                    begun = True
                await work.look()
                pauses.well()
            except (Failure, SettingsError) as error:
                if isinstance(error, Down):
                    down()
                await pauses.after(error)
        raise LeaseLost(f"another hub goes on with {work.name}")
    except asyncio.CancelledError:
        await _end(work, pauses.log)
        raise
    finally:
        await cancel_all([beating])


async def _beat(memory: Memory, taken: asyncio.Event) -> None:
    """Keep the memory while it is worked with. What a hub that lost it writes meanwhile is refused by the fence."""
    while not taken.is_set():
        await asyncio.sleep(memory.seconds / _BEATS)
        with suppress(DatabaseUnavailable):  # what needs the database says so itself
            if not await memory.hold():
                taken.set()


class _Pauses:
    """Says what is wrong once, and waits longer each time."""

    def __init__(self, name: str, log: logging.Logger) -> None:
        self.log = log
        self._name = name
        self._said = ""
        self._seconds = _FIRST_PAUSE

    def well(self) -> None:
        """It works."""
        self._said, self._seconds = "", _FIRST_PAUSE

    async def after(self, error: Exception | None) -> None:
        """Something failed."""
        if error is not None and str(error) != self._said:
            self._said = str(error)
            self.log.warning("nothing is seen of %s for now: %s", self._name, error)
        await asyncio.sleep(self._seconds)
        self._seconds = min(self._seconds * 2, _LONGEST_PAUSE)
