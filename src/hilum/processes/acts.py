"""What people do with runs: cancel one, let a held one go on, move runs to the current version."""

from __future__ import annotations

from hilum.errors import Refused
from hilum.journal.audit import record
from hilum.postgres import Connection
from hilum.processes import store
from hilum.processes.store import AGAIN, CANCEL, HELD, MIGRATE, NewItem, RunRow


async def cancel(connection: Connection, process: str, key: str, *, actor: str, reason: str) -> RunRow:
    """Within a transaction: what the run did is undone, and it ends. A held one is repeated first, and then undone."""
    run = await _open(connection, process, key)
    await store.put(connection, _item(run, CANCEL, actor, reason))
    if run.status == HELD:
        await store.put(connection, _item(run, AGAIN, actor, reason))
    await record(connection, actor=actor, action="process_cancelled", flow=process, words=f"{key}: {reason}")
    return run


async def repeat(connection: Connection, process: str, key: str, *, actor: str, reason: str) -> RunRow:
    """Within a transaction: a held run goes on from the step at which it stopped. Raises `Refused`."""
    run = await _open(connection, process, key)
    if run.status != HELD:
        raise Refused(f"{process} {key} is not held: it waits for {run.waits_for or 'nothing'}.")
    await store.put(connection, _item(run, AGAIN, actor, reason))
    await record(connection, actor=actor, action="process_repeated", flow=process, words=f"{key}: {reason}")
    return run


async def migrate(connection: Connection, process: str, version: str, *, actor: str, reason: str) -> int:
    """Within a transaction: all open runs of this version go on in the current one; returns how many."""
    found = [run for run in await _all_open(connection, process) if run.version == version]
    for run in found:
        await store.put(connection, _item(run, MIGRATE, actor, reason))
    if found:
        words = f"{len(found)} runs of version {version}: {reason}"
        await record(connection, actor=actor, action="process_migrated", flow=process, words=words)
    return len(found)


def _item(run: RunRow, kind: str, actor: str, reason: str) -> NewItem:
    return NewItem(process=run.process, key=run.key, kind=kind, content=reason, run_id=run.id, actor=actor)


async def _open(connection: Connection, process: str, key: str) -> RunRow:
    run = await store.run_of(connection, process, key)
    if run is None or not run.open:
        raise Refused(f"There is no open run of {process} for {key}.")
    locked = await store.run_by_id(connection, run.id, lock=True)
    if locked is None or not locked.open:
        raise Refused(f"The run of {process} for {key} has ended meanwhile.")
    return locked


async def _all_open(connection: Connection, process: str) -> list[RunRow]:
    found = [run for status in ("running", "held") for run in await store.runs(
        connection, process=process, status=status, limit=1_000_000
    )]  # fmt: skip
    return sorted(found, key=lambda run: run.id)
