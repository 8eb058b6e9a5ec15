"""The producer: a destination that appends deliveries to a topic and waits until all replicas in sync have them."""

from __future__ import annotations

import asyncio
import logging
import re
import string
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from pydantic import Field, field_validator

from hilum.connector import Destination, Target, Traits
from hilum.connectors.declaring import checked, target
from hilum.connectors.encoding import encode
from hilum.connectors.kafka.link import KEY_HEADER, LinkSettings, errors, library, look, reason
from hilum.connectors.kafka.wire import Aim, Aiming, fail_without_replicas, finish, give_up
from hilum.connectors.stream_headers import outgoing_headers
from hilum.connectors.waves import in_waves
from hilum.errors import Down, Rejected, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome

log = logging.getLogger("hilum.kafka")

BATCH: Final = 256  # records on their way at one time, of one call
_PLACES: Final = ("flow", "operation")
_TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")


class ProducerSettings(LinkSettings):
    """Settings of a producer."""

    topic: str = Field(description="Topic; may name {flow} and {operation}", examples=["hospital.{flow}"])
    max_record: int = Field(
        default=2**20,
        ge=1024,
        description="Largest record in bytes, headers included; the topic must allow it (max.message.bytes)",
        examples=[4194304],
        json_schema_extra={"unit": "bytes"},
    )
    deduplicates: bool = Field(
        default=False,
        description=f"All readers recognise {KEY_HEADER}, as hubs do: after a lost answer it is sent again",
        examples=[True],
    )

    @field_validator("topic")
    @classmethod
    def _a_topic(cls, topic: str) -> str:
        try:
            names = {name for _, name, _, _ in string.Formatter().parse(topic) if name is not None}
            plain = string.Formatter().vformat(topic, (), dict.fromkeys(_PLACES, "x"))
        except (ValueError, KeyError, IndexError):
            raise ValueError("only {flow} and {operation} may stand in braces") from None
        if names - set(_PLACES) or not _TOPIC.fullmatch(plain):
            raise ValueError("letters, digits, dots, underscores and dashes make a topic")
        return topic


