"""Cases without a message: what will make messages to a destination fail, and what in a process waits for a person.

A condition is one case as long as it lasts. Each look at the place renews it, and counts; it ends by itself when
a look finds it gone. A person may close it before: then it stays closed until it is gone, or something more is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from hilum.cases.categories import described
from hilum.cases.causes import exactly, group_key
from hilum.cases.classify import owners_by
from hilum.cases.clocks import OWN_DUE, due_in_sql
from hilum.cases.desk import Case, NotPossible, case, cases, write_note
from hilum.cases.urgency import rank_of, time_to_act
from hilum.connector import Condition, Misfit
from hilum.flow import Flow, Owners
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.postgres import Connection

ENDED, CLOSED = "ended", "closed"
"""Resolutions of a condition: by itself, and by a person."""

HUB = "hub"


@dataclass(frozen=True, slots=True)
class _Lasting:
    """The case of a condition that was there at the last look."""

    id: int
    condition: str
    misfits: list[dict[str, str]]
    open: bool


async def settle(
    connection: Connection,
    destination: str,
    found: Sequence[Condition],
    users: Mapping[str, Sequence[Flow]],
    *,
    owners: Owners | None = None,
    actor: str = HUB,
    reason: str = "It fits again.",
) -> None:
    """Within a transaction: these conditions, and no others, hold at this destination now.

    `users`: by operation, the flows that use it there. `owners`: whose cases they are; none: of the most vital of these
    flows. `actor` and `reason`: by whom and why those that are gone ended.
    """
    there = {row.condition: row for row in await _lasting(connection, destination)}
    for condition in found:
        flows = concerned(condition, users)
        lasting = there.pop(_name(condition), None)
        if lasting is None:
            await _open(connection, destination, condition, flows, owners)
        else:
            await _renew(connection, destination, condition, flows, lasting)
    for row in there.values():
        await _end(connection, row, destination, actor, reason)


def concerned(condition: Condition, users: Mapping[str, Sequence[Flow]]) -> list[Flow]:
    """The flows that meet it, the most vital first: its owner gets the case."""
    operations: set[str] = set()
    for misfit in condition.misfits:
        operations.update(misfit.operations or users)
    flows = {flow.name: flow for each in operations for flow in users.get(each, ())}
    return sorted(flows.values(), key=lambda flow: (-rank_of(flow), flow.name))


async def close_condition(connection: Connection, number: int, *, actor: str, reason: str) -> None:
    """Within a transaction: a person closes such a case. Raises `NotPossible`."""
    found = await case(connection, number)
    if found is None or not found.open:
        raise NotPossible("There is no such open case.")
    if found.message_id is not None:
        raise NotPossible("A message is held by this case: replay or discard it.")
    cursor = await connection.execute(
        "UPDATE exception_case SET closed_at = now(), closed_by = %s, resolution = %s, reason = %s"
        " WHERE id = %s AND closed_at IS NULL RETURNING id",
        [actor, CLOSED, storable(reason), number],
    )
    if await cursor.fetchone() is None:
        raise NotPossible("The case was closed meanwhile.")
    await record(connection, actor=actor, action="case_closed", flow=found.flow, words=f"case {number}: {reason}")


async def conditions(connection: Connection) -> list[Case]:
    """The open cases of this kind, by destination."""
    found = await cases(connection, conditions=True, limit=_MOST)
    return sorted(found, key=lambda each: (each.destination, each.condition))


_MOST = 1_000


async def _lasting(connection: Connection, destination: str) -> list[_Lasting]:
    cursor = await connection.execute(
        "SELECT id, condition, misfits, closed_at IS NULL FROM exception_case"
        " WHERE destination = %s AND condition <> '' AND gone_at IS NULL FOR UPDATE",
        [destination],
    )
    return [_Lasting(*row) for row in await cursor.fetchall()]


def _name(condition: Condition) -> str:
    return f"{condition.category}: {condition.subject}"


def _told(misfits: Iterable[Misfit]) -> list[dict[str, str]]:
    return [{"what": each.what, "expected": each.expected, "found": each.found} for each in misfits]


def _values(
    destination: str, condition: Condition, flows: Sequence[Flow], owners: Owners | None = None
) -> dict[str, Any]:
    first = flows[0] if flows else None
    category = described(condition.category)
    owner, other = owners_by(owners or (first.owners if first else None), category.kind)
    name = first.name if first else ""
    cause = exactly(condition.subject)
    return {
        "destination": destination,
        "condition": _name(condition),
        "category": condition.category,
        "kind": category.kind,
        "title": storable(condition.title),
        "words": storable(condition.words),
        "next_step": storable(condition.advice or category.next_step),
        "misfits": Jsonb(_told(condition.misfits)),
        "flow": name,
        "flows": [flow.name for flow in flows],
        "owner": owner,
        "other_owner": other,
        "group_key": group_key(condition.category, name, destination, cause),
        "cause": cause,
        "criticality": rank_of(first),
        "due_at": condition.due,
        "time_to_act": time_to_act(first),
    }


async def _open(
    connection: Connection, destination: str, condition: Condition, flows: Sequence[Flow], owners: Owners | None
) -> None:
    await connection.execute(_OPEN.encode(), _values(destination, condition, flows, owners))
    await _record(connection, "case_opened", flows, f"{destination}: {condition.title}")


async def _renew(
    connection: Connection, destination: str, condition: Condition, flows: Sequence[Flow], lasting: _Lasting
) -> None:
    """Seen once more. Where more is wrong than before, it is open again; what is mended of it is said."""
    now = _told(condition.misfits)
    changed = [each["what"] for each in now if each not in lasting.misfits]
    values = _values(destination, condition, flows) | {"id": lasting.id, "more": bool(changed)}
    await connection.execute(_RENEW, values)
    if now == lasting.misfits:
        return
    mended = [each["what"] for each in lasting.misfits if each not in now]
    words = " ".join(
        f"{said}: {', '.join(names)}." for said, names in (("Now also", changed), ("No more", mended)) if names
    )
    await write_note(connection, lasting.id, HUB, words)
    await _record(connection, "case_renewed", flows, f"case {lasting.id}, {destination}: {words}")


async def _end(connection: Connection, row: _Lasting, destination: str, actor: str, reason: str) -> None:
    cursor = await connection.execute(
        "UPDATE exception_case SET gone_at = now(), closed_at = coalesce(closed_at, now()),"
        " closed_by = coalesce(closed_by, %s), resolution = coalesce(resolution, %s), reason = coalesce(reason, %s)"
        " WHERE id = %s RETURNING flow",
        [actor, ENDED, storable(reason), row.id],
    )
    found = await cursor.fetchone()
    flow = str(found[0]) if found else ""
    words = f"case {row.id}, {destination}: {reason}"
    await record(connection, actor=actor, action="case_ended", flow=flow, words=words)


async def _record(connection: Connection, action: str, flows: Sequence[Flow], words: str) -> None:
    await record(connection, actor=HUB, action=action, flow=flows[0].name if flows else "", words=words)


_OPEN = (
    "INSERT INTO exception_case (flow, flows, ordinal, destination, condition, misfits, category, kind, title, words,"
    " next_step, owner, other_owner, group_key, cause, criticality, time_to_act, own_due_at, due_at,"
    " seen_at)"
    " VALUES (%(flow)s, %(flows)s, -1, %(destination)s, %(condition)s, %(misfits)s, %(category)s, %(kind)s, %(title)s,"
    " %(words)s, %(next_step)s, %(owner)s, %(other_owner)s, %(group_key)s, %(cause)s, %(criticality)s,"
    f" %(time_to_act)s, CASE WHEN %(due_at)s::timestamptz IS NULL THEN {OWN_DUE} END,"
    f" coalesce(%(due_at)s::timestamptz, {due_in_sql('%(owner)s', '%(criticality)s', 'now()')}, {OWN_DUE}), now())"
)
# Owner and flow stay as they are: a person may have handed it over.
_RENEW = (
    "UPDATE exception_case SET seen = seen + 1, seen_at = now(), flows = %(flows)s, misfits = %(misfits)s,"
    " title = %(title)s, words = %(words)s, next_step = %(next_step)s, due_at = coalesce(%(due_at)s, due_at),"
    " closed_at = CASE WHEN NOT %(more)s THEN closed_at END, closed_by = CASE WHEN NOT %(more)s THEN closed_by END,"
    " resolution = CASE WHEN NOT %(more)s THEN resolution END, reason = CASE WHEN NOT %(more)s THEN reason END"
    " WHERE id = %(id)s"
)
