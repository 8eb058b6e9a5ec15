"""Leases: which worker holds which lanes, without a leader.

Each worker is seen by its heartbeat. It counts the live workers, takes lanes that are free or whose holder has not been
seen for the time of a lease, up to its fair share, and gives back what it has above it. Each taking raises the lane's
epoch; commits carry the epoch as a fence.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import UUID

from hilum.message import new_id
from hilum.postgres import Connection, Database

_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)


def _now() -> float:
    """Seconds of a clock that nobody sets, and that goes on (on Linux) while the machine is suspended."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


_MARGIN = 0.7
"""A worker starts nothing new in a lane when this share of the lease has passed since its last heartbeat."""


@dataclass(slots=True)
class Leases:
    """The lanes of one worker, by lane and epoch."""

    database: Database
    name: str
    roles: str
    seconds: float  # after which a silent worker loses its lanes
    id: UUID = field(default_factory=new_id)
    held: dict[int, int] = field(default_factory=dict)  # lane → epoch
    live_workers: int = 1
    _renewed: float = float("-inf")

    @property
    def valid(self) -> bool:
        """May new work begin? False when the heartbeat is late: another worker may already have taken over."""
        return _now() - self._renewed < self.seconds * _MARGIN

    def fence(self, lanes: set[int]) -> tuple[list[int], list[int]]:
        """Lanes and their epochs, for a commit that touches these lanes. What is in a lane that is lost is left out."""
        ordered = sorted(lanes)
        return ordered, [self.held.get(lane, -1) for lane in ordered]

    async def heartbeat(self) -> set[int]:
        """Renew, take what is free, and return the lanes above the fair share, to be drained and released.

        Raises `DatabaseUnavailable`.
        """
        started = _now()
        # on a connection of the message path: what people ask may take long, and must not cost a worker its lanes
        async with self.database.hot() as connection, connection.transaction():
            held = await self._renew(connection)
            total, self.live_workers = await self._count(connection)
            fair = -(-total // max(self.live_workers, 1))
            if len(held) < fair:
                held |= await self._take(connection, fair - len(held))
        self.held = held
        self._renewed = started
        return set(sorted(held)[fair:])

    async def release(self, lanes: set[int]) -> None:
        """Give lanes back. Nothing of theirs may be in hand. Raises `DatabaseUnavailable`."""
        if not lanes:
            return
        async with self.database.cold() as connection:
            await connection.execute(
                "UPDATE lane SET holder = NULL WHERE holder = %s AND lane = ANY(%s)", [self.id, sorted(lanes)]
            )
        self.held = {lane: epoch for lane, epoch in self.held.items() if lane not in lanes}

    async def leave(self) -> None:
        """Give all lanes back and be gone. Raises `DatabaseUnavailable`."""
        await self.release(set(self.held))
        async with self.database.cold() as connection:
            await connection.execute("DELETE FROM worker WHERE id = %s", [self.id])

    async def _renew(self, connection: Connection) -> dict[int, int]:
        await connection.execute(
            "INSERT INTO worker (id, name, roles) VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE SET seen_at = now()",
            [self.id, self.name, self.roles],
        )
        cursor = await connection.execute("SELECT lane, epoch FROM lane WHERE holder = %s", [self.id])
        return dict(await cursor.fetchall())

    async def _count(self, connection: Connection) -> tuple[int, int]:
        await connection.execute("DELETE FROM worker WHERE seen_at < now() - interval '10 minutes'")
        cursor = await connection.execute(
            "SELECT (SELECT count(*) FROM lane),"
            " (SELECT count(*) FROM worker"
            "  WHERE seen_at > now() - make_interval(secs => %s) AND roles LIKE '%%worker%%')",
            [self.seconds],
        )
        row = await cursor.fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 1)

    async def _take(self, connection: Connection, count: int) -> dict[int, int]:
        cursor = await connection.execute(
            "UPDATE lane SET holder = %(me)s, epoch = epoch + 1"
            " WHERE lane IN (SELECT l.lane FROM lane l LEFT JOIN worker w ON w.id = l.holder"
            "   WHERE l.holder IS NULL OR w.id IS NULL OR w.seen_at < now() - make_interval(secs => %(seconds)s)"
            "   ORDER BY l.lane LIMIT %(count)s FOR UPDATE OF l SKIP LOCKED)"
            " RETURNING lane, epoch",
            {"me": self.id, "seconds": self.seconds, "count": count},
        )
        return dict(await cursor.fetchall())
