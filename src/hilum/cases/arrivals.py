"""Arrivals of which a person says what they are: how many wait for each, and an answer releases all that wait.

The answer and the job that releases them are made in one transaction. A worker that holds a message for it meanwhile
waits for that transaction, sees the answer, and holds nothing.
"""

from __future__ import annotations

from collections.abc import Collection

from hilum.cases.classify import ARRIVAL
from hilum.cases.jobs import REPLAY, Asked, Job, make, prepare
from hilum.cases.policy import Policy
from hilum.cases.selection import Selection
from hilum.errors import Ambiguous
from hilum.masterdata import matching
from hilum.postgres import Connection


async def waiting(connection: Connection, numbers: Collection[int]) -> dict[int, int]:
    """How many messages wait for each arrival, with those behind them."""
    causes = {ARRIVAL.format(number=number): number for number in numbers}
    cursor = await connection.execute(
        "SELECT c.cause, count(DISTINCT c.message_id) + coalesce(sum(b.behind), 0)::bigint FROM exception_case c"
        " LEFT JOIN LATERAL (SELECT count(*) AS behind FROM blocked_key k JOIN parked p USING (stage, key)"
        "  WHERE k.message_id = c.message_id AND k.ordinal = c.ordinal) b ON true"
        " WHERE c.closed_at IS NULL AND c.category = %s AND c.cause = ANY(%s) GROUP BY 1",
        [Ambiguous.category, list(causes)],
    )
    return {causes[row[0]]: int(row[1]) for row in await cursor.fetchall()}


async def answer_and_release(
    connection: Connection, number: int, *, same_as: int | None, by: str, reason: str, policy: Policy
) -> tuple[str, Job | None]:
    """Within a transaction: say which thing it is (none: a new one), and release all that wait for it, as one job.

    Returns in words what was done; no job: nothing waits any more. Raises `SettingsError`.
    """
    _, words = await matching.answer(connection, number, same_as=same_as, actor=by, reason=reason)
    prepared = await prepare(connection, asked(number))
    if not prepared.steps:
        return words, None
    return words, await make(connection, prepared, by=by, reason=reason, policy=policy)


def asked(number: int) -> Asked:
    """The replay of all that wait for an answer."""
    selection = Selection(category=Ambiguous.category, cause=ARRIVAL.format(number=number))
    return Asked(act=REPLAY, selection=selection, priority=None)
