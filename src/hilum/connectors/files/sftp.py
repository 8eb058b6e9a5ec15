"""A directory behind SFTP (draft-ietf-secsh-filexfer-02, the version 3 that OpenSSH speaks)."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from hilum.connectors.declaring import os_words
from hilum.connectors.files.store import CHUNK, PART, Entry, Missing, Occupied, join, plain
from hilum.errors import Down, SettingsError, TryAgain, Unsure


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """Who logs in where, and how the server is known."""

    host: str
    port: int
    user: str
    password: str | None = field(repr=False)
    key: Path | None
    key_password: str | None = field(repr=False)
    known_hosts: Path | None
    host_key: str
    timeout: float  # seconds, for each step


class SftpStore:
    """See `Store`. Keeps one connection, and makes a new one when that is lost."""

    def __init__(self, login: Login, path: str) -> None:
        self._login = login
        self._path = path.rstrip("/") or "/"
        self.address = f"sftp://{login.host}:{login.port}/{path.lstrip('/')}"
        self._connection: Any = None
        self._sftp: Any = None
        self._connecting = asyncio.Lock()

    async def open(self, *folders: str) -> None:
        """See `Store.open`."""
        async with self._told() as sftp:
            if not await sftp.isdir(self._path):
                raise Down(f"{self.address} is no directory, or may not be seen")
            for folder in folders:
                await sftp.makedirs(self._at(folder), exist_ok=True)

    async def close(self) -> None:
        """Close the connection and wait for its end."""
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.close()
            try:
                async with asyncio.timeout(2):
                    await connection.wait_closed()
            except TimeoutError:
                connection.abort()

    async def entries(self) -> Sequence[Entry]:
        """See `Store.entries`."""
        async with self._told() as sftp:
            found = await sftp.readdir(self._path)
        named = [(str(each.filename), each.attrs) for each in found]
        return sorted(
            # readdir gives the attributes of a link, not of what it leads to, so links fall out here
            (
                Entry(name, attrs.size or 0, float(attrs.mtime or 0))
                for name, attrs in named
                if plain(name) and stat.S_ISREG(attrs.permissions or 0)
            ),
            key=lambda entry: entry.name,
        )

    async def read(self, name: str) -> AsyncGenerator[bytes, None]:
        """See `Store.read`."""
        async with self._told() as sftp:
            file = await sftp.open(self._at(name), "rb")
        try:
            while True:
                async with self._told():
                    chunk = await file.read(CHUNK)
                if not chunk:
                    return
                yield chunk
        finally:
            await self._quietly(file.close())

    async def move(self, name: str, folder: str, new_name: str) -> None:
        """See `Store.move`. The name in the folder is free: the caller looked, and nobody else writes there."""
        target = self._at(join(folder, new_name))
        async with self._told() as sftp:
            if await sftp.lexists(target):
                await sftp.remove(target)
            await sftp.rename(self._at(name), target)

    async def remove(self, name: str) -> None:
        """See `Store.remove`."""
        try:
            async with self._told() as sftp:
                await sftp.remove(self._at(name))
        except Missing:
            return

    async def holds(self, folder: str, name: str) -> bool:
        """See `Store.holds`."""
        async with self._told() as sftp:
            return bool(await sftp.lexists(self._at(join(folder, name))))

    async def put(self, name: str, data: bytes, *, folder: str = "", replace: bool = False) -> None:
        """See `Store.put`."""
        final = self._at(join(folder, name))
        part = self._at(join(folder, f".{secrets.token_hex(8)}{PART}"))
        if not replace and await self._made_before(final, data):
            return
        try:
            async with self._told() as sftp:
                await self._write(sftp, part, data)
        except Down as down:
            if self._sftp is None:
                raise TryAgain(str(down)) from None  # the link was lost before the file got its name
            raise
        await self._appear(part, final, data, replace)

    # ---- inside

    async def _write(self, sftp: Any, part: str, data: bytes) -> None:
        async with sftp.open(part, "xb") as file:
            await file.write(data)
            try:
                await file.fsync()
            except asyncssh.SFTPOpUnsupported:
                return  # an extension of OpenSSH; servers without it decide alone when the disk has it

    async def _appear(self, part: str, final: str, data: bytes, replace: bool) -> None:
        """Give the written file its name. The rename of version 3 fails when the name is taken (§6.5)."""
        try:
            async with self._told() as sftp:
                if replace and await sftp.lexists(final):
                    await sftp.remove(final)
                await sftp.rename(part, final)
        except Down as down:
            if self._sftp is None:
                raise Unsure(str(down)) from None  # lost between the rename and its answer
            # servers have one code for "the name is taken" and everything else
            made = await self._made_before(final, data)
            await self._quietly(self._remove_path(part))
            if not made:
                raise

    async def _remove_path(self, path: str) -> None:
        """Remove by full path."""
        async with self._told() as sftp:
            await sftp.remove(path)

    async def _made_before(self, final: str, data: bytes) -> bool:
        """Is there this file with this content? Raises `Occupied` when its content is another."""
        found = hashlib.sha256()
        size = 0
        try:
            async with self._told() as sftp, sftp.open(final, "rb") as file:
                while size <= len(data) and (chunk := await file.read(CHUNK)):
                    found.update(chunk)
                    size += len(chunk)
        except Missing:
            return False
        if found.digest() != hashlib.sha256(data).digest():
            raise Occupied(f"there is a file {final.rpartition('/')[2]} with other content")
        return True

    async def _quietly(self, step: Any) -> None:
        """A step of tidying up: when it fails, what matters has been said already."""
        try:
            async with asyncio.timeout(self._login.timeout):
                await step
        except (asyncssh.Error, OSError, TimeoutError, Missing, Down):
            return

    def _at(self, name: str) -> str:
        return f"{self._path.rstrip('/')}/{name}"

    @asynccontextmanager
    async def _told(self) -> AsyncIterator[Any]:
        """A live client; the library's errors become the hub's. After a lost link `_sftp` is None."""
        sftp = await self._client()
        try:
            async with asyncio.timeout(self._login.timeout):
                yield sftp
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            raise Missing("the file is not there any more") from None
        except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.ConnectionLost, TimeoutError) as error:
            self._drop()
            reason = "no answer in time" if isinstance(error, TimeoutError) else "the connection was lost"
            raise Down(f"{self.address}: {reason}") from None
        except asyncssh.SFTPError as error:
            # the server's own words may quote a file's name, which is no payload, but not more than its code is needed
            raise Down(f"{self.address}: {type(error).__name__.removeprefix('SFTP')}") from None
        except OSError as error:
            self._drop()
            raise Down(f"{self.address}: {os_words(error)}") from None

    def _drop(self) -> None:
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.abort()

    async def _client(self) -> Any:
        async with self._connecting:
            if self._sftp is None or self._connection is None or self._connection.is_closed():
                self._connection, self._sftp = await self._connect()
            return self._sftp

    async def _connect(self) -> tuple[Any, Any]:
        login = self._login
        try:
            async with asyncio.timeout(login.timeout):
                connection = await asyncssh.connect(
                    login.host,
                    login.port,
                    username=login.user or (),
                    password=login.password,
                    client_keys=self._keys(),
                    known_hosts=self._hosts(),
                    # what this user's own SSH set-up says must not change what the hub does
                    config=[],
                    agent_path=None,
                )
                try:
                    return connection, await connection.start_sftp_client()
                except BaseException:
                    connection.abort()  # a server that lets in and serves no files
                    raise
        except TimeoutError:
            raise Down(f"{self.address}: no answer in time") from None
        except asyncssh.HostKeyNotVerifiable:
            raise Down(f"{self.address}: the server shows another host key than the one in known_hosts") from None
        except asyncssh.PermissionDenied:
            raise Down(f"{self.address}: the login is refused; check user, password and key") from None
        except asyncssh.Error as error:
            raise Down(f"{self.address}: no connection ({type(error).__name__})") from None
        except OSError as error:
            raise Down(f"{self.address}: {os_words(error)}") from None

    def _keys(self) -> Any:
        if self._login.key is None:
            return None
        try:
            return [asyncssh.read_private_key(str(self._login.key), self._login.key_password)]
        except (OSError, asyncssh.Error, ValueError):
            raise SettingsError(f"the SSH key {self._login.key} cannot be read with this password") from None

    def _hosts(self) -> Any:
        login = self._login
        try:
            if login.host_key:
                return asyncssh.import_known_hosts(f"{self._host_pattern()} {login.host_key}\n")
            return asyncssh.read_known_hosts(str(login.known_hosts))
        except (OSError, asyncssh.Error, ValueError):
            raise SettingsError(f"the host key of {login.host} cannot be read: check known_hosts or host_key") from None

    def _host_pattern(self) -> str:
        return self._login.host if self._login.port == 22 else f"[{self._login.host}]:{self._login.port}"
