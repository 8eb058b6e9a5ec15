"""An example as a project whose hub kills itself at steps of its processes, each once, where the environment says.

`DIES_AT`: places, with semicolons: `suppliers.onboarding/REG-1001 5 within`. `DIARY`: a folder in which it notes how
many steps each run took, and that it has died.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from hilum.postgres import Database
from support.serving import HubProcess

EXAMPLES = Path(__file__).parents[2] / "examples"

WHENS = ("within", "after")
"""In the step, after what it did and before that is noted; and after that. Before a step is after the one before."""

_MORTAL = """

import os as _os
import signal as _signal
from pathlib import Path as _Path

from hilum.processes.run import Run as _Run

_diary = _Path(_os.environ["DIARY"])
_places = {}
for _each in filter(None, _os.environ.get("DIES_AT", "").split(";")):
    _run, _number, _when = _each.split()
    _places[_run, int(_number), _when] = _diary / _each.replace("/", " ")
_begin = _Run.__init__


class _Mortal:
    # the steps of one run: the engine has the same object for all
    def __init__(self, steps, run):
        self._steps, self._run, self._count = steps, run, 0

    def __getattr__(self, name):
        return getattr(self._steps, name)

    def _may_die(self, count, when):
        mark = _places.get((self._run, count, when))
        if mark is not None and not mark.exists():
            mark.touch()
            _os.kill(_os.getpid(), _signal.SIGKILL)

    async def do(self, name, act):
        self._count += 1
        count = self._count

        async def step():
            found = await act()
            self._may_die(count, "within")
            return found

        found = await self._steps.do(name, step)
        (_diary / (self._run.replace("/", " ") + " steps")).write_text(str(count))
        self._may_die(count, "after")
        return found


def _named(self, steps, database, process, row, *more):
    _begin(self, _Mortal(steps, f"{process.name}/{row.key}"), database, process, row, *more)


_Run.__init__ = _named
"""


class Story(Protocol):
    """What is played with a hub of its own."""

    @property
    def hub(self) -> HubProcess: ...


Told = TypeVar("Told", bound=Story)


@asynccontextmanager
async def ending(story: Told, database: Database) -> AsyncIterator[Told]:
    """Its hub stops well at the end; where it fails, the error says what the hub said last."""
    try:
        yield story
        assert await story.hub.stop() == 0, "\n".join(story.hub.output[-30:])
    except BaseException as error:
        error.add_note("\n".join(story.hub.output[-60:]))
        raise
    finally:
        if story.hub.running:
            await story.hub.kill()
        await database.close()


def mortal_project(example: str, flows: str, folder: Path) -> Path:
    """The example, in a folder of its own; `flows`: the file that processes are declared in."""
    shutil.copytree(EXAMPLES / example, folder, ignore=shutil.ignore_patterns("in", ".hilum", "__pycache__"))
    path = folder / "flows" / flows
    path.write_text(path.read_text(encoding="utf-8") + _MORTAL, encoding="utf-8")
    settings = folder / "hilum.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n[worker]\nlease_seconds = 2.0\n", encoding="utf-8")
    return folder


def steps_of(diary: Path, run: str) -> int:
    """How many steps a run took so far."""
    return int((diary / f"{run.replace('/', ' ')} steps").read_text())


def died(diary: Path, places: Sequence[str]) -> list[str]:
    """At which of these places the hub has died."""
    return [each for each in places if (diary / each.replace("/", " ")).exists()]


async def again_when_dead(hub: HubProcess, act: Callable[[], Awaitable[None]]) -> None:
    """Do it; meanwhile the hub is started again whenever it has died."""
    doing = asyncio.ensure_future(act())
    try:
        while not doing.done():
            dying = asyncio.create_task(_dead(hub))
            await asyncio.wait([doing, dying], return_when=asyncio.FIRST_COMPLETED)
            dying.cancel()
            await asyncio.gather(dying, return_exceptions=True)
            if not hub.running and not doing.done():
                await hub.ended()
                await hub.start()
    finally:
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
    doing.result()


async def _dead(hub: HubProcess) -> None:
    while hub.running:
        await asyncio.sleep(0.05)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody has now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
