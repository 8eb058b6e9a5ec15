"""A Kafka cluster for tests: the one that HILUM_TEST_KAFKA names, else the mock cluster of librdkafka.

The mock speaks Kafka's protocol over real sockets, in a process of its own: groups, offsets, idempotent producers.
It is no Kafka: it keeps nothing on a disk and replicates nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from hilum.testing import Answers, CutProxy

BROKER = "HILUM_TEST_KAFKA"

_MOCK = """
import sys
from confluent_kafka import Producer
producer = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "log_level": 0})
found = producer.list_topics(timeout=30)
print(",".join(f"{each.host}:{each.port}" for each in found.brokers.values()), flush=True)
sys.stdin.read()
"""


@contextmanager
def kafka_servers() -> Iterator[str]:
    """Addresses of brokers."""
    if given := os.environ.get(BROKER):
        yield given
        return
    process = subprocess.Popen(
        [sys.executable, "-c", _MOCK],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield process.stdout.readline().strip()
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
    """A client of its own beside the one under test: writes records, and looks."""

    def __init__(self, servers: str) -> None:
        self.servers = servers
        self.topic = f"t-{uuid4().hex[:12]}"
        self.group = f"g-{uuid4().hex[:12]}"

    async def make(self) -> None:
        """Make the topic, as brokers do that may make what is asked for."""
        from aiokafka import AIOKafkaProducer

        async with AIOKafkaProducer(bootstrap_servers=self.servers) as producer:
            await producer.partitions_for(self.topic)

    async def put(self, *bodies: bytes, key: bytes = b"k") -> dict[bytes, tuple[int, int]]:
        """Append these to one partition; their places."""
        from aiokafka import AIOKafkaProducer

        async with AIOKafkaProducer(bootstrap_servers=self.servers, acks="all") as producer:
            futures = [await producer.send(self.topic, body, key=key) for body in bodies]
            done = [await each for each in futures]
        return {body: (each.partition, each.offset) for body, each in zip(bodies, done, strict=True)}

    async def committed(self, *parts: int) -> dict[int, tuple[int, str]]:
        """What the group has committed of these partitions: next offset and words."""
        from aiokafka import TopicPartition
        from aiokafka.admin import AIOKafkaAdminClient

        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await admin.start()
        try:
            places = [TopicPartition(self.topic, part) for part in parts]
            found = await admin.list_consumer_group_offsets(self.group, partitions=places)
        finally:
            await admin.close()
        return {place.partition: (each.offset, each.metadata or "") for place, each in found.items()}

    async def records(self) -> list[Any]:
        """All records of the topic, in the order of time."""
        from aiokafka import AIOKafkaConsumer, TopicPartition

        async with AIOKafkaConsumer(bootstrap_servers=self.servers) as consumer:
            await consumer._client.force_metadata_update()
            parts = [TopicPartition(self.topic, number) for number in consumer.partitions_for_topic(self.topic) or ()]
            if not parts:
                return []
            consumer.assign(parts)
            ends = await consumer.end_offsets(parts)
            await consumer.seek_to_beginning(*parts)
            found: list[Any] = []
            while sum(ends.values()) > len(found):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    found += batch
        return found
