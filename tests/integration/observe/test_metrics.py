"""What `/metrics` says, against the truth of the journal."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hilum.errors import Down, Rejected, TryAgain
from hilum.message import Delivered, Delivery, Outcome
from hilum.observe import METRICS, Kind
from hilum.postgres import Database
from hilum.testing import eventually
from support.doubles import Feed, Receiver, takes_all
from support.looks import rows
from support.measured import Measured, Scraped, measured
from support.projects import make_flow, order, target
from support.waits import Start, messages

FLOW, PLACE = "test.orders", "memory.main"


def _seven_never_and_three_later(delivery: Delivery) -> Outcome:
    if b'"n":7,' in delivery.body or delivery.body.endswith(b'"n":7}'):
        return Rejected("test.seven", "Not seven.")
    if delivery.body.endswith(b'"n":3}') and delivery.attempt == 1:
        return TryAgain("Not yet.")
    return takes_all(delivery)


@pytest.mark.req("OBS-1")
async def test_a_scrape_during_traffic_agrees_with_the_journal(hub: Start, database: Database) -> None:
    def but_five(parsed: Any, _: Any) -> Any:
        return parsed if parsed["n"] != 5 else 1 / 0

    feed, receiver = Feed(), Receiver(_seven_never_and_three_later)
    flow = make_flow(feed, receiver, translate=but_five)
    async with measured(hub, flow) as it:
        await feed.send_all([order(n, key=f"k{n}") for n in range(20)])
        await feed.send(order(1, key="k1"))
        await feed.send(b"{")
        during = await it.scrape()
        assert during["hilum_receipt_messages_total"] == {(FLOW, "accepted"): 20, (FLOW, "duplicate"): 1}
        await messages(database, completed=18, held=1, routed=1)

        async def agrees() -> bool:
            return await _truth(database) == _told(await it.scrape())

        await eventually(agrees, lambda: "the whole hub's values agree with the rows of the journal")
        found = await it.scrape()
    assert found["hilum_receipt_refused_total"] == {("invalid", "memory:feed"): 1}
    assert found["hilum_receipt_duration_seconds_count"] == {(FLOW,): 21}
    assert found["hilum_translate_messages_total"] == {(FLOW, "failed"): 1, (FLOW, "translated"): 19}
    assert found["hilum_delivery_attempts_total"] == {
        (PLACE, FLOW, "delivered"): 18, (PLACE, FLOW, "rejected"): 1, (PLACE, FLOW, "try_again"): 1,
    }  # fmt: skip
    assert found["hilum_delivery_retries_total"] == {(PLACE, FLOW): 1}
    assert found["hilum_delivery_latency_seconds_count"] == {(PLACE, FLOW): 18}
    assert found["hilum_held_total"] == {("defect", "", FLOW): 1, ("test.seven", PLACE, FLOW): 1}
    assert found["hilum_cases_open"] == {(FLOW, "business"): 1, (FLOW, "technical"): 1}
    assert found["hilum_commit_size_sum"][("receipt",)] == 21
    assert found["hilum_lanes_held"] == {(): 64}
    assert found["hilum_lanes_free"] == {(): 0}
    assert found["hilum_workers_live"] == {(): 1}
    assert found["hilum_lease_valid"] == {(): 1}
    assert found["process_memory_usage_bytes"][()] > 1e6


def _told(found: Scraped) -> dict[tuple[str, str], float]:
    """Messages and deliveries in the states that are open, by destination and state."""
    return {(place, state): n for (place, _, state), n in found["hilum_queue_depth"].items() if n}


async def _truth(database: Database) -> dict[tuple[str, str], float]:
    found = await rows(
        database,
        "SELECT '', state::text, count(*) FROM message GROUP BY 2"
        " UNION ALL SELECT destination, state::text, count(*) FROM delivery GROUP BY 1, 2",
    )
    return {(place, state): n for place, state, n in found if state not in ("completed", "delivered")}


@pytest.mark.req("OBS-1")
async def test_the_oldest_that_waits_and_a_destination_that_is_down_are_told(hub: Start, database: Database) -> None:
    receiver = Receiver(lambda _: Down("It is away."))
    other = Receiver(lambda _: TryAgain("Later.", after=60))
    down, late = Feed("down"), Feed("late")
    first = make_flow(down, receiver, name="test.first")
    second = make_flow(late, name="test.second")
    second.deliver_to(target(other, "memory.other"))
    async with measured(hub, first, second) as it:
        began = time.time()
        await down.send(order(1))
        await late.send_all([order(1), order(2)])

        async def told() -> bool:
            found = await it.scrape()
            ages, breakers = found.get("hilum_queue_oldest_seconds", {}), found.get("hilum_breaker_open", {})
            return (
                breakers == {(PLACE,): 1, ("memory.other",): 0}
                and (PLACE, "test.first", "pending") in ages
                and ("memory.other", "test.second", "waiting") in ages
            )

        await eventually(told, lambda: "breaker and ages are told")
        found = await it.scrape()
        for age in found["hilum_queue_oldest_seconds"].values():
            assert 0 < age <= time.time() - began + 0.01
        receiver.behave = lambda _: Delivered()


@pytest.mark.req("OBS-1")
async def test_several_processes_read_the_database_once(hub: Start, database: Database) -> None:
    here, there = Feed("here"), Feed("there")
    receiver = Receiver()
    slow = {"refresh_seconds": 3600}
    async with (
        measured(hub, make_flow(here, receiver), settings=slow) as one,
        measured(hub, make_flow(there, receiver), settings=slow) as two,
    ):
        await eventually(lambda: _read(database), lambda: "the first sample")
        before = await rows(database, "SELECT at FROM telemetry")
        await here.send(order(1))
        await there.send(order(2))
        await messages(database, completed=2)
        # for as long as a sample is fresh nobody reads again, and everybody tells the same
        told = [(await each.scrape()).get("hilum_journal_messages_total") for each in (one, two)]
        assert told == [None, None]
        assert await rows(database, "SELECT at FROM telemetry") == before


async def _read(database: Database) -> bool:
    return len(await rows(database, "SELECT 1 FROM telemetry")) == 1


@pytest.mark.req("OBS-1")
async def test_every_metric_of_the_catalogue_is_told(hub: Start, database: Database, tmp_path: Any) -> None:
    feed, receiver = Feed(), Receiver(_seven_never_and_three_later)
    (tmp_path / "lookups").mkdir()
    (tmp_path / "lookups" / "items.csv").write_text("code,item\nA,B\n", encoding="utf-8")
    async with measured(hub, make_flow(feed, receiver)) as it:
        await feed.send_all([order(n, key=f"k{n}") for n in range(10)])
        await messages(database, completed=9, routed=1)
        status, text = await it.get("/metrics")
        assert status == 200
    told = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    expected = {m.prometheus_name + ("_total" if m.kind is Kind.COUNTER else "") for m in METRICS}
    assert expected <= told
    assert not {name for name in told - expected if not name.endswith("_created")}


@pytest.mark.req("SEC-2")
async def test_who_may_look(hub: Start) -> None:
    async with measured(hub, make_flow(Feed(), Receiver())) as it:
        assert (await it.get("/metrics"))[0] == 200
        refused, text = await it.get("/metrics", **{"X-Forwarded-For": "203.0.113.7"})
        assert refused == 403
        assert "token" in text
        await _ready(it, 200)  # once its first heartbeat is written
        assert '"database"' in (await it.get("/health/ready"))[1]
        status, text = await it.get("/health/ready", **{"X-Forwarded-For": "203.0.113.7"})
        assert (status, text) == (200, '{"status":"ready"}')
        assert await it.get("/health/live") == (200, '{"status":"alive"}')
        assert (await it.get("/elsewhere"))[0] == 404


@pytest.mark.req("SEC-2")
async def test_with_a_token_even_this_machine_must_show_it(hub: Start) -> None:
    async with measured(hub, make_flow(Feed(), Receiver()), settings={"token": "s3cret-t0ken"}) as it:
        assert (await it.get("/metrics"))[0] == 401
        assert (await it.get("/metrics", Authorization="Bearer wrong"))[0] == 401
        status, text = await it.get("/metrics", Authorization="Bearer s3cret-t0ken")
        assert status == 200
        assert 'hilum_auth_failures_total{where="telemetry"} 2.0' in text
        assert "s3cret-t0ken" not in text + repr(it.telemetry.settings)


@pytest.mark.req("OBS-1")
async def test_a_hub_is_ready_while_its_parts_work(hub: Start, database: Database) -> None:
    feed = Feed()
    async with measured(hub, make_flow(feed, Receiver())) as it:
        await _ready(it, 200)
        assert '"name":"memory:feed","ready":true' in (await it.get("/health/ready"))[1]
        await feed.close()
        await _ready(it, 503)
        assert '"name":"memory:feed","ready":false,"words":"It is closed."' in (await it.get("/health/ready"))[1]


async def _ready(it: Measured, status: int) -> None:
    async def told() -> bool:
        return (await it.get("/health/ready"))[0] == status

    await eventually(told, lambda: f"the answer {status}")
