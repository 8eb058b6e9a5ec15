"""The key that signs checkpoints of the audit: Ed25519 (RFC 8032), from the settings, a file, or made by the hub."""

from __future__ import annotations

import base64
import binascii
import os
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from hilum.errors import SettingsError
from hilum.settings import Settings

MADE_KEY_FILE = "audit-signing.key"
"""In the data folder: the key that the hub made because none was set."""

_KEY_BYTES = 32  # RFC 8032 §5.1.5: of the private and of the public key


class SigningKey:
    """A private key. Its repr shows the name of the public one."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def name(self) -> str:
        """A short name: the beginning of the public key's SHA-256."""
        return key_name(self.public)

    def sign(self, data: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._private.sign(data)

    def __repr__(self) -> str:
        return f"SigningKey({self.name})"


def key_name(public: bytes) -> str:
    """What a public key is called in checkpoints and texts: 16 hexadecimal digits of its SHA-256."""
    return sha256(public).hexdigest()[:16]


def public_text(public: bytes) -> str:
    """A public key as people copy it: base64."""
    return base64.b64encode(public).decode()


def public_from(text: str) -> bytes:
    """A public key that `public_text` wrote. Raises `SettingsError`."""
    try:
        found = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != _KEY_BYTES:
        raise SettingsError("This is no public key: write the 44 characters that `hilum audit key` shows.")
    return found


def is_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Did the owner of this key sign this?"""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def signing_key_of(settings: Settings) -> SigningKey | None:
    """The key of these settings; none: they name none, and no hub has made one yet. Blocks. Raises `SettingsError`."""
    named = settings.audit.signing_key.get_secret_value() or settings.signing_key_file
    return load_signing_key(settings) if named or (settings.data_dir / MADE_KEY_FILE).exists() else None


def load_signing_key(settings: Settings) -> SigningKey:
    """The key of the settings: its text, else its file, else the one that the hub makes in its data folder. Blocks.

    Raises `SettingsError`, which never shows the key.
    """
    if text := settings.audit.signing_key.get_secret_value():
        return _read(text, "[audit] signing_key")
    file = settings.signing_key_file
    if file is None:
        file = settings.data_dir / MADE_KEY_FILE
        if not file.exists():
            _make(file)
    try:
        found = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingsError(f"The signing key of the audit cannot be read from {file}: {why}.") from None
    return _read(found, str(file))


def _read(text: str, where: str) -> SigningKey:
    try:
        if text.lstrip().startswith("-----BEGIN"):
            private = load_pem_private_key(text.encode(), password=None)
            if not isinstance(private, Ed25519PrivateKey):
                raise TypeError
            return SigningKey(private)
        return SigningKey(Ed25519PrivateKey.from_private_bytes(base64.b64decode(text.strip(), validate=True)))
    except (ValueError, TypeError, binascii.Error):
        raise SettingsError(
            f"{where} is no Ed25519 key: give a PEM file (openssl genpkey -algorithm ed25519), or base64 of 32 bytes."
        ) from None


def _make(file: Path) -> None:
    """Make a key that only this user can read. Of two hubs that do so at once, the first one's stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    made = Ed25519PrivateKey.generate().private_bytes_raw()
    with NamedTemporaryFile("wb", dir=file.parent, prefix=f".{file.name}") as draft:  # mode 0600
        draft.write(base64.b64encode(made) + b"\n")
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, file)
        except FileExistsError:
            return


def trusted_keys(settings: Settings) -> list[bytes]:
    """The public keys whose checkpoints count here: that of this hub, and those that its settings name. Blocks."""
    own = signing_key_of(settings)
    return [*([own.public] if own else []), *(public_from(key) for key in settings.audit.trusted_keys)]
