"""Every source keeps the promises of `SourceSuite`, and those of its traits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from as2_benches import Agreed, As2SourceBench
from source_benches import (
    FolderBench,
    HttpSourceBench,
    MemorySourceBench,
    MllpSourceBench,
    PollBench,
    PublishedBench,
    RowsBench,
    RunsBench,
    SftpFolderBench,
)

from hilum.connectors import as2, calendar, files, http, masterdata, mllp
from hilum.testing import OrderedSuite, RedeliveringSuite, SourceSuite
from hilum.testing.memory import MemorySource


class TestMemorySource(SourceSuite, OrderedSuite, RedeliveringSuite):
    connector = MemorySource

    @pytest.fixture
    def bench(self) -> MemorySourceBench:
        return MemorySourceBench()


@pytest.mark.req("SYS-3")
class TestMllpListener(SourceSuite, OrderedSuite):
    connector = mllp.Listener

    @pytest.fixture
    async def bench(self) -> AsyncIterator[MllpSourceBench]:
        bench = MllpSourceBench()
        yield bench
        await bench.close()


@pytest.mark.req("SYS-3")
class TestMllpListenerOneAtATime(SourceSuite, OrderedSuite):
    """With the smallest bounds that still let a test have five messages in hand."""

    connector = mllp.Listener

    @pytest.fixture
    async def bench(self) -> AsyncIterator[MllpSourceBench]:
        bench = MllpSourceBench(unanswered=20, queue_messages=1)
        yield bench
        await bench.close()


@pytest.mark.req("SYS-19")
class TestHttpListener(SourceSuite):
    connector = http.Listener

    @pytest.fixture
    async def bench(self) -> AsyncIterator[HttpSourceBench]:
        bench = HttpSourceBench()
        yield bench
        await bench.close()


@pytest.mark.req("SYS-19")
class TestPoll(SourceSuite, OrderedSuite, RedeliveringSuite):
    connector = http.Poll

    @pytest.fixture
    async def bench(self) -> AsyncIterator[PollBench]:
        bench = PollBench()
        await bench.start()
        yield bench
        await bench.stop()


@pytest.mark.req("SYS-19")
class TestFolder(SourceSuite, OrderedSuite, RedeliveringSuite):
    connector = files.Folder

    @pytest.fixture
    def bench(self, tmp_path: Path) -> FolderBench:
        return FolderBench(tmp_path)


@pytest.mark.req("SYS-19")
class TestFolderOfRows(SourceSuite, OrderedSuite, RedeliveringSuite):
    connector = files.Folder

    @pytest.fixture
    def bench(self, tmp_path: Path) -> RowsBench:
        return RowsBench(tmp_path)


@pytest.mark.req("SYS-19")
class TestSftpFolder(SourceSuite, OrderedSuite, RedeliveringSuite):
    connector = files.Folder

    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[SftpFolderBench]:
        directory = tmp_path / "in"
        directory.mkdir()
        bench = SftpFolderBench(directory)
        await bench.start()
        yield bench
        await bench.close()


@pytest.mark.req("MSG-12")
class TestCalendar(SourceSuite, OrderedSuite, RedeliveringSuite):
    connector = calendar.Runs

    @pytest.fixture
    def bench(self) -> RunsBench:
        return RunsBench()


@pytest.mark.req("MD-4")
class TestPublished(SourceSuite, OrderedSuite, RedeliveringSuite):
    connector = masterdata.Published

    @pytest.fixture
    def bench(self) -> PublishedBench:
        return PublishedBench()


@pytest.mark.req("SYS-10")
class TestAs2Station(SourceSuite):
    connector = as2.Station

    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[As2SourceBench]:
        bench = As2SourceBench(Agreed(tmp_path))
        yield bench
        await bench.close()
