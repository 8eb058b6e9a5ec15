"""The same answers for machines: is the hub healthy, and what is stuck."""

from __future__ import annotations

import asyncio
from typing import Any

from hilum.console.context import Context
from hilum.console.figures import Snapshot
from hilum.errors import DatabaseUnavailable

HEALTH_SECONDS = 3.0
"""A database that does not answer within this is not healthy."""


async def health(context: Context) -> tuple[int, dict[str, str]]:
    """200 when the database answers, else 503 with words."""
    try:
        async with asyncio.timeout(HEALTH_SECONDS), context.database.cold() as connection:
            await connection.execute("SELECT 1")
    except DatabaseUnavailable as error:
        return 503, {"status": "down", "words": str(error)}
    except TimeoutError:
        return 503, {"status": "down", "words": f"The database did not answer within {HEALTH_SECONDS:.0f} s."}
    return 200, {"status": "ok"}


def status(context: Context, snapshot: Snapshot) -> dict[str, Any]:
    """What is stuck, late, waiting and down, as JSON can hold it."""
    return {
        "hub": context.hub,
        "at": snapshot.at.isoformat(),
        "cases": [
            {"owner": g.owner, "category": g.category, "count": g.count, "oldest": g.oldest.isoformat()}
            for g in snapshot.cases
        ],
        "queues": [
            {
                "place": q.place,
                "pending": q.pending,
                "waiting": q.waiting,
                "oldest": q.oldest.isoformat() if q.oldest else None,
            }
            for q in snapshot.queues
        ],
        "paused": [
            {
                "destination": p.destination,
                "since": p.since.isoformat(),
                "until": p.until.isoformat() if p.until else None,
                "words": p.words,
            }
            for p in snapshot.down
        ],
        "flows": [
            {"flow": f.name, "now": f.now, "today": f.today, "late": f.late(snapshot.at)}
            for f in snapshot.flows.values()
        ],
        "workers": [
            {"name": w.name, "roles": w.roles, "lanes": w.lanes, "seen_at": w.seen_at.isoformat()}
            for w in snapshot.workers
        ],
        "facts": dict(context.facts()),
    }
