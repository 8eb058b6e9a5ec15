"""Differences that somebody accepts: they are work no more, until something else differs of the same key."""

from __future__ import annotations

from enum import StrEnum

from hilum import cases
from hilum.cases import NotPossible
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.postgres import Connection
from hilum.reconcile.settling import DIFFERENT, place
from hilum.reconcile.store import DifferenceRow, one_difference


class Accepted(StrEnum):
    """What somebody says of a difference. In the database by these words."""

    THEIRS = "theirs"  # the other side is right: who keeps this one corrects it
    KNOWN = "known"  # both stay as they are, for a reason


async def accept(connection: Connection, number: int, as_: Accepted, *, actor: str, reason: str) -> DifferenceRow:
    """Within a transaction: it is nobody's work any more, and its case is closed. Raises `NotPossible`."""
    cursor = await connection.execute(
        "UPDATE comparison_difference SET accepted_at = now(), accepted_by = %s, accepted_as = %s, accepted_why = %s"
        " WHERE id = %s AND ended_at IS NULL AND accepted_at IS NULL",
        [storable(actor), as_.value, storable(reason), number],
    )
    found = await one_difference(connection, number)
    if not cursor.rowcount or found is None:
        raise NotPossible("It differs no more, or somebody has accepted it already.")
    words = f"{found.comparison}, {found.title}: {as_.value}, {reason}"
    await record(connection, actor=actor, action="difference_accepted", words=words)
    if (case := await case_of(connection, found)) is not None:
        await cases.close_condition(connection, case, actor=actor, reason=reason)
    return found


async def take_back(connection: Connection, number: int, *, actor: str, reason: str) -> DifferenceRow:
    """Within a transaction: it is work again; the next run opens a case of it. Raises `NotPossible`."""
    cursor = await connection.execute(
        "UPDATE comparison_difference SET accepted_at = NULL, accepted_by = '', accepted_as = '', accepted_why = ''"
        " WHERE id = %s AND ended_at IS NULL AND accepted_at IS NOT NULL",
        [number],
    )
    found = await one_difference(connection, number)
    if not cursor.rowcount or found is None:
        raise NotPossible("It differs no more, or nobody has accepted it.")
    await connection.execute(  # the case that was closed with it lasts no more: the next run opens another
        "UPDATE exception_case SET gone_at = now() WHERE destination = %s AND condition = %s AND gone_at IS NULL"
        " AND closed_at IS NOT NULL",
        [place(found.comparison), f"{DIFFERENT}: {found.key}"],
    )
    await record(
        connection, actor=actor, action="difference_open", words=f"{found.comparison}, {found.title}: {reason}"
    )
    return found


async def case_of(connection: Connection, found: DifferenceRow) -> int | None:
    """The open case of a difference; none: it has none, or not yet."""
    cursor = await connection.execute(
        "SELECT id FROM exception_case WHERE destination = %s AND condition = %s AND closed_at IS NULL",
        [place(found.comparison), f"{DIFFERENT}: {found.key}"],
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else None
