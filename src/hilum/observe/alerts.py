"""Alerts: one incident for each cause while it lasts, told when it opens and when it is resolved.

Causes are looked for in each new sample of the whole hub, by the process that read it, in the same transaction. A cause
must last before it becomes an incident, and must be gone clearly and for a while before that is resolved: what goes up
and down around a limit is one incident. Notices go through the journal where a flow for them is declared, like any
message; else they are posted, and again until the receiver takes them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import aiohttp
import orjson
from psycopg.rows import class_row

from hilum.errors import SettingsError
from hilum.flow import Flow
from hilum.journal import Draft, receive
from hilum.observe import catalogue
from hilum.observe.snapshot import Sample
from hilum.postgres import Connection, Database
from hilum.settings import AlertSettings

log = logging.getLogger("hilum.alerts")

_CLEAR_BELOW: Final = 0.8
"""A value must sink to this part of its limit before the cause counts as gone."""

_POST_SECONDS = 10.0
_CLAIM_SECONDS = 30.0  # in which no other process tries the same notice
_LONGEST_WAIT = 300.0  # seconds between two tries
_AT_ONCE = 20  # notices in one go

_WAITING = frozenset({"received", "pending", "waiting"})


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that is, or nearly is, as it should not be."""

    kind: str
    subject: str
    words: str
    value: float
    limit: float

    @property
    def firing(self) -> bool:
        """Is it past its limit?"""
        return self.value >= self.limit

    @property
    def gone(self) -> bool:
        """Is it clearly below?"""
        return self.value < self.limit * _CLEAR_BELOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One row of the table."""

    id: int
    kind: str
    subject: str
    words: str
    since: datetime
    opened_at: datetime | None
    clear_since: datetime | None
    closed_at: datetime | None
    told_opened: datetime | None
    lasted: float  # seconds since the cause was first seen
    clear_for: float  # seconds since it is gone


def causes(sample: Sample, settings: AlertSettings) -> Iterator[Cause]:
    """What is watched, with its value now."""
    yield from _of_queues(sample, settings)
    yield from _of_flows(sample, settings)
    if settings.down:
        for (place,), state in sample.get(catalogue.BREAKER_OPEN).items():
            yield Cause("down", place, f"{place} is down; what is to go there waits.", state, 1.0)
    if settings.findings:
        for (place,), number in sample.get(catalogue.ENDPOINT_FINDINGS).items():
            words = f"{place}: {number:.0f} things there do not fit the flows, and messages will fail by them."
            yield Cause("findings", place, words, number, 1.0)
    if settings.key_days:
        for (place,), left in sample.get(catalogue.KEY_LEFT).items():
            days = left / 86_400
            words = f"{place}: its key ends in {max(days, 0):.0f} days. Make a new one and set it."
            yield Cause("key", place, words, settings.key_days - days, 0.0)


def _of_queues(sample: Sample, settings: AlertSettings) -> Iterator[Cause]:
    if settings.depth:
        for subject, number in _by_place(sample.get(catalogue.QUEUE_DEPTH), sum):
            yield Cause("depth", subject, f"{subject}: {number:.0f} wait to be worked off.", number, settings.depth)
    if settings.oldest_seconds:
        for subject, age in _by_place(sample.get(catalogue.QUEUE_OLDEST), max):
            yield Cause(
                "oldest", subject, f"{subject}: the oldest waits for {age:.0f} s.", age, settings.oldest_seconds
            )


def _of_flows(sample: Sample, settings: AlertSettings) -> Iterator[Cause]:
    for flow, limit in settings.silence.items():
        silent = sample.get(catalogue.SILENCE).get((flow,), 0.0)
        yield Cause("silence", flow, f"{flow}: nothing came in for {silent:.0f} s.", silent, limit)
    if settings.budget_used:
        for (flow, window), left in sample.get(catalogue.SLO_BUDGET).items():
            if window == "30d":
                used = 1 - left
                words = f"{flow}: {used:.0%} of what may be late in 30 days was late."
                yield Cause("budget", flow, words, used, settings.budget_used)


def _by_place(values: Mapping[tuple[str, ...], float], put_together: Any) -> Iterator[tuple[str, float]]:
    """Values of what is under way, by the flow, or the flow and its destination."""
    found: dict[str, list[float]] = {}
    for (flow, destination, state), value in values.items():
        if state in _WAITING:
            found.setdefault(f"{flow} to {destination}" if destination else flow, []).append(value)
    for subject, each in found.items():
        yield subject, put_together(each)


class Alerts:
    """Keeps the incidents, and tells of them."""

    def __init__(self, settings: AlertSettings, flows: Mapping[str, Flow], hub: str, lanes: int) -> None:
        self._settings = settings
        self._flows = flows
        self._hub = hub
        self._lanes = lanes

    @property
    def active(self) -> bool:
        """Is anybody to be told?"""
        return bool(self._settings.flow or self._settings.webhook.get_secret_value())

    def check(self) -> None:
        """Raises `SettingsError` where the flow for notices is not declared."""
        if self._settings.flow and self._settings.flow not in self._flows:
            raise SettingsError(
                f"[alerts] flow = '{self._settings.flow}': there is no such flow. Declare it, without a source."
            )

    async def look(self, connection: Connection, sample: Sample) -> None:
        """Within the transaction that read a new sample: open and resolve incidents."""
        if not self.active:
            sample.set(catalogue.INCIDENTS_OPEN, {})
            return
        now = {(cause.kind, cause.subject): cause for cause in causes(sample, self._settings)}
        there = {(row.kind, row.subject): row for row in await _open(connection)}
        for key, cause in now.items():
            if cause.firing and key not in there:
                await connection.execute(
                    "INSERT INTO incident (kind, subject, words) VALUES (%s, %s, %s)", [*key, cause.words]
                )
        for key, row in there.items():
            await self._move(connection, row, now.get(key))
        opened: dict[tuple[str, ...], float] = {}
        for row in await _open(connection):
            if row.opened_at is not None:
                opened[row.kind,] = opened.get((row.kind,), 0) + 1
        sample.set(catalogue.INCIDENTS_OPEN, opened)

    async def _move(self, connection: Connection, row: Incident, cause: Cause | None) -> None:
        if cause is not None and not cause.gone:
            opens = row.opened_at is None and cause.firing and row.lasted >= self._settings.for_seconds
            await connection.execute(
                "UPDATE incident SET clear_since = NULL, words = CASE WHEN %s THEN %s ELSE words END,"
                " opened_at = CASE WHEN %s THEN now() ELSE opened_at END WHERE id = %s",
                [cause.firing, cause.words, opens, row.id],
            )
        elif row.opened_at is None:
            await connection.execute("DELETE FROM incident WHERE id = %s", [row.id])
        elif row.clear_since is None:
            await connection.execute("UPDATE incident SET clear_since = now() WHERE id = %s", [row.id])
        elif row.clear_for >= self._settings.clear_seconds:
            await connection.execute(
                "UPDATE incident SET closed_at = now(), tries = 0, next_try_at = now() WHERE id = %s", [row.id]
            )

    async def tell(self, database: Database) -> None:
        """Send the notices that are due. Raises `DatabaseUnavailable`."""
        if not self.active:
            return
        async with database.transaction() as connection:
            due = await _claim(connection)
            if self._settings.flow:
                for row in due:
                    await self._into_journal(connection, row)
                    await _told(connection, row)
                return
        for row in due:
            arrived = await self._posted(row)
            async with database.transaction() as connection:
                if arrived:
                    await _told(connection, row)
                else:
                    await connection.execute(
                        "UPDATE incident SET tries = tries + 1,"
                        " next_try_at = now() + make_interval(secs => least(5 * 2.0 ^ least(tries, 10), %s))"
                        " WHERE id = %s",
                        [_LONGEST_WAIT, row.id],
                    )

    async def _into_journal(self, connection: Connection, row: Incident) -> None:
        flow = self._flows[self._settings.flow]
        draft = Draft(
            flow=flow.name,
            body=self._notice(row),
            content_type="application/json",
            key=f"incident-{row.id}",
            dedup_key=_key(row),
            priority=flow.priority,
        )
        draft.correlation_id = str(draft.id)
        await receive(connection, [draft], self._lanes)

    async def _posted(self, row: Incident) -> bool:
        settings = self._settings
        headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        headers |= {"Content-Type": "application/json", "Idempotency-Key": _key(row)}
        try:
            async with (
                asyncio.timeout(_POST_SECONDS),
                aiohttp.ClientSession() as session,
                session.post(
                    settings.webhook.get_secret_value(), data=self._notice(row), headers=headers, allow_redirects=False
                ) as answer,
            ):
                words = f"status {answer.status}"
                arrived = 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            arrived, words = False, type(error).__name__
        if not arrived:  # its address may hold a secret
            log.warning("the webhook of [alerts] did not take a notice, it is sent again: %s", words)
        return arrived

    def _notice(self, row: Incident) -> bytes:
        return orjson.dumps(
            {
                "hub": self._hub,
                "incident": row.id,
                "event": _event(row),
                "kind": row.kind,
                "subject": row.subject,
                "words": row.words,
                "since": row.since,
                "opened_at": row.opened_at,
                "resolved_at": row.closed_at,
            }
        )


def _event(row: Incident) -> str:
    """An incident that is over before anybody could be told is told as both, one after the other."""
    return "opened" if row.told_opened is None else "resolved"


def _key(row: Incident) -> str:
    return f"incident-{row.id}-{_event(row)}"


_COLUMNS = (
    "id, kind, subject, words, since, opened_at, clear_since, closed_at, told_opened,"
    " extract(epoch FROM now() - since)::float8 AS lasted,"
    " coalesce(extract(epoch FROM now() - clear_since), 0)::float8 AS clear_for"
)


async def _open(connection: Connection) -> list[Incident]:
    async with connection.cursor(row_factory=class_row(Incident)) as cursor:
        await cursor.execute(f"SELECT {_COLUMNS} FROM incident WHERE closed_at IS NULL".encode())
        return await cursor.fetchall()


async def _claim(connection: Connection) -> list[Incident]:
    """Notices that are due; no other process takes them for a while."""
    async with connection.cursor(row_factory=class_row(Incident)) as cursor:
        await cursor.execute(
            (
                "UPDATE incident SET next_try_at = now() + make_interval(secs => %s) WHERE id IN ("
                " SELECT id FROM incident WHERE opened_at IS NOT NULL"
                " AND (told_opened IS NULL OR (closed_at IS NOT NULL AND told_closed IS NULL))"
                f" AND next_try_at <= now() ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING {_COLUMNS}"
            ).encode(),
            [_CLAIM_SECONDS, _AT_ONCE],
        )
        return await cursor.fetchall()


async def _told(connection: Connection, row: Incident) -> None:
    column = "told_opened" if _event(row) == "opened" else "told_closed"
    await connection.execute(
        f"UPDATE incident SET {column} = now(), tries = 0, next_try_at = now() WHERE id = %s".encode(), [row.id]
    )
