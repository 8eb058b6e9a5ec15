"""How far back each look reaches, so that a late commit is found soon and no record is read for ever. Pure.

Odoo stamps `write_date` with the start of a transaction, so a long one commits records that look old. A look of span s
reads what was written since the last look of that span, less s. Claim: it finds every transaction that took no longer
than s, and that was committed before it began. For its start lies at most s before its commit, and its commit is after
the last look of that span, or that one would have found it.

Spans grow by four (2, 8, 32 … seconds, up to the longest transaction), and each is looked at as often as it is long. So
a transaction that took t is found at most 4 × t after its commit, and a record is read about twice for each span: 16
times for a day's, where a fixed overlap of two minutes reads it sixty times and misses what took longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_GROWTH: Final = 4
SKEW: Final = 2.0
"""Seconds by which the clocks of Odoo's application server (`Date`) and of its database may differ."""


class Lookback:
    """Which look is due, and from where. All by the clock of the server, in seconds since 1970."""

    def __init__(self, shortest: float, longest: float) -> None:
        self.spans = [shortest]
        while self.spans[-1] < longest:
            self.spans.append(min(self.spans[-1] * _GROWTH, max(longest, shortest)))
        self._looked = [0.0] * len(self.spans)  # by span: when the last look began

    @property
    def times(self) -> list[float]:
        """What is to be remembered: the times of the last looks."""
        return list(self._looked)

    def go_on(self, times: Sequence[float]) -> None:
        """From what was remembered, also with other spans than these: the oldest time is right for each."""
        self._looked = list(times) if len(times) == len(self.spans) else [min(times)] * len(self.spans)

    def begin(self, now: float) -> None:
        """Everything up to now is known."""
        self._looked = [now] * len(self.spans)

    def due(self, now: float) -> int:
        """The longest span whose turn it is. The shortest always is."""
        return max((n for n, span in enumerate(self.spans) if now - self._looked[n] >= span), default=0)

    def since(self, number: int) -> int:
        """The second from which the look of this span reads."""
        return max(0, int(self._looked[number] - self.spans[number] - SKEW))

    def done(self, number: int, began: float) -> None:
        """A look of this span that began then is over: it was one of all shorter spans too."""
        for each in range(number + 1):
            self._looked[each] = max(self._looked[each], began)
