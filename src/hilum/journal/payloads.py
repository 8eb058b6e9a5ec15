"""How bodies are stored: compressed with zstd where that makes them smaller.

The embedded server is built without lz4, and PostgreSQL's own pglz is slower and weaker than zstd here.
"""

from __future__ import annotations

import zstandard

from hilum.errors import HilumError

RAW, ZSTD = 0, 1

_WORTH = 192
"""Bodies of fewer bytes are stored as they are: they gain nothing."""

_compressor = zstandard.ZstdCompressor(level=1, write_checksum=False, write_content_size=True)
_decompressor = zstandard.ZstdDecompressor()


def pack(body: bytes) -> tuple[int, bytes]:
    """Codec and stored form of a body."""
    if len(body) < _WORTH:
        return RAW, body
    packed = _compressor.compress(body)
    return (ZSTD, packed) if len(packed) < len(body) else (RAW, body)


class Damaged(HilumError):
    """What is stored is not what `pack` made."""


def unpack(codec: int, stored: bytes) -> bytes:
    """The body again. Raises `Damaged`."""
    if codec != ZSTD:
        return stored
    try:
        return _decompressor.decompress(stored)
    except zstandard.ZstdError:
        raise Damaged("what is stored cannot be decompressed") from None
