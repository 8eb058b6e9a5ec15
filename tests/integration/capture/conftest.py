"""An Odoo whose changes are followed by a real hub."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from followed_odoo import Followed

SELDOM = ["18.0", "17.0", "16.0", "19.0 by xmlrpc", "18.0 by xmlrpc"]


@pytest.fixture(params=["19.0", *(pytest.param(spoken, marks=pytest.mark.long) for spoken in SELDOM)])
async def followed(request: pytest.FixtureRequest) -> AsyncIterator[Followed]:
    """An Odoo 19 (by JSON-2); in the long run 18, 17 and 16 too (by JSON-RPC), and by XML-RPC.

    What depends on the way names its ways itself: `@pytest.mark.parametrize("followed", […], indirect=True)`.
    """
    async with _opened(request.param) as made:
        yield made


@pytest.fixture
async def followed_19() -> AsyncIterator[Followed]:
    """Where the version makes no difference."""
    async with _opened("19.0") as made:
        yield made


@asynccontextmanager
async def _opened(spoken: str) -> AsyncIterator[Followed]:
    made, log = Followed(spoken), logging.getLogger("hilum.odoo.capture")
    before = log.level
    log.addHandler(made.losses)
    log.setLevel(logging.INFO)
    try:
        async with made.sandbox:
            yield made
    finally:
        log.setLevel(before)
        log.removeHandler(made.losses)
