"""What the two records of a question say: kept only while somebody is asked, sealed where they are persons.

Each kind of record seals with keys of its own, one a day as flows have; the key of a day goes when all of its questions
are answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

import orjson

from hilum.errors import SettingsError
from hilum.journal.audit import record
from hilum.journal.data_keys import rows as data_keys
from hilum.journal.data_keys import shred
from hilum.journal.keyring import Policy, keyring_of
from hilum.journal.partitions import ids_of
from hilum.journal.payloads import Damaged, unpacked
from hilum.masterdata.matching.kinds import KINDS, Kind
from hilum.postgres import Connection

_PREFIX: Final = "matching."
_KEPT: Final = "P1D"  # as the journal wants a policy; here the answer ends it, and no calendar
_DAYS: Final = 2
"""A key is used without asking until half a day after its own (`keyring`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The fields that count of two records. They never appear in a repr."""

    left: Mapping[str, str] = field(repr=False)
    right: Mapping[str, str] = field(repr=False)


def domain_of(kind: Kind) -> str:
    """Whose keys seal the values of a kind, in place of a flow: `matching.patient_account`."""
    return f"{_PREFIX}{kind.object}"


async def declare(connection: Connection, kind: Kind, *, encrypted: bool) -> None:
    """Before values are kept: note how. Raises `SettingsError` where they would have to be sealed, and cannot be."""
    keyring, sealed = keyring_of(connection), encrypted and kind.of_persons
    if keyring is not None:
        await keyring.declare(Policy(flow=domain_of(kind), sealed=sealed, retention=_KEPT, data_class=kind.data_class))
    elif sealed:
        raise SettingsError(
            f"What is asked about a {kind.object} is encrypted, and this process has no keys. To keep it readable, say"
            " so: [encryption] for = []"
        )


async def read(connection: Connection, places: Sequence[UUID]) -> dict[UUID, Values]:
    """What the records at these places say; one that cannot be read any more is missing. Raises `KeyUnavailable`."""
    cursor = await connection.execute(
        "SELECT place, 0, codec, body FROM match_pair WHERE place = ANY(%s)", [list(places)]
    )
    found = await unpacked(connection, await cursor.fetchall())
    return {place: _values(body) for (place, _), body in found.items() if not isinstance(body, Damaged)}


def packed_form(left: Mapping[str, str], right: Mapping[str, str]) -> bytes:
    """As it is stored, before it is sealed."""
    return orjson.dumps([dict(left), dict(right)])


def _values(body: bytes) -> Values:
    left, right = orjson.loads(body)
    return Values(left=left, right=right)


async def forget(connection: Connection) -> None:
    """Shred the keys of days that are over and of which nothing is asked or known any more."""
    domains = [domain_of(kind) for kind in KINDS.values()]
    keys = await data_keys(
        connection,
        "flow = ANY(%s) AND wrapped IS NOT NULL AND period <= current_date - %s::int",
        [domains, _DAYS],
    )
    done: list[int] = []
    for key in keys:
        start, end = ids_of(key.period, key.period + timedelta(days=1))
        # The row is looked for and the key shredded in one statement: nobody can ask anything more under an old day
        done += await shred(
            connection,
            "number = %s AND NOT EXISTS (SELECT 1 FROM match_pair WHERE object = %s AND place >= %s AND place < %s)"
            " AND NOT EXISTS (SELECT 1 FROM match_record WHERE object = %s AND place >= %s AND place < %s)",
            [key.number, *2 * (key.flow.removeprefix(_PREFIX), start, end)],
        )
    if keyring := keyring_of(connection):
        keyring.forget(done)
    if done:
        words = f"{len(done)} keys of answered questions"
        await record(connection, actor="retention", action="shred_answered", words=words)
