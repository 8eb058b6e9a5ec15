"""The feeds out of Odoo keep the promises of every source, against the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from odoo_benches import ChangesBench, OutboxBench

from hilum.connectors.odoo import Changes, Outbox
from hilum.testing import OrderedSuite, RedeliveringSuite, SourceSuite

pytestmark = pytest.mark.req("NEW-3")


class TestChanges(SourceSuite, OrderedSuite, RedeliveringSuite):
    connector = Changes

    @pytest.fixture
    async def bench(self) -> AsyncIterator[ChangesBench]:
        bench = ChangesBench()
        await bench.start()
        yield bench
        await bench.stop()


class TestOutbox(SourceSuite, OrderedSuite, RedeliveringSuite):
    connector = Outbox

    @pytest.fixture
    async def bench(self) -> AsyncIterator[OutboxBench]:
        bench = OutboxBench()
        await bench.start()
        yield bench
        await bench.stop()
