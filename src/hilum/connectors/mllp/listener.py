"""The MLLP listener: a source that other systems connect to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import structlog
from pydantic import Field, field_validator

from hilum.connector import Header, Received, Source, Traits
from hilum.connectors.declaring import checked, os_words
from hilum.connectors.intake import Intake
from hilum.connectors.mllp.link import Link, Rules, Shared
from hilum.connectors.tls import ServerTls
from hilum.connectors.turning_away import TurnedAway
from hilum.errors import Down

log = structlog.get_logger(__name__)

# Seconds that `close` waits for the answers that are already written to leave.
CLOSE_TIMEOUT: Final = 2.0
# Connections that the operating system keeps until they are accepted: a hospital's senders all reconnect at once.
BACKLOG: Final = 512


class ListenerSettings(ServerTls):
    """Settings of an MLLP listener."""

    host: str = Field(
        default="0.0.0.0",  # noqa: S104 — a listener for other hosts is what this is; docs say to bind one interface
        description="Address to listen on; 0.0.0.0: all interfaces",
        examples=["10.20.0.5"],
    )
    port: int = Field(ge=0, le=65535, description="TCP port to listen on; 0: any free one", examples=[2575])
    accepts: tuple[str, ...] = Field(
        default=("*",),
        description="Message types (MSH-9.1^MSH-9.2) that the flow takes; ADT^* takes every ADT, * takes all",
        examples=[["DFT^P03", "ADT^*"]],
    )
    max_message: int = Field(
        default=16 * 2**20,
        ge=1024,
        description="Largest message in bytes; a larger one is answered AR and its connection closed",
        examples=[1048576],
        json_schema_extra={"unit": "bytes"},
    )
    connections: int = Field(
        default=256, ge=1, description="The most connections at one time; one more is closed at once", examples=[64]
    )
    max_connections_per_peer: int = Field(
        default=128,
        ge=1,
        description="The most connections of one address at one time, so that one sender cannot keep the others out; "
        "one more is closed at once and noted as refused",
        examples=[4],
    )
    unanswered: int = Field(
        default=64,
        ge=1,
        description="The most messages of one connection that wait for their answer; past it nothing is read from it",
        examples=[1],
    )
    queue_messages: int = Field(
        default=5_000,
        ge=1,
        description="The most messages read and not yet handed to the journal; past it no connection is read",
        examples=[1000],
    )
    queue_bytes: int = Field(
        default=64 * 2**20,
        ge=1024,
        description="The most bytes read and not yet handed to the journal, past which no connection is read; and of "
        "messages whose end has not come, past which the connection that was silent for longest is closed",
        examples=[67108864],
        json_schema_extra={"unit": "bytes"},
    )
    idle_timeout: float = Field(
        default=3600,
        ge=0,
        description="Seconds without a byte after which a connection is closed; 0: never",
        examples=[3600],
        json_schema_extra={"unit": "s"},
    )
    reuse_port: bool = Field(
        default=False, description="Let several processes of this host listen on the same port", examples=[True]
    )

    @field_validator("accepts")
    @classmethod
    def _patterns(cls, accepts: tuple[str, ...]) -> tuple[str, ...]:
        """A star stands alone or after the caret; anything else would never match and hide a typing error."""
        for pattern in accepts:
            code, caret, event = pattern.partition("^")
            plain = code.isalnum() and (not caret or event == "*" or event.isalnum())
            if pattern != "*" and not plain:
                raise ValueError("a pattern is written DFT^P03, ADT^*, ACK or *")
        return accepts


class Listener(Source):
    """Takes HL7 v2 messages over MLLP or MLLP/TLS and answers each after the journal has it.

    `Listener(port=2575, accepts=["DFT^P03"])`: the settings are keyword arguments, see `ListenerSettings`.

    Answers leave in the order in which the messages of a connection came, whatever the order of accepting. A frame
    that holds a batch gives several messages, and one acknowledgement for each, in frames of their own and in the
    order of the messages; MSA-2 says which is which.
    """

    Settings = ListenerSettings
    kind: ClassVar[str] = "mllp"
    traits: ClassVar[Traits] = Traits(ordered=True, redelivers=False)
    default_format: ClassVar[str] = "hl7v2"

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(ListenerSettings, self.kind, settings)
        self.counts: Counter[str] = Counter()  # connections, messages, and refusals by reason, since construction
        accepts = self.settings.accepts
        self._all = "*" in accepts
        self._types = frozenset(each for each in accepts if not each.endswith("*"))
        self._codes = frozenset(each[:-2] for each in accepts if each.endswith("^*"))
        self._server: asyncio.Server | None = None
        self._links: set[Link] = set()
        self._intake: Intake | None = None

    def __repr__(self) -> str:
        return f"<Listener {self.address}>"

    @property
    def port(self) -> int:
        """The TCP port: the real one while open, else the one of the settings."""
        if self._server is not None and self._server.sockets:
            return int(self._server.sockets[0].getsockname()[1])
        return self.settings.port

    @property
    def address(self) -> str:
        """Host and port: flows that listen at the same place share one listener."""
        return f"mllp://{self.settings.host}:{self.port}"

    async def open(self) -> None:
        """Listen. Raises `SettingsError` for certificates that cannot be used, `Down` when the port is taken."""
        if self._server is not None:
            return
        settings = self.settings
        context = settings.server_context()
        intake = self._intake = Intake(settings.queue_messages, settings.queue_bytes)
        rules = Rules(
            connections=settings.connections,
            connections_per_peer=settings.max_connections_per_peer,
            unanswered=settings.unanswered,
            frame_limit=settings.max_message,
            idle_timeout=settings.idle_timeout,
            encrypted=context is not None,
            unfinished_limit=max(settings.queue_bytes, 2 * settings.max_message),
        )
        shared = Shared(self._links, self.counts, TurnedAway(self, self.counts))
        self._server = await self._listen(lambda: Link(rules, intake, shared), context)

    async def _listen(self, protocol: Any, context: ssl.SSLContext | None) -> asyncio.Server:
        settings = self.settings
        try:
            return await asyncio.get_running_loop().create_server(
                protocol,
                settings.host,
                settings.port,
                # one family only, or port 0 would be two different ports
                family=socket.AF_INET6 if ":" in settings.host else socket.AF_INET,
                ssl=context,
                backlog=BACKLOG,
                reuse_port=settings.reuse_port or None,
            )
        except OSError as error:
            raise Down(f"cannot listen on {self.address}: {os_words(error)}") from None

    async def close(self) -> None:
        """Stop listening and close every connection. A waiting `receive` returns; what has no answer gets none."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        if self._intake is not None:
            self._intake.close()
        for link in list(self._links):
            link.close()
        await self._wait_for_links()
        await server.wait_closed()

    async def _wait_for_links(self) -> None:
        """Until the last connection is gone; those that do not read their answers are cut off after a while."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + CLOSE_TIMEOUT
        while self._links:
            if loop.time() > deadline:
                for link in list(self._links):
                    link.abort()
            await asyncio.sleep(0.001)

    async def check(self) -> str:
        """Says whether it listens and how many are connected; there is nobody to ask."""
        return f"{'listens' if self._server else 'does not listen'} on {self.address}, {len(self._links)} connected"

    def wants(self, received: Received) -> bool:
        """Is the message type (MSH-9) among `accepts`?"""
        kind = received.headers.get(Header.MESSAGE_TYPE, "")
        return self._all or kind in self._types or kind.partition("^")[0] in self._codes

    async def receive(self) -> Sequence[Received]:
        """Wait for messages; an empty sequence only when it is closed."""
        return await self._intake.take() if self._intake is not None else ()

    @property
    def refusals(self) -> Mapping[str, int]:
        """How often what was refused, by reason (for the metrics)."""
        return {name.removeprefix("refused: "): n for name, n in self.counts.items() if name.startswith("refused: ")}
