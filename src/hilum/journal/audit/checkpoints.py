"""Checkpoints: signed statements of how far a chain was, in a table and in a file, so that a rewritten chain is found.

What is signed is the canonical JSON (RFC 8785) of

    ["hilum.audit.checkpoint", 1, serial, month, number, hash, at, key]

with the hash in hexadecimal digits, the time in microseconds since 1970 and the name of the key. Which keys count is
said by who verifies: no key vouches for another one in the database, where a forger could put his own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from hilum.journal.audit.acts import record
from hilum.journal.audit.chain import micros
from hilum.journal.audit.sealing import as_micros
from hilum.postgres import Connection
from hilum.security.signing import SigningKey, is_signed, key_name

# Chains that have grown since their last checkpoint. The months are found one after the other in the index.
_GROWN = """
WITH RECURSIVE months AS (
    SELECT min(month) AS month FROM audit_link
    UNION ALL
    SELECT (SELECT min(l.month) FROM audit_link l WHERE l.month > m.month) FROM months m WHERE m.month IS NOT NULL
)
SELECT m.month::text, h.number, h.hash FROM months m
CROSS JOIN LATERAL (SELECT number, hash FROM audit_link l WHERE l.month = m.month ORDER BY number DESC LIMIT 1) h
WHERE h.number > COALESCE((SELECT max(c.number) FROM audit_checkpoint c WHERE c.month = m.month), 0)
ORDER BY m.month
"""


class Checkpoint(NamedTuple):
    """A signed statement: at this time, this month's chain had this hash at this number."""

    serial: int
    month: str
    number: int
    hash: bytes
    at: int  # microseconds since 1970, UTC
    key: str
    signature: bytes

    def signed(self) -> bytes:
        """What the signature is over."""
        return orjson.dumps(
            ("hilum.audit.checkpoint", 1, self.serial, self.month, self.number, self.hash.hex(), self.at, self.key)
        )

    def as_json(self) -> dict[str, Any]:
        """As a line of a file."""
        return self._asdict() | {"hash": self.hash.hex(), "signature": self.signature.hex()}


def checkpoint_from(line: dict[str, Any]) -> Checkpoint:
    """What `as_json` wrote. Raises `ValueError`, `KeyError` or `TypeError` where it is something else."""
    return Checkpoint(
        serial=int(line["serial"]), month=str(line["month"]), number=int(line["number"]),
        hash=bytes.fromhex(line["hash"]), at=int(line["at"]), key=str(line["key"]),
        signature=bytes.fromhex(line["signature"]),
    )  # fmt: skip


async def announce_key(connection: Connection, key: SigningKey, now: datetime) -> None:
    """Where another key signed before: note this one, by an act of its own, which enters the chain like any other."""
    cursor = await connection.execute("SELECT public_key FROM audit_key ORDER BY serial DESC LIMIT 1")
    row = await cursor.fetchone()
    previous = bytes(row[0]) if row else None
    if previous == key.public:
        return
    await connection.execute("INSERT INTO audit_key (public_key, at) VALUES (%s, %s)", [key.public, now])
    before = f"; before it with {key_name(previous)}" if previous else ""
    await record(connection, actor="hub", action="audit_key",
                 words=f"checkpoints are signed with key {key.name}{before}")  # fmt: skip


async def make_checkpoints(connection: Connection, key: SigningKey) -> list[Checkpoint]:
    """Within a transaction: sign how far each chain is that has grown since its last checkpoint."""
    row = await (await connection.execute("SELECT pg_try_advisory_xact_lock(hashtext('hilum.audit'))")).fetchone()
    if row != (True,):
        return []
    grown = await (await connection.execute(_GROWN)).fetchall()
    if not grown:
        return []
    cursor = await connection.execute("SELECT COALESCE(max(serial), 0), clock_timestamp() FROM audit_checkpoint")
    row = await cursor.fetchone()
    if row is None:
        return []
    serial, now = row
    await announce_key(connection, key, now)
    made = []
    for month, number, digest in grown:
        serial += 1
        unsigned = Checkpoint(serial, month, number, bytes(digest), as_micros(now), key.name, b"")
        made.append(unsigned._replace(signature=key.sign(unsigned.signed())))
    await connection.cursor().executemany(
        "INSERT INTO audit_checkpoint (serial, month, number, hash, at, key, signature)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [(c.serial, c.month, c.number, c.hash, now, c.key, c.signature) for c in made],
    )
    return made


def append_to_file(file: Path, made: Iterable[Checkpoint]) -> None:
    """Append them as lines, durably. Blocks. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as out:
        out.write(b"".join(orjson.dumps(checkpoint.as_json()) + b"\n" for checkpoint in made))
        out.flush()
        os.fsync(out.fileno())


def read_file(file: Path) -> Iterator[Checkpoint]:
    """The checkpoints of a file, one line after the other. A half line at the end (a crash) is left out.

    Raises `OSError`, and `ValueError` for a line in the middle that is none.
    """
    with file.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                try:
                    yield checkpoint_from(orjson.loads(line))
                except (KeyError, TypeError) as error:
                    raise ValueError("a line is no checkpoint") from error


def with_file(there: list[Checkpoint], month: str, file: Path) -> list[Checkpoint]:
    """These, and those of this month in the file that are not among them. Blocks. Raises what `read_file` raises."""
    known = set(there)
    return there + [one for one in read_file(file) if one.month == month and one not in known]


_STORED = f"SELECT serial, month::text, number, hash, {micros('at')}, key, signature FROM audit_checkpoint"


async def stored(connection: Connection, month: str) -> list[Checkpoint]:
    """The checkpoints of a month in the database."""
    cursor = await connection.execute(f"{_STORED} WHERE month = %s ORDER BY serial".encode(), [month])
    return [_checkpoint(row) for row in await cursor.fetchall()]


async def latest(connection: Connection) -> Checkpoint | None:
    """The last one."""
    row = await (await connection.execute(f"{_STORED} ORDER BY serial DESC LIMIT 1".encode())).fetchone()
    return _checkpoint(row) if row else None


def _checkpoint(row: tuple[Any, ...]) -> Checkpoint:
    return Checkpoint(row[0], row[1], row[2], bytes(row[3]), row[4], row[5], bytes(row[6]))


async def stored_keys(connection: Connection) -> list[tuple[bytes, datetime]]:
    """Every public key that signed and since when, in their order."""
    cursor = await connection.execute("SELECT public_key, at FROM audit_key ORDER BY serial")
    return [(bytes(row[0]), row[1]) for row in await cursor.fetchall()]


class Trust:
    """Whose signatures count."""

    def __init__(self, trusted: Iterable[bytes]) -> None:
        self._keys = {key_name(public): public for public in trusted}

    def wrong(self, checkpoint: Checkpoint) -> str:
        """Why this checkpoint does not count, in words; empty: it does."""
        public = self._keys.get(checkpoint.key)
        if public is None:
            return f"it is signed with key {checkpoint.key}, which is not trusted here"
        if not is_signed(public, checkpoint.signature, checkpoint.signed()):
            return "its signature is false"
        return ""
