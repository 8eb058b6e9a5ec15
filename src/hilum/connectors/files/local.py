"""A directory of this machine (or mounted on it). All calls of the operating system run in a thread."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from hilum.connectors.declaring import os_words
from hilum.connectors.files.store import CHUNK, PART, Entry, Missing, Occupied, join, plain
from hilum.errors import Down

# File systems that know no hard links (FAT, some network shares) answer with one of these.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class LocalStore:
    """See `Store`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.address = str(root)

    async def open(self, *folders: str) -> None:
        """See `Store.open`."""
        await asyncio.to_thread(self._open, folders)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def entries(self) -> Sequence[Entry]:
        """See `Store.entries`."""
        return await asyncio.to_thread(self._entries)

    async def read(self, name: str) -> AsyncGenerator[bytes, None]:
        """See `Store.read`."""
        with self._told():
            file = await asyncio.to_thread(self._open_file, name)
        try:
            while chunk := await asyncio.to_thread(os.read, file, CHUNK):
                yield chunk
        finally:
            os.close(file)

    async def move(self, name: str, folder: str, new_name: str) -> None:
        """See `Store.move`."""
        with self._told():
            await asyncio.to_thread((self._root / name).replace, self._root / folder / new_name)

    async def remove(self, name: str) -> None:
        """See `Store.remove`."""
        with self._told():
            await asyncio.to_thread((self._root / name).unlink, missing_ok=True)

    async def holds(self, folder: str, name: str) -> bool:
        """See `Store.holds`."""
        with self._told():
            return await asyncio.to_thread(os.path.lexists, self._root / folder / name)

    async def put(self, name: str, data: bytes, *, folder: str = "", replace: bool = False) -> None:
        """See `Store.put`."""
        await asyncio.to_thread(self._put, join(folder, name), data, replace)

    # ---- in a thread

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The operating system's errors become the hub's."""
        try:
            yield
        except FileNotFoundError:
            raise Missing("the file is not there any more") from None
        except OSError as error:
            raise Down(f"{self.address}: {os_words(error)}") from None

    def _open(self, folders: Sequence[str]) -> None:
        if not self._root.is_dir():
            # a hub that was started elsewhere looks for another folder than its project means
            there = "" if self._root.is_absolute() else f" in {Path.cwd()}, where the hub was started"
            raise Down(f"{self.address} is no directory{there}, or cannot be reached: make it, or correct its path")
        with self._told():
            for folder in folders:
                (self._root / folder).mkdir(exist_ok=True)

    def _entries(self) -> list[Entry]:
        found = []
        try:
            with os.scandir(self._root) as entries:
                for entry in entries:
                    if not plain(entry.name):
                        continue
                    with suppress(FileNotFoundError):  # taken by someone else since it was listed
                        seen = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(seen.st_mode):
                            found.append(Entry(entry.name, seen.st_size, seen.st_mtime))
        except OSError as error:
            raise Down(f"{self.address}: {os_words(error)}") from None
        return sorted(found, key=lambda entry: entry.name)

    def _open_file(self, name: str) -> int:
        # a link that took the file's place since it was listed is not followed
        return os.open(self._root / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))

    def _put(self, name: str, data: bytes, replace: bool) -> None:
        final = self._root / name
        part = final.with_name(f".{secrets.token_hex(8)}{PART}")
        try:
            if not replace and self._made_before(final, data):
                return
            try:
                with part.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                self._appear(part, final, data, replace)
            finally:
                part.unlink(missing_ok=True)
            self._sync(final.parent)
        except OSError as error:
            raise Down(f"{self.address}: {os_words(error)}") from None

    def _appear(self, part: Path, final: Path, data: bytes, replace: bool) -> None:
        """Give the written file its name; without `replace` in one step that fails when the name is taken."""
        if replace:
            part.replace(final)
            return
        try:
            final.hardlink_to(part)
        except FileExistsError:
            self._made_before(final, data)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # without links another program's file of this name, made this very moment, would be replaced
            part.replace(final)

    def _made_before(self, final: Path, data: bytes) -> bool:
        """Is there this file with this content? Raises `Occupied` when its content is another."""
        try:
            if final.stat().st_size != len(data) or self._digest(final) != hashlib.sha256(data).digest():
                raise Occupied(f"there is a file {final.name} with other content")
        except FileNotFoundError:
            return False
        return True

    def _digest(self, path: Path) -> bytes:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()

    def _sync(self, directory: Path) -> None:
        """The name, too, is on the disk only after this."""
        if os.name == "nt":
            return
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
