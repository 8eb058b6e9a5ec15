"""Lookup tables: what a steward edits so that codes of one system become codes of another.

A table is a CSV file in `lookups/`: the first column is the code that comes in, the second what it becomes, further
columns are facts about it. A miss is always `Unmapped`, never a silent default. Files are read again when they change.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from pathlib import Path

from hilum.errors import SettingsError, Unmapped
from hilum.flow.identifiers import Identifiers, NoIdentifiers


class LookupTable:
    """One table, from one file. Codes are compared exactly, without surrounding white space."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._version = 0
        self._rows: dict[str, dict[str, str]] = {}
        self._columns: list[str] = []

    def refresh(self) -> bool:
        """Read the file again if it changed; says whether it did. Raises `SettingsError` naming file and row."""
        stat = self.path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        if stamp == self._stamp:
            return False
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or [])
            if len(columns) < 2:
                raise SettingsError(f"{self.path}: a lookup table needs a head line with at least two columns.")
            rows: dict[str, dict[str, str]] = {}
            for row in reader:
                code = (row[columns[0]] or "").strip()
                if code in rows:
                    raise SettingsError(f"{self.path}, line {reader.line_num}: the code '{code}' is there twice.")
                rows[code] = {name: (row.get(name) or "").strip() for name in columns}
        self._rows, self._columns, self._stamp = rows, columns, stamp
        self._version += 1
        return True

    @property
    def changed_at(self) -> float:
        """When the file in force was written, in epoch seconds; 0: it was never read."""
        return self._stamp[0] / 1e9 if self._stamp else 0.0

    def row(self, code: str) -> Mapping[str, str]:
        """The whole row. Raises `Unmapped`."""
        found = self._rows.get(code.strip())
        if found is None:
            raise Unmapped(self.name, code.strip())
        return found

    def value(self, code: str, column: str | None = None) -> str:
        """What the code becomes: the second column, or the named one. An empty cell is a miss. Raises `Unmapped`."""
        found = self.row(code).get(column or self._columns[1], "")
        if not found:
            raise Unmapped(self.name if column is None else f"{self.name}.{column}", code.strip())
        return found

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def codes(self) -> Collection[str]:
        """All codes."""
        return self._rows.keys()

    @property
    def version(self) -> int:
        """A number that changes when the file was read again."""
        return self._version


class Lookup:
    """What a translation may ask the hub for: `hub.item("4711")`, `hub.value("payers", "AOK", "currency")`."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._tables: dict[str, LookupTable] = {}
        self.identifiers: Identifiers = NoIdentifiers()  # the hub puts its crosswalk here
        self.refresh()

    def refresh(self) -> list[str]:
        """Read new and changed files; names the tables that changed.

        One that cannot be read keeps its former rows and does not stop the others. Raises `SettingsError` for those.
        """
        if self._folder is None or not self._folder.is_dir():
            return []
        for path in sorted(self._folder.glob("*.csv")):
            self._tables.setdefault(path.stem, LookupTable(path.stem, path))
        changed, wrong = [], []
        for name, table in self._tables.items():
            try:
                if table.refresh():
                    changed.append(name)
            except SettingsError as error:
                wrong.append(str(error))
            except (OSError, UnicodeDecodeError, csv.Error) as error:
                wrong.append(f"{table.path}: {error}")
        if wrong:
            raise SettingsError("; ".join(wrong))
        return changed

    @property
    def tables(self) -> Mapping[str, LookupTable]:
        """All tables by name."""
        return self._tables

    def table(self, name: str) -> LookupTable:
        """The table of that name. Raises `SettingsError` where there is none."""
        if name not in self._tables:
            raise SettingsError(f"There is no lookup table '{name}'; put {name}.csv into {self._folder or 'lookups/'}.")
        return self._tables[name]

    def codes(self, name: str) -> Collection[str]:
        """All codes of the table of that name. Raises `SettingsError` where there is none."""
        return self.table(name).codes

    def version(self, name: str) -> int:
        """A number that changes when that table was read again. Raises `SettingsError` where there is none."""
        return self.table(name).version

    def value(self, table: str, code: str, column: str | None = None) -> str:
        """What a code becomes. Raises `Unmapped`."""
        return self.table(table).value(code, column)

    def row(self, table: str, code: str) -> Mapping[str, str]:
        """All that the table says of a code. Raises `Unmapped`."""
        return self.table(table).row(code)

    def id(self, object_: str, system: str, identifier: str, to: str) -> str:
        """What another system calls the same thing: `hub.id("item", "EHR", "4711", "ODOO")`. Raises `Unmapped`."""
        return self.identifiers.id(object_, system, identifier, to)

    def golden(self, object_: str, system: str, identifier: str) -> str:
        """The hub's own name of a thing, the same for every system: `item-17`. Raises `Unmapped`."""
        return self.identifiers.golden(object_, system, identifier)

    def item(self, code: str) -> str:
        """The hub's item number (table `items`). Raises `Unmapped`."""
        return self.value("items", code)

    def location(self, code: str) -> str:
        """The hub's location code (table `locations`). Raises `Unmapped`."""
        return self.value("locations", code)

    def supplier(self, code: str) -> str:
        """The hub's supplier number (table `suppliers`). Raises `Unmapped`."""
        return self.value("suppliers", code)

    def unit(self, code: str) -> str:
        """The hub's unit code (table `units`). Raises `Unmapped`."""
        return self.value("units", code)
