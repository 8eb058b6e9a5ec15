"""What cases, receivers and people said of protected messages: masked like their payloads, by the same right.

Such texts may quote a patient's name or number. Who may see them sees them, and that is in the audit; others see that
there is something, and in words of the hub's own what kind of thing it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from hilum.cases import Case, Group
from hilum.console.context import MASKED, Context
from hilum.console.words import category
from hilum.journal.audit import record
from hilum.journal.reading import Trace
from hilum.security import User

_ONCE_IN = "1 hour"
"""Who looks at the same again and again within this time did so once, as far as the audit is concerned."""

_NEXT_STEP = "Ask somebody who may see protected payloads."


def case_for(context: Context, case: Case, user: User) -> Case:
    """A case as this user may see it. A condition quotes no message."""
    if case.message_id is None or context.may_see(case.flow, user):
        return case
    reason = MASKED if case.reason else case.reason
    title = f"{category(case.category)} {MASKED}"
    return replace(case, title=title, words=MASKED, next_step=_NEXT_STEP, detail="", reason=reason)


def group_for(context: Context, group: Group, user: User) -> Group:
    """A group of like cases as this user may see it."""
    if group.conditions or context.may_see(group.flow, user):
        return group
    return replace(group, title=f"{category(group.category)} {MASKED}", words=MASKED, next_step=_NEXT_STEP)


def trace_for(context: Context, trace: Trace, user: User) -> Trace:
    """A story as this user may see it."""
    if context.may_see(trace.message.flow, user):
        return trace
    return replace(
        trace,
        attempts=[replace(each, words=_masked(each.words)) for each in trace.attempts],
        deliveries=[replace(each, words=_masked(each.words)) for each in trace.deliveries],
        audit=[replace(each, words=_masked(each.words)) for each in trace.audit],
        rules=[each.masked() for each in trace.rules],
    )


def _masked(text: str) -> str:
    return MASKED if text else ""


async def note_message_seen(context: Context, user: User, flow: str, message_id: UUID) -> None:
    """This user is shown what was said of a protected message."""
    if context.protects(flow) and context.may_see(flow, user):
        await _note(context, user, "view_message", flow, message_id, "")


async def note_cases_seen(context: Context, user: User, shown: Sequence[Case]) -> None:
    """This user is shown a list of cases, some of them of protected messages."""
    await note_seen(context, user, [(case.id, case.flow) for case in shown if case.message_id is not None])


async def note_seen(context: Context, user: User, shown: Sequence[tuple[int, str]]) -> None:
    """As `note_cases_seen`: the numbers of cases that have a message, and their flows."""
    protected = [number for number, flow in shown if context.protects(flow) and context.may_see(flow, user)]
    if protected:
        numbers = f"cases {min(protected)} to {max(protected)}"
        await _note(context, user, "view_cases", "", None, f"{len(protected)} of protected flows, {numbers}")


async def _note(context: Context, user: User, action: str, flow: str, message_id: UUID | None, words: str) -> None:
    async with context.database.transaction() as connection:
        cursor = await connection.execute(
            "SELECT EXISTS (SELECT 1 FROM audit WHERE at > now() - %s::interval AND actor = %s AND action = %s"
            " AND message_id IS NOT DISTINCT FROM %s AND words = %s)",
            [_ONCE_IN, user.name, action, message_id, words],
        )
        if await cursor.fetchone() != (True,):
            await record(connection, actor=user.name, action=action, flow=flow, message_id=message_id, words=words)
