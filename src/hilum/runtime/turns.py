"""Which delivery begins next at one destination: urgent before normal before bulk, and none of them never."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.runtime.precedence import RANKS, Precedence, Standing

_RESERVED = 8
"""One caller of so many, and at least one, is kept for what is more urgent: twice, from bulk and from both others."""

_FLOOR = 16
"""One start of so many goes to bulk first, and one to normal first, so that neither ever starves."""

_ORDERS = tuple((owed, *(rank for rank in RANKS if rank != owed)) for owed in RANKS)
"""In which order the ranks are looked at, by the one that is looked at first."""


class Turns:
    """Gives the callers of one destination their turns. No I/O."""

    def __init__(self, callers: int, precedence: Precedence) -> None:
        reserved = max(1, callers // _RESERVED)
        self._most = [callers, max(1, callers - reserved), max(1, callers - 2 * reserved)]
        self._under_way = [0] * len(RANKS)
        self._starts = 0
        self._standings = [Standing(precedence, rank) for rank in RANKS]

    def order(self) -> Sequence[int]:
        """The ranks in the order in which the next start looks for work; those that have no caller left are missing."""
        free = self._free()
        order = _ORDERS[self._owed]
        return order if free == len(RANKS) else [rank for rank in order if rank < free]

    def stands_back(self, rank: int) -> bool:
        """Must it wait for something more urgent that is on its way to here? Not where this start is its floor."""
        return rank != self._owed and not self._standings[rank].may()

    @property
    def _owed(self) -> int:
        """The rank that the next start looks at first."""
        turn = self._starts % _FLOOR
        return 2 if turn == _FLOOR - 1 else 1 if turn == _FLOOR // 2 - 1 else 0

    def _free(self) -> int:
        """So many ranks, from the most urgent, have a caller left.

        Bulk never holds all callers, and bulk and normal together never do; a single caller serves all in turn.
        """
        held = sum(self._under_way)
        for rank in RANKS:
            if held >= self._most[rank]:
                return rank
            held -= self._under_way[rank]
        return len(RANKS)

    def began(self, rank: int) -> None:
        """A caller begins with a delivery, or a batch, of this rank."""
        self._starts += 1
        self._under_way[rank] += 1

    def ended(self, rank: int) -> None:
        """It has its answer."""
        self._under_way[rank] -= 1
