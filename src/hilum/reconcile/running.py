"""One run of a comparison: read both sides, sort them on disk, compare, note what was found, settle the cases.

One run of a comparison at a time, whatever number of hubs and people ask. While the sides are read the database holds
nothing; what was found is noted in one transaction, or not at all.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from hilum.canonical.times import day
from hilum.ending import cancel_all
from hilum.errors import DatabaseUnavailable, Failure, HilumError, LeaseLost, Refused, SettingsError, trail
from hilum.flow import Project
from hilum.journal.memories import JournalMemory, Memories
from hilum.postgres import Connection, Database
from hilum.reconcile import settling, store
from hilum.reconcile.comparing import Difference, Tally, Window, differences
from hilum.reconcile.declaration import MARGIN, Asked, Comparison, Side
from hilum.reconcile.rows import written
from hilum.reconcile.sorting import Sorted
from hilum.reconcile.store import RunRow

log = logging.getLogger("hilum.reconcile")

HUB: Final = "hub"
_AT_ONCE: Final = 500  # differences that are looked up and noted together
_BEATS: Final = 3  # times that a comparison is held anew within its lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Which days a run looks at: from the first one to before the last one. None: from the beginning, to the end."""

    since: date | None = None
    until: date | None = None


async def run(
    database: Database,
    project: Project,
    comparison: Comparison,
    *,
    actor: str = HUB,
    days: Days | None = None,
    scheduled_for: datetime | None = None,
) -> RunRow:
    """Compare now. `days`: none: as the comparison says.

    A side that cannot be read makes a run that has failed, and says why. What another hub has done for this time of the
    calendar is not done again. Raises `Refused` where somebody else is at it, `DatabaseUnavailable`.
    """
    async with _held(database, comparison) as memory:
        async with database.transaction() as connection:
            if scheduled_for is not None and (done := await store.done_for(connection, comparison.name, scheduled_for)):
                return done
            chosen = days or await _days(connection, project, comparison)
            number = await store.begin(
                connection, comparison.name, comparison.version, actor=actor, scheduled_for=scheduled_for,
                since=chosen.since, until=chosen.until,
            )  # fmt: skip
        try:
            await _compare(database, project, comparison, number, memory)
        except DatabaseUnavailable:
            raise
        except (Failure, HilumError) as error:
            await _failed(database, comparison, number, str(error))
        except Exception as error:  # noqa: BLE001 - a side is a user's code too: whatever it raises, the run has failed
            log.error("a defect in the comparison %s: %s", comparison.name, trail(error))
            await _failed(database, comparison, number, f"a defect ({type(error).__name__}): see the log of the hub")
        async with database.cold() as connection:
            found = await store.run_of(connection, number)
    assert found is not None  # noqa: S101 — it was just written
    return found


async def _failed(database: Database, comparison: Comparison, number: int, words: str) -> None:
    async with database.transaction() as connection:
        await store.fail(connection, number, words)
        await settling.failed(connection, comparison, words)


async def _days(connection: Connection, project: Project, comparison: Comparison) -> Days:
    """The period of the comparison, and back to the first day of which something differs still."""
    if not comparison.period_days:
        return Days()
    since = day(datetime.now(UTC), project.settings.hub.zone) - timedelta(days=comparison.period_days)
    oldest = await store.oldest_open_day(connection, comparison.name)
    return Days(since=min(since, oldest) if oldest is not None else since)


async def _compare(
    database: Database, project: Project, comparison: Comparison, number: int, memory: JournalMemory
) -> None:
    began = time.time()
    async with database.cold() as connection:
        row = await store.run_of(connection, number)
    if row is None:
        raise SettingsError("The run was removed meanwhile.")
    asked = Asked(
        database=database, project=project, until=row.until + MARGIN if row.until is not None else None,
        since=row.since - MARGIN if row.since is not None else None,
    )  # fmt: skip
    window = Window(since=row.since, until=row.until, settled=began - comparison.settles_minutes * 60)
    with tempfile.TemporaryDirectory(prefix="hilum-reconcile-") as folder:
        here = await _read(comparison.here, asked, Path(folder, "here"))
        there = await _read(comparison.there, asked, Path(folder, "there"))
        tally = Tally()
        found = differences(here, there, comparison.yardstick, window, tally)
        async with database.transaction() as connection:
            await store.stage(connection)
            async for some in _some(found):
                left = some if comparison.here.tells_the_way else await _arrived(connection, some, tally)
                await store.put(connection, left)
            if not await memory.hold():
                raise LeaseLost(f"Another hub compares {comparison.name}.")
            await store.finish(connection, row, tally)
            await settling.settle(connection, comparison)


async def _read(side: Side, asked: Asked, folder: Path) -> Sorted:
    """One side, on disk."""
    await asyncio.to_thread(folder.mkdir)
    kept = Sorted(folder)
    async for rows in side.rows(asked):
        await asyncio.to_thread(lambda some: kept.add(map(written, some)), rows)
    return kept


async def _some(found: Iterator[Difference]) -> AsyncIterator[list[Difference]]:
    while some := await asyncio.to_thread(lambda: list(islice(found, _AT_ONCE))):
        yield some


async def _arrived(connection: Connection, found: Sequence[Difference], tally: Tally) -> list[Difference]:
    """Those whose messages have all arrived; the others are on their way."""
    way = await store.on_their_way(connection, [each.key for each in found])
    left = []
    for each in found:
        if each.key in way:
            tally.kinds[each.kind] -= 1
            tally.on_the_way += 1
        else:
            left.append(each)
    return left


@asynccontextmanager
async def _held(database: Database, comparison: Comparison) -> AsyncIterator[JournalMemory]:
    """While nobody else compares the same. Raises `Refused`."""
    memory = Memories(database).of(settling.place(comparison.name))
    if not await memory.hold():
        raise Refused(f"{comparison.name} is being compared just now: look again when that is done.")
    beating = asyncio.create_task(_beat(memory))
    try:
        yield memory
    finally:
        await cancel_all([beating])
        with suppress(DatabaseUnavailable):  # it ends by itself
            await memory.release()


async def _beat(memory: JournalMemory) -> None:
    while True:
        await asyncio.sleep(memory.seconds / _BEATS)
        with suppress(DatabaseUnavailable):  # what needs the database says so itself
            await memory.hold()
