"""Steps on DBOS: each is recorded with what it came to, in the engine's schema."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from dbos import DBOS

from hilum.errors import Invalid

BELL: Final = "bell"
"""What rings when something came for a run: it says no more than that."""


class EngineSteps:
    """The steps of the workflow that is under way in this task."""

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

        return await DBOS.run_step_async({"name": name}, step)

    async def rung(self, seconds: float) -> bool:
        """Wait for the bell."""
        return await DBOS.recv_async(BELL, timeout_seconds=seconds) is not None
