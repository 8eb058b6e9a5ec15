"""The HTTP endpoint: a destination that posts each delivery and reads the outcome from the status (RFC 9110 §15)."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Final, Literal

import aiohttp
import orjson
from pydantic import Field, HttpUrl, SecretStr, field_validator

from hilum.connector import Destination, Target, Traits
from hilum.connectors.declaring import checked, os_words, target
from hilum.connectors.encoding import encode, without_payload
from hilum.connectors.tls import ClientTls
from hilum.errors import Down, Rejected, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome
from hilum.tracing import context_headers

# What is read of an answer: enough for a reference and a reason. A longer answer costs its connection, no memory.
ANSWER_LIMIT: Final = 256 * 1024
# Least seconds between two resolutions of the receiver's name.
DNS_CACHE: Final = 60
# Statuses that say: nothing was done, come again (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4, RFC 9110 §15.6.4).
COME_AGAIN: Final = frozenset({408, 425, 429, 503})
# Statuses that concern the login, not the message (RFC 9110 §15.5.2, §15.5.4, §15.5.8).
NO_ENTRY: Final = frozenset({401, 403, 407})
# Server errors that say that the request was not even looked at (RFC 9110 §15.6.2, §15.6.6).
NOT_DONE: Final = frozenset({501, 505})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class EndpointSettings(ClientTls):
    """Settings of an HTTP endpoint. TLS is spoken where the URL says https; `tls` need not be set."""

    url: HttpUrl = Field(description="Where to send to", examples=["https://portal.example/api/orders"])
    method: Literal["POST", "PUT", "PATCH"] = Field(default="POST", description="HTTP method", examples=["PUT"])
    headers: Mapping[str, str] = Field(
        default_factory=dict, description="Headers of every request", examples=[{"Accept": "application/json"}]
    )
    token: SecretStr | None = Field(
        default=None, description="Bearer token; empty: none is sent", examples=["${PORTAL_TOKEN}"]
    )
    connect_timeout: float = Field(
        default=10,
        gt=0,
        description="Seconds to wait for a connection",
        examples=[10],
        json_schema_extra={"unit": "s"},
    )
    answer_timeout: float = Field(
        default=30,
        gt=0,
        description="Seconds to wait for each part of the answer; then it is unsure whether the receiver has done it",
        examples=[30],
        json_schema_extra={"unit": "s"},
    )
    timeout_total: float = Field(
        default=120,
        gt=0,
        description="Seconds for one call altogether, so that a receiver which answers byte by byte holds nobody up; "
        "then it is unsure whether the receiver has done it",
        examples=[60],
        json_schema_extra={"unit": "s"},
    )
    connections: int = Field(default=32, ge=1, description="The most connections at one time", examples=[8])
    keep_alive: float = Field(
        default=4,
        ge=0,
        # Many servers close after 5 s; a request that crosses with that close is unsure, so be the first to close.
        description="Seconds that an unused connection is kept; less than the receiver's own limit",
        examples=[4],
        json_schema_extra={"unit": "s"},
    )
    deduplicates: bool = Field(
        default=False,
        description="The receiver honours Idempotency-Key: the same key twice has one effect",
        examples=[True],
    )
    on_5xx: Literal["unsure", "retry"] = Field(
        default="unsure",
        description="What 500 and other server errors mean: perhaps done (unsure) or surely rolled back (retry)",
        examples=["retry"],
    )
    reference: str = Field(
        default="",
        description="Member of the JSON answer, dotted, with the receiver's name for it; empty: the Location header",
        examples=["order.id"],
    )

    @field_validator("url")
    @classmethod
    def _no_login(cls, url: HttpUrl) -> HttpUrl:
        """A login in the URL would be shown wherever the address is."""
        if url.username or url.password:
            raise ValueError("put the login into token or headers, not into the URL")
        return url


class Endpoint(Destination):
    """Sends each delivery as one request.

    `Endpoint(url="https://portal.example/api/orders")`: the settings are keyword arguments, see `EndpointSettings`.

    | answer | outcome |
    |---|---|
    | 2xx | Delivered; reference = the configured JSON member, else Location |
    | 408, 425, 429, 503 | TryAgain, not before Retry-After |
    | 401, 403, 407 | Down: the login is wrong for every message |
    | 3xx | Down: redirects are not followed, for they could lead payloads to another host |
    | other 4xx, 501, 505 | Rejected `http.<status>` |
    | other 5xx | Unsure: a 500 may come after the work was done; `on_5xx="retry"` where the receiver rolls back |
    | no connection, unknown name, untrusted certificate | Down |
    | connection lost or no answer in time | Unsure |
    """

    Settings = EndpointSettings
    kind: ClassVar[str] = "http"
    traits: ClassVar[Traits] = Traits(batch_limit=1, deduplicates=False)

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(EndpointSettings, self.kind, settings)
        # here the receiver decides, not the class
        vars(self)["traits"] = Traits(batch_limit=1, deduplicates=self.settings.deduplicates)
        self._url = str(self.settings.url)
        self._member = tuple(self.settings.reference.split(".")) if self.settings.reference else ()
        self._session: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[Any] | None] = set()

    def __repr__(self) -> str:
        return f"<Endpoint {self.address}>"

    @property
    def address(self) -> str:
        """Where it sends to, without query: that may hold a key."""
        return self._url.partition("?")[0]

    async def open(self) -> None:
        """Make ready. Raises `SettingsError` for certificates that cannot be used."""
        if self._session is not None:
            return
        settings = self.settings
        private = settings.ca or settings.certificate
        context = settings.model_copy(update={"tls": True}).client_context() if private or settings.tls else True
        connector = aiohttp.TCPConnector(
            limit=settings.connections,
            keepalive_timeout=settings.keep_alive,
            ttl_dns_cache=DNS_CACHE,
            ssl=context if context is not None else True,
        )
        headers = dict(settings.headers)
        if settings.token is not None:
            headers["Authorization"] = f"Bearer {settings.token.get_secret_value()}"
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers=headers,
            # what follows keeps a request cheap, and free of state that one message would leave for the next
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
            timeout=aiohttp.ClientTimeout(
                total=settings.timeout_total,
                sock_connect=settings.connect_timeout,
                sock_read=settings.answer_timeout,
            ),
            raise_for_status=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections; what waits for its answer becomes `Unsure`."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        for task in self._under_way:
            if task is not None:
                task.cancel()

    async def check(self) -> str:
        """One HEAD request; any answer but a refused login or a redirect will do. Raises `Down` with the reason."""
        if self._session is None:
            raise Down("the endpoint is not open")
        try:
            async with self._session.head(self._url, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, OSError) as error:
            raise Down(f"{self.address}: {reason(error)}") from None
        if status in NO_ENTRY:
            raise Down(f"{self.address} refuses the login ({status}): check token and headers")
        return f"{self.address} answers (status {status})"

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Send each and read its answer."""
        return [await self._deliver(each) for each in batch]

    async def _deliver(self, delivery: Delivery) -> Outcome:
        session = self._session
        if session is None:
            return TryAgain("The endpoint is closed.")
        task = asyncio.current_task()
        self._under_way.add(task)
        try:
            return await self._exchange(session, delivery)
        except asyncio.CancelledError:
            if not session.closed or task is None or task.cancelling() > 1:
                raise
            # it was `close` that ended the wait, not the caller, who gets an outcome as always
            task.uncancel()
            return Unsure("The endpoint was closed before the answer came.")
        finally:
            self._under_way.discard(task)

    async def _exchange(self, session: aiohttp.ClientSession, delivery: Delivery) -> Outcome:
        try:
            async with session.request(
                self.settings.method,
                self._url,
                data=delivery.body,
                headers=_headers(delivery),
                allow_redirects=False,
            ) as answer:
                return self._outcome(answer, await _read(answer), delivery.body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return Down(f"{self.address}: {reason(error)}")
        except (aiohttp.ClientError, OSError) as error:
            # the request had been handed to an open connection; how much of it arrived nobody knows
            return Unsure(f"{self.address}: {reason(error)}")

    def _outcome(self, answer: aiohttp.ClientResponse, content: bytes, body: bytes) -> Outcome:
        status = answer.status
        if 200 <= status < 300:
            return Delivered(reference=self._reference(answer, content), words=f"status {status}")
        words = f"The receiver answered {status}{_told(answer, content, body)}"
        after = retry_after(answer.headers.get("Retry-After", ""))
        if status in COME_AGAIN:
            return TryAgain(words, after=after)
        if status in NO_ENTRY:
            return Down(f"{words} Check token and headers of {self.address}.", after=after)
        if 300 <= status < 400:
            return Down(f"{words} Redirects are not followed; set the url of {self.address} anew.")
        if 400 <= status < 500 or status in NOT_DONE:
            return Rejected(f"http.{status}", words)
        return TryAgain(words, after=after) if self.settings.on_5xx == "retry" and status < 502 else Unsure(words)

    def _reference(self, answer: aiohttp.ClientResponse, content: bytes) -> str:
        if self._member:
            try:
                found = orjson.loads(content)
                for name in self._member:
                    found = found[name]
            except (orjson.JSONDecodeError, KeyError, TypeError):
                return ""  # the status says that it is done; a missing name cannot undo that
            return str(found)[:200] if isinstance(found, str | int) else ""
        return str(answer.headers.get("Location", ""))[:200]


def _headers(delivery: Delivery) -> dict[str, str]:
    """The headers of one request; those of the flow's target come first, so they cannot replace the hub's own."""
    headers = dict(delivery.headers)
    headers["Content-Type"] = delivery.content_type
    headers["Idempotency-Key"] = delivery.idempotency_key
    headers |= context_headers(delivery)
    # keys and ids come from senders; a line end in one would end the header (RFC 9110 §5.5)
    return {name: _CONTROL.sub(" ", value) for name, value in headers.items()}


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The beginning of the answer. The status has come, so an answer that breaks off changes no outcome."""
    content = answer.content
    parts: list[bytes] = []
    size = 0
    try:
        while size < ANSWER_LIMIT and (part := await content.readany()):
            parts.append(part)
            size += len(part)
    except (aiohttp.ClientError, OSError):
        answer.close()
    return b"".join(parts)


def _told(answer: aiohttp.ClientResponse, content: bytes, body: bytes) -> str:
    """The receiver's reason as ` (title: detail).` where it gives problem details (RFC 9457), without the payload."""
    if "json" not in answer.content_type:
        return "."
    try:
        problem = orjson.loads(content)
    except orjson.JSONDecodeError:
        return "."
    if not isinstance(problem, dict):
        return "."
    told = ": ".join(str(problem[name]) for name in ("title", "detail") if isinstance(problem.get(name), str))
    return f" ({without_payload(told, body)})." if told else "."


def retry_after(value: str) -> float | None:
    """Seconds of a Retry-After header: a number or a date (RFC 9110 §10.2.3); None where there is none."""
    if not value:
        return None
    try:
        if value.isascii() and value.isdigit():
            return float(value)
        wait = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, math.ceil(wait))


def reason(error: Exception) -> str:
    """What happened, in words that hold no URL query and no payload."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "the name of the host is not known"
        case aiohttp.ClientConnectorCertificateError():
            return "the certificate is not trusted"
        case aiohttp.ConnectionTimeoutError():
            return "no connection in time"
        case aiohttp.ClientConnectorError():
            return f"no connection: {os_words(error.os_error)}"
        case TimeoutError():
            return "no answer in time"
        case _:
            return f"the connection was lost before the answer came ({type(error).__name__})"


def post(endpoint: str = "", *, accepts: tuple[type, ...] = (object,), operation: str = "", **settings: Any) -> Target:
    """The target that posts what the flow yields to an endpoint of `hilum.toml`, or to one given by settings."""
    return target(endpoint, Endpoint, settings, encode, accepts=accepts, operation=operation)
