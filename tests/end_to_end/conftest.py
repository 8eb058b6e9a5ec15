"""A browser that all tests share, and a console that those of a module share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import console_support as support
import pytest
import pytest_asyncio
from console_stand import Stand
from playwright.async_api import Browser

from hilum.security import Role
from support.servers import Databases


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of a process: to start one costs as much as a page."""
    async with support.browser() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stand(
    browser: Browser, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stand]:
    """Its hub works; a viewer, an operator and a steward may log in."""
    folder: Path = tmp_path_factory.mktemp("pages") / "project"
    with databases.migrated() as url:
        async with (
            support.scene(url, folder) as scene,
            support.served(url, scene.project) as address,
        ):
            for name, role in (("vera", Role.VIEWER), ("omar", Role.OPERATOR), ("stella", Role.STEWARD)):
                await scene.user(name, role)
            yield Stand(scene, address, browser)
