"""What people do with lookup tables. Each act asks first who they are and why."""

from __future__ import annotations

from io import StringIO

from hilum.cases import missing as lacking
from hilum.cases.missing import Missing
from hilum.console.acts import allowed, reasoned
from hilum.console.session import Visit
from hilum.console.words import number, plural
from hilum.errors import SettingsError
from hilum.flow.tables import Content, Row, read_csv
from hilum.masterdata import lookups
from hilum.masterdata.lookups import Altered, Change, Difference
from hilum.security import Permission


async def set_row(visit: Visit, table: str, row: Row, reason: str) -> str:
    """Say what a code becomes; returns in words what was done. Raises `SettingsError`."""
    user = await allowed(visit, Permission.CURATE)
    change = Change(actor=user.name, reason=reasoned(reason))
    async with visit.context.database.transaction() as connection:
        await lookups.set_row(connection, table, row, change)
    return f"'{row.code}' is set; within a second all processes know it."


async def compare(visit: Visit, table: str, given: Content, *, whole: bool) -> tuple[Difference, list[Altered]]:
    """What an import would change. Raises `SettingsError`."""
    await allowed(visit, Permission.CURATE)
    async with visit.context.database.cold() as connection:
        return await lookups.compare(connection, table, given, whole=whole)


async def import_table(visit: Visit, table: str, given: Content, reason: str, *, whole: bool, shown: Difference) -> str:
    """Do what was shown; returns in words what was done.

    Raises `SettingsError` where somebody has changed the table since, so that something else would come of it.
    """
    user = await allowed(visit, Permission.CURATE)
    change = Change(actor=user.name, reason=reasoned(reason))
    async with visit.context.database.transaction() as connection:
        made = await lookups.import_table(connection, table, given, change, whole=whole)
        if made != shown:
            raise SettingsError(
                f"{table} was changed meanwhile. Nothing was imported; look again at what would change."
            )
    return f"Imported: {in_words(made)}. Within a second all processes know it."


def in_words(difference: Difference) -> str:
    """`3 added, 1 changed, none ended, 20 as before`."""
    counts = {
        "added": difference.added, "changed": difference.changed, "ended": difference.ended,
        "as before": difference.same,
    }  # fmt: skip
    return ", ".join(f"{number(count) if count else 'none'} {what}" for what, count in counts.items())


def read_upload(name: str, text: str) -> Content:
    """The content of an uploaded CSV file. Raises `SettingsError` naming file and line."""
    if "\ufffd" in text:
        raise SettingsError(f"{name}: it is not in UTF-8. Save it as CSV UTF-8.")
    return read_csv(StringIO(text.removeprefix("\ufeff"), newline=""), name)


async def end_row(visit: Visit, table: str, code: str, reason: str) -> str:
    """From today on the table says nothing of a code. Raises `SettingsError`."""
    user = await allowed(visit, Permission.CURATE)
    change = Change(actor=user.name, reason=reasoned(reason))
    project = visit.context.project
    async with visit.context.database.transaction() as connection:
        await lookups.end_row(connection, table, code, project.lookup.today if project else None, change)
    return f"'{code}' ends today."


async def add_and_release(visit: Visit, lack: Missing, row: Row, reason: str) -> str:
    """Add what is missing and release all that wait for it. Raises `SettingsError`."""
    user = await allowed(visit, Permission.CURATE)
    await allowed(visit, Permission.REPLAY)
    why = reasoned(reason)
    if not any(row.cells.values()):
        raise SettingsError("Say what the code becomes.")
    policy = visit.context.policy
    async with visit.context.database.transaction() as connection:
        _, job = await lacking.add_and_release(connection, lack, row, by=user.name, reason=why, policy=policy)
    if job is None:
        return f"'{row.code}' is added; nothing waits for it any more."
    if job.state == "waiting":
        return f"'{row.code}' is added. Job {job.id} waits for a second person: it is under Approvals."
    return f"'{row.code}' is added, and {plural(job.total, 'message')} released (job {job.id})."
