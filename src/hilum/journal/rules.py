"""The rules that a translation applied, as they are kept with its message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from hilum.canonical.applied import Applied
from hilum.journal.text import storable
from hilum.postgres import Connection


def encode_rules(rules: Sequence[Mapping[str, Any]]) -> str | None:
    """For the column `message.rules`, of what `summed` gives. None: there are none."""
    if not rules:
        return None
    try:
        found = orjson.dumps(rules)
    except orjson.JSONEncodeError:  # half of a surrogate pair
        found = b"\\u0000"
    if b"\\u0000" in found:  # what PostgreSQL cannot keep is rare, and looking for it in each text would cost
        found = orjson.dumps([{name: _storable(value) for name, value in each.items()} for each in rules])
    return found.decode()


def with_rules(kept: str, more: Sequence[Mapping[str, Any]]) -> str | None:
    """What `encode_rules` wrote (empty: nothing), and these after it."""
    return encode_rules([*(orjson.loads(kept) if kept else ()), *more])


def _storable(value: Any) -> Any:
    return storable(value) if isinstance(value, str) else value


def decode_rules(kept: Sequence[Mapping[str, Any]] | None) -> list[Applied]:
    """As they were applied."""
    return [Applied(**each) for each in kept or ()]


async def rules_of(connection: Connection, message_id: UUID) -> list[Applied]:
    """The rules that the last translation of a message applied."""
    cursor = await connection.execute("SELECT rules FROM message WHERE id = %s", [message_id])
    row = await cursor.fetchone()
    return decode_rules(row[0]) if row else []


async def note_rules(connection: Connection, message_id: UUID, rules: str | None) -> None:
    """Of a translation that failed: the rules that it applied before."""
    if rules is not None:
        await connection.execute("UPDATE message SET rules = %s WHERE id = %s", [rules, message_id])
