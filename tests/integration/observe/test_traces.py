"""Traces, seen by a real OTLP receiver: from the sender's socket to the receiver's, over what lies between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web

from hilum.connector import Header, Receipt
from hilum.connectors import http, mllp
from hilum.errors import Rejected, TryAgain
from hilum.flow import Flow
from hilum.formats import hl7v2 as hl7
from hilum.message import Delivery, Outcome
from hilum.postgres import Database
from hilum.testing import eventually
from hilum.tracing import read_traceparent
from support.doubles import Batching, Feed, Receiver, takes_all
from support.looks import rows
from support.measured import measured
from support.otlp_receiver import OtlpReceiver, attributes
from support.projects import make_flow, order, target
from support.waits import Start, deliveries, messages, replay

ADT = (
    b"MSH|^~\\&|REG|HILLSIDE|HUB|HILUM|20260304101112||ADT^A08|A-1|P|2.5.1\r"
    b"EVN|A08|20260304101112\rPID|1||P-1^^^HILLSIDE^MR||Okafor^Lena\rPV1|1|I\r"
)
SENDER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@asynccontextmanager
async def http_far_side() -> AsyncIterator[tuple[str, list[dict[str, str]]]]:
    """Where an HTTP receiver is, and the headers of what it got."""
    seen: list[dict[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        seen.append({name.lower(): value for name, value in request.headers.items()})
        return web.Response(status=201)

    app = web.Application()
    app.router.add_post("/in", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/in", seen
    await runner.cleanup()


def to_http(flow: Flow, url: str) -> Flow:
    """The flow, with a target over HTTP."""
    flow.deliver_to(http.post("http.far", url=url, deduplicates=True))
    return flow


async def _sent(far: OtlpReceiver, count: int, name: str) -> list[Any]:
    await eventually(
        lambda: len(far.named(name)) >= count, lambda: f"{count} spans {name}: {[s.name for s in far.spans]}"
    )
    return far.named(name)


@pytest.mark.req("MSG-13", "OBS-1")
async def test_one_trace_leads_from_mllp_to_the_request_at_the_receiver(hub: Start, database: Database) -> None:
    listener = mllp.Listener(host="127.0.0.1", port=0)
    flow = _mllp_flow(listener)
    async with OtlpReceiver() as far, http_far_side() as (url, seen):
        settings = {"otlp_endpoint": far.url, "otlp_headers": {"Authorization": "Bearer c0llect0r"}}
        async with measured(hub, to_http(flow, url), settings=settings):
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.write(b"\x0b" + ADT + b"\x1c\r")
            assert b"MSA|AA" in await reader.readuntil(b"\x1c\r")
            writer.close()
            await messages(database, completed=1)
            (deliver,) = await _sent(far, 1, "deliver http.far")
            (receive,) = await _sent(far, 1, "receive test.updates")
            (translate,) = await _sent(far, 1, "translate test.updates")
    message_id = UUID(attributes(receive)["hilum.message.id"])
    # the trace of a message is found by its id
    assert receive.trace_id.hex() == message_id.hex
    assert {span.trace_id for span in (receive, translate, deliver)} == {receive.trace_id}
    assert not receive.parent_span_id
    assert translate.parent_span_id == deliver.parent_span_id == receive.span_id
    times = (receive.end_time_unix_nano, translate.start_time_unix_nano, deliver.start_time_unix_nano)
    assert times == tuple(sorted(times))
    (request,) = seen
    gone = read_traceparent(request["traceparent"])
    assert gone is not None
    assert (gone.trace_id, gone.sampled) == (message_id.int, True)
    assert gone.span_id == int.from_bytes(deliver.span_id)
    assert request["x-correlation-id"] == request["x-causation-id"] == str(message_id)
    assert attributes(deliver) | {"hilum.outcome": "delivered", "hilum.destination": "http.far"} == attributes(deliver)
    assert far.headers[0]["authorization"] == "Bearer c0llect0r"
    assert far.resources[0]["service.name"] == "hilum"
    assert far.resources[0]["service.namespace"] == "test"
    assert b"Okafor" not in far.raw
    assert b"P-1" not in far.raw


def _mllp_flow(listener: mllp.Listener) -> Flow:
    flow = make_flow(None, name="test.updates", order_by=hl7.field("PID-3.1"), dedup_by=hl7.field("MSH-10"))
    flow.source, flow.format = listener, "hl7v2"
    flow.translate(lambda msg, _: {"id": msg.control_id})
    return flow


@pytest.mark.req("MSG-13")
@pytest.mark.parametrize("traced", [True, False])
async def test_the_trace_of_a_sender_over_http_reaches_the_receiver_over_http(
    hub: Start, database: Database, traced: bool
) -> None:
    listener = http.Listener(host="127.0.0.1", port=0, path="/orders")
    flow = make_flow(None)
    flow.source = listener
    async with OtlpReceiver() as far, http_far_side() as (url, seen):
        settings = {"otlp_endpoint": far.url} if traced else {}
        async with measured(hub, to_http(flow, url), settings=settings):
            headers = {"traceparent": SENDER, "tracestate": "vendor=1", "X-Correlation-Id": "case-7"}
            async with (
                aiohttp.ClientSession() as session,
                session.post(listener.address, json=order(1), headers=headers) as answer,
            ):
                assert answer.status == 202
            await messages(database, completed=1)
            if traced:
                (receive,) = await _sent(far, 1, "receive test.orders")
                assert (receive.trace_id.hex(), receive.parent_span_id.hex()) == (SENDER[3:35], SENDER[36:52])
    (request,) = seen
    assert request["traceparent"].startswith(SENDER[:36])
    assert (request["traceparent"] == SENDER) is not traced
    assert request["tracestate"] == "vendor=1"
    assert request["x-correlation-id"] == "case-7"


async def test_a_sender_that_wants_no_spans_gets_none_and_its_context_goes_on(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    async with OtlpReceiver() as far:
        async with measured(hub, make_flow(feed, receiver), settings={"otlp_endpoint": far.url}):
            unwanted = SENDER[:-1] + "0"
            await feed.send(order(1), **{Header.TRACEPARENT: unwanted})
            await feed.send(order(2))
            await messages(database, completed=2)
        assert [d.headers[Header.TRACEPARENT] == unwanted for d in receiver.taken] == [True, False]
        assert SENDER[3:35] not in {span.trace_id.hex() for span in far.spans}
        assert len(far.spans) == 3


async def test_a_share_of_the_messages_is_traced_whole(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver()
    async with OtlpReceiver() as far:
        settings = {"otlp_endpoint": far.url, "trace_ratio": 0.5}
        async with measured(hub, make_flow(feed, receiver), settings=settings):
            receipts = await feed.send_all([order(n, key="") for n in range(200)])
            await messages(database, completed=200)
    by_trace: dict[str, set[str]] = {}
    for span in far.spans:
        by_trace.setdefault(span.trace_id.hex(), set()).add(span.name)
    assert 50 < len(by_trace) < 150
    whole = {"receive test.orders", "translate test.orders", "deliver memory.main"}
    assert all(names == whole for names in by_trace.values())
    assert set(by_trace) <= {receipt.message_id.hex for receipt in receipts}


@pytest.mark.req("OBS-1")
async def test_attempts_holds_and_reports_are_in_the_trace(hub: Start, database: Database) -> None:
    def second_time_never(delivery: Delivery) -> Outcome:
        return TryAgain("Later.") if delivery.attempt == 1 else Rejected("test.no", "Never.")

    feed, told = Feed(), Receiver()
    flow = make_flow(feed, Receiver(second_time_never))
    flow.report_to(target(told, "memory.report"))
    async with OtlpReceiver() as far:
        async with measured(hub, flow, settings={"otlp_endpoint": far.url}):
            receipt = await feed.send(order(1))
            assert isinstance(receipt, Receipt)
            await messages(database, routed=1, completed=1)
        attempts = far.named("deliver memory.main")
        assert [attributes(span)["hilum.outcome"] for span in attempts] == ["try_again", "rejected"]
        assert [attributes(span)["hilum.delivery.attempt"] for span in attempts] == ["1", "2"]
        (hold,) = far.named("hold")
        assert attributes(hold)["hilum.category"] == "test.no"
        (made,) = far.named("make test.orders.status")
        (receive,) = far.named("receive test.orders")
        (report,) = far.named("deliver memory.report")
        assert made.parent_span_id == receive.span_id
        assert report.parent_span_id == made.span_id
        assert {span.trace_id.hex() for span in far.spans} == {receipt.message_id.hex}
        assert b"Never." not in far.raw


async def test_deliveries_of_one_call_are_linked(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Batching()
    gate = asyncio.Event()

    async def later(delivery: Delivery) -> Outcome:
        await gate.wait()
        return takes_all(delivery)

    receiver.behave = later
    async with OtlpReceiver() as far:
        async with measured(hub, make_flow(feed, receiver), settings={"otlp_endpoint": far.url}):
            await feed.send_all([order(n, key="") for n in range(60)])
            await eventually(lambda: receiver.most_under_way > 0 or bool(receiver.seen), lambda: "a call")
            gate.set()
            await messages(database, completed=60)
        spans = far.named("deliver memory.main")
        assert len(spans) == 60
        first = [span for span in spans if not span.links]
        others = [span for span in spans if span.links]
        assert others
        assert {span.links[0].span_id for span in others} <= {span.span_id for span in first}


@pytest.mark.req("OBS-1")
async def test_metrics_are_sent_too(hub: Start, database: Database) -> None:
    feed = Feed()
    async with OtlpReceiver() as far:
        settings = {"otlp_endpoint": far.url, "otlp_seconds": 1, "trace_ratio": 0}
        async with measured(hub, make_flow(feed, Receiver()), settings=settings):
            await feed.send_all([order(n) for n in range(7)])
            await messages(database, completed=7)
        latency = far.metrics["hilum.delivery.latency"]
        assert latency.unit == "s"
        (point,) = latency.histogram.data_points
        assert (point.count, sum(point.bucket_counts)) == (7, 7)
        assert attributes(point) == {"flow": "test.orders", "destination": "memory.main"}
        (accepted,) = far.metrics["hilum.receipt.messages"].sum.data_points
        assert (accepted.as_int or accepted.as_double) == 7
        assert far.metrics["hilum.receipt.messages"].sum.is_monotonic
        assert far.metrics["hilum.lanes.held"].gauge.data_points
        assert far.spans == []


@pytest.mark.req("MSG-13")
async def test_a_replay_is_a_trace_of_its_own_linked_to_the_old_one(hub: Start, database: Database) -> None:
    feed, receiver = Feed(), Receiver(lambda _: Rejected("test.no", "Never."))
    async with OtlpReceiver() as far:
        async with measured(hub, make_flow(feed, receiver), settings={"otlp_endpoint": far.url}):
            receipt = await feed.send(order(1))
            assert isinstance(receipt, Receipt)
            await deliveries(database, held=1)
            await eventually(lambda: _acts_are_seen(database), lambda: "a first sample")
            receiver.behave = takes_all
            await replay(database, receipt.message_id)
            await messages(database, completed=1)
            (again,) = await _sent(far, 1, "replay")
        (link,) = again.links
        (receive,) = far.named("receive test.orders")
        assert (link.trace_id.hex(), link.span_id) == (receipt.message_id.hex, receive.span_id)
        assert again.trace_id != link.trace_id
        assert [attributes(span)["hilum.outcome"] for span in far.named("deliver memory.main")] == [
            "rejected",
            "delivered",
        ]


async def _acts_are_seen(database: Database) -> bool:
    return await rows(database, "SELECT (sample ->> 'acts')::bigint >= 1 FROM telemetry") == [(True,)]
