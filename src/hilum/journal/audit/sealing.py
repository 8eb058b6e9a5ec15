"""Sealing: acts that were committed get their links, in the order in which they appear, by one hub at a time.

Those who write acts do not touch the chain: their transactions may be long, and would wait for each other. So an act is
linked a moment after its commit, and a hub that dies in between loses nothing: the next one finds it.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hilum.journal.audit.chain import ACT_COLUMNS, FIRST, MONTH_OF_ACT, Act, link_hash
from hilum.postgres import Connection, Database

log = logging.getLogger("hilum.audit")

GAP_SECONDS = 60.0
"""After a longer time without sealing, links say since when nobody sealed; acts of that time are not backdated."""

_TAKEOVER_SECONDS = 15.0
"""Another hub seals when the one that did so was silent for so long."""

_NOTE_SECONDS = 5.0
"""The sealer says that it lives this often; a commit each second would be more than it is worth."""

_SWEEP_SECONDS = 120.0
"""So often all acts of the last days are looked at, not only the new ones."""

_SWEEP_DAYS = 3

_BATCH = 5_000
"""Links in one transaction."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class _Now(NamedTuple):
    """What the database says at the beginning of a pass."""

    time: datetime
    holder: str
    passed_at: datetime | None
    oldest: int  # no transaction older than this is under way
    newest: int  # every transaction from this one on is still to come


class Sealer:
    """Links what is not linked. One for each hub; only one of them at a time does anything."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._passed: datetime | None = None  # when this one passed last, while it is the sealer
        self._noted: datetime | None = None
        self._swept: datetime | None = None
        self._above = 0  # every act up to this id is linked, or will never appear
        self._seen: deque[tuple[int, int]] = deque()  # (highest id seen, transactions that were still to come then)

    @property
    def active(self) -> bool:
        """Is this the one that seals?"""
        return self._passed is not None

    async def step(self, *, at_once: bool = False) -> int:
        """One pass: how many acts were linked. Raises `DatabaseUnavailable`.

        Other hubs may try at the same moment: one of them passes, the others do nothing. `at_once`: also where another
        one passed lately.
        """
        total, since = 0, None
        first, after = True, 0  # the last id of the portion before
        while True:
            async with self._database.transaction() as connection:
                now = await _begin(connection)
                if now is None or not self._mine(now, at_once):
                    self._passed = None
                    return total
                if first:
                    since, first = self._gap(now), False
                sweep = self._swept is None or now.time - self._swept > timedelta(seconds=_SWEEP_SECONDS)
                acts = await self._unlinked(connection, now, max(after, 0 if sweep else self._above))
                await link(connection, acts, now.time, since)
                await self._note(connection, now, changed=bool(acts))
            self._passed = now.time
            total += len(acts)
            after = acts[-1][1].id if acts else after
            if len(acts) < _BATCH:
                self._advance(now, acts, sweep=sweep)
                return total

    async def leave(self) -> None:
        """Let another one seal from now on. Raises `DatabaseUnavailable`."""
        if self._passed is not None:
            async with self._database.transaction() as connection:
                await connection.execute("UPDATE audit_sealer SET holder = '', passed_at = now() WHERE holder = %s",
                                         [self._name])  # fmt: skip
            self._passed = None

    def _mine(self, now: _Now, at_once: bool) -> bool:
        if now.holder in ("", self._name) or now.passed_at is None or at_once:
            return True
        return now.time - now.passed_at > timedelta(seconds=_TAKEOVER_SECONDS)

    def _gap(self, now: _Now) -> datetime | None:
        """Since when nobody sealed, where that is long. What this one remembers counts more than what is written."""
        before = self._passed or now.passed_at or _BEGINNING
        return before if now.time - before > timedelta(seconds=GAP_SECONDS) else None

    async def _unlinked(self, connection: Connection, now: _Now, above: int) -> list[tuple[str, Act]]:
        start = now.time - timedelta(days=_SWEEP_DAYS) if self._swept is not None else _BEGINNING
        cursor = await connection.execute(
            f"SELECT {MONTH_OF_ACT}::text, {ACT_COLUMNS} FROM audit a WHERE a.id > %s AND a.at >= %s"
            " AND NOT EXISTS (SELECT 1 FROM audit_link l WHERE l.audit_id = a.id) ORDER BY a.id LIMIT %s".encode(),
            [above, start, _BATCH],
        )
        return [(row[0], Act(*row[1:])) for row in await cursor.fetchall()]

    async def _note(self, connection: Connection, now: _Now, *, changed: bool) -> None:
        due = self._noted is None or now.time - self._noted > timedelta(seconds=_NOTE_SECONDS)
        if changed or due or self._passed is None:
            await connection.execute("UPDATE audit_sealer SET holder = %s, passed_at = %s", [self._name, now.time])
            self._noted = now.time

    def _advance(self, now: _Now, acts: list[tuple[str, Act]], *, sweep: bool) -> None:
        """An act with a lower id may still be in a transaction: go past an id only when all older ones have ended."""
        if sweep:
            self._swept = now.time
        highest = max([act.id for _, act in acts], default=0)
        if highest > (self._seen[-1][0] if self._seen else self._above):
            self._seen.append((highest, now.newest))
        while self._seen and self._seen[0][1] <= now.oldest:
            self._above = max(self._above, self._seen.popleft()[0])


async def _begin(connection: Connection) -> _Now | None:
    """None: another one is passing at this moment."""
    cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(hashtext('hilum.audit'))")
    if await cursor.fetchone() != (True,):
        return None
    cursor = await connection.execute(
        "SELECT clock_timestamp(), holder, passed_at, pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
        " pg_snapshot_xmax(pg_current_snapshot())::text::bigint FROM audit_sealer"
    )
    row = await cursor.fetchone()
    return _Now(*row) if row else None


async def link(
    connection: Connection, acts: list[tuple[str, Act]], now: datetime, since: datetime | None = None
) -> None:
    """Append a link for each of these (month, act), in this order. Nobody else may do so at the same time."""
    by_month: dict[str, list[Act]] = defaultdict(list)
    for month, act in acts:
        by_month[month].append(act)
    linked_at, gap = as_micros(now), as_micros(since) if since else None
    for month, those in by_month.items():
        number, previous = await head(connection, month)
        numbers, ids, hashes = [], [], []
        for act in those:
            number += 1
            previous = link_hash(previous, month, number, linked_at, gap, act)
            numbers.append(number)
            ids.append(act.id)
            hashes.append(previous)
        await connection.execute(
            "INSERT INTO audit_link (month, number, audit_id, linked_at, since, hash)"
            " SELECT %s::date, t.number, t.id, %s, %s, t.hash"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[]) AS t (number, id, hash)",
            [month, now, since, numbers, ids, hashes],
        )


async def head(connection: Connection, month: str) -> tuple[int, bytes]:
    """The last number and hash of a month's chain."""
    cursor = await connection.execute(
        "SELECT number, hash FROM audit_link WHERE month = %s ORDER BY number DESC LIMIT 1", [month]
    )
    row = await cursor.fetchone()
    return (int(row[0]), bytes(row[1])) if row else (0, FIRST)


def as_micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _BEGINNING) // timedelta(microseconds=1)
