"""Facts into the database, in the transaction of who notes them: the same told again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from psycopg.types.json import Jsonb

from hilum.facts.kinds import COMMON, Fact
from hilum.journal.text import key_of
from hilum.postgres import Connection

_PLACE: Final = attrgetter("kind", "document")


async def note(connection: Connection, facts: Iterable[Fact]) -> None:
    """Within a transaction: these came about.

    Of a document the highest revision counts, and of a line of it what was said last; but what a mere look found does
    not take the place of what was told by who follows the document. What is said already is not said again.
    """
    for (kind, document), group in groupby(sorted(facts, key=lambda fact: (*_PLACE(fact), fact.line)), key=_PLACE):
        await _note(connection, kind, key_of(document), list(group))


@dataclass(frozen=True, slots=True)
class _Known:
    """What counts of a line until now."""

    id: int
    line: int
    revision: int
    followed: bool
    at: datetime
    content: tuple[Any, ...]


async def _note(connection: Connection, kind: str, document: str, facts: Sequence[Fact]) -> None:
    # two that tell of one document at the same time come one after the other
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(%s))", [f"fact {kind}", document])
    cursor = await connection.execute(
        "SELECT id, line, revision, followed, at, facility, supplier, category, currency, on_day, said"
        " FROM business_fact WHERE kind = %s AND document = %s AND NOT replaced",
        [kind, document],
    )
    known = [
        _Known(id=row[0], line=row[1], revision=row[2], followed=row[3], at=row[4], content=tuple(row[5:]))
        for row in await cursor.fetchall()
    ]
    new = [fact for fact in facts if _is_new(fact, known)]
    if not new:
        return
    revision = max(fact.revision for fact in new)
    lines = {fact.line for fact in new}
    over = [each.id for each in known if each.revision < revision or each.line in lines]
    await connection.execute("UPDATE business_fact SET replaced = true WHERE id = ANY(%s)", [over])
    await connection.cursor().executemany(
        "INSERT INTO business_fact (kind, document, line, revision, followed, at, facility, supplier, category,"
        " currency, on_day, said, run_id, message_id)"
        " VALUES (%s, %s, %s, %s, %s, coalesce(%s, now()), %s, %s, %s, %s, %s, %s, %s, %s)",
        [_row(document, fact) for fact in new],
    )


def _is_new(fact: Fact, known: Sequence[_Known]) -> bool:
    if any(each.revision > fact.revision for each in known):
        return False
    same = next((each for each in known if each.line == fact.line and each.revision == fact.revision), None)
    if same is None:
        return True
    if same.followed and not fact.followed:
        return False
    return same.content != _content(fact) or (fact.at is not None and fact.at != same.at)


def _content(fact: Fact) -> tuple[Any, ...]:
    """All that it says, as it comes back from the database."""
    said = fact.model_dump(mode="json", exclude=set(COMMON))
    return (key_of(fact.facility), key_of(fact.supplier), key_of(fact.category), fact.currency, fact.on, said)


def _row(document: str, fact: Fact) -> list[Any]:
    *plain, said = _content(fact)
    return [fact.kind, document, fact.line, fact.revision, fact.followed, fact.at, *plain, Jsonb(said), fact.run_id,
            fact.message_id]  # fmt: skip
