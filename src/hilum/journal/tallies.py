"""How many are in each state, and how many entered it when: exact, because each commit writes its own counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hilum.postgres import Connection

OPEN_KB = "open_kb"
"""Counted like a state: kilobytes of the messages that are received or routed, each rounded up."""

NOT_STATES = frozenset({"duplicate", "filtered", "refused", "late", OPEN_KB})
"""Counted like states, though nothing is ever in them. `late`: was completed after the time that its flow promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many messages of a flow (or deliveries to a destination) are in a state."""

    flow: str
    destination: str  # empty: messages
    state: str
    now: int  # in the state now
    entered: int  # that ever entered it


async def counts(connection: Connection) -> list[Count]:
    """Messages and deliveries by state, flow and destination, now."""
    cursor = await connection.execute(
        "SELECT flow, destination, state, sum(entered - departed), sum(entered) FROM ("
        " SELECT flow, destination, state, entered, departed FROM tally"
        " UNION ALL SELECT flow, destination, state, entered, departed FROM tally_bucket) t"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    return [
        Count(flow=row[0], destination=row[1], state=row[2], now=int(row[3]), entered=int(row[4]))
        for row in await cursor.fetchall()
    ]


async def rates(connection: Connection, *, minutes: int = 60) -> list[tuple[datetime, str, str, str, int]]:
    """For each past minute in which something happened: minute, flow, destination, state, how many entered it."""
    cursor = await connection.execute(
        "SELECT date_trunc('minute', at), flow, destination, state, sum(entered)::bigint FROM ("
        " SELECT at, flow, destination, state, entered FROM tally"
        " UNION ALL SELECT at, flow, destination, state, entered FROM tally_bucket) t"
        " WHERE at > now() - make_interval(mins => %s) AND entered > 0 GROUP BY 1, 2, 3, 4 ORDER BY 1",
        [minutes],
    )
    return await cursor.fetchall()


async def note(connection: Connection, flow: str, state: str, *, entered: int, destination: str = "") -> None:
    """Count something that no statement of the message path counts."""
    await connection.execute(
        "INSERT INTO tally (flow, destination, state, entered, departed) VALUES (%s, %s, %s, %s, 0)",
        [flow, destination, state, entered],
    )


async def roll_up(connection: Connection) -> None:
    """Add the rows of past minutes up: by the minute, after two days by the hour, after forty by the day.

    Each statement deletes and inserts at once, so that a sum over both tables is always exact.
    """
    await connection.execute(_FROM_ROWS)
    for older, unit in _COARSER:
        await connection.execute(_COARSEN, [older, unit, unit])


_ADD = (
    " ON CONFLICT (at, flow, destination, state) DO UPDATE"
    " SET entered = tally_bucket.entered + excluded.entered, departed = tally_bucket.departed + excluded.departed"
)
_FROM_ROWS = (
    "WITH gone AS (DELETE FROM tally WHERE at < now() - interval '20 seconds' RETURNING *)"
    " INSERT INTO tally_bucket SELECT date_trunc('minute', at), flow, destination, state, sum(entered), sum(departed)"
    " FROM gone GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4" + _ADD
)
_COARSEN = (
    "WITH gone AS (DELETE FROM tally_bucket WHERE at < now() - %s::interval AND at <> date_trunc(%s, at) RETURNING *)"
    " INSERT INTO tally_bucket SELECT date_trunc(%s, at), flow, destination, state, sum(entered), sum(departed)"
    " FROM gone GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4" + _ADD
)
_COARSER: Sequence[tuple[str, str]] = (("2 days", "hour"), ("40 days", "day"))
