"""Changing the crosswalk: link, unlink, merge, unmerge. Each is noted in the history, with who and why.

All of it happens under one lock, held until the transaction ends, so that the numbers of the history grow in the order
of the commits: whoever has read up to a number has missed nothing below it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hilum.errors import SettingsError
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.masterdata.crosswalk.memory import TOPIC, name_of
from hilum.postgres import Connection
from hilum.postgres.notices import CHANNEL

LONGEST = 200
"""Characters of a system's name or an identifier."""

_LOCK = 0x48494C58  # "HILX"
_OBJECT = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """What one system calls a thing. Raises `SettingsError` where it cannot be one."""

    object: str  # item, supplier, location, …: small letters
    system: str
    identifier: str

    def __post_init__(self) -> None:
        """Raises `SettingsError`."""
        if words := problem_with(self.object, self.system, self.identifier):
            raise SettingsError(words)

    def __str__(self) -> str:
        return f"{self.object} {self.identifier} of {self.system}"


def problem_with(object_: str, system: str, identifier: str) -> str:
    """Why this cannot be an identifier of the crosswalk; empty: it can."""
    if not _OBJECT.fullmatch(object_):
        return f"'{object_}' is no kind of thing: write it in small letters, for example item or supplier."
    for what, value in (("system", system), ("identifier", identifier)):
        if not value or value != value.strip():
            return f"The {what} is empty or has white space around it."
        if len(value) > LONGEST or storable(value) != value:
            return f"The {what} is longer than {LONGEST} characters, or has characters that cannot be kept."
    return ""


async def lock(connection: Connection) -> None:
    """Nobody else changes the crosswalk until this transaction ends; what is written now is told when it does."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    await connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, TOPIC])


async def link(
    connection: Connection, what: Identifier, *, to: int | None = None, actor: str, reason: str, alias: bool = False
) -> int:
    """An identifier names this thing (none: a new one); returns the thing's number.

    The latest that is no `alias` is what the system calls it from now on. Raises `SettingsError` where it names
    another thing already, or where there is no such thing.
    """
    await lock(connection)
    known = await _linked(connection, what)
    if known is not None:
        if to in (None, known):
            return known
        raise SettingsError(
            f"The {what} names {name_of(what.object, known)} already: unlink it first, or merge the two things."
        )
    number = await _new(connection, what.object) if to is None else await _existing(connection, what.object, to)
    row = await (
        await connection.execute(
            "INSERT INTO crosswalk_change (actor, act, object, system, identifier, golden, alias, words)"
            " VALUES (%s, 'link', %s, %s, %s, %s, %s, %s) RETURNING seq",
            [storable(actor), what.object, what.system, what.identifier, number, alias, storable(reason)],
        )
    ).fetchone()
    await connection.execute(
        "INSERT INTO crosswalk (object, system, identifier, golden, alias, linked) VALUES (%s, %s, %s, %s, %s, %s)",
        [what.object, what.system, what.identifier, number, alias, row[0] if row else 0],
    )
    await record(connection, actor=actor, action="crosswalk_link", words=_words(name_of(what.object, number), reason))
    return number


async def unlink(connection: Connection, what: Identifier, *, actor: str, reason: str) -> int:
    """An identifier names nothing any more; returns the number of the thing that it named. Raises `SettingsError`."""
    await lock(connection)
    number = await _linked(connection, what)
    if number is None:
        raise SettingsError(f"The {what} is not linked.")
    await connection.execute(
        "DELETE FROM crosswalk WHERE object = %s AND system = %s AND identifier = %s",
        [what.object, what.system, what.identifier],
    )
    await connection.execute(
        "INSERT INTO crosswalk_change (actor, act, object, system, identifier, golden, words)"
        " VALUES (%s, 'unlink', %s, %s, %s, %s, %s)",
        [storable(actor), what.object, what.system, what.identifier, number, storable(reason)],
    )
    await record(connection, actor=actor, action="crosswalk_unlink", words=_words(name_of(what.object, number), reason))
    return number


async def merge(connection: Connection, object_: str, number: int, *, into: int, actor: str, reason: str) -> None:
    """One thing turned out to be another one. What named it names that one; an unmerge restores all of it.

    Raises `SettingsError` where one of them does not exist, is merged already, or where they would go in a circle.
    """
    await lock(connection)
    if number == into:
        raise SettingsError("A thing cannot be merged into itself.")
    for each in (number, into):
        await _existing(connection, object_, each)
    await connection.execute("UPDATE golden SET merged_into = %s WHERE id = %s", [into, number])
    await _noted(connection, "merge", object_, number, into, actor, reason)


async def unmerge(connection: Connection, object_: str, number: int, *, actor: str, reason: str) -> int:
    """The two are different after all: everything points where it pointed. Returns what it was merged into.

    What was linked to the other one after the merge stays there. Raises `SettingsError`.
    """
    await lock(connection)
    row = await (
        await connection.execute("SELECT merged_into FROM golden WHERE id = %s AND object = %s", [number, object_])
    ).fetchone()
    if row is None or row[0] is None:
        raise SettingsError(f"{name_of(object_, number)} is not merged into anything.")
    await connection.execute("UPDATE golden SET merged_into = NULL WHERE id = %s", [number])
    await _noted(connection, "unmerge", object_, number, row[0], actor, reason)
    return int(row[0])


async def _noted(
    connection: Connection, act: str, object_: str, number: int, other: int, actor: str, reason: str
) -> None:
    await connection.execute(
        "INSERT INTO crosswalk_change (actor, act, object, golden, other, words) VALUES (%s, %s, %s, %s, %s, %s)",
        [storable(actor), act, object_, number, other, storable(reason)],
    )
    both = f"{name_of(object_, number)}, {name_of(object_, other)}"
    await record(connection, actor=actor, action=f"crosswalk_{act}", words=_words(both, reason))


def _words(what: str, reason: str) -> str:
    return f"{what}: {reason}"


async def _linked(connection: Connection, what: Identifier) -> int | None:
    cursor = await connection.execute(
        "SELECT golden FROM crosswalk WHERE object = %s AND system = %s AND identifier = %s",
        [what.object, what.system, what.identifier],
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else None


async def _new(connection: Connection, object_: str) -> int:
    cursor = await connection.execute("INSERT INTO golden (object) VALUES (%s) RETURNING id", [object_])
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _existing(connection: Connection, object_: str, number: int) -> int:
    """A thing that stands for itself. Raises `SettingsError`."""
    cursor = await connection.execute("SELECT object, merged_into FROM golden WHERE id = %s", [number])
    row = await cursor.fetchone()
    name = name_of(object_, number)
    if row is None or row[0] != object_:
        raise SettingsError(f"There is no {name}.")
    if row[1] is not None:
        raise SettingsError(f"{name} is merged into {name_of(object_, row[1])}: use that one, or unmerge it first.")
    return number
