"""The records of BAI2: lines, continuations (88), and the items of money with their funds types.

Cash Management Balance Reporting Specifications, Version 2 (BAI, 1987), which ASC X9.121 follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from hilum.canonical.currencies import MINOR_UNITS
from hilum.errors import Invalid

SIZE_LIMIT = 64 * 1024 * 1024  # bytes

_CODES = frozenset({"01", "02", "03", "16", "49", "98", "99"})


@dataclass(slots=True)
class Record:
    """A record with its continuations: what stands behind the code."""

    code: str
    line: int  # of the file, from 1
    parts: list[str] = field(repr=False)  # the record itself, then each continuation

    @property
    def where(self) -> str:
        """`line 12, record 16`"""
        return f"line {self.line}, record {self.code}"

    @property
    def lines(self) -> int:
        """Physical records, as trailers count them."""
        return len(self.parts)

    def fields(self) -> list[str]:
        """The values, over all continuations."""
        return [value.strip() for value in ",".join(self.parts).split(",")]


def records(data: bytes) -> Iterator[Record]:
    """The logical records of a file. Raises `Invalid` where a line is none."""
    if len(data) > SIZE_LIMIT:
        raise Invalid(f"the file has more than {SIZE_LIMIT} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    current: Record | None = None
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        line = raw.strip().strip("\x00\x1a")
        if not line:
            continue
        code, content = line[:2], line[2:].removesuffix("/")
        if code == "88" and current is not None:
            current.parts.append(content.lstrip(",:"))  # a few senders write a colon behind the code
        elif code in _CODES and content[:1] in (",", ""):
            if current is not None:
                yield current
            current = Record(code, number, [content[1:]])
        else:
            raise Invalid("a line begins with a record code (01, 02, 03, 16, 49, 88, 98, 99)", where=f"line {number}")
    if current is not None:
        yield current


def integer(text: str, where: str) -> int:
    """An amount as it is written, in minor units of its currency; empty is 0. Raises `Invalid`."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not text:
        return 0
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise Invalid("an amount has up to 18 digits without a point, and a sign before them", where=where)
    return int(text)


def money(minor: int, currency: str) -> Decimal:
    """The amount in the currency itself; one that is not known has two decimals."""
    return Decimal(minor).scaleb(-MINOR_UNITS.get(currency, 2))


def count_of(text: str, where: str) -> int:
    """A number of things. Raises `Invalid`."""
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise Invalid("a number is expected", where=where)
    return int(text)


def day_of(text: str, where: str) -> date | None:
    """YYMMDD, or YYYYMMDD as some banks write it. Raises `Invalid`."""
    if not text:
        return None
    full = text if len(text) == 8 else ("19" if text[:2] > "79" else "20") + text
    try:
        if not (full.isascii() and full.isdigit()):
            raise ValueError
        return date(int(full[:4]), int(full[4:6]), int(full[6:]))
    except ValueError:
        raise Invalid("the date is none of the calendar; it is written YYMMDD", where=where) from None


def skip_funds(fields: list[str], at: int, where: str) -> tuple[int, date | None]:
    """Behind the funds type at `at`: where the next value is, and the value date that it told. Raises `Invalid`."""
    kind = fields[at] if at < len(fields) else ""
    if kind == "V":
        return at + 3, day_of(fields[at + 1] if at + 1 < len(fields) else "", where)
    if kind == "S":
        return at + 4, None
    if kind == "D":
        return at + 2 + 2 * count_of(fields[at + 1] if at + 1 < len(fields) else "", where), None
    if kind not in ("", "0", "1", "2", "Z"):
        raise Invalid("the funds type is none of 0, 1, 2, S, V, D and Z", where=where)
    return at + 1, None
