"""A hub process between senders and a receiver, over a database that the test can look into: what fault tests need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from hilum.postgres import Database
from hilum.testing import eventually
from support.http_receiver import HttpReceiver
from support.looks import assert_sound, delivery_states, states
from support.mllp_load import Load
from support.serving import HubProcess, write_project

_PAUSE: Final = 0.01
"""Seconds between two messages of a sender: load enough for what is to go wrong, that leaves the machine to others."""


class Rig:
    """`async with rig(folder, url) as it:`; at the end everything that was acknowledged must have arrived."""

    def __init__(self, far: HttpReceiver, project: Path, url: str) -> None:
        self.far = far
        self.url = url
        self.hub = HubProcess(project, url)
        self.load = Load(lambda: self.hub.port, pause=_PAUSE)

    async def acknowledged_more(self, count: int = 1) -> None:
        """Wait until so many more messages are acknowledged."""
        before = self.load.total
        await eventually(lambda: self.load.total >= before + count, lambda: f"{self.load.total - before} more")

    async def arrived_more(self, count: int = 1) -> None:
        """Wait until so many more have reached the receiver."""
        before = len(self.far.taken)
        await eventually(lambda: len(self.far.taken) >= before + count, lambda: f"{len(self.far.taken) - before} more")

    async def all_arrived(self) -> None:
        """End the load; wait until the receiver has what was acknowledged: once, in order."""
        await self.load.stop()
        await eventually(
            lambda: len(self.far.taken) >= self.load.total,
            lambda: f"{len(self.far.taken)} of {self.load.total} arrived",
        )
        self.far.assert_exactly(self.load.acknowledged)


@asynccontextmanager
async def rig(folder: Path, url: str = "", more: str = "") -> AsyncIterator[Rig]:
    """A running hub under load. At the end it is stopped in order, and must say that all went well."""
    async with HttpReceiver() as far:
        made = Rig(far, write_project(folder / "hub", far.url, more), url)
        await made.hub.start()
        made.load.start()
        try:
            yield made
        finally:
            far.let_go()
            await made.load.cancel()
            code = await made.hub.stop() if made.hub.running else 0
        assert code == 0, "\n".join(made.hub.output[-40:])


async def assert_all_completed(url: str, count: int, *, held_at_most: int = 0) -> None:
    """So many are completed and delivered, at most so many are held, and the journal agrees with itself."""
    database = Database(url, hot=1, cold=2)
    await database.open()
    try:
        found: dict[str, int] = {}

        async def there() -> bool:
            found.clear()
            found.update(await states(database))
            held = found.pop("held", 0)
            return found == {"completed": count} and held <= held_at_most

        await eventually(there, lambda: f"{count} completed, but {found}")
        assert await delivery_states(database) == {"delivered": count}
        await assert_sound(database)
    finally:
        await database.close()
