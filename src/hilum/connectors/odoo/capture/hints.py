"""Hints: Odoo's webhooks and automation rules say that there is something to read. They are never the data.

Odoo sends one POST for each record, unsigned, without repeating it; version 18 before the transaction is committed,
and also when it is then rolled back. So a hint only makes the feed look earlier, and look again until it sees a
change or gives up; what no hint tells of is found by looking as ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from hilum.connector import Source
from hilum.connectors.http.answering import json_answer
from hilum.connectors.http.server import Server, join, leave
from hilum.connectors.odoo.capture.settings import FeedSettings
from hilum.connectors.turning_away import TurnedAway

Heard = Callable[[str, int | None], None]


class Hints:
    """A path of an HTTP listener."""

    def __init__(self, source: Source, settings: FeedSettings, heard: Heard) -> None:
        self._settings = settings
        self._turned_away = TurnedAway(source, Counter())
        self._heard = heard
        self._server: Server | None = None

    @property
    def port(self) -> int:
        """Where it listens; 0: not."""
        return self._server.port if self._server is not None else 0

    async def open(self) -> None:
        """Listen. Raises `Down` when the port is taken, `SettingsError` when the path is."""
        settings = self._settings
        path = settings.hint_path.get_secret_value()
        self._server = await join(
            settings.hint_host, settings.hint_port or 0, path, self._take, None, self._turned_away
        )

    async def close(self) -> None:
        """Hear nothing any more."""
        server, self._server = self._server, None
        if server is not None:
            await leave(server, self._settings.hint_path.get_secret_value())

    async def _take(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer at once: version 18 holds its transaction open until then."""
        try:
            body = await request.read()  # aiohttp's own limit is 1 MiB
        except web.HTTPRequestEntityTooLarge:
            body = b""
        self._heard(*_meant(body))
        return json_answer(200, {"status": "ok"})


def _meant(body: bytes) -> tuple[str, int | None]:
    """Model and id that a hint is about; empty and None where it does not say."""
    try:
        told: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", None
    if not isinstance(told, dict):
        return "", None
    model, record_id = told.get("_model"), told.get("_id")
    return (
        model if isinstance(model, str) else "",
        record_id if isinstance(record_id, int) and not isinstance(record_id, bool) else None,
    )
