"""The consumer: a source that takes messages from a stream and acknowledges each after the journal has it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final, Literal

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import Field

from hilum.connector import Header, Received, Source, Traits
from hilum.connectors.declaring import checked
from hilum.connectors.handing import Handed, Hands
from hilum.connectors.nats.link import Link, LinkSettings, Refused
from hilum.connectors.nats.naming import MESSAGE_ID, matches
from hilum.connectors.nats.session import GROUP, Ledger, Session
from hilum.connectors.nats.streams import NewStream, find_or_make, told
from hilum.connectors.pauses import Pauses
from hilum.connectors.stream_headers import content_type_of, received_headers
from hilum.ending import cancel_all
from hilum.errors import Down

log = logging.getLogger("hilum.nats")

_NS: Final = 1_000_000_000
_NOT_FOUND: Final = 404
_PINNING: Final = (2, 11)  # the version of NATS from which the cluster gives the messages to one hub at a time
_PINNED: Final = 4.0  # seconds after which a hub that asks for nothing any more is not that one
_NAME: Final = r"^[^\s.*>/\\]+$"


class ConsumerSettings(LinkSettings):
    """Settings of a consumer."""

    stream: str = Field(pattern=_NAME, description="Stream to take from", examples=["HOSPITAL"])
    durable: str = Field(
        default="hilum",
        pattern=_NAME,
        description="Name under which the cluster remembers what this hub has taken; another name begins anew",
        examples=["hilum-central"],
    )
    filter: tuple[str, ...] = Field(
        default=(),
        description="Subjects that the consumer gets, wildcards allowed; empty: all. The same for flows that share it",
        examples=[["hospital.north.>"]],
    )
    subjects: tuple[str, ...] = Field(
        default=(">",),
        min_length=1,
        description="Subjects that this flow takes of those; what no flow takes is held for a person",
        examples=[["hospital.*.orders"]],
    )
    content: Literal["bytes", "json", "text", "hl7v2", "object", "row"] = Field(
        default="bytes", description="How flows read a body", examples=["json"]
    )
    content_types: tuple[str, ...] = Field(
        default=(),
        description="Content types that this flow takes; empty: all",
        examples=[["application/json"]],
    )
    begin: Literal["all", "new"] = Field(
        default="all",
        description="Where a new consumer begins: with all that is there, or what comes",
        examples=["new"],
    )
    create_stream: NewStream | None = Field(
        default=None,
        description="Make the stream with these settings where it does not exist; empty: never",
        examples=[{"subjects": ["hospital.>"], "replicas": 3}],
    )
    max_ack_pending: int = Field(
        default=2_000,
        ge=1,
        description="The most messages that are taken and not yet acknowledged",
        examples=[500],
    )
    queue_bytes: int = Field(
        default=32 * 2**20,
        ge=1024,
        description="Bytes in memory above which no more are taken; one message of the largest size may be on top",
        examples=[67108864],
        json_schema_extra={"unit": "bytes"},
    )
    ack_wait: float = Field(
        default=5,
        ge=1,
        description="Seconds after which the cluster hands out again what a hub that died had in hand",
        examples=[15],
        json_schema_extra={"unit": "s"},
    )


class Consumer(Source):
    """Takes the messages of a stream by a durable pull consumer, in order.

    `Consumer(servers=["nats://nats-1:4222"], stream="ORDERS", durable="hilum")`: the settings are keyword arguments,
    see `ConsumerSettings`.

    A message is acknowledged after the journal has it, and again until the cluster confirms that. Several hubs may
    use one consumer: from NATS 2.11 on the cluster gives the messages to one of them, and to the next when that one
    is gone; with older servers run one listener, or order is lost. The sender's message id (`Nats-Msg-Id`) is the
    idempotency key; without one it is made of the stream and the message's number in it.
    """

    Settings = ConsumerSettings
    kind: ClassVar[str] = "nats"
    traits: ClassVar[Traits] = Traits(ordered=True, redelivers=True, answers=False)

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(ConsumerSettings, self.kind, settings)
        # what a body is depends on the setting
        vars(self)["default_format"] = self.settings.content
        self._link = Link(self.settings, lost=self._lost, denied=self._denied)
        self._ledger = Ledger()
        self._hands: Hands | None = None
        self._session: Session | None = None
        self._running: asyncio.Task[None] | None = None
        self._origin = ""  # the stream, and when it was made: its sequence begins anew with another of that name

    def __repr__(self) -> str:
        return f"<Consumer {self.address}>"

    @property
    def address(self) -> str:
        """The first server, the stream and the consumer."""
        return f"{self.settings.servers[0]}/{self.settings.stream}/{self.settings.durable}"

    async def open(self) -> None:
        """Make ready; messages are taken from the first `receive` on. Raises `SettingsError` for unusable files."""
        if self._hands is not None:
            return
        self.settings.client_context()
        self.settings.key_login()
        self._ledger = Ledger()
        self._hands = Hands(self._ended)

    async def close(self) -> None:
        """Stop taking. What is acknowledged is confirmed, what is not goes back to the stream."""
        running, self._running = self._running, None
        hands, self._hands = self._hands, None
        if running is not None:
            await cancel_all([running])
        if self._session is not None and self._link.client is not None:
            try:
                await self._session.give_back()
            except (nats.errors.Error, OSError, TimeoutError, Down, Refused) as error:
                log.info("what was in hand goes back by itself: %s", type(error).__name__)
        self._session = None
        if hands is not None:
            hands.close()
        await self._link.drop()

    async def check(self) -> str:
        """Connect and ask for the stream. Raises `Down` with the reason."""
        words = await told(self._link, self.settings.stream, self.settings.create_stream)
        if self._running is None:
            await self._link.drop()  # only the question was asked
        return words

    def wants(self, received: Received) -> bool:
        """Are its subject and its content type such as this flow takes?"""
        subject, wanted = received.headers.get(Header.SUBJECT, ""), self.settings.content_types
        if wanted and received.content_type not in wanted:
            return False
        return any(matches(pattern, subject) for pattern in self.settings.subjects)

    async def receive(self) -> Sequence[Received]:
        """Wait for messages; an empty sequence only when it is closed."""
        hands = self._hands
        if hands is None:
            return ()
        if self._running is None:
            self._running = asyncio.create_task(self._run(hands), name=f"nats {self.address}")
        return await hands.take()

    async def _run(self, hands: Hands) -> None:
        pauses = Pauses()
        while True:
            pauses.begin()
            try:
                await self._take(hands)
            except Down as down:
                if pauses.news(str(down)):
                    log.warning("nothing is taken from stream %s: %s", self.settings.stream, down)
            except Exception as error:  # noqa: BLE001 - a source that ends here would take nothing any more, unseen
                log.error("a defect in taking from stream %s; going on: %s", self.settings.stream, type(error).__name__)
            pauses.ended()
            await self._link.drop()
            await pauses.rest()

    async def _take(self, hands: Hands) -> None:
        """One session. Raises `Down` when it is over."""
        settings = self.settings
        client = await self._link.connected()
        stream = await find_or_make(self._link, settings.stream, settings.create_stream)
        self._origin = f"{settings.stream}:{datetime.fromisoformat(stream['created']).timestamp():.3f}"
        info = await self._consumer(client)
        for one in self._ledger.taken.values():
            one.sent_at = 0.0  # whatever was said to the last server
        self._ledger.due = [place for place, one in self._ledger.taken.items() if one.verdict]
        self._session = Session(
            self._link, client, settings.stream, settings.durable, ledger=self._ledger, hands=hands, make=self._unit,
            limit=settings.queue_bytes, ack_wait=settings.ack_wait,
        )  # fmt: skip
        await self._session.run(info)

    async def _consumer(self, client: Client) -> Mapping[str, Any]:
        """The durable consumer, made or brought up to date. Raises `Down`."""
        settings = self.settings
        place = f"{settings.stream}.{settings.durable}"
        wanted: dict[str, Any] = {
            "durable_name": settings.durable,
            "name": settings.durable,
            "deliver_policy": settings.begin,
            "ack_policy": "explicit",
            "ack_wait": int(settings.ack_wait * _NS),
            "max_deliver": -1,  # never given up: what cannot be read is held by the hub, with a case
            "max_ack_pending": settings.max_ack_pending,
        }
        if settings.filter:
            wanted["filter_subjects"] = list(settings.filter)
        try:
            found = await self._link.ask(f"CONSUMER.INFO.{place}")
        except Refused as refused:
            if refused.code != _NOT_FOUND:
                raise Down(f"consumer {place}: {refused}") from None
            version = client.connected_server_version
            if (version.major, version.minor) >= _PINNING:
                wanted |= {
                    "priority_groups": [GROUP], "priority_policy": "pinned_client",
                    "priority_timeout": int(_PINNED * _NS),
                }  # fmt: skip
            else:
                log.warning("NATS %s cannot give a stream to one hub at a time: run one listener for it", version)
        else:
            if found["config"].get("deliver_subject") or found["config"].get("ack_policy") != "explicit":
                raise Down(
                    f"consumer {place} is not a pull consumer with explicit acknowledgement: choose another durable"
                )
            changed: dict[str, Any] = {name: wanted[name] for name in ("ack_wait", "max_ack_pending") if name in wanted}
            if all(found["config"].get(name) == value for name, value in changed.items()):
                return found
            wanted = {**found["config"], **changed}
        try:
            return await self._link.ask(
                f"CONSUMER.CREATE.{place}", {"stream_name": settings.stream, "action": "", "config": wanted}
            )
        except Refused as refused:
            raise Down(f"the consumer {place} cannot be made: {refused}") from None

    def _unit(self, sequence: int, message: Msg) -> Handed:
        assert self._hands is not None  # noqa: S101 - for the type checker: only an open source takes
        headers = message.headers or {}
        found = received_headers(message.subject, headers, MESSAGE_ID, f"{self._origin}:{sequence}")
        found[Header.PEER] = f"nats:{self.settings.stream}"
        return Handed(self._hands, sequence, message.data, content_type_of(headers), found)

    def _ended(self, unit: Handed, reason: str) -> None:
        """The journal has it, or it is refused for good: then the cluster publishes the reason as an advisory."""
        line = " ".join(reason.split())
        self._ledger.verdict(unit.place, f"+TERM {line}".encode() if line else b"+ACK")
        if self._session is not None:
            self._session.ring()

    def _lost(self, client: Client) -> None:
        if self._session is not None:
            self._session.ring()

    def _denied(self, words: str) -> None:
        log.warning("the user of the hub may not do what taking from %s needs: %s", self.settings.stream, words)
