"""The breakers and rates of the destinations: one row each, shared by all workers.

A breaker is closed (in order), open (nothing is sent, until a time or until a person closes it) or half open (one
worker makes one call to find out). All changes are conditional updates, so that of several workers one decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.postgres import Connection


class BreakerState(StrEnum):
    """Whether a destination is called. The database has the same list."""

    CLOSED = "closed"  # in order: it is called
    OPEN = "open"  # it is not called; what is for it waits and uses up no attempt
    HALF_OPEN = "half_open"  # one worker makes one call, to find out whether it works again


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRow:
    """The breaker of one destination, for people. One without a row was never open."""

    destination: str
    state: BreakerState
    since: datetime  # closed: since it works again; else since it does not
    until: datetime | None  # open: when one call finds out; none: when a person closes it
    opened: int  # how often in a row it opened
    words: str
    actor: str  # the person who opened or closed it last; empty: the hub


async def breakers(connection: Connection) -> dict[str, BreakerRow]:
    """All breakers that were ever open, by destination; those open longest first."""
    cursor = await connection.execute(
        "SELECT destination, state::text, since, until, opened, words, actor FROM breaker"
        " ORDER BY state = 'closed', since"
    )
    return {
        row[0]: BreakerRow(
            destination=row[0],
            state=BreakerState(row[1]),
            since=row[2],
            until=row[3],
            opened=row[4],
            words=row[5],
            actor=row[6],
        )
        for row in await cursor.fetchall()
    }


async def open_breakers(connection: Connection) -> list[BreakerRow]:
    """Those that are not closed, the longest first."""
    return [row for row in (await breakers(connection)).values() if row.state != BreakerState.CLOSED]


# What people do


async def open_by_person(
    connection: Connection, destination: str, *, actor: str, reason: str, seconds: float | None = None
) -> None:
    """Within a transaction: send nothing there, for so many seconds or until a person closes it. Audited."""
    await connection.execute(
        "INSERT INTO breaker AS b (destination, state, until, opened, words, actor)"
        " VALUES (%(destination)s, 'open', now() + %(span)s, 1, %(words)s, %(actor)s)"
        " ON CONFLICT (destination) DO UPDATE SET state = 'open', until = excluded.until, opened = 1,"
        " since = CASE WHEN b.state = 'closed' THEN now() ELSE b.since END, words = excluded.words,"
        " actor = excluded.actor, prober = NULL, probe_until = NULL, drain_from = NULL",
        {
            "destination": destination,
            "span": timedelta(seconds=seconds) if seconds is not None else None,
            "words": storable(reason),
            "actor": actor,
        },
    )
    await record(connection, actor=actor, action="destination_opened", words=f"{destination}: {reason}")


async def close_by_person(connection: Connection, destination: str, *, actor: str, reason: str) -> bool:
    """Within a transaction: send there again, slowly at first. Audited. False: it was not open."""
    cursor = await connection.execute(
        "UPDATE breaker SET state = 'closed', since = now(), until = NULL, opened = 0, words = %s, actor = %s,"
        " prober = NULL, probe_until = NULL, drain_from = now() WHERE destination = %s AND state <> 'closed'",
        [storable(reason), actor, destination],
    )
    if not cursor.rowcount:
        return False
    await record(connection, actor=actor, action="destination_closed", words=f"{destination}: {reason}")
    return True


# What workers do


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A breaker as a worker sees it. Spans are in seconds from the look, negative ones have passed."""

    state: BreakerState = BreakerState.CLOSED
    until: float | None = None  # open: until one call may find out; none: until a person closes it
    probe_until: float = 0.0  # half open: until another worker may make the call
    mine: bool = False  # half open: the one call is this worker's
    drains: float | None = None  # closed: so long it works again; none: it was never open


_SEEN: Final = (
    "state::text, extract(epoch FROM until - now())::float8, extract(epoch FROM probe_until - now())::float8,"
    " prober = %(worker)s, extract(epoch FROM now() - drain_from)::float8"
)


async def look(connection: Connection, destination: str, worker: UUID) -> Seen:
    """The breaker now."""
    return await _seen(
        connection,
        f"SELECT {_SEEN} FROM breaker WHERE destination = %(destination)s",
        {"destination": destination, "worker": worker},
    )


