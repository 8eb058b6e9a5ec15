"""What a translation may ask the hub: lookup tables, and what other systems call the same thing.

A lookup table is what a steward edits so that codes of one system become codes of another. Each is either a CSV file in
`lookups/`, read again when it changes, or kept in the database (`hilum.masterdata.lookups` puts it here): the first
column is the code that comes in, the second what it becomes, further columns are facts about it. A miss is always
`Unmapped`, never a silent default.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from hilum.canonical.applied import apply
from hilum.canonical.trade import OWN
from hilum.errors import SettingsError, Unmapped
from hilum.flow.identifiers import Identifiers, NoIdentifiers
from hilum.flow.prices import NoPrices, Prices
from hilum.flow.tables import LookupTable, read_csv

Today = Callable[[], date]


class _File:
    """A table that is a file."""

    def __init__(self, path: Path, day: date) -> None:
        self.path = path
        self.table = LookupTable(path.stem, str(path), day)
        self._stamp: tuple[int, int] | None = None

    def refresh(self) -> bool:
        """Read the file again if it changed; says whether it did. Raises `SettingsError` naming file and row."""
        stat = self.path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        if stamp == self._stamp:
            return False
        data = self.path.read_bytes()
        content = read_csv(io.StringIO(data.decode("utf-8-sig"), newline=""), str(self.path))
        self.table.fill(content, stat.st_mtime_ns / 1e9, f"file {sha256(data).hexdigest()[:8]}")
        self._stamp = stamp
        return True


class Lookup:
    """What a translation may ask the hub for: `hub.item("4711")`, `hub.value("payers", "AOK", "currency")`.

    Rows for a time hold by the calendar day in `zone`, today or on the day that is asked for (`at=`).
    """

    def __init__(self, folder: Path | None = None, *, zone: str = "UTC", today: Today | None = None) -> None:
        self._folder = folder
        self._zone = ZoneInfo(zone)
        self._today = today or (lambda: datetime.now(UTC).astimezone(self._zone).date())
        self._files: dict[str, _File] = {}
        self._kept: dict[str, LookupTable] = {}  # in the database
        self._all: dict[str, LookupTable] = {}  # those that count
        self.identifiers: Identifiers = NoIdentifiers()  # the hub puts its crosswalk here
        self.prices: Prices = NoPrices()  # the hub puts here what was agreed with suppliers
        self.refresh()

    def refresh(self) -> list[str]:
        """Read new and changed files, and see which day it is; names the tables that changed.

        One that cannot be read keeps its former rows and does not stop the others. Raises `SettingsError` for those.
        """
        day = self._today()
        for path in sorted(self._folder.glob("*.csv")) if self._folder is not None and self._folder.is_dir() else ():
            if path.stem not in self._files:
                self._files[path.stem] = _File(path, day)
                self._merge()
        changed = [name for name, table in self.tables.items() if table.turn(day)]
        wrong = []
        for name, file in self._files.items():
            try:
                if file.refresh():
                    changed.append(name)
            except SettingsError as error:
                wrong.append(str(error))
            except (OSError, UnicodeDecodeError, csv.Error) as error:
                wrong.append(f"{file.path}: {error}")
        if wrong:
            raise SettingsError("; ".join(wrong))
        return sorted(set(changed))

    @property
    def today(self) -> date:
        """The day by which rows for a time hold now."""
        return self._today()

    @property
    def tables(self) -> Mapping[str, LookupTable]:
        """All tables by name. One that is in the database too counts as it is there."""
        return self._all

    def _merge(self) -> None:
        self._all = {name: file.table for name, file in self._files.items()} | self._kept

    @property
    def unused_files(self) -> list[Path]:
        """Files that are not asked because their table is in the database."""
        return [file.path for name, file in self._files.items() if name in self._kept]

    @property
    def files(self) -> Collection[str]:
        """Names of the tables that are files, and count as such."""
        return self._files.keys() - self._kept.keys()

    def keep(self, table: LookupTable) -> None:
        """This table is in the database: it counts from now on, whatever a file says."""
        self._kept[table.name] = table
        self._merge()

    def give_back(self, name: str) -> None:
        """The table is not in the database any more: a file of its name counts again."""
        self._kept.pop(name, None)
        self._merge()

    def table(self, name: str) -> LookupTable:
        """The table of that name. Raises `SettingsError` where there is none."""
        found = self._all.get(name)
        if found is None:
            raise SettingsError(f"There is no lookup table '{name}'; put {name}.csv into {self._folder or 'lookups/'}.")
        return found

    def codes(self, name: str) -> Collection[str]:
        """All codes of the table of that name. Raises `SettingsError` where there is none."""
        return self.table(name).codes

    def version(self, name: str) -> int:
        """A number that changes when that table says something else. Raises `SettingsError` where there is none."""
        return self.table(name).version

    def value(self, table: str, code: str, column: str | None = None, *, at: date | None = None) -> str:
        """What a code becomes, today or on the day `at` (of a moment: the day in the hub's zone). Raises `Unmapped`."""
        known = self.table(table)
        found = known.value(code, column, self._day(at))
        apply("lookup", known.edition if column is None else f"{known.edition}, {column}", code, found)
        return found

    def row(self, table: str, code: str, *, at: date | None = None) -> Mapping[str, str]:
        """All that the table says of a code, today or on the day `at`. Raises `Unmapped`."""
        known = self.table(table)
        found = known.row(code, self._day(at))
        apply("lookup", known.edition, code, found.get(known.columns[1], ""))
        return found

    def _day(self, at: date | None) -> date | None:
        if not isinstance(at, datetime):
            return at
        return at.astimezone(self._zone).date() if at.tzinfo is not None else at.date()

    def id(self, object_: str, system: str, identifier: str, to: str) -> str:
        """What another system calls the same thing: `hub.id("item", "EHR", "4711", "ODOO")`. Raises `Unmapped`."""
        found = self.identifiers.id(object_, system, identifier, to)
        apply("crosswalk", f"{object_} of {system} is known to {to}", identifier, found)
        return found

    def golden(self, object_: str, system: str, identifier: str) -> str:
        """The hub's own name of a thing, the same for every system: `item-17`. Raises `Unmapped`."""
        found = self.identifiers.golden(object_, system, identifier)
        apply("crosswalk", f"{object_} of {system} is known to the hub", identifier, found)
        return found

    def item(self, code: str, *, by: str = "") -> str:
        """The hub's item number (table `items`). Raises `Unmapped`.

        `by`: whose number it is, GTIN, UDI or MPN: then the crosswalk is asked first, and the table for that number
        where it is not linked there (`hub.item("05412345000044", by="GTIN")`).
        """
        return self._numbered("item", "items", code, by)

    def location(self, code: str, *, by: str = "") -> str:
        """The hub's location code (table `locations`); `by="GLN"` as of items. Raises `Unmapped`."""
        return self._numbered("location", "locations", code, by)

    def supplier(self, code: str, *, by: str = "") -> str:
        """The hub's supplier number (table `suppliers`); `by="GLN"` as of items. Raises `Unmapped`."""
        return self._numbered("supplier", "suppliers", code, by)

    def _numbered(self, thing: str, table: str, code: str, by: str) -> str:
        if by:
            try:
                return self.id(thing, by, code, OWN)
            except Unmapped:
                if table not in self.tables or code not in self.codes(table):
                    raise
        return self.value(table, code)

    def unit(self, code: str) -> str:
        """The hub's unit code (table `units`). Raises `Unmapped`."""
        return self.value("units", code)
