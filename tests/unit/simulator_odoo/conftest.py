"""A sandbox of 19 and a plain HTTP client for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from hilum.simulator.odoo import SandboxOdoo

Post = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxOdoo]:
    async with SandboxOdoo() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(verify=False, timeout=20.0) as client:
        yield client


@pytest.fixture
def post(http: httpx.AsyncClient, sandbox: SandboxOdoo) -> Post:
    """POST a JSON-2 call with the administrator's key."""

    async def send(path: str, **body: Any) -> httpx.Response:
        headers = {"Authorization": f"bearer {sandbox.api_key}"}
        return await http.post(f"{sandbox.url}/json/2/{path}", json=body, headers=headers)

    return send
