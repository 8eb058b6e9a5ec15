"""A real hub's console for the browser tests: an embedded PostgreSQL, a process that serves it, and a Chromium."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from playwright.async_api import Browser, async_playwright

from hilum import cases, journal, security
from hilum.journal.partitions import ensure_partitions
from hilum.postgres import Database, EmbeddedServer, migrate

PASSWORD = "a long enough secret"

CHROMIUM = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

COMPONENTS = [("journal", journal.MIGRATIONS), ("cases", cases.MIGRATIONS), ("security", security.MIGRATIONS)]


def chromium() -> str:
    """Path of the browser; skips the test where there is none, but not in CI."""
    for name in (os.environ.get("HILUM_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        if name and (found := shutil.which(name)):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("CI needs a Chromium on PATH, or HILUM_CHROMIUM naming one")
    pytest.skip("no Chromium on PATH; run scripts/install-browser, or set HILUM_CHROMIUM")


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium that stays on this machine."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=chromium(), args=list(CHROMIUM), ignore_default_args=["--headless"]
        )
        try:
            yield running
        finally:
            await running.close()


@asynccontextmanager
async def migrated(url: str) -> AsyncIterator[Database]:
    """A fresh database on this server, with all tables, 8 lanes, and today's partitions."""
    name = f"console_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    info = psycopg.conninfo.conninfo_to_dict(url)
    database = Database(psycopg.conninfo.make_conninfo(**{**info, "dbname": name}), hot=2, cold=3)
    await database.open()
    try:
        await migrate(database, COMPONENTS)
        async with database.cold() as connection:
            await ensure_partitions(connection)
            await connection.execute("INSERT INTO lane (lane) SELECT generate_series(0, 7)")
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def served(url: str, *, project: Path | None = None, hours: float = 10.0) -> AsyncIterator[str]:
    """The console over this database in a process of its own; yields its address, and ends it as a hub ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("console_process.py")), url, str(project or ""), str(hours),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        first = (await asyncio.wait_for(process.stdout.readline(), 40)).decode().strip()
        assert first.startswith("http://127.0.0.1:"), "the console did not start; its errors are above"
        yield first
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 15) == 0, "the console did not stop as it should"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def embedded(folder: Path) -> EmbeddedServer:
    """A PostgreSQL of the test's own."""
    return EmbeddedServer(folder)
