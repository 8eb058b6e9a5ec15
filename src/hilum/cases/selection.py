"""Which messages an act is about: by ids, by a group of like cases, or by a filter over flow, state, time and more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hilum.cases.desk import NotPossible
from hilum.journal.text import key_of
from hilum.message import id_at
from hilum.postgres import Connection

MOST = 200_000
"""The most messages of one act; more are done in several, by time range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Every member that is set must fit. `group`, `category` and state `held` look at open cases."""

    ids: Sequence[UUID] = ()
    group: str = ""
    category: str = ""
    cause: str = ""  # of any flow: what `hilum.cases.missing` finds
    flow: str = ""
    state: str = ""  # of the message; `held` means: something of it is held, before or after translation
    destination: str = ""
    identifier: str = ""  # a whole identifier; it may name a patient, so it is never kept or told
    since: datetime | None = None
    until: datetime | None = None

    @property
    def empty(self) -> bool:
        """Would it be everything?"""
        return not (self.ids or self.group or self.category or self.cause or self.flow or self.identifier)

    @property
    def by_case(self) -> bool:
        """Is it about what is held? Then only what has an open case is touched, not the rest of its message."""
        return bool(self.group or self.category or self.cause or (self.state == "held" and not self.ids))

    def in_words(self) -> str:
        """What was chosen, for people; without the identifier."""
        parts = [f"{len(self.ids)} by id"] if self.ids else []
        named = {"group": self.group, "category": self.category, "cause": self.cause, "flow": self.flow,
                 "state": self.state, "destination": self.destination}  # fmt: skip
        parts += [f"{name} {value}" for name, value in named.items() if value]
        parts += ["with one identifier"] if self.identifier else []
        parts += [f"since {self.since:%Y-%m-%d %H:%M %Z}"] if self.since else []
        parts += [f"until {self.until:%Y-%m-%d %H:%M %Z}"] if self.until else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The messages, in the order of receipt."""

    ids: list[UUID]
    ordinals: dict[UUID, list[int]] | None  # by case: which deliveries (−1: the message); None: whatever fits


async def choose(connection: Connection, selection: Selection) -> Chosen:
    """Find them. Raises `NotPossible` where that would be everything, or more than `MOST`."""
    if selection.empty:
        raise NotPossible("Say which: ids, a group, a category, a flow or an identifier.")
    rows = await (_by_case if selection.by_case else _by_message)(connection, selection)
    if len(rows) > MOST:
        raise NotPossible(f"That is more than {MOST} messages; choose a shorter time range.")
    if not selection.by_case:
        return Chosen(ids=[row[0] for row in rows], ordinals=None)
    return Chosen(ids=[row[0] for row in rows], ordinals={row[0]: list(row[1]) for row in rows})


async def _by_case(connection: Connection, selection: Selection) -> list[Any]:
    where, values = _conditions(selection, flow="c.flow", message="c.message_id")
    where.append("c.closed_at IS NULL")
    for column, value in (("group_key", selection.group), ("category", selection.category),
                          ("cause", selection.cause), ("destination", selection.destination)):  # fmt: skip
        if value:
            where.append(f"c.{column} = %({column})s")
            values[column] = value
    statement = (
        "SELECT c.message_id, array_agg(c.ordinal ORDER BY c.ordinal) FROM exception_case c"
        f" JOIN message m ON m.id = c.message_id WHERE {' AND '.join(where)}"
        " GROUP BY c.message_id, m.seq ORDER BY m.seq LIMIT %(limit)s"
    )
    return await (await connection.execute(statement.encode(), values)).fetchall()


async def _by_message(connection: Connection, selection: Selection) -> list[Any]:
    where, values = _conditions(selection, flow="m.flow", message="m.id")
    if selection.ids:
        where.append("m.id = ANY(%(ids)s)")
        values["ids"] = list(selection.ids)
    if selection.state:
        where.append("m.state = %(state)s::message_state")
        values["state"] = selection.state
    if selection.destination:
        where.append("EXISTS (SELECT 1 FROM delivery d WHERE d.message_id = m.id AND d.destination = %(destination)s)")
        values["destination"] = selection.destination
    statement = f"SELECT m.id FROM message m WHERE {' AND '.join(where)} ORDER BY m.seq LIMIT %(limit)s"
    return await (await connection.execute(statement.encode(), values)).fetchall()


def _conditions(selection: Selection, *, flow: str, message: str) -> tuple[list[str], dict[str, Any]]:
    """What both ways have in common: flow, time and identifier."""
    where, values = ["true"], dict[str, Any](limit=MOST + 1)
    if selection.flow:
        where.append(f"{flow} = %(flow)s")
        values["flow"] = selection.flow
    for name, sign, moment in (("since", ">=", selection.since), ("until", "<", selection.until)):
        if moment:
            where.append(f"{message} {sign} %({name})s")
            values[name] = id_at(moment)
    if selection.identifier:
        where.append(f"{message} IN (SELECT message_id FROM identifier WHERE value = %(identifier)s)")
        values["identifier"] = key_of(selection.identifier.strip())
    return where, values
