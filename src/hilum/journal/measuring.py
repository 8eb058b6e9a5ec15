"""What is measured of the journal as a whole: how old the oldest is that waits, and how many kept the promise.

Every question here is bounded: it looks at the beginning of a queue by the index that keeps its order, never at all of
a queue, however long that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import class_row

from hilum.message import Priority, moment_of
from hilum.postgres import Connection

LOOK: Final = 500
"""The most rows that are looked at of one queue."""

ALL: Final = ""
"""The flow of a row that stands for all flows which are behind the rows looked at."""

WINDOWS: Final[Mapping[str, float]] = {"1h": 3_600.0, "1d": 86_400.0, "30d": 2_592_000.0}
"""Windows in which it is asked how a promise was kept, in seconds."""

_Row = tuple[str, str, str, str, int, str]  # destination, priority, flow, oldest id, how many, youngest id


@dataclass(frozen=True, slots=True, kw_only=True)
class Oldest:
    """The oldest of a flow in a queue."""

    flow: str  # `ALL`: the flows that were not seen among those looked at; theirs are younger than this
    destination: str  # empty: to be translated
    state: str  # received, pending or waiting
    received_at: datetime


async def oldest(connection: Connection, destinations: Sequence[str]) -> list[Oldest]:
    """When the oldest came of what is to be translated, or delivered to these destinations, by flow.

    Each priority is a queue of its own. Exact for the flows among the first `LOOK` of a queue; where one is longer, a
    row for `ALL` follows: what other flows have in that queue came later than this one says.
    """
    parameters = {"priorities": [priority.value for priority in Priority], "look": LOOK}
    found: list[Oldest] = []
    for state, statement, names in (
        ("received", _TO_TRANSLATE, [""]),
        ("pending", _PENDING, list(destinations)),
        ("waiting", _RETRIED, list(destinations)),
        ("waiting", _PARKED, list(destinations)),
    ):
        if names:
            cursor = await connection.execute(statement.encode(), {**parameters, "names": names})
            found += _oldest(state, await cursor.fetchall())
    return found


def _oldest(state: str, rows: Sequence[_Row]) -> list[Oldest]:
    found = [
        Oldest(flow=flow, destination=place, state=state, received_at=moment_of(UUID(first)))
        for place, _, flow, first, _, _ in rows
    ]
    for queue in {row[:2] for row in rows}:
        mine = [row for row in rows if row[:2] == queue]
        if sum(row[4] for row in mine) >= LOOK:
            last = max(row[5] for row in mine)
            found.append(Oldest(flow=ALL, destination=queue[0], state=state, received_at=moment_of(UUID(last))))
    return found


_SUMMED = (
    "SELECT n.name, s.priority, q.flow, min(q.id::text), count(*), max(q.id::text)"
    " FROM unnest(%(names)s::text[]) AS n (name), unnest(%(priorities)s::text[]) AS s (priority),"
    " LATERAL ({}) q GROUP BY 1, 2, 3"
)
_TO_TRANSLATE = _SUMMED.format(
    "SELECT flow, id FROM message WHERE priority = s.priority::priority AND work_lane IS NOT NULL"
    " ORDER BY seq LIMIT %(look)s"
)
_PENDING = _SUMMED.format(
    "SELECT flow, message_id AS id FROM delivery"
    " WHERE destination = n.name AND priority = s.priority::priority AND work_lane IS NOT NULL"
    " ORDER BY seq, ordinal LIMIT %(look)s"
)
_RETRIED = _SUMMED.format(
    "SELECT flow, message_id AS id FROM delivery"
    " WHERE destination = n.name AND priority = s.priority::priority AND next_at IS NOT NULL"
    " ORDER BY next_at LIMIT %(look)s"
)
_PARKED = _SUMMED.format(
    "SELECT d.flow, p.message_id AS id FROM (SELECT message_id, ordinal FROM parked WHERE stage = n.name"
    " ORDER BY stage, key, message_id LIMIT %(look)s) p"
    " JOIN delivery d ON d.message_id = p.message_id AND d.ordinal = p.ordinal AND d.priority = s.priority::priority"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How the promise of a flow was kept in a window of time."""

    flow: str
    completed: int
    late: int  # of them, after the promised time

    @property
    def share(self) -> float:
        """That was in time; 1 where nothing was completed."""
        return 1 - self.late / self.completed if self.completed else 1.0

    def budget(self, percent: float) -> float:
        """What is left of the lateness that a promise of so many percent allows: 1 all of it, below 0 it is broken."""
        allowed = self.completed * (1 - percent / 100)
        return 1 - self.late / allowed if allowed else 1.0


