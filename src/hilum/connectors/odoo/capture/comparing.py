"""The comparison of what is there with what is known: finds deletions, and whatever no date tells of.

Odoo is asked how many records there are in a range of ids, first in all, and in halves only where the numbers differ
(`search_count` by id is an index scan on every version). So nothing new costs one call, and d deletions among n records
about d × log2(n / 500) calls and d reads of ids. That counts cannot see (one deleted, another inserted late between
the same two ids) is left to the look back, which finds the late one; then the counts differ.

What no count shows (a change whose `write_date` did not move, or that was committed later than the longest transaction)
is found by reading all records again in turn, a few with each comparison, and comparing the hashes of their values.

A user who has lost a right sees records go that are there: searches and counts leave them out without a word. Asked by
their ids, Odoo answers nothing of records that were deleted, and refuses those that the user may not see.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hilum.connectors.odoo.capture.known import RANGE
from hilum.connectors.odoo.capture.reading import Reader

if TYPE_CHECKING:
    from hilum.connectors.odoo.capture.watching import ModelWatch

log = logging.getLogger("hilum.odoo.capture")

_FEW: Final = 500  # records of a part whose ids are read rather than counted in halves
_ASKED: Final = (
    100  # records beyond the share whose deletion is believed where Odoo confirms it; more: a person decides
)


class Comparison:
    """Of one model."""

    def __init__(self, watch: ModelWatch) -> None:
        self._watch = watch
        self._at = float("-inf")
        self.verified = 0  # the id up to which records were read again
        self._warned = False

    @property
    def due(self) -> bool:
        """Is it time?"""
        return asyncio.get_running_loop().time() - self._at >= self._watch.settings.compare

    def go_on(self, verified: int) -> None:
        """From what was remembered."""
        self.verified = verified
        self._at = float("-inf")

    async def run(self, reader: Reader) -> None:
        """Compare once."""
        self._at = asyncio.get_running_loop().time()
        gone, new = await self._differing(reader)
        if await self._believable(reader, gone):
            await self._watch.settle(reader, [*gone, *new])
        if self._watch.settings.verify:
            await self._verify(reader, self._watch.settings.verify)

    async def _differing(self, reader: Reader) -> tuple[list[int], list[int]]:
        """The ids that are known and not there, and those that are there and not known."""
        known = self._watch.known
        high = (known.highest // RANGE + 1) * RANGE
        gone: list[int] = []
        new: list[int] = []
        parts = [(0, high, await reader.count(0, high))] if known.total else []
        while parts:
            low, high, there = parts.pop()
            have = known.count(low, high)
            if there == have:
                continue
            if there + have <= 2 * _FEW or high - low <= RANGE:
                found = await reader.ids(low, high)
                mine = set(known.between(low, high))
                gone += sorted(mine - found)
                new += sorted(found - mine)
                continue
            middle = self._middle(low, high)
            lower = await reader.count(low, middle)
            parts += [(middle, high, there - lower), (low, middle, lower)]
        return gone, new

    def _middle(self, low: int, high: int) -> int:
        """Where half of the known ranges are on either side: ids may have large gaps."""
        numbers = [each for each in self._watch.known.numbers if low < each * RANGE < high]
        return numbers[len(numbers) // 2] * RANGE if numbers else (low + high) // (2 * RANGE) * RANGE

    async def _believable(self, reader: Reader, gone: Sequence[int]) -> bool:
        """Were these deleted? A share of what is known may be; of more, few as they may be, Odoo is asked by id."""
        settings, total = self._watch.settings, self._watch.known.total
        believed = len(gone) <= total * settings.vanished / 100
        if not believed and len(gone) <= _ASKED:
            believed = not await reader.hidden(gone)
        if not believed and not self._warned:
            log.warning(
                "%d of %d records of %s can no longer be read: the hub's user has probably lost a right. If they were "
                "deleted, raise the setting `vanished`.",
                len(gone),
                total,
                self._watch.name,
            )
        self._warned = not believed
        return believed

    async def _verify(self, reader: Reader, limit: int) -> None:
        """Read the next records again, and go on from the beginning after the last."""
        rows = await reader.from_id(self.verified + 1, limit)
        await self._watch.settle(reader, rows=rows)
        self.verified = rows[-1].id if len(rows) == limit else 0
