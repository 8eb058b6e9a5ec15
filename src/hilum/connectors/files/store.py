"""A directory as both file connectors see it, wherever it is: list, read, move, put a file there whole."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator

from hilum.connector import ConnectorSettings
from hilum.errors import HilumError, SettingsError

# Bytes read at a time.
CHUNK: Final = 64 * 1024
# Names of files that are still being written end so; no source takes them.
PART: Final = ".hilum-part"
# The longest name that file systems take, in bytes (NAME_MAX of ext4, XFS, APFS; POSIX asks for less).
NAME_BYTES: Final = 255
_EXTENSION: Final = 16  # bytes; a longer one is a part of the name
_PLAIN_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")


class Missing(HilumError):
    """The file is not there (any more): another process may have taken it."""


class Occupied(HilumError):
    """A file of this name is there, with other content."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file in the directory."""

    name: str
    size: int  # bytes
    modified: float  # the far side's clock; only compared with itself


class Store(Protocol):
    """One directory. Every method raises `Down` when the place cannot be reached or forbids it."""

    address: str  # without login

    async def open(self, *folders: str) -> None:
        """Connect; make these folders inside the directory where they are missing. `Down` without the directory."""

    async def close(self) -> None:
        """Let go. May be called twice."""

    async def entries(self) -> Sequence[Entry]:
        """The regular files with plain names, no links, in the order of their names."""

    def read(self, name: str) -> AsyncGenerator[bytes, None]:
        """The content in chunks. Raises `Missing`."""

    async def move(self, name: str, folder: str, new_name: str) -> None:
        """Into a folder of this directory, replacing what has the name there. Raises `Missing`."""

    async def remove(self, name: str) -> None:
        """Remove; nothing happens when it is not there."""

    async def holds(self, folder: str, name: str) -> bool:
        """Is there something of this name in a folder of this directory?"""

    async def put(self, name: str, data: bytes, *, folder: str = "", replace: bool = False) -> None:
        """Make a file that is there whole or not at all, and on the disk when this returns.

        Without `replace`: a file with this content counts as made, with other content it stays and `Occupied` is
        raised. May also raise `TryAgain` (surely not there) or `Unsure` (the link was lost just then).
        """


class StoreSettings(ConnectorSettings):
    """Settings of a directory, local or behind SFTP."""

    url: str = Field(
        min_length=1,
        description="Directory: a path, or sftp://user@host:port/path (/~/path: below the login's home)",
        examples=["sftp://hub@files.example/in"],
    )
    password: SecretStr | None = Field(
        default=None, description="SFTP password; empty: log in by key", examples=["${FILES_PASSWORD}"]
    )
    key: Path | None = Field(
        default=None, description="File with the SFTP private key; empty: log in by password", examples=["ssh/hub"]
    )
    key_password: SecretStr | None = Field(
        default=None, description="Password of the private key; empty: the key has none", examples=["${KEY_PASSWORD}"]
    )
    known_hosts: Path | None = Field(
        default=None,
        description="File with the SFTP server's host key, in the form of OpenSSH",
        examples=["ssh/known_hosts"],
    )
    host_key: str = Field(
        default="",
        description="The SFTP server's host key itself, in place of known_hosts",
        examples=["ssh-ed25519 AAAA…"],
    )
    timeout: float = Field(
        default=30,
        gt=0,
        description="Seconds to wait for the SFTP server, for each step",
        examples=[30],
        json_schema_extra={"unit": "s"},
    )

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        """A password in the URL would be shown wherever the address is."""
        parts = urlsplit(url)
        if "://" in url and parts.scheme not in ("file", "sftp"):
            raise ValueError("a directory is a path, file://… or sftp://…")
        if parts.scheme == "sftp" and not parts.hostname:
            raise ValueError("sftp:// needs a host")
        if parts.password:
            raise ValueError("put the password into the setting password, not into the URL")
        return url

    def store(self) -> Store:
        """The directory, not yet opened. Raises `SettingsError` when SFTP has no way to know the server."""
        # here, so that a hub without SFTP does not load the SSH library
        from hilum.connectors.files.local import LocalStore
        from hilum.connectors.files.sftp import Login, SftpStore

        parts = urlsplit(self.url)
        if parts.scheme != "sftp":
            return LocalStore(Path(unquote(parts.path) if parts.scheme == "file" else self.url))
        if self.known_hosts is None and not self.host_key:
            raise SettingsError("sftp needs known_hosts or host_key: an unknown server could be anybody")
        login = Login(
            host=parts.hostname or "",
            port=parts.port or 22,
            user=unquote(parts.username or ""),
            password=self.password.get_secret_value() if self.password else None,
            key=self.key,
            key_password=self.key_password.get_secret_value() if self.key_password else None,
            known_hosts=self.known_hosts,
            host_key=self.host_key,
            timeout=self.timeout,
        )
        path = unquote(parts.path)
        return SftpStore(login, path[3:] or "." if path.startswith("/~/") else path or "/")


def plain(name: str) -> bool:
    """Is this the name of a file here, and not a way to somewhere else?"""
    return name not in (".", "..") and not name.endswith(PART) and _PLAIN_NAME.fullmatch(name) is not None


def told(name: str) -> str:
    """The name as logs can hold it: on a POSIX file system a name is bytes, and need not be UTF-8."""
    return name.encode(errors="replace").decode()


def within_limit(name: str, suffix: str = "", limit: int = NAME_BYTES) -> str:
    """`name` with a suffix, as a file system can have it: in at most 255 bytes, the suffix and the extension whole.

    A name that is too long keeps its beginning; a part of its hash keeps different ones apart.
    """
    stem, dot, extension = name.rpartition(".")
    if not stem or len(_bytes(extension)) > _EXTENSION:
        stem, dot, extension = name, "", ""
    whole = f"{name}{suffix}"
    if len(_bytes(whole)) <= limit:
        return whole
    end = f"~{hashlib.sha256(_bytes(name)).hexdigest()[:12]}{dot}{extension}{suffix}"
    room = limit - len(_bytes(end))
    return _bytes(stem)[:room].decode("utf-8", "ignore") + end


def _bytes(name: str) -> bytes:
    """A name as the file system has it: one that is no UTF-8 was read with surrogates in place of its bytes."""
    return name.encode("utf-8", "surrogateescape")


async def digest(store: Store, name: str) -> str:
    """SHA-256 of the content, in hex. Raises `Missing`."""
    found = hashlib.sha256()
    async with aclosing(store.read(name)) as chunks:
        async for chunk in chunks:
            found.update(chunk)
    return found.hexdigest()


def join(folder: str, name: str) -> str:
    """`folder/name`, or the name alone."""
    return f"{folder}/{name}" if folder else name


Split = Literal[
    "rows", "fixed", "hl7", "x12", "x12-interchange", "edifact", "edifact-interchange", "json",
    "xml", "xlsx", "parquet", "none"
]  # fmt: skip
