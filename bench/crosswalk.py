"""How long a lookup in the crosswalk takes, and what a million identifiers cost a worker.

    python -m bench.crosswalk [identifiers]

Half of the identifiers are the EHR's and half Odoo's, each pair one thing. Measured: a lookup from the one to the
other, the load of the snapshot from the embedded PostgreSQL, the memory that it takes, and how soon another
process knows of a change.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from bench.rig import database_in
from hilum.masterdata.crosswalk import Identifier, LiveCrosswalk, import_csv, link
from hilum.postgres import Database

TARGET_MICROSECONDS = 50.0
IDENTIFIERS = 1_000_000
LOOKUPS = 200_000
REPEATS = 5
CHANGES = 30


def _rss() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def _lines(count: int) -> list[str]:
    return ["object,EHR,ODOO\n", *(f"item,{n:09d},GLV-{n:07d}\n" for n in range(count // 2))]


def _lookup_microseconds(live: LiveCrosswalk, count: int) -> float:
    chosen = [f"{n:09d}" for n in random.Random(7).choices(range(count // 2), k=LOOKUPS)]
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        for identifier in chosen:
            live.id("item", "EHR", identifier, "ODOO")
        took.append((time.perf_counter() - began) / LOOKUPS * 1e6)
    return statistics.median(took)


async def _told_milliseconds(database: Database, live: LiveCrosswalk) -> float:
    """From the commit of a change to the moment at which a process that listens has it."""
    following = asyncio.create_task(live.run())
    took = []
    for n in range(CHANGES):
        what = Identifier(object="item", system="LAB", identifier=f"L{n}")
        async with database.transaction() as connection:
            await link(connection, what, actor="bench", reason="bench")
        began, known = time.perf_counter(), len(live)
        while len(live) == known:
            await asyncio.sleep(0.0005)
        took.append((time.perf_counter() - began) * 1000)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    return statistics.median(took)


async def _measure(count: int, folder: Path) -> list[dict[str, Any]]:
    async with database_in(folder) as database:
        lines = _lines(count)
        began = time.perf_counter()
        async with database.transaction() as connection:
            await connection.execute("SET LOCAL statement_timeout = 0")
            await import_csv(connection, lines, actor="bench", reason="bench")
        imported = time.perf_counter() - began
        del lines
        live = LiveCrosswalk(database)
        before, began = _rss(), time.perf_counter()
        await live.load()
        loaded, memory = time.perf_counter() - began, _rss() - before
        lookup = _lookup_microseconds(live, count)
        told = await _told_milliseconds(database, live)
    about = f"{count:,} identifiers".replace(",", " ")
    return [
        {
            "name": f"crosswalk lookup, {about}",
            "median": round(lookup, 2),
            "unit": "µs",
            "target": f"≤ {TARGET_MICROSECONDS:g} µs",
            "reached": lookup <= TARGET_MICROSECONDS,
        },
        {"name": f"crosswalk import, {about}", "median": round(imported, 1), "unit": "s"},
        {"name": f"crosswalk load, {about}", "median": round(loaded, 1), "unit": "s"},
        {"name": f"crosswalk memory, {about}", "median": round(memory / 2**20), "unit": "MB"},
        {"name": "crosswalk change known to another process", "median": round(told, 1), "unit": "ms"},
    ]


def run(count: int = IDENTIFIERS) -> list[dict[str, Any]]:
    """Measure; one row for each figure."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(count, Path(folder)))


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else IDENTIFIERS), ensure_ascii=False, indent=1))
