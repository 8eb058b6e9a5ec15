"""What is known of governed objects, and what was decided; written in the transaction of the translation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final
from uuid import UUID

import orjson

from hilum.journal.columns import Bodies, Int2s, Texts, Uuids
from hilum.journal.payloads import packed, unpacked
from hilum.journal.text import key_of, storable
from hilum.masterdata.sync.document import Document, Sent
from hilum.masterdata.sync.judging import NEVER, ON_ITS_WAY, Decision, Landed, Landing
from hilum.postgres import Connection

Key = tuple[str, str]
"""Object and business key."""

ECHO_DAYS: Final = 30
REFUSED_DAYS: Final = 400
"""Whole days for which echoes, and all other decisions, are kept."""

_LONG_AGO: Final = Landing(0.0)
"""Of a delivery that is dropped from the journal."""

_STATE_ORDINAL: Final = -2
_DECISION_ORDINAL: Final = -10_000
"""Places that values are sealed for: below those of the message's own bodies, counted downwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A decision about one field (empty: the whole object) of one message, with the values."""

    message_id: UUID
    flow: str
    object: str
    key: str
    system: str
    decision: Decision
    verdict: str = ""  # as it is written; empty: that of the decision
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)  # "old" and "new"


async def secret_key(connection: Connection) -> bytes:
    """The key of this database's fingerprints."""
    cursor = await connection.execute("SELECT value FROM fact WHERE name = 'fingerprint_key'")
    row = await cursor.fetchone()
    return str(row[0]).encode() if row else b""


_LOAD: Final = (
    b"WITH wanted AS (SELECT * FROM unnest(%(objects)s::text[], %(keys)s::text[]) AS t (object, key)),"
    b" made AS (INSERT INTO governed (object, key) SELECT * FROM wanted w WHERE NOT EXISTS"
    b"  (SELECT FROM governed g WHERE g.object = w.object AND g.key = w.key) ON CONFLICT DO NOTHING RETURNING 1)"
    b" SELECT g.object, g.key, g.state, g.message_id, g.ordinal, g.codec, g.body FROM governed g"
    b" JOIN wanted USING (object, key) WHERE (SELECT count(*) FROM made) >= 0"  # first made, then locked
    b" ORDER BY g.object, g.key FOR UPDATE OF g"
)
"""One statement for objects that are known already, which nearly all are."""


async def load(connection: Connection, keys: Iterable[Key]) -> dict[Key, Document]:
    """What is known of these objects. Until the transaction ends nobody else judges changes of them."""
    names = sorted({(object_, key_of(key)) for object_, key in keys})
    columns = {"objects": Texts([name for name, _ in names]), "keys": Texts([key for _, key in names])}
    rows: list[tuple[Any, ...]] = []
    for _ in range(2):  # the second time where some are new: a statement does not see what it inserts itself
        cursor = await connection.execute(_LOAD, columns, binary=True)
        rows = await cursor.fetchall()
        if len(rows) == len(names):
            break
    stored = [(row[3], row[4], row[5], row[6]) for row in rows if row[3] is not None]
    bodies = await unpacked(connection, stored) if stored else {}
    found = {}
    for object_, key, state, message_id, ordinal, *_ in rows:
        body = bodies.get((message_id, ordinal)) if message_id is not None else None
        # values that were erased with their message are not known any more; what is in force is, by its fingerprint
        found[object_, key] = Document.of(state, orjson.loads(body) if isinstance(body, bytes) else {})
    return found


