"""What all feeds out of Odoo hand over: one change of one record as a message. Pure.

{"model": "res.partner", "id": 82, "kind": "changed", "external_id": "hilum.supplier_V1",
 "write_date": "2026-11-21T10:00:00Z", "values": {"name": "Gloves Ltd", "active": true,
 "country_id": {"id": 20, "name": "Belgium", "external_id": "base.be", "code": "BE"}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson

from hilum.connector import Header

CONTENT_TYPE: Final = "application/json"


class ChangeKind(StrEnum):
    """What happened to the record, as far as it can be seen."""

    CREATED = "created"  # the hub had not seen it before
    CHANGED = "changed"  # one of the fields that are read, or it came back from the archive
    ARCHIVED = "archived"  # `active` became false
    DELETED = "deleted"  # it is no longer there; `values` is empty


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change of one record."""

    model: str
    id: int
    kind: ChangeKind
    seconds: int  # Odoo's `write_date`: the start of the transaction; of a deleted record the last one that was seen
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    external_id: str = ""
    key: str  # the same whenever the same change is told again

    def body(self) -> bytes:
        """What the flow reads."""
        return orjson.dumps(
            {
                "model": self.model,
                "id": self.id,
                "kind": self.kind.value,
                "external_id": self.external_id,
                "write_date": shown(self.seconds),
                "values": self.values,
            }
        )

    def headers(self, peer: str) -> dict[str, str]:
        """Its keys: order is kept for each record."""
        return {
            Header.PEER: peer,
            Header.MESSAGE_TYPE: f"{self.model}.{self.kind.value}",
            Header.ORDERING_KEY: f"{self.model}:{self.id}",
            Header.IDEMPOTENCY_KEY: self.key,
        }


def shown(seconds: int) -> str:
    """A second since 1970 as ISO 8601, UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def in_odoo(seconds: int) -> str:
    """The same as Odoo's filters take it, in every version: whole seconds, no zone."""
    return f"{datetime.fromtimestamp(max(seconds, 0), UTC):%Y-%m-%d %H:%M:%S}"


def seconds_of(text: Any) -> int:
    """A datetime as Odoo shows it (UTC), as seconds; 0 where it has none."""
    return int(datetime.fromisoformat(str(text)[:19]).replace(tzinfo=UTC).timestamp()) if text else 0


class Linked(NamedTuple):
    """A record that another one is related to, as Odoo shows it there."""

    id: int
    model: str
    name: str = ""  # empty: Odoo does not say it there


def plain_values(row: Mapping[str, Any], types: Mapping[str, str], related: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a record: empty ones are null (Odoo says false), times are ISO 8601 in UTC, relations `Linked`.

    `related`: by relation, the model at its other end.
    """
    return {name: _plain(row.get(name), kind, related.get(name, "")) for name, kind in types.items()}


def _plain(value: Any, kind: str, model: str) -> Any:
    if kind == "boolean":
        return bool(value)
    if value is False or value is None:
        return None
    if kind == "datetime":
        return f"{str(value)[:19].replace(' ', 'T')}Z"
    if kind == "many2one":
        return Linked(value[0], model, value[1] or "") if isinstance(value, list) else Linked(value, model)
    if kind == "many2many":
        return [Linked(each, model) for each in value]
    return value


def content_hash(values: Mapping[str, Any]) -> int:
    """64 bits that differ where the values do; never 0. Of relations the ids count, not what the others are called."""
    plain = orjson.dumps(values, option=orjson.OPT_SORT_KEYS, default=_id_of)
    return int.from_bytes(blake2b(plain, digest_size=8).digest(), "little") or 1


def _id_of(value: Any) -> int:
    if isinstance(value, Linked):
        return value.id
    raise TypeError(f"{type(value).__name__} is no value of a record")
