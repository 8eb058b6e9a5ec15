"""What people do here: look at a payload, replay, edit, discard, assign. Each asks first who they are and why.

Permission, reason and audit are checked here and nowhere else, in the transaction of the act itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from hilum import cases
from hilum.cases import NotPossible, Step, switches
from hilum.cases.approvals import request
from hilum.cases.jobs import DISCARD, REPLAY, Asked, make, prepare
from hilum.cases.resolution import NOTHING
from hilum.console.session import Visit
from hilum.console.words import plural, refusal
from hilum.errors import HilumError, Invalid, SettingsError
from hilum.flow import Flow
from hilum.flow.timetable import why_no_run
from hilum.journal import reading, runs
from hilum.journal.audit import record
from hilum.journal.work import MESSAGE_BODY
from hilum.postgres import Connection
from hilum.security import Permission, User, users

REASON_LIMIT = 500
"""Characters of a reason that are kept."""

MOST_AT_ONCE = 500
"""The most messages that one act may touch: it is one transaction."""


class Forbidden(HilumError):
    """The role does not allow it, or a reason is missing; the text says who can, or what to add."""


async def allowed(visit: Visit, permission: Permission) -> User:
    """Who acts, as they are now. Raises `Forbidden`."""
    user = await visit.still()
    if not user.may(permission):
        raise Forbidden(refusal(permission))
    return user


def reasoned(reason: str) -> str:
    """The reason, in one line. Raises `Forbidden` where there is none."""
    reason = " ".join(reason.replace("\x00", "").split())[:REASON_LIMIT]
    if not reason:
        raise Forbidden("Say why: the audit keeps the reason.")
    return reason


async def view_payload(visit: Visit, message_id: UUID, ordinal: int, reason: str) -> bytes | None:
    """A protected body, −1: of the message, else of its delivery. None: it was removed when its retention ended."""
    user = await allowed(visit, Permission.VIEW_PAYLOAD)
    reason = reasoned(reason)
    async with visit.context.database.transaction() as connection:
        row = await reading.message(connection, message_id)
        await record(
            connection,
            actor=user.name,
            action="view_payload",
            flow=row.flow if row else "",
            message_id=message_id,
            ordinal=ordinal if ordinal != MESSAGE_BODY else None,
            words=reason,
        )
        return await reading.body(connection, message_id, ordinal)


async def dry_run(visit: Visit, message_ids: Sequence[UUID]) -> list[Step]:
    """What a replay would do; changes nothing."""
    await allowed(visit, Permission.REPLAY)
    _bounded(message_ids)
    async with visit.context.database.cold() as connection:
        return await cases.plan(connection, list(dict.fromkeys(message_ids)))


def _bounded(message_ids: Sequence[UUID]) -> None:
    if not message_ids:
        raise NotPossible("Nothing is selected.")
    if len(message_ids) > MOST_AT_ONCE:
        raise NotPossible(f"At most {MOST_AT_ONCE} messages at once; select fewer.")


def steps_in_words(steps: Sequence[Step]) -> list[str]:
    """The dry run: how many messages would go which way."""
    counted = Counter(step.words for step in steps)
    if len(steps) == 1:
        return [steps[0].words]
    return [f"{plural(count, 'message')}: {words}" for words, count in counted.most_common()]


async def replay(visit: Visit, steps: Sequence[Step], reason: str) -> str:
    """Do what the dry run said, or ask for a second person; returns in words what was done."""
    user = await allowed(visit, Permission.REPLAY)
    reason = reasoned(reason)
    going = [step for step in steps if step.action != NOTHING]
    async with visit.context.database.transaction() as connection:
        if visit.context.policy.demand(REPLAY, Counter(step.flow for step in going)):
            return await _asked(visit, connection, REPLAY, [step.message_id for step in going], user, reason)
        count = await cases.apply(connection, going, actor=user.name, reason=reason)
    if not count:
        raise NotPossible("Nothing was replayed: what was held has moved on meanwhile.")
    return f"{plural(count, 'message')} {'goes' if count == 1 else 'go'} on the way again."


async def discard(visit: Visit, message_ids: Sequence[UUID], reason: str) -> str:
    """End what is held of these messages, all or none, or ask for a second person; returns in words what was done."""
    user = await allowed(visit, Permission.DISCARD)
    reason = reasoned(reason)
    _bounded(message_ids)
    said: Counter[str] = Counter()
    async with visit.context.database.transaction() as connection:
        rows = [await reading.message(connection, message_id) for message_id in message_ids]
        if visit.context.policy.demand(DISCARD, Counter(row.flow for row in rows if row is not None)):
            return await _asked(visit, connection, DISCARD, message_ids, user, reason)
        for message_id in dict.fromkeys(message_ids):
            words = await cases.discard(
                connection, message_id, actor=user.name, reason=reason, settled=visit.context.settled
            )
            said[words] += 1
    return " ".join(words if count == 1 else f"{count} × {words}" for words, count in said.items())


async def _asked(
    visit: Visit, connection: Connection, act: str, message_ids: Sequence[UUID], user: User, reason: str
) -> str:
    """The policy asks for a second person: the act becomes a job that waits for one."""
    prepared = await prepare(connection, Asked(act=act, selection=cases.Selection(ids=tuple(message_ids))))
    job = await make(connection, prepared, by=user.name, reason=reason, policy=visit.context.policy)
    return f"Job {job.id} waits for a second person: it is under Approvals."


async def resubmit(visit: Visit, message_id: UUID, body: bytes, reason: str) -> tuple[UUID, int | None]:
    """Send the edited body as a new message in place of the old one; returns its id.

    And, where the policy asks for a second person, the number of the request: until then the new one is held.
    """
    user = await allowed(visit, Permission.EDIT)
    reason = reasoned(reason)
    policy = visit.context.policy
    async with visit.context.database.transaction() as connection:
        row = await reading.message(connection, message_id)
        if row is None:
            raise NotPossible("There is no such message.")
        edit = cases.Edit(
            message_id=message_id,
            body=body,
            actor=user.name,
            reason=reason,
            lanes=await _lanes(connection),
            key=_key_of(visit, row, body),
        )
        demand = policy.demand("edit", {row.flow: 1})
        if demand is None:
            return await cases.resubmit(connection, edit), None
        draft = await cases.keep_draft(connection, edit, visit.context.flow(row.flow))
        subject = {"message": str(message_id), "draft": str(draft), "state": row.state, "reason": reason}
        number = await request(
            connection, act="edit", subject=subject, words=f"Edit a message of {row.flow} and send it.",
            demand=demand, policy=policy, by=user.name, reason=reason,
        )  # fmt: skip
        return draft, number


async def original(visit: Visit, message_id: UUID) -> bytes:
    """The body to be edited; that it was seen is audited. Raises `NotPossible` where it cannot be edited."""
    await allowed(visit, Permission.EDIT)
    async with visit.context.database.cold() as connection:
        await cases.editable(connection, message_id)
    body = await view_payload(visit, message_id, MESSAGE_BODY, "to edit it")
    if body is None:
        raise NotPossible("The payload was removed when its retention ended; there is nothing to edit.")
    return body


def tried(visit: Visit, flow_name: str, body: bytes) -> cases.Trial | None:
    """What the flow would make of this body now; None where the flow is not known here."""
    flow, project = visit.context.flow(flow_name), visit.context.project
    if flow is None or project is None:
        return None
    with suppress(SettingsError):  # a table that cannot be read: the former rows count, as they do in the hub
        project.lookup.refresh()
    return cases.trial(flow, body, project.lookup)


def problem_with(visit: Visit, flow_name: str, body: bytes) -> str:
    """Why the flow could not read this body, in words; empty where it could, or where the flow is not known here."""
    flow = visit.context.flow(flow_name)
    if flow is None:
        return ""
    try:
        flow.read(body)
    except Invalid as error:
        return f"It still cannot be read: {error}"
    return ""


def _key_of(visit: Visit, row: reading.MessageRow, body: bytes) -> str:
    """The ordering key of the edited body: the edit may have corrected just that."""
    flow = visit.context.flow(row.flow)
    return row.key if flow is None else flow.ordering_key(flow.read(body))


async def _lanes(connection: Connection) -> int:
    row = await (await connection.execute("SELECT count(*) FROM lane")).fetchone()
    return max(int(row[0]), 1) if row else 1


async def run_now(visit: Visit, flow: Flow, reason: str) -> str:
    """Ask for a run of a flow by hand; returns in words what follows."""
    user = await allowed(visit, Permission.RUN)
    reason = reasoned(reason)
    if words := why_no_run(flow):
        raise NotPossible(words)
    async with visit.context.database.transaction() as connection:
        if await runs.waiting_by_hand(connection, flow.name):
            raise NotPossible("A run by hand is waiting already; it is shown here.")
        await runs.ask(connection, flow.name, since=None, until=None, actor=user.name, reason=reason)
    return "The run is asked for. What becomes of it is shown here."


async def stop_destination(visit: Visit, name: str, reason: str, seconds: float | None) -> str:
    """Send nothing there, for so many seconds or until somebody lets it go on; returns in words what follows."""
    asked = await _turn(visit, {"switch": "open", "destination": name, "seconds": seconds}, reason)
    return asked or f"Nothing is sent to {name} from now on; what is for it waits."


async def let_destination(visit: Visit, name: str, reason: str) -> str:
    """Let a destination that is left alone go on; returns in words what follows."""
    asked = await _turn(visit, {"switch": "close", "destination": name}, reason)
    return asked or f"What waits for {name} goes on, slowly at first."


async def _turn(visit: Visit, subject: Mapping[str, object], reason: str) -> str:
    """Turn a breaker; or, where the policy says so, ask for a second person: then says that."""
    user = await allowed(visit, Permission.PAUSE)
    reason = reasoned(reason)
    policy = visit.context.policy
    demand = policy.demand_for(str(subject["destination"]))
    async with visit.context.database.transaction() as connection:
        if demand is None:
            await switches.turn(connection, subject, by=user.name, reason=reason)
            return ""
        number = await request(
            connection, act="breaker", subject=subject, words=switches.in_words(subject), demand=demand, policy=policy,
            by=user.name, reason=reason,
        )  # fmt: skip
    return f"Request {number} waits for a second person: it is under Approvals."


async def able(connection: Connection) -> list[User]:
    """Users who can work on cases: those who may replay."""
    return [user for user in await users(connection) if user.may(Permission.REPLAY)]


async def assign(visit: Visit, number: int, to: str | None) -> str:
    """Give a case to a person, or (None) back to its team; returns in words what was done."""
    user = await allowed(visit, Permission.ASSIGN)
    async with visit.context.database.transaction() as connection:
        if to is not None and to not in [other.name for other in await able(connection)]:
            raise NotPossible("There is no user of this name who can work on cases.")
        if not await cases.assign(connection, number, to=to, actor=user.name):
            raise NotPossible("The case was closed meanwhile.")
    if to is None:
        return "The case is back with its team."
    return "The case is yours." if to == user.name else f"The case is with {to} now."
