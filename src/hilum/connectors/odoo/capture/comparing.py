"""The comparison of what is there with what is known: finds deletions, and whatever no date tells of.

Odoo is asked how many records there are in a range of ids and what their ids sum up to, first in all, and in halves
only where one of the two differs (an index scan on every version). So nothing new costs one call, and d deletions among
n records about d × log2(n / 500) calls and d reads of ids. One deleted and another inserted late between the same two
ids change the sum. Where a model sums nothing, only counts are compared; then, as for several that keep both count and
sum, the look back finds the late one, and the counts differ. Decision 0053.

What no count shows (a change whose `write_date` did not move, or that was committed later than the longest transaction)
is found by reading all records again in turn, a few with each comparison, and comparing the hashes of their values.

A user who has lost a right sees records go that are there: searches and counts leave them out without a word. Asked by
their ids, Odoo answers nothing of records that were deleted, and refuses those that the user may not see. Those are
kept as hidden, and left out of what is compared, until they are seen again, or none of them is hidden any more; each
hour all are asked for anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final, Protocol

from hilum.connectors.odoo.capture.known import RANGE, Fingerprint, KnownRecords
from hilum.connectors.odoo.capture.reading import Reader, Row
from hilum.connectors.odoo.capture.settings import ChangesSettings

log = logging.getLogger("hilum.odoo.capture")

_HIDDEN: Final = 3600.0  # seconds after which hidden records are asked for anew: they may have been deleted since
_FEW: Final = 500  # records of a part whose ids are read rather than counted in halves
_ASKED: Final = 100  # records beyond the share of which Odoo is asked whether they were deleted; more: a person decides


class Compared(Protocol):
    """Whose records are compared: those of a model, or the lines of documents."""

    @property
    def name(self) -> str:
        """The model."""

    @property
    def known(self) -> KnownRecords:
        """What is known."""

    @property
    def hidden(self) -> set[int]:
        """Known, and the user may not see them now."""

    @property
    def settings(self) -> ChangesSettings:
        """The settings of the feed."""

    async def settle(self, reader: Reader, ids: Sequence[int] = (), *, rows: Sequence[Row] = ()) -> Any:
        """These differ, or were read again."""


class Comparison:
    """Of one model. `verify` and `vanished` as in `ChangesSettings`."""

    def __init__(self, watch: Compared, *, verify: int, vanished: float) -> None:
        self._watch = watch
        self._verified_at_once = verify
        self._share = vanished
        self._at = float("-inf")
        self._forgot_at = float("-inf")
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
        if self._watch.hidden:
            await self._ask_anew(reader)
        else:
            self._forgot_at = self._at
        gone, new = await self._differing(reader)
        if self._believable(gone):
            await self._watch.settle(reader, [*gone, *new])
        if self._verified_at_once:
            await self._verify(reader, self._verified_at_once)

    async def _ask_anew(self, reader: Reader) -> None:
        """Was any of what was hidden deleted meanwhile? One call tells, where none of them is hidden still."""
        hidden = self._watch.hidden
        if self._at - self._forgot_at >= _HIDDEN:
            self._forgot_at = self._at
            hidden.clear()
            return
        deleted, _ = await reader.vanished(sorted(hidden)[: self._watch.settings.page], halvings=0)
        hidden -= deleted

    async def _differing(self, reader: Reader) -> tuple[list[int], list[int]]:
        """The ids that are known and not there, and those that are there and not known."""
        known = self._watch.known
        high = (known.highest // RANGE + 1) * RANGE
        gone: list[int] = []
        new: list[int] = []
        parts = [(0, high, await reader.fingerprint(0, high))] if known.total else []
        while parts:
            low, high, there = parts.pop()
            have = self._visible(low, high)
            if there.agrees(have):
                continue
            if there.count + have.count <= 2 * _FEW or high - low <= RANGE:
                found = await reader.ids(low, high)
                mine = set(known.between(low, high))
                gone += sorted(mine - found - self._watch.hidden)
                new += sorted(found - mine | found & self._watch.hidden)
                continue
            middle = self._middle(low, high)
            lower = await reader.fingerprint(low, middle)
            parts += [(middle, high, there.less(lower)), (low, middle, lower)]
        return gone, new

    def _visible(self, low: int, high: int) -> Fingerprint:
        """Of what is known, without what is known to be hidden."""
        hidden = [each for each in self._watch.hidden if low <= each < high]
        return self._watch.known.fingerprint(low, high).less(Fingerprint(len(hidden), sum(hidden)))

    def _middle(self, low: int, high: int) -> int:
        """Where half of the known ranges are on either side: ids may have large gaps."""
        numbers = [each for each in self._watch.known.numbers if low < each * RANGE < high]
        return numbers[len(numbers) // 2] * RANGE if numbers else (low + high) // (2 * RANGE) * RANGE

    def _believable(self, gone: Sequence[int]) -> bool:
        """May so many have been deleted? Then Odoo is asked of each."""
        total = self._watch.known.total
        believed = len(gone) <= max(_ASKED, total * self._share / 100)
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
