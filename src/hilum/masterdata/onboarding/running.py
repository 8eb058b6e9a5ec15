"""Phases: file a plan with its flows stopped, begin a phase, and undo the last one; each in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from hilum.errors import SettingsError
from hilum.flow.tables import Row
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.masterdata import crosswalk, lookups, publishing
from hilum.masterdata.crosswalk import Identifier
from hilum.masterdata.onboarding.checking import Plan, words_of
from hilum.postgres import Connection


class Switches(Protocol):
    """How flows are stopped and let go on: `hilum.cases.switches` does it, in the same transaction."""

    async def stop(self, connection: Connection, flow: str, *, by: str, reason: str) -> bool:
        """Stop it; says whether it was running."""

    async def go_on(self, connection: Connection, flow: str, *, by: str, reason: str) -> bool:
        """Let it go on; says whether it was stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onboarding:
    """Something that is being taken in."""

    id: int
    kind: str
    code: str
    title: str
    made_at: datetime
    made_by: str
    phases: int
    done: int  # phases that have begun


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step as it is filed."""

    place: int
    phase: int
    act: str
    subject: Mapping[str, Any] = field(repr=False)
    state: str  # waits, done, known
    undo: Mapping[str, Any] | None = field(repr=False)

    def words(self) -> str:
        """What it does, for people."""
        return words_of(self.act, self.subject)


async def onboardings(connection: Connection) -> list[Onboarding]:
    """All, the latest first."""
    async with connection.cursor(row_factory=class_row(Onboarding)) as cursor:
        await cursor.execute(f"{_ALL} GROUP BY o.id ORDER BY o.id DESC".encode())
        return await cursor.fetchall()


_ALL = (
    "SELECT o.*, coalesce(max(s.phase), 0) AS phases,"
    " coalesce(max(s.phase) FILTER (WHERE s.state <> 'waits'), 0) AS done"
    " FROM onboarding o LEFT JOIN onboarding_step s ON s.onboarding_id = o.id"
)


async def onboarding(connection: Connection, kind: str, code: str) -> Onboarding:
    """One of them. Raises `SettingsError`."""
    async with connection.cursor(row_factory=class_row(Onboarding)) as cursor:
        await cursor.execute(f"{_ALL} WHERE o.kind = %s AND o.code = %s GROUP BY o.id".encode(), [kind, code])
        found = await cursor.fetchone()
    if found is None:
        raise SettingsError(f"No {kind} {code} is being taken in; see: hilum onboard list")
    return found


async def steps(connection: Connection, number: int) -> list[StepRow]:
    """What it does, in order."""
    async with connection.cursor(row_factory=class_row(StepRow)) as cursor:
        await cursor.execute(
            "SELECT place, phase, act, subject, state, undo FROM onboarding_step"
            " WHERE onboarding_id = %s ORDER BY place",
            [number],
        )
        return await cursor.fetchall()


async def file(connection: Connection, plan: Plan, switches: Switches, *, by: str, reason: str) -> int:
    """Within a transaction: keep the plan, and stop its flows until their phase begins. Raises `SettingsError`.

    One that is filed again replaces the plan, as long as none of its phases has begun.
    """
    if plan.problems or not plan.code:
        raise SettingsError("The workbook has problems: nothing was taken in.")
    await _lock(connection)
    await _forget(connection, plan.kind, plan.code)
    cursor = await connection.execute(
        "INSERT INTO onboarding (kind, code, title, made_by) VALUES (%s, %s, %s, %s) RETURNING id",
        [plan.kind, storable(plan.code), storable(plan.title), by],
    )
    row = await cursor.fetchone()
    number = int(row[0]) if row else 0
    await connection.cursor().executemany(
        "INSERT INTO onboarding_step (onboarding_id, place, phase, act, subject) VALUES (%s, %s, %s, %s, %s)",
        [[number, place, each.phase, each.act, Jsonb(dict(each.subject))] for place, each in enumerate(plan.steps)],
    )
    for each in plan.steps:
        if each.act == "flow":
            await switches.stop(connection, each.subject["flow"], by=by, reason=f"{plan.code} is taken in: {reason}")
    await _note(connection, by, "onboarding_filed", plan.kind, plan.code, f"{len(plan.steps)} steps: {reason}")
    return number


async def activate(
    connection: Connection, kind: str, code: str, switches: Switches, *, by: str, reason: str
) -> tuple[int, list[str]]:
    """Within a transaction: begin the next phase; returns it and what was done. Raises `SettingsError`."""
    await _lock(connection)
    found = await onboarding(connection, kind, code)
    if found.done >= found.phases:
        raise SettingsError(f"All {found.phases} phases of {code} have begun.")
    waiting = [each for each in await steps(connection, found.id) if each.state == "waits"]
    phase = min(each.phase for each in waiting)
    done = []
    for each in waiting:
        if each.phase == phase:
            undo = await _do(connection, found, each, switches, by, reason)
            await _mark(connection, found.id, each, "known" if undo is None else "done", undo, by)
            done.append(each.words() if undo is not None else f"{each.words()} (it was so before)")
    await _note(connection, by, "onboarding_begun", kind, code, f"phase {phase}: {reason}")
    return phase, done


async def revert(
    connection: Connection, kind: str, code: str, switches: Switches, *, by: str, reason: str
) -> tuple[int, list[str]]:
    """Within a transaction: undo the last phase that has begun; returns it and what was undone.

    Raises `SettingsError`.
    """
    await _lock(connection)
    found = await onboarding(connection, kind, code)
    if not found.done:
        raise SettingsError(f"No phase of {code} has begun.")
    undone = []
    for each in reversed(await steps(connection, found.id)):
        if each.phase == found.done and each.state != "waits":
            if each.state == "done":
                undone.append(await _undo(connection, each, switches, by, reason))
            await _mark(connection, found.id, each, "waits", None, by)
    await _note(connection, by, "onboarding_undone", kind, code, f"phase {found.done}: {reason}")
    return found.done, undone


async def _do(
    connection: Connection, of: Onboarding, step: StepRow, switches: Switches, by: str, reason: str
) -> dict[str, Any] | None:
    """Do it, and say how it is undone; none: it was so before. Raises `SettingsError`."""
    subject, why = step.subject, f"{of.code}, phase {step.phase}: {reason}"
    if step.act == "flow":
        return {} if await switches.go_on(connection, subject["flow"], by=by, reason=why) else None
    if step.act == "publish":
        contents = {**subject["contents"]}
        now = await publishing.content(connection, subject["object"])
        if all(now.get(key) == value for key, value in contents.items()):
            return None
        title = f"{of.title}, phase {step.phase}"
        return {"set": await publishing.draft(connection, subject["object"], title, contents, author=by)}
    if step.act == "lookup":
        return await _add_row(connection, subject, by, why)
    what = Identifier(**subject["what"])
    if await crosswalk.find(connection, what) is not None:
        return None
    same_as = await _known(connection, subject["same_as"])
    await crosswalk.link(connection, what, to=same_as, actor=by, reason=why)
    return {}


async def _known(connection: Connection, same_as: Mapping[str, str] | None) -> int | None:
    """The thing that it is the same as; none: it is a new one. Raises `SettingsError` where nobody knows it now."""
    if not same_as:
        return None
    other = Identifier(**same_as)
    if (found := await crosswalk.find(connection, other)) is None:
        raise SettingsError(f"Nobody knows {other} any more: link it, or file the workbook again without that row.")
    return found.number


async def _add_row(connection: Connection, subject: Mapping[str, Any], by: str, why: str) -> dict[str, Any] | None:
    table, code = subject["table"], subject["code"]
    if (await lookups.content(connection, table, codes=[code])).rows:
        return None
    row = Row(code=code, cells={subject["column"]: subject["value"]})
    await lookups.set_row(connection, table, row, lookups.Change(actor=by, reason=why))
    return {}


async def _undo(connection: Connection, step: StepRow, switches: Switches, by: str, reason: str) -> str:
    subject = step.subject
    if step.act == "flow":
        await switches.stop(connection, subject["flow"], by=by, reason=reason)
        return f"flow {subject['flow']} stopped"
    if step.act == "lookup":
        change = lookups.Change(actor=by, reason=reason)
        await lookups.end_row(connection, subject["table"], subject["code"], None, change)
        return f"{subject['table']}: {subject['code']} ended"
    if step.act == "publish":
        number = int((step.undo or {})["set"])
        found = await publishing.change_set(connection, number)
        if found is not None and found.state in ("draft", "review", "approved"):
            await publishing.withdraw(connection, number, by=by, reason=reason)
            return f"change set {number} withdrawn"
        return f"change set {number} is {found.state if found else 'gone'}: to take it back, hilum master rollback"
    what = Identifier(**subject["what"])
    await crosswalk.unlink(connection, what, actor=by, reason=reason)
    return f"{what} unlinked"


async def _mark(
    connection: Connection, number: int, step: StepRow, state: str, undo: dict[str, Any] | None, by: str
) -> None:
    await connection.execute(
        "UPDATE onboarding_step SET state = %s, undo = %s, acted_at = now(), acted_by = %s"
        " WHERE onboarding_id = %s AND place = %s",
        [state, Jsonb(undo) if undo is not None else None, by, number, step.place],
    )


async def _forget(connection: Connection, kind: str, code: str) -> None:
    """A plan of which nothing was done makes room for the new one. Raises `SettingsError`."""
    cursor = await connection.execute(
        "SELECT o.id, bool_or(s.state <> 'waits') FROM onboarding o LEFT JOIN onboarding_step s"
        " ON s.onboarding_id = o.id WHERE o.kind = %s AND o.code = %s GROUP BY o.id",
        [kind, code],
    )
    row = await cursor.fetchone()
    if row is None:
        return
    if row[1]:
        raise SettingsError(f"A phase of {kind} {code} has begun: undo it first, hilum onboard revert {kind} {code}")
    await connection.execute("DELETE FROM onboarding_step WHERE onboarding_id = %s", [row[0]])
    await connection.execute("DELETE FROM onboarding WHERE id = %s", [row[0]])


async def _lock(connection: Connection) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", [0x48494C4F])  # "HILO"


async def _note(connection: Connection, actor: str, action: str, kind: str, code: str, words: str) -> None:
    await record(connection, actor=actor, action=action, words=f"{kind} {code}: {words}")
