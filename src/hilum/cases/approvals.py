"""Second persons: a request with a reason, somebody else's decision, and the act once, in one transaction with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from hilum.cases import edits, switches
from hilum.cases.desk import NotPossible
from hilum.cases.policy import Demand, Policy
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.postgres import Connection
from hilum.security import Role, User, why_no_second

WAITING, USED, REFUSED, WITHDRAWN, EXPIRED = "waiting", "used", "refused", "withdrawn", "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An act that waits, or waited, for a second person."""

    id: int
    act: str
    subject: Mapping[str, Any]
    words: str
    why: str
    role: str
    reason: str
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    state: str  # waiting, used (approved and done), refused, withdrawn, expired
    decided_by: str | None
    decided_at: datetime | None
    decision: str

    def why_not(self, user: User) -> str:
        """Why this person cannot approve it; empty: they can."""
        if self.state != WAITING:
            return f"It is {self.state} already."
        return why_no_second(user, asked_by=self.requested_by, role=Role(self.role))


async def request(
    connection: Connection,
    *,
    act: str,
    subject: Mapping[str, Any],
    words: str,
    demand: Demand,
    policy: Policy,
    by: str,
    reason: str,
) -> int:
    """Within a transaction: ask for a second person; returns the number of the request.

    `subject` has numbers and names, never a payload. `by` is a user of the hub who has proved to be that user.
    """
    cursor = await connection.execute(
        "INSERT INTO approval (act, subject, words, why, role, reason, requested_by, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, now() + %s) RETURNING id",
        [
            act,
            Jsonb(dict(subject)),
            storable(words),
            demand.why,
            demand.role.value,
            storable(reason),
            by,
            policy.lifetime,
        ],
    )
    row = await cursor.fetchone()
    number = int(row[0]) if row else 0
    await record(connection, actor=by, action="approval_asked", words=f"approval {number}: {words} {reason}")
    return number


async def approve(connection: Connection, number: int, *, user: User, reason: str) -> str:
    """Within a transaction: agree, and the act is done; returns in words what was done. Raises `NotPossible`.

    The act is in this very transaction: there is no approval without it, and no second use.
    """
    found = await _open(connection, number)
    if why := found.why_not(user):
        raise NotPossible(why)
    done = await _perform(connection, found, user)
    await _decide(connection, number, USED, user.name, f"{reason} — {done}")
    words = f"approval {number} of {found.requested_by}: {found.words} {reason}"
    await record(connection, actor=user.name, action="approved", words=words)
    return done


async def refuse(connection: Connection, number: int, *, user: User, reason: str) -> None:
    """Within a transaction: it is not done. Raises `NotPossible`."""
    found = await _open(connection, number)
    if why := found.why_not(user):
        raise NotPossible(why)
    await _drop(connection, found, by=user.name, reason=reason)
    await _decide(connection, number, REFUSED, user.name, reason)
    words = f"approval {number} of {found.requested_by}: {found.words} {reason}"
    await record(connection, actor=user.name, action="approval_refused", words=words)


async def withdraw(connection: Connection, number: int, *, by: str, reason: str) -> None:
    """Within a transaction: whoever asked thinks better of it. Raises `NotPossible`."""
    found = await _open(connection, number)
    if found.requested_by != by:
        raise NotPossible("Only whoever asked can withdraw it; others refuse it.")
    await _drop(connection, found, by=by, reason=reason)
    await _decide(connection, number, WITHDRAWN, by, reason)
    await record(connection, actor=by, action="approval_withdrawn", words=f"approval {number}: {reason}")


async def expire(connection: Connection) -> int:
    """Within a transaction: end the requests that waited too long; returns how many."""
    cursor = await connection.execute(
        "SELECT id FROM approval WHERE state = 'waiting' AND expires_at <= now() ORDER BY id FOR UPDATE SKIP LOCKED"
    )
    numbers = [row[0] for row in await cursor.fetchall()]
    for number in numbers:
        found = await approval(connection, number)
        if found is not None:
            words = "nobody decided in time"
            await _drop(connection, found, by="hub", reason=words)
            await _decide(connection, number, EXPIRED, None, words)
            await record(connection, actor="hub", action="approval_expired", words=f"approval {number}: {words}")
    return len(numbers)


async def approval(connection: Connection, number: int) -> Approval | None:
    """One request."""
    found = await _read(connection, "WHERE id = %s", [number])
    return found[0] if found else None


async def approvals(connection: Connection, *, waiting: bool = True, limit: int = 200) -> list[Approval]:
    """Requests: those that wait, the one that expires first on top; or all, the latest first."""
    if waiting:
        return await _read(
            connection, "WHERE state = 'waiting' AND expires_at > now() ORDER BY expires_at LIMIT %s", [limit]
        )
    return await _read(connection, "ORDER BY id DESC LIMIT %s", [limit])


async def _read(connection: Connection, tail: str, values: list[Any]) -> list[Approval]:
    async with connection.cursor(row_factory=class_row(Approval)) as cursor:
        await cursor.execute(f"SELECT * FROM approval {tail}".encode(), values)
        return await cursor.fetchall()


async def _open(connection: Connection, number: int) -> Approval:
    """The request, locked: a second decision waits here, and finds it decided. Raises `NotPossible`."""
    found = await _read(connection, "WHERE id = %s FOR UPDATE", [number])
    if not found:
        raise NotPossible("There is no such request.")
    if found[0].state != WAITING:
        raise NotPossible(f"It is {found[0].state} already.")
    row = await (await connection.execute("SELECT %s <= now()", [found[0].expires_at])).fetchone()
    if row and row[0]:
        raise NotPossible("It has expired: nobody decided in time. Ask again.")
    return found[0]


async def _decide(connection: Connection, number: int, state: str, by: str | None, words: str) -> None:
    await connection.execute(
        "UPDATE approval SET state = %s, decided_by = %s, decided_at = now(), decision = %s WHERE id = %s",
        [state, by, storable(words), number],
    )


async def _perform(connection: Connection, found: Approval, user: User) -> str:
    """Do what was asked for. Raises `NotPossible`."""
    if "job" in found.subject:
        cursor = await connection.execute(
            "UPDATE job SET state = 'running', started_at = now(), next_at = now()"
            " WHERE id = %s AND state = 'waiting' RETURNING id",
            [found.subject["job"]],
        )
        if await cursor.fetchone() is None:
            raise NotPossible("The job was cancelled meanwhile.")
        return f"job {found.subject['job']} runs"
    if "draft" in found.subject:
        await edits.send_draft(connection, UUID(str(found.subject["draft"])), found.subject, by=found.requested_by)
        return f"the edited message {found.subject['draft']} is on its way"
    if "switch" in found.subject:
        return await switches.turn(connection, found.subject, by=found.requested_by, reason=found.reason)
    raise NotPossible(f"This version cannot do '{found.act}'.")


async def _drop(connection: Connection, found: Approval, *, by: str, reason: str) -> None:
    """What was prepared for it ends."""
    if "job" in found.subject:
        await connection.execute(
            "UPDATE job SET state = 'cancelled', ended_at = now(), words = %s WHERE id = %s AND state = 'waiting'",
            [storable(f"not approved: {reason}"), found.subject["job"]],
        )
    if "draft" in found.subject:
        await edits.drop_draft(connection, UUID(str(found.subject["draft"])), by=by, reason=reason)
