"""Runs a sandbox until it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from hilum.simulator.odoo.server import SandboxOdoo


def kept_key(path: Path | None) -> str | None:
    """The key in a file; None where there is no file yet."""
    return path.read_text().strip() or None if path is not None and path.exists() else None


def keep_key(path: Path, key: str) -> None:
    """Write the key to a file that only its owner may read."""
    path.touch(mode=0o600, exist_ok=True)
    path.write_text(f"{key}\n")


async def serve(
    *,
    version: str = "19.0",
    host: str = "127.0.0.1",
    port: int = 0,
    database: str = "hilum",
    login: str = "hub",
    key_file: Path | None = None,
    state_file: Path | None = None,
    timings: bool = False,
    ready: Callable[[SandboxOdoo], None] = lambda sandbox: None,
) -> None:
    """Run a sandbox until cancelled.

    The administrator's key is read from `key_file`, or made and written there. `ready` is called once it listens.
    """
    key = kept_key(key_file)
    sandbox = SandboxOdoo(
        version, database, host, port, state_file=state_file, login=login, api_key=key, timings=timings
    )
    async with sandbox:
        if key_file is not None:
            keep_key(key_file, sandbox.api_key)
        ready(sandbox)
        await asyncio.Event().wait()
