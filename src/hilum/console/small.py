"""Smaller acts of people: notes, hand-over, retries, switches, saved views. Each asks first who they are."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hilum import cases
from hilum.cases import switches, views
from hilum.cases.approvals import request
from hilum.console.acts import allowed, reasoned
from hilum.console.session import Visit
from hilum.console.words import plural
from hilum.security import Permission

NOTE_LIMIT = 4_000
"""Characters of a note that are kept."""


async def note(visit: Visit, number: int, words: str) -> str:
    """Write something down about a case. Raises `NotPossible`."""
    user = await allowed(visit, Permission.ASSIGN)
    words = words.replace("\x00", "").strip()[:NOTE_LIMIT]
    if not words:
        raise cases.NotPossible("Write something first.")
    async with visit.context.database.transaction() as connection:
        await cases.add_note(connection, number, actor=user.name, words=words)
    return "Noted."


async def hand_over(visit: Visit, number: int, reason: str) -> str:
    """Give a case to the flow's other owner. Raises `NotPossible`."""
    user = await allowed(visit, Permission.ASSIGN)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        team = await cases.hand_over(connection, number, actor=user.name, reason=reason)
    return f"The case is with {team} now."


async def close_condition(visit: Visit, number: int, reason: str) -> str:
    """Close a case without a message. Raises `NotPossible`."""
    user = await allowed(visit, Permission.PAUSE)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        await cases.close_condition(connection, number, actor=user.name, reason=reason)
    return "The case is closed."


async def retry_now(visit: Visit, message_id: UUID, reason: str) -> str:
    """Try at once what waits for its next attempt. Raises `NotPossible`."""
    user = await allowed(visit, Permission.REPLAY)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        count = await cases.retry_now(connection, message_id, actor=user.name, reason=reason)
    return f"{plural(count, 'delivery', 'deliveries')} tried now."


async def cancel_retry(visit: Visit, message_id: UUID, reason: str) -> str:
    """End further attempts; what waits is held. Raises `NotPossible`."""
    user = await allowed(visit, Permission.PAUSE)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        count = await cases.cancel_retry(
            connection, message_id, actor=user.name, reason=reason, flows=visit.context.flows
        )
    return f"{plural(count, 'delivery', 'deliveries')} held: it is not tried again by itself."


async def let_pass(visit: Visit, message_id: UUID, reason: str) -> str:
    """Let those behind a held message go on. Raises `NotPossible`."""
    user = await allowed(visit, Permission.PAUSE)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        count = await switches.let_pass(connection, message_id, by=user.name, reason=reason)
    return f"{plural(count, 'message')} that waited behind it {'goes' if count == 1 else 'go'} on."


async def switch(visit: Visit, how: str, flow: str, what: Sequence[str], reason: str) -> str:
    """Stop (`pause`) or `resume` parts of a flow; or ask a second person, where the policy says so."""
    user = await allowed(visit, Permission.PAUSE)
    reason = reasoned(reason)
    policy = visit.context.policy
    subject = {"switch": how, "flow": flow, "what": list(what)}
    async with visit.context.database.transaction() as connection:
        demand = policy.demand("pause", {flow: 1})
        if demand is None:
            return f"{await switches.turn(connection, subject, by=user.name, reason=reason)}.".capitalize()
        words = f"{how.capitalize()} {' and '.join(what)} of {flow}."
        number = await request(
            connection, act="pause", subject=subject, words=words, demand=demand, policy=policy, by=user.name,
            reason=reason,
        )  # fmt: skip
    return f"Request {number} waits for a second person: it is under Approvals."


async def key_switch(visit: Visit, flow: str, key: str, reason: str, *, hold: bool) -> str:
    """Hold one key of a flow, or free it. Raises `NotPossible`."""
    user = await allowed(visit, Permission.PAUSE)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        act = switches.hold_key if hold else switches.free_key
        await act(connection, flow, key.strip(), by=user.name, reason=reason)
    return "The key is held." if hold else "The key goes on."


async def save_view(visit: Visit, page: str, name: str, query: str) -> str:
    """Keep the filters of a page under a name. Raises `NotPossible`."""
    user = await visit.still()
    async with visit.context.database.transaction() as connection:
        await views.save(connection, user.name, page, name, query)
    return "The view is kept; only you see it."


async def remove_view(visit: Visit, page: str, name: str) -> str:
    """Forget a view."""
    user = await visit.still()
    async with visit.context.database.transaction() as connection:
        await views.remove(connection, user.name, page, name)
    return "The view is gone."


async def join_team(visit: Visit, team: str) -> str:
    """Say whose cases are one's own to look at."""
    user = await visit.still()
    async with visit.context.database.transaction() as connection:
        await views.join_team(connection, user.name, team)
    return f"Under Exceptions, “my team” is {team} now." if team else "You are in no team now."
