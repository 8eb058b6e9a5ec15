"""The console in a process of its own, as the browser tests need it: database URL, project folder, session hours."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from hilum.console import Context, figures, serve_console, shell
from hilum.flow import load_project
from hilum.journal.keyring import keyring_for
from hilum.postgres import Database


def _say(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


async def main(url: str, project: str, hours: str) -> None:
    """Serve until the signal to stop; the address is the first line of the output."""
    figures.FRESH_SECONDS, shell.LIVE_SECONDS = 0.2, 0.5  # a test waits for what a page shows by itself
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = Database(url, hot=1, cold=3)
    await database.open()
    loaded = load_project(Path(project)) if project else None
    if loaded is not None:
        database.keyring = keyring_for(database, loaded.settings)
    context = Context(
        database=database,
        hub="St Example",
        project=loaded,
        session_hours=float(hours),
        facts=lambda: {"pid": "test"},
    )
    await serve_console(context, "127.0.0.1", 0, stop, ready=_say)
    await database.close()


asyncio.run(main(*sys.argv[1:]))
