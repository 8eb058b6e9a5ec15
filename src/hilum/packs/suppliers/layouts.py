"""Published lists of excluded parties, as rows: the LEIE of the OIG, and exclusions in the manner of SAM. Pure.

LEIE: 18 columns, LASTNAME to WVRSTATE, dates as YYYYMMDD and `00000000` for none (Office of Inspector General, record
layout of the List of Excluded Individuals/Entities). Whoever has a REINDATE was reinstated and is left out.
SAM: the public extract of exclusions; only the columns that count are asked for.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from types import MappingProxyType
from typing import Final, Literal

from hilum.errors import Invalid

Subject = Literal["company", "person"]
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a list."""

    kind: Subject
    said: Mapping[str, str] = field(repr=False)  # by the fields of `screening.COMPANY` and `screening.PERSON`
    words: str = field(repr=False)  # why it is there, since when
    since: date | None = None  # as the list says

    @property
    def key(self) -> str:
        """Of what it says: the lists give no number of their own to each line."""
        parts = [self.kind, self.words, *(f"{name}={self.said[name]}" for name in sorted(self.said))]
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one publisher writes."""

    name: str
    columns: tuple[str, ...]  # those that must be there
    read: Callable[[Row], Entry | None]  # none: nobody who is excluded


def entries(layout: Layout, body: bytes) -> list[Entry]:
    """Everybody on the list, each once. Raises `Invalid` naming the line, and where columns or all rows are missing."""
    found = {entry.key: entry for row in _rows(layout, body) if (entry := _read(layout, *row)) is not None}
    if not found:
        raise Invalid(f"nobody is on it: that is no whole list of {layout.name}")
    return [*found.values()]


def _read(layout: Layout, line: int, row: Row) -> Entry | None:
    try:
        return layout.read(row)
    except ValueError:
        raise Invalid("a date is none", where=f"line {line}") from None


def _rows(layout: Layout, body: bytes) -> Iterator[tuple[int, Row]]:
    reader = csv.reader(_text(body).splitlines())
    head = [each.strip() for each in next(reader, [])]
    if missing := [each for each in layout.columns if each not in head]:
        raise Invalid(f"columns of {layout.name} are missing: {', '.join(missing)}", where="line 1")
    for cells in reader:
        if not any(cells):
            continue
        if len(cells) != len(head):
            raise Invalid(f"it has {len(cells)} cells, the head has {len(head)}", where=f"line {reader.line_num}")
        yield reader.line_num, dict(zip(head, (cell.strip() for cell in cells), strict=True))


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    return text.replace("\0", "")


def newest(found: list[Entry]) -> date:
    """The newest date that a list names: of which issue it is, where the file does not say. Raises `Invalid`."""
    dates = [each.since for each in found if each.since is not None]
    if not dates:
        raise Invalid("the list names no date: say of which day it is")
    return max(dates)


def _given(**said: str) -> dict[str, str]:
    return {name: value for name, value in said.items() if value}


def _words(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _leie(row: Row) -> Entry | None:
    if _compact_date(row["REINDATE"]) is not None:
        return None
    since, npi = _compact_date(row["EXCLDATE"]), row["NPI"].strip("0")
    where = _given(street=row["ADDRESS"], city=row["CITY"], postal_code=row["ZIP"][:5], npi=row["NPI"] if npi else "")
    words = _words(f"excluded {since}" if since else "excluded", row["EXCLTYPE"], row["GENERAL"], row["SPECIALTY"])
    if row["BUSNAME"]:
        return Entry(kind="company", said=_given(name=row["BUSNAME"], **where), words=words, since=since)
    born = _compact_date(row["DOB"])
    person = _given(
        family_name=row["LASTNAME"], given_name=row["FIRSTNAME"], birth_date=born.isoformat() if born else "", **where
    )
    return Entry(kind="person", said=person, words=words, since=since)


def _compact_date(text: str) -> date | None:
    return None if not text.strip("0") else date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:8]}")


def _sam(row: Row) -> Entry | None:
    since = _slashed_date(row["Active Date"])
    where = _given(
        street=row["Address 1"], city=row["City"], postal_code=row["Zip Code"][:5], country=_alpha2(row["Country"]),
        npi=row.get("NPI", ""),
    )  # fmt: skip
    ends = row["Termination Date"]
    words = _words(
        row["Exclusion Type"], row["Excluding Agency"], f"since {since}" if since else "",
        "" if ends.casefold() in ("", "indefinite") else f"until {_slashed_date(ends)}",
    )  # fmt: skip
    if row["Classification"] == "Individual":
        person = _given(family_name=row["Last"], given_name=row["First"], **where)
        return Entry(kind="person", said=person, words=words, since=since)
    return Entry(kind="company", said=_given(name=row["Name"], **where), words=words, since=since)


def _slashed_date(text: str) -> date | None:
    """MM/DD/YYYY or ISO 8601."""
    if not text:
        return None
    if "/" in text:
        month, day, year = text.split("/")
        return date(int(year), int(month), int(day))
    return date.fromisoformat(text)


_COUNTRIES: Final = MappingProxyType(
    {"USA": "US", "CAN": "CA", "MEX": "MX", "GBR": "GB", "DEU": "DE", "FRA": "FR", "BEL": "BE", "NLD": "NL",
     "CHN": "CN", "IND": "IN", "ITA": "IT", "ESP": "ES"}
)  # fmt: skip


def _alpha2(country: str) -> str:
    """ISO 3166-1 alpha-2 where the list has alpha-3; of others nothing is compared."""
    return country if len(country) == 2 else _COUNTRIES.get(country, "")


LEIE: Final = Layout(
    name="OIG LEIE",
    columns=(
        "LASTNAME", "FIRSTNAME", "MIDNAME", "BUSNAME", "GENERAL", "SPECIALTY", "UPIN", "NPI", "DOB", "ADDRESS", "CITY",
        "STATE", "ZIP", "EXCLTYPE", "EXCLDATE", "REINDATE", "WAIVERDATE", "WVRSTATE",
    ),
    read=_leie,
)  # fmt: skip
"""Replaced monthly by its publisher, with all who are excluded."""

SAM: Final = Layout(
    name="SAM exclusions",
    columns=(
        "Classification", "Name", "First", "Last", "Address 1", "City", "Country", "Zip Code", "Exclusion Type",
        "Excluding Agency", "Active Date", "Termination Date",
    ),
    read=_sam,
)  # fmt: skip
"""Published daily, with all who are excluded."""
