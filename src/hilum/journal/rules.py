"""The rules that a translation applied, as they are kept with its message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from hilum.canonical.applied import Applied
from hilum.postgres import Connection


def encode_rules(rules: Sequence[Applied]) -> str | None:
    """For the column `message.rules`. None: there are none."""
    return orjson.dumps([_kept(each) for each in rules]).decode("utf-8", "replace") if rules else None


def _kept(rule: Applied) -> dict[str, Any]:
    found = {"kind": rule.kind, "rule": rule.rule, "before": rule.before, "after": rule.after}
    return {name: value for name, value in found.items() if value} | {"times": rule.times}


def decode_rules(kept: Sequence[Mapping[str, Any]] | None) -> list[Applied]:
    """As they were applied."""
    return [Applied(**{"rule": "", **each}) for each in kept or ()]


async def rules_of(connection: Connection, message_id: UUID) -> list[Applied]:
    """The rules that the last translation of a message applied."""
    cursor = await connection.execute("SELECT rules FROM message WHERE id = %s", [message_id])
    row = await cursor.fetchone()
    return decode_rules(row[0]) if row else []


async def note_rules(connection: Connection, message_id: UUID, rules: Sequence[Applied]) -> None:
    """Of a translation that failed: the rules that it applied before."""
    if rules:
        await connection.execute("UPDATE message SET rules = %s WHERE id = %s", [encode_rules(rules), message_id])
