"""Receipts that a partner posts later: who waits for which, and what came after its time."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from hilum.connectors.as2.cms import Unreadable
from hilum.connectors.as2.judging import judged
from hilum.connectors.as2.packing import Mic
from hilum.connectors.as2.receipts import Receipt
from hilum.connectors.as2.sender_settings import SenderSettings
from hilum.connectors.http.answering import problem
from hilum.connectors.http.server import Server, join, leave
from hilum.connectors.tls import ServerTls
from hilum.connectors.turning_away import TurnedAway
from hilum.errors import Unsure
from hilum.message import Outcome

REMEMBERED: Final = 10_000
"""Messages whose receipt is overdue that one sender remembers; for older ones it asks by sending again."""
BODY_TIMEOUT: Final = 30.0
"""Seconds in which a receipt must have come."""


@dataclass(slots=True)
class _Awaited:
    """A message that was sent, or is being sent."""

    mic: Mic
    body: bytes | None  # none once nobody waits: then the partner's words are not shown
    future: asyncio.Future[Outcome] | None
    outcome: Outcome | None = None  # came when nobody waited any more


class Awaiting:
    """Listens for receipts and gives each to the delivery that waits for it.

    One that comes too late is kept for the next attempt of its delivery. All of it is in memory: after a restart the
    message is sent again under its Message-ID, and the partner gives the receipt again.
    """

    turned_away: Callable[[str, str], None] | None = None

    def __init__(self, settings: SenderSettings, read: Callable[[Mapping[str, str], bytes], Receipt]) -> None:
        self._settings = settings
        self._read = read
        self._server: Server | None = None
        self._lock = asyncio.Lock()
        self._messages: OrderedDict[str, _Awaited] = OrderedDict()
        self._open = False

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://{self._settings.receipt_host}:{self._settings.receipt_port}{self._settings.receipt_path}"

    def begin(self) -> None:
        """From now on."""
        self._open = True
        self._lock = asyncio.Lock()  # of this event loop

    async def end(self) -> None:
        """Listen no more; who waits is told that it is unsure."""
        self._open = False
        for each in self._messages.values():
            if each.future is not None and not each.future.done():
                each.future.set_result(Unsure("The sender was closed before the receipt came."))
        server, self._server = self._server, None
        if server is not None:
            await leave(server, self._settings.receipt_path)

    async def listen(self) -> None:
        """From the first message on: who only looks at an endpoint takes no port. Raises `Down`, `SettingsError`."""
        settings = self._settings
        async with self._lock:
            if self._server is None and self._open:
                self._server = await join(
                    settings.receipt_host,
                    settings.receipt_port,
                    settings.receipt_path,
                    self._handle,
                    ServerTls(certificate=settings.receipt_certificate).server_context(),
                    TurnedAway(self, Counter()),
                )

    def came(self, name: str) -> Outcome | None:
        """What a receipt said that came after its time."""
        known = self._messages.get(name)
        if known is None or known.outcome is None:
            return None
        return self._messages.pop(name).outcome

    @asynccontextmanager
    async def of(self, name: str, mic: Mic, body: bytes) -> AsyncIterator[Callable[[], Awaitable[Outcome]]]:
        """While this message is under way; gives what waits for its receipt."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        known = self._messages[name] = _Awaited(mic, body, future)
        while len(self._messages) > REMEMBERED:
            self._messages.popitem(last=False)

        async def receipt() -> Outcome:
            try:
                async with asyncio.timeout(self._settings.receipt_timeout):
                    # shielded: the end of the wait is not the end of the message, whose receipt may still come
                    return await asyncio.shield(future)
            except TimeoutError:
                return Unsure("The partner took it, and no receipt came in time.")

        try:
            yield receipt
        finally:
            known.body = known.future = None
            if future.done():
                self._messages.pop(name, None)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                content = await request.read()
            receipt = self._read(request.headers, content)
        except TimeoutError:
            return problem(408, "The receipt did not come in time.")
        except Unreadable as error:
            return problem(400, f"This is no receipt that counts: {error}")
        name = f"<{receipt.original.strip('<> ')}>"
        known = self._messages.get(name)
        if known is None:
            return problem(404, "No message of this Message-ID is waiting for a receipt.")
        outcome = judged(receipt, name, known.mic, known.body)
        if known.future is None:
            known.outcome = outcome
        elif not known.future.done():
            known.future.set_result(outcome)
        return web.Response(status=200)
