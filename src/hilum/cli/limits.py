"""How many files and connections a process may have open, and how many a hub needs."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from hilum.connector import Source

_WANTED = 65_536
"""More are never asked for: some systems allow a number that some libraries walk through one by one."""

_OWN = 100
"""What a process has open besides its connections: its libraries, logs, the console's pages."""

_DATABASE = 12
"""Connections to the database: both pools."""


def open_files_allowed() -> int | None:
    """How many this process may have open; none: the system has no such limit that could be asked for."""
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def raise_open_files() -> None:
    """Take what the system allows: the usual soft limit of 1024 is less than what two listeners may need."""
    allowed = open_files_allowed()
    if sys.platform == "win32" or allowed is None or allowed >= _WANTED:
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, allowed), hard))


def open_files_needed(sources: Iterable[Source], destinations: int, parallel: int) -> int:
    """How many a hub with all roles may have open at its busiest."""
    listening = 0
    for source in sources:
        settings = getattr(source, "settings", None)
        listening += max(getattr(settings, "connections", 0), getattr(settings, "requests", 0), 1)
    return _OWN + _DATABASE + listening + destinations * parallel
