"""A source that takes bodies in over HTTP, within bounds: what all listeners of HTTP have in common."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar, Final

from aiohttp import web
from pydantic import Field

from hilum.connector import Receipt, Received, Source, Traits
from hilum.connectors.http.answering import Verdict, problem, verdict_on
from hilum.connectors.http.reading import BadRequest
from hilum.connectors.http.server import Server, join, leave
from hilum.connectors.intake import Intake
from hilum.connectors.tls import ServerTls, subject
from hilum.connectors.turning_away import TurnedAway
from hilum.errors import Busy

# Bytes of bodies that are being read or wait for their answer, over all requests of a listener, in multiples of the
# largest body: what bounds its memory.
BODIES_AT_ONCE: Final = 8


class ReceiverSettings(ServerTls):
    """Where a listener of HTTP listens, and its bounds."""

    host: str = Field(
        default="0.0.0.0",  # noqa: S104 — a listener for other hosts is what this is; docs say to bind one interface
        description="Address to listen on; 0.0.0.0: all interfaces",
        examples=["10.20.0.5"],
    )
    port: int = Field(
        ge=0,
        le=65535,
        description="TCP port; listeners with one host and port and different paths share it; 0: any free one",
        examples=[8080],
    )
    path: str = Field(
        default="/in", pattern=r"^/[\w./~-]*$", description="Path that messages are posted to", examples=["/in/orders"]
    )
    max_body: int = Field(
        default=10 * 2**20,
        ge=1,
        description="Largest body in bytes, after decompression; a larger one is answered 413",
        examples=[1048576],
        json_schema_extra={"unit": "bytes"},
    )
    requests: int = Field(
        default=1_000,
        ge=1,
        description="The most requests that are read or wait for their answer; one more is answered 503",
        examples=[200],
    )
    body_timeout: float = Field(
        default=60,
        gt=0,
        description="Seconds in which the body must have come; then 408",
        examples=[60],
        json_schema_extra={"unit": "s"},
    )


class HttpReceived(Received):
    """One message of a request."""

    __slots__ = ("_answer", "body", "content_type", "headers")

    def __init__(
        self, body: bytes, content_type: str, headers: Mapping[str, str], answer: asyncio.Future[Verdict]
    ) -> None:
        self.body = body
        self.content_type = content_type
        self.headers = headers
        self._answer = answer

    async def accept(self, receipt: Receipt) -> None:
        """202 with the message's id."""
        self._set(Verdict(receipt=receipt))

    async def refuse(self, error: Exception) -> None:
        """400 or 415 for good, 503 with Retry-After for now."""
        self._set(verdict_on(error))

    def _set(self, verdict: Verdict) -> None:
        # a request that ended meanwhile (the listener closed) has its answer; the sender repeats it
        if not self._answer.done():
            self._answer.set_result(verdict)


