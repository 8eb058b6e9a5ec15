"""One thing as one side says it, and how it is kept on disk while sides are sorted. Pure.

A line has the key, the values and what is told beside them, each as JSON, with tabs between. Lines sort by their key
as bytes, and two sides that say the same have equal values, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from hilum.canonical import Money
from hilum.canonical.conversions import plain
from hilum.errors import Invalid
from hilum.journal.text import key_of

_BETWEEN: Final = b"\t"
_SORTED: Final = orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A quantity in a unit. `item`: whose packs count where units are converted; empty: nobody's."""

    quantity: Decimal
    unit: str
    item: str = ""


Value = str | Decimal | date | Money | Measure | None
"""What a side says of a field; none: it does not say, and nothing is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document, record or balance.

    Fields of lines are named by their number: `3.quantity` is the field `lines.quantity` of line 3.
    """

    key: str  # by which both sides know it
    values: Mapping[str, Value] = field(default_factory=dict, repr=False)
    title: str = ""  # for people: `Bill 4711 of supplier V1`; empty: the key
    on: date | None = None  # the day that its period is told by; none: it belongs to every period
    at: datetime | None = None  # when that side changed it last; none: nobody knows
    version: int = 0  # of several rows with one key the highest counts; two that are equal are two things
    on_the_way: bool = False  # it is about to change there: it is compared the next time
    reference: str = ""  # where people find it: a message, a record
    problem: str = ""  # why it cannot be read, in words; empty: it can


@dataclass(slots=True)
class Line:
    """A row that came back from disk; its values are read when somebody needs them."""

    key: bytes
    values: bytes = field(repr=False)
    title: str
    on: str  # ISO 8601; empty: every period
    at: float  # seconds since 1970; 0: nobody knows
    version: int
    on_the_way: bool
    reference: str
    problem: str

    @property
    def name(self) -> str:
        """The key as people know it."""
        return str(orjson.loads(self.key))

    def read(self) -> dict[str, Value]:
        """What it says."""
        return {name: _value(said) for name, said in orjson.loads(self.values).items()}


def written(row: Row) -> bytes:
    """The row as a line, without its end. Raises `Invalid` for a row without a key."""
    if not row.key:
        raise Invalid("a row has no key", where=row.title or row.reference)
    key = orjson.dumps(key_of(row.key))
    said = {_text(name): _plain(value) for name, value in row.values.items() if value is not None}
    at = row.at.timestamp() if row.at is not None else 0
    on = row.on.isoformat() if row.on is not None else ""
    beside = [_text(row.title), on, at, row.version, int(row.on_the_way), _text(row.reference), _text(row.problem)]
    return _BETWEEN.join((key, orjson.dumps(said, option=_SORTED), orjson.dumps(beside)))


def key_in(line: bytes) -> bytes:
    """The key of a line, by which it is sorted."""
    return line[: line.index(_BETWEEN)]


def read(line: bytes) -> Line:
    """The line as a row."""
    key, values, beside = line.split(_BETWEEN)
    title, on, at, version, on_the_way, reference, problem = orjson.loads(beside)
    return Line(key, values, title, on, at, version, bool(on_the_way), reference, problem)


def moment(seconds: float) -> datetime | None:
    """As a time; none for 0."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _text(text: str) -> str:
    """A half of a surrogate pair is no character, and no JSON."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _plain(value: Value) -> Any:
    match value:
        case Decimal():
            return {"n": plain(value)}
        case date():
            return {"d": value.isoformat()}
        case Money():
            return {"n": plain(value.amount), "c": value.currency}
        case Measure():
            return {"n": plain(value.quantity), "u": value.unit, "i": value.item}
    return _text(str(value))


def _value(said: Any) -> Value:
    match said:
        case {"n": number, "c": currency}:
            return Money.model_construct(amount=Decimal(number), currency=currency)
        case {"n": number, "u": unit, "i": item}:
            return Measure(quantity=Decimal(number), unit=unit, item=item)
        case {"n": number}:
            return Decimal(number)
        case {"d": day}:
            return date.fromisoformat(day)
    return str(said)
