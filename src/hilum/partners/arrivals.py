"""What partners count: numbers of interchanges and groups that came, those that are missing, those that came twice.

A translation yields `Arrived` for each interchange of a partner whose profile says that it counts; the register notes
it as a delivery like all others, so a replay notes nothing anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from hilum.formats import edifact, x12
from hilum.partners.profile import Profile
from hilum.postgres import Connection

INTERCHANGE: Final = "interchange"
"""The series of ISA13 or UNB 0020."""

_MOST_MISSING: Final = 1000
"""A jump over more numbers than this begins a new sequence: nobody loses a thousand interchanges in a row."""

_EARLIER: Final = 100
"""So many numbers before the first one that came may still come late; further back a sequence begins anew."""


class Arrived(BaseModel):
    """The numbers that one interchange of a partner has, each with its series and as it was written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partner: str  # key of the profile
    numbers: tuple[tuple[str, str], ...]  # ("interchange", "000000018"), ("group PO", "18")

    @property
    def business_key(self) -> str:
        """Partner and first number."""
        return f"{self.partner}:{' '.join(self.numbers[0])}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Numbers of a partner's series that did not come although a later one did."""

    partner: str
    series: str
    first: int
    last: int
    noticed_at: datetime
    width: int  # characters of a number as the partner writes it
    flow: str  # by which the later one came

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """A number that more than one message had."""

    partner: str
    series: str
    number: int
    times: int  # other messages with that number, after the first one
    message_id: UUID  # of the first


def arrived(profile: Profile, interchange: x12.Interchange | edifact.Interchange) -> list[Arrived]:
    """What is to be noted of an interchange; nothing where the partner does not count. Not every number is one: those
    that are no digits count nothing."""
    found = [(series, text) for series, text in _numbers(profile, interchange) if _number(text) is not None]
    return [Arrived(partner=profile.key, numbers=tuple(found))] if found else []


def _numbers(profile: Profile, interchange: x12.Interchange | edifact.Interchange) -> Iterator[tuple[str, str]]:
    if "interchanges" in profile.counts:
        yield INTERCHANGE, str(interchange.envelope.interchange)
    if not isinstance(interchange, x12.Interchange):
        return
    for group in interchange.groups:
        if "groups" in profile.counts:
            yield "group", group.control_number
        if "groups_by_kind" in profile.counts:
            yield f"group {group.functional_id}", group.control_number


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 14 else None


async def note(connection: Connection, thing: Arrived, message_id: UUID, flow: str) -> list[str]:
    """Within a transaction: these numbers came. What is not as expected, in words. The same again changes nothing."""
    told = []
    for series, text in thing.numbers:
        number = _number(text)
        if number is not None:
            key = (thing.partner, series)
            await connection.execute(
                "INSERT INTO partner_series (partner, series, last, width, flow) VALUES (%s, %s, -1, %s, %s)"
                " ON CONFLICT (partner, series) DO UPDATE SET width = excluded.width, flow = excluded.flow",
                [*key, len(text), flow],
            )
            words = await _note(connection, key, number, message_id)
            told += [f"{series} {words}"] if words else []
    return told


