"""What remembers which steps of a run are done: `steps` does it on DBOS, and only it knows of that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

Value = TypeVar("Value")


class Steps(Protocol):
    """What remembers which steps of a run are done: the engine."""

    @property
    def number(self) -> int:
        """Of the step that is under way; the same each time the run is repeated. Raises `Invalid` outside of one."""

    async def do(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any:
        """Do it as a step; or, if it was done before, what it came to then. What it comes to is JSON."""

    async def read(self, act: Callable[[], Awaitable[Value]]) -> Value:
        """A look at what never changes, which is no step; never from within one."""

    async def rung(self, deadline: datetime) -> bool:
        """Wait until something came for the run, at most until then; what it was is remembered as a step is."""
