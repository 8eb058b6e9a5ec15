"""Runs of comparisons and what they found, in the database: all SQL over these tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import orjson
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from hilum.journal.text import key_of, storable
from hilum.postgres import Connection
from hilum.reconcile.comparing import Difference, Kind, Tally
from hilum.reconcile.fields import Apart

INTERRUPTED: Final = "The hub ended before the comparison did. The next run looks at everything again."


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run of a comparison."""

    id: int
    comparison: str
    version: str
    actor: str
    scheduled_for: datetime | None
    since: date | None
    until: date | None
    started_at: datetime
    ended_at: datetime | None
    state: str  # running, done, failed
    words: str
    here: int
    there: int
    same: int
    on_the_way: int
    missing: int
    extra: int
    different: int
    doubled: int
    unreadable: int
    sums: dict[str, dict[str, list[str]]]

    @property
    def differences(self) -> int:
        """How many things differed."""
        return self.missing + self.extra + self.different + self.doubled + self.unreadable

    @property
    def kinds(self) -> dict[Kind, int]:
        """How many of each kind."""
        return {kind: int(getattr(self, kind.value)) for kind in Kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """One thing that differs, or did."""

    id: int
    comparison: str
    key: str
    kind: Kind
    title: str
    apart: tuple[Apart, ...]
    on_day: date | None
    here: str
    there: str
    first_run: int
    last_run: int
    runs: int
    since: datetime
    ended_at: datetime | None
    accepted_at: datetime | None = None
    accepted_by: str = ""
    accepted_as: str = ""  # theirs, known; empty: nobody has accepted it
    accepted_why: str = ""


_RUN: Final = ", ".join(each.name for each in fields(RunRow))
_DIFFERENCE: Final = ", ".join(each.name for each in fields(DifferenceRow))


async def begin(
    connection: Connection,
    comparison: str,
    version: str,
    *,
    actor: str,
    scheduled_for: datetime | None,
    since: date | None,
    until: date | None,
) -> int:
    """A run begins; whoever calls this holds the comparison, so that one that is still open was cut short."""
    await connection.execute(
        "UPDATE comparison_run SET state = 'failed', words = %s, ended_at = now()"
        " WHERE comparison = %s AND state = 'running'",
        [INTERRUPTED, comparison],
    )
    cursor = await connection.execute(
        "INSERT INTO comparison_run (comparison, version, actor, scheduled_for, since, until)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
        [comparison, version, actor, scheduled_for, since, until],
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def fail(connection: Connection, run: int, words: str) -> None:
    """It could not look: nothing is concluded."""
    await connection.execute(
        "UPDATE comparison_run SET state = 'failed', words = %s, ended_at = now() WHERE id = %s", [storable(words), run]
    )


async def stage(connection: Connection) -> None:
    """Within a transaction: room for what a run finds."""
    await connection.execute(
        "CREATE TEMP TABLE comparison_found (key text, kind text, title text, apart jsonb, on_day date, here text,"
        " there text) ON COMMIT DROP"
    )


async def put(connection: Connection, found: Sequence[Difference]) -> None:
    """Within the same transaction: these were found."""
    async with (
        connection.cursor() as cursor,
        cursor.copy("COPY comparison_found (key, kind, title, apart, on_day, here, there) FROM STDIN") as copy,
    ):
        for each in found:
            apart = orjson.dumps([asdict(one) for one in each.apart]).decode().replace("\\u0000", "\\ufffd")
            texts = [storable(text) for text in (each.title, each.here, each.there)]
            await copy.write_row([key_of(each.key), each.kind.value, texts[0], apart, each.on, texts[1], texts[2]])


async def finish(connection: Connection, run: RunRow, tally: Tally) -> None:
    """Within the same transaction: what was found takes the place of what was known, for the days of this run."""
    values = {"run": run.id, "comparison": run.comparison, "since": run.since, "until": run.until}
    await connection.execute("CREATE INDEX ON comparison_found (key)")
    await connection.execute("ANALYZE comparison_found")
    for statement in (_STILL, _CHANGED, _NEW, _GONE):
        await connection.execute(statement.encode(), values)
    sums = {name: {of: [f"{each:f}" for each in pair] for of, pair in by.items()} for name, by in tally.sums.items()}
    counts: dict[str, Any] = {kind.value: tally.kinds[kind] for kind in Kind}
    await connection.execute(
        "UPDATE comparison_run SET state = 'done', ended_at = now(), here = %(here)s, there = %(there)s,"
        " same = %(same)s, on_the_way = %(on_the_way)s, missing = %(missing)s, extra = %(extra)s,"
        " different = %(different)s, doubled = %(doubled)s, unreadable = %(unreadable)s, sums = %(sums)s"
        " WHERE id = %(run)s",
        {**counts, "run": run.id, "here": tally.here, "there": tally.there, "same": tally.same,
         "on_the_way": tally.on_the_way, "sums": Jsonb(sums)},
    )  # fmt: skip


_SAME: Final = (
    "(d.kind, d.title, d.apart, d.on_day, d.here, d.there)"
    " IS NOT DISTINCT FROM (f.kind, f.title, f.apart, f.on_day, f.here, f.there)"
)
_OPEN: Final = "d.comparison = %(comparison)s AND d.ended_at IS NULL"
_STILL: Final = (
    "UPDATE comparison_difference d SET last_run = %(run)s, runs = d.runs + 1 FROM comparison_found f"
    f" WHERE {_OPEN} AND d.key = f.key AND {_SAME}"
)
_CHANGED: Final = (
    "WITH former AS (UPDATE comparison_difference d SET ended_at = now() FROM comparison_found f"
    f"  WHERE {_OPEN} AND d.key = f.key AND NOT ({_SAME}) RETURNING d.key, d.runs, d.since)"
    ", gone AS (DELETE FROM comparison_found f USING former WHERE f.key = former.key RETURNING f.*)"
    " INSERT INTO comparison_difference (comparison, key, kind, title, apart, on_day, here, there, first_run, last_run,"
    "  runs, since) SELECT %(comparison)s, f.key, f.kind, f.title, f.apart, f.on_day, f.here, f.there, %(run)s,"
    "  %(run)s, former.runs + 1, former.since FROM gone f JOIN former USING (key)"
)
_NEW: Final = (
    "INSERT INTO comparison_difference (comparison, key, kind, title, apart, on_day, here, there, first_run, last_run,"
    " runs) SELECT %(comparison)s, key, kind, title, apart, on_day, here, there, %(run)s, %(run)s, 1"
    " FROM comparison_found f WHERE NOT EXISTS"
    f" (SELECT FROM comparison_difference d WHERE {_OPEN} AND d.key = f.key)"
)
# of other days this run knows nothing
_GONE: Final = (
    f"UPDATE comparison_difference d SET ended_at = now() WHERE {_OPEN} AND d.last_run <> %(run)s"
    " AND (d.on_day IS NULL OR ((%(since)s::date IS NULL OR d.on_day >= %(since)s)"
    "  AND (%(until)s::date IS NULL OR d.on_day < %(until)s)))"
)


async def oldest_open_day(connection: Connection, comparison: str) -> date | None:
    """The first day of which something differs still: a run looks back so far, else nobody would see it mended."""
    cursor = await connection.execute(
        "SELECT min(on_day) FROM comparison_difference WHERE comparison = %s AND ended_at IS NULL", [comparison]
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def run_of(connection: Connection, number: int) -> RunRow | None:
    """One run."""
    async with connection.cursor(row_factory=class_row(RunRow)) as cursor:
        await cursor.execute(f"SELECT {_RUN} FROM comparison_run WHERE id = %s".encode(), [number])
        return await cursor.fetchone()


async def runs(connection: Connection, comparison: str, *, limit: int = 30) -> list[RunRow]:
    """The latest runs of a comparison, the latest first."""
    async with connection.cursor(row_factory=class_row(RunRow)) as cursor:
        await cursor.execute(
            f"SELECT {_RUN} FROM comparison_run WHERE comparison = %s ORDER BY id DESC LIMIT %s".encode(),
            [comparison, limit],
        )
        return await cursor.fetchall()


async def latest(connection: Connection) -> dict[str, RunRow]:
    """By comparison: its last run."""
    async with connection.cursor(row_factory=class_row(RunRow)) as cursor:
        await cursor.execute(
            f"SELECT DISTINCT ON (comparison) {_RUN} FROM comparison_run ORDER BY comparison, id DESC".encode()
        )
        return {row.comparison: row for row in await cursor.fetchall()}


async def found(
    connection: Connection, comparison: str, run: int | None = None, *, kind: str = "", key: str = "", limit: int = 1000
) -> list[DifferenceRow]:
    """What differs now, or did at a run that was done; what differs longest first. `key`: a part of it."""
    at = "first_run <= %(run)s AND last_run >= %(run)s" if run is not None else "ended_at IS NULL"
    async with connection.cursor() as cursor:
        await cursor.execute(
            f"SELECT {_DIFFERENCE} FROM comparison_difference WHERE comparison = %(comparison)s AND {at}"
            " AND (%(kind)s = '' OR kind = %(kind)s) AND (%(key)s = '' OR strpos(lower(key), lower(%(key)s)) > 0)"
            " ORDER BY since, id LIMIT %(limit)s".encode(),
            {"comparison": comparison, "run": run, "kind": kind, "key": storable(key), "limit": limit},
        )
        names = [each.name for each in fields(DifferenceRow)]
        return [_difference(dict(zip(names, row, strict=True))) for row in await cursor.fetchall()]


async def one_difference(connection: Connection, number: int) -> DifferenceRow | None:
    """One difference."""
    cursor = await connection.execute(
        f"SELECT {_DIFFERENCE} FROM comparison_difference WHERE id = %s".encode(), [number]
    )
    row = await cursor.fetchone()
    names = [each.name for each in fields(DifferenceRow)]
    return _difference(dict(zip(names, row, strict=True))) if row is not None else None


async def open_difference(connection: Connection, comparison: str, key: str) -> int | None:
    """The number of what differs now of a key; none: nothing does."""
    cursor = await connection.execute(
        "SELECT id FROM comparison_difference WHERE comparison = %s AND key = %s AND ended_at IS NULL",
        [comparison, key],
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else None


async def accepted(connection: Connection) -> dict[str, int]:
    """How many of the things that differ now somebody has accepted, by comparison."""
    cursor = await connection.execute(
        "SELECT comparison, count(*) FROM comparison_difference WHERE ended_at IS NULL AND accepted_at IS NOT NULL"
        " GROUP BY 1"
    )
    return dict(await cursor.fetchall())


async def lasting(connection: Connection, comparison: str, after: int, limit: int) -> tuple[list[DifferenceRow], int]:
    """What was found in so many runs one after the other, what differs longest first, and how many these are.

    What somebody has accepted is left out.
    """
    cursor = await connection.execute(
        "SELECT count(*) FROM comparison_difference WHERE comparison = %s AND ended_at IS NULL AND accepted_at IS NULL"
        " AND runs >= %s",
        [comparison, after],
    )
    row = await cursor.fetchone()
    names = [each.name for each in fields(DifferenceRow)]
    cursor = await connection.execute(
        f"SELECT {_DIFFERENCE} FROM comparison_difference WHERE comparison = %s AND ended_at IS NULL"
        " AND accepted_at IS NULL AND runs >= %s ORDER BY since, id LIMIT %s".encode(),
        [comparison, after, limit],
    )
    kept = [_difference(dict(zip(names, row, strict=True))) for row in await cursor.fetchall()]
    return kept, int(row[0]) if row else 0


async def done_last(connection: Connection, comparison: str) -> tuple[datetime | None, datetime | None]:
    """The calendar's time of its last run that was done; and when the last one failed, where none was done since."""
    cursor = await connection.execute(
        "SELECT max(scheduled_for) FILTER (WHERE state = 'done'), max(ended_at) FILTER (WHERE state = 'failed'"
        " AND id > (SELECT coalesce(max(id), 0) FROM comparison_run WHERE comparison = %(name)s AND state = 'done'))"
        " FROM comparison_run WHERE comparison = %(name)s",
        {"name": comparison},
    )
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else (None, None)


async def done_for(connection: Connection, comparison: str, scheduled_for: datetime) -> RunRow | None:
    """The run that was done for this time of the calendar."""
    async with connection.cursor(row_factory=class_row(RunRow)) as cursor:
        await cursor.execute(
            f"SELECT {_RUN} FROM comparison_run WHERE comparison = %s AND scheduled_for = %s AND state = 'done'"
            " ORDER BY id LIMIT 1".encode(),
            [comparison, scheduled_for],
        )
        return await cursor.fetchone()


async def on_their_way(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Of these, what a message is about that is not done: it is not delivered, or held with a case of its own."""
    cursor = await connection.execute(
        "SELECT DISTINCT i.value FROM identifier i JOIN message m ON m.id = i.message_id"
        " WHERE i.value = ANY(%s) AND (m.open_deliveries > 0 OR m.state IN ('received', 'held'))",
        [[key_of(key) for key in keys]],
    )
    return {row[0] for row in await cursor.fetchall()}


async def forget(connection: Connection, before: datetime) -> None:
    """Within a transaction: runs that began before this moment go, with what they found and is over."""
    await connection.execute("DELETE FROM comparison_difference WHERE ended_at < %s", [before])
    await connection.execute(
        "DELETE FROM comparison_run r WHERE started_at < %s AND NOT EXISTS"
        " (SELECT FROM comparison_difference d WHERE r.id IN (d.first_run, d.last_run))",
        [before],
    )


def _difference(row: Mapping[str, Any]) -> DifferenceRow:
    return DifferenceRow(**{**row, "kind": Kind(row["kind"]), "apart": tuple(Apart(**each) for each in row["apart"])})


def sums_of(run: RunRow) -> list[tuple[str, str, Decimal, Decimal]]:
    """Field, currency or unit, what it comes to here and there."""
    return [(name, of, Decimal(one), Decimal(two)) for name, by in run.sums.items() for of, (one, two) in by.items()]
