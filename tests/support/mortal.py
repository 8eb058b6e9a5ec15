"""An example as a project whose hub kills itself at steps of its processes, each once, where the environment says.

`DIES_AT`: places, with semicolons: `suppliers.onboarding/REG-1001 5 within` is the transaction that does step 5 of that
run, or the first one beyond it. `DIARY`: a folder in which it notes how many steps each run took, and that it has died.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from hilum.postgres import Database
from support.serving import HubProcess

EXAMPLES = Path(__file__).parents[2] / "examples"

WHENS = ("within", "after")
"""In the transaction of a step, after all that it did; and after its commit. Before a step is after the one before."""

_MORTAL = """

import os as _os
import signal as _signal
from pathlib import Path as _Path

from hilum.processes.steps import Steps as _Steps

_diary = _Path(_os.environ["DIARY"])
_places = []
for _each in filter(None, _os.environ.get("DIES_AT", "").split(";")):
    _run, _number, _when = _each.split()
    _places.append((_run, int(_number), _when, _diary / _each.replace("/", " ")))
_together = _Steps.together


def _may_die(run, number, when):
    due = [mark for at, least, moment, mark in _places
           if at == run and least <= number and moment == when and not mark.exists()]
    for mark in due:
        mark.touch()
    if due:
        _os.kill(_os.getpid(), _signal.SIGKILL)


async def _mortal(self, acts):
    run = f"{self._row.process}/{self._row.key}"
    number = max((each[0] for each in self._later), default=0)

    async def within(connection):
        nonlocal number
        done = await acts(connection)
        number = max([number, *(each.number for each in done)])
        _may_die(run, number, "within")
        return done

    await _together(self, within)
    if number:
        # whole at any moment: another run may end the process while it is written
        note = _diary / (run.replace("/", " ") + " steps")
        fresh = note.with_name(note.name + ".new")
        fresh.write_text(str(number))
        fresh.replace(note)
    _may_die(run, number, "after")


_Steps.together = _mortal
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


def rounds(steps: int, apart: int = 8) -> Iterator[list[tuple[int, str]]]:
    """Every step of so many, within and after it: in each round the hub dies at steps that are so far apart."""
    for when in WHENS:
        for first in range(1, min(apart, steps) + 1):
            yield [(number, when) for number in range(first, steps + 1, apart)]


def survived(diary: Path, places: Sequence[str]) -> list[str]:
    """At which of these places the hub has not died, though the run came so far: two stories are not equally long,
    where messages come together."""
    left = [each for each in places if not (diary / each.replace("/", " ")).exists()]
    return [each for each in left if int(each.split()[1]) <= steps_of(diary, each.split()[0])]


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
