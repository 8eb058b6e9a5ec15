"""How bodies are stored: compressed with zstd where that makes them smaller, then sealed where their flow wants it.

The embedded server is built without lz4, and PostgreSQL's own pglz is slower and weaker than zstd here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import zstandard

from hilum.encryption.sealing import NotSealed, number_in
from hilum.errors import HilumError
from hilum.journal.keyring import Keyring, day_of, is_fresh, keyring_of
from hilum.postgres import Connection

RAW, ZSTD, SEALED = 0, 1, 2
"""The codec of a body: flags. Sealed, compressed, both, or none."""

MESSAGE_BODY = -1
"""The ordinal under which a message's own body is stored; deliveries have 0 and more."""

_WORTH = 192
"""Bodies of fewer bytes are stored as they are: they gain nothing."""

_compressor = zstandard.ZstdCompressor(level=1, write_checksum=False, write_content_size=True)
_decompressor = zstandard.ZstdDecompressor()

Ref = tuple[UUID, int]
"""Message id and ordinal: where a body belongs."""

Part = tuple[str, UUID, int, bytes]
"""A body that is to be stored: flow, message id, ordinal, body."""

Stored = tuple[UUID, int, int, bytes]
"""A row of `payload`: message id, ordinal, codec, body."""


def pack(body: bytes) -> tuple[int, bytes]:
    """Codec and stored form of a body that is not sealed."""
    if len(body) < _WORTH:
        return RAW, body
    packed = _compressor.compress(body)
    return (ZSTD, packed) if len(packed) < len(body) else (RAW, body)


class Damaged(HilumError):
    """What is stored is not what was packed."""


def unpack(codec: int, stored: bytes) -> bytes:
    """The body again. Raises `Damaged`."""
    if codec == RAW:
        return stored
    if codec != ZSTD:
        raise Damaged(f"it is stored in a way that this version does not know (codec {codec})")
    try:
        return _decompressor.decompress(stored)
    except zstandard.ZstdError:
        raise Damaged("what is stored cannot be decompressed") from None


@asynccontextmanager
async def packed(connection: Connection, parts: Sequence[Part]) -> AsyncIterator[list[tuple[int, bytes]]]:
    """Codec and stored form of each; to be written within the block, so that their keys live at least as long.

    Raises `KeyUnavailable`.
    """
    keyring = keyring_of(connection)
    sealed = await keyring.seals({flow for flow, *_ in parts}) if keyring is not None else set()
    if keyring is None or not sealed:
        yield [pack(body) for *_, body in parts]
        return
    periods = {(flow, day_of(message_id)) for flow, message_id, *_ in parts if flow in sealed}
    await keyring.prepare(periods)
    if all(is_fresh(day) for _, day in periods):
        yield [_sealed(keyring, part) if part[0] in sealed else pack(part[3]) for part in parts]
        return
    # Retention may be about to shred the key of an old day: it waits for this transaction, or is noticed.
    async with connection.transaction():
        while not await keyring.lock(connection, [keyring.writing(*period).number for period in periods]):
            await keyring.prepare(periods)
        yield [_sealed(keyring, part) if part[0] in sealed else pack(part[3]) for part in parts]


def _sealed(keyring: Keyring, part: Part) -> tuple[int, bytes]:
    flow, message_id, ordinal, body = part
    codec, stored = pack(body)
    codec |= SEALED
    return codec, keyring.writing(flow, day_of(message_id)).seal(message_id, ordinal, codec, stored)


async def unpacked(
    connection: Connection, rows: Iterable[Stored], *, again: bool = False
) -> dict[Ref, bytes | Damaged]:
    """Bodies of rows that were read; one whose key is shredded is missing, as if its row were.

    `again`: ask whether a key is shredded by now, instead of trusting what is in memory for up to a minute. Raises
    `KeyUnavailable`.
    """
    rows = list(rows)
    keyring = keyring_of(connection)
    found: dict[Ref, bytes | Damaged] = {}
    if keyring is not None:
        await keyring.load(connection, {n for *_, codec, body in rows if (n := _number(codec, body))}, again=again)
    for message_id, ordinal, codec, stored in rows:
        try:
            body = _opened(keyring, message_id, ordinal, codec, stored)
        except (Damaged, NotSealed) as error:
            found[message_id, ordinal] = Damaged(str(error))
        else:
            if body is not None:
                found[message_id, ordinal] = body
    return found


def _number(codec: int, stored: bytes) -> int:
    """The number of the key that it is sealed with; 0: none."""
    if not codec & SEALED:
        return 0
    try:
        return number_in(stored)
    except NotSealed:
        return 0


def _opened(keyring: Keyring | None, message_id: UUID, ordinal: int, codec: int, stored: bytes) -> bytes | None:
    if not codec & SEALED:
        return unpack(codec, stored)
    if keyring is None:
        raise Damaged("it is encrypted, and this process has no keys")
    key = keyring.reading(number_in(stored))
    return None if key is None else unpack(codec & ~SEALED, key.open(message_id, ordinal, codec, stored))
