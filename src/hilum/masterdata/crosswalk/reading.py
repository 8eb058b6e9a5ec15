"""What people ask of the crosswalk: which thing is this, what else is it called, and what happened to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from hilum.errors import SettingsError
from hilum.journal.columns import Int8s, Texts
from hilum.masterdata.crosswalk.editing import Identifier
from hilum.masterdata.crosswalk.memory import name_of, number_of
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One identifier of a thing."""

    object: str
    system: str
    identifier: str
    golden: int  # the thing as it was linked; another one's where that was merged
    alias: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One thing with all that it is called."""

    object: str
    number: int
    merged_into: int | None
    parts: tuple[int, ...]  # what was merged into it
    identifiers: tuple[Found, ...]

    @property
    def name(self) -> str:
        """What people call it: `item-17`."""
        return name_of(self.object, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One change: who, when, why."""

    seq: int
    at: datetime
    actor: str
    act: str
    object: str
    system: str
    identifier: str
    golden: int
    other: int | None
    words: str


_WHOLE = """
WITH RECURSIVE whole (id) AS (
    SELECT %s::bigint UNION ALL SELECT g.id FROM golden g JOIN whole w ON g.merged_into = w.id
)
"""


async def thing(connection: Connection, number: int) -> Thing | None:
    """A thing with the identifiers of itself and of what was merged into it; None: there is no such thing."""
    cursor = await connection.execute("SELECT object, merged_into FROM golden WHERE id = %s", [number])
    row = await cursor.fetchone()
    if row is None:
        return None
    parts = await (await connection.execute(f"{_WHOLE} SELECT id FROM whole".encode(), [number])).fetchall()
    async with connection.cursor(row_factory=class_row(Found)) as found:
        await found.execute(
            f"{_WHOLE} SELECT c.object, c.system, c.identifier, c.golden, c.alias FROM crosswalk c"
            " JOIN whole w ON w.id = c.golden ORDER BY c.system, c.golden <> %s, c.alias, c.linked DESC".encode(),
            [number, number],
        )
        identifiers = tuple(await found.fetchall())
    inside = tuple(each[0] for each in parts if each[0] != number)
    return Thing(object=row[0], number=number, merged_into=row[1], parts=inside, identifiers=identifiers)


async def find(connection: Connection, what: Identifier) -> Thing | None:
    """The thing that an identifier names now, after merges; None: it is not linked."""
    cursor = await connection.execute(
        "WITH RECURSIVE up (id, into_) AS ("
        " SELECT g.id, g.merged_into FROM crosswalk c JOIN golden g ON g.id = c.golden"
        " WHERE c.object = %s AND c.system = %s AND c.identifier = %s"
        " UNION ALL SELECT g.id, g.merged_into FROM golden g JOIN up ON g.id = up.into_"
        ") SELECT id FROM up WHERE into_ IS NULL",
        [what.object, what.system, what.identifier],
    )
    row = await cursor.fetchone()
    return await thing(connection, row[0]) if row else None


async def search(connection: Connection, text: str = "", *, limit: int = 100) -> list[Found]:
    """Identifiers that begin with a text, in any system; the latest first where it is empty."""
    begins = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    async with connection.cursor(row_factory=class_row(Found)) as cursor:
        await cursor.execute(
            "SELECT object, system, identifier, golden, alias FROM crosswalk WHERE identifier LIKE %s"
            " ORDER BY linked DESC LIMIT %s",
            [begins, limit],
        )
        return await cursor.fetchall()


async def history(
    connection: Connection, *, what: Identifier | None = None, number: int | None = None, limit: int = 200
) -> list[HistoryRow]:
    """What happened to an identifier, or to a thing; the latest first."""
    where, values = "true", list[object]()
    if what is not None:
        where, values = "object = %s AND system = %s AND identifier = %s", [what.object, what.system, what.identifier]
    elif number is not None:
        where, values = "golden = %s OR other = %s", [number, number]
    async with connection.cursor(row_factory=class_row(HistoryRow)) as cursor:
        await cursor.execute(
            "SELECT seq, at, actor, act, object, system, identifier, golden, other, words FROM crosswalk_change"
            f" WHERE {where} ORDER BY seq DESC LIMIT %s".encode(),
            [*values, limit],
        )
        return await cursor.fetchall()


async def things(
    connection: Connection, object_: str, names: Collection[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """The things that these (system, identifier) name, after merges; those that name nothing are missing."""
    if not names:
        return {}
    systems, identifiers = [Texts(column) for column in zip(*names, strict=True)]
    cursor = await connection.execute(
        "SELECT c.system, c.identifier, golden_root(c.golden) FROM crosswalk c"
        " JOIN unnest(%s::text[], %s::text[]) AS t (system, identifier) USING (system, identifier) WHERE c.object = %s",
        [systems, identifiers, object_],
        binary=True,
    )
    return {(row[0], row[1]): row[2] for row in await cursor.fetchall()}


async def thing_called(connection: Connection, object_: str, name: str) -> int | None:
    """The thing of this name (`supplier-17`), after merges; None: it is no such name, or there is no such thing."""
    try:
        kind, number = number_of(name)
    except SettingsError:
        return None
    if kind != object_:
        return None
    cursor = await connection.execute(
        "SELECT golden_root(id) FROM golden WHERE id = %s AND object = %s", [number, object_]
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else None


async def names(
    connection: Connection, object_: str, numbers: Collection[int], systems: Collection[str]
) -> dict[tuple[int, str], str]:
    """What each of these systems calls each of these things, by thing and system; no entry: it has no name for it."""
    cursor = await connection.execute(
        "WITH RECURSIVE whole (root, id) AS (SELECT n, n FROM unnest(%s::int8[]) n"
        "  UNION ALL SELECT w.root, g.id FROM golden g JOIN whole w ON g.merged_into = w.id)"
        " SELECT DISTINCT ON (w.root, c.system) w.root, c.system, c.identifier FROM whole w"
        " JOIN crosswalk c ON c.golden = w.id WHERE c.object = %s AND c.system = ANY(%s::text[])"
        " ORDER BY w.root, c.system, c.golden <> w.root, c.alias, c.linked DESC",
        [Int8s(list(numbers)), object_, Texts(list(systems))],
        binary=True,
    )
    return {(row[0], row[1]): row[2] for row in await cursor.fetchall()}
