"""How much one call carries, and how many run at once: from what the server was measured to take.

Odoo has few workers, and people wait for the same ones. So a call is filled by seconds and not by count: an estimate of
the seconds for one record, by model and method, begins with what servers of the usual size need and follows what this
one does. Calls at one time grow by one while the server keeps its pace, and halve when it does not. Calls that change
the same hot row (a product's stock, a partner's account) go one after the other: Odoo would undo and repeat one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final
from urllib.parse import urlsplit

from hilum.connector import Effort, Turns
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.turns import LocalTurns
from hilum.errors import TryAgain

_PRIOR: Final[Mapping[str, float]] = {
    "res.partner": 0.013,
    "product.product": 0.022,
    "purchase.order": 0.015,
    "account.move": 0.05,
    "stock.picking": 0.05,
}
"""Seconds for a row of `load`, the slower of 18 and 19 on two cores in batches of a hundred. An order of three lines is
three rows."""

_UNKNOWN: Final = 0.05
_STEADY: Final = 20  # a call of so many records moves the estimate half of the way that a very large one does
_MOST_MOVED: Final = 0.5  # the most that one call moves the estimate
_OVERHEAD: Final = 0.5  # seconds that a call may take whatever it carries: Odoo checks a key in up to that
_SLOW: Final = 3.0  # so many times what was expected: the server is busy
_HOSTED: Final = ".odoo.com"
_HOSTED_CALLS: Final = 1.0  # calls a second that Odoo's own hosting tolerates, none of them parallel
_HOT: Final[Mapping[tuple[str, str], str]] = {
    ("stock.quant", "load"): "product_id/.id",
    ("stock.picking", "act"): "product_id/.id",
    ("account.move", "act"): "partner_id/.id",
}
"""Model and method (`act`: confirm, validate or post) → the column whose record the call writes to besides its own."""
_SPENT: ContextVar[list[float] | None] = ContextVar("odoo_spent", default=None)
"""Seconds of the exchanges of the call that is being measured, without the waiting for a turn."""


class Budget:
    """Of one connector. Not for several event loops."""

    def __init__(self, settings: OdooSettings, turns: Turns | None = None) -> None:
        hosted = (urlsplit(settings.url).hostname or "").endswith(_HOSTED)
        most = 1 if hosted else settings.connections
        if settings.workers is not None:
            most = min(most, max(1, int(settings.workers * settings.share)))
        self._rate = settings.calls_per_second or (_HOSTED_CALLS if hosted else None)
        self._together = self._rate is not None or settings.workers is not None  # a limit of the server's is known
        self._target = settings.call_seconds
        self._most = most
        self._turns = turns or LocalTurns()
        self._busy: set[str] = set()
        self._released = asyncio.Event()
        self._each: dict[tuple[str, str], float] = {}
        self._calls = self._records = self._alone = 0
        self._seconds = 0.0

    # How many at once

    @property
    def parallel(self) -> int:
        """Calls that may be under way now."""
        return self._turns.parallel(self._most)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Around each exchange with the server: waits for its turn."""
        async with self._turns.turn(most=self._most, per_second=self._rate, together=self._together):
            self._calls += 1
            began = time.monotonic()
            try:
                yield
            finally:
                spent = time.monotonic() - began
                self._seconds += spent
                if (noted := _SPENT.get()) is not None:
                    noted.append(spent)

    # How much in one

    def portion(self, model: str, method: str, most: int) -> int:
        """How many records a call of this method should carry to take about `call_seconds`: 1 to `most`."""
        return max(1, min(most, int(self._target / self._expected(model, method))))

    @asynccontextmanager
    async def measured(self, model: str, method: str, records: int, touched: Iterable[str] = ()) -> AsyncIterator[None]:
        """Around a call that writes so many records: learns what they take, and keeps others off the same hot rows."""
        mine = set(touched)
        while self._busy & mine:
            self._released.clear()
            await self._released.wait()
        self._busy |= mine
        spent: list[float] = []
        token = _SPENT.set(spent)
        try:
            yield
        except TryAgain:
            self._turns.slower(self._most)
            raise
        else:
            self._learn(model, method, records, sum(spent))
        finally:
            _SPENT.reset(token)
            self._busy -= mine
            self._released.set()

    def _expected(self, model: str, method: str) -> float:
        return self._each.get((model, method)) or _PRIOR.get(model, _UNKNOWN)

    def _learn(self, model: str, method: str, records: int, seconds: float) -> None:
        expected = self._expected(model, method)
        if seconds > _SLOW * (expected * records + _OVERHEAD):
            self._turns.slower(self._most)
        else:
            self._turns.steady(self._most)
        weight = _MOST_MOVED * records / (records + _STEADY)
        self._each[model, method] = max(expected + weight * (seconds / records - expected), 1e-5)

    def busy(self) -> None:
        """The server undid a call because it met others, without an error of its own."""
        self._turns.slower(self._most)

    # What it came to

    def delivered(self, records: int, alone: int) -> None:
        """So many records were delivered, which one by one would have taken so many calls."""
        self._records += records
        self._alone += alone

    def effort(self) -> Effort:
        """What was done since the connector was made."""
        return Effort(calls=self._calls, records=self._records, alone=self._alone, seconds=self._seconds)


def hot(model: str, method: str, rows: Iterable[Mapping[str, str]]) -> set[str]:
    """Names of the hot rows that a call changes, from the cells that were written."""
    column = _HOT.get((model, method))
    if column is None:
        return set()
    return {
        f"{column}={text}"
        for cells in rows
        for name, text in cells.items()
        if name == column or name.endswith(f"/{column}")
    }
