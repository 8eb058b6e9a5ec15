"""What a run reads and writes as it goes on: what it takes, what it waits for, what its steps came to, its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from hilum.journal.payloads import Damaged, packed
from hilum.journal.text import storable
from hilum.postgres import Connection
from hilum.processes import store
from hilum.processes.steps import Recorded
from hilum.processes.store import Item, RunRow
from hilum.processes.tasks import sealed_as

NOT_READ: Final = object()
"""In the place of a content that could not be read at once: whoever needs it reads it, and is told why it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What an execution of a run begins with."""

    row: RunRow
    steps: dict[int, Recorded]  # that are done, by number
    first: UUID  # the item that began it
    topic: str
    content: Any = field(repr=False)  # `Damaged` where it cannot be read


_ITEM_FIELDS: Final = [each.name for each in fields(Item)]
_TAKE: Final = (
    "WITH found AS (SELECT " + ", ".join(_ITEM_FIELDS) + ", codec, body FROM process_item WHERE run_id = %(run)s"
    " AND (step = %(step)s AND kind <> 'result' OR step IS NULL AND"
    "  (kind = 'cancel' OR (kind = ANY(%(kinds)s) AND topic = ANY(%(topics)s))))"
    " ORDER BY step NULLS LAST, kind = 'cancel' DESC, seq LIMIT 1 FOR UPDATE),"
    " taken AS (UPDATE process_item i SET step = %(step)s FROM found WHERE i.id = found.id AND found.step IS NULL),"
    " woken AS (UPDATE process_run r SET waits_for = '', waits_until = NULL FROM found WHERE r.id = %(run)s),"
    " told AS (INSERT INTO process_history (run_id, step, kind, words, actor, message_id)"
    "  SELECT %(run)s, %(step)s, CASE kind WHEN 'decision' THEN 'decided' ELSE 'heard' END,"
    "  CASE kind WHEN 'decision' THEN 'the task' ELSE topic END, actor, message_id FROM found WHERE kind <> 'cancel'"
    "  ON CONFLICT DO NOTHING)"
    " SELECT * FROM found"
).encode()


async def begun(connection: Connection, run: UUID, workflow: str) -> Begun | None:
    """Where a run is; none: it is not there, or goes on as another workflow."""
    row = await store.run_by_id(connection, run)
    if row is None or row.workflow != workflow:
        return None
    cursor = await connection.execute(
        "SELECT id, topic, codec, body FROM process_item WHERE run_id = %s AND step = -1", [run]
    )
    found = await cursor.fetchone()
    if found is None:
        return None
    id, topic, codec, body = found
    cursor = await connection.execute(
        "SELECT step, name, outcome, failed FROM process_step WHERE run_id = %s AND step > %s", [run, row.step_base]
    )
    steps = {step: Recorded(name, outcome, failed) for step, name, outcome, failed in await cursor.fetchall()}
    try:
        content = await store.opened(connection, id, codec, body)
    except Damaged as error:
        content = error
    return Begun(row=row, steps=steps, first=id, topic=topic, content=content)


async def tell(
    connection: Connection,
    run: UUID,
    step: int,
    kind: str,
    words: str,
    *,
    actor: str = "",
    message_id: UUID | None = None,
) -> None:
    """Write a line into the history; a step that is repeated writes it once."""
    await connection.execute(
        "INSERT INTO process_history (run_id, step, kind, words, actor, message_id) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        [run, step, kind, storable(words), storable(actor), message_id],
    )


async def take(
    connection: Connection, run: UUID, step: int, kinds: Sequence[str], topics: Sequence[str]
) -> tuple[Item, Any] | None:
    """Within a transaction: the first of these that nobody took is this step's, also when the step is repeated.

    Anything that cancels the run comes first. With it comes what is in it, or `NOT_READ`; the run is at work from here
    on, and its history says what it heard.
    """
    values = {"run": run, "step": step, "kinds": list(kinds), "topics": list(topics)}
    cursor = await connection.execute(_TAKE, values)
    row = await cursor.fetchone()
    if row is None:
        return None
    *of_item, codec, body = row
    item = Item(**dict(zip(_ITEM_FIELDS, of_item, strict=True)))
    try:
        content = await store.opened(connection, item.id, codec, body)
    except Damaged:
        content = NOT_READ
    if item.kind == store.CANCEL:
        words = "no reason was given" if content is NOT_READ else str(content or "no reason was given")
        await tell(connection, run, step, "cancelling", words, actor=item.actor, message_id=item.message_id)
    return item, content


async def say_waiting(connection: Connection, run: UUID, words: str, until: datetime | None) -> None:
    """What the run waits for, for people; empty: it is at work."""
    await connection.execute(
        "UPDATE process_run SET waits_for = %s, waits_until = %s WHERE id = %s", [storable(words), until, run]
    )


async def end(connection: Connection, run: UUID, step: int, status: str, outcome: str) -> None:
    """Within a transaction: it is over. What still came is nobody's any more."""
    await connection.execute(
        "UPDATE process_run SET status = %s, outcome = %s, ended_at = coalesce(ended_at, now()), waits_for = '',"
        " waits_until = NULL WHERE id = %s",
        [status, storable(outcome), run],
    )
    await connection.execute(
        "UPDATE process_task SET withdrawn_at = now() WHERE run_id = %s AND decided_at IS NULL"
        " AND withdrawn_at IS NULL",
        [run],
    )
    await tell(connection, run, step, status, outcome)


async def keep_result(connection: Connection, row: RunRow, step: int, topic: str, value: Any, id: UUID) -> UUID:
    """Within a transaction: what a step came to, sealed, under this id; or the id of what it came to the first time."""
    async with packed(connection, [(sealed_as(row.process), id, 0, orjson.dumps(value))]) as [(codec, stored)]:
        cursor = await connection.execute(
            "INSERT INTO process_item AS i (id, process, key, run_id, kind, topic, codec, body, state, step)"
            " VALUES (%s, %s, %s, %s, 'result', %s, %s, %s, 'rung', %s)"
            " ON CONFLICT (run_id, step, kind) DO UPDATE SET state = i.state RETURNING id",
            [id, row.process, row.key, row.id, topic, codec, stored, step],
        )
        (kept,) = await cursor.fetchall()
    return UUID(str(kept[0]))


async def results(connection: Connection, run: UUID, *, before: int) -> dict[str, Any]:
    """What the steps of a run with smaller numbers came to, by their names; the last of each name."""
    cursor = await connection.execute(
        "SELECT topic, id FROM process_item WHERE run_id = %s AND kind = 'result' AND step < %s ORDER BY step",
        [run, before],
    )
    return {topic: await store.content(connection, id) for topic, id in await cursor.fetchall()}
