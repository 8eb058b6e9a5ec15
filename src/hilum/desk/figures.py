"""How the desk stands, by team: what is open, what nobody acted on in time, how long things wait. For /metrics too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from hilum.desk.entries import ENTRIES
from hilum.observe import catalogue
from hilum.observe.snapshot import Sample
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One team, and one kind of entry."""

    team: str  # that was asked
    what: str  # case or task
    open: int
    breached: int  # due before now
    soon: int  # due within the next two hours
    unassigned: int
    escalated: int
    median_seconds: float  # the time that half of them have waited longer than
    oldest: datetime


async def figures(connection: Connection) -> list[Figure]:
    """By team and kind, the team with the most breached ones first."""
    async with connection.cursor(row_factory=class_row(Figure)) as cursor:
        await cursor.execute(_FIGURES)
        return await cursor.fetchall()


async def measure(connection: Connection, sample: Sample) -> None:
    """Note them in a sample of telemetry."""
    found = await figures(connection)
    sample.set(catalogue.DESK_OPEN, {(each.team, each.what): float(each.open) for each in found})
    sample.set(catalogue.DESK_BREACHED, {(each.team, each.what): float(each.breached) for each in found})
    sample.set(catalogue.DESK_AGE, {(each.team, each.what): each.median_seconds for each in found})


_FIGURES = (
    f"{ENTRIES} SELECT team, what, count(*) AS open, count(*) FILTER (WHERE due_at < now()) AS breached,"
    " count(*) FILTER (WHERE due_at >= now() AND due_at < now() + interval '2 hours') AS soon,"
    " count(*) FILTER (WHERE assigned_to = '') AS unassigned, count(escalated_at) AS escalated,"
    " percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(extract(epoch FROM now() - opened_at), 0))::float8"
    " AS median_seconds, min(opened_at) AS oldest FROM entry GROUP BY team, what ORDER BY 4 DESC, 3 DESC, 1, 2"
).encode()
