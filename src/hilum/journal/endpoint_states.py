"""What endpoints said of themselves when they were last looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from hilum.connector import Inspection
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointState:
    """One endpoint."""

    destination: str
    looked_at: datetime
    metadata: Mapping[str, Any]
    findings: Sequence[str]
    key_ends: datetime | None
    renewal: str = ""  # why its key could not be renewed; empty: it was, or nobody tried


async def states(connection: Connection) -> dict[str, EndpointState]:
    """All that were looked at, by destination."""
    cursor = await connection.execute(
        "SELECT destination, looked_at, metadata, findings, key_ends, renewal FROM endpoint_state ORDER BY 1"
    )
    return {
        row[0]: EndpointState(
            destination=row[0], looked_at=row[1], metadata=row[2], findings=row[3], key_ends=row[4], renewal=row[5]
        )
        for row in await cursor.fetchall()
    }


async def keep(connection: Connection, destination: str, found: Inspection) -> None:
    """Keep what was seen; models that were not looked at this time stay as they are known."""
    await connection.execute(
        "INSERT INTO endpoint_state AS s (destination, metadata, findings, key_ends) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (destination) DO UPDATE SET looked_at = now(), findings = excluded.findings,"
        " metadata = s.metadata || excluded.metadata, key_ends = excluded.key_ends",
        [destination, Jsonb(dict(found.metadata)), Jsonb(found.findings), found.key_ends],
    )


async def claim_renewal(connection: Connection, destination: str, *, seconds: float) -> bool:
    """May this process try to renew the key? One of all may, once in so many seconds."""
    cursor = await connection.execute(
        "UPDATE endpoint_state SET renewal_at = now() WHERE destination = %s"
        " AND (renewal_at IS NULL OR renewal_at < now() - make_interval(secs => %s)) RETURNING destination",
        [destination, seconds],
    )
    return await cursor.fetchone() is not None


async def note_renewal(connection: Connection, destination: str, words: str, ends: datetime | None) -> None:
    """What came of it: why it could not be done, or (no words) when the new key ends."""
    await connection.execute(
        "UPDATE endpoint_state SET renewal = %s, key_ends = coalesce(%s, key_ends) WHERE destination = %s",
        [words, ends, destination],
    )