async def kept(connection: Connection, seconds: float) -> list[Kept]:
    """How each flow kept its promise in the last `seconds`, to the minute (to the hour after two days).

    Counted is what was completed; what is still under way or held counts when it is completed.
    """
    cursor = await connection.execute(
        "SELECT flow, coalesce(sum(entered) FILTER (WHERE state = 'completed'), 0)::bigint,"
        " coalesce(sum(entered) FILTER (WHERE state = 'late'), 0)::bigint FROM ("
        " SELECT at, flow, state, entered FROM tally WHERE destination = '' AND state IN ('completed', 'late')"
        " UNION ALL SELECT at, flow, state, entered FROM tally_bucket"
        "  WHERE destination = '' AND state IN ('completed', 'late') AND at > now() - make_interval(secs => %(secs)s)"
        ") t WHERE at > now() - make_interval(secs => %(secs)s) GROUP BY 1",
        {"secs": seconds},
    )
    return [Kept(flow=row[0], completed=row[1], late=row[2]) for row in await cursor.fetchall()]


async def objectives(connection: Connection) -> dict[str, float]:
    """The percentage that each flow promises, as the hub that ran last declared it."""
    cursor = await connection.execute(
        "SELECT v -> 0 ->> 0, (v ->> 1)::float8 * 100"
        " FROM telemetry, jsonb_array_elements(sample -> 'values' -> 'hilum.slo.objective') AS v"
    )
    return dict(await cursor.fetchall())


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A message that a person sent on its way again."""

    action: str  # replay or resubmit
    message_id: UUID
    correlation_id: str
    headers: Mapping[str, str] | None = field(repr=False)


async def acts_since(connection: Connection, last: int | None) -> tuple[int, list[Act]]:
    """What was sent again since the act with the number `last`, and the number of the last one now; None: nothing.

    Of the last `LOOK` only. For traces: an act that is committed late may be left out.
    """
    cursor = await connection.execute("SELECT coalesce(max(id), 0) FROM audit WHERE at > now() - interval '1 day'")
    row = await cursor.fetchone()
    latest = max(int(row[0]) if row else 0, last or 0)
    if last is None or latest == last:
        return latest, []
    async with connection.cursor(row_factory=class_row(Act)) as reading:
        await reading.execute(
            "SELECT a.action, a.message_id, m.correlation_id, m.headers FROM ("
            " SELECT action, message_id FROM audit WHERE id > %s AND id <= %s AND at > now() - interval '1 day'"
            " AND action IN ('replay', 'resubmit') AND message_id IS NOT NULL ORDER BY id LIMIT %s) a"
            " JOIN message m ON m.id = a.message_id",
            [last, latest, LOOK],
        )
        return latest, await reading.fetchall()


async def live_workers(connection: Connection, seconds: float) -> tuple[int, int]:
    """Workers that were seen in the last `seconds`, and lanes that none of them holds."""
    cursor = await connection.execute(
        "WITH live AS (SELECT id, roles FROM worker WHERE seen_at > now() - make_interval(secs => %s))"
        " SELECT (SELECT count(*) FROM live WHERE roles LIKE '%%worker%%'),"
        " (SELECT count(*) FROM lane WHERE holder IS NULL OR holder NOT IN (SELECT id FROM live))",
        [seconds],
    )
    row = await cursor.fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