async def _seen(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> Seen:
    row = await (await connection.execute(statement.encode(), parameters)).fetchone()
    if row is None:
        return Seen()
    return Seen(state=BreakerState(row[0]), until=row[1], probe_until=row[2] or 0.0, mine=bool(row[3]), drains=row[4])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """How long a breaker stays open, in seconds: twice as long each time, up to the longest."""

    first: float
    longest: float
    settled: float  # one that was closed for so long begins again with the first pause


async def trip(
    connection: Connection, destination: str, worker: UUID, pauses: Pauses, *, words: str, asked: float = 0.0
) -> Seen:
    """It does not work: open it, for `asked` seconds at least; returns what holds then.

    Nothing happens where it is open already (another worker was faster, or a person), or another worker finds out.
    """
    parameters = {
        "destination": destination,
        "worker": worker,
        "first": pauses.first,
        "longest": pauses.longest,
        "settled": pauses.settled,
        "asked": asked,
        "words": storable(words),
    }
    again = (
        "CASE WHEN b.state = 'closed' AND b.since < now() - make_interval(secs => %(settled)s) THEN 0 ELSE b.opened END"
    )
    pause = f"greatest(least(%(first)s * power(2, least({again}, 30)), %(longest)s), %(asked)s)"
    await connection.execute(
        (
            "INSERT INTO breaker AS b (destination, state, until, opened, words)"
            " VALUES (%(destination)s, 'open',"
            " now() + make_interval(secs => greatest(%(first)s, %(asked)s)::float8), 1, %(words)s)"
            " ON CONFLICT (destination) DO UPDATE SET state = 'open',"
            f" until = now() + make_interval(secs => ({pause})::float8), opened = {again} + 1,"
            " since = CASE WHEN b.state = 'closed' THEN now() ELSE b.since END, words = excluded.words, actor = '',"
            " prober = NULL, probe_until = NULL, drain_from = NULL"
            " WHERE b.state = 'closed' OR (b.state = 'half_open' AND b.prober = %(worker)s)"
        ).encode(),
        parameters,
    )
    return await look(connection, destination, worker)


async def take_probe(connection: Connection, destination: str, worker: UUID, seconds: float) -> bool:
    """Take the one call that finds out, until so many seconds from now; renewed by taking it again.

    Of several workers one gets it. One that dies with it blocks the others for that time only.
    """
    cursor = await connection.execute(
        "UPDATE breaker SET state = 'half_open', prober = %(worker)s,"
        " probe_until = now() + make_interval(secs => %(seconds)s)"
        " WHERE destination = %(destination)s AND ((state = 'open' AND until <= now())"
        " OR (state = 'half_open' AND (probe_until <= now() OR prober = %(worker)s)))",
        {"destination": destination, "worker": worker, "seconds": seconds},
    )
    return bool(cursor.rowcount)


async def recover(connection: Connection, destination: str, worker: UUID) -> Seen:
    """The one call of this worker went well: close it; returns what holds then."""
    await connection.execute(
        "UPDATE breaker SET state = 'closed', since = now(), until = NULL, words = '', actor = '', prober = NULL,"
        " probe_until = NULL, drain_from = now() WHERE destination = %s AND state = 'half_open' AND prober = %s",
        [destination, worker],
    )
    return await look(connection, destination, worker)


async def book(
    connection: Connection, destination: str, unit: str, *, per_second: float, ahead: float, wanted: int
) -> tuple[int, float]:
    """Book up to `wanted` calls, or records, of those due within `ahead` seconds.

    Returns how many were granted, and the seconds until the next one is due. One row for all workers: a generic cell
    rate algorithm (ITU-T I.371), in which a burst of `ahead` is allowed.
    """
    parameters = {
        "destination": destination, "unit": unit, "rate": per_second, "ahead": ahead, "wanted": wanted,
    }  # fmt: skip
    statement = (
        b"WITH booked AS ("
        b" SELECT greatest(at, now()) AS base FROM rate WHERE destination = %(destination)s AND unit = %(unit)s"
        b" FOR UPDATE"
        b"), granted AS ("
        b" SELECT base, greatest(0, least(%(wanted)s, floor((%(ahead)s - extract(epoch FROM base - now()))::float8"
        b"  * %(rate)s + 0.000001)))::int AS n FROM booked"
        b") UPDATE rate r SET at = g.base + make_interval(secs => (g.n / %(rate)s)::float8) FROM granted g"
        b" WHERE r.destination = %(destination)s AND r.unit = %(unit)s"
        b" RETURNING g.n, extract(epoch FROM r.at - now())::float8"
    )
    row = await (await connection.execute(statement, parameters)).fetchone()
    if row is None:
        await connection.execute(
            "INSERT INTO rate (destination, unit, at) VALUES (%s, %s, now()) ON CONFLICT DO NOTHING",
            [destination, unit],
        )
        row = await (await connection.execute(statement, parameters)).fetchone() or (0, ahead)
    return int(row[0]), max(float(row[1]) - ahead + 1 / per_second, 0.0)