class Receiver(Source):
    """Reads bodies that are posted to one path, hands over what they hold, and answers after the journal has it."""

    # two requests on two connections have no order; the items of one request do
    traits: ClassVar[Traits] = Traits(ordered=False, redelivers=False)
    settings: ReceiverSettings

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()  # messages, and refusals by reason, since construction
        self._server: Server | None = None
        self._intake: Intake | None = None
        self._waiting: set[asyncio.Future[Verdict]] = set()
        self._requests = 0
        self._held = 0  # bytes of bodies being read or waiting

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address}>"

    @property
    def port(self) -> int:
        """The TCP port: the real one while open, else the one of the settings."""
        return self._server.port if self._server else self.settings.port

    @property
    def address(self) -> str:
        """Where to post to."""
        scheme = "https" if self.settings.certificate else "http"
        return f"{scheme}://{self.settings.host}:{self.port}{self.settings.path}"

    async def open(self) -> None:
        """Listen, on a server shared with others of the same host and port. Raises `SettingsError` or `Down`."""
        if self._server is not None:
            return
        settings = self.settings
        self._intake = Intake(settings.requests, BODIES_AT_ONCE * settings.max_body)
        self._server = await join(
            settings.host, settings.port, settings.path, self._handle, settings.server_context(),
            TurnedAway(self, self.counts),
        )  # fmt: skip

    async def close(self) -> None:
        """Stop listening. A waiting `receive` returns; requests without an answer get 503 and are sent again."""
        server, self._server = self._server, None
        if server is None:
            return
        if self._intake is not None:
            self._intake.close()
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(verdict_on(Busy("The hub is stopping; send again later.")))
        await leave(server, self.settings.path)

    async def check(self) -> str:
        """Says whether it listens; there is nobody to ask."""
        return f"{'listens' if self._server else 'does not listen'} on {self.address}"

    async def receive(self) -> Sequence[Received]:
        """Wait for messages; an empty sequence only when it is closed."""
        return await self._intake.take() if self._intake is not None else ()

    # ---- one request

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self._requests += 1
        try:
            return await self._answer(request)
        except BadRequest as error:
            self.counts[f"refused: {error.status.value}"] += 1
            headers = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else {}
            if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
                headers["Retry-After"] = str(int(Busy().after))
            answer = problem(error.status, str(error), headers)
            answer.force_close()  # the rest of the body may still be coming, and is not waited for
            return answer
        finally:
            self._requests -= 1

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self._check_before_body(request)
        body = await self._read(request)
        try:
            self._check_body(request, body)
            return await self._submit(request, body)
        finally:
            self._held -= len(body)

    def _check_before_body(self, request: web.BaseRequest) -> None:
        intake = self._intake
        if self._server is None or intake is None or intake.full or self._requests > self.settings.requests:
            raise BadRequest(HTTPStatus.SERVICE_UNAVAILABLE, "The hub is busy; send again later.")
        self._check_head(request)
        if (request.content_length or 0) > self.settings.max_body:
            raise self._too_large()

    def _check_head(self, request: web.BaseRequest) -> None:
        """Is this sender, and this kind of body, let in? Raises `BadRequest`."""

    def _too_large(self) -> BadRequest:
        return BadRequest(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {self.settings.max_body} bytes."
        )

    async def _read(self, request: web.BaseRequest) -> bytes:
        """The body, counted as it comes: chunked and compressed ones do not say their size."""
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        parts: list[bytes] = []
        size = 0
        done = False
        try:
            async with asyncio.timeout(self.settings.body_timeout):
                async for part in request.content.iter_any():
                    size += len(part)
                    self._held += len(part)
                    if size > self.settings.max_body:
                        raise self._too_large()
                    if self._held > BODIES_AT_ONCE * self.settings.max_body:
                        raise BadRequest(HTTPStatus.SERVICE_UNAVAILABLE, "The hub is busy; send again later.")
                    parts.append(part)
            done = True
        except TimeoutError:
            raise BadRequest(HTTPStatus.REQUEST_TIMEOUT, "The body did not come in time.") from None
        finally:
            if not done:
                self._held -= size
        return b"".join(parts)

    def _check_body(self, request: web.BaseRequest, body: bytes) -> None:
        if not body:
            raise BadRequest(HTTPStatus.BAD_REQUEST, "The body is empty.")

    @abstractmethod
    async def _submit(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        """Make messages of the body, hand them over by `_received`, and answer."""

    async def _received(
        self, bodies: Sequence[bytes], content_type: str, headers: Sequence[Mapping[str, str]]
    ) -> Sequence[Verdict]:
        """Hand the messages over, and wait for what becomes of each."""
        intake = self._intake
        if self._server is None or intake is None:
            raise BadRequest(HTTPStatus.SERVICE_UNAVAILABLE, "The hub is stopping; send again later.")
        loop = asyncio.get_running_loop()
        answers: list[asyncio.Future[Verdict]] = []
        for body, own in zip(bodies, headers, strict=True):
            answer: asyncio.Future[Verdict] = loop.create_future()
            answers.append(answer)
            self.counts["messages"] += 1
            intake.put(HttpReceived(body, content_type, own, answer))
        self._waiting.update(answers)
        try:
            return [await answer for answer in answers]
        finally:
            self._waiting.difference_update(answers)

    @property
    def refusals(self) -> Mapping[str, int]:
        """How often what was refused, by status, or in words where nothing was read (for the metrics)."""
        return {name.removeprefix("refused: "): n for name, n in self.counts.items() if name.startswith("refused: ")}


def peer_of(request: web.BaseRequest) -> str:
    """The sender's address, and the subject of its certificate."""
    transport = request.transport
    who = subject(transport.get_extra_info("peercert")) if transport else ""
    return f"{who} {request.remote}" if who else str(request.remote or "")
