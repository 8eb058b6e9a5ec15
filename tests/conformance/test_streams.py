"""Streams keep the promises of their suites, against real servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from stream_benches import KafkaDestinationBench, KafkaSourceBench, NatsDestinationBench, NatsSourceBench

from hilum.connectors import kafka, nats
from hilum.testing import (
    DeduplicatingSuite,
    DestinationSuite,
    OrderedSuite,
    RedeliveringSuite,
    SourceSuite,
    WireSuite,
)
from support.kafka_cluster import Brokers, KafkaLooker, Wires, kafka_brokers
from support.nats_servers import Looker, NatsServer


@pytest.mark.req("RES-3")
class TestNatsConsumer(SourceSuite, OrderedSuite, RedeliveringSuite):
    connector = nats.Consumer

    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[NatsSourceBench]:
        async with NatsServer(tmp_path / "nats") as server, Looker(server.url) as looker:
            bench = NatsSourceBench(server, looker)
            await bench.start()
            yield bench


@pytest.mark.req("RES-3")
class TestNatsPublisher(DestinationSuite, DeduplicatingSuite, WireSuite):
    connector = nats.Publisher

    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[NatsDestinationBench]:
        async with NatsServer(tmp_path / "nats") as server, Looker(server.url) as looker:
            bench = NatsDestinationBench(server, looker)
            await bench.start()
            yield bench
            await bench.close()


@pytest.fixture(scope="module")
def brokers() -> Iterator[Brokers]:
    """Those that HILUM_TEST_KAFKA names, else a mock that speaks the protocol."""
    with kafka_brokers() as found:
        yield found


@pytest.mark.long
@pytest.mark.req("RES-3")
class TestKafkaConsumer(SourceSuite, OrderedSuite, RedeliveringSuite):
    connector = kafka.Consumer

    @pytest.fixture
    async def bench(self, brokers: Brokers) -> KafkaSourceBench:
        looker = KafkaLooker(brokers)
        await looker.make()
        return KafkaSourceBench(looker)


@pytest.mark.long
@pytest.mark.req("RES-3")
class TestKafkaProducer(DestinationSuite, WireSuite):
    connector = kafka.Producer

    @pytest.fixture
    async def bench(self, brokers: Brokers, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KafkaDestinationBench]:
        looker = KafkaLooker(brokers)
        await looker.make()
        wires = Wires(monkeypatch)
        yield KafkaDestinationBench(looker, wires)
        await wires.close()
