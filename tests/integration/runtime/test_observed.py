"""What the loops tell of their work, and the promise that is counted with the commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from hilum.connector import Header, Receipt
from hilum.errors import NotAccepted, Rejected
from hilum.flow import Slo
from hilum.journal import Reused
from hilum.journal.tallies import counts
from hilum.journal.work import ToDeliver, ToTranslate
from hilum.message import Delivery, Outcome
from hilum.postgres import Database
from hilum.runtime import Observer
from hilum.runtime.committer import Entry
from hilum.runtime.observer import Stage, Translation
from support.doubles import Feed, Receiver, takes_all
from support.looks import assert_sound, rows
from support.projects import make_flow, order, target
from support.waits import Start, messages

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Ear(Observer):
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()
        self.commits: Counter[str] = Counter()
        self.kinds: set[str] = set()

    def received(self, entry: Entry, answers: Sequence[Receipt | Reused], ended: float) -> None:
        assert entry.began <= ended
        self.heard["received"] += len(answers)

    def refused(self, source: str, error: Exception) -> None:
        self.heard["refused"] += 1
        self.kinds.add(f"{source} {type(error).__name__}")

    def committed(self, stage: Stage, count: int, began: float, ended: float) -> None:
        assert began <= ended
        self.commits[stage] += count

    def translated(self, runs: Sequence[Translation]) -> None:
        self.heard["translated"] += sum(not run.failed for run in runs)
        self.heard["failed"] += sum(run.failed for run in runs)

    def called(
        self, destination: str, taken: Sequence[ToDeliver], outcomes: Sequence[Outcome], began: float, ended: float
    ) -> None:
        for outcome in outcomes:
            self.heard[f"{destination} {type(outcome).__name__}"] += 1

    def delivered(self, destination: str, taken: Sequence[ToDeliver]) -> None:
        self.heard["delivered"] += len(taken)

    def held(self, taken: ToTranslate | ToDeliver, category: str) -> None:
        self.heard[f"held {category}"] += 1


def _refuses_seven(delivery: Delivery) -> Outcome:
    return Rejected("test.seven", "Not seven.") if b'"n":7' in delivery.body else takes_all(delivery)


@pytest.mark.req("OBS-1")
async def test_every_step_is_told_once_for_each_message(hub: Start, database: Database) -> None:
    def but_three(parsed: Any, _: Any) -> Any:
        return parsed if parsed["n"] != 3 else 1 / 0

    ear, feed, receiver = Ear(), Feed(), Receiver(_refuses_seven)
    started = await hub(make_flow(feed, receiver, translate=but_three), observer=ear)
    await feed.send_all([order(n, key=f"k{n}") for n in range(10)])
    await feed.send(order(0, key="k0"))
    feed_that_sends_rubbish = await feed.send(b"{")
    assert isinstance(feed_that_sends_rubbish, Exception)
    await messages(database, completed=8, held=1, routed=1)
    await started.stop()
    assert ear.heard == {
        "received": 11, "refused": 1, "translated": 9, "failed": 1, "memory.main Delivered": 8,
        "memory.main Rejected": 1, "delivered": 8, "held test.seven": 1, "held defect": 1,
    }  # fmt: skip
    assert ear.commits == {"receipt": 11, "translate": 9, "deliver": 8}
    assert ear.kinds == {"memory:feed Invalid"}


async def test_what_no_flow_takes_is_told_as_refused(hub: Start) -> None:
    class Picky(Feed):
        def wants(self, received: Any) -> bool:
            return False

    ear, feed = Ear(), Picky()
    await hub(make_flow(feed, Receiver()), observer=ear)
    assert isinstance(await feed.send(order(1)), NotAccepted)
    assert ear.kinds == {"memory:feed NotAccepted"}


@pytest.mark.req("OBS-1")
async def test_what_is_completed_after_the_promised_time_is_counted_with_the_commit(
    hub: Start, database: Database
) -> None:
    slow, quick = Feed("slow"), Feed("quick")
    receiver = Receiver()
    broken = make_flow(slow, receiver, name="test.broken", slo=Slo(percent=99, within="0.0001s"))
    nothing = make_flow(
        Feed("none"), receiver, name="test.nothing", translate=lambda *_: None, slo=Slo(percent=99, within="0.0001s")
    )
    kept = make_flow(quick, receiver, name="test.kept")
    await hub(broken, kept, nothing)
    for feed in (slow, quick, nothing.source):
        assert isinstance(feed, Feed)
        await feed.send_all([order(n, key=feed.name) for n in range(5)])
    await messages(database, completed=15)
    async with database.cold() as connection:
        late = {count.flow: count.entered for count in await counts(connection) if count.state == "late"}
    assert late == {"test.broken": 5, "test.nothing": 5}
    await assert_sound(database)


@pytest.mark.req("MSG-13")
async def test_the_trace_of_a_message_goes_on_with_its_delivery_and_its_report(hub: Start, database: Database) -> None:
    feed, receiver, told = Feed(), Receiver(), Receiver()
    flow = make_flow(feed, receiver)
    flow.report_to(target(told, "memory.report"))
    await hub(flow)
    headers = {Header.TRACEPARENT: TRACE, Header.TRACESTATE: "a=1"}
    await feed.send(order(1), **headers)
    await messages(database, completed=2)
    assert dict(receiver.taken[0].headers) == headers
    assert dict(told.taken[0].headers) == headers
    assert await rows(database, "SELECT count(DISTINCT correlation_id) FROM message") == [(1,)]