async def save(connection: Connection, changed: Mapping[Key, tuple[Document, str, UUID]]) -> None:
    """Write what is known now, with the flow and message that brought it about; values are sealed as its body is."""
    counts: dict[UUID, int] = {}
    rows, parts = [], []
    for (object_, key), (document, flow, message_id) in sorted(changed.items()):
        ordinal = _STATE_ORDINAL - counts.get(message_id, 0)
        counts[message_id] = counts.get(message_id, 0) + 1
        parts.append((flow, message_id, ordinal, orjson.dumps(document.values)))
        rows.append((document.state().decode(), message_id, ordinal, object_, key))
    if not rows:
        return
    states, message_ids, ordinals, objects, keys = zip(*rows, strict=True)
    async with packed(connection, parts) as stored:
        await connection.execute(  # one statement: a statement each took a third of a governed message's time
            "UPDATE governed g SET codec = t.codec, body = t.body, state = t.state::jsonb, message_id = t.message_id,"
            " ordinal = t.ordinal, changed_at = now() FROM unnest(%s::int2[], %s::bytea[], %s::text[], %s::uuid[],"
            "  %s::int2[], %s::text[], %s::text[]) AS t (codec, body, state, message_id, ordinal, object, key)"
            " WHERE g.object = t.object AND g.key = t.key",
            [
                Int2s([codec for codec, _ in stored]), Bodies([body for _, body in stored]), Texts(states),
                Uuids(message_ids), Int2s(ordinals), Texts(objects), Texts(keys),
            ],
        )  # fmt: skip


async def landings(
    connection: Connection, documents: Iterable[Document], under_way: Mapping[str, tuple[str, int]]
) -> Landed:
    """When each write that these documents know of arrived. `under_way`: messages that have no deliveries yet, each
    with its ordering key and its place in the order of receipt.
    """
    written = {
        (sent.message, sent.ordinal)
        for document in documents
        for state in document.fields.values()
        for view in state.views.values()
        for sent in (*view.sent, *view.past)
        if sent.message not in under_way
    }
    refs = [(UUID(message), ordinal) for message, ordinal in written]
    found: dict[tuple[str, int], Landing] = {}
    if refs:
        cursor = await connection.execute(
            "SELECT d.message_id, d.ordinal, d.state::text, extract(epoch FROM d.state_at)::float8, d.key, d.seq,"
            " extract(epoch FROM d.created_at)::float8"
            " FROM unnest(%s::uuid[], %s::int2[]) AS t (message_id, ordinal)"
            " JOIN delivery d USING (message_id, ordinal)",
            [Uuids([ref[0] for ref in refs]), Int2s([ref[1] for ref in refs])],
            binary=True,
        )
        for message_id, ordinal, state, at, key, seq, made in await cursor.fetchall():
            arrived = {"delivered": at, "cancelled": NEVER}.get(state)
            found[str(message_id), ordinal] = Landing(arrived, key, (seq, ordinal), made)

    def landed(sent: Sent) -> Landing:
        if sent.message in under_way:
            key, seq = under_way[sent.message]
            return Landing(ON_ITS_WAY, key, (seq, sent.ordinal), inf)
        return found.get((sent.message, sent.ordinal), _LONG_AGO)

    return landed


async def granted(connection: Connection, message_ids: Sequence[UUID]) -> set[UUID]:
    """Those that a steward let through."""
    cursor = await connection.execute(
        "SELECT message_id FROM ownership_grant WHERE message_id = ANY(%s::uuid[])", [Uuids(message_ids)], binary=True
    )
    return {row[0] for row in await cursor.fetchall()}


async def note(connection: Connection, notes: Sequence[Noted]) -> None:
    """Write decisions down, with the values sealed as the message's body is."""
    if not notes:
        return
    parts = [
        (each.flow, each.message_id, _DECISION_ORDINAL - n, orjson.dumps(each.values)) for n, each in enumerate(notes)
    ]
    async with packed(connection, parts) as stored:
        await connection.cursor().executemany(
            "INSERT INTO ownership_decision (message_id, flow, object, key, field, verdict, system, other, owner,"
            " words, ordinal, codec, body) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    each.message_id,
                    each.flow,
                    each.object,
                    key_of(each.key),
                    each.decision.field,
                    each.verdict or each.decision.verdict.value,
                    each.system,
                    each.decision.other,
                    each.decision.rule.owner,
                    storable(each.decision.words),
                    part[2],
                    codec,
                    body,
                )
                for each, part, (codec, body) in zip(notes, parts, stored, strict=True)
            ],
        )


async def forget(connection: Connection) -> None:
    """Drop decisions that are old; echoes sooner."""
    await connection.execute(
        "DELETE FROM ownership_decision WHERE at < now() - make_interval(days => %s)"
        " OR verdict = 'echo' AND at < now() - make_interval(days => %s)",
        [REFUSED_DAYS, ECHO_DAYS],
    )
