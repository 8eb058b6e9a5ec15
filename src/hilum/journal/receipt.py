"""Receipt: what was gathered becomes durable in one statement, and what is there already is told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from uuid import UUID
from zlib import crc32

import orjson

from hilum.connector import Header, Receipt
from hilum.journal.columns import Bodies, Column, Int2s, Int4s, Texts, Uuids
from hilum.journal.payloads import MESSAGE_BODY, packed
from hilum.journal.sql import SQL
from hilum.journal.text import key_of, storable
from hilum.message import Priority, new_id
from hilum.postgres import Connection


def lane_of(key: str, message_id: UUID, lanes: int) -> int:
    """The lane of an ordering key; a message without a key may go anywhere."""
    return (crc32(key.encode()) if key else message_id.int >> 48 & 0xFFFF ^ message_id.int & 0xFFFF) % lanes


@dataclass(slots=True, kw_only=True)
class Draft:
    """A message that is about to be stored."""

    flow: str
    body: bytes = field(repr=False)
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    key: str = ""
    dedup_key: str = ""  # empty: never a duplicate
    fingerprint: bytes = bytes(16)  # tells two contents apart although the dedup key is the same
    correlation_id: str = ""
    cause_id: UUID | None = None
    priority: Priority = Priority.NORMAL
    held: bool = False  # stored for a person to look at, not for the translator
    filtered: str = ""  # why it is stored as evidence only: discarded, without its body
    size: int | None = None  # bytes as received, where the body is not what was received
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reused:
    """The dedup key is that of an earlier message, but the content is another: nothing was stored."""

    first_id: UUID


async def receive(connection: Connection, drafts: Sequence[Draft], lanes: int) -> list[Receipt | Reused]:
    """Store the drafts, in their order, in one transaction of their own (or the one that is open).

    One answer each: stored, a duplicate of an earlier one, or `Reused`. After a plain return it is durable. Keys of the
    drafts are made such that they can be kept and indexed. Raises `KeyUnavailable`: nothing is stored then.
    """
    for draft in drafts:
        draft.key, draft.dedup_key = key_of(draft.key), storable(draft.dedup_key)
        if draft.filtered:
            draft.body, draft.size = b"", len(draft.body) if draft.size is None else draft.size
            draft.headers = {**draft.headers, Header.FILTERED: draft.filtered}
    async with packed(connection, [(d.flow, d.id, MESSAGE_BODY, d.body) for d in drafts]) as bodies:
        cursor = await connection.execute(SQL["receive"], _columns(drafts, bodies, lanes), binary=True)
        stored = {row[0] for row in await cursor.fetchall()}
    if len(stored) == len(drafts):
        return [Receipt(message_id=draft.id) for draft in drafts]
    firsts = await _firsts(connection, [draft for draft in drafts if draft.id not in stored])
    answers: list[Receipt | Reused] = []
    for draft in drafts:
        if draft.id in stored:
            answers.append(Receipt(message_id=draft.id))
            continue
        first_id, fingerprint = firsts[draft.flow, _hash(draft.dedup_key)]
        same = fingerprint.bytes == draft.fingerprint
        answers.append(Receipt(message_id=first_id, duplicate=True) if same else Reused(first_id=first_id))
    return answers


async def _firsts(connection: Connection, drafts: Sequence[Draft]) -> dict[tuple[str, UUID], tuple[UUID, UUID]]:
    """The first one of each of these repetitions, and its fingerprint; they are counted, for its story."""
    parameters = {
        "flows": [d.flow for d in drafts],
        "hashes": [_hash(d.dedup_key) for d in drafts],
        "fingerprints": [UUID(bytes=d.fingerprint) for d in drafts],
        "peers": [storable(d.headers.get(Header.PEER, "")) for d in drafts],
    }
    cursor = await connection.execute(SQL["first_of"], parameters)
    return {(flow, key): (message_id, fingerprint) for flow, key, message_id, fingerprint in await cursor.fetchall()}


async def known_keys(connection: Connection, flows: Sequence[str], keys: Sequence[str]) -> set[str]:
    """Those of these dedup keys under which one of these flows has received a message."""
    hashes = {_hash(key): key for key in keys}
    cursor = await connection.execute(
        "SELECT key FROM dedup WHERE flow = ANY(%s) AND key = ANY(%s)", [list(flows), list(hashes)]
    )
    return {hashes[key] for (key,) in await cursor.fetchall()}


def _hash(key: str) -> UUID:
    return UUID(bytes=blake2b(key.encode(), digest_size=16).digest())


def _columns(drafts: Sequence[Draft], bodies: Sequence[tuple[int, bytes]], lanes: int) -> dict[str, Column]:
    return {
        "ids": Uuids([d.id for d in drafts]),
        "flows": Texts([d.flow for d in drafts]),
        "lanes": Int2s([lane_of(d.key, d.id, lanes) for d in drafts]),
        "priorities": Texts([d.priority.value for d in drafts]),
        "keys": Texts([d.key for d in drafts]),
        "dedup_keys": Texts([d.dedup_key or None for d in drafts]),
        "dedup_hashes": Uuids([_hash(d.dedup_key) if d.dedup_key else None for d in drafts]),
        "fingerprints": Uuids([UUID(bytes=d.fingerprint) for d in drafts]),
        "correlations": Texts([d.correlation_id for d in drafts]),
        "causes": Uuids([d.cause_id for d in drafts]),
        "content_types": Texts([d.content_type for d in drafts]),
        "headers": Texts([encode_headers(d.headers) for d in drafts]),
        "sizes": Int4s([len(d.body) if d.size is None else d.size for d in drafts]),
        "codecs": Int2s([codec for codec, _ in bodies]),
        "bodies": Bodies([body for _, body in bodies]),
        "states": Texts(["discarded" if d.filtered else "held" if d.held else "received" for d in drafts]),
    }


def encode_headers(headers: Mapping[str, str]) -> str | None:
    """Headers as JSON text, without the characters that PostgreSQL cannot keep."""
    if not headers:
        return None
    return orjson.dumps({storable(name): storable(value) for name, value in headers.items()}).decode()
