"""The workbook of an onboarding: its sheets and columns, a template to fill in, and how its rows are read.

The library of workbooks is large, and every hub knows the sheets: it is loaded when a workbook is written or read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Final

from hilum.errors import Invalid, SettingsError

MOST_ROWS: Final = 50_000
"""Rows of a sheet that are read."""

MOST_LINES: Final = 1_048_576
"""Rows of a sheet, empty ones counted, as the standard has them (ECMA-376)."""

MOST_BYTES: Final = 64 * 2**20
"""Bytes that a workbook may have when it is unpacked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; `words` tells whoever fills it in what belongs there."""

    name: str
    words: str
    example: str = ""
    needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet. `publishes`: its rows are drafted as master data of this kind."""

    name: str
    columns: tuple[Column, ...]
    needed: bool = False
    publishes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A row as it was read; `number` is that of the spreadsheet."""

    number: int
    values: Mapping[str, str] = field(repr=False)


def _column(name: str, words: str, example: str = "", needed: bool = False) -> Column:
    return Column(name=name, words=words, example=example, needed=needed)


_CODE = _column("code", "its code", "NORTH", needed=True)
_TITLE = _column("title", "its name", "North Hospital", needed=True)
_PHASE = _column("phase", "number of the phase in which it begins; empty: 1", "1")

FLOWS = Sheet(
    name="Flows",
    columns=(_column("flow", "name of a flow of this project", "north.orders", needed=True), _PHASE),
)
LOOKUPS = Sheet(
    name="Lookups",
    columns=(
        _column("table", "a lookup table in the database", "units", needed=True),
        _column("code", "the code that comes in", "BOX", needed=True),
        _column("value", "what it becomes", "BX", needed=True),
        _PHASE,
    ),
)
CROSSWALK = Sheet(
    name="Crosswalk",
    columns=(
        _column("object", "kind of thing, small letters", "supplier", needed=True),
        _column("system", "the system that calls it so", "NORTH", needed=True),
        _column("identifier", "what it calls it", "4711", needed=True),
        _column("same_as_system", "a system that knows it already", "ODOO"),
        _column("same_as_identifier", "what that one calls it", "SUP-0007"),
        _PHASE,
    ),
)
_LOCATIONS = Sheet(
    name="Locations",
    publishes="locations",
    columns=(
        _column("code", "code of the location", "N-OR1", needed=True),
        _column("title", "its name", "Theatre 1", needed=True),
        _column("facility", "code of the facility", "NORTH"),
        _column("parent", "code of the location around it", "N-MAIN"),
        _column("gln", "its Global Location Number (GS1), 13 digits", "5412345000020"),
        _PHASE,
    ),
)
_CENTRES = Sheet(
    name="Cost centres",
    publishes="cost_centres",
    columns=(
        _column("code", "its code", "N-100", needed=True),
        _column("title", "its name", "Surgery", needed=True),
        _PHASE,
    ),
)
_CHART = Sheet(
    name="Chart",
    publishes="chart",
    columns=(
        _column("code", "account of the entity, with the entity where numbers clash", "NORTH:4400", needed=True),
        _column("account", "account of the group's chart", "400000", needed=True),
        _column("title", "its name", "Supplies"),
        _PHASE,
    ),
)
_SUPPLIER = Sheet(
    name="Supplier",
    needed=True,
    publishes="suppliers",
    columns=(
        _column("code", "its code", "SUP-0007", needed=True),
        _column("title", "its name", "Meyer Medizintechnik GmbH", needed=True),
        _column("tax_id", "its tax number", "DE123456789"),
        _column("gln", "its Global Location Number (GS1), 13 digits", "5412345000013"),
        _column("email", "where orders go", "orders@meyer.example"),
        _column("phone", "telephone"),
    ),
)

SHEETS: Final[Mapping[str, tuple[Sheet, ...]]] = MappingProxyType(
    {
        "facility": (
            Sheet(name="Facility", needed=True, columns=(_CODE, _TITLE)),
            _LOCATIONS, LOOKUPS, CROSSWALK, FLOWS,
        ),
        "supplier": (_SUPPLIER, LOOKUPS, CROSSWALK, FLOWS),
        "entity": (
            Sheet(name="Entity", needed=True, columns=(_CODE, _TITLE)),
            _CENTRES, _CHART, LOOKUPS, CROSSWALK, FLOWS,
        ),
    }
)  # fmt: skip
"""The sheets of each kind; the first one says what is taken in, in one row."""


def sheets_of(kind: str) -> tuple[Sheet, ...]:
    """The sheets of a kind. Raises `SettingsError`."""
    if kind not in SHEETS:
        raise SettingsError(f"'{kind}' cannot be taken in; these can: {', '.join(SHEETS)}.")
    return SHEETS[kind]


def write_template(kind: str, to: Path | BinaryIO) -> None:
    """An empty workbook with heads, and a sheet that says what belongs where. Raises `SettingsError`."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    made = Workbook()
    guide = made.active
    assert guide is not None  # noqa: S101 - a new workbook has a sheet
    guide.title = "Read me"
    guide.append(["Sheet", "Column", "Needed", "What", "Example"])
    for sheet in sheets_of(kind):
        page = made.create_sheet(sheet.name)
        page.append([each.name for each in sheet.columns])
        for cell in page[1]:
            cell.font = Font(bold=True)
        for each in sheet.columns:
            guide.append([sheet.name, each.name, "yes" if each.needed else "", each.words, each.example])
    made.save(to)


def read(source: Path | BinaryIO, name: str = "") -> dict[str, tuple[tuple[str, ...], list[Cells]]]:
    """Heads and rows of every sheet by its name; numbers and dates as text. Raises `SettingsError`.

    `name`: of a file that is not there as a path, for what is said about it.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    from hilum.formats.spreadsheets import check_package

    name = name or (source.name if isinstance(source, Path) else "The file")
    try:
        check_package(source, MOST_BYTES)
        book = load_workbook(source, read_only=True, data_only=True)
    except Invalid as error:
        raise SettingsError(f"{name}: {error}.") from None
    except (OSError, InvalidFileException, KeyError, ValueError):
        raise SettingsError(f"{name} cannot be read as an XLSX workbook.") from None
    try:
        found = {}
        for page in book.worksheets:
            page.reset_dimensions()  # what it says of itself is often wrong
            found[page.title] = _rows(page.title, page.iter_rows(values_only=True))
        return found
    finally:
        book.close()


def _rows(title: str, rows: Any) -> tuple[tuple[str, ...], list[Cells]]:
    heads: tuple[str, ...] = ()
    found: list[Cells] = []
    for number, row in enumerate(rows, start=1):
        cells = [_text(cell) for cell in row]
        if number > MOST_LINES:
            raise SettingsError(f"The sheet {title} has more than {MOST_LINES} rows, most of them empty.")
        if number == 1:
            heads = tuple(cells)
        elif any(cells):
            if len(found) >= MOST_ROWS:
                raise SettingsError(f"The sheet {title} has more than {MOST_ROWS} rows.")
            found.append(Cells(number=number, values=dict(zip(heads, cells, strict=False))))
    return heads, found


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
