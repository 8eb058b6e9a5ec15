"""Workbooks that were handed in: kept for a while, so that a report has an address that can be sent to a colleague."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from hilum.errors import SettingsError
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.masterdata.onboarding.workbook import sheets_of
from hilum.postgres import Connection

MOST_KEPT_BYTES: Final = 8 * 2**20
"""Bytes of a workbook that may be handed in; a bigger one goes through `hilum onboard`."""

KEPT_DAYS: Final = 90
"""Days after which a workbook goes. What was taken in from it stays."""

_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """A workbook, without what is in it."""

    id: int
    kind: str
    name: str
    at: datetime
    actor: str
    onboarding_id: int | None
    size: int  # bytes
    body: bytes = field(default=b"", repr=False)  # only where one is asked for


async def hand_in(connection: Connection, kind: str, name: str, body: bytes, *, by: str) -> int:
    """Within a transaction: keep a workbook; returns its number. Raises `SettingsError`."""
    sheets_of(kind)
    if not body:
        raise SettingsError("The file is empty, or none was chosen.")
    if len(body) > MOST_KEPT_BYTES:
        raise SettingsError(
            f"The file is bigger than {MOST_KEPT_BYTES // 2**20} MB: take it in with hilum onboard {kind} FILE"
        )
    short = storable(name.replace("\\", "/").rpartition("/")[2].strip())[:_LONGEST_NAME] or "workbook.xlsx"
    cursor = await connection.execute(
        "INSERT INTO onboarding_file (kind, name, body, actor) VALUES (%s, %s, %s, %s) RETURNING id",
        [kind, short, body, by],
    )
    row = await cursor.fetchone()
    await record(connection, actor=by, action="onboarding_handed_in", words=f"{kind}: {short}")
    return int(row[0]) if row else 0


async def handed_in(connection: Connection, *, limit: int = 50) -> list[HandedIn]:
    """The latest first."""
    async with connection.cursor(row_factory=class_row(HandedIn)) as cursor:
        await cursor.execute(
            "SELECT id, kind, name, at, actor, onboarding_id, length(body) AS size FROM onboarding_file"
            " ORDER BY id DESC LIMIT %s",
            [limit],
        )
        return await cursor.fetchall()


async def kept_workbook(connection: Connection, number: int) -> HandedIn | None:
    """One of them, with what is in it; none where there is none, or not any more."""
    async with connection.cursor(row_factory=class_row(HandedIn)) as cursor:
        await cursor.execute(
            "SELECT id, kind, name, at, actor, onboarding_id, length(body) AS size, body FROM onboarding_file"
            " WHERE id = %s",
            [number],
        )
        return await cursor.fetchone()


async def taken_in(connection: Connection, number: int, onboarding: int) -> None:
    """Note what was taken in from it."""
    await connection.execute("UPDATE onboarding_file SET onboarding_id = %s WHERE id = %s", [onboarding, number])


async def forget(connection: Connection) -> None:
    """Drop those that are old."""
    await connection.execute("DELETE FROM onboarding_file WHERE at < now() - make_interval(days => %s)", [KEPT_DAYS])
