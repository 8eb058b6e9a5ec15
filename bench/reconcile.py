"""Two sides of many rows, in random order, a tenth of them different: rows a second, and how much memory it takes.

Only the comparison is measured (rows, lines, sorting on disk, merge): what reading a side takes is the side's. It runs
in a process of its own, so that its peak is that of the comparison.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from hilum.canonical import Money
from hilum.reconcile import Field, Row, Tally, Window, Yardstick, differences
from hilum.reconcile.rows import written
from hilum.reconcile.sorting import Sorted

SIZES = (20_000, 200_000)
DAY = date(2026, 1, 1)
FIELDS = [Field("amount", within=Decimal("0.02"), summed=True), Field("supplier"), Field("billed_on", days=1)]


def rows(size: int, seed: int) -> Iterator[Row]:
    """Bills in an order of their own; of every tenth the other side says another amount."""
    numbers = list(range(size))
    random.Random(seed).shuffle(numbers)
    for number in numbers:
        cents = number % 100_000 + (seed if number % 10 == 0 else 0) * 100
        yield Row(
            key=f"V{number % 40}:{number}",
            title=f"Bill {number} of supplier V{number % 40}",
            on=DAY + timedelta(days=number % 365),
            values={
                "amount": Money.model_construct(amount=Decimal(cents).scaleb(-2), currency="EUR"),
                "supplier": f"V{number % 40}",
                "billed_on": DAY + timedelta(days=number % 365),
            },
        )


def compare(size: int) -> dict[str, Any]:
    """Seconds and peak of one comparison, in this process."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        sides = []
        for seed in (0, 1):
            Path(folder, str(seed)).mkdir()
            side = Sorted(Path(folder, str(seed)))
            made = rows(size, seed)
            while some := list(islice(made, 1000)):
                side.add(map(written, some))
            sides.append(side)
        sorted_in = time.perf_counter() - began
        found = sum(1 for _ in differences(*sides, Yardstick(fields=FIELDS), Window(), tally))
        seconds = time.perf_counter() - began
    assert (found, tally.same) == (size // 10, size - size // 10), (found, tally)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"size": size, "seconds": seconds, "sorted_in": sorted_in, "megabytes": peak}


def run() -> list[dict[str, Any]]:
    results = []
    for size in SIZES:
        told = subprocess.run(
            [sys.executable, "-m", "bench.reconcile", str(size)], capture_output=True, text=True, check=True
        )
        found = json.loads(told.stdout)
        results += [
            {"name": f"reconcile {size:,} rows a side", "unit": "rows/s", "median": round(2 * size / found["seconds"])},
            {"name": f"reconcile {size:,} rows a side: peak", "unit": "MB", "median": round(found["megabytes"])},
        ]
    return results


if __name__ == "__main__":
    print(json.dumps(compare(int(sys.argv[1]))))
