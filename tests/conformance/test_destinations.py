"""Every destination keeps the promises of `DestinationSuite`, and those of its traits and its wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from as2_benches import Agreed, As2DestinationBench
from destination_benches import (
    HttpDestinationBench,
    MemoryDestinationBench,
    MllpDestinationBench,
    SftpWriterBench,
    WriterBench,
)

from hilum.connectors import as2, files, http, mllp
from hilum.testing import DeduplicatingSuite, DestinationSuite, WireSuite
from hilum.testing.memory import MemoryDestination


class TestMemoryDestination(DestinationSuite, DeduplicatingSuite, WireSuite):
    connector = MemoryDestination

    @pytest.fixture
    def bench(self) -> MemoryDestinationBench:
        return MemoryDestinationBench()


@pytest.mark.req("SYS-3")
class TestMllpSender(DestinationSuite, WireSuite):
    connector = mllp.Sender

    @pytest.fixture
    async def bench(self) -> AsyncIterator[MllpDestinationBench]:
        bench = MllpDestinationBench()
        await bench.start()
        yield bench
        await bench.close()


@pytest.mark.req("SYS-3")
class TestMllpSenderFourConnections(DestinationSuite, WireSuite):
    connector = mllp.Sender

    @pytest.fixture
    async def bench(self) -> AsyncIterator[MllpDestinationBench]:
        bench = MllpDestinationBench(connections=4)
        await bench.start()
        yield bench
        await bench.close()


@pytest.mark.req("SYS-19")
class TestHttpEndpoint(DestinationSuite, WireSuite):
    connector = http.Endpoint

    @pytest.fixture
    async def bench(self) -> AsyncIterator[HttpDestinationBench]:
        bench = HttpDestinationBench(deduplicates=False)
        await bench.start()
        yield bench
        await bench.close()


@pytest.mark.req("SYS-19")
class TestHttpEndpointThatDeduplicates(DestinationSuite, WireSuite, DeduplicatingSuite):
    connector = http.Endpoint

    @pytest.fixture
    async def bench(self) -> AsyncIterator[HttpDestinationBench]:
        bench = HttpDestinationBench(deduplicates=True)
        await bench.start()
        yield bench
        await bench.close()


@pytest.mark.req("SYS-19")
class TestWriter(DestinationSuite, DeduplicatingSuite):
    connector = files.Writer

    @pytest.fixture
    def bench(self, tmp_path: Path) -> WriterBench:
        return WriterBench(tmp_path)


@pytest.mark.req("SYS-19")
class TestSftpWriter(DestinationSuite, DeduplicatingSuite, WireSuite):
    connector = files.Writer

    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[SftpWriterBench]:
        bench = SftpWriterBench(tmp_path)
        await bench.start()
        yield bench
        await bench.close()


@pytest.mark.req("SYS-10")
class TestAs2Sender(DestinationSuite, WireSuite, DeduplicatingSuite):
    connector = as2.Sender

    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[As2DestinationBench]:
        bench = As2DestinationBench(Agreed(tmp_path))
        await bench.start()
        yield bench
        await bench.close()
