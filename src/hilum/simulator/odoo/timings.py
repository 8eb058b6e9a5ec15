"""What calls cost on real servers, charged on demand: so that a benchmark against the sandbox shows a server's ratios.

Measured on 18.0 and 19.0 with two cores and one client (milliseconds): `create` and `load` of three models by the
number of records in a call, a trivial call, reading and writing by row. Between two measured sizes a call is charged in
proportion. What was not measured is charged as a trivial call; 16 and 17 are charged as 18. Two calls run at once, as
two cores allowed; more wait.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from hilum.simulator.odoo.web.common import Call

Sizes = tuple[tuple[int, float], ...]
"""(records in a call, milliseconds for each record)"""

_TRIVIAL: Final[Mapping[tuple[int, str], float]] = {(19, "json2"): 8.6, (19, "rpc"): 11.4, (18, "rpc"): 19.8}
_CREATE: Final[Mapping[tuple[int, str, str], Sizes]] = {
    (19, "json2", "res.partner"): ((1, 45.0), (10, 7.9), (100, 2.4), (1000, 2.0)),
    (19, "rpc", "res.partner"): ((1, 48.0), (10, 6.5), (100, 2.4), (1000, 1.7)),
    (18, "rpc", "res.partner"): ((1, 52.0), (10, 7.6), (100, 2.9), (1000, 2.4)),
    (19, "json2", "product.product"): ((1, 110.0), (10, 21.0), (100, 13.0), (1000, 11.4)),
    (19, "rpc", "product.product"): ((1, 481.0), (10, 60.0), (100, 15.0), (1000, 10.0)),
    (18, "rpc", "product.product"): ((1, 519.0), (10, 57.0), (100, 10.7), (1000, 6.2)),
    (19, "json2", "purchase.order"): ((1, 124.0), (10, 39.0), (100, 32.0), (1000, 33.7)),
    (19, "rpc", "purchase.order"): ((1, 98.0), (10, 33.0), (100, 26.0), (1000, 26.5)),
    (18, "rpc", "purchase.order"): ((1, 119.0), (10, 45.0), (100, 32.0), (1000, 32.0)),
}
_LOAD: Final[Mapping[tuple[int, str], Sizes]] = {
    (19, "res.partner"): ((1, 40.0), (10, 5.6), (100, 2.4), (1000, 2.2)),
    (18, "res.partner"): ((1, 65.0), (10, 7.6), (100, 3.1), (1000, 2.5)),
    (19, "product.product"): ((1, 108.0), (10, 21.0), (100, 14.0), (1000, 12.0)),
    (18, "product.product"): ((1, 474.0), (10, 54.0), (100, 9.0), (1000, 5.0)),
    (19, "purchase.order"): ((1, 123.0), (10, 45.0), (100, 31.0)),
    (18, "purchase.order"): ((1, 142.0), (10, 43.0), (100, 37.0)),
}
"""New records; orders have three lines."""
_UNTRACKED: Final[Mapping[str, float]] = {"res.partner": 1.8 / 3.2, "purchase.order": 23 / 38}
"""Of what a call costs in 19 with the context `tracking_disable`; in 18 it made little difference."""
_ROW_READ: Final = 0.04  # search_read of seven fields: 1,000 rows took 40 to 64, and 5,000 rows 150 to 200
_ROW_WRITTEN: Final = 0.2  # one value on 1,000 ids in one call: 190 to 230
_AT_ONCE: Final = 2


class Timings:
    """Charges calls of one server."""

    def __init__(self, major: int) -> None:
        self._major = 19 if major >= 19 else 18
        self._cores = asyncio.Semaphore(_AT_ONCE)

    async def charge(self, milliseconds: float, began: float) -> None:
        """Wait until the call that began then (the loop's clock) has taken so long."""
        async with self._cores:
            spent = (asyncio.get_running_loop().time() - began) * 1000
            await asyncio.sleep(max(0.0, milliseconds - spent) / 1000)

    def cost(self, call: Call, result: Any) -> float:
        """Milliseconds of a call with this result."""
        way = "json2" if call.protocol == "json2" else "rpc"
        trivial, method = _TRIVIAL[self._major, way], call.method
        if method in ("search_read", "read"):
            return trivial + _ROW_READ * len(result)
        if method == "write":
            return trivial + _ROW_WRITTEN * _count(call.records)
        sizes = _CREATE.get((self._major, way, call.model)) if method == "create" else None
        sizes = _LOAD.get((self._major, call.model)) if method == "load" else sizes
        if sizes is None:
            return trivial
        untracked = self._major == 19 and call.context.get("tracking_disable")
        records = _heads(call.records) if method == "load" else _count(call.records)
        return max(trivial, (_UNTRACKED.get(call.model, 1.0) if untracked else 1.0) * total(sizes, records))


def _count(argument: Any) -> int:
    return len(argument) if isinstance(argument, list | tuple) else 1


def _heads(rows: Sequence[Sequence[Any]]) -> int:
    """Records among the rows of `load`: a row without its first cell is a further line of the one before."""
    return sum(bool(row and row[0]) for row in rows)


def total(sizes: Sizes, records: int) -> float:
    """Milliseconds for so many records: in proportion between the measured sizes, as the last one beyond it."""
    totals = [(0, 0.0), *((size, size * each) for size, each in sizes)]
    if records >= totals[-1][0]:
        return records * sizes[-1][1]
    place = bisect_right(totals, (records, float("inf")))
    (low, before), (high, after) = list(pairwise(totals))[place - 1]
    return before + (after - before) * (records - low) / (high - low)
