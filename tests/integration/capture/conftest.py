"""An Odoo whose changes are followed by a real hub."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from followed_odoo import Followed


@pytest.fixture(params=["19.0", "18.0"])
async def followed(request: pytest.FixtureRequest) -> AsyncIterator[Followed]:
    """An Odoo 19 (by JSON-2), and an Odoo 18 (by JSON-RPC)."""
    made = Followed(request.param)
    async with made.sandbox:
        yield made


@pytest.fixture
async def followed_19() -> AsyncIterator[Followed]:
    """Where the version makes no difference."""
    made = Followed("19.0")
    async with made.sandbox:
        yield made
