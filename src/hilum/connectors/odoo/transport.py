"""One HTTP exchange with an Odoo server, and what its failure means.

aiohttp rather than httpx: it is what the HTTP connector uses, and it costs less per call. Odoo without a proxy speaks
HTTP/1.0 and closes after each answer, so the number of connections is bounded here, by the budget around the exchange:
then waiting for a turn is not counted as waiting for an answer.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import aiohttp

from hilum.connector import Turns
from hilum.connectors.odoo.api_key import ApiKey
from hilum.connectors.odoo.budget import Budget
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.turns import server_of
from hilum.errors import Down, SettingsError, Unsure
from hilum.tracing import CALL


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An HTTP answer, whatever its status."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    after: float | None = None  # Retry-After in seconds, where the answer has one


class Transport:
    """HTTP to one server: bounded connections, no cookies, no redirects, body always with its length."""

    def __init__(self, settings: OdooSettings, turns: Callable[[str], Turns] | None = None) -> None:
        self._settings = settings
        self.budget = Budget(settings, turns(server_of(settings.url)) if turns is not None else None)
        self.key = ApiKey(settings)
        self.server_seconds: float | None = None  # the server's clock when it last answered, since 1970 (UTC)
        timeout = aiohttp.ClientTimeout(total=settings.timeout, sock_connect=settings.connect_timeout)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=_tls(settings.ca_file)),
            cookie_jar=aiohttp.DummyCookieJar(),  # a session cookie of another user makes Odoo refuse the key
            timeout=timeout,
        )

    async def close(self) -> None:
        """Close all connections; exchanges under way end as `Unsure`."""
        await self._session.close()

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int | None = None,
    ) -> Answer:
        """Send one request and read the whole answer, of at most `limit` bytes.

        Raises `Down` when no connection was made (surely nothing was sent), `Unsure` when the answer did not come, or
        was longer.
        """
        try:
            async with (
                self.budget.turn(),
                self._session.request(
                    method,
                    f"{self._settings.url}{path}",
                    data=body,
                    headers={**CALL.get(), **(headers or {})},
                    allow_redirects=False,
                ) as reply,
            ):
                self._note_time(reply.headers.get("Date"))
                return Answer(
                    status=reply.status,
                    content_type=reply.content_type,
                    body=await (reply.read() if limit is None else _bounded(reply, limit)),
                    after=_seconds(reply.headers.get("Retry-After")),
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Down(f"No connection to Odoo at {self._settings.url} ({type(error).__name__}).") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unsure(
                f"Odoo's answer was lost ({type(error).__name__}); it may or may not have been done."
            ) from None
        except RuntimeError as error:
            if not self._session.closed:
                raise
            raise Unsure("The endpoint was closed while the call was under way.") from error

    def _note_time(self, date: str | None) -> None:
        """`Date` of an answer (RFC 9110 §6.6.1): what feeds go by, because clocks of hosts differ."""
        try:
            self.server_seconds = parsedate_to_datetime(date or "").timestamp()
        except ValueError:
            return  # a proxy that sends none, or nonsense: the last one holds


async def _bounded(reply: aiohttp.ClientResponse, limit: int) -> bytes:
    """The body, also counted after it was unpacked."""
    body = bytearray()
    async for part in reply.content.iter_any():
        body += part
        if len(body) > limit:
            raise Unsure(f"Odoo's answer is longer than {limit} bytes; what was asked may or may not have been done.")
    return bytes(body)


def _tls(ca_file: str) -> ssl.SSLContext | bool:
    if not ca_file:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"odoo: ca_file cannot be read ({type(error).__name__})") from None


def _seconds(text: str | None) -> float | None:
    """Retry-After as seconds (RFC 9110 §10.2.3); its date form is not used by what stands before Odoo."""
    return float(text) if text and text.isascii() and text.isdigit() else None
