"""What people do with many messages at once, and as second persons. Each act asks first who they are.

Permission, reason, policy and audit are checked here, in the transaction of the act itself.
"""

from __future__ import annotations

from hilum.cases import approvals, jobs
from hilum.cases.jobs import ASSIGN, DISCARD, Asked, Job, Prepared
from hilum.console.acts import allowed, reasoned
from hilum.console.session import Visit
from hilum.console.words import plural
from hilum.security import Permission

_PERMISSION = {DISCARD: Permission.DISCARD, ASSIGN: Permission.ASSIGN}


def needed(act: str) -> Permission:
    """The permission that an act needs."""
    return _PERMISSION.get(act, Permission.REPLAY)


async def dry_run(visit: Visit, asked: Asked) -> Prepared:
    """What it would do; changes nothing. Raises `NotPossible`."""
    await allowed(visit, needed(asked.act))
    async with visit.context.database.cold() as connection:
        return await jobs.prepare(connection, asked)


def lines_in_words(prepared: Prepared) -> list[str]:
    """The dry run, line by line: how many of which flow, and what happens to them."""
    return [f"{plural(line.count, 'message')} of {line.flow or 'no known flow'}: {line.words}"
            for line in prepared.lines]  # fmt: skip


async def begin(visit: Visit, prepared: Prepared, reason: str) -> tuple[Job, str]:
    """Make the job that the dry run showed; returns it and in words what follows. Raises `NotPossible`."""
    user = await allowed(visit, needed(prepared.asked.act))
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        made = await jobs.make(connection, prepared, by=user.name, reason=reason, policy=visit.context.policy)
    if made.state == jobs.WAITING:
        return made, f"Job {made.id} waits for a second person: it is under Approvals."
    return made, f"Job {made.id} has begun: {plural(made.total, 'message')}."


_MOVES = {"pause": jobs.pause, "resume": jobs.resume, "cancel": jobs.cancel}


async def move(visit: Visit, number: int, how: str, reason: str) -> str:
    """Pause, resume or cancel a job; returns in words what was done. Raises `NotPossible`."""
    async with visit.context.database.cold() as connection:
        job = await jobs.need(connection, number)
    user = await allowed(visit, needed(job.act))
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        await _MOVES[how](connection, number, by=user.name, reason=reason)
    return {"pause": f"Job {number} is paused.", "resume": f"Job {number} goes on.",
            "cancel": f"Job {number} is cancelled; what is done stays done."}[how]  # fmt: skip


async def approve(visit: Visit, number: int, reason: str) -> str:
    """Agree, as the second person; returns in words what was done. Raises `NotPossible`."""
    user = await allowed(visit, Permission.APPROVE)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        done = await approvals.approve(connection, number, user=user, reason=reason)
    return f"Approved: {done}."


async def refuse(visit: Visit, number: int, reason: str) -> str:
    """Do not agree, as the second person. Raises `NotPossible`."""
    user = await allowed(visit, Permission.APPROVE)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        await approvals.refuse(connection, number, user=user, reason=reason)
    return "Refused. Nothing was done."


async def withdraw(visit: Visit, number: int, reason: str) -> str:
    """Take back what one asked for oneself. Raises `NotPossible`."""
    user = await visit.still()
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        await approvals.withdraw(connection, number, by=user.name, reason=reason)
    return "Withdrawn. Nothing was done."
