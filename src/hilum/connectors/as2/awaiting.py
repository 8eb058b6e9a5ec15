"""Receipts that a partner posts later: what was sent and what its receipt says are in the hub's database."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
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
from hilum.errors import Busy, DatabaseUnavailable, Down, TryAgain, Unsure
from hilum.message import Delivery, Outcome
from hilum.partners import awaited
from hilum.partners.awaited import Answer, Known, Sent
from hilum.postgres import Connection, Database

log = logging.getLogger("hilum.as2")

BODY_TIMEOUT: Final = 30.0
"""Seconds in which a receipt must have come."""
LOOK: Final = 2.0
"""Seconds between two looks for a receipt that came to another process of the hub."""
_NONE_CAME: Final = "The partner took it, and no receipt came in time."
_PERHAPS: Final = "It may have been sent before the hub ended, and no receipt came in time."


@dataclass(slots=True)
class _Waiter:
    """An attempt that waits for its receipt."""

    body: bytes  # whose words are not shown where the partner quotes them
    outcome: asyncio.Future[Outcome]


class Awaiting:
    """Listens for receipts, keeps what they say, and gives each to the attempt that waits for it.

    What is to be sent is noted before it is sent. So after a restart its receipt is awaited further, and one that came
    when nobody waited settles the next attempt, without sending.
    """

    turned_away: Callable[[str, str], None] | None = None

    def __init__(self, settings: SenderSettings, read: Callable[[Mapping[str, str], bytes], Receipt]) -> None:
        self._settings = settings
        self._read = read
        self._database: Database | None = None
        self._server: Server | None = None
        self._lock = asyncio.Lock()
        self._waiting: dict[str, _Waiter] = {}
        self.open = False

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://{self._settings.receipt_host}:{self._settings.receipt_port}{self._settings.receipt_path}"

    def over(self, database: Database) -> None:
        """Keep it there."""
        self._database = database

    async def begin(self) -> None:
        """From now on. A hub that runs listens at once, for what an earlier life sent. Raises `SettingsError`."""
        self.open = True
        self._lock = asyncio.Lock()  # of this event loop
        if self._settings.receipt_url is None or self._database is None:
            return  # who only looks at an endpoint takes no port
        try:
            await self._listen()
        except Down as error:  # no reason for the whole hub not to start; who delivers is told
            log.warning("%s: receipts cannot come in: %s", self.address, error)

    async def end(self) -> None:
        """Listen no more; who waits is told that it is unsure."""
        self.open = False
        for each in self._waiting.values():
            if not each.outcome.done():
                each.outcome.set_result(Unsure("The sender was closed before the receipt came."))
        server, self._server = self._server, None
        if server is not None:
            await leave(server, self._settings.receipt_path)

    async def _listen(self) -> None:
        settings = self._settings
        async with self._lock:
            if self._server is None and self.open:
                self._server = await join(
                    settings.receipt_host,
                    settings.receipt_port,
                    settings.receipt_path,
                    self._handle,
                    ServerTls(certificate=settings.receipt_certificate).server_context(),
                    TurnedAway(self, Counter()),
                    shared=True,
                )

    @asynccontextmanager
    async def attempt(self, name: str, delivery: Delivery) -> AsyncIterator[Attempt]:
        """While this delivery is attempted. Raises `TryAgain`, `Down`, `SettingsError`."""
        if self._database is None:
            raise TryAgain("Only a hub that runs, which has a database, can await receipts that are posted.")
        await self._listen()
        waiter = self._waiting[name] = _Waiter(delivery.body, asyncio.get_running_loop().create_future())
        try:
            yield Attempt(self, name, delivery, waiter.outcome)
        finally:
            if self._waiting.get(name) is waiter:
                del self._waiting[name]

    def sent(self, name: str) -> Sent:
        """The message of that Message-ID."""
        return Sent(ours=self._settings.our_id, theirs=self._settings.partner_id, name=name)

    @asynccontextmanager
    async def tables(self) -> AsyncIterator[Connection]:
        """Raises `DatabaseUnavailable`."""
        if self._database is None:
            raise DatabaseUnavailable("This sender has no database.")
        async with self._database.cold() as connection:
            yield connection

    @property
    def settings(self) -> SenderSettings:
        """Of the sender."""
        return self._settings

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
        try:
            taken = await self._take(receipt, name)
        except DatabaseUnavailable:  # what is not kept is not confirmed: the partner is to post it again
            after = {"Retry-After": str(int(Busy().after))}
            return problem(503, "The hub cannot keep the receipt now; send it again later.", after)
        if not taken:
            return problem(404, "No message of this Message-ID is waiting for a receipt.")
        return web.Response(status=200)

    async def _take(self, receipt: Receipt, name: str) -> bool:
        """Keep what it says, then tell who waits for it. False: nothing of that name was sent to this partner."""
        sent = self.sent(name)
        async with self.tables() as connection:
            known = await awaited.known(connection, sent)
            if known is None:
                return False
            waiter = self._waiting.get(name)
            mic = Mic(hash_name=known.mic_hash, value=known.mic)
            outcome = judged(receipt, name, mic, waiter.body if waiter else None)
            if isinstance(outcome, Answer):
                await awaited.answered(connection, sent, outcome)
        if waiter is not None and not waiter.outcome.done():
            waiter.outcome.set_result(outcome)
        return True


class Attempt:
    """One attempt at a delivery whose receipt is posted: `earlier` → `sending` → (is posted) → `receipt` → `ended`."""

    def __init__(self, of: Awaiting, name: str, delivery: Delivery, outcome: asyncio.Future[Outcome]) -> None:
        self._of = of
        self._sent = of.sent(name)
        self._ref = (delivery.message_id, delivery.ordinal)
        self._outcome = outcome
        self._anew = False

    async def earlier(self) -> Outcome | None:
        """What an earlier attempt came to, or comes to while this waits; none: it is to be sent.

        An attempt that did not end, because the hub did, may have been sent: its receipt is awaited first. Where none
        comes it is sent again, to a partner who recognises it. Raises `DatabaseUnavailable`.
        """
        async with self._of.tables() as connection:
            known = await awaited.known(connection, self._sent, self._ref)
        if known is None:
            return None
        if known.answer is not None and not (known.told and known.anew):
            return await self.ended(known.answer)
        self._anew = known.anew
        if known.anew or known.told:
            return None
        return await self._left_open(known)

    async def _left_open(self, known: Known) -> Outcome | None:
        if known.left > 0:
            return await self.ended(await self._wait(known.left, _PERHAPS))
        return None if self._of.settings.deduplicates else await self.ended(Unsure(_PERHAPS))

    async def sending(self, mic: Mic) -> bool:
        """Note that it is about to be sent. False: its receipt came meanwhile. Raises `DatabaseUnavailable`."""
        within = self._of.settings.receipt_timeout
        async with self._of.tables() as connection:
            return await awaited.sending(
                connection, self._sent, (mic.hash_name, mic.value), self._ref, within=within, anew=self._anew
            )

    async def receipt(self) -> Outcome:
        """What its receipt says; the partner has it now."""
        return await self._wait(self._of.settings.receipt_timeout, _NONE_CAME)

    async def _wait(self, seconds: float, none_came: str) -> Outcome:
        """Until it comes here, or to another process, which shares the port or is behind the same address."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(left, LOOK)):
                    return await asyncio.shield(self._outcome)
            except TimeoutError:
                if (answer := await self._elsewhere()) is not None:
                    return answer
        return Unsure(none_came)

    async def _elsewhere(self) -> Answer | None:
        try:
            async with self._of.tables() as connection:
                known = await awaited.known(connection, self._sent)
        except DatabaseUnavailable:
            return None  # where it is back, the next look finds what came
        return known.answer if known is not None else None

    async def came(self, outcome: Outcome) -> None:
        """The receipt was the answer to the request, as some tell errors at once."""
        if isinstance(outcome, Answer):
            try:
                async with self._of.tables() as connection:
                    await awaited.answered(connection, self._sent, outcome)
            except DatabaseUnavailable as error:
                log.warning("%s: a receipt came, and could not be kept: %s", self._of.address, error)

    async def ended(self, outcome: Outcome) -> Outcome:
        """The outcome of this attempt: what the receipt said, if one has come by now, and else this."""
        if not self._of.open:
            return outcome  # the next life waits further
        try:
            async with self._of.tables() as connection:
                return await awaited.told(connection, self._sent) or outcome
        except DatabaseUnavailable as error:  # the next attempt looks again, where the journal cannot keep it either
            log.warning("%s: the end of an attempt could not be noted: %s", self._of.address, error)
            return outcome
