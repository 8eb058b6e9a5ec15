"""Arrivals: records that a flow brought and of which a person says which known thing they are, or that they are new.

Each is one question with all its candidates. Whoever asks or answers holds the lock of the crosswalk, so an answer is
given to what was asked, and nothing is asked that is answered already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from hilum.errors import SettingsError
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.masterdata import crosswalk
from hilum.masterdata.crosswalk import Identifier
from hilum.masterdata.matching.engine import Matcher, Record, Verdict
from hilum.masterdata.matching.review import HUB, Question, ask_of_arrival, close, questions_of
from hilum.masterdata.matching.weighing import Candidate
from hilum.postgres import Connection

OPEN, SAME, NEW, KNOWN = "open", "same", "new", "known"
"""States of an arrival; known: its identifier was linked by somebody before there was an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A record that waits, or waited, for an answer."""

    id: int
    object: str
    system: str
    identifier: str
    flow: str
    state: str
    asked_at: datetime
    decided_at: datetime | None
    decided_by: str
    reason: str

    @property
    def what(self) -> Identifier:
        """As the crosswalk names it."""
        return Identifier(object=self.object, system=self.system, identifier=self.identifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Like:
    """One thing that it may be: its number, and the pair of records that says so."""

    golden: int
    name: str
    question: Question


_COLUMNS: Final = "id, object, system, identifier, flow, state, asked_at, decided_at, decided_by, reason"


async def ask(
    connection: Connection, matcher: Matcher, arrival: Record, candidates: Sequence[Candidate], *, flow: str
) -> int:
    """Within a transaction that holds the lock: a person is asked about this record; returns the arrival's number.

    Asked again, with other values or candidates, it is the same arrival. `matching.declare` comes first.
    """
    cursor = await connection.execute(
        "INSERT INTO match_arrival AS a (object, system, identifier, flow) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (object, system, identifier) WHERE state = 'open' DO UPDATE SET flow = a.flow RETURNING id",
        [matcher.kind.object, arrival.system, arrival.identifier, flow],
    )
    row = await cursor.fetchone()
    number = int(row[0]) if row else 0
    await connection.execute("DELETE FROM match_pair WHERE arrival = %s AND state = 'ask'", [number])
    for each in candidates:
        await ask_of_arrival(connection, matcher, each.pair, arrival=number)
    return number


async def arrivals(
    connection: Connection, object_: str = "", *, decided: bool = False, limit: int = 50
) -> list[Arrival]:
    """What waits for an answer, the longest first; or what was answered, the latest first."""
    which = "state IN ('same', 'new') ORDER BY decided_at DESC" if decided else "state = 'open' ORDER BY id"
    async with connection.cursor(row_factory=class_row(Arrival)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS} FROM match_arrival WHERE (%s = '' OR object = %s) AND {which} LIMIT %s".encode(),
            [object_, object_, limit],
        )
        return await cursor.fetchall()


async def arrival(connection: Connection, number: int) -> Arrival:
    """One of them. Raises `SettingsError`."""
    return await _arrival(connection, number, b"")


async def _arrival(connection: Connection, number: int, more: bytes) -> Arrival:
    async with connection.cursor(row_factory=class_row(Arrival)) as cursor:
        await cursor.execute(f"SELECT {_COLUMNS} FROM match_arrival WHERE id = %s ".encode() + more, [number])
        found = await cursor.fetchone()
    if found is None:
        raise SettingsError(f"There is no arrival {number}.")
    return found


async def likes(connection: Connection, about: Arrival) -> list[Like]:
    """What it may be, the likeliest first."""
    found = []
    for each in await questions_of(connection, about.id):
        other = each.right if each.left == about.what else each.left
        thing = await crosswalk.find(connection, other)
        if thing is not None:
            found.append(Like(golden=thing.number, name=thing.name, question=each))
    return found


async def counts(connection: Connection) -> dict[str, int]:
    """Arrivals that wait, by object."""
    cursor = await connection.execute(
        "SELECT object, count(*) FROM match_arrival WHERE state = 'open' GROUP BY 1 ORDER BY 1"
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def answer(
    connection: Connection, number: int, *, same_as: int | None, actor: str, reason: str
) -> tuple[Arrival, str]:
    """Within a transaction: a person says which thing it is (none: a new one); returns in words what was done.

    Raises `SettingsError` where it was answered already, or there is no such thing.
    """
    await crosswalk.lock(connection)
    about = await _arrival(connection, number, b"FOR UPDATE")
    if about.state != OPEN:
        raise SettingsError(f"Arrival {number} was answered already: {about.decided_by} said '{about.state}'.")
    alike = await likes(connection, about)
    alias = same_as is not None and await named_in(connection, same_as, about.system)
    thing = await crosswalk.link(connection, about.what, to=same_as, actor=actor, reason=reason, alias=alias)
    for each in alike:
        verdict = Verdict.SAME if each.golden == same_as else Verdict.DIFFERENT
        await close(connection, each.question.id, verdict, actor, reason)
    state, name = NEW if same_as is None else SAME, crosswalk.name_of(about.object, thing)
    await _end(connection, [about.id], state, actor, reason)
    await record(connection, actor=actor, action=f"arrival_{state}", words=f"arrival {number}, {name}: {reason}")
    words = "is new" if state == NEW else "is known"
    return about, f"The {about.what} {words}: it is {name} now."


async def named_in(connection: Connection, thing: int, system: str) -> bool:
    """Does a system have a name of its own for this thing?"""
    found = await crosswalk.thing(connection, thing)
    return found is not None and any(each.system == system and not each.alias for each in found.identifiers)


async def linked(connection: Connection, object_: str, names: Sequence[tuple[str, str]]) -> None:
    """These name a thing now: what was asked about them needs no answer any more."""
    cursor = await connection.execute(
        "SELECT a.id FROM match_arrival a JOIN unnest(%s::text[], %s::text[]) AS t (system, identifier)"
        " USING (system, identifier) WHERE a.object = %s AND a.state = 'open'",
        [[system for system, _ in names], [identifier for _, identifier in names], object_],
    )
    numbers = [row[0] for row in await cursor.fetchall()]
    if not numbers:
        return
    for number in numbers:
        for each in await questions_of(connection, number):
            left, right = await crosswalk.find(connection, each.left), await crosswalk.find(connection, each.right)
            one = left is not None and right is not None and left.number == right.number
            verdict = Verdict.SAME if one else Verdict.DIFFERENT
            await close(connection, each.id, verdict, HUB, "it was linked without an answer")
    await _end(connection, numbers, KNOWN, HUB, "it was linked without an answer")


async def _end(connection: Connection, numbers: Sequence[int], state: str, actor: str, reason: str) -> None:
    await connection.execute(
        "UPDATE match_arrival SET state = %s, decided_at = now(), decided_by = %s, reason = %s WHERE id = ANY(%s)",
        [state, storable(actor), storable(reason), list(numbers)],
    )


async def ruled_out(connection: Connection, arrival: Record, object_: str) -> set[int]:
    """Things of which somebody said that this record is not one."""
    cursor = await connection.execute(
        "WITH other (system, identifier) AS ("
        " SELECT right_system, right_identifier FROM match_pair WHERE object = %(object)s AND state = 'different'"
        "  AND left_system = %(system)s AND left_identifier = %(identifier)s"
        " UNION ALL SELECT left_system, left_identifier FROM match_pair WHERE object = %(object)s"
        "  AND state = 'different' AND right_system = %(system)s AND right_identifier = %(identifier)s)"
        " SELECT golden_root(c.golden) FROM other JOIN crosswalk c USING (system, identifier)"
        " WHERE c.object = %(object)s",
        {"object": object_, "system": arrival.system, "identifier": arrival.identifier},
    )
    return {row[0] for row in await cursor.fetchall()}
