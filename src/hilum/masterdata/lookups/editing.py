"""Changing lookup tables in the database: set a row, end one, import a whole table, give it back to a file.

All of it happens under one lock, held until the transaction ends, so that the numbers of the changes grow in the order
of the commits: whoever has read up to a number has missed nothing below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from psycopg.types.json import Jsonb

from hilum.errors import SettingsError
from hilum.flow.tables import VALID_FROM, VALID_TO, Content, Row
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.masterdata.lookups.reading import columns_of, content
from hilum.postgres import Connection

CODE_LIMIT, CELL_LIMIT = 200, 2_000
"""Characters of a code, and of what is said of it."""

_LOCK = 0x48494C4C  # "HILL"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who changes a table, and why."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What an import would change, or has changed."""

    added: int
    changed: int
    ended: int
    same: int

    @property
    def rows(self) -> int:
        """Codes of which something else is said."""
        return self.added + self.changed + self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """A code of which an import says something else."""

    code: str
    before: tuple[Row, ...]  # empty: it is new
    after: tuple[Row, ...]  # empty: it ends


async def lock(connection: Connection) -> None:
    """Nobody else changes a lookup table until this transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


async def set_row(connection: Connection, table: str, row: Row, change: Change) -> None:
    """Within a transaction: from its first day until its last this is what the table says of the code.

    What was said of other days stays. Cells that are not given stay as they are on that day, or are empty. Raises
    `SettingsError` where the table is not in the database, or the row does not fit it.
    """
    await lock(connection)
    columns = await _need(connection, table)
    before = await _counting(connection, table, [row.code])
    former = next((each for each in before if each.overlaps(row)), None)
    cells = dict.fromkeys(columns, "") | dict(former.cells if former else {}) | dict(row.cells)
    whole = replace(row, cells=cells | {columns[0]: row.code})
    if problem := problem_with(columns, whole):
        raise SettingsError(f"{table}: {problem}")
    if any(_same(each, whole) for each in before):
        raise SettingsError(f"{table}: it says that of '{row.code}' already; nothing was changed.")
    seq = await _note(connection, "set", table, row.code, 1, change)
    await _replace(connection, table, [row.code], [*_around(before, whole), whole], seq)


async def end_row(connection: Connection, table: str, code: str, day: date | None, change: Change) -> None:
    """Within a transaction: from this day on the table says nothing of the code; None: it never did.

    Raises `SettingsError` where there is nothing to end.
    """
    await lock(connection)
    await _need(connection, table)
    before = await _counting(connection, table, [code])
    gap = Row(code=code, cells={}, valid_from=day)
    if not any(each.overlaps(gap) for each in before):
        raise SettingsError(f"{table}: nothing is said of '{code}' then; nothing was changed.")
    seq = await _note(connection, "end", table, code, 1, change)
    await _replace(connection, table, [code], _around(before, gap), seq)


async def import_table(
    connection: Connection, table: str, given: Content, change: Change, *, whole: bool = False
) -> Difference:
    """Within a transaction: what the rows say of their codes counts from now on; the table is made where it is new.

    `whole`: codes that are not given end. Columns become those of the import. Raises `SettingsError` for a row that
    cannot be kept.
    """
    await lock(connection)
    difference, altered = await compare(connection, table, given, whole=whole)
    await connection.execute(
        "INSERT INTO lookup_table (name, columns) VALUES (%s, %s)"
        " ON CONFLICT (name) DO UPDATE SET columns = excluded.columns, in_use = true",
        [table, list(given.columns)],
    )
    seq = await _note(connection, "import", table, "", difference.rows, change)
    await _replace(connection, table, [each.code for each in altered], [r for each in altered for r in each.after], seq)
    return difference


async def compare(
    connection: Connection, table: str, given: Content, *, whole: bool = False
) -> tuple[Difference, list[Altered]]:
    """What an import would change, code by code; nothing is written. Raises `SettingsError` as the import would."""
    if not _NAME.fullmatch(table):
        raise SettingsError(f"'{table[:63]}' is no name of a table: use letters, digits, dots, - and _.")
    for row in given.rows:
        if problem := problem_with(given.columns, row):
            raise SettingsError(f"{table}: {problem}")
    known = await columns_of(connection, table)
    if known is not None and set(known) - set(given.columns) and not whole:
        lost = ", ".join(sorted(set(known) - set(given.columns)))
        raise SettingsError(f"{table}: the import lacks the columns {lost}. Replace the whole table, or add them.")
    there = _by_code((await content(connection, table)).rows) if known is not None else {}
    wanted = _by_code(given.rows)
    difference, codes = _compared(there, wanted, whole=whole)
    altered = [
        Altered(code=code, before=tuple(there.get(code, ())), after=tuple(wanted.get(code, ()))) for code in codes
    ]
    return difference, altered


async def give_back(connection: Connection, table: str, change: Change) -> None:
    """Within a transaction: the table is not in the database any more; its history stays. Raises `SettingsError`."""
    await lock(connection)
    await _need(connection, table)
    await connection.execute("UPDATE lookup_table SET in_use = false WHERE name = %s", [table])
    there = _by_code((await content(connection, table)).rows)
    seq = await _note(connection, "give_back", table, "", len(there), change)
    await _replace(connection, table, list(there), [], seq)


def problem_with(columns: Iterable[str], row: Row) -> str:
    """Why this row cannot be kept, in words; empty: it can."""
    names = set(columns)
    if not row.code or row.code != row.code.strip() or len(row.code) > CODE_LIMIT:
        return f"a code is empty, has white space around it, or more than {CODE_LIMIT} characters."
    if unknown := sorted(set(row.cells) - names):
        return f"there is no column '{unknown[0]}'; there are {', '.join(n for n in columns)}."
    if names & {VALID_FROM, VALID_TO}:
        return f"{VALID_FROM} and {VALID_TO} are no columns of their own."
    if any(len(cell) > CELL_LIMIT or storable(cell) != cell for cell in (*row.cells.values(), row.code)):
        return f"what is said of '{row.code}' has more than {CELL_LIMIT} characters, or some that cannot be kept."
    if row.valid_from and row.valid_to and row.valid_to <= row.valid_from:
        return f"what is said of '{row.code}' would end before it begins."
    return ""


def _around(before: Iterable[Row], middle: Row) -> list[Row]:
    """What stays of these rows where the days of another one are taken out."""
    kept = []
    for row in before:
        if not row.overlaps(middle):
            kept.append(row)
            continue
        if middle.valid_from is not None and (row.valid_from is None or row.valid_from < middle.valid_from):
            kept.append(replace(row, valid_to=middle.valid_from))
        if middle.valid_to is not None and (row.valid_to is None or middle.valid_to < row.valid_to):
            kept.append(replace(row, valid_from=middle.valid_to))
    return kept


def _same(left: Row, right: Row) -> bool:
    return (dict(left.cells), left.valid_from, left.valid_to) == (dict(right.cells), right.valid_from, right.valid_to)


def _by_code(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.code, []).append(row)
    return found


def _compared(
    there: Mapping[str, list[Row]], wanted: Mapping[str, list[Row]], *, whole: bool
) -> tuple[Difference, list[str]]:
    """What differs, and the codes of which something else is said."""
    added = [code for code in wanted if code not in there]
    changed = [code for code in wanted if code in there and not _alike(there[code], wanted[code])]
    ended = [code for code in there if code not in wanted] if whole else []
    same = len(wanted) - len(added) - len(changed)
    difference = Difference(added=len(added), changed=len(changed), ended=len(ended), same=same)
    return difference, [*added, *changed, *ended]


def _alike(left: list[Row], right: list[Row]) -> bool:
    def key(row: Row) -> date:
        return row.valid_from or date.min

    pairs = zip(sorted(left, key=key), sorted(right, key=key), strict=False)
    return len(left) == len(right) and all(_same(*pair) for pair in pairs)


async def _need(connection: Connection, table: str) -> tuple[str, ...]:
    columns = await columns_of(connection, table)
    if columns is None:
        raise SettingsError(
            f"There is no lookup table '{table}' in the database. Put it there with: hilum lookups import {table} FILE"
        )
    return columns


async def _note(connection: Connection, act: str, table: str, code: str, rows: int, change: Change) -> int:
    cursor = await connection.execute(
        "INSERT INTO lookup_change (actor, act, table_name, code, rows, reason) VALUES (%s, %s, %s, %s, %s, %s)"
        " RETURNING seq",
        [storable(change.actor), act, table, code, rows, storable(change.reason)],
    )
    row = await cursor.fetchone()
    what = f"'{code}'" if code else f"{rows} codes"
    await record(connection, actor=change.actor, action=f"lookup_{act}", words=f"{table}: {what}: {change.reason}")
    return int(row[0]) if row else 0


async def _counting(connection: Connection, table: str, codes: list[str]) -> list[Row]:
    return list((await content(connection, table, codes=codes)).rows)


async def _replace(connection: Connection, table: str, codes: list[str], rows: Iterable[Row], seq: int) -> None:
    """These rows take the place of all that counts of these codes."""
    await connection.execute(
        "UPDATE lookup_row SET ended_by = %s WHERE table_name = %s AND code = ANY(%s) AND ended_by IS NULL",
        [seq, table, codes],
    )
    await connection.cursor().executemany(
        "INSERT INTO lookup_row (table_name, code, cells, valid_from, valid_to, made_by)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [(table, row.code, Jsonb(dict(row.cells)), row.valid_from, row.valid_to, seq) for row in rows],
    )
