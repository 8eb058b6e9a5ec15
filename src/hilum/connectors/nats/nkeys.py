"""Logins by key: Ed25519 nkeys and credentials files, read and signed with. Secrets stay in this file.

The written form is that of NATS (ADR-14 of nats-architecture-and-design): base32 of prefix, key and CRC-16/XMODEM.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hilum.errors import SettingsError

_SEED = 18 << 3
_SECTION = re.compile(r"-+BEGIN ([A-Z ]+)-+\s+(\S+)\s+-+END")


@dataclass(frozen=True)
class KeyLogin:
    """What signs the server's challenge. `jwt` is empty for a bare nkey."""

    key: Ed25519PrivateKey
    public: str
    jwt: str = ""

    def __repr__(self) -> str:
        return f"<KeyLogin {self.public}>"

    def token(self) -> bytearray:
        """The user's JWT, as the client wants it."""
        return bytearray(self.jwt.encode())

    def sign(self, nonce: str) -> bytes:
        """The signature of the challenge, in base64 as the protocol wants it."""
        return base64.b64encode(self.key.sign(nonce.encode()))


def from_seed(seed: str, jwt: str = "") -> KeyLogin:
    """The login of an nkey seed (`SU…`). Raises `SettingsError`, which does not show it."""
    try:
        raw = base64.b32decode(seed.strip() + "=" * (-len(seed.strip()) % 8))
    except (ValueError, binascii.Error):
        raise SettingsError("nkey: this is no nkey seed; it begins with SU") from None
    sound = len(raw) == 36 and binascii.crc_hqx(raw[:-2], 0) == int.from_bytes(raw[-2:], "little")
    if not sound or raw[0] & 0xF8 != _SEED:
        raise SettingsError("nkey: this is no nkey seed; it begins with SU")
    key = Ed25519PrivateKey.from_private_bytes(raw[2:34])
    kind = (raw[0] & 0x07) << 5 | raw[1] >> 3
    body = bytes([kind]) + key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    written = body + binascii.crc_hqx(body, 0).to_bytes(2, "little")
    return KeyLogin(key=key, public=base64.b32encode(written).decode().rstrip("="), jwt=jwt)


def from_credentials(path: Path) -> KeyLogin:
    """The login of a credentials file. Raises `SettingsError` naming the file."""
    try:
        sections = dict(_SECTION.findall(path.read_text(encoding="ascii")))
        return from_seed(sections["USER NKEY SEED"], sections["NATS USER JWT"])
    except (OSError, ValueError, KeyError):
        raise SettingsError(f"credentials: {path} cannot be read as a NATS credentials file") from None
