"""What is known of things, to compare arrivals with: the fields that count of each record, and the blocks they are in.

It is in the database, so every process compares with all that any of them has seen. Values of persons are sealed as
those of questions are (`values`), and blocks are keyed fingerprints.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final
from uuid import UUID

import orjson

from hilum.journal.columns import Int8s, Texts
from hilum.journal.payloads import Damaged, packed, unpacked
from hilum.journal.text import storable
from hilum.masterdata import crosswalk
from hilum.masterdata.crosswalk import Identifier
from hilum.masterdata.matching.engine import MOST_IN_BLOCK, Matcher, Record
from hilum.masterdata.matching.kinds import Kind
from hilum.masterdata.matching.values import declare, domain_of
from hilum.masterdata.sync import secret_key
from hilum.message import new_id
from hilum.postgres import Connection

DAYS: Final = 1100
"""Whole days for which a record is remembered that does not come again."""

Named = tuple[str, str]
"""System and identifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a system says of a thing."""

    golden: int  # the thing, after merges
    record: Record
    seen_today: bool


_COLUMNS: Final = (
    "r.system, r.identifier, golden_root(c.golden), r.place, r.codec, r.body, r.seen_on = current_date"
    " FROM match_record r JOIN crosswalk c USING (object, system, identifier)"
)

Row = tuple[str, str, int, UUID, int, bytes, bool]


async def _known(connection: Connection, rows: Sequence[Row]) -> list[Known]:
    """One whose values cannot be read any more is not compared with."""
    bodies = await unpacked(connection, [(place, 0, codec, body) for _, _, _, place, codec, body, _ in rows])
    found = []
    for system, identifier, golden, place, _, _, today in rows:
        body = bodies.get((place, 0))
        if body is None or isinstance(body, Damaged):
            continue
        record = Record(system=system, identifier=identifier, values=orjson.loads(body))
        found.append(Known(golden=golden, record=record, seen_today=today))
    return found


async def known(connection: Connection, kind: Kind, names: Collection[Named]) -> dict[Named, Known]:
    """What is remembered of these records."""
    systems, identifiers = [Texts(column) for column in zip(*names, strict=True)]
    cursor = await connection.execute(
        f"SELECT {_COLUMNS} JOIN unnest(%s::text[], %s::text[]) AS t (system, identifier) USING (system, identifier)"
        " WHERE r.object = %s".encode(),
        [systems, identifiers, kind.object],
        binary=True,
    )
    found = await _known(connection, await cursor.fetchall())
    return {(each.record.system, each.record.identifier): each for each in found}


_NEAR: Final = f"""
WITH near AS (
    SELECT a.block, b.record FROM unnest(%(blocks)s::int8[]) AS a (block)
    CROSS JOIN LATERAL (SELECT record FROM match_block WHERE block = a.block LIMIT %(most)s + 1) b
), found AS (
    SELECT DISTINCT record FROM near WHERE block IN (SELECT block FROM near GROUP BY 1 HAVING count(*) <= %(most)s)
), things AS (
    SELECT DISTINCT golden_root(c.golden) AS golden FROM found f JOIN match_record r ON r.id = f.record
    JOIN crosswalk c USING (object, system, identifier)
), whole AS (
    WITH RECURSIVE parts (id) AS (
        SELECT golden FROM things UNION SELECT g.id FROM golden g JOIN parts p ON g.merged_into = p.id
    ) SELECT id FROM parts
)
SELECT {_COLUMNS} JOIN whole w ON w.id = c.golden WHERE r.object = %(object)s
"""


async def near(connection: Connection, secret: bytes, matcher: Matcher, arrival: Record) -> dict[int, list[Record]]:
    """All records of each thing of which one shares a block with this one.

    A block that has grown past `MOST_IN_BLOCK` says too little, as in the engine.
    """
    parameters = {
        "blocks": Int8s(_blocks(secret, matcher, arrival.values)),
        "most": MOST_IN_BLOCK,
        "object": matcher.kind.object,
    }
    cursor = await connection.execute(_NEAR.encode(), parameters, binary=True)
    found: dict[int, list[Record]] = defaultdict(list)
    for each in await _known(connection, await cursor.fetchall()):
        found[each.golden].append(each.record)
    return dict(found)


async def note(connection: Connection, secret: bytes, matcher: Matcher, records: Sequence[Record]) -> None:
    """Within a transaction: remember what these say now. `matching.declare` comes first."""
    records = sorted(records, key=lambda each: (each.system, each.identifier))  # two processes lock in one order
    parts = [
        (domain_of(matcher.kind), new_id(), 0, orjson.dumps({k: storable(v) for k, v in each.values.items() if v}))
        for each in records
    ]
    async with packed(connection, parts) as stored:
        for each, part, (codec, body) in zip(records, parts, stored, strict=True):
            cursor = await connection.execute(
                "INSERT INTO match_record (object, system, identifier, place, codec, body)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (object, system, identifier) DO UPDATE"
                " SET place = excluded.place, codec = excluded.codec, body = excluded.body, seen_on = current_date"
                " RETURNING id",
                [matcher.kind.object, each.system, each.identifier, part[1], codec, body],
            )
            row = await cursor.fetchone()
            number, blocks = int(row[0]) if row else 0, _blocks(secret, matcher, each.values)
            await connection.execute(
                "WITH gone AS (DELETE FROM match_block WHERE record = %(record)s AND block <> ALL(%(blocks)s::int8[]))"
                " INSERT INTO match_block (block, record) SELECT unnest(%(blocks)s::int8[]), %(record)s"
                " ON CONFLICT DO NOTHING",
                {"record": number, "blocks": Int8s(blocks)},
            )


async def learn(
    connection: Connection, matcher: Matcher, records: Sequence[Record], *, actor: str, reason: str, encrypted: bool
) -> int:
    """Within a transaction: remember a list; records that name nothing yet become things. Returns how many did.

    Raises `SettingsError` where values would have to be sealed, and cannot be.
    """
    object_ = matcher.kind.object
    await declare(connection, matcher.kind, encrypted=encrypted)
    await crosswalk.lock(connection)
    linked = await crosswalk.things(connection, object_, [(each.system, each.identifier) for each in records])
    new = [each for each in records if (each.system, each.identifier) not in linked]
    for each in new:
        what = Identifier(object=object_, system=each.system, identifier=each.identifier)
        await crosswalk.link(connection, what, actor=actor, reason=reason)
    await note(connection, await secret_key(connection), matcher, records)
    return len(new)


def changed(before: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str] | None:
    """What is known after this was told; None: nothing else than before."""
    after = {name: value for name, value in {**before, **told}.items() if value}
    return None if after == {name: value for name, value in before.items() if value} else after


def _blocks(secret: bytes, matcher: Matcher, values: Mapping[str, str]) -> list[int]:
    kind, normal = matcher.kind, matcher.normal(values)
    return sorted({_print(secret, f"{kind.object}\0{key}") for key in kind.blocks(normal)})


def _print(secret: bytes, text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), key=secret, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


async def forget(connection: Connection) -> None:
    """Drop records that did not come for long, and those whose identifier names nothing any more."""
    await connection.execute("DELETE FROM match_record WHERE seen_on < current_date - %s::int", [DAYS])
    await connection.execute(
        "DELETE FROM match_record r WHERE NOT EXISTS (SELECT FROM crosswalk c WHERE c.object = r.object"
        " AND c.system = r.system AND c.identifier = r.identifier)"
    )
