"""The publisher: a destination that puts deliveries into a stream and waits until the cluster has them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import nats.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import Field, field_validator

from hilum.connector import Destination, Target, Traits
from hilum.connectors.declaring import checked, target
from hilum.connectors.encoding import encode
from hilum.connectors.nats.link import Link, LinkSettings
from hilum.connectors.nats.naming import MESSAGE_ID, has_places, subject_of, template_problem
from hilum.connectors.nats.streams import NewStream, find_or_make, told, warn_of_window
from hilum.connectors.stream_headers import outgoing_headers
from hilum.connectors.waves import in_waves
from hilum.errors import Down, Rejected, SettingsError, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome

log = logging.getLogger("hilum.nats")

BATCH: Final = 256  # publications on their way at one time, of one call
_NO_RESPONDERS: Final = "503"
# Numbers of the server's errors (server/errors.json of nats-server).
_TOO_LARGE: Final = 10054
_WRONG_STREAM: Final = 10060
_SAME_ID_IN_PROCESS: Final = 10158


class PublisherSettings(LinkSettings):
    """Settings of a publisher."""

    subject: str = Field(
        description="Subject; may name {flow}, {operation}, {key}, {correlation_id}, {message_id}, each as one word",
        examples=["hospital.north.{flow}"],
    )
    stream: str = Field(
        default="",
        pattern=r"^[^\s.*>/\\]*$",
        description="Stream that the subject must belong to; empty: whichever takes it",
        examples=["HOSPITAL"],
    )
    create_stream: NewStream | None = Field(
        default=None,
        description="Make the stream with these settings where it does not exist; empty: never",
        examples=[{"subjects": ["hospital.>"], "replicas": 3}],
    )

    @field_validator("subject")
    @classmethod
    def _a_subject(cls, subject: str) -> str:
        if problem := template_problem(subject):
            raise ValueError(problem)
        return subject


class Publisher(Destination):
    """Publishes each delivery to a subject and waits for the acknowledgement of the stream.

    `Publisher(servers=["nats://nats-1:4222"], subject="events.{flow}", stream="EVENTS")`: the settings are keyword
    arguments, see `PublisherSettings`.

    | the cluster | outcome |
    |---|---|
    | acknowledges | Delivered; the reference is stream and sequence |
    | has it already (same message id within the duplicate window) | Delivered |
    | no stream takes the subject, or its leader is being elected | Down; TryAgain where the subject is the message's |
    | the stream is full, or no majority of it is there | Down |
    | the message is too large for it | Rejected `nats.too_large` |
    | refuses it otherwise | Rejected `nats.<number>`, or TryAgain for errors of the server |
    | no connection, login refused | Down |
    | connection lost, or no answer in time, after publishing | Unsure |
    """

    Settings = PublisherSettings
    kind: ClassVar[str] = "nats"
    # within the stream's duplicate window, see `LEAST_WINDOW`; a hub that reads the stream recognises it for good
    traits: ClassVar[Traits] = Traits(batch_limit=BATCH, deduplicates=True)

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(PublisherSettings, self.kind, settings)
        if self.settings.create_stream and not self.settings.stream:
            raise SettingsError("nats: create_stream needs the name of the stream")
        self._link = Link(self.settings, lost=self._lost, denied=self._denied)
        self._inbox: tuple[Client, str] | None = None  # where the answers of this connection come to
        self._subscribing = asyncio.Lock()
        self._waiting: dict[str, _Publication] = {}  # by the subject of its answer
        self._number = 0
        self._open = False
        self._looked = False  # at the stream, since the opening

    def __repr__(self) -> str:
        return f"<Publisher {self.address}>"

    @property
    def address(self) -> str:
        """The first server and the subject."""
        return f"{self.settings.servers[0]}/{self.settings.subject}"

    async def open(self) -> None:
        """Make ready, connect if that can be done now, and look at the stream. Raises `SettingsError`."""
        if self._open:
            return
        self.settings.client_context()
        self.settings.key_login()
        self._open = True
        try:
            await self._ready()
        except Down as down:
            log.warning("%s", down)  # it may start later; the first delivery tries again

    async def close(self) -> None:
        """Close the connection; what waits for its acknowledgement becomes `Unsure`."""
        self._open = self._looked = False
        self._end_all(Unsure("The publisher was closed before the acknowledgement came."))
        await self._link.drop()
        self._inbox = None

    async def check(self) -> str:
        """Connect and ask for the stream. Raises `Down` with the reason."""
        await self._link.connected()
        if not self.settings.stream:
            return f"nats://{self._link.where} answers"
        return await told(self._link, self.settings.stream, self.settings.create_stream)

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Publish in order, then await the acknowledgements; of one key only one is on its way at a time."""
        return await in_waves(batch, self._publish_all)

    async def _publish_all(self, batch: Sequence[Delivery]) -> list[Outcome]:
        if not self._open:
            return [TryAgain("The publisher is closed.")] * len(batch)
        try:
            client, inbox = await self._ready()
        except Down as down:
            return [down] * len(batch)
        made: list[_Publication] = []
        try:
            for delivery in batch:
                made.append(self._begin(delivery, inbox))
                await made[-1].send(client)
            return await self._answers(client, made)
        finally:
            for each in made:
                self._waiting.pop(each.reply, None)

    def _begin(self, delivery: Delivery, inbox: str) -> _Publication:
        self._number += 1
        settings = self.settings
        headers = outgoing_headers(delivery, MESSAGE_ID)
        if settings.stream:
            headers["Nats-Expected-Stream"] = settings.stream
        made = _Publication(subject_of(settings.subject, delivery), f"{inbox}.{self._number}", delivery, headers)
        made.of_many = has_places(settings.subject)
        self._waiting[made.reply] = made
        return made

    async def _answers(self, client: Client, made: Sequence[_Publication]) -> list[Outcome]:
        """What the cluster said of each, within the time for one answer after the last one that came."""
        pending = {each.answer for each in made if not each.answer.done()}
        while pending:
            done, pending = await asyncio.wait(
                pending, timeout=self.settings.answer_timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                break
        for each in made:
            if not each.answer.done():
                each.answer.set_result(Unsure(f"nats://{self._link.where}: no acknowledgement in time."))
        outcomes = [each.answer.result() for each in made]
        # a server that is paused or cut off would make every call wait; the next one may be better
        if any(isinstance(each, Unsure | Down) for each in outcomes) and self._link.client is client:
            await self._link.drop()
        return outcomes

    async def _ready(self) -> tuple[Client, str]:
        """The connection, and where its answers come to. Raises `Down`."""
        client = await self._link.connected()
        async with self._subscribing:
            if self._inbox is None or self._inbox[0] is not client:
                inbox = client.new_inbox()
                try:
                    await client.subscribe(f"{inbox}.*", cb=self._answered, pending_bytes_limit=0)
                except nats.errors.Error:
                    raise Down(f"nats://{self._link.where}: the connection was lost") from None
                self._inbox = (client, inbox)
            if not self._looked and self.settings.stream:
                warn_of_window(await find_or_make(self._link, self.settings.stream, self.settings.create_stream))
            self._looked = True
        return self._inbox

    async def _answered(self, answer: Msg) -> None:
        made = self._waiting.get(answer.subject)
        if made is not None and not made.answer.done():
            made.answer.set_result(made.outcome(answer.headers or {}, answer.data))

    def _lost(self, client: Client) -> None:
        if self._inbox is not None and self._inbox[0] is client:
            self._inbox = None
        self._end_all(Unsure("The connection was lost before the acknowledgement came."))

    def _denied(self, words: str) -> None:
        """The server names the subject that this user may not publish to, and sends no answer."""
        for made in self._waiting.values():
            if f'"{made.subject.lower()}"' in words.lower() and not made.answer.done():
                denied = f"The user of the hub may not publish to the subject {made.subject}."
                made.answer.set_result(Rejected("nats.access", denied) if made.of_many else Down(denied))

    def _end_all(self, outcome: Outcome) -> None:
        for made in self._waiting.values():
            if not made.answer.done():
                made.answer.set_result(outcome)


class _Publication:
    """One message on its way to the stream."""

    def __init__(self, subject: str, reply: str, delivery: Delivery, headers: Mapping[str, str]) -> None:
        self.subject = subject
        self.reply = reply
        self.delivery = delivery
        self.headers = headers
        self.of_many = False  # the subject is this message's, not that of all
        self.answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    async def send(self, client: Client) -> None:
        """Hand it to the connection; where that cannot be, nothing was sent."""
        if self.answer.done():
            return
        try:
            await client.publish(self.subject, self.delivery.body, reply=self.reply, headers=dict(self.headers))
        except nats.errors.MaxPayloadError:
            size = len(self.delivery.body)
            words = f"The message has {size} bytes; the server takes {client.max_payload} (its max_payload)."
            self.answer.set_result(Rejected("nats.too_large", words))
        except nats.errors.BadSubjectError:
            self.answer.set_result(Rejected("nats.subject", "The message gives no subject that NATS allows."))
        except (nats.errors.Error, OSError):
            if not self.answer.done():
                self.answer.set_result(TryAgain("The connection was lost before it was published."))

    def outcome(self, headers: Mapping[str, str], data: bytes) -> Outcome:
        """What an answer means."""
        if headers.get("Status") == _NO_RESPONDERS:
            words = f"No stream takes the subject {self.subject}, or it has no leader now."
            return TryAgain(words) if self.of_many else Down(words)
        try:
            found = orjson.loads(data)
            if "error" not in found:
                again = "the stream had it already" if found.get("duplicate") else ""
                return Delivered(reference=f"{found['stream']}:{found['seq']}", words=again)
            problem = found["error"]
            return self._refused(int(problem["code"]), int(problem.get("err_code", 0)), str(problem["description"]))
        except (ValueError, KeyError, TypeError):
            return Unsure("The stream gave an answer that is none.")

    def _refused(self, code: int, number: int, words: str) -> Outcome:
        """Nothing was stored; the words are the server's own and name limits, never a payload."""
        told = f"The stream refuses it: {words} ({number})."
        if number == _TOO_LARGE:
            return Rejected("nats.too_large", told)
        if number == _SAME_ID_IN_PROCESS:
            return Unsure(told)
        if number == _WRONG_STREAM:
            return Rejected(f"nats.{number}", told) if self.of_many else Down(told)
        # 503 in an answer of a stream: a limit is reached, or there is no majority; it concerns all messages
        if "maximum" in words or code == 503:
            return Down(told)
        return Rejected(f"nats.{number}", told) if code < 500 else TryAgain(told)


def publish(
    endpoint: str = "", *, accepts: tuple[type, ...] = (object,), operation: str = "", **settings: Any
) -> Target:
    """The target that publishes what the flow yields to an endpoint of `hilum.toml`, or to one given by settings."""
    return target(endpoint, Publisher, settings, encode, accepts=accepts, operation=operation)
