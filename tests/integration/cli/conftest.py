"""A project whose journal has a message of each kind, and the command line as a caller sees it."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from uuid import uuid4

import psycopg
import pytest
import structlog
from cli_calls import Answered, Cli, new_project

from hilum.cli import main
from hilum.flow import load_project
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.simulator.hospital.lines import Answer, MllpLine
from hilum.simulator.odoo import SandboxOdoo
from support import servers, waits


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """Runs a command as the shell would: `cli("status", "--json")`."""

    def call(*arguments: object) -> Answered:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in arguments])
        said = capsys.readouterr()
        return Answered(int(ended.value.code or 0), said.out, said.err)

    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level  # some commands send the logs elsewhere
    yield call
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project; without a database of its own until a test needs one."""
    return new_project(tmp_path / "my-hub")


@pytest.fixture(scope="session")
def _worked(databases: servers.Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A project that has worked: its folder and the name of its database, which tests take copies of."""
    folder = new_project(tmp_path_factory.mktemp("worked") / "my-hub")
    with databases.migrated() as url:
        asyncio.run(_work(folder, url))
        yield folder, url


async def _work(folder: Path, url: str) -> None:
    """One message that is delivered, the same again, and one that is held."""
    database = Database(url, hot=2, cold=2)
    await database.open()
    hub = Hub(load_project(folder), database, roles=("listener", "worker"))
    await hub.start()
    host, _, port = hub.sources[0].address.removeprefix("mllp://").rpartition(":")
    async with MllpLine(host, int(port), timeout=30) as line:
        for name, control in (
            ("supplies-used", "OR000441"),
            ("supplies-used", "OR000441"),
            ("unknown-item", "OR000442"),
        ):
            body = (folder / "samples" / f"{name}.hl7").read_bytes()
            assert await line.send(body, control) is Answer.ACCEPTED
    await waits.messages(database, completed=1, held=1)
    await hub.stop()
    await database.close()


@pytest.fixture
def worked(
    _worked: tuple[Path, str], databases: servers.Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A project of the test's own with one message completed (and sent twice) and one held; HILUM_PROJECT names it."""
    folder, url = _worked
    mine = tmp_path / "my-hub"
    shutil.copytree(folder, mine)
    name = f"hilum_cli_{uuid4().hex[:12]}"
    with closing(psycopg.connect(databases.url, autocommit=True)) as admin:
        original = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {original} STRATEGY FILE_COPY".encode())
        monkeypatch.setenv("HILUM_PROJECT", str(mine))
        monkeypatch.setenv("HILUM_DATABASE_URL", servers.with_database(databases.url, name))
        yield mine
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def box() -> Iterator[SandboxOdoo]:
    """A sandbox that answers while commands run in loops of their own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = SandboxOdoo(version="19.0")
    asyncio.run_coroutine_threadsafe(made.start(), loop).result(30)
    yield made
    asyncio.run_coroutine_threadsafe(made.stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()
