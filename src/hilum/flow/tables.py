"""A lookup table in memory, wherever it is kept: rows by code, some of them for a time only.

The columns `valid_from` and `valid_to` are not facts about a code but say when its row holds: from the first day on,
until before the last. A code may have several rows, for days that do not overlap.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TextIO

from hilum.errors import SettingsError, Unmapped
from hilum.formats.delimited import sniff_delimiter

VALID_FROM, VALID_TO = "valid_from", "valid_to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a table says of a code, and when."""

    code: str
    cells: Mapping[str, str]  # by column, the code's own too
    valid_from: date | None = None  # the first day; none: always was
    valid_to: date | None = None  # the first day on which it does not hold any more; none: until further notice

    def holds(self, day: date) -> bool:
        """Does it hold on this day?"""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)

    def overlaps(self, other: Row) -> bool:
        """Is there a day on which both hold?"""
        first, last = self.valid_from or date.min, self.valid_to or date.max
        return first < (other.valid_to or date.max) and (other.valid_from or date.min) < last

    @property
    def dated(self) -> bool:
        """Does it hold for a time only?"""
        return self.valid_from is not None or self.valid_to is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All that a table says."""

    columns: tuple[str, ...]  # the code's first, then what it becomes, then facts about it
    rows: tuple[Row, ...] = field(repr=False)


class LookupTable:
    """One table. Codes are compared exactly, without surrounding white space. A miss is `Unmapped`, never a default."""

    def __init__(self, name: str, place: str, day: date) -> None:
        self.name = name
        self.place = place  # for people: the file, or `database`
        self.columns: tuple[str, ...] = ()
        self.changed_at = 0.0  # epoch seconds; 0: it was never read
        self.edition = name  # for people: the table and which state of it, `items (change 17)`
        self._version = 0
        self._day = day
        self._rows: dict[str, Mapping[str, str]] = {}  # what holds today
        self._dated: dict[str, list[Row]] = {}  # all rows of codes that have one for a time only

    def fill(self, content: Content, changed_at: float, state: str = "") -> None:
        """Say all of it anew. `state`: what people call this state of it, `change 17`.

        Raises `SettingsError` where a code has two rows for one day.
        """
        fresh = LookupTable(self.name, self.place, self._day)
        fresh.columns = content.columns
        by_code: dict[str, list[Row]] = {}
        for row in content.rows:
            by_code.setdefault(row.code, []).append(row)
        for code, rows in by_code.items():
            fresh._put(code, rows)
        self.columns, self._rows, self._dated = fresh.columns, fresh._rows, fresh._dated
        self._changed(changed_at, state)

    def change(self, codes: Iterable[str], rows: Iterable[Row], changed_at: float, state: str = "") -> None:
        """Say anew what is said of these codes; those without a row are not there any more."""
        by_code: dict[str, list[Row]] = {code: [] for code in codes}
        for row in rows:
            by_code[row.code].append(row)
        for code, mine in by_code.items():
            self._rows.pop(code, None)
            self._dated.pop(code, None)
            self._put(code, mine)
        self._changed(changed_at, state)

    def _changed(self, at: float, state: str) -> None:
        self.changed_at = at
        self.edition = f"{self.name} ({state})" if state else self.name
        self._version += 1

    def _put(self, code: str, rows: Sequence[Row]) -> None:
        for number, row in enumerate(rows):
            if any(row.overlaps(other) for other in rows[:number]):
                raise SettingsError(f"{self.place}: the code '{code}' is there twice for the same days.")
        if any(row.dated for row in rows):
            self._dated[code] = list(rows)
        self._today(code, rows)

    def _today(self, code: str, rows: Sequence[Row]) -> None:
        found = next((row for row in rows if row.holds(self._day)), None)
        if found is None:
            self._rows.pop(code, None)
        else:
            self._rows[code] = found.cells

    def turn(self, day: date) -> bool:
        """It is this day now; says whether that may change an answer."""
        if day == self._day:
            return False
        self._day = day
        for code, rows in self._dated.items():
            self._today(code, rows)
        self._version += bool(self._dated)
        return bool(self._dated)

    def row(self, code: str, at: date | None = None) -> Mapping[str, str]:
        """The whole row, as it holds today or on that day. Raises `Unmapped`."""
        code = code.strip()
        found = self._rows.get(code)
        if at is not None and code in self._dated:
            found = next((row.cells for row in self._dated[code] if row.holds(at)), None)
        if found is None:
            raise Unmapped(self.name, code)
        return found

    def value(self, code: str, column: str | None = None, at: date | None = None) -> str:
        """What the code becomes: the second column, or the named one. An empty cell is a miss. Raises `Unmapped`."""
        found = self.row(code, at).get(column or self.columns[1], "")
        if not found:
            raise Unmapped(self.name if column is None else f"{self.name}.{column}", code.strip())
        return found

    @property
    def content(self) -> Content:
        """All that it says, of other days too."""
        rows = [row for rows in self._dated.values() for row in rows]
        rows += [Row(code=code, cells=cells) for code, cells in self._rows.items() if code not in self._dated]
        return Content(columns=self.columns, rows=tuple(rows))

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def codes(self) -> Collection[str]:
        """All codes that hold today."""
        return self._rows.keys()

    @property
    def version(self) -> int:
        """A number that changes when something else is said."""
        return self._version


def read_csv(file: TextIO, where: str) -> Content:
    """A table from CSV with a head line, in which its delimiter is found. Raises `SettingsError` naming the line."""
    text = file.read()
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=sniff_delimiter(text))
    head = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = head
    columns = tuple(name for name in head if name not in (VALID_FROM, VALID_TO))
    if len(columns) < 2:
        raise SettingsError(f"{where}: a lookup table needs a head line with at least two columns.")
    if len(set(head)) < len(head) or not all(head):
        raise SettingsError(f"{where}: a column of the head line has no name, or one that is there twice.")
    rows: dict[str, list[Row]] = {}
    for line in reader:
        cells = {name: (line.get(name) or "").strip() for name in columns}
        at = f"{where}, line {reader.line_num}"
        row = Row(
            code=cells[columns[0]], cells=MappingProxyType(cells),
            valid_from=_day(line, VALID_FROM, at), valid_to=_day(line, VALID_TO, at),
        )  # fmt: skip
        if row.valid_from and row.valid_to and row.valid_to <= row.valid_from:
            raise SettingsError(f"{at}: {VALID_TO} must be after {VALID_FROM}.")
        mine = rows.setdefault(row.code, [])
        if any(row.overlaps(other) for other in mine):
            raise SettingsError(f"{at}: the code '{row.code}' is there twice{' for the same days' * row.dated}.")
        mine.append(row)
    return Content(columns=columns, rows=tuple(row for mine in rows.values() for row in mine))


def _day(line: Mapping[str, str | None], column: str, where: str) -> date | None:
    text = (line.get(column) or "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise SettingsError(f"{where}: {column} is no date; write 2026-03-31.") from None


def write_csv(content: Content, file: TextIO) -> None:
    """The table as CSV, as `read_csv` reads it. The days are written only where a row has some."""
    dated = any(row.dated for row in content.rows)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*content.columns, *([VALID_FROM, VALID_TO] if dated else [])])
    for row in content.rows:
        days = [row.valid_from or "", row.valid_to or ""] if dated else []
        writer.writerow([*(row.cells.get(name, "") for name in content.columns), *days])
