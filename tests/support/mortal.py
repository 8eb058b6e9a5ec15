"""An example as a project whose hub kills itself at steps of its processes, each once, where the environment says.

`DIES_AT`: places, with semicolons: `suppliers.onboarding/REG-1001 5 within`. `DIARY`: a folder in which it notes how
many steps each run took, and that it has died.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from support.serving import HubProcess

EXAMPLES = Path(__file__).parents[2] / "examples"

WHENS = ("within", "after")
"""In the step, after what it did and before that is noted; and after that. Before a step is after the one before."""

_MORTAL = """

import os as _os
import signal as _signal
from pathlib import Path as _Path

from hilum.processes.run import Run as _Run
from hilum.processes.steps import EngineSteps as _Steps

_diary = _Path(_os.environ["DIARY"])
_places = {}
for _each in filter(None, _os.environ.get("DIES_AT", "").split(";")):
    _run, _number, _when = _each.split()
    _places[_run, int(_number), _when] = _diary / _each.replace("/", " ")
_begin, _do = _Run.__init__, _Steps.do


def _named(self, steps, database, process, row, *more):
    steps.mortal, steps.count = f"{process.name}/{row.key}", 0
    _begin(self, steps, database, process, row, *more)


def _may_die(steps, count, when):
    mark = _places.get((steps.mortal, count, when))
    if mark is not None and not mark.exists():
        mark.touch()
        _os.kill(_os.getpid(), _signal.SIGKILL)


async def _mortal(self, name, act):
    self.count += 1
    count = self.count

    async def step():
        found = await act()
        _may_die(self, count, "within")
        return found

    found = await _do(self, name, step)
    (_diary / (self.mortal.replace("/", " ") + " steps")).write_text(str(count))
    _may_die(self, count, "after")
    return found


_Run.__init__, _Steps.do = _named, _mortal
"""


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
