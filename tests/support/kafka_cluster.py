"""A Kafka cluster for tests: the one that HILUM_TEST_KAFKA names, else the mock cluster of librdkafka.

The mock speaks Kafka's protocol over real sockets, in a process of its own: topics, groups, offsets. It is no Kafka: it
keeps nothing on a disk, replicates nothing, and appends what an idempotent producer repeats a second time.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiokafka
import confluent_kafka
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from confluent_kafka.admin import AdminClient, NewTopic

from hilum.testing import Answers, CutProxy

BROKER = "HILUM_TEST_KAFKA"
BROKERS = 2  # of the mock

# numbers of Kafka's protocol
PRODUCE = 0
TOO_LARGE = 10
TOO_FEW_REPLICAS = 19
NO_LEADER = 5

_MOCK = Path(__file__).with_name("kafka_mock.py")
_PATIENCE = 10.0  # seconds


class Brokers:
    """Where the cluster is; and the mock's own controls, where it is the mock."""

    def __init__(self, servers: str, mock: subprocess.Popen[str] | None = None) -> None:
        self.servers = servers
        self._mock = mock

    @property
    def mocked(self) -> bool:
        return self._mock is not None

    def make_topic(self, name: str, partitions: int) -> None:
        if self.mocked:
            self._do("topic", name, partitions)
            return
        admin = AdminClient({"bootstrap.servers": self.servers})
        admin.create_topics([NewTopic(name, num_partitions=partitions)])[name].result(_PATIENCE)

    def answer_with(self, request: int, *codes: int) -> None:
        """The mock answers the next requests of this kind with these errors."""
        self._do("errors", request, *codes)

    def _do(self, *words: object) -> None:
        assert self._mock is not None and self._mock.stdin is not None and self._mock.stdout is not None
        print(*words, file=self._mock.stdin, flush=True)
        assert self._mock.stdout.readline() == "done\n"


@contextmanager
def kafka_brokers() -> Iterator[Brokers]:
    """The cluster, until the end of the block."""
    if given := os.environ.get(BROKER):
        yield Brokers(given)
        return
    process = subprocess.Popen(
        [sys.executable, _MOCK, str(BROKERS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield Brokers(process.stdout.readline().strip(), process)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


class Wires:
    """A proxy before each broker, so that the network between can be cut although brokers name their own addresses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._proxies: dict[int, CutProxy] = {}
        self._there = True
        self.answers = Answers.PASS
        from aiokafka import client

        self._connect = client.create_conn
        monkeypatch.setattr(client, "create_conn", self._through_a_proxy)

    async def _through_a_proxy(self, host: str, port: int, **more: Any) -> Any:
        proxy = self._proxies.get(port)
        if proxy is None:
            proxy = self._proxies[port] = CutProxy(port)
            await proxy.start()
            if not self._there:
                await proxy.stop()
            proxy.answers = self.answers
        return await self._connect("127.0.0.1", proxy.port, **more)

    async def vanish(self) -> None:
        self._there = False
        for proxy in self._proxies.values():
            await proxy.stop()

    async def come_back(self) -> None:
        self._there = True
        for proxy in self._proxies.values():
            await proxy.start()

    def set(self, answers: Answers) -> None:
        self.answers = answers
        for proxy in self._proxies.values():
            proxy.answers = answers

    async def close(self) -> None:
        self.set(Answers.PASS)
        for proxy in self._proxies.values():
            await proxy.stop()


class KafkaLooker:
    """A client beside the one under test, of another library: writes records, and looks.

    It shares nothing with the connectors, so what is done to their connections (`Wires`) is not done to its own.
    """

    def __init__(self, brokers: Brokers, partitions: int = 4) -> None:
        self.brokers = brokers
        self.servers = brokers.servers.split(",")
        self.partitions = partitions
        self.topic = f"t-{uuid4().hex[:12]}"
        self.group = f"g-{uuid4().hex[:12]}"
        self._settings = {"bootstrap.servers": brokers.servers, "log_level": 0}

    async def make(self) -> None:
        """Make the topic."""
        await asyncio.to_thread(self.brokers.make_topic, self.topic, self.partitions)

    async def put(self, *bodies: bytes, key: bytes = b"k") -> dict[bytes, tuple[int, int]]:
        """Append these to one partition; their places."""
        return await asyncio.to_thread(self._put, bodies, key)

    def _put(self, bodies: tuple[bytes, ...], key: bytes) -> dict[bytes, tuple[int, int]]:
        found: dict[bytes, tuple[int, int]] = {}

        def appended(error: Any, record: Any) -> None:
            assert error is None, error
            found[record.value()] = (record.partition(), record.offset())

        producer = confluent_kafka.Producer({**self._settings, "linger.ms": 0, "acks": "all"})
        for body in bodies:
            producer.produce(self.topic, body, key=key, on_delivery=appended)
        assert producer.flush(_PATIENCE) == 0
        return found

    async def committed(self, *parts: int) -> dict[int, tuple[int, str]]:
        """What the group has committed of these partitions: next offset and words.

        Asked by the library of the connectors: the other one reads words beyond their end.
        """
        places = [aiokafka.TopicPartition(self.topic, part) for part in parts]
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await admin.start()
        try:
            found = await admin.list_consumer_group_offsets(self.group, partitions=places)
        finally:
            await admin.close()
        return {place.partition: (each.offset, each.metadata or "") for place, each in found.items()}

    async def records(self) -> list[Any]:
        """All records of the topic, partition by partition."""
        return await asyncio.to_thread(self._records)

    def _records(self) -> list[Any]:
        consumer = confluent_kafka.Consumer(
            {**self._settings, "group.id": "looker", "enable.auto.commit": False, "enable.partition.eof": False}
        )
        try:
            places = [confluent_kafka.TopicPartition(self.topic, part) for part in range(self.partitions)]
            left = sum(consumer.get_watermark_offsets(place, timeout=_PATIENCE)[1] for place in places)
            consumer.assign([confluent_kafka.TopicPartition(self.topic, each.partition, 0) for each in places])
            found: list[Any] = []
            while len(found) < left:
                record = consumer.poll(_PATIENCE)
                assert record is not None, f"{len(found)} of {left} records"
                assert record.error() is None, record.error()
                found.append(record)
        finally:
            consumer.close()
        return sorted(found, key=lambda each: (each.partition(), each.offset()))
