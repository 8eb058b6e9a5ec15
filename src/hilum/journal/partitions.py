"""Partitions: payloads by the day, everything else by the month, so that what is old goes by dropping a table."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg

from hilum.journal.audit import record
from hilum.message import id_at
from hilum.postgres import Connection

log = logging.getLogger("hilum.journal")

_DAILY = ("payload",)
_MONTHLY = ("message", "delivery", "attempt", "identifier")
_MONTHLY_BY_TIME = ("audit",)
_MONTHLY_BY_DATE = ("audit_link",)
_APPEND_ONLY = (*_MONTHLY_BY_TIME, *_MONTHLY_BY_DATE)

_AHEAD_DAYS = 10
"""Partitions are made this far ahead, so that a hub whose maintenance stands still for a week goes on."""


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _days(start: date, end: date) -> Iterator[tuple[str, date, date]]:
    day = start
    while day <= end:
        yield f"{day:%Y%m%d}", day, day + timedelta(days=1)
        day += timedelta(days=1)


def _months(start: date, end: date) -> Iterator[tuple[str, date, date]]:
    month = start.replace(day=1)
    while month <= end:
        following = (month + timedelta(days=32)).replace(day=1)
        yield f"{month:%Y%m}", month, following
        month = following


def _statements(today: date) -> Iterator[str]:
    # From yesterday, because the clocks of receivers may differ by a little at midnight.
    start, end = today - timedelta(days=1), today + timedelta(days=_AHEAD_DAYS)
    for table in (*_DAILY, *_MONTHLY, *_MONTHLY_BY_TIME, *_MONTHLY_BY_DATE):
        yield f"CREATE TABLE IF NOT EXISTS {table}_rest PARTITION OF {table} DEFAULT"
        for name, lower, upper in _days(start, end) if table in _DAILY else _months(start, end):
            if table in _MONTHLY_BY_DATE:
                bounds = f"FROM ('{lower}') TO ('{upper}')"
            elif table in _MONTHLY_BY_TIME:
                bounds = f"FROM ('{_midnight(lower).isoformat()}') TO ('{_midnight(upper).isoformat()}')"
            else:
                bounds = f"FROM ('{id_at(_midnight(lower))}') TO ('{id_at(_midnight(upper))}')"
            yield f"CREATE TABLE IF NOT EXISTS {table}_{name} PARTITION OF {table} FOR VALUES {bounds}"


async def ensure_partitions(connection: Connection, today: date | None = None) -> None:
    """Make the partitions of the coming days. Harmless to repeat, from several hubs at once too."""
    today = today or datetime.now(UTC).date()
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('hilum.partitions'))")
        existing = await (
            await connection.execute("SELECT relname FROM pg_class WHERE relnamespace = 'hilum'::regnamespace")
        ).fetchall()
        there = {row[0] for row in existing}
        for statement in _statements(today):
            if statement.split()[5] not in there:
                await _make(connection, statement)


async def _make(connection: Connection, statement: str) -> None:
    """Make one partition; where rows of its time are in the rest already (a clock was wrong), they stay there."""
    try:
        async with connection.transaction():
            await connection.execute(statement.encode())
            name, parent = statement.split()[5], statement.split()[8]
            if parent in _APPEND_ONLY:  # a statement on a partition by its own name does not fire the parent's trigger
                await connection.execute(
                    f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()".encode()
                )
    except psycopg.errors.CheckViolation:
        log.warning("rows of this time are in the rest partition and stay there: %s", statement.split()[5])


async def payload_days(connection: Connection) -> set[date]:
    """The days that have a partition for payloads."""
    cursor = await connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'hilum'::regnamespace AND relname ~ '^payload_[0-9]{8}$'"
    )
    return {datetime.strptime(name[-8:], "%Y%m%d").date() for (name,) in await cursor.fetchall()}


async def drop_payload_day(connection: Connection, day: date) -> None:
    """Within a transaction: drop the partition of a day, with everything that is still in it."""
    await connection.execute(f"DROP TABLE payload_{day:%Y%m%d}".encode())


async def evidence_months(connection: Connection) -> list[date]:
    """The months, by their first days, that have a partition for messages; the oldest first."""
    return sorted(await _months_there(connection))


async def drop_evidence_month(connection: Connection, month: date) -> None:
    """Within a transaction: drop what is known of the messages of a month, audit and cases aside."""
    for table in _MONTHLY:
        await connection.execute(f"DROP TABLE IF EXISTS {table}_{month:%Y%m}".encode())


def ids_of(start: date, end: date) -> tuple[UUID, UUID]:
    """Ids of messages that were received from the first of these days until before the second lie between these."""
    return id_at(_midnight(start)), id_at(_midnight(end))


async def drop_audit(connection: Connection, before: date) -> list[str]:
    """Drop the acts and links of whole months before that day's month; names the months. That is an act of its own.

    A month with an act that is not linked yet is kept.
    """
    cursor = await connection.execute(
        "SELECT right(relname, 6) FROM pg_class WHERE relnamespace = 'hilum'::regnamespace"
        " AND relname ~ '^audit_[0-9]{6}$' AND right(relname, 6) < %s ORDER BY 1",
        [f"{before:%Y%m}"],
    )
    dropped = []
    for (name,) in await cursor.fetchall():
        async with connection.transaction():
            if words := await _last_words(connection, name):
                await record(connection, actor="hub", action="audit_dropped", words=words)
                await connection.execute(f"DROP TABLE audit_{name}, audit_link_{name}".encode())
                dropped.append(name)
    return dropped


async def _last_words(connection: Connection, name: str) -> str:
    """What is kept of a month that goes: how many acts, and the end of its chain. Empty: it must stay."""
    there = await (await connection.execute("SELECT to_regclass(%s) IS NOT NULL", [f"audit_link_{name}"])).fetchone()
    if there != (True,):
        return ""
    cursor = await connection.execute(
        f"SELECT (SELECT count(*) FROM audit_{name}), count(*), max(number),"
        f" (SELECT encode(hash, 'hex') FROM audit_link_{name} ORDER BY number DESC LIMIT 1)"
        f" FROM audit_link_{name}".encode()
    )
    row = await cursor.fetchone()
    if row is None or row[0] != row[1]:
        return ""
    return f"{name[:4]}-{name[4:]}: {row[0]} acts, the chain ended at link {row[2] or 0} with {row[3] or 'nothing'}"


async def oldest_open(connection: Connection) -> UUID:
    """A floor for ids: no message or delivery below it has work to do, so that old partitions are not looked at."""
    cursor = await connection.execute(
        "SELECT least((SELECT min(message_id::text) FROM parked), (SELECT min(message_id::text) FROM blocked_key))"
    )
    row = await cursor.fetchone()
    lowest = id_at(datetime.now(UTC) - timedelta(days=1))
    for found in (UUID(row[0]) if row and row[0] else None, await oldest_reopened(connection)):
        lowest = min(lowest, found or lowest)
    return min(lowest, await _first_month_at_work(connection) or lowest)


async def _first_month_at_work(connection: Connection) -> UUID | None:
    """The lowest id of the first month in which there is work. One look into a small index for each partition."""
    for day in (date(1970, 1, 1), *sorted(await _months_there(connection))):
        suffix = "rest" if day.year == 1970 else f"{day:%Y%m}"
        statement = (
            f"SELECT EXISTS (SELECT 1 FROM message_{suffix} WHERE work_lane IS NOT NULL)"
            f" OR EXISTS (SELECT 1 FROM delivery_{suffix} WHERE work_lane IS NOT NULL)"
            f" OR EXISTS (SELECT 1 FROM delivery_{suffix} WHERE next_at IS NOT NULL)"
        )
        row = await (await connection.execute(statement.encode())).fetchone()
        if row and row[0]:
            return id_at(_midnight(day))
    return None


async def _months_there(connection: Connection) -> set[date]:
    cursor = await connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'hilum'::regnamespace AND relname ~ '^message_[0-9]{6}$'"
    )
    return {datetime.strptime(name[-6:] + "01", "%Y%m%d").date() for (name,) in await cursor.fetchall()}


async def oldest_reopened(connection: Connection) -> UUID | None:
    """The oldest message that was replayed in the last hour; the workers may look from a later one on."""
    cursor = await connection.execute("SELECT min(message_id::text) FROM reopened WHERE at > now() - interval '1 hour'")
    row = await cursor.fetchone()
    return UUID(row[0]) if row and row[0] else None
