"""The crosswalk as CSV: one row for each thing, one column for each system.

    object,EHR,ODOO,SRM
    item,4711,GLV-01,8001|8001-OLD

Several identifiers of one system are divided by `|`; the first is what it is called, the others are aliases. An import
is all or nothing, and says for each row that cannot be taken where and why. It never merges: a row that would join two
things is a finding.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hilum.errors import SettingsError
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.masterdata.crosswalk.editing import lock, problem_with
from hilum.masterdata.crosswalk.memory import name_of
from hilum.postgres import Connection

MOST_PROBLEMS = 1_000
"""Findings that a report lists; more are counted."""

_DIVIDER = "|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A row that cannot be taken. `line`: as an editor counts, the head is 1."""

    line: int
    words: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What an import found and did."""

    rows: int = 0
    things: int = 0  # new ones
    identifiers: int = 0  # newly linked
    known: int = 0  # identifiers that were linked already, to the same thing
    wrong: int = 0  # rows that cannot be taken
    problems: list[Problem] = field(default_factory=list)  # the first of them
    imported: bool = False

    def add(self, line: int, words: str) -> None:
        """A row cannot be taken."""
        self.wrong += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(line=line, words=words))


Cell = tuple[int, str, str, str, bool]
"""Line, object, system, identifier, alias."""


async def import_csv(
    connection: Connection, lines: Iterable[str], *, actor: str, reason: str, dry_run: bool = False
) -> Report:
    """Link what the file says, within the transaction of `connection`; where any row is wrong, nothing at all.

    Raises `SettingsError` for a file without the right head line.
    """
    report = Report()
    cells = list(_cells(lines, report))
    await lock(connection)
    await _stage(connection, cells)
    await _conflicts(connection, report)
    await _count(connection, report)
    if dry_run or report.wrong:
        return report
    await _write(connection, actor, reason)
    words = f"{report.identifiers} identifiers of {report.rows} rows: {reason}"
    await record(connection, actor=actor, action="crosswalk_import", words=words)
    report.imported = True
    return report


def _cells(lines: Iterable[str], report: Report) -> Iterator[Cell]:
    reader = csv.reader(lines)
    head = [name.strip().lstrip("\ufeff") for name in next(reader, [])]
    if len(head) < 2 or head[0] != "object" or not all(head) or len(set(head)) != len(head):
        raise SettingsError("The first line must be: object, and then the name of each system, each once.")
    seen: dict[tuple[str, str, str], int] = {}
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        report.rows += 1
        found, words = _row(head, row, reader.line_num, seen)
        if words:
            report.add(reader.line_num, words)
        else:
            yield from found


def _row(head: list[str], row: list[str], line: int, seen: dict[tuple[str, str, str], int]) -> tuple[list[Cell], str]:
    """What a row links, or why it cannot be taken."""
    if len(row) != len(head):
        return [], f"It has {len(row)} columns, the head line {len(head)}."
    object_ = row[0].strip()
    found: list[Cell] = []
    for system, cell in zip(head[1:], row[1:], strict=True):
        parts = [part.strip() for part in cell.split(_DIVIDER)] if cell.strip() else []
        for place, identifier in enumerate(parts):
            if words := problem_with(object_, system, identifier):
                return [], f"{system}: {words}"
            before = seen.setdefault((object_, system, identifier), line)
            if before != line or any(cell[2:4] == (system, identifier) for cell in found):
                return [], f"The {object_} {identifier} of {system} is in line {before} already."
            found.append((line, object_, system, identifier, place > 0))
    return found, "" if found else "It names no identifier."


async def _stage(connection: Connection, cells: Iterable[Cell]) -> None:
    await connection.execute(
        "CREATE TEMP TABLE incoming (line int, object text, system text, identifier text, alias boolean,"
        " known bigint, golden bigint) ON COMMIT DROP"
    )
    async with (
        connection.cursor() as cursor,
        cursor.copy("COPY incoming (line, object, system, identifier, alias) FROM STDIN") as copy,
    ):
        for cell in cells:
            await copy.write_row(cell)
    await connection.execute(
        "UPDATE incoming i SET known = c.golden FROM crosswalk c"
        " WHERE c.object = i.object AND c.system = i.system AND c.identifier = i.identifier"
    )
    await connection.execute(  # what was merged stands for what it was merged into
        "WITH RECURSIVE up (id, at) AS ("
        " SELECT DISTINCT known, known FROM incoming WHERE known IS NOT NULL"
        " UNION ALL SELECT up.id, g.merged_into FROM up JOIN golden g ON g.id = up.at WHERE g.merged_into IS NOT NULL"
        "), root AS (SELECT up.id, up.at FROM up JOIN golden g ON g.id = up.at WHERE g.merged_into IS NULL)"
        " UPDATE incoming i SET golden = root.at FROM root WHERE root.id = i.known"
    )


async def _conflicts(connection: Connection, report: Report) -> None:
    cursor = await connection.execute(
        "SELECT line, min(object), array_agg(DISTINCT golden ORDER BY golden) FROM incoming WHERE golden IS NOT NULL"
        " GROUP BY line HAVING count(DISTINCT golden) > 1 ORDER BY line"
    )
    for line, object_, things in await cursor.fetchall():
        names = " and ".join(name_of(object_, number) for number in things[:4])
        report.add(line, f"Its identifiers name {names}: merge those first, or correct the row.")


async def _count(connection: Connection, report: Report) -> None:
    cursor = await connection.execute(
        "SELECT count(*) FILTER (WHERE known IS NOT NULL), count(*) FILTER (WHERE known IS NULL),"
        " count(DISTINCT line) - count(DISTINCT line) FILTER (WHERE known IS NOT NULL) FROM incoming"
    )
    row = await cursor.fetchone()
    if row is not None:
        report.known, report.identifiers, report.things = row


async def _write(connection: Connection, actor: str, reason: str) -> None:
    await connection.execute(
        "UPDATE incoming i SET golden = k.golden FROM incoming k"
        " WHERE k.line = i.line AND k.golden IS NOT NULL AND i.golden IS NULL"
    )
    await connection.execute(
        "WITH fresh AS (SELECT line, min(object) AS object, nextval('golden_id_seq') AS id FROM incoming"
        " WHERE golden IS NULL GROUP BY line),"
        " made AS (INSERT INTO golden (id, object) OVERRIDING SYSTEM VALUE SELECT id, object FROM fresh)"
        " UPDATE incoming i SET golden = f.id FROM fresh f WHERE f.line = i.line"
    )
    # aliases first: what is linked last is what the thing is called
    await connection.execute(
        "WITH noted AS (INSERT INTO crosswalk_change (actor, act, object, system, identifier, golden, alias, words)"
        " SELECT %s, 'link', object, system, identifier, golden, alias, %s FROM incoming WHERE known IS NULL"
        " ORDER BY line, alias DESC RETURNING seq, object, system, identifier, golden, alias)"
        " INSERT INTO crosswalk (object, system, identifier, golden, alias, linked)"
        " SELECT object, system, identifier, golden, alias, seq FROM noted",
        [storable(actor), storable(reason)],
    )


async def export_csv(connection: Connection) -> list[list[str]]:
    """Head line and rows as an import takes them: each thing with all that it is called, merged ones as one."""
    cursor = await connection.execute(
        "WITH RECURSIVE up (id, at) AS ("
        " SELECT id, id FROM golden UNION ALL"
        " SELECT up.id, g.merged_into FROM up JOIN golden g ON g.id = up.at WHERE g.merged_into IS NOT NULL"
        "), root AS (SELECT up.id, up.at FROM up JOIN golden g ON g.id = up.at WHERE g.merged_into IS NULL)"
        " SELECT r.at, c.object, c.system, c.identifier FROM crosswalk c JOIN root r ON r.id = c.golden"
        " ORDER BY r.at, c.system, c.golden <> r.at, c.alias, c.linked DESC"
    )
    things: dict[int, tuple[str, dict[str, list[str]]]] = {}
    systems: set[str] = set()
    async for golden, object_, system, identifier in cursor:
        things.setdefault(golden, (object_, {}))[1].setdefault(system, []).append(identifier)
        systems.add(system)
    columns = sorted(systems)
    rows = [
        [object_, *(_DIVIDER.join(found.get(system, [])) for system in columns)] for object_, found in things.values()
    ]
    return [["object", *columns], *rows]
