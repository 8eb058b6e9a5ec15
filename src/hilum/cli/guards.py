"""What is looked at before much is started: is the port free, is the folder anybody else's."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hilum.errors import SettingsError


def taken(port: int, what: str, option: str) -> None:
    """Raises `SettingsError` that names the option where nothing can listen on this port of this machine.

    Somebody may still take it a moment later; then the part that listens says so, less kindly.
    """
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({os.strerror(error.errno or 0)})"
        raise SettingsError(f"Port {port} for {what} {why}: choose another one with {option}.") from None


@contextmanager
def alone(folder: Path, what: str) -> Iterator[None]:
    """Nobody else has this folder while this goes on. The lock ends with the process, however it ends.

    Raises `SettingsError` where somebody has.
    """
    with (folder / "in-use").open("a+") as file:
        try:
            _lock(file.fileno())
        except OSError:
            raise SettingsError(
                f"{what} is running in {folder} already: stop it first, or choose another folder."
            ) from None
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(number: int) -> None:
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(number: int) -> None:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
