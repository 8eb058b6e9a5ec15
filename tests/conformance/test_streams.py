"""Streams keep the promises of their suites, against real servers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stream_benches import NatsDestinationBench, NatsSourceBench

from hilum.connectors import nats
from hilum.testing import (
    DeduplicatingSuite,
    DestinationSuite,
    OrderedSuite,
    RedeliveringSuite,
    SourceSuite,
    WireSuite,
)
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
