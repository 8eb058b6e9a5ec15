"""How far the audit is sealed, as far as can be said without looking at every row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hilum.postgres import Connection

_STATE = """
SELECT l.number, l.linked_at, (SELECT max(at) FROM audit_checkpoint WHERE month = l.month),
    (SELECT min(a.at) FROM audit a WHERE a.id > l.audit_id AND a.at < now() - interval '30 seconds'
        AND a.at >= now() - interval '31 days'
        AND NOT EXISTS (SELECT 1 FROM audit_link k WHERE k.audit_id = a.id))
FROM audit_link l WHERE l.month = date_trunc('month', now() AT TIME ZONE 'UTC')::date ORDER BY l.number DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealState:
    """The end of this month's chain."""

    links: int = 0
    linked_at: datetime | None = None
    checkpoint_at: datetime | None = None
    waiting_since: datetime | None = None  # the oldest of the new acts that should have a link and have none


async def seal_state(connection: Connection) -> SealState:
    """How far it is."""
    row = await (await connection.execute(_STATE.encode())).fetchone()
    if row is None:
        return SealState()
    return SealState(links=row[0], linked_at=row[1], checkpoint_at=row[2], waiting_since=row[3])
