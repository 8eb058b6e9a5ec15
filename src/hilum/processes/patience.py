"""Patience with the database: a run whose hub has no database waits, and is not held for that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from hilum.errors import DatabaseUnavailable

log = structlog.get_logger(__name__)

_AGAIN = 1.0  # seconds

Value = TypeVar("Value")


async def surely(act: Callable[[], Awaitable[Value]]) -> Value:
    """Do it; as long as there is no database, wait and try again."""
    while True:
        try:
            return await act()
        except DatabaseUnavailable as error:
            log.warning("process_waits", reason=str(error))
            await asyncio.sleep(_AGAIN)
