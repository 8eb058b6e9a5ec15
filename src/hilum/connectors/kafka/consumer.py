"""The consumer: a source that takes records as a member of a group and commits what the journal has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final, Literal

from pydantic import Field

from hilum.connector import Header, Received, Source, Traits
from hilum.connectors.declaring import checked
from hilum.connectors.handing import Handed, Hands
from hilum.connectors.kafka.link import KEY_HEADER, LinkSettings, errors, library, look, reason
from hilum.connectors.pauses import Pauses
from hilum.connectors.stream_headers import content_type_of, received_headers
from hilum.ending import cancel_all
from hilum.errors import Down

log = logging.getLogger("hilum.kafka")

_FETCH: Final = 400  # records taken at one time
_WAIT_MS: Final = 200  # milliseconds that one fetch waits for records
_COMMIT_EVERY: Final = 0.5  # seconds between commits of offsets
_GRACE: Final = 3.0  # seconds in which a partition that goes to another member may finish what is being stored
_HEARTBEATS: Final = 4  # signs of life in the time after which a member counts as gone
_WORDS: Final = 300  # characters of a reason that go with an offset

Partition = tuple[str, int]
"""Topic and number."""


class ConsumerSettings(LinkSettings):
    """Settings of a consumer."""

    topics: tuple[str, ...] = Field(min_length=1, description="Topics to take from", examples=[["orders", "returns"]])
    group: str = Field(
        default="hilum",
        min_length=1,
        description="Consumer group: under this name the cluster remembers what was taken, and shares partitions out",
        examples=["hilum-central"],
    )
    content: Literal["bytes", "json", "text", "hl7v2", "object", "row"] = Field(
        default="bytes", description="How flows read a body", examples=["json"]
    )
    begin: Literal["all", "new"] = Field(
        default="all", description="Where a new group begins: with all that is there, or what comes", examples=["new"]
    )
    session_timeout: float = Field(
        default=10,
        ge=1,
        description="Seconds without a sign of life after which the partitions of a hub that died go to another; "
        "the brokers set limits (group.min.session.timeout.ms, 6 s by default)",
        examples=[6],
        json_schema_extra={"unit": "s"},
    )
    queue_messages: int = Field(
        default=2_000, ge=1, description="The most records that are taken and not yet in the journal", examples=[500]
    )
    queue_bytes: int = Field(
        default=32 * 2**20,
        ge=1024,
        description="Bytes in memory above which no more are taken",
        examples=[67108864],
        json_schema_extra={"unit": "bytes"},
    )
    max_record: int = Field(
        default=2**20,
        ge=1024,
        description="Bytes fetched of one partition at one time; one larger record is fetched all the same",
        examples=[4194304],
        json_schema_extra={"unit": "bytes"},
    )


class Offsets:
    """Which records of each partition are in the journal; only what has no gap before it may be committed. Pure."""

    def __init__(self) -> None:
        self._taken: dict[Partition, dict[int, bool]] = {}  # offsets in order: in the journal?
        self._next: dict[Partition, int] = {}  # what is to be committed
        self._words: dict[Partition, str] = {}

    def took(self, partition: Partition, offset: int) -> None:
        """It is in hand."""
        self._taken.setdefault(partition, {})[offset] = False

    def ended(self, partition: Partition, offset: int, reason: str) -> None:
        """It is in the journal; or refused for good, which the commit tells."""
        taken = self._taken.get(partition, {})
        if offset not in taken:
            return
        taken[offset] = True
        if reason:
            self._words[partition] = f"refused offset {offset}: {reason}"[:_WORDS]
        for each in list(taken):
            if not taken[each]:
                break
            del taken[each]
            self._next[partition] = each + 1

    def due(self, partitions: Collection[Partition] | None = None) -> dict[Partition, tuple[int, str]]:
        """What is to be committed, of these partitions or of all: the next offset, and words about a refusal."""
        wanted = set(self._next if partitions is None else partitions) & set(self._next)
        return {each: (self._next[each], self._words.get(each, "")) for each in wanted}

    def committed(self, done: dict[Partition, tuple[int, str]]) -> None:
        """These are committed."""
        for partition, (offset, _) in done.items():
            if self._next.get(partition) == offset:
                del self._next[partition]
                self._words.pop(partition, None)

    def forget(self, partitions: Collection[Partition]) -> None:
        """Another member has these now."""
        for each in partitions:
            self._taken.pop(each, None)
            self._next.pop(each, None)


class Consumer(Source):
    """Takes the records of topics as a member of a consumer group, in the order of each partition.

    `Consumer(servers=["kafka-1:9092"], topics=["orders"], group="hilum")`: the settings are keyword arguments, see
    `ConsumerSettings`.

    An offset is committed after the journal has it and all before it. When partitions move to another member, what is
    being stored gets a moment to finish and is committed; the rest is read again there. A record's idempotency key is
    its header `Hilum-Idempotency-Key`, else topic, partition and offset; its key is the ordering key.
    """

    Settings = ConsumerSettings
    kind: ClassVar[str] = "kafka"
    traits: ClassVar[Traits] = Traits(ordered=True, redelivers=True, answers=False)

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(ConsumerSettings, self.kind, settings)
        library()
        # what a body is depends on the setting
        vars(self)["default_format"] = self.settings.content
        self._hands: Hands | None = None
        self._running: asyncio.Task[None] | None = None
        self._offsets = Offsets()

    def __repr__(self) -> str:
        return f"<Consumer {self.address}>"

    @property
    def address(self) -> str:
        """The first broker, the topics and the group."""
        return f"kafka://{self.settings.servers[0]}/{'+'.join(self.settings.topics)}/{self.settings.group}"

    async def open(self) -> None:
        """Make ready; records are taken from the first `receive` on. Raises `SettingsError` for unusable files."""
        if self._hands is not None:
            return
        self.settings.options()
        self._offsets = Offsets()
        self._hands = Hands(lambda unit, words: self._offsets.ended(unit.place[:2], unit.place[2], words))

    async def close(self) -> None:
        """Commit what the journal has and leave the group; the rest is read again."""
        running, self._running = self._running, None
        hands, self._hands = self._hands, None
        if running is not None:
            await cancel_all([running])
        if hands is not None:
            hands.close()

    async def check(self) -> str:
        """Ask the cluster for its topics. Raises `Down` with the reason."""
        topics = await look(self.settings)
        if missing := sorted(set(self.settings.topics) - set(topics)):
            raise Down(f"kafka://{self.settings.servers[0]} answers, and has no topic {', '.join(missing)}")
        return f"kafka://{self.settings.servers[0]} answers; it has {len(topics)} topics"

    def wants(self, received: Received) -> bool:
        """Is it of one of these topics?"""
        return received.headers.get(Header.SUBJECT, "") in self.settings.topics

    async def receive(self) -> Sequence[Received]:
        """Wait for records; an empty sequence only when it is closed."""
        hands = self._hands
        if hands is None:
            return ()
        if self._running is None:
            self._running = asyncio.create_task(self._run(hands), name=f"kafka {self.address}")
        return await hands.take()

    async def _run(self, hands: Hands) -> None:
        pauses = Pauses()
        while True:
            pauses.begin()
            try:
                await self._take(hands)
            except Exception as error:  # noqa: BLE001 - a source that ends here would take nothing any more, unseen
                if pauses.news(words := reason(error)):
                    log.warning("nothing is taken from %s: %s", self.address, words)
            pauses.ended()
            # what is in hand may go to another member now; the journal knows it when it comes again
            hands.forget(lambda place: True)
            self._offsets = Offsets()
            await pauses.rest()

    async def _take(self, hands: Hands) -> None:
        """One membership of the group; ends with an error of the library."""
        settings, kafka = self.settings, library()
        consumer = kafka.AIOKafkaConsumer(
            **settings.options(),
            group_id=settings.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest" if settings.begin == "all" else "latest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=settings.max_record,
            session_timeout_ms=int(settings.session_timeout * 1000),
            heartbeat_interval_ms=int(settings.session_timeout * 1000 / _HEARTBEATS),
            rebalance_timeout_ms=int((settings.session_timeout + _GRACE + settings.answer_timeout) * 1000),
        )
        consumer.subscribe(topics=list(settings.topics), listener=_moves(kafka, self._moved(consumer, hands)))
        try:
            await consumer.start()
            committed_at = 0.0
            while True:
                await self._fetch(consumer, hands)
                now = asyncio.get_running_loop().time()
                if now - committed_at >= _COMMIT_EVERY:
                    committed_at = now
                    await self._commit(consumer)
        finally:
            await asyncio.shield(self._leave(consumer))

    async def _fetch(self, consumer: Any, hands: Hands) -> None:
        """Take what there is, as far as there is room; without room only the membership is kept alive."""
        full = len(hands) >= self.settings.queue_messages or hands.size >= self.settings.queue_bytes
        if full:
            consumer.pause(*consumer.assignment())
        elif consumer.paused():
            consumer.resume(*consumer.paused())
        found = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_FETCH)
        for partition, records in found.items():
            place = (partition.topic, partition.partition)
            for record in records:
                self._offsets.took(place, record.offset)
            hands.put([self._unit(hands, record) for record in records])

    def _unit(self, hands: Hands, record: Any) -> Handed:
        wire = {name: value.decode("utf-8", "replace") for name, value in record.headers if value is not None}
        otherwise = f"kafka:{record.topic}:{record.partition}:{record.offset}"
        headers = received_headers(record.topic, wire, KEY_HEADER, otherwise)
        headers[Header.PEER] = f"kafka:{record.topic}"
        if record.key and Header.ORDERING_KEY not in headers:
            headers[Header.ORDERING_KEY] = record.key.decode("utf-8", "replace")
        place = (record.topic, record.partition, record.offset)
        return Handed(hands, place, record.value or b"", content_type_of(wire), headers)

    async def _commit(self, consumer: Any, partitions: Collection[Partition] | None = None) -> None:
        """Commit what is in the journal. What cannot be committed comes again, and the journal knows it."""
        kafka = library()
        due = self._offsets.due(partitions)
        if not due:
            return
        offsets = {
            kafka.TopicPartition(*place): kafka.structs.OffsetAndMetadata(offset, words)
            for place, (offset, words) in due.items()
        }
        kinds = errors()
        try:
            await consumer.commit(offsets)
        except (kinds.CommitFailedError, kinds.IllegalStateError) as error:
            log.info("%s: offsets are not committed: %s", self.address, type(error).__name__)
        else:
            self._offsets.committed(due)

    def _moved(self, consumer: Any, hands: Hands) -> Callable[[Collection[Any]], Any]:
        async def moved(revoked: Collection[Any]) -> None:
            places = {(each.topic, each.partition) for each in revoked}
            hands.forget_waiting(lambda place: place[:2] in places)
            with suppress(TimeoutError):  # what is not stored by then is read again there
                async with asyncio.timeout(_GRACE):
                    await hands.settled(lambda place: place[:2] in places)
            try:
                await self._commit(consumer, places)
            except errors().KafkaError as error:
                log.info("%s: offsets are not committed: %s", self.address, type(error).__name__)
            hands.forget(lambda place: place[:2] in places)
            self._offsets.forget(places)

        return moved

    async def _leave(self, consumer: Any) -> None:
        try:
            async with asyncio.timeout(self.settings.answer_timeout):
                await self._commit(consumer)
        except Exception as error:  # noqa: BLE001 - it comes again, and the journal knows it
            log.info("%s: offsets are not committed: %s", self.address, type(error).__name__)
        await consumer.stop()


def _moves(kafka: Any, revoked: Callable[[Collection[Any]], Any]) -> Any:
    """A listener of the library that calls `revoked` before partitions go to another member."""

    class Moves(kafka.ConsumerRebalanceListener):  # type: ignore[misc]
        async def on_partitions_revoked(self, revoked_now: Collection[Any]) -> None:
            await revoked(revoked_now)

        async def on_partitions_assigned(self, assigned: Collection[Any]) -> None:
            """They begin at the committed offset."""

    return Moves()