async def _note(connection: Connection, key: tuple[str, str], number: int, message_id: UUID) -> str:
    """One number; what is not as expected."""
    cursor = await connection.execute(
        "SELECT last, (SELECT min(number) FROM partner_arrival WHERE (partner, series) = (%(partner)s, %(series)s)),"
        " (SELECT message_id FROM partner_arrival"
        "  WHERE (partner, series, number) = (%(partner)s, %(series)s, %(number)s))"
        " FROM partner_series WHERE (partner, series) = (%(partner)s, %(series)s) FOR UPDATE",
        {"partner": key[0], "series": key[1], "number": number},
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - it was made above
    last, first, known = row
    if known == message_id:
        return ""
    if known is not None:
        await connection.execute(
            "UPDATE partner_arrival SET repeated = repeated + 1 WHERE (partner, series, number) = (%s, %s, %s)",
            [*key, number],
        )
        return f"{number} came in another message before"
    await connection.execute("INSERT INTO partner_arrival VALUES (%s, %s, %s, %s)", [*key, number, message_id])
    if await _found(connection, key, number):
        return f"{number} was missing, and came"
    if last >= 0 and first is not None and first - _EARLIER <= number <= last:
        return ""  # an early one that came late
    await connection.execute("UPDATE partner_series SET last = %s WHERE (partner, series) = (%s, %s)", [number, *key])
    if last < 0 or not last + 1 < number <= last + 1 + _MOST_MISSING:
        return ""
    return await _miss(connection, key, last + 1, number - 1)


async def _found(connection: Connection, key: tuple[str, str], number: int) -> bool:
    """Was it missing? What is left of its range stays."""
    cursor = await connection.execute(
        "DELETE FROM partner_missing WHERE (partner, series) = (%s, %s) AND %s BETWEEN first AND last"
        " RETURNING first, last, noticed_at, closed_by, words",
        [*key, number],
    )
    row = await cursor.fetchone()
    if row is None:
        return False
    first, last, *about = row
    for begin, end in ((first, number - 1), (number + 1, last)):
        if begin <= end:
            await connection.execute(
                "INSERT INTO partner_missing (partner, series, first, last, noticed_at, closed_by, words)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [*key, begin, end, *about],
            )
    return True


async def _miss(connection: Connection, key: tuple[str, str], first: int, last: int) -> str:
    """Those of this range that did not come, in ranges; numbers of a former sequence may have come long before."""
    cursor = await connection.execute(
        "INSERT INTO partner_missing (partner, series, first, last)"
        " SELECT %(partner)s, %(series)s, min(number), max(number) FROM"
        "  (SELECT number, number - row_number() OVER (ORDER BY number) AS island"
        "   FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS number WHERE NOT EXISTS (SELECT"
        "    FROM partner_arrival a WHERE (a.partner, a.series, a.number) = (%(partner)s, %(series)s, number.number)))"
        "  AS open GROUP BY island ON CONFLICT DO NOTHING RETURNING first",
        {"partner": key[0], "series": key[1], "first": first, "last": last},
    )
    rows = await cursor.fetchall()
    return f"{first} to {last} have not come" if rows else ""


async def missing(connection: Connection, partner: str = "") -> list[Missing]:
    """What is missing and not given up, of all partners or of one, the oldest first."""
    cursor = await connection.execute(
        "SELECT m.partner, m.series, m.first, m.last, m.noticed_at, s.width, s.flow FROM partner_missing m"
        " JOIN partner_series s USING (partner, series) WHERE m.closed_by = '' AND (%(partner)s = '' OR"
        " m.partner = %(partner)s) ORDER BY m.noticed_at, m.partner, m.series, m.first",
        {"partner": partner},
    )
    names = ("partner", "series", "first", "last", "noticed_at", "width", "flow")
    return [Missing(**dict(zip(names, row, strict=True))) for row in await cursor.fetchall()]


async def repeated(connection: Connection, partner: str = "", *, limit: int = 100) -> list[Repeated]:
    """Numbers that more than one message had, the newest first."""
    cursor = await connection.execute(
        "SELECT partner, series, number, repeated, message_id FROM partner_arrival WHERE repeated > 0"
        " AND (%(partner)s = '' OR partner = %(partner)s) ORDER BY arrived_at DESC LIMIT %(limit)s",
        {"partner": partner, "limit": limit},
    )
    names = ("partner", "series", "number", "times", "message_id")
    return [Repeated(**dict(zip(names, row, strict=True))) for row in await cursor.fetchall()]


async def give_up(connection: Connection, partner: str, number: int, *, series: str, actor: str, reason: str) -> int:
    """Within a transaction: a person knows that the range with this number will not come; how many numbers it has."""
    cursor = await connection.execute(
        "UPDATE partner_missing SET closed_by = %s, words = %s WHERE (partner, series) = (%s, %s)"
        " AND %s BETWEEN first AND last AND closed_by = '' RETURNING last - first + 1",
        [actor, reason, partner, series, number],
    )
    row = await cursor.fetchone()
    return int(row[0]) if row is not None else 0


def as_written(found: Sequence[Missing], most: int) -> list[tuple[int, str]]:
    """The first numbers of these ranges, each as the partner would write it."""
    numbers = ((each, number) for each in found for number in range(each.first, each.last + 1))
    return [(number, f"{number:0{each.width}d}") for (each, number), _ in zip(numbers, range(most), strict=False)]
