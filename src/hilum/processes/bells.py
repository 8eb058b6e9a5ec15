"""What wakes the runs of a hub that wait: a bell for each, which rings when something came or its time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from hilum.processes.clock import Clock

_AT_MOST: Final = 3600.0
"""Seconds of one wait: the computer's clock may be set meanwhile."""


class Bell:
    """Of one run that this hub executes. It rings at first: something may have come before anybody listened."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()
        self._rung.set()
        self.deadline: datetime | None = None  # until when somebody waits; none: nobody does
        self._over = False

    def ring(self) -> None:
        """Something came, or time has gone on."""
        self._rung.set()

    def end(self) -> None:
        """Another execution of the run has begun here: this one leaves off where it waits."""
        self._over = True
        self.ring()

    def hush(self) -> None:
        """Whoever looks now finds all that it rang for until now."""
        self._rung.clear()

    async def wait(self, deadline: datetime) -> bool:
        """Wait until it rings, or until then; says whether time is over. Raises `CancelledError` where it is ended."""
        self.deadline = deadline
        try:
            while not self._rung.is_set() and (left := self._left(deadline)) > 0:
                try:
                    async with asyncio.timeout(min(left, _AT_MOST)):
                        await self._rung.wait()
                except TimeoutError:
                    continue
        finally:
            self.deadline = None
        if self._over:
            raise asyncio.CancelledError
        return self._clock.now() >= deadline

    def _left(self, deadline: datetime) -> float:
        left = (deadline - self._clock.now()).total_seconds()
        return left if self._clock.runs or left <= 0 else _AT_MOST


class Bells:
    """Of all runs that one hub executes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bells: dict[UUID, Bell] = {}
        self._told: set[int] = set()  # numbers of untaken items that were rung for

    @contextmanager
    def of(self, run: UUID) -> Iterator[Bell]:
        """One for the execution of this run."""
        if before := self._bells.get(run):
            before.end()
        bell = self._bells[run] = Bell(self._clock)
        try:
            yield bell
        finally:
            if self._bells.get(run) is bell:
                del self._bells[run]

    @property
    def runs(self) -> list[UUID]:
        """Those with a bell."""
        return list(self._bells)

    def ring(self, run: UUID) -> None:
        """Ring for this one, where it is executed here."""
        if bell := self._bells.get(run):
            bell.ring()

    def ring_new(self, found: list[tuple[int, UUID]]) -> None:
        """All that runs of this hub have not taken, by number and run: ring for what was not there before."""
        for number, run in found:
            if number not in self._told:
                self.ring(run)
        self._told = {number for number, _ in found}

    def strike(self) -> None:
        """Where the clock is set by somebody: ring for all whose time is over by now."""
        now = self._clock.now()
        for bell in self._bells.values():
            if bell.deadline is not None and bell.deadline <= now:
                bell.ring()
