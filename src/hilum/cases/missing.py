"""Codes that a lookup table lacks: which, from where, how many wait for each; and adding one releases all that wait.

The row is added and the job that releases them is made in one transaction. A worker that has not seen the row yet looks
again before it holds a message anew, so the job need not wait for anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hilum.cases.desk import NotPossible
from hilum.cases.jobs import REPLAY, Asked, Job, Prepared, make, prepare
from hilum.cases.policy import Policy
from hilum.cases.selection import Selection
from hilum.flow import Flow
from hilum.flow.tables import Row
from hilum.masterdata.lookups import Change, set_row
from hilum.postgres import Connection

UNMAPPED = "unmapped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A code that a table lacks, and what waits for it."""

    table: str
    column: str  # the cell that is empty; empty: there is no row
    code: str
    cause: str  # as the cases have it
    messages: int
    behind: int  # messages that wait behind these
    flows: tuple[str, ...]
    oldest: datetime

    def sources(self, flows: Mapping[str, Flow]) -> list[str]:
        """Where they came from, as far as this process knows their flows."""
        return sorted({source.address for name in self.flows if name in flows for source in flows[name].sources})

    def in_words(self, flows: Mapping[str, Flow]) -> str:
        """The missing code, the table, where it came from and how many wait."""
        what = f"the column '{self.column}' of '{self.code}'" if self.column else f"the code '{self.code}'"
        came = ", ".join(self.sources(flows)) or ", ".join(self.flows)
        more = f", and {self.behind} more behind them" if self.behind else ""
        wait = "1 message waits" if self.messages == 1 else f"{self.messages} messages wait"
        return f"The table '{self.table}' lacks {what}, which came from {came}: {wait} for it{more}."


async def missing(
    connection: Connection, tables: Collection[str], *, group: str = "", table: str = "", code: str = ""
) -> list[Missing]:
    """What these tables lack, by open cases; those for which most wait first. `group`: only what that group lacks."""
    cursor = await connection.execute(_MISSING.encode(), {"group": group})
    found = []
    for cause, messages, behind, flows, oldest in await cursor.fetchall():
        for place, column, lacked in _named(cause, tables):
            if (table and place != table) or (code and lacked != code):
                continue
            found.append(
                Missing(table=place, column=column, code=lacked, cause=cause, messages=messages, behind=behind,
                        flows=tuple(flows), oldest=oldest)
            )  # fmt: skip
    return found


_MISSING = """
SELECT c.cause, count(DISTINCT c.message_id), coalesce(sum(b.behind), 0)::bigint, array_agg(DISTINCT c.flow),
    min(c.opened_at)
FROM exception_case c LEFT JOIN LATERAL (
    SELECT count(*) AS behind FROM blocked_key k JOIN parked p USING (stage, key)
    WHERE k.message_id = c.message_id AND k.ordinal = c.ordinal) b ON true
WHERE c.closed_at IS NULL AND c.category = 'unmapped'
    AND (%(group)s = '' OR c.cause IN (SELECT cause FROM exception_case WHERE group_key = %(group)s))
GROUP BY c.cause ORDER BY 2 DESC, 5 LIMIT 1000
"""


def _named(cause: str, tables: Collection[str]) -> list[tuple[str, str, str]]:
    """Table, column and code that a cause names; nothing where it names none of these tables."""
    place, separator, code = cause.partition(": ")
    if not separator or not code:
        return []
    if place in tables:
        return [(place, "", code)]
    table, _, column = place.rpartition(".")
    return [(table, column, code)] if table in tables else []


async def add_and_release(
    connection: Connection, lack: Missing, row: Row, *, by: str, reason: str, policy: Policy
) -> tuple[Prepared, Job | None]:
    """Within a transaction: add the row, and release all that wait for it, of every flow, as one job.

    No job: nothing waits any more, and the row is added all the same. Raises `SettingsError` where the row cannot be,
    and `NotPossible` where it does not hold yet.
    """
    await set_row(connection, lack.table, row, Change(actor=by, reason=reason))
    prepared = await prepare(connection, asked(lack))
    if not prepared.steps:
        return prepared, None
    return prepared, await make(connection, prepared, by=by, reason=reason, policy=policy)


def asked(lack: Missing) -> Asked:
    """The replay of all that wait for it."""
    return Asked(act=REPLAY, selection=Selection(category=UNMAPPED, cause=lack.cause), priority=None)


def one(found: Sequence[Missing], table: str, code: str) -> Missing:
    """The one that was meant. Raises `NotPossible` where no case waits for it."""
    mine = [each for each in found if (each.table, each.code) == (table, code)]
    if not mine:
        raise NotPossible(f"No message waits for '{code}' in the table '{table}'.")
    return mine[0]
