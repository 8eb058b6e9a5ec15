"""What stewards do with master data here: each act asks who they are, and why, in its own transaction."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from hilum import cases
from hilum.cases.arrivals import answer_and_release
from hilum.cases.phases import PhaseSwitches
from hilum.console.acts import allowed, reasoned
from hilum.console.session import Visit
from hilum.console.words import plural
from hilum.errors import SettingsError
from hilum.journal.audit import record
from hilum.masterdata import crosswalk, onboarding, sync
from hilum.masterdata.crosswalk import Identifier, name_of, number_of
from hilum.masterdata.sync import RefusedChange
from hilum.security import Permission, User


async def let_through(visit: Visit, message_id: UUID, reason: str) -> str:
    """A change that is held for a steward counts; returns in words what follows."""
    user = await allowed(visit, Permission.CURATE)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        await cases.let_through(connection, message_id, actor=user.name, reason=reason)
    return "The change counts and is on its way."


async def refused_values(
    visit: Visit, changes: Sequence[RefusedChange], reason: str
) -> Mapping[int, Mapping[str, Any]]:
    """The old and the new value of changes that did not count; in the audit of each of their messages."""
    user = await allowed(visit, Permission.VIEW_PAYLOAD)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        for flow, message_id in {(each.flow, each.message_id) for each in changes}:
            await record(connection, actor=user.name, action="view_payload", flow=flow, message_id=message_id,
                         words=reason)  # fmt: skip
        return await sync.values_of(connection, [each.id for each in changes])


async def link_identifier(visit: Visit, what: Identifier, to: str, reason: str) -> str:
    """An identifier names a thing (empty: a new one); returns in words what was done."""
    user = await allowed(visit, Permission.CURATE)
    reason = reasoned(reason)
    number = _number(what.object, to) if to.strip() else None
    async with visit.context.database.transaction() as connection:
        found = await crosswalk.link(connection, what, to=number, actor=user.name, reason=reason)
    return f"The {what} is {name_of(what.object, found)}."


async def unlink_identifier(visit: Visit, what: Identifier, reason: str) -> str:
    """An identifier names nothing any more; returns in words what was done."""
    user = await allowed(visit, Permission.CURATE)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        found = await crosswalk.unlink(connection, what, actor=user.name, reason=reason)
    return f"The {what} is not {name_of(what.object, found)} any more."


async def merge_things(visit: Visit, thing: str, into: str, reason: str) -> str:
    """One thing is another one; returns in words what was done."""
    user = await allowed(visit, Permission.CURATE)
    reason = reasoned(reason)
    object_, number = number_of(thing)
    other = _number(object_, into)
    async with visit.context.database.transaction() as connection:
        await crosswalk.merge(connection, object_, number, into=other, actor=user.name, reason=reason)
    return f"{name_of(object_, number)} is {name_of(object_, other)} now."


async def unmerge_thing(visit: Visit, thing: str, reason: str) -> str:
    """The two are different after all; returns in words what was done."""
    user = await allowed(visit, Permission.CURATE)
    reason = reasoned(reason)
    object_, number = number_of(thing)
    async with visit.context.database.transaction() as connection:
        was = await crosswalk.unmerge(connection, object_, number, actor=user.name, reason=reason)
    return f"{name_of(object_, number)} stands for itself again; it was merged into {name_of(object_, was)}."


async def answer_arrival(visit: Visit, number: int, same_as: int | None, reason: str) -> str:
    """An arrival is this thing (none: a new one), and what waits for it goes on; returns in words what was done."""
    user = await allowed(visit, Permission.CURATE)
    await allowed(visit, Permission.REPLAY)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        words, job = await answer_and_release(
            connection, number, same_as=same_as, by=user.name, reason=reason, policy=visit.context.policy
        )
    if job is None:
        return f"{words} Nothing waits for it any more."
    if job.state == "waiting":
        return f"{words} Job {job.id} waits for a second person: it is under Approvals."
    return f"{words} {plural(job.total, 'message')} released (job {job.id})."


async def take_in(visit: Visit, number: int, kind: str, reason: str) -> str:
    """File what a workbook says, with its flows stopped; returns in words what follows."""
    user = await _steward_of_flows(visit)
    reason = reasoned(reason)
    context = visit.context
    async with context.database.transaction() as connection:
        found = await onboarding.kept_workbook(connection, number)
        if found is None:
            raise SettingsError("The workbook is not kept any more: hand it in again.")
        book = await asyncio.to_thread(onboarding.read, io.BytesIO(found.body), found.name)
        plan = await onboarding.check(connection, kind, book, context.flows)
        switches = PhaseSwitches(context.policy)
        made = await onboarding.file(connection, plan, switches, by=user.name, reason=reason)
        await onboarding.taken_in(connection, number, made)
    return f"{plan.title} is filed. Its first phase begins when you say so."


async def begin_phase(visit: Visit, kind: str, code: str, reason: str) -> str:
    """The next phase of an onboarding begins; returns in words what was done."""
    phase, done = await _move(visit, onboarding.activate, kind, code, reason)
    return f"Phase {phase} has begun: {plural(done, 'step')} done."


async def undo_phase(visit: Visit, kind: str, code: str, reason: str) -> str:
    """The last phase that has begun is undone; returns in words what was done."""
    phase, done = await _move(visit, onboarding.revert, kind, code, reason)
    return f"Phase {phase} is undone: {plural(done, 'step')} taken back."


_Move = Callable[..., Awaitable[tuple[int, list[str]]]]


async def _move(visit: Visit, move: _Move, kind: str, code: str, reason: str) -> tuple[int, int]:
    user = await _steward_of_flows(visit)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        switches = PhaseSwitches(visit.context.policy)
        phase, done = await move(connection, kind, code, switches, by=user.name, reason=reason)
    return phase, len(done)


async def _steward_of_flows(visit: Visit) -> User:
    """An onboarding changes master data, and stops flows and lets them go on."""
    await allowed(visit, Permission.PAUSE)
    return await allowed(visit, Permission.CURATE)


def _number(object_: str, name: str) -> int:
    kind, number = number_of(name)
    if kind != object_:
        raise SettingsError(f"{name} is of another kind than {object_}.")
    return number
