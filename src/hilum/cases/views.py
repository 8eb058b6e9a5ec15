"""What a person keeps for themselves: filters under a name, and the team whose cases are theirs to look at."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.rows import class_row

from hilum.cases.desk import NotPossible
from hilum.journal.text import storable
from hilum.postgres import Connection

NAME_LIMIT = 60
"""Characters of the name of a view."""

MOST_VIEWS = 50
"""Views that one person may keep for one page."""

_QUERY_LIMIT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Filters under a name."""

    name: str
    query: str  # what stands behind the question mark


async def views(connection: Connection, owner: str, page: str) -> list[View]:
    """The views that a person keeps for a page."""
    async with connection.cursor(row_factory=class_row(View)) as cursor:
        await cursor.execute(
            "SELECT name, query FROM saved_view WHERE owner = %s AND page = %s ORDER BY lower(name)", [owner, page]
        )
        return await cursor.fetchall()


async def save(connection: Connection, owner: str, page: str, name: str, query: str) -> None:
    """Within a transaction: keep a view; one of the same name is replaced. Raises `NotPossible`."""
    name = " ".join(storable(name).split())[:NAME_LIMIT]
    if not name:
        raise NotPossible("Give the view a name.")
    if len(query) > _QUERY_LIMIT:
        raise NotPossible("These filters are too long to be kept.")
    there = {view.name for view in await views(connection, owner, page)}
    if name not in there and len(there) >= MOST_VIEWS:
        raise NotPossible(f"At most {MOST_VIEWS} views for a page; remove one first.")
    await connection.execute(
        "INSERT INTO saved_view (owner, page, name, query) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (owner, page, name) DO UPDATE SET query = excluded.query, saved_at = now()",
        [owner, page, name, storable(query)],
    )


async def remove(connection: Connection, owner: str, page: str, name: str) -> None:
    """Forget a view; harmless where there is none."""
    await connection.execute("DELETE FROM saved_view WHERE owner = %s AND page = %s AND name = %s", [owner, page, name])


async def team_of(connection: Connection, name: str) -> str:
    """The team whose cases this person calls theirs; empty: none yet. It is a filter, not a right."""
    cursor = await connection.execute("SELECT team FROM team_member WHERE name = %s", [name])
    row = await cursor.fetchone()
    return str(row[0]) if row else ""


async def join_team(connection: Connection, name: str, team: str) -> None:
    """Within a transaction: this person looks at that team's cases; empty: at nobody's."""
    if team:
        await connection.execute(
            "INSERT INTO team_member (name, team) VALUES (%s, %s)"
            " ON CONFLICT (name) DO UPDATE SET team = excluded.team",
            [name, storable(team)],
        )
    else:
        await connection.execute("DELETE FROM team_member WHERE name = %s", [name])
