"""What people do with runs and tasks here: each act asks who they are and, where the audit keeps one, the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hilum import processes
from hilum.cases import NotPossible
from hilum.cases.side_by_side import SideBySide
from hilum.console.acts import allowed, reasoned
from hilum.console.context import Context
from hilum.console.session import Visit
from hilum.console.words import refusal
from hilum.errors import Refused
from hilum.journal.audit import record
from hilum.processes import held_by, store, tasks
from hilum.processes.store import RunRow
from hilum.processes.tasks import Asked, why_not
from hilum.security import Permission, User

CANCEL, REPEAT = Permission.DISCARD, Permission.REPLAY
"""What one needs to cancel a run, and to let a held one go on."""


async def cancel_run(visit: Visit, run: RunRow, reason: str) -> str:
    """Undo what it did and end it; returns in words what follows. Raises `Refused`."""
    user = await allowed(visit, CANCEL)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        await processes.cancel(connection, run.process, run.key, actor=user.name, reason=reason)
    return "It is being cancelled: what it did is undone, the last first."


async def repeat_run(visit: Visit, run: RunRow, reason: str) -> str:
    """Let a held one go on from the step at which it stopped; returns in words what follows. Raises `Refused`."""
    user = await allowed(visit, REPEAT)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        await processes.repeat(connection, run.process, run.key, actor=user.name, reason=reason)
    return "It goes on from the step at which it stopped."


async def give_task(visit: Visit, id: UUID, to: str, reason: str = "") -> str:
    """Take it, give it to somebody who may decide it, or (empty) back to the team. Raises `Refused`."""
    user = await allowed(visit, Permission.ASSIGN)
    async with visit.context.database.transaction() as connection:
        await processes.give(connection, id, to=to, actor=user.name, reason=reason)
    if not to:
        return "The task is back with its team."
    return "The task is yours." if to == user.name else f"The task is with {to} now."


def why_not_decide(found: Asked, user: User) -> str:
    """Why this user cannot decide it, and who can; empty: they can."""
    words = why_not(found, user.name, held_by(user))
    if not words or found.permission in held_by(user) or not found.open:
        return words
    known = [permission for permission in Permission if permission == found.permission]
    return refusal(known[0]) if known else words


async def view_papers(visit: Visit, found: Asked, reason: str) -> SideBySide:
    """The protected documents of a task; that they were seen is in the audit. Raises `NotPossible`."""
    user = await allowed(visit, Permission.VIEW_PAYLOAD)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        words = f"the documents of task {found.id}: {reason}"
        await record(connection, actor=user.name, action="view_payload", flow=found.process, words=words)
        papers = await tasks.papers(connection, found.id)
    if papers is None:
        raise NotPossible("The documents cannot be read any more: they were erased.")
    return papers


async def decide(visit: Visit, found: Asked, version: str, values: Mapping[str, Any]) -> str:
    """A person's answer; returns in words what follows. Raises `Unfit` and `Refused`."""
    user = await visit.still()
    answer = processes.answer_of(_form(visit.context, found, version), values)
    async with visit.context.database.transaction() as connection:
        await processes.decide(connection, found.id, answer, actor=user.name, permissions=held_by(user))
    return f"Decided. {found.process} goes on with your answer."


def _form(context: Context, found: Asked, version: str) -> Any:
    process = context.process(found.process, version)
    if process is None or found.form not in process.forms:
        raise Refused(why_no_form(found, version))
    return process.forms[found.form]


def why_no_form(found: Asked, version: str) -> str:
    """What has to be done before anybody can answer it here."""
    return f"It cannot be answered here: {found.process} {version} does not name its form, as forms=[{found.form}]."


def form_fields(context: Context, found: Asked, version: str) -> list[str] | None:
    """The fields of its answer, in the order of the declaration; None: its form is not known here."""
    process = context.process(found.process, version)
    form = process.forms.get(found.form) if process is not None else None
    return list(form.model_fields) if form is not None else None


async def version_of(context: Context, found: Asked) -> str:
    """The version of the process in which its run is."""
    async with context.database.cold() as connection:
        run = await store.run_by_id(connection, found.run_id)
    return run.version if run is not None else ""
