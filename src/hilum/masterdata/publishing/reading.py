"""What people and flows ask: change sets, versions, the content of a version, and what differs between two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from hilum.postgres import Connection

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """A steward's changes to one kind of master data."""

    id: int
    object: str
    title: str
    state: str  # draft, review, approved, published, refused, withdrawn
    author: str
    made_at: datetime
    submitted_by: str
    reviewer: str
    decided_at: datetime | None
    reason: str
    restores: int | None
    version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one record. `before` none: it is new; `after` none: it goes."""

    key: str
    before: Content | None = field(repr=False)
    after: Content | None = field(repr=False)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields that differ."""
        before, after = self.before or {}, self.after or {}
        return tuple(name for name in sorted({*before, *after}) if before.get(name) != after.get(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A published version."""

    object: str
    version: int
    set_id: int
    title: str
    author: str
    reviewer: str
    published_at: datetime
    published_by: str
    changes: int


async def waiting(connection: Connection) -> int:
    """How many change sets wait for a review."""
    cursor = await connection.execute("SELECT count(*) FROM master_set WHERE state = 'review'")
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def change_set(connection: Connection, number: int, *, lock: bool = False) -> ChangeSet | None:
    """One change set."""
    async with connection.cursor(row_factory=class_row(ChangeSet)) as cursor:
        tail = " FOR UPDATE" if lock else ""
        await cursor.execute(f"SELECT * FROM master_set WHERE id = %s{tail}".encode(), [number])
        return await cursor.fetchone()


async def change_sets(connection: Connection, object_: str = "", *, limit: int = 100) -> list[ChangeSet]:
    """Those that are not at their end first, then the latest."""
    async with connection.cursor(row_factory=class_row(ChangeSet)) as cursor:
        await cursor.execute(
            "SELECT * FROM master_set WHERE %s = '' OR object = %s"
            " ORDER BY state NOT IN ('draft', 'review', 'approved'), id DESC LIMIT %s",
            [object_, object_, limit],
        )
        return await cursor.fetchall()


async def changes(connection: Connection, number: int, *, limit: int = 100_000) -> list[Change]:
    """What a change set contains, by key."""
    async with connection.cursor(row_factory=class_row(Change)) as cursor:
        await cursor.execute(
            "SELECT key, before, after FROM master_change WHERE set_id = %s ORDER BY key LIMIT %s", [number, limit]
        )
        return await cursor.fetchall()


async def versions(connection: Connection, object_: str = "", *, limit: int = 100) -> list[Version]:
    """Published versions, the latest first."""
    async with connection.cursor(row_factory=class_row(Version)) as cursor:
        await cursor.execute(
            "SELECT v.object, v.version, v.set_id, s.title, s.author, s.reviewer, v.published_at, v.published_by,"
            " (SELECT count(*) FROM master_change c WHERE c.set_id = s.id) AS changes"
            " FROM master_version v JOIN master_set s ON s.id = v.set_id"
            " WHERE %s = '' OR v.object = %s ORDER BY v.published_at DESC, v.version DESC LIMIT %s",
            [object_, object_, limit],
        )
        return await cursor.fetchall()


async def latest(connection: Connection, object_: str) -> int:
    """The version in force; 0: nothing was published yet."""
    cursor = await connection.execute(
        "SELECT coalesce(max(version), 0) FROM master_version WHERE object = %s", [object_]
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def content(connection: Connection, object_: str, version: int | None = None) -> dict[str, Content]:
    """Everything in a version by key; none: in the one in force."""
    wanted = await latest(connection, object_) if version is None else version
    cursor = await connection.execute(
        "SELECT key, content FROM master_record WHERE object = %s AND since <= %s AND (until IS NULL OR until > %s)"
        " ORDER BY key",
        [object_, wanted, wanted],
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def difference(connection: Connection, object_: str, one: int, other: int) -> list[Change]:
    """What it takes from one version to another."""
    before, after = await content(connection, object_, one), await content(connection, object_, other)
    return [
        Change(key=key, before=before.get(key), after=after.get(key))
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]
