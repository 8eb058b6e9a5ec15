"""How long a question to a lookup table takes, what hearing the rules costs, and how soon a change counts.

    python -m bench.lookups [codes]

Measured in memory: a hit, a hit on another day, a miss, each as a translation asks it; the same while the rules are
heard; conversions of units and money. And with the embedded PostgreSQL: the load of a table, and how long a process
takes to follow the change of one row.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.rig import database_in
from hilum.canonical import Money
from hilum.canonical.applied import listening, summed
from hilum.canonical.currencies import exchange
from hilum.canonical.units import Pack, convert
from hilum.errors import Unmapped
from hilum.flow import Lookup
from hilum.flow.tables import Content, Row
from hilum.journal.rules import encode_rules
from hilum.masterdata.lookups import Change, LiveLookups, import_table, set_row

CODES = 100_000
QUESTIONS = 50_000
CONVERSIONS = 5_000
CHANGES = 30
REPEATS = 5
WHY = Change(actor="bench", reason="bench")
BOX = Pack(unit="BX", holds=Decimal(100), of="EA")


def _microseconds(act: Callable[[], None], count: int, *, heard: bool = False) -> float:
    """Of one act that does something `count` times, in time of the processor: others may use the machine too."""
    took = []
    for _ in range(REPEATS):
        with listening() if heard else nullcontext():
            began = time.process_time()
            act()
            took.append((time.process_time() - began) / count * 1e6)
    return statistics.median(took)


def _table(count: int) -> Content:
    rows = []
    for n in range(count):
        code = f"{n:06d}"
        cells = {"code": code, "item": f"GLV-{code}", "unit": "BX"}
        if n % 10:
            rows.append(Row(code=code, cells=cells))
        else:  # every tenth changes with the year
            rows.append(Row(code=code, cells=cells, valid_to=date(2026, 1, 1)))
            rows.append(Row(code=code, cells=cells, valid_from=date(2026, 1, 1)))
    return Content(columns=("code", "item", "unit"), rows=tuple(rows))


def _miss(lookup: Lookup) -> None:
    try:
        lookup.item("not there")
    except Unmapped:
        return


def _repeated(act: Callable[[Any], object], things: Sequence[Any]) -> Callable[[], None]:
    def all_of_them() -> None:
        for thing in things:
            act(thing)

    return all_of_them


def _in_memory(lookup: Lookup, count: int) -> list[dict[str, Any]]:
    chosen = [f"{n:06d}" for n in random.Random(7).choices(range(count), k=QUESTIONS)]
    numbers = [Decimal(n) for n in range(CONVERSIONS)]
    day, molar, rate = date(2025, 6, 1), Decimal("180.156"), Decimal("1.0912")
    acts: list[tuple[str, Callable[[Any], object], Sequence[Any]]] = [
        (f"lookup, hit among {count}", lookup.item, chosen),
        ("lookup, hit on another day", lambda code: lookup.value("items", code, "unit", at=day), chosen),
        ("lookup, miss", lambda _: _miss(lookup), chosen),
        ("units, box to each", lambda n: convert(n, "BX", "EA", packs=[BOX]), numbers),
        ("units, mmol/L to mg/dL", lambda n: convert(n, "mmol/L", "mg/dL", grams_per_mole=molar), numbers),
        ("money, EUR to USD", lambda n: exchange(Money(amount=n, currency="EUR"), "USD", rate=rate), numbers),
    ]
    rows = []
    for name, act, things in acts:
        for heard in (False, True):
            took = _microseconds(_repeated(act, things), len(things), heard=heard)
            rows.append({"name": f"{name}{', heard' * heard}", "median": round(took, 2), "unit": "µs"})
    with listening() as ten:
        for code in chosen[:10]:
            lookup.item(code)
    took = _microseconds(_repeated(lambda _: encode_rules(summed(ten, values=True)), numbers), len(numbers))
    return [*rows, {"name": "rules of a message with 10 lookups", "median": round(took, 2), "unit": "µs"}]


async def _measure(count: int, folder: Path) -> list[dict[str, Any]]:
    async with database_in(folder) as database:
        async with database.transaction() as connection:
            await connection.execute("SET LOCAL statement_timeout = 0")
            await import_table(connection, "items", _table(count), WHY)
        lookup = Lookup()
        live = LiveLookups(database, lookup)
        began = time.perf_counter()
        await live.load()
        loaded = time.perf_counter() - began
        followed = []
        for n in range(CHANGES):
            async with database.transaction() as connection:
                await set_row(connection, "items", Row(code=f"NEW-{n}", cells={"item": "X"}), WHY)
            began = time.perf_counter()
            await live.catch_up()
            followed.append((time.perf_counter() - began) * 1000)
            assert lookup.item(f"NEW-{n}") == "X"
    return [
        *_in_memory(lookup, count),
        {"name": f"lookups, load of {count} codes", "median": round(loaded, 2), "unit": "s"},
        {"name": "lookups, one row followed", "median": round(statistics.median(followed), 1), "unit": "ms"},
    ]


def run(count: int = CODES) -> list[dict[str, Any]]:
    """Measure; one row for each figure."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(count, Path(folder)))


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else CODES), ensure_ascii=False, indent=1))
