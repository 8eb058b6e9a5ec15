"""Steps on DBOS: each is recorded with what it came to, in the engine's schema."""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from dbos import DBOS

from hilum.errors import Invalid
from hilum.processes.clock import Clock
from hilum.processes.patience import surely

BELL: Final = "bell"
"""What rings when something came for a run: it says no more than that. Where the clock does not run by itself, it also
rings when the time is over that a run waits for, with that time."""

AT_ONCE: Final = 16
"""Steps that are under way at once in one hub; others wait their turn. Hundreds at once (a hub that takes over the runs
of another one, a morning with many deliveries) would each be slower by as much, and take the connections that messages
need."""

_FOREVER: Final = 3650 * 86_400.0  # seconds

Value = TypeVar("Value")


class EngineSteps:
    """The steps of all runs of one hub: of the workflow that is under way in the task that asks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turns = Semaphore(AT_ONCE)

    @property
    def number(self) -> int:
        """Raises `Invalid` outside of a step."""
        number = DBOS.step_id
        if number is None:
            raise Invalid("That is possible only within a step of a run.")
        return int(number)

    async def do(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any:
        """Do it once."""

        async def step() -> Any:  # the engine looks whether it is one
            return await act()

        async with self._turns:
            return await DBOS.run_step_async({"name": name}, step)

    async def read(self, act: Callable[[], Awaitable[Value]]) -> Value:
        """A look at what never changes, which is no step; never from within one."""
        async with self._turns:
            return await surely(act)

    async def rung(self, deadline: datetime) -> bool:
        """Wait for the bell. One that rang for another time that was waited for is a bell like any other."""
        left = max((deadline - self._clock.now()).total_seconds(), 0.01)
        if not self._clock.runs and left > 0.01:
            left = _FOREVER
        found = await DBOS.recv_async(BELL, timeout_seconds=left)
        return found is not None and found != deadline.isoformat()
