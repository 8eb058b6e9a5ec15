"""Puts new keys in the place of those that end, where the far side offers it; else the case says what a person does."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from hilum.connector import Renewable, Renewal
from hilum.errors import Failure, SettingsError
from hilum.journal.audit import record
from hilum.journal.endpoint_states import claim_renewal, note_renewal
from hilum.postgres import Database

log = logging.getLogger("hilum.hub")

BEFORE: Final = timedelta(days=21)
"""A key is renewed when it ends within this time: a week of tries before anybody is asked."""

_EVERY: Final = 3600.0  # seconds between two tries, over all processes


async def renew_where_due(
    database: Database, name: str, destination: object, ends: datetime | None, *, before: timedelta = BEFORE
) -> Renewal | None:
    """Renew the key where it is due; None: it is not, or another process does. Raises `DatabaseUnavailable`."""
    if not isinstance(destination, Renewable) or not destination.renews:
        return None
    if ends is None or ends - datetime.now(UTC) > before:
        return None
    async with database.cold() as connection:
        if not await claim_renewal(connection, name, seconds=_EVERY):
            return None
    try:
        told = await destination.renew_key()
    except (Failure, SettingsError) as error:
        told = Renewal(done=False, words=str(error))
    await note(database, name, told, actor="hub")
    return told


async def note(database: Database, name: str, told: Renewal, *, actor: str) -> None:
    """Keep what came of it, in the audit too. The key itself is nowhere but in its file."""
    async with database.transaction() as connection:
        await note_renewal(connection, name, "" if told.done else told.words, told.ends)
        ends = f" It ends on {told.ends:%Y-%m-%d}." if told.ends else ""
        action = "key_renewed" if told.done else "key_not_renewed"
        await record(connection, actor=actor, action=action, words=f"{name}: {told.words}{ends}")
    log.log(logging.INFO if told.done else logging.WARNING, "%s: %s", name, told.words)


async def retire_where_due(database: Database, name: str, destination: object) -> None:
    """Take a former key back when all have had time to read the new one. Raises a `Failure`."""
    if not isinstance(destination, Renewable):
        return
    words = await destination.retire_key()
    if words:
        async with database.cold() as connection:
            await record(connection, actor="hub", action="key_retired", words=f"{name}: {words}")
        log.info("%s: %s", name, words)
