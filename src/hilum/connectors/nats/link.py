"""One connection to a NATS cluster: made when it is needed, dropped when it is lost, the next server tried then.

The client's own reconnection is switched off. It keeps what was published while the connection was away and sends it
later, when nobody waits for the answer any more; here a publication belongs to one connection, or was surely not made.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import nats.errors
import orjson
from nats.aio.client import Client
from pydantic import Field, SecretStr, field_validator, model_validator

from hilum.connectors.declaring import os_words
from hilum.connectors.nats.nkeys import KeyLogin, from_credentials, from_seed
from hilum.connectors.tls import ClientTls
from hilum.errors import Down

log = logging.getLogger("hilum.nats")

API: Final = "$JS.API"
_CLOSING: Final = 1.0  # seconds in which a connection must have ended
_PING_EVERY: Final = 5  # seconds; a server that misses two answers is given up
_SCHEMES: Final = ("nats", "tls")


class LinkSettings(ClientTls):
    """Settings of a connection to NATS: where, and as whom."""

    servers: tuple[str, ...] = Field(
        min_length=1,
        description="Servers of the cluster; when one is lost, or stops answering, the next is tried",
        examples=[["nats://nats-1:4222", "nats://nats-2:4222"]],
    )
    user: str = Field(default="", description="User name; empty: none", examples=["hilum"])
    password: SecretStr | None = Field(default=None, description="Password of the user", examples=["${NATS_PASSWORD}"])
    token: SecretStr | None = Field(default=None, description="Token; empty: none", examples=["${NATS_TOKEN}"])
    credentials: Path | None = Field(
        default=None, description="Credentials file (JWT and nkey seed); empty: none", examples=["nats/hub.creds"]
    )
    nkey: SecretStr | None = Field(
        default=None, description="Seed of an nkey; empty: none", examples=["${NATS_NKEY_SEED}"]
    )
    connect_timeout: float = Field(
        default=5,
        gt=0,
        description="Seconds to wait for a connection to one server",
        examples=[5],
        json_schema_extra={"unit": "s"},
    )
    answer_timeout: float = Field(
        default=5,
        gt=0,
        description="Seconds to wait for an answer of the cluster",
        examples=[5],
        json_schema_extra={"unit": "s"},
    )

    @field_validator("servers", mode="before")
    @classmethod
    def _one_is_a_list(cls, servers: Any) -> Any:
        return (servers,) if isinstance(servers, str) else servers

    @field_validator("servers")
    @classmethod
    def _no_login(cls, servers: tuple[str, ...]) -> tuple[str, ...]:
        """A login in the URL would be shown wherever the address is."""
        for server in servers:
            parts = urlsplit(server)
            if parts.scheme not in _SCHEMES or not parts.hostname:
                raise ValueError("write each server as nats://host:4222, or tls://host:4222")
            if parts.username or parts.password:
                raise ValueError("put the login into user and password, token, credentials or nkey, not into the URL")
        return servers

    @model_validator(mode="after")
    def _one_login(self) -> LinkSettings:
        ways = [self.user, self.token, self.credentials, self.nkey]
        if sum(1 for way in ways if way) > 1:
            raise ValueError("give one login: user and password, token, credentials, or nkey")
        return self

    def login(self) -> dict[str, Any]:
        """What the client needs to log in."""
        given: dict[str, Any] = {}
        if self.user:
            given["user"] = self.user
        for name, secret in (("password", self.password), ("token", self.token)):
            if secret is not None:
                given[name] = secret.get_secret_value()
        return given

    def key_login(self) -> KeyLogin | None:
        """The login by key, if there is one. Raises `SettingsError` for a key that cannot be used."""
        if self.credentials is not None:
            return from_credentials(self.credentials)
        return from_seed(self.nkey.get_secret_value()) if self.nkey is not None else None


class _Client(Client):
    """The client, held to what the settings say about TLS and keys."""

    def __init__(self, *, tls: bool, key: KeyLogin | None) -> None:
        super().__init__()
        self._insists_on_tls = tls
        if key is not None and not key.jwt:
            self._public_nkey = key.public  # the library sets it only together with a library of keys of its own

    def abort(self) -> None:
        """Break the connection off, where the library cannot end it: a handshake that the other side does not know."""
        writer = getattr(self._transport, "_bare_io_writer", None)
        if writer is not None:
            writer.transport.abort()

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        # the login is sent after this: never in the clear because somebody on the way says that TLS is not needed
        if self._insists_on_tls:
            info["tls_required"] = True
        await super()._process_info(info, initial_connection)


class _NotMade(Exception):
    """The connection could not be made; the cause says why."""


class Refused(Exception):
    """The JetStream API refuses a request: its code and its words (which name streams and limits, no payload)."""

    def __init__(self, code: int, words: str, number: int) -> None:
        super().__init__(words)
        self.code = code  # as an HTTP status
        self.number = number  # the server's own number of the error


class Link:
    """The one connection of a connector. `lost` is called once for each connection that ends other than by `drop`."""

    def __init__(
        self, settings: LinkSettings, *, lost: Callable[[Client], None], denied: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._lost = lost
        self._denied = denied  # called with the server's words when something may not be published
        self._client: _Client | None = None
        self._connecting = asyncio.Lock()
        self._next = 0  # the server that is tried first

    @property
    def client(self) -> Client | None:
        """The connection, if there is one now."""
        return self._client if self._client is not None and self._client.is_connected else None

    @property
    def where(self) -> str:
        """The server that is connected, or the first of the list; without any login."""
        return urlsplit(self._settings.servers[self._next % len(self._settings.servers)]).netloc

    async def connected(self) -> Client:
        """The connection; made now where there is none. Raises `Down` when no server can be reached."""
        if (client := self.client) is not None:
            return client
        async with self._connecting:
            if (client := self.client) is not None:
                return client
            words = ""
            for _ in self._settings.servers:
                try:
                    self._client = await self._connect(self._settings.servers[self._next % len(self._settings.servers)])
                except Down as down:
                    words = str(down)
                    self._next += 1
                else:
                    return self._client
            raise Down(words)

    async def _connect(self, server: str) -> _Client:
        settings = self._settings
        key = settings.key_login()
        client = _Client(tls=settings.tls, key=key)

        async def closed() -> None:
            if self._client is client:
                self._client = None
                self._next += 1
                self._lost(client)

        made = False

        async def failed(error: Exception) -> None:
            if not made:  # the library would try for ever; which server is next is decided above
                raise _NotMade from error
            self._note(error)

        where = urlsplit(server).netloc
        context = settings.client_context()
        login: dict[str, Any] = settings.login()
        if context is not None:
            login["tls"] = context
        if key is not None:
            login |= {"signature_cb": key.sign, "user_jwt_cb": key.token if key.jwt else None}
        try:
            async with asyncio.timeout(settings.connect_timeout):
                await client.connect(
                    [server],
                    name="hilum",
                    allow_reconnect=False,
                    connect_timeout=max(1, int(settings.connect_timeout)),
                    ping_interval=_PING_EVERY,
                    max_outstanding_pings=2,
                    closed_cb=closed,
                    error_cb=failed,
                    **login,
                )
        except BaseException as error:
            made = True
            await _quietly_closed(client)
            if not isinstance(error, Exception):
                raise
            cause = error.__cause__ if isinstance(error, _NotMade) and error.__cause__ else error
            raise Down(f"nats://{where}: {_reason(cause)}") from None
        made = True
        return client

    def _note(self, error: Exception) -> None:
        words = str(error)
        if "permissions violation" in words.lower():
            self._denied(words)
        log.debug("nats: %s", type(error).__name__)

    async def drop(self) -> None:
        """Let the connection go; the next one is to the next server."""
        client, self._client = self._client, None
        self._next += 1
        if client is not None:
            await _quietly_closed(client)

    async def ask(self, subject: str, question: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One request to the JetStream API. Raises `Refused`, and `Down` where there is no answer."""
        client = await self.connected()
        body = orjson.dumps(question) if question is not None else b""
        try:
            answer = await client.request(f"{API}.{subject}", body, timeout=self._settings.answer_timeout)
            found = orjson.loads(answer.data)
        except nats.errors.NoRespondersError:
            raise Down(f"nats://{self.where}: JetStream is not available there") from None
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise Down(f"nats://{self.where}: {_reason(error)}") from None
        if "error" in found:
            problem = found["error"]
            words = str(problem.get("description", ""))
            raise Refused(int(problem.get("code", 500)), words, int(problem.get("err_code", 0)))
        assert isinstance(found, dict)  # noqa: S101 - for the type checker: the API answers with objects
        return found


async def _quietly_closed(client: _Client) -> None:
    """Close it, whatever state it is in."""
    try:
        async with asyncio.timeout(_CLOSING):
            await client.close()
    except Exception as error:  # noqa: BLE001 - it is given up already
        log.debug("while closing a connection: %s", type(error).__name__)
        client.abort()


def _reason(error: BaseException) -> str:
    """What happened, in words without addresses and secrets."""
    match error:
        case nats.errors.AuthorizationError():
            return "the login is refused: check user, password, token, credentials or nkey"
        case TimeoutError() | nats.errors.TimeoutError():
            return "no answer in time"
        case OSError():
            return f"no connection: {os_words(error)}"
        case nats.errors.Error() if "authorization" in str(error).lower():
            return "the login is refused: check user, password, token, credentials or nkey"
        case nats.errors.SecureConnRequiredError():
            return "it asks for TLS: set tls = true"
        case _:
            return f"no connection ({type(error).__name__})"
