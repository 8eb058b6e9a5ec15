"""A steward lets a change through that ownership held: it counts, and its message goes on."""

from __future__ import annotations

from uuid import UUID

from hilum.cases.desk import NotPossible, cases
from hilum.cases.resolution import apply, plan
from hilum.errors import Undecided
from hilum.masterdata import sync
from hilum.postgres import Connection


async def let_through(connection: Connection, message_id: UUID, *, actor: str, reason: str) -> int:
    """Grant and replay, in one transaction. Raises `NotPossible` where no steward is asked about this message."""
    found = await cases(connection, message_id=message_id)
    if not any(each.category == Undecided.category for each in found):
        raise NotPossible("No steward is asked about this message: it is not held for that, or was decided already.")
    await sync.accept(connection, message_id, actor=actor, reason=reason)
    return await apply(connection, await plan(connection, [message_id]), actor=actor, reason=reason)
