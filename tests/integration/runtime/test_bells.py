"""A bell tells of work that is there: who looks when it rings finds it."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from hilum.message import Priority
from hilum.postgres import Database
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.projects import make_flow, order, target
from support.servers import LANES
from support.waits import Start, messages


class Looking(asyncio.Event):
    """A bell whose hearer looks at once: how many reports are in the journal at each ring."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.seen: list[int] = []

    def set(self) -> None:
        with psycopg.connect(self._url) as connection:
            found = connection.execute(
                "SELECT count(*) FROM hilum.message WHERE flow = 'test.orders.status'"
            ).fetchone()
        assert found is not None
        self.seen.append(found[0])
        super().set()


@pytest.mark.req("MSG-4")
async def test_the_translator_is_rung_for_a_report_when_the_report_is_committed(
    hub: Start, database: Database, postgres_url: str
) -> None:
    feed, reports = Feed(), Receiver()
    flow = make_flow(feed, Receiver(), translate=lambda parsed, lookup: None)
    flow.report_to(target(reports, "memory.reports"))
    started = await hub(flow, worker={"look_seconds": 10})  # the lookout rings too
    share = started.share
    assert share is not None
    await eventually(lambda: len(share.leases.held) == LANES)  # lanes that come ring too
    bell = share.translate_bells[Priority.NORMAL] = Looking(postgres_url)
    await feed.send(order(0))
    await messages(database, completed=2)
    assert bell.seen == [0, 1], "rung for the message, and for the report of it"
