"""The chain: how an act and the link before it become the next hash. Everything else here only reads and writes it.

A link is the SHA-256 of the hash before it (32 zero bytes for the first one of a month) followed by this JSON array in
the canonical form of RFC 8785 (which for texts, whole numbers and null is what any JSON library writes without spaces):

    [1, month, number, linked_at, since, id, at, actor, action, flow, message_id, ordinal, words]

Times are microseconds since 1970 in UTC, the month is `2026-11-01`, the message id is 36 characters or null. The 1 at
the front is the version of this form. A chain is that of one calendar month, by the time of its acts.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

import orjson

FIRST = bytes(32)
"""What stands before the first link of a month."""

VERSION = 1


class Act(NamedTuple):
    """A row of the audit as the chain sees it."""

    id: int
    at: int  # microseconds since 1970, UTC
    actor: str
    action: str
    flow: str
    message_id: str | None
    ordinal: int | None
    words: str


class Link(NamedTuple):
    """A link as it is stored. `since`: nobody linked from then until `linked_at`; null: it was done all the time."""

    month: str
    number: int
    audit_id: int
    linked_at: int
    since: int | None
    hash: bytes


def link_hash(previous: bytes, month: str, number: int, linked_at: int, since: int | None, act: Act) -> bytes:
    """The hash of the next link."""
    return sha256(previous + orjson.dumps((VERSION, month, number, linked_at, since, *act))).digest()


def micros(column: str) -> str:
    """SQL: a time as the chain has it."""
    return f"(extract(epoch FROM {column}) * 1000000)::bigint"


ACT_COLUMNS = f"a.id, {micros('a.at')}, a.actor, a.action, a.flow, a.message_id::text, a.ordinal, a.words"
"""SQL: the columns of an `Act` of the table `audit a`."""

LINK_COLUMNS = f"l.month::text, l.number, l.audit_id, {micros('l.linked_at')}, {micros('l.since')}, l.hash"
"""SQL: the columns of a `Link` of the table `audit_link l`."""

MONTH_OF_ACT = "date_trunc('month', a.at AT TIME ZONE 'UTC')::date"
"""SQL: the month of an act."""
