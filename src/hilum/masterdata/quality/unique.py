"""The check `unique`: no other record has the value, whichever process saw it, and whenever.

The database remembers the value of each record as a keyed fingerprint. It is asked when counts are written, every few
seconds, and by one process at a time: never by a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final, NamedTuple

import orjson

from hilum.journal.columns import Bodies, Texts
from hilum.masterdata.sync import secret_key
from hilum.postgres import Connection

MOST_VALUES: Final = 1_000_000
"""Records of one rule that are remembered, those that were seen last."""

DAYS: Final = 400
"""Whole days for which a record that does not come again keeps its value."""

_LOCK: Final = 0x48494C55  # "HILU"


class Claim(NamedTuple):
    """A field of a record."""

    object: str
    field: str
    key: str


async def taken(connection: Connection, values: Mapping[Claim, str]) -> set[Claim]:
    """Note what these records have now, an empty text for nothing; returns those whose value another one has already.

    Of two records with one value the first one has it, until its own changes.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    secret = await secret_key(connection)
    empty = [claim for claim, value in values.items() if not value]
    if empty:
        await connection.execute(
            "DELETE FROM quality_value v USING unnest(%s::text[], %s::text[], %s::text[]) AS t (object, field, key)"
            " WHERE (v.object, v.field, v.key) = (t.object, t.field, t.key)",
            [Texts(column) for column in zip(*empty, strict=True)],
        )
    filled = [claim for claim, value in values.items() if value]
    if not filled:
        return set()
    columns = [Texts(column) for column in zip(*filled, strict=True)]
    await connection.execute(
        "INSERT INTO quality_value AS v (object, field, key, digest)"
        " SELECT object, field, key, digest FROM unnest(%s::text[], %s::text[], %s::text[], %s::bytea[])"
        "  WITH ORDINALITY AS t (object, field, key, digest, n) ORDER BY n"
        " ON CONFLICT (object, field, key) DO UPDATE SET digest = excluded.digest, seen_on = current_date,"
        "  claim = CASE WHEN v.digest = excluded.digest THEN v.claim ELSE excluded.claim END"
        " WHERE v.digest <> excluded.digest OR v.seen_on < current_date",
        [*columns, Bodies([_digest(secret, claim, values[claim]) for claim in filled])],
    )
    cursor = await connection.execute(
        "SELECT v.object, v.field, v.key FROM quality_value v"
        " JOIN unnest(%s::text[], %s::text[], %s::text[]) AS t (object, field, key) USING (object, field, key)"
        " WHERE EXISTS (SELECT FROM quality_value o WHERE (o.object, o.field, o.digest)"
        "  = (v.object, v.field, v.digest) AND o.claim < v.claim)",
        columns,
    )
    return {Claim(*row) for row in await cursor.fetchall()}


def _digest(secret: bytes, claim: Claim, value: str) -> bytes:
    about = orjson.dumps([claim.object, claim.field, value])
    return blake2b(about, key=secret, digest_size=16).digest()


async def forget(connection: Connection) -> None:
    """Drop what has not been seen for long, and what is too much."""
    await connection.execute("DELETE FROM quality_value WHERE seen_on < current_date - %s::int", [DAYS])
    await connection.execute(
        "WITH many AS (SELECT object, field FROM quality_value GROUP BY 1, 2 HAVING count(*) > %s),"
        " placed AS (SELECT v.object, v.field, v.key, row_number() OVER (PARTITION BY v.object, v.field"
        "  ORDER BY v.seen_on DESC, v.claim DESC) AS place FROM quality_value v JOIN many USING (object, field))"
        " DELETE FROM quality_value v USING placed p WHERE p.place > %s"
        " AND (v.object, v.field, v.key) = (p.object, p.field, p.key)",
        [MOST_VALUES, MOST_VALUES],
    )
