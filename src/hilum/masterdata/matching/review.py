"""The review queue: pairs that a person decides, and all that was decided, so that nobody is asked again.

Two records that are the same become one thing in the crosswalk, in the same transaction; that can be undone there.
What the records say is kept apart (`values`), and only as long as somebody is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from hilum.errors import SettingsError
from hilum.journal.audit import record
from hilum.journal.payloads import packed
from hilum.journal.text import storable
from hilum.masterdata import crosswalk
from hilum.masterdata.crosswalk import Identifier, Thing
from hilum.masterdata.matching.engine import Matcher, Pair, Record, Verdict
from hilum.masterdata.matching.values import declare, domain_of, packed_form
from hilum.message import new_id
from hilum.postgres import Connection

HUB: Final = "hub"
"""Who decided, where the score alone did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A pair that a person is, or was, asked about."""

    id: int
    object: str
    left_system: str
    left_identifier: str
    right_system: str
    right_identifier: str
    score: float
    state: str  # ask, same, different
    one_to_one: bool  # where these are one, neither is one with another of the other's system
    place: UUID | None  # of what the records say; none: it is decided
    evidence: list[dict[str, Any]] | None = field(repr=False)
    found_at: datetime
    decided_at: datetime | None
    decided_by: str
    reason: str
    arrival: int | None  # it is asked as a part of that arrival, and answered there

    @property
    def left(self) -> Identifier:
        """The first one as the crosswalk names it."""
        return Identifier(object=self.object, system=self.left_system, identifier=self.left_identifier)

    @property
    def right(self) -> Identifier:
        """The second one."""
        return Identifier(object=self.object, system=self.right_system, identifier=self.right_identifier)


@dataclass(slots=True, kw_only=True)
class Filed:
    """What became of the pairs of a run."""

    same: int = 0  # the hub joined them alone
    asked: int = 0  # new questions
    known: int = 0  # decided, asked, or one thing in the crosswalk already


_COLUMNS: Final = (
    "id, object, left_system, left_identifier, right_system, right_identifier, score, state, one_to_one, place,"
    " evidence, found_at, decided_at, decided_by, reason, arrival"
)


async def file(
    connection: Connection, matcher: Matcher, pairs: Iterable[Pair], *, actor: str, reason: str, encrypted: bool = True
) -> Filed:
    """Within a transaction: join what is surely the same, ask about the rest; what is known is left alone.

    `encrypted`: what is asked about persons is sealed. Raises `SettingsError` where there is no key for it, and
    `KeyUnavailable`.
    """
    await declare(connection, matcher.kind, encrypted=encrypted)
    filed = Filed()
    for pair in pairs:
        if pair.left.system == pair.right.system and pair.left.identifier == pair.right.identifier:
            continue
        state = await _file(connection, matcher, _sorted(pair), pair.verdict, reason)
        if state is Verdict.SAME:
            filed.same += 1
        elif state is Verdict.ASK:
            filed.asked += 1
        else:
            filed.known += 1
    words = f"{filed.same} joined, {filed.asked} to ask about: {reason}"
    await record(connection, actor=actor, action="matched", words=f"{matcher.kind.object}: {words}")
    return filed


def _sorted(pair: Pair) -> tuple[Record, Record]:
    left, right = sorted((pair.left, pair.right), key=lambda each: (each.system.encode(), each.identifier.encode()))
    return left, right


async def _file(
    connection: Connection, matcher: Matcher, two: tuple[Record, Record], verdict: Verdict, reason: str
) -> Verdict | None:
    """None: known already."""
    pair = matcher.compare(*two)
    asked = await _insert(connection, matcher, pair)
    if asked is None:
        return None
    one, other = await crosswalk.find(connection, asked.left), await crosswalk.find(connection, asked.right)
    if one is not None and other is not None:
        if one.number == other.number:
            await close(connection, asked.id, Verdict.SAME, HUB, "one thing in the crosswalk already")
            return None
        verdict = Verdict.ASK  # a merge of two things that systems use already is a person's decision
    if asked.one_to_one and (_calls(one, asked.right_system) or _calls(other, asked.left_system)):
        verdict = Verdict.ASK  # the other system has a name for it already: one of the two lists has it twice after all
    if verdict is Verdict.SAME:
        await _join(connection, asked.left, asked.right, HUB, f"score {pair.score:.4f}: {reason}")
        await close(connection, asked.id, Verdict.SAME, HUB, reason)
    return verdict


def _calls(thing: Thing | None, system: str) -> bool:
    """Does this system have a name of its own for the thing?"""
    return thing is not None and any(each.system == system and not each.alias for each in thing.identifiers)


async def ask_of_arrival(connection: Connection, matcher: Matcher, pair: Pair, *, arrival: int) -> None:
    """A person is asked about this pair as a part of an arrival; one that was asked by itself becomes a part of it."""
    left, right = _sorted(pair)
    pair = matcher.compare(left, right)
    if await _insert(connection, matcher, pair, arrival=arrival) is None:
        await connection.execute(
            "UPDATE match_pair SET arrival = %s WHERE object = %s AND state = 'ask' AND (left_system, left_identifier,"
            " right_system, right_identifier) = (%s, %s, %s, %s)",
            [arrival, pair.object, left.system, left.identifier, right.system, right.identifier],
        )


async def _insert(
    connection: Connection, matcher: Matcher, pair: Pair, *, arrival: int | None = None
) -> Question | None:
    place = new_id()
    body = packed_form(_kept(pair, pair.left), _kept(pair, pair.right))
    async with (
        packed(connection, [(domain_of(matcher.kind), place, 0, body)]) as ((codec, stored),),
        connection.cursor(row_factory=class_row(Question)) as cursor,
    ):
        await cursor.execute(
            "INSERT INTO match_pair (object, left_system, left_identifier, right_system, right_identifier, score,"
            " state, place, codec, body, evidence, one_to_one, arrival)"
            " VALUES (%s, %s, %s, %s, %s, %s, 'ask', %s, %s, %s, %s, %s, %s)"
            f" ON CONFLICT DO NOTHING RETURNING {_COLUMNS}".encode(),
            [
                pair.object,
                pair.left.system,
                pair.left.identifier,
                pair.right.system,
                pair.right.identifier,
                pair.score,
                place,
                codec,
                stored,
                Jsonb([asdict(each) for each in pair.evidence]),
                matcher.one_to_one and pair.left.system != pair.right.system,
                arrival,
            ],
        )
        return await cursor.fetchone()


def _kept(pair: Pair, of: Record) -> dict[str, str]:
    """The fields that count; nothing else of a record is stored."""
    names = [each.field for each in pair.evidence]
    return {name: storable(str(of.values[name])) for name in names if of.values.get(name)}


async def questions(
    connection: Connection, object_: str = "", *, decided: bool = False, limit: int = 50
) -> list[Question]:
    """What waits for an answer, the likeliest first; or what was decided by people, the latest first.

    What is asked about arrivals is not among them: see `asking`.
    """
    answered = "state <> 'ask' AND decided_by <> 'hub' AND arrival IS NULL ORDER BY decided_at DESC"
    order = answered if decided else _WAITING
    async with connection.cursor(row_factory=class_row(Question)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS} FROM match_pair WHERE (%s = '' OR object = %s) AND {order} LIMIT %s".encode(),
            [object_, object_, limit],
        )
        return await cursor.fetchall()


_WAITING = "state = 'ask' AND arrival IS NULL ORDER BY score DESC, id"


async def questions_of(connection: Connection, arrival: int) -> list[Question]:
    """What is asked about an arrival, the likeliest first."""
    async with connection.cursor(row_factory=class_row(Question)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS} FROM match_pair WHERE arrival = %s AND state = 'ask' ORDER BY score DESC, id".encode(),
            [arrival],
        )
        return await cursor.fetchall()


async def question(connection: Connection, number: int) -> Question | None:
    """One of them."""
    async with connection.cursor(row_factory=class_row(Question)) as cursor:
        await cursor.execute(f"SELECT {_COLUMNS} FROM match_pair WHERE id = %s".encode(), [number])
        return await cursor.fetchone()


async def counts(connection: Connection) -> dict[str, int]:
    """Questions that wait, by object."""
    cursor = await connection.execute(
        "SELECT object, count(*) FROM match_pair WHERE state = 'ask' AND arrival IS NULL GROUP BY 1 ORDER BY 1"
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def decide(connection: Connection, number: int, *, same: bool, actor: str, reason: str) -> str:
    """Within a transaction: a person's answer; returns in words what was done. Raises `SettingsError`."""
    await crosswalk.lock(connection)
    async with connection.cursor(row_factory=class_row(Question)) as cursor:
        await cursor.execute(f"SELECT {_COLUMNS} FROM match_pair WHERE id = %s FOR UPDATE".encode(), [number])
        found = await cursor.fetchone()
    if found is None:
        raise SettingsError(f"There is no question {number}.")
    if found.state != Verdict.ASK:
        raise SettingsError(f"{found.decided_by} decided already that they are {_WORDS[found.state]}.")
    if found.arrival is not None:
        raise SettingsError(f"It is a part of arrival {found.arrival}: answer that.")
    done = f"The {found.left} and the {found.right} stay apart."
    if same:
        thing = await _join(connection, found.left, found.right, actor, reason)
        done = f"The {found.left} and the {found.right} are {thing} now."
        others = await _close_others(connection, found) if found.one_to_one else 0
        if others:
            done = f"{done} Each is one with one other at most: {others} more questions about them are answered."
    await close(connection, number, Verdict.SAME if same else Verdict.DIFFERENT, actor, reason)
    act = "match_same" if same else "match_different"
    await record(connection, actor=actor, action=act, words=f"question {number}: {reason}")
    return done


