"""GET requests of a poll: one answer, read whole within its bound, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp

from hilum.connectors.http.endpoint import COME_AGAIN, NO_ENTRY, reason, retry_after
from hilum.connectors.http.poll_settings import PollSettings
from hilum.errors import Down, TryAgain

_NOT_MODIFIED: Final = 304


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is none where nothing has changed since the tag that was shown (304)."""

    body: bytes | None
    etag: str
    link: str  # URL of its rel=next, empty: it has none
    at: datetime  # by the clock of the far side, where it tells; not after the state that it shows


class Asking:
    """The connections to one interface, from `open` to `close`."""

    def __init__(self, settings: PollSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make ready. Raises `SettingsError` for certificates that cannot be used."""
        settings = self._settings
        private = settings.ca or settings.certificate or settings.tls
        context = settings.model_copy(update={"tls": True}).client_context() if private else None
        headers = {"Accept": "application/json", **settings.headers}
        if settings.token is not None:
            headers["Authorization"] = f"Bearer {settings.token.get_secret_value()}"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=2, ssl=context if context is not None else True),
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=settings.timeout_total, sock_connect=settings.connect_timeout),
            raise_for_status=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def get(self, url: str, *, etag: str = "", most: int) -> Answer:
        """One answer of at most so many bytes. Raises `TryAgain`, `Down`."""
        if self._session is None:
            raise Down("The source is closed.")
        asked_at = datetime.now(UTC)
        try:
            async with self._session.get(
                url, headers={"If-None-Match": etag} if etag else None, allow_redirects=False
            ) as answer:
                self._look_at(answer)
                body = None if answer.status == _NOT_MODIFIED else await self._read(answer, most)
                link = answer.links["next"]["url"] if "next" in answer.links else ""
                return Answer(body, answer.headers.get("ETag", ""), str(link), _at(answer, asked_at))
        except (aiohttp.ClientError, OSError) as error:
            raise Down(f"{_shown(url)}: {reason(error)}") from None

    def _look_at(self, answer: aiohttp.ClientResponse) -> None:
        status, place = answer.status, _shown(str(answer.url))
        if status in (200, _NOT_MODIFIED):
            return
        if status in COME_AGAIN:
            words = f"{place} asks to come again later ({status})."
            raise TryAgain(words, after=retry_after(answer.headers.get("Retry-After", "")))
        if status in NO_ENTRY:
            raise Down(f"{place} refuses the login ({status}): check token and headers.")
        if 300 <= status < 400:
            raise Down(f"{place} leads elsewhere ({status}); redirects are not followed: set the url anew.")
        raise Down(f"{place} answered {status}.")

    async def _read(self, answer: aiohttp.ClientResponse, most: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in answer.content.iter_any():
            parts.append(part)
            size += len(part)
            if size > most:
                answer.close()
                raise Down(f"{_shown(str(answer.url))} answers with more than max_answer ({most} bytes) allows.")
        return b"".join(parts)


def _at(answer: aiohttp.ClientResponse, asked_at: datetime) -> datetime:
    """RFC 9110 §6.6.1; the hub's own time where the far side does not tell."""
    try:
        return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        return asked_at


def _shown(url: str) -> str:
    """Without the query: that may hold a key."""
    return url.partition("?")[0]
