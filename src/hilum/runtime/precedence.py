"""What is more urgent goes first in this process: work that is less urgent stands back while it is in hand.

A process is one event loop on one core, and each step of a batch of bulk keeps the core for a few milliseconds. So the
less urgent work is cut into small steps, and before each step it asks here. What stands back goes on after a short time
in any case: nothing starves.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from hilum.message import Priority

RANK: Final = {priority: rank for rank, priority in enumerate(Priority)}
"""The most urgent is 0."""

RANKS: Final = tuple(RANK.values())

_HOLD = 0.02
"""Seconds for which what was seen last counts as still in hand: about what one message takes to its receiver."""

_FLOORS = (0.1, 0.02)
"""Seconds after which a step is taken all the same while something urgent, or normal, is in hand.

Urgent messages are few and short, so bulk can wait for them. Normal ones may come without end: bulk goes on in between.
"""

_LATELY = 5.0
"""Seconds after the last urgent message in which the next one is expected: batches of others are smaller then."""

_PORTIONS = 4

_LOOK = 0.002  # seconds between looks while standing back


class Precedence:
    """What is in hand in this process, by its priority. For one event loop."""

    def __init__(self) -> None:
        self._until = [0.0] * len(RANKS)
        self._noted = [-_LATELY] * len(RANKS)

    def note(self, priority: Priority) -> None:
        """A message of this priority came in, or is at its next stage."""
        rank, now = RANK[priority], time.monotonic()
        self._noted[rank], self._until[rank] = now, now + _HOLD

    def portion(self, priority: Priority, batch: int) -> int:
        """How much of a batch is taken at once: less while urgent ones keep coming, which it could not foresee."""
        urgent = RANK[Priority.URGENT]
        if RANK[priority] == urgent or time.monotonic() - self._noted[urgent] > _LATELY:
            return batch
        return max(batch // _PORTIONS, 1)

    def clear(self, priority: Priority) -> None:
        """The last one in hand is done. One that is on its way elsewhere is noted at its next stage."""
        self._until[RANK[priority]] = 0.0

    def ahead(self, rank: int, now: float) -> float | None:
        """Seconds that a step of this rank waits at most for what is more urgent; none: nothing is ahead of it."""
        for above in range(rank):
            if self._until[above] > now:
                return _FLOORS[above]
        return None


class Standing:
    """One loop's place among the others: asks before each of its steps."""

    def __init__(self, precedence: Precedence, rank: int) -> None:
        self._precedence = precedence
        self._rank = rank
        self._went = 0.0  # when its last step was allowed

    def may(self) -> bool:
        """May the next step be taken now?"""
        now = time.monotonic()
        longest = self._precedence.ahead(self._rank, now)
        if longest is not None and now - self._went < longest:
            return False
        self._went = now
        return True

    async def turn(self) -> None:
        """Wait until the next step may be taken."""
        while not self.may():  # noqa: ASYNC110 - time decides, nothing rings
            await asyncio.sleep(_LOOK)
