"""Where the master key comes from: the settings (an environment variable), a file, a vault, or a file of our own."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from hilum.encryption.sealing import MasterKeys, key_text, new_key, read_key
from hilum.errors import SettingsError
from hilum.settings import EncryptionSettings

log = logging.getLogger("hilum.keys")

_OTHERS = 0o077  # group and others, any right
_OWN_NAME = "master.key"


class KeySource:
    """Reads the master keys that the settings name, again whenever it is asked: a file or vault may have new ones.

    `own_folder`: where the hub keeps a key of its own if the settings name none; None where it may not, because the
    database is somebody else's and outlives this folder.
    """

    def __init__(self, settings: EncryptionSettings, folder: Path, own_folder: Path | None) -> None:
        self._settings = settings
        self._folder = folder
        self._own = own_folder / _OWN_NAME if own_folder is not None else None

    @property
    def place(self) -> str:
        """Where the key is, in words for people; empty where none is set."""
        settings = self._settings
        if settings.key.get_secret_value():
            return "the settings or HILUM_MASTER_KEY"
        if settings.key_file is not None:
            return str(self._path(settings.key_file))
        if settings.vault.url:
            return f"the vault at {settings.vault.url}"
        return str(self._own) if self._own is not None and self._own.exists() else ""

    @property
    def own_file(self) -> Path | None:
        """The key file that the hub made for itself, where that is the one in force."""
        return self._own if self._own is not None and self.place == str(self._own) else None

    @property
    def may_create(self) -> bool:
        """Will the hub make a key of its own where none is set?"""
        return self._own is not None

    async def load(self) -> MasterKeys | None:
        """The keys; None where none is set. Raises `SettingsError`, or `KeyUnavailable` where the vault is away."""
        settings = self._settings
        named = [bool(settings.key.get_secret_value()), settings.key_file is not None, bool(settings.vault.url)]
        if sum(named) > 1:
            raise SettingsError(
                "[encryption] names more than one of key (HILUM_MASTER_KEY), key_file and vault: keep one."
            )
        previous = [
            read_key(key.get_secret_value(), f"[encryption] previous_keys, number {number},")
            for number, key in enumerate(settings.previous_keys, 1)
        ]
        if named[0]:
            return MasterKeys.of(read_key(settings.key.get_secret_value(), "[encryption] key"), previous)
        if settings.key_file is not None:
            return self._from_file(self._path(settings.key_file), previous)
        if settings.vault.url:
            from hilum.encryption.vault import ask_vault  # brings an HTTP client, which most processes do not need

            found = await ask_vault(settings.vault, self._folder)
            return MasterKeys.of(found[0], [*found[1:], *previous])
        if self._own is not None and self._own.exists():
            return self._from_file(self._own, previous)
        if previous:
            raise SettingsError("[encryption] previous_keys are set, but no key, key_file or vault.")
        return None

    def create_own(self) -> MasterKeys | None:
        """Make the hub's own key file; None where it may not have one. If another process is faster, its key counts."""
        if self._own is None:
            return None
        self._own.parent.mkdir(parents=True, exist_ok=True)
        draft = self._own.with_name(f"{self._own.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{key_text(new_key())}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, self._own)  # unlike a rename, this never replaces a key that is there already
        except FileExistsError:
            log.info("the key file was made by another process")
        else:
            log.warning(
                "payloads are encrypted under a new master key in %s: keep a copy of this file apart from the database;"
                " without it no payload can be read",
                self._own,
            )
        finally:
            draft.unlink()
        return self._from_file(self._own, [])

    def _path(self, path: Path) -> Path:
        return self._folder / path.expanduser()

    @staticmethod
    def _from_file(path: Path, previous: Sequence[bytes]) -> MasterKeys:
        try:
            mode = path.stat().st_mode
            text = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            words = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SettingsError(f"The key file {path} cannot be read: {words}.") from None
        if os.name == "posix" and mode & _OTHERS:
            raise SettingsError(f"Others than its owner may read or write the key file {path}: chmod 600 {path}")
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        if not lines:
            raise SettingsError(f"The key file {path} is empty. Make a key with: hilum keys new > {path}")
        keys = [read_key(line, f"{path}, key {number},") for number, line in enumerate(lines, 1)]
        return MasterKeys.of(keys[0], [*keys[1:], *previous])