_WORDS = {"same": "the same", "different": "different"}


async def close(connection: Connection, number: int, verdict: Verdict, actor: str, reason: str) -> None:
    """Within a transaction: this question is answered; what the two records say goes."""
    await connection.execute(
        "UPDATE match_pair SET state = %s, decided_at = now(), decided_by = %s, reason = %s,"
        " place = NULL, codec = 0, body = '', evidence = NULL WHERE id = %s",
        [verdict.value, storable(actor), storable(reason), number],
    )


async def _close_others(connection: Connection, found: Question) -> int:
    """Where these two are one, neither is one with another of the other's system; returns how many that answers."""
    done = await connection.execute(
        "UPDATE match_pair SET state = 'different', decided_at = now(), decided_by = %s, reason = %s, place = NULL,"
        " codec = 0, body = '', evidence = NULL WHERE state = 'ask' AND one_to_one AND object = %s AND id <> %s"
        " AND left_system = %s AND right_system = %s AND (left_identifier = %s OR right_identifier = %s)",
        [HUB, f"question {found.id} is answered: one to one", found.object, found.id,
         found.left_system, found.right_system, found.left_identifier, found.right_identifier],
    )  # fmt: skip
    return done.rowcount


async def _join(connection: Connection, left: Identifier, right: Identifier, actor: str, reason: str) -> str:
    """The crosswalk says that both name one thing; returns its name."""
    one, other = await crosswalk.find(connection, left), await crosswalk.find(connection, right)
    if one is not None and other is not None:
        if one.number != other.number:
            into, gone = sorted((one.number, other.number))
            await crosswalk.merge(connection, left.object, gone, into=into, actor=actor, reason=reason)
            return crosswalk.name_of(left.object, into)
        return one.name
    known = one or other
    to = known.number if known else None
    for each in (left, right):
        # what a system has called it so far stays its name there: another identifier of the same system is an alias
        alias = to is not None and _calls(await crosswalk.thing(connection, to), each.system)
        to = await crosswalk.link(connection, each, to=to, actor=actor, reason=reason, alias=alias)
    return crosswalk.name_of(left.object, to or 0)
