"""Runs that nobody executes: those of hubs that died, and those that a hub has taken and does not execute."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from hilum.postgres import Connection

SCHEMA: Final = "processes"
"""Of the engine beneath."""

_LOST: Final = f"""
SELECT w.workflow_uuid, w.executor_id = %(mine)s FROM {SCHEMA}.workflow_status w
WHERE w.status = 'PENDING' AND w.name = ANY(%(names)s)
  AND CASE w.executor_id WHEN %(mine)s THEN NOT w.workflow_uuid = ANY(%(active)s)
  ELSE NOT EXISTS (SELECT 1 FROM worker k
    WHERE k.id::text = w.executor_id AND k.seen_at > now() - make_interval(secs => %(seconds)s)) END
LIMIT 500""".encode()


class LostRuns:
    """As one hub sees them.

    A hub whose sign of life is late never takes its own runs over: of two executions in one hub, each would wait for
    the other.
    """

    def __init__(self, worker: UUID, seconds: float) -> None:
        self._worker = str(worker)
        self.seconds = seconds  # without a sign of life, or without being executed
        self._idle: dict[str, float] = {}  # runs of this hub that it does not execute, and since when

    async def find(self, connection: Connection, names: Collection[str], active: Collection[str]) -> list[str]:
        """Their workflows: of these processes and versions, but those that this hub executes."""
        cursor = await connection.execute(
            _LOST, {"names": list(names), "seconds": self.seconds, "mine": self._worker, "active": list(active)}
        )
        found = await cursor.fetchall()
        return [id for id, mine in found if not mine] + self._left([id for id, mine in found if mine])

    def _left(self, idle: Sequence[str]) -> list[str]:
        """Those of this hub that nobody has executed for so long. One that was just taken begins in a moment."""
        now = asyncio.get_running_loop().time()
        self._idle = {id: self._idle.get(id, now) for id in idle}
        return [id for id, since in self._idle.items() if now - since > self.seconds]
