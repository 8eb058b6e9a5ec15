"""Erasing: what a plan of retention says is done, a flow and day at a time, each with one row in the audit.

The order is chosen so that a crash at any point leaves no body that nothing will erase: first the mark and the shredded
key in one transaction, then the room that was taken. What is on hold is sealed anew before, under a key of its own.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta
from uuid import UUID

import psycopg

from hilum.errors import SettingsError
from hilum.journal import intents
from hilum.journal.audit import record
from hilum.journal.data_keys import shred
from hilum.journal.holds import held_messages, released
from hilum.journal.keyring import day_of, keyring_of
from hilum.journal.partitions import drop_evidence_month, drop_payload_day, ids_of, payload_days
from hilum.journal.payloads import SEALED, Damaged, pack, unpacked
from hilum.journal.retention import Bounds, Kept, Plan, count_day, flows_at_work, plan
from hilum.postgres import Connection, Database

log = logging.getLogger("hilum.retention")

ACTOR = "retention"
"""Who erases, where nobody asked for it by hand."""

_BATCH = 1000
"""Messages whose payload is deleted in one statement."""

_EMPTY_DAYS = 30
"""A day without any payload loses its partition after so many days."""

_LOCK = 0x48494C55524554  # one process erases at a time
_PATIENCE = "SET LOCAL lock_timeout = '500ms'"  # what waits for a table's lock keeps receipt waiting behind it


async def run(database: Database, bounds: Bounds, *, actor: str = ACTOR, force: bool = False) -> Plan | None:
    """Erase what is due; returns the plan that was followed, or refused. None: another process is at it.

    `force`: a person has looked, and the clock and the amount are right. Harmless to repeat and to break off. Raises
    `DatabaseUnavailable`, `SettingsError` where something on hold would be lost because its key is not known here.
    """
    async with database.aside() as connection:
        await connection.execute("SET statement_timeout = 0")
        row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])).fetchone()
        if row is None or not row[0]:
            return None
        made = await plan(connection, bounds)
        if made.refusal and not force:
            log.warning("nothing is erased: %s", made.refusal)
        else:
            await _follow(connection, made, bounds, actor)
        # A connection that is closed keeps its lock until the server has noticed.
        await connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
        return made


async def _follow(connection: Connection, made: Plan, bounds: Bounds, actor: str) -> None:
    shredded = 0
    for one in made.due:
        shredded += await _erase(connection, one, actor)
    shredded += await _erase_late(connection, actor)
    shredded += await _erase_released(connection, actor)
    await _drop_days(connection, made.today)
    await _clear(connection)
    for month in made.months:
        await _drop_month(connection, month, bounds, actor)
    if shredded:
        await _compact(connection)


async def _erase(connection: Connection, one: Kept, actor: str) -> int:
    """Mark a flow and day as erased, and shred its keys; what is on hold is kept. Returns how many keys."""
    end = one.day + timedelta(days=1)
    async with connection.transaction():
        cursor = await connection.execute(
            "SELECT messages FROM payload_day WHERE flow = %s AND day = %s AND erased_at IS NULL FOR UPDATE",
            [one.flow, one.day],
        )
        row = await cursor.fetchone()
        if row is None:
            return 0
        held = await held_messages(connection, one.flow, one.day, end)
        count = max(row[0] - len(held), 0)
        numbers = await _shred_day(connection, one.flow, one.day, held)
        await connection.execute(
            "UPDATE payload_day SET erased_at = now(), erased = %s, words = %s WHERE flow = %s AND day = %s",
            [count, one.rule, one.flow, one.day],
        )
        await connection.execute(
            "UPDATE legal_hold SET erased_at = now() WHERE flow = %s AND message_id >= %s AND message_id < %s"
            " AND released_at IS NOT NULL AND erased_at IS NULL",
            [one.flow, *ids_of(one.day, end)],
        )
        kept = f", {len(held)} kept on legal hold" if held else ""
        words = f"payloads of {count} messages received on {one.day}, by {one.rule}{kept}"
        await record(connection, actor=actor, action="erase_payloads", flow=one.flow, words=words)
    _forget(connection, numbers)
    return len(numbers)


async def _shred_day(connection: Connection, flow: str, day: date, held: list[UUID]) -> list[int]:
    await _seal_apart(connection, flow, held)
    return await shred(connection, "flow = %s AND period = %s AND message_id IS NULL", [flow, day])


async def _seal_apart(connection: Connection, flow: str, held: list[UUID]) -> None:
    """Within a transaction: seal what is on hold under keys of its own. Raises `SettingsError`, `KeyUnavailable`."""
    cursor = await connection.execute(
        "SELECT id, ordinal, codec, body FROM payload WHERE id = ANY(%s) AND codec & %s <> 0 ORDER BY id",
        [held, SEALED],
    )
    rows = await cursor.fetchall()
    keyring = keyring_of(connection)
    if rows and keyring is None:
        raise SettingsError("Payloads on legal hold are encrypted, and this process has no keys to keep them with.")
    found = await unpacked(connection, rows)
    for message_id in {row[0] for row in rows}:
        bodies = {ref: body for ref, body in found.items() if ref[0] == message_id and not isinstance(body, Damaged)}
        if keyring is None or not bodies:
            continue
        key = await keyring.make_for(connection, flow, message_id)
        for (_, ordinal), body in bodies.items():
            codec, stored = pack(body) if isinstance(body, bytes) else (0, b"")
            codec |= SEALED
            await connection.execute(
                "UPDATE payload SET codec = %s, body = %s WHERE id = %s AND ordinal = %s",
                [codec, key.seal(message_id, ordinal, codec, stored), message_id, ordinal],
            )


async def _erase_late(connection: Connection, actor: str) -> int:
    """What came to a flow and day after it was erased: deliveries of a message on hold that was replayed."""
    cursor = await connection.execute(
        "SELECT DISTINCT d.flow, d.day, d.words FROM data_key k"
        " JOIN payload_day d ON d.flow = k.flow AND d.day = k.period"
        " WHERE d.erased_at IS NOT NULL AND k.wrapped IS NOT NULL AND k.message_id IS NULL"
    )
    count = 0
    for flow, day, rule in await cursor.fetchall():
        if flow in await flows_at_work(connection, day):
            continue
        async with connection.transaction():
            held = await held_messages(connection, flow, day, day + timedelta(days=1))
            numbers = await _shred_day(connection, flow, day, held)
            words = f"what came later to messages received on {day}, by {rule}"
            await record(connection, actor=actor, action="erase_payloads", flow=flow, words=words)
        _forget(connection, numbers)
        count += len(numbers)
    return count


async def _erase_released(connection: Connection, actor: str) -> int:
    """What was on hold beyond its day, and is not any more."""
    count = 0
    for flow, message_id in await released(connection):
        day = day_of(message_id)
        cursor = await connection.execute(
            "SELECT words FROM payload_day WHERE flow = %s AND day = %s AND erased_at IS NOT NULL", [flow, day]
        )
        rule = await cursor.fetchone()
        state = await connection.execute(
            "SELECT 1 FROM message WHERE id = %s AND state IN ('received', 'routed', 'held')", [message_id]
        )
        if rule is None or await state.fetchone() is not None:
            continue
        async with connection.transaction():
            done = await connection.execute(
                "UPDATE legal_hold SET erased_at = now() WHERE message_id = %s AND erased_at IS NULL AND NOT EXISTS"
                " (SELECT 1 FROM legal_hold o WHERE o.message_id = %s AND o.released_at IS NULL)",
                [message_id, message_id],
            )
            if not done.rowcount:
                continue
            await connection.execute("DELETE FROM payload WHERE id = %s", [message_id])
            numbers = await shred(connection, "message_id = %s", [message_id])
            words = f"its legal hold has ended; {rule[0]}"
            await record(connection, actor=actor, action="erase_payload", flow=flow, message_id=message_id, words=words)
        _forget(connection, numbers)
        count += len(numbers)
    return count


def _forget(connection: Connection, numbers: list[int]) -> None:
    keyring = keyring_of(connection)
    if keyring is not None:
        keyring.forget(numbers)


async def _drop_days(connection: Connection, today: date) -> None:
    """Drop the partitions in which nothing is kept any more, but what is on hold."""
    cursor = await connection.execute("SELECT day, bool_and(erased_at IS NOT NULL) FROM payload_day GROUP BY day")
    erased: dict[date, bool] = dict(await cursor.fetchall())
    for day in sorted(await payload_days(connection)):
        if day >= today or not erased.get(day, day < today - timedelta(days=_EMPTY_DAYS)):
            continue
        await count_day(connection, day)  # something may have come since it was counted
        kept = await connection.execute("SELECT 1 FROM payload_day WHERE day = %s AND erased_at IS NULL", [day])
        if await kept.fetchone() is not None or await flows_at_work(connection, day):
            continue
        try:
            await _drop_day(connection, day)
        except psycopg.errors.LockNotAvailable:
            log.info("the partition of %s is in use and is dropped later", day)


async def _drop_day(connection: Connection, day: date) -> None:
    async with connection.transaction():
        await connection.execute(_PATIENCE)
        cursor = await connection.execute(
            "SELECT id, ordinal, codec, body FROM payload WHERE id IN"
            " (SELECT message_id FROM legal_hold WHERE message_id >= %s AND message_id < %s AND erased_at IS NULL)",
            [*ids_of(day, day + timedelta(days=1))],
        )
        held = await cursor.fetchall()
        await drop_payload_day(connection, day)
        if held:  # they go to the rest partition
            await connection.cursor().executemany(
                "INSERT INTO payload (id, ordinal, codec, body) VALUES (%s, %s, %s, %s)", held
            )
        await connection.execute("UPDATE payload_day SET cleared = true WHERE day = %s", [day])


async def _clear(connection: Connection) -> None:
    """Delete what is erased from partitions in which other flows are still kept, in small batches."""
    cursor = await connection.execute(
        "SELECT flow, day FROM payload_day WHERE erased_at IS NOT NULL AND NOT cleared ORDER BY day, flow"
    )
    for flow, day in await cursor.fetchall():
        last, end = ids_of(day, day + timedelta(days=1))
        while True:
            found = await connection.execute(
                "SELECT id FROM message WHERE id > %s AND id < %s AND flow = %s AND state IN ('completed', 'discarded')"
                " ORDER BY id LIMIT %s",
                [last, end, flow, _BATCH],
            )
            ids = [row[0] for row in await found.fetchall()]
            if not ids:
                break
            await connection.execute(
                "DELETE FROM payload WHERE id = ANY(%s) AND NOT EXISTS"
                " (SELECT 1 FROM legal_hold h WHERE h.message_id = payload.id AND h.erased_at IS NULL)",
                [ids],
            )
            last = ids[-1]
        await connection.execute("UPDATE payload_day SET cleared = true WHERE flow = %s AND day = %s", [flow, day])


async def _drop_month(connection: Connection, month: date, bounds: Bounds, actor: str) -> None:
    """Drop what is known of the messages of a month."""
    end = (month + timedelta(days=32)).replace(day=1)
    try:
        async with connection.transaction():
            await connection.execute(_PATIENCE)
            cursor = await connection.execute(
                "SELECT count(*) FROM message WHERE id >= %s AND id < %s", [*ids_of(month, end)]
            )
            row = await cursor.fetchone()
            await drop_evidence_month(connection, month)
            await intents.forget(connection, ids_of(month, end)[1])
            words = f"{row[0] if row else 0} messages of {month:%Y-%m}, by [hub] evidence_days = {bounds.evidence_days}"
            await record(connection, actor=actor, action="erase_evidence", words=words)
    except psycopg.errors.LockNotAvailable:
        log.info("the partitions of %s are in use and are dropped later", f"{month:%Y-%m}")


async def _compact(connection: Connection) -> None:
    """Write the table of data keys anew: old versions of shredded rows still hold their sealed keys."""
    try:
        await connection.execute("SET lock_timeout = '2s'")
        await connection.execute("VACUUM FULL data_key")
    except psycopg.errors.LockNotAvailable:
        log.info("the table of data keys is in use; shredded keys leave its file at the next run")
