"""The review queue: pairs that a person decides, and all that was decided, so that nobody is asked again.

Two records that are the same become one thing in the crosswalk, in the same transaction; that can be undone there.
What the records say is kept only as long as somebody is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from hilum.errors import SettingsError
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.masterdata import crosswalk
from hilum.masterdata.crosswalk import Identifier
from hilum.masterdata.matching.engine import Matcher, Pair, Record, Verdict
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
    left_values: Mapping[str, str] | None = field(repr=False)  # none: it is decided
    right_values: Mapping[str, str] | None = field(repr=False)
    evidence: list[dict[str, Any]] | None = field(repr=False)
    found_at: datetime
    decided_at: datetime | None
    decided_by: str
    reason: str

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


async def file(connection: Connection, matcher: Matcher, pairs: Iterable[Pair], *, actor: str, reason: str) -> Filed:
    """Within a transaction: join what is surely the same, ask about the rest; what is known is left alone."""
    filed = Filed()
    for pair in pairs:
        if pair.left.system == pair.right.system and pair.left.identifier == pair.right.identifier:
            continue
        state = await _file(connection, matcher.compare(*_sorted(pair)), pair.verdict, reason)
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


async def _file(connection: Connection, pair: Pair, verdict: Verdict, reason: str) -> Verdict | None:
    """None: known already."""
    object_ = await _insert(connection, pair)
    if object_ is None:
        return None
    left, right = object_.left, object_.right
    one, other = await crosswalk.find(connection, left), await crosswalk.find(connection, right)
    if one is not None and other is not None:
        if one.number == other.number:
            await _close(connection, object_.id, Verdict.SAME, HUB, "one thing in the crosswalk already")
            return None
        verdict = Verdict.ASK  # a merge of two things that systems use already is a person's decision
    if verdict is Verdict.SAME:
        await _join(connection, left, right, HUB, f"score {pair.score:.4f}: {reason}")
        await _close(connection, object_.id, Verdict.SAME, HUB, reason)
    return verdict


async def _insert(connection: Connection, pair: Pair) -> Question | None:
    async with connection.cursor(row_factory=class_row(Question)) as cursor:
        await cursor.execute(
            "INSERT INTO match_pair (object, left_system, left_identifier, right_system, right_identifier, score,"
            " state, left_values, right_values, evidence) VALUES (%s, %s, %s, %s, %s, %s, 'ask', %s, %s, %s)"
            " ON CONFLICT DO NOTHING RETURNING *",
            [
                pair.object,
                pair.left.system,
                pair.left.identifier,
                pair.right.system,
                pair.right.identifier,
                pair.score,
                Jsonb(_kept(pair, pair.left)),
                Jsonb(_kept(pair, pair.right)),
                Jsonb([asdict(each) for each in pair.evidence]),
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
    """What waits for an answer, the likeliest first; or what was decided by people, the latest first."""
    order = "state <> 'ask' AND decided_by <> 'hub' ORDER BY decided_at DESC" if decided else _WAITING
    async with connection.cursor(row_factory=class_row(Question)) as cursor:
        await cursor.execute(
            f"SELECT * FROM match_pair WHERE (%s = '' OR object = %s) AND {order} LIMIT %s".encode(),
            [object_, object_, limit],
        )
        return await cursor.fetchall()


_WAITING = "state = 'ask' ORDER BY score DESC, id"


async def question(connection: Connection, number: int) -> Question | None:
    """One of them."""
    async with connection.cursor(row_factory=class_row(Question)) as cursor:
        await cursor.execute("SELECT * FROM match_pair WHERE id = %s", [number])
        return await cursor.fetchone()


async def counts(connection: Connection) -> dict[str, int]:
    """Questions that wait, by object."""
    cursor = await connection.execute(
        "SELECT object, count(*) FROM match_pair WHERE state = 'ask' GROUP BY 1 ORDER BY 1"
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def decide(connection: Connection, number: int, *, same: bool, actor: str, reason: str) -> str:
    """Within a transaction: a person's answer; returns in words what was done. Raises `SettingsError`."""
    async with connection.cursor(row_factory=class_row(Question)) as cursor:
        await cursor.execute("SELECT * FROM match_pair WHERE id = %s FOR UPDATE", [number])
        found = await cursor.fetchone()
    if found is None:
        raise SettingsError(f"There is no question {number}.")
    if found.state != Verdict.ASK:
        raise SettingsError(f"{found.decided_by} decided already that they are {_WORDS[found.state]}.")
    done = f"The {found.left} and the {found.right} stay apart."
    if same:
        thing = await _join(connection, found.left, found.right, actor, reason)
        done = f"The {found.left} and the {found.right} are {thing} now."
    await _close(connection, number, Verdict.SAME if same else Verdict.DIFFERENT, actor, reason)
    act = "match_same" if same else "match_different"
    await record(connection, actor=actor, action=act, words=f"question {number}: {reason}")
    return done


_WORDS = {"same": "the same", "different": "different"}


async def _close(connection: Connection, number: int, verdict: Verdict, actor: str, reason: str) -> None:
    await connection.execute(
        "UPDATE match_pair SET state = %s, decided_at = now(), decided_by = %s, reason = %s,"
        " left_values = NULL, right_values = NULL, evidence = NULL WHERE id = %s",
        [verdict.value, storable(actor), storable(reason), number],
    )


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
        to = await crosswalk.link(connection, each, to=to, actor=actor, reason=reason)
    return crosswalk.name_of(left.object, to or 0)
