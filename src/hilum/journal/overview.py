"""What the hub has to do and who does it: what waits where and since when, the workers, and what was not taken in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits at one place: `translate`, or a destination."""

    place: str
    pending: int
    waiting: int  # for their retry time, or behind their key
    oldest: datetime | None  # when the oldest of the pending ones was received or made


async def queues(connection: Connection) -> list[Queue]:
    """What waits where, and since when."""
    cursor = await connection.execute(
        "SELECT 'translate', count(*), (SELECT count(*) FROM parked WHERE ordinal < 0), min(received_at)"
        " FROM message WHERE work_lane IS NOT NULL"
        " UNION ALL"
        " SELECT d.destination, count(*), 0, min(created_at) FROM delivery d WHERE work_lane IS NOT NULL GROUP BY 1"
        " UNION ALL"
        " SELECT destination, 0, sum(n)::bigint, min(oldest) FROM ("
        "  SELECT stage AS destination, count(*) AS n, min(since) AS oldest FROM parked JOIN blocked_key"
        "   USING (stage, key) WHERE parked.ordinal >= 0 GROUP BY 1"
        "  UNION ALL SELECT destination, count(*), min(created_at) FROM delivery WHERE next_at IS NOT NULL GROUP BY 1"
        " ) w GROUP BY 1"
    )
    found: dict[str, Queue] = {}
    for place, pending, waiting, oldest in await cursor.fetchall():
        before = found.get(place)
        ages = [at for at in (oldest, before.oldest if before else None) if at]
        found[place] = Queue(
            place=place,
            pending=pending + (before.pending if before else 0),
            waiting=waiting + (before.waiting if before else 0),
            oldest=min(ages) if ages else None,
        )
    return list(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRow:
    """One process that works."""

    id: UUID
    name: str
    roles: str
    started_at: datetime
    seen_at: datetime
    lanes: int


async def workers(connection: Connection) -> list[WorkerRow]:
    """All processes that were seen lately, and how many lanes each holds."""
    async with connection.cursor(row_factory=class_row(WorkerRow)) as cursor:
        await cursor.execute(
            "SELECT w.id, w.name, w.roles, w.started_at, w.seen_at,"
            " (SELECT count(*) FROM lane l WHERE l.holder = w.id) AS lanes FROM worker w ORDER BY w.started_at"
        )
        return await cursor.fetchall()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRow:
    """Something that was not taken in."""

    at: datetime
    source: str
    peer: str
    reason: str
    size: int


async def refusals(connection: Connection, *, limit: int = 100) -> list[RefusalRow]:
    """What was not taken in lately, the latest first."""
    async with connection.cursor(row_factory=class_row(RefusalRow)) as cursor:
        await cursor.execute("SELECT at, source, peer, reason, size FROM refusal ORDER BY at DESC LIMIT %s", [limit])
        return await cursor.fetchall()
