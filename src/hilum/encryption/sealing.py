"""How bodies are sealed: AES-256-GCM under data keys, which are themselves sealed under a master key.

Nothing here does I/O. The bytes of a sealed body are `number of the data key (8) | nonce (12) | ciphertext and tag`;
message id, ordinal and codec are authenticated with it, so that a body moved to another row no longer opens. Nonces are
random: a data key serves one flow for one day, far below the 2³² uses that NIST SP 800-38D (§8.3) allows with them.
"""

from __future__ import annotations

import base64
import binascii
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hilum.errors import HilumError, SettingsError

KEY_BYTES = 32
_NONCE = 12
_TAG = 16
_NUMBER = struct.Struct("!q")
_PLACE = struct.Struct("!16shh")  # message id, ordinal, codec

OVERHEAD = _NUMBER.size + _NONCE + _TAG
"""Bytes by which a sealed body is longer."""


class NotSealed(HilumError):
    """These bytes were not sealed with this key for this place, or were changed since."""


@dataclass(frozen=True, slots=True, eq=False)
class MasterKey:
    """A key that only ever seals data keys. Its id is made of it, tells nothing about it, and may be shown."""

    secret: bytes = field(repr=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError("a master key has 32 bytes")
        object.__setattr__(self, "id", blake2b(self.secret, digest_size=6, person=b"hilum master").hexdigest())

    def wrap(self, key: bytes, owner: bytes) -> bytes:
        """A data key, sealed for its owner (see `owner_of`)."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self.secret).encrypt(nonce, key, owner)

    def unwrap(self, wrapped: bytes, owner: bytes) -> bytes:
        """The data key again. Raises `NotSealed`."""
        try:
            return AESGCM(self.secret).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], owner)
        except (InvalidTag, ValueError):
            raise NotSealed("the data key was not sealed under this master key for this flow and day") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKeys:
    """The current master key, which seals what is new, and all that can open what is old."""

    current: MasterKey
    known: Mapping[str, MasterKey]  # by id, the current one too

    @classmethod
    def of(cls, current: bytes, previous: Iterable[bytes] = ()) -> MasterKeys:
        """From their bytes."""
        first = MasterKey(current)
        return cls(current=first, known={key.id: key for key in (first, *map(MasterKey, previous))})


def new_key() -> bytes:
    """A random key."""
    return os.urandom(KEY_BYTES)


def key_text(key: bytes) -> str:
    """A key as people keep it: 44 characters of base64."""
    return base64.urlsafe_b64encode(key).decode()


def read_key(text: str, where: str) -> bytes:
    """A key from its text: base64 (either alphabet) or 64 hexadecimal digits. Raises `SettingsError`, without it."""
    text = text.strip()
    try:
        if len(text) == 2 * KEY_BYTES:
            key = bytes.fromhex(text)
        else:
            plain = text.rstrip("=").replace("+", "-").replace("/", "_")
            key = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{where} is no key: it must be 32 random bytes in base64. Make one with: hilum keys new")
    return key


def owner_of(flow: str, period: date, message_id: UUID | None = None) -> bytes:
    """Whose a data key is: it opens for nobody else, so that keys cannot be exchanged in the table."""
    return "\x00".join(("hilum data key", flow, period.isoformat(), str(message_id or ""))).encode()


class DataKey:
    """A data key in memory, ready for use."""

    __slots__ = ("_cipher", "_prefix", "flow", "number", "period")

    def __init__(self, number: int, flow: str, period: date, secret: bytes) -> None:
        self.number = number
        self.flow = flow
        self.period = period
        self._cipher = AESGCM(secret)
        self._prefix = _NUMBER.pack(number)

    def __repr__(self) -> str:
        return f"<DataKey {self.number} of {self.flow}, {self.period}>"

    def seal(self, message_id: UUID, ordinal: int, codec: int, body: bytes) -> bytes:
        """The sealed form of a body, for its place only."""
        nonce = os.urandom(_NONCE)
        place = _PLACE.pack(message_id.bytes, ordinal, codec)
        return self._prefix + nonce + self._cipher.encrypt(nonce, body, place)

    def open(self, message_id: UUID, ordinal: int, codec: int, sealed: bytes) -> bytes:
        """The body again. Raises `NotSealed` where anything is not as it was sealed."""
        start = _NUMBER.size + _NONCE
        if len(sealed) < OVERHEAD or sealed[: _NUMBER.size] != self._prefix:
            raise NotSealed("it is not sealed with this key")
        try:
            place = _PLACE.pack(message_id.bytes, ordinal, codec)
            return self._cipher.decrypt(sealed[_NUMBER.size : start], sealed[start:], place)
        except (InvalidTag, struct.error):
            raise NotSealed("it was changed since it was stored, or belongs to another message") from None


def number_in(sealed: bytes) -> int:
    """The number of the data key that a sealed body names. Raises `NotSealed` where it is too short to be one."""
    if len(sealed) < OVERHEAD:
        raise NotSealed("it is too short")
    return int(_NUMBER.unpack_from(sealed)[0])
