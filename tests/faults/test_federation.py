"""Two hubs with a stream between them: what the edge acknowledged reaches the centre once, in order."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from hilum.canonical import Supplier
from hilum.connector import Header, Receipt
from hilum.connectors import federation
from hilum.formats import hl7v2 as hl7
from hilum.journal.reading import Search, find
from hilum.testing import CutProxy, eventually
from support import servers
from support.doubles import Feed, Receiver
from support.http_receiver import HttpReceiver
from support.hubs_and_stream import (
    StartHub,
    all_delivered,
    all_here,
    assert_all_arrived,
    central_flow,
    edge_flow,
    send_counting,
    several,
    starter,
)
from support.looks import assert_sound
from support.mllp_load import Load
from support.nats_servers import Looker, NatsServer
from support.projects import order
from support.serving import HubProcess

pytestmark = [pytest.mark.req("RES-3"), pytest.mark.req("MSG-13")]

EXAMPLES = Path(__file__).parents[2] / "examples"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def a_hub(databases: servers.Databases, tmp_path: Path) -> AsyncIterator[StartHub]:
    """Starts hubs, each with a database of its own."""
    with several(databases) as fresh:
        async with AsyncExitStack() as stack:
            yield starter(stack, fresh, tmp_path)


@pytest.fixture
async def nats_server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with NatsServer(tmp_path / "nats") as server:
        yield server


async def test_ids_order_key_and_trace_survive(a_hub: StartHub, nats_server: NatsServer) -> None:
    feed, receiver = Feed(), Receiver()
    _, edge_database = await a_hub(edge_flow(feed, nats_server.url))
    _, central_database = await a_hub(central_flow(receiver, nats_server.url))
    headers = {Header.CORRELATION_ID: "visit-7", Header.TRACEPARENT: TRACE, Header.TRACESTATE: "vendor=1"}
    answer = await feed.send(order(1, key="Ärger/1 2%"), **headers)
    assert isinstance(answer, Receipt)
    await all_here(receiver, 1)
    (taken,) = receiver.taken
    assert (taken.key, taken.correlation_id) == ("Ärger/1 2%", "visit-7")
    assert taken.headers[Header.TRACEPARENT].split("-")[1] == TRACE.split("-")[1]
    assert taken.headers[Header.TRACESTATE] == "vendor=1"
    async with central_database.cold() as connection:
        for text in (str(answer.message_id), "visit-7"):  # the centre is asked by what the edge calls it
            (row,) = await find(connection, Search(text=text))
            assert (row.id, row.cause_id) == (taken.message_id, answer.message_id)
    for database in (edge_database, central_database):
        await assert_sound(database)


HL7 = (
    b"MSH|^~\\&|ADT|NORTH|HILUM|HUB|20260102030405||ADT^A08^ADT_A01|C1|P|2.5|||||| UNICODE UTF-8\r"
    b"PID|1||k^^^NORTH^MR||M\xc3\x9cLLER\r\n\nZZZ|kept as it \\H\\came\\N\\|\r"
)
SUPPLIER = Supplier(code="S-1", title="Gauze & Söhne")


@pytest.mark.parametrize(
    ("format", "sent", "content_type"),
    [
        ("hl7v2", hl7.parse(HL7), "application/hl7-v2"),
        ("object", SUPPLIER, federation.OBJECT),
        ("json", {"a": [1, "é"]}, "application/json"),
        ("text", "Grüße", "text/plain; charset=utf-8"),
        ("bytes", b"\x00\xff\r\n", "application/octet-stream"),
    ],
)
async def test_what_arrives_is_what_was_forwarded(
    a_hub: StartHub, nats_server: NatsServer, format: federation.Format, sent: Any, content_type: str
) -> None:
    feed, receiver, arrived = Feed(), Receiver(), []

    def note(parsed: Any, _: Any) -> Any:
        arrived.append(parsed)
        return {"key": "k", "n": 1}

    edge = edge_flow(feed, nats_server.url)
    edge.translate(lambda parsed, hub: [sent])
    await a_hub(edge)
    await a_hub(central_flow(receiver, nats_server.url, format=format, translate=note))
    await feed.send(order(1))
    await all_here(receiver, 1)
    if format == "hl7v2":
        assert [each.encode() for each in arrived] == [HL7]
    else:
        assert arrived == [sent]
    assert federation.forward("nats.x").encode(sent).content_type == content_type  # type: ignore[union-attr]


async def test_a_repetition_at_the_seam_has_no_effect(a_hub: StartHub, nats_server: NatsServer) -> None:
    """Published again after the stream has forgotten its id: the centre has not."""
    feed, receiver = Feed(), Receiver()
    await a_hub(edge_flow(feed, nats_server.url, window=0.1))
    _, central_database = await a_hub(central_flow(receiver, nats_server.url))
    await feed.send(order(1))
    await all_here(receiver, 1)
    async with Looker(nats_server.url) as looker:
        ((subject, body, headers),) = await looker.messages("EDGE")

        async def stored_again() -> bool:
            answer = await looker.client.request(subject, body, headers=headers, timeout=20)
            return not orjson.loads(answer.data).get("duplicate")

        await eventually(stored_again, lambda: "the stream has forgotten its id")
        assert len(await looker.messages("EDGE")) == 2
    await feed.send(order(2))
    await all_here(receiver, 2)
    assert receiver.numbers("k") == [1, 2]
    await eventually(lambda: all_delivered(central_database, 2))


async def test_a_cut_link_loses_and_doubles_nothing(a_hub: StartHub, nats_server: NatsServer) -> None:
    keys = [f"p{number}" for number in range(10)]
    feed, receiver = Feed(), Receiver()
    async with CutProxy(nats_server.port) as link:
        _, edge_database = await a_hub(edge_flow(feed, f"nats://127.0.0.1:{link.port}"))
        _, central_database = await a_hub(central_flow(receiver, nats_server.url))
        await send_counting(feed, keys, range(20))
        sending = asyncio.create_task(send_counting(feed, keys, range(20, 60)))
        await all_here(receiver, 200)
        await link.stop()
        await sending  # the edge goes on accepting
        at_the_cut = len(receiver.taken)
        await send_counting(feed, keys, range(60, 70))
        assert len(receiver.taken) <= at_the_cut + len(keys) * 40
        await link.start()
        await assert_all_arrived(receiver, keys, 70, edge_database, central_database)
        assert len(receiver.seen) == 700


class Pair:
    """The two example projects as processes, with a link between them that can be cut."""

    def __init__(self, folder: Path, edge_url: str, central_url: str, link: CutProxy, server: NatsServer, far: str):
        for name in ("edge", "central"):
            shutil.copytree(EXAMPLES / f"federation-{name}", folder / name)
        through = f"nats://127.0.0.1:{link.port}"
        self.edge = HubProcess(folder / "edge", edge_url, NATS_URL=through, MLLP_PORT="0")
        self.central = HubProcess(folder / "central", central_url, NATS_URL=server.url, HTTP_URL=far)
        self.link = link
        self.load = Load(lambda: self.edge.port)


class Registry(HttpReceiver):
    """A receiver of the documents that the central example posts."""

    def told(self) -> None:
        """What `assert_exactly` wants to know of each document."""
        for thing in self.taken:
            key, _, number = thing["controlId"].rpartition("-")
            assert key == thing["patientId"]
            thing |= {"id": thing["controlId"], "key": key, "n": int(number)}


@asynccontextmanager
async def pair(folder: Path, fresh: Callable[[], str], server: NatsServer) -> AsyncIterator[tuple[Pair, Registry]]:
    async with Registry() as far, CutProxy(server.port) as link:
        made = Pair(folder, fresh(), fresh(), link, server, far.url)
        await asyncio.gather(made.edge.start(), made.central.start())  # whoever is first; the edge makes the stream
        made.load.start()
        try:
            yield made, far
            await made.load.stop()
            await eventually(
                lambda: len(far.taken) >= made.load.total, lambda: f"{len(far.taken)} of {made.load.total} arrived"
            )
            far.told()
            far.assert_exactly(made.load.acknowledged)
        finally:
            await made.load.cancel()
            codes = [await hub.stop() for hub in (made.edge, made.central) if hub.running]
        assert not any(codes), "\n".join(made.edge.output[-20:] + made.central.output[-20:])


async def acknowledged_more(load: Load, count: int) -> None:
    before = load.total
    await eventually(lambda: load.total >= before + count, lambda: f"{load.total - before} of {count} more")


async def cut_and_kill(made: Pair, far: Registry, seconds: float) -> None:
    """The link is cut for so long under load, and the edge hub killed in the middle; it goes on accepting."""
    await eventually(lambda: len(far.taken) >= 50)
    await made.link.stop()
    await acknowledged_more(made.load, 20)
    await asyncio.sleep(seconds / 2)
    await made.edge.kill()
    await made.edge.start()
    await acknowledged_more(made.load, 20)
    await asyncio.sleep(seconds / 2)
    behind = made.load.total - len(far.taken)
    assert behind >= 40, "the link was not cut"
    await made.link.start()


async def test_the_examples_over_a_cut_link_and_a_killed_edge(
    databases: servers.Databases, nats_server: NatsServer, tmp_path: Path
) -> None:
    with several(databases) as fresh:
        async with pair(tmp_path, fresh, nats_server) as (made, far):
            await cut_and_kill(made, far, 0.5)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_minute_without_link_under_load(
    databases: servers.Databases, nats_server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute's cut, the edge killed within it, then the centre and the edge killed while they drain."""
    monkeypatch.setattr("hilum.testing.waiting.PATIENCE", 300.0)
    with several(databases) as fresh:
        async with pair(tmp_path, fresh, nats_server) as (made, far):
            await cut_and_kill(made, far, 60)
            await acknowledged_more(made.load, 50)
            await made.central.kill()
            await made.edge.kill()
            await made.edge.start()
            await made.central.start()
            before = len(far.taken)
            await eventually(lambda: len(far.taken) > before + 100)