class Producer(Destination):
    """Appends each delivery to a topic, by an idempotent producer that waits for all replicas in sync (`acks=all`).

    `Producer(servers=["kafka-1:9092"], topic="hospital.{flow}")`: the settings are keyword arguments, see
    `ProducerSettings`. The record's key is the ordering key, so that one key is in one partition, in order.

    | the cluster | outcome |
    |---|---|
    | acknowledges | Delivered; the reference is topic, partition and offset |
    | cannot be reached, refuses the login, has no such topic | Down |
    | has too few replicas in sync (nothing was appended), no leader that can be reached for this key | TryAgain |
    | the record is too large | Rejected `kafka.too_large` |
    | refuses it otherwise | Rejected `kafka.refused` |
    | gives no answer in time, or appended it with too few replicas | Unsure |
    """

    Settings = ProducerSettings
    kind: ClassVar[str] = "kafka"
    traits: ClassVar[Traits] = Traits(batch_limit=BATCH, deduplicates=False)

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(ProducerSettings, self.kind, settings)
        library()
        # here the readers decide, not the class
        vars(self)["traits"] = Traits(batch_limit=BATCH, deduplicates=self.settings.deduplicates)
        self._producer: Any = None
        self._starting = asyncio.Lock()
        self._closed = asyncio.Event()
        self._closed.set()

    def __repr__(self) -> str:
        return f"<Producer {self.address}>"

    @property
    def address(self) -> str:
        """The first broker and the topic."""
        return f"kafka://{self.settings.servers[0]}/{self.settings.topic}"

    async def open(self) -> None:
        """Make ready, and connect if that can be done now. Raises `SettingsError` for unusable certificates."""
        if not self._closed.is_set():
            return
        self.settings.options()
        self._closed.clear()
        try:
            await self._started()
        except Down as down:
            log.warning("%s", down)  # it may start later; the first delivery tries again

    async def close(self) -> None:
        """Close the connections; what waits for its answer becomes `Unsure`."""
        self._closed.set()
        if self._producer is not None:
            await give_up(self._retired(self._producer), self.settings.answer_timeout)

    async def check(self) -> str:
        """Ask the cluster for its topics. Raises `Down` with the reason."""
        topics = await look(self.settings)
        if "{" not in self.settings.topic and self.settings.topic not in topics:
            raise Down(f"kafka://{self.settings.servers[0]} answers, and has no topic {self.settings.topic}")
        return f"kafka://{self.settings.servers[0]} answers; it has {len(topics)} topics"

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Append in order, then await the answers; of one key only one is on its way at a time."""
        return await in_waves(batch, self._send_all)

    async def _send_all(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        if self._closed.is_set():
            return [TryAgain("The producer is closed.")] * len(batch)
        try:
            producer = await self._started()
        except Down as down:
            return [down] * len(batch)
        aims = [(self._topic(delivery), delivery.key.encode() or None) for delivery in batch]
        places = await self._aiming(producer).at([aim for aim in aims if aim[0]])
        sent = [
            await self._send(producer, delivery, aim, places.get(aim))
            for delivery, aim in zip(batch, aims, strict=True)
        ]
        outcomes = [each if isinstance(each, Outcome) else await self._answer(each) for each in sent]
        answered = [each for each, was in zip(outcomes, sent, strict=True) if was is not each]
        if any(isinstance(each, Unsure) for each in answered):
            # it would go on trying to send what was just called unsure, perhaps after the next one of its key
            await give_up(self._retired(producer), self.settings.answer_timeout)
        elif not all(isinstance(each, Delivered) for each in answered):
            # it has counted what the cluster refused: the cluster would refuse the next one, as out of sequence
            await finish(self._retired(producer), self.settings.answer_timeout)
        return outcomes

    def _retired(self, producer: Any) -> Any:
        """The same; what comes next gets another one."""
        if self._producer is producer:
            self._producer = None
        return producer

    def _topic(self, delivery: Delivery) -> str:
        """Where it goes; empty where flow and operation give no name that a topic may have."""
        topic = self.settings.topic.format(flow=delivery.flow, operation=delivery.operation)
        return topic if _TOPIC.fullmatch(topic) else ""

    def _aiming(self, producer: Any) -> Aiming:
        return Aiming(producer, self.address, self.settings.answer_timeout)

    async def _send(
        self, producer: Any, delivery: Delivery, aim: Aim, place: int | Outcome | None
    ) -> asyncio.Future[Any] | Outcome:
        """The future of its answer; an outcome where it was not sent."""
        if place is None:
            return Rejected("kafka.topic", "Flow and operation give no name that a topic may have.")
        if isinstance(place, Outcome):
            return place
        topic, key = aim
        headers = [(name, value.encode()) for name, value in outgoing_headers(delivery, KEY_HEADER).items()]
        kinds = errors()
        try:
            async with asyncio.timeout(self.settings.answer_timeout):
                future: asyncio.Future[Any] = await producer.send(
                    topic, delivery.body, key=key, headers=headers, partition=place
                )
        except kinds.MessageSizeTooLargeError:
            return self._too_large(delivery)
        except kinds.ProducerClosed:
            return TryAgain(f"{self.address}: another producer takes over.")
        except Exception as error:  # noqa: BLE001 - before the record is in the library's buffer nothing was sent
            return Down(f"{self.address}: {reason(error)}")
        return future

    async def _answer(self, future: asyncio.Future[Any]) -> Outcome:
        """What the cluster says of one, within the time for an answer or until the producer is closed."""
        closing = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait(
                {future, closing}, timeout=self.settings.answer_timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            closing.cancel()
        if not future.done():
            return Unsure(f"{self.address}: no acknowledgement in time, or the producer was closed.")
        if future.cancelled():
            return Unsure(f"{self.address}: the producer was closed before the acknowledgement came.")
        if (error := future.exception()) is not None:
            return self._failed(error)
        found = future.result()
        return Delivered(reference=f"{found.topic}:{found.partition}:{found.offset}")

    def _failed(self, error: BaseException) -> Outcome:
        kinds = errors()
        words = f"{self.address}: {reason(error)}."
        match error:
            case kinds.MessageSizeTooLargeError() | kinds.RecordListTooLargeError():
                return Rejected("kafka.too_large", f"The topic takes no record of this size ({type(error).__name__}).")
            case kinds.NotEnoughReplicasError():
                return TryAgain(f"{self.address}: too few replicas are in sync.")
            case kinds.UnknownTopicOrPartitionError() | kinds.TopicAuthorizationFailedError():
                return Down(words)
            case kinds.InvalidTopicError() | kinds.PolicyViolationError() | kinds.CorruptRecordException():
                return Rejected("kafka.refused", words)
            case _:
                return Unsure(words)

    def _too_large(self, delivery: Delivery) -> Outcome:
        size, limit = len(delivery.body), self.settings.max_record
        return Rejected("kafka.too_large", f"The message has {size} bytes; max_record is {limit} with headers.")

    async def _started(self) -> Any:
        """The running producer. Raises `Down`."""
        async with self._starting:
            if self._producer is None:
                made = library().AIOKafkaProducer(
                    **self.settings.options(),
                    acks="all",
                    enable_idempotence=True,
                    max_request_size=self.settings.max_record,
                )
                fail_without_replicas(made)
                try:
                    async with asyncio.timeout(self.settings.answer_timeout):
                        await made.start()
                except Exception as error:  # noqa: BLE001 - whatever it is, nothing was sent
                    await give_up(made, self.settings.answer_timeout)
                    raise Down(f"kafka://{self.settings.servers[0]}: {reason(error)}") from None
                self._producer = made
                if "{" not in self.settings.topic:
                    await self._aiming(made).connect(self.settings.topic)
            return self._producer


def publish(
    endpoint: str = "", *, accepts: tuple[type, ...] = (object,), operation: str = "", **settings: Any
) -> Target:
    """The target that appends what the flow yields to an endpoint of `hilum.toml`, or to one given by settings."""
    return target(endpoint, Producer, settings, encode, accepts=accepts, operation=operation)
