"""What people see of the feeds out of Odoo: last look, lag, what came late, deletions, the last comparison."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from followed_odoo import MODEL, Followed

from hilum.connectors.odoo.capture.figures import Figures
from hilum.console.pages import feeds as page
from hilum.flow import Flow
from hilum.postgres import Database
from hilum.runtime.feeds import FeedRow, feeds
from hilum.testing import eventually
from support.looks import rows
from support.waits import Start

pytestmark = pytest.mark.req("NEW-3")


async def shown(database: Database, *flows: Flow) -> FeedRow:
    """The one feed of these flows."""
    async with database.cold() as connection:
        (found,) = await feeds(connection, flows)
    return found


async def counted(database: Database, flow: Flow, **wanted: int) -> FeedRow:
    """Wait until the figures are noted."""
    found = None

    async def there() -> bool:
        nonlocal found
        found = await shown(database, flow)
        return all(getattr(found.figures, name) == count for name, count in wanted.items())

    await eventually(there, lambda: found)
    return await shown(database, flow)


async def test_a_polling_feed_tells_what_it_saw_and_what_came_late(
    hub: Start, database: Database, followed: Followed
) -> None:
    flow = followed.flow(followed.changes(begin="new"))
    before = await shown(database, flow)
    assert (before.word, before.silent, before.lag) == ("not begun", True, "")
    followed.create("was there before")
    followed.clock.push(minutes=1)
    started = await hub(flow)
    await counted(database, flow, changes=0)
    await eventually(lambda: followed.sandbox.calls.calls[followed.sums] > 0)  # it knows what is there
    (first,) = followed.create("the first")
    await followed.told(first, "created")
    held = followed.sandbox.hold()
    late = held.take(MODEL)
    followed.clock.push(minutes=20)
    (after,) = followed.create("after")
    await followed.told(after, "created")
    looks = followed.sandbox.calls.calls[f"{MODEL}/search_read"]
    await eventually(lambda: followed.sandbox.calls.calls[f"{MODEL}/search_read"] > looks + 5)  # they pass it by
    held.commit(lambda env: env[MODEL].create({"name": "late"}))
    followed.clock.push(hours=2)
    await followed.told(late, "created")
    followed.delete(first)
    await followed.told(first, "created", "deleted")
    found = await counted(database, flow, changes=4, deletions=1, late=1)
    assert (found.word, found.figures.mode, found.model) == ("in order", "polling", MODEL)
    assert found.looked_at is not None
    assert found.compared_at is not None
    assert found.lag.endswith(f"at most {max(found.figures.lags)} s")
    assert len(found.figures.lags) == 3, "nobody knows since when a record is gone"
    await started.stop()
    again = followed.flow(followed.changes(begin="new", hint_port=0))
    await hub(again)
    (more,) = followed.create("more")
    await followed.told(more, "created")
    found = await counted(database, again, changes=5, deletions=1, late=1)
    assert found.figures.mode == "polling with hints"


async def test_what_is_told_the_first_time_is_not_late(hub: Start, database: Database, followed_19: Followed) -> None:
    followed_19.create(*(f"item {n}" for n in range(20)))
    followed_19.clock.push(days=400)
    flow = followed_19.flow(followed_19.changes(begin="all"))
    await hub(flow)
    await followed_19.agree()
    found = await counted(database, flow, changes=20)
    assert (found.figures.late, found.lag) == (0, "")


async def test_the_outbox_tells_the_same(hub: Start, database: Database, followed_19: Followed) -> None:
    followed_19.install_outbox()
    flow = followed_19.flow(followed_19.outbox())
    started = await hub(flow)
    (pump,) = followed_19.create("pump")
    followed_19.delete(pump)
    (bed,) = followed_19.create("bed")
    await followed_19.told(bed, "created")
    await started.stop()  # what is in memory is noted
    found = await shown(database, flow)
    assert found.figures.mode == "outbox"
    assert found.figures.deletions == followed_19.kinds(pump).count("deleted") == 1
    assert found.figures.changes == len(followed_19.events())
    assert found.compared_at is None
    assert found.word == "in order"


async def test_a_feed_that_nobody_looks_with_is_said_to_be_silent(
    hub: Start, database: Database, followed_19: Followed
) -> None:
    flow = followed_19.flow(followed_19.changes())
    started = await hub(flow)
    await counted(database, flow, changes=0)
    followed_19.create("pump")
    await counted(database, flow, changes=1)
    await started.stop()
    long_ago = (datetime.now(UTC) - timedelta(minutes=10)).timestamp()
    async with database.cold() as connection:
        await connection.execute(
            "UPDATE memory SET value = jsonb_set(value, '{looked_at}', to_jsonb(%s::float8))"
            " WHERE starts_with(name, 'seen/')",
            [long_ago],
        )
        found = await feeds(connection, [flow])
        everywhere = await feeds(connection, None)
    assert [each.word for each in found] == ["silent"] == [each.word for each in everywhere]
    assert f"{MODEL} of " in "".join(page.silent(found))
    html = page.section(found)
    assert "Silent" in html
    assert "polling" in html
    assert page.section([]) == ""
    assert page.silent([]) == []
    assert await rows(database, "SELECT count(*) FROM memory WHERE starts_with(name, 'seen/')") == [(1,)]


def test_figures_are_kept_as_they_are() -> None:
    figures = Figures(mode="polling", poll=2.0, looked_at=5.0)
    for lag in (1.2, 3.0, -1.0, None):
        figures.told(lag, late=lag == 3.0)
    again = Figures(mode="polling", poll=9.0)
    again.go_on(figures.noted())
    assert again.lag == (1, 3)
    assert (again.changes, again.late, again.deletions, again.looked_at, again.poll) == (4, 1, 0, 5.0, 9.0)
