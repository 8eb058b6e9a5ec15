"""The table of data keys: what seals the bodies of one flow and day, itself sealed under a master key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hilum.encryption.sealing import owner_of
from hilum.postgres import Connection

Period = tuple[str, date]
"""A flow and a day, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKeyRow:
    """A data key, as it is stored: sealed."""

    number: int
    flow: str
    period: date
    message_id: UUID | None  # the one message that it is for; None: all of its flow and day
    wrapped: bytes | None = field(repr=False)  # None: it is shredded
    master_id: str
    created_at: datetime
    shredded_at: datetime | None

    @property
    def shredded(self) -> bool:
        """Is what it sealed lost for good?"""
        return self.shredded_at is not None

    @property
    def owner(self) -> bytes:
        """Whose it is; it opens for nobody else."""
        return owner_of(self.flow, self.period, self.message_id)


async def rows(connection: Connection, condition: str, values: Sequence[Any]) -> list[DataKeyRow]:
    """The data keys that fulfil a condition of ours."""
    cursor = await connection.execute(
        "SELECT number, flow, period, message_id, wrapped, master_id, created_at, shredded_at FROM data_key WHERE "
        f"{condition}".encode(),
        values,
    )
    names = ("number", "flow", "period", "message_id", "wrapped", "master_id", "created_at", "shredded_at")
    return [DataKeyRow(**dict(zip(names, row, strict=True))) for row in await cursor.fetchall()]


async def listed(connection: Connection, *, flow: str = "", limit: int = 50) -> list[DataKeyRow]:
    """The data keys of a flow, or of all, the latest day first."""
    return await rows(
        connection, "(%s = '' OR flow = %s) ORDER BY period DESC, flow, number LIMIT %s", [flow, flow, limit]
    )


async def insert(connection: Connection, periods: Sequence[Period], wrapped: Sequence[bytes], master_id: str) -> None:
    """Add a key for each flow and day, unless another process has done so."""
    await connection.execute(
        "INSERT INTO data_key (flow, period, wrapped, master_id)"
        " SELECT *, %s FROM unnest(%s::text[], %s::date[], %s::bytea[])"
        " ON CONFLICT (flow, period) WHERE message_id IS NULL AND shredded_at IS NULL DO NOTHING",
        [master_id, [flow for flow, _ in periods], [day for _, day in periods], list(wrapped)],
    )


async def insert_for(
    connection: Connection, flow: str, day: date, message_id: UUID, wrapped: bytes, master_id: str
) -> int:
    """Add a key for one message; returns its number."""
    cursor = await connection.execute(
        "INSERT INTO data_key (flow, period, message_id, wrapped, master_id) VALUES (%s, %s, %s, %s, %s)"
        " RETURNING number",
        [flow, day, message_id, wrapped, master_id],
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def rewrap(connection: Connection, row: DataKeyRow, wrapped: bytes, master_id: str) -> int:
    """Store the same key sealed under another master key; 0 where it has changed since it was read."""
    done = await connection.execute(
        "UPDATE data_key SET wrapped = %s, master_id = %s WHERE number = %s AND wrapped = %s",
        [wrapped, master_id, row.number, row.wrapped],
    )
    return done.rowcount


async def shred(connection: Connection, condition: str, values: Sequence[Any]) -> list[int]:
    """Remove the keys that fulfil a condition of ours; returns their numbers. What they sealed is lost for good."""
    cursor = await connection.execute(
        "UPDATE data_key SET wrapped = NULL, shredded_at = now() WHERE wrapped IS NOT NULL AND "
        f"({condition}) RETURNING number".encode(),
        values,
    )
    return [row[0] for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterUse:
    """A master key as the table of data keys knows it."""

    id: str
    data_keys: int
    first: date  # the oldest day of a data key that is sealed under it
    last: date
    oldest: datetime  # when the first of them was made


async def masters_in_use(connection: Connection) -> list[MasterUse]:
    """The master keys under which data keys are sealed, the one of the latest day first."""
    cursor = await connection.execute(
        "SELECT master_id, count(*), min(period), max(period), min(created_at) FROM data_key WHERE wrapped IS NOT NULL"
        " GROUP BY 1 ORDER BY 4 DESC, 1"
    )
    return [MasterUse(id=r[0], data_keys=r[1], first=r[2], last=r[3], oldest=r[4]) for r in await cursor.fetchall()]
