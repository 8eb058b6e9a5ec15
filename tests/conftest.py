"""Fixtures of all tests: a PostgreSQL server, a database of its own for each test, hubs made in the test."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from hilum.flow import Flow
from hilum.postgres import Database
from hilum.runtime import Hub, Observer
from support import servers
from support.projects import make_project
from support.quicker import quicken
from support.stuck import Stuck

# What a shell or a container says against keeping bytecode does not hold here: dozens of tests start hubs as processes,
# and one that has to compile its libraries first takes twice the time to be up.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Where it is not installed, httpcore looks for it through all folders of tests, twice for each request.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

quicken()

_LONGEST = ("faults", "end_to_end")
"""Folders whose tests start processes and browsers, and take seconds each."""


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Stuck(config), "stuck")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: at the end it would keep one worker, while the others have nothing left to do."""
    folders = [Path(__file__).parent / name for name in _LONGEST]
    items.sort(key=lambda item: not any(item.path.is_relative_to(each) for each in folders))


def pytest_collection_finish() -> None:
    """Thousands of tests and all that they import are there until the end: the collector need not look through them."""
    gc.collect()
    gc.freeze()


# How quickly examples are made says nothing of the code, and on a busy machine it is slow.
settings.register_profile("hilum", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hilum")

_KEPT = {servers.SERVER, "HILUM_SAMPLES", "HILUM_CHROMIUM"}
"""Environment variables that tell the tests what they may use; all others of Hilum and PostgreSQL are removed."""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's shell has set for Hilum or PostgreSQL does not reach a test."""
    for name in os.environ:
        if name.startswith(("HILUM_", "PG")) and name not in _KEPT and not name.startswith("HILUM_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def databases() -> Iterator[servers.Databases]:
    """The server of this session. Set HILUM_TEST_DATABASE_URL to use one of your own."""
    with servers.databases() as made:
        yield made


@pytest.fixture
def postgres_url(databases: servers.Databases) -> Iterator[str]:
    """A fresh database with all tables, partitions and lanes, as an URL."""
    with databases.migrated() as url:
        yield url


@pytest.fixture
def empty_postgres_url(databases: servers.Databases) -> Iterator[str]:
    """A fresh database with nothing in it, as an URL."""
    with databases.empty() as url:
        yield url


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    """An open connection pool to a fresh, migrated database."""
    opened = Database(postgres_url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def hub(database: Database, postgres_url: str, tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Hub]]]:
    """Starts hubs over this test's database: `await hub(flow, …, lookups=…, worker=…, intake=…, observer=…)`.

    The first hub uses the `database` of the test, each further one a connection pool of its own, as another host would.
    All are stopped at the end.
    """
    started: list[Hub] = []
    pools: list[Database] = []

    async def start(
        *flows: Flow, roles: tuple[str, ...] = ("listener", "worker"), observer: Observer | None = None, **project: Any
    ) -> Hub:
        over = database
        if started:
            over = Database(postgres_url)
            await over.open()
            pools.append(over)
        made = Hub(make_project(tmp_path, *flows, **project), over, roles=roles, observer=observer)
        started.append(made)
        await made.start()
        return made

    yield start
    for one in reversed(started):
        await one.stop()
    for pool in pools:
        await pool.close()
