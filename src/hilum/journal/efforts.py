"""What calls to destinations came to, by the hour: calls, deliveries made, and calls that were saved."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.connector import Effort
from hilum.postgres import Connection

_KEPT_DAYS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortRow:
    """Of the last 24 hours."""

    calls: int
    records: int
    alone: int
    seconds: float

    @property
    def saved(self) -> int:
        """Calls less than one by one; look-ups count as calls, so it can be none."""
        return max(0, self.alone - self.calls)

    @property
    def per_call(self) -> float:
        """Records per call."""
        return self.records / self.calls if self.calls else 0.0


async def add(connection: Connection, destination: str, more: Effort) -> None:
    """Add to the hour that is now."""
    await connection.execute(
        "INSERT INTO effort AS e (destination, hour, calls, records, alone, seconds)"
        " VALUES (%s, date_trunc('hour', now()), %s, %s, %s, %s) ON CONFLICT (destination, hour) DO UPDATE SET"
        " calls = e.calls + excluded.calls, records = e.records + excluded.records,"
        " alone = e.alone + excluded.alone, seconds = e.seconds + excluded.seconds",
        [destination, more.calls, more.records, more.alone, more.seconds],
    )


async def last_day(connection: Connection) -> dict[str, EffortRow]:
    """By destination, over the last 24 hours."""
    cursor = await connection.execute(
        "SELECT destination, sum(calls)::bigint, sum(records)::bigint, sum(alone)::bigint, sum(seconds) FROM effort"
        " WHERE hour > now() - interval '24 hours' GROUP BY 1"
    )
    return {
        name: EffortRow(calls=calls, records=records, alone=alone, seconds=seconds)
        for name, calls, records, alone, seconds in await cursor.fetchall()
    }


async def prune(connection: Connection) -> None:
    """Erase what is older than a year and a month."""
    await connection.execute("DELETE FROM effort WHERE hour < now() - make_interval(days => %s)", [_KEPT_DAYS])
