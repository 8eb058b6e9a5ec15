"""The API key of an endpoint: as the settings have it, or as a file has it now.

A file is looked at before each call (one `stat`), so a key that is put there counts at once in every process, without a
restart. It holds the key on a line of its own; `# ends …` tells when it ends, other lines with `#` say nothing:

    # ends 2027-02-18T09:00:00+00:00
    6578616d706c65206a736f6e20617069206b6579

The hub itself writes there when it is given a new key, or gets itself one (`renewal.py`): all at once, by a rename, so
that no process ever reads a part. The former key stands beside it until it is taken back in Odoo.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hilum.connectors.declaring import os_words
from hilum.connectors.odoo.settings import OdooSettings
from hilum.errors import Down, SettingsError

_OTHERS: Final = 0o077  # group and others, any right
_ENDS: Final = re.compile(r"#\s*ends\s+(\S+)")
_LONGEST: Final = 4096  # bytes of a key file that are read


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A key, and when it ends (none: never, or not known). Its repr shows nothing of it."""

    secret: str
    ends: datetime | None = None

    def __repr__(self) -> str:
        return f"<Key that ends {self.ends or 'nobody knows when'}>"


class ApiKey:
    """The key in force. Where its file cannot be read, `current` raises `Down`, everything else `SettingsError`."""

    def __init__(self, settings: OdooSettings) -> None:
        self.file = Path(settings.api_key_file) if settings.api_key_file else None
        self._key = Key(settings.api_key.get_secret_value())
        self._seen: tuple[int, int, int] | None = None  # of the file that was read

    def current(self) -> str:
        """The key, for a call."""
        if self.file is not None:
            try:
                self._look()
            except SettingsError as error:
                if not self._key.secret:
                    raise Down(str(error)) from None
        return self._key.secret  # a file that cannot be read for now: the former key is the best there is

    def known(self) -> Key:
        """The key and when it ends, as the file says."""
        if self.file is not None:
            self._look()
        return self._key

    def _look(self) -> None:
        assert self.file is not None  # noqa: S101 — for the type checker
        try:
            facts = self.file.stat()
            mark = facts.st_mtime_ns, facts.st_ino, facts.st_size
            if mark == self._seen:
                return
        except OSError as error:
            raise SettingsError(f"odoo: the key file {self.file} cannot be read: {os_words(error)}") from None
        if os.name == "posix" and facts.st_mode & _OTHERS:
            raise SettingsError(f"odoo: others may read or write the key file {self.file}: chmod 600 {self.file}")
        self._key, self._seen = read(self.file), mark

    # ---- a new key: begun, stored as a draft, tested by the caller, put in force

    def begin(self) -> Key | None:
        """Make sure that a new key can be stored; the one that was stored and never put in force, where there is one.

        Raises `SettingsError` where there is no file, or it may not be written.
        """
        draft = self._beside("new")
        if draft.exists():
            with_key = _read_or_none(draft)
            if with_key is not None:
                return with_key
        write(draft, None)
        return None

    def draft(self, key: Key) -> None:
        """Store a new key beside the one in force. After this it is not lost by a crash."""
        write(self._beside("new"), key)

    def drop_draft(self) -> None:
        """The new key is none."""
        self._beside("new").unlink(missing_ok=True)

    def put_in_force(self) -> None:
        """The draft is the key from now on, in every process; the former one is kept until it is taken back."""
        former = self.known()
        write(self._beside("previous"), former)
        draft = self._beside("new")
        draft.replace(self._needed())
        self._seen = None

    def former(self) -> tuple[Key, float] | None:
        """The former key, and for how many seconds it is the former one; none where it was taken back."""
        if self.file is None:
            return None
        path = self._beside("previous")
        try:
            since = path.stat().st_mtime
        except OSError:
            return None
        key = _read_or_none(path)
        return None if key is None else (key, max(0.0, datetime.now(UTC).timestamp() - since))

    def forget_former(self) -> None:
        """It was taken back, or cannot be."""
        self._beside("previous").unlink(missing_ok=True)

    def _needed(self) -> Path:
        if self.file is None:
            raise SettingsError(
                "odoo: a new key can only be stored in a file of its own: set `api_key_file` in place of `api_key`"
            )
        return self.file

    def _beside(self, what: str) -> Path:
        file = self._needed()
        return file.with_name(f"{file.name}.{what}")


def read(path: Path) -> Key:
    """The key in a file. Raises `SettingsError`, which never shows it."""
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST).decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        words = os_words(error) if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"odoo: the key file {path} cannot be read: {words}") from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    secrets = [line for line in lines if not line.startswith("#")]
    if len(secrets) != 1:
        raise SettingsError(f"odoo: the key file {path} must hold one key on a line of its own")
    told = next((found[1] for line in lines if (found := _ENDS.match(line))), "")
    try:
        ends = datetime.fromisoformat(told) if told else None
    except ValueError:
        raise SettingsError(
            f"odoo: the key file {path} does not say when the key ends: write # ends 2027-02-18"
        ) from None
    if ends is not None and ends.tzinfo is None:
        ends = ends.replace(tzinfo=UTC)
    return Key(secrets[0], ends)


def _read_or_none(path: Path) -> Key | None:
    """What a crash may have left half written is none."""
    try:
        return read(path)
    except SettingsError:
        return None


def write(path: Path, key: Key | None) -> None:
    """Write a file that only its owner may read, and make it durable. Raises `SettingsError`."""
    text = "" if key is None else f"{f'# ends {key.ends.isoformat()}' if key.ends else '#'}\n{key.secret}\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SettingsError(f"odoo: a key cannot be stored in {path}: {os_words(error)}") from None
