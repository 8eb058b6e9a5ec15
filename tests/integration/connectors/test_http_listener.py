"""The HTTP listener on real sockets: one and many, what is refused and how, several on one port."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import aiohttp
import orjson
import pytest
from http_side import LOCAL, hub

from hilum.connector import Header, Receipt
from hilum.connectors import http
from hilum.errors import Busy, DatabaseUnavailable, Down, Invalid, NotAccepted, SettingsError
from hilum.message import new_id
from hilum.testing import eventually, take

pytestmark = pytest.mark.req("SYS-19")


# ---- one and many


async def test_one_message_is_answered_with_its_id() -> None:
    async with hub() as side:
        status, answer, _ = await side.post(b"\x00\xff", Content_Type="application/x-anything; v=1")
        assert status == 202
        assert answer == {"id": answer["id"], "duplicate": False}
        (received,) = side.taken
        assert received.body == b"\x00\xff"
        assert received.content_type == "application/x-anything; v=1"
        assert received.headers[Header.PEER] == LOCAL


async def test_a_duplicate_is_told_as_such() -> None:
    listener = http.Listener(host=LOCAL, port=0)
    await listener.open()
    first = new_id()
    async with aiohttp.ClientSession() as session:
        posting = asyncio.create_task(session.post(listener.address, data=b"{}"))
        (received,) = await take(listener, 1)
        await received.accept(Receipt(message_id=first, duplicate=True))
        async with await posting as answer:
            assert answer.status == 202
            assert orjson.loads(await answer.read()) == {"id": str(first), "duplicate": True}
    await listener.close()


@pytest.mark.req("MSG-13")
async def test_ids_of_the_sender_are_kept() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with hub() as side:
        ids = {"Idempotency_Key": "order-1", "X_Correlation_Id": "case-7", "X_Causation_Id": "bill-3"}
        await side.post(b"{}", **ids, traceparent=trace, tracestate="a=1")
        headers = side.taken[0].headers
        assert headers[Header.IDEMPOTENCY_KEY] == "order-1"
        assert headers[Header.CORRELATION_ID] == "case-7"
        assert headers[Header.CAUSATION_ID] == "bill-3"
        assert headers[Header.TRACEPARENT] == trace
        assert headers[Header.TRACESTATE] == "a=1"
        await side.post(b"{}", traceparent="00-nonsense")
        assert Header.TRACEPARENT not in side.taken[1].headers
        status, answer, _ = await side.post(b"{}", Idempotency_Key="x" * 201)
        assert status == 400
        assert "Idempotency-Key" in answer["detail"]


async def test_lines_become_messages_with_keys_of_their_own() -> None:
    async with hub() as side:
        status, answer, _ = await side.post(
            b'{"a": 1}\r\n\n{"b": 2}', Content_Type="application/x-ndjson", Idempotency_Key="day-1"
        )
        assert status == 202
        assert [line["id"] for line in answer["results"]] == answer["ids"]
        assert [each.body for each in side.taken] == [b'{"a": 1}', b'{"b": 2}']
        assert [each.headers[Header.IDEMPOTENCY_KEY] for each in side.taken] == ["day-1:1", "day-1:2"]


async def test_an_array_becomes_messages_when_asked() -> None:
    async with hub() as side:
        status, answer, _ = await side.post(b'[{"a": 1}, [2]]', "?many=1", Content_Type="application/json")
        assert (status, len(answer["ids"])) == (202, 2)
        assert [each.body for each in side.taken] == [b'{"a":1}', b"[2]"]
        await side.post(b"[1, 2]", Content_Type="application/json")
        assert side.taken[-1].body == b"[1, 2]"


@pytest.mark.parametrize(
    ("body", "query", "kind", "words"),
    [
        (b'{"a": 1}\n{secret}', "", "application/x-ndjson", "Line 2 is no JSON"),
        (b"\n\n", "", "application/x-ndjson", "no line"),
        (b"{secret", "?many=1", "application/json", "no JSON"),
        (b'{"a": 1}', "?many=1", "application/json", "array"),
        (b"[]", "?many=1", "application/json", "at least one"),
        (b"", "", "application/json", "empty"),
    ],
)
async def test_a_broken_body_is_told_where(body: bytes, query: str, kind: str, words: str) -> None:
    async with hub() as side:
        status, answer, headers = await side.post(body, query, Content_Type=kind)
        assert status == 400
        assert words in answer["detail"]
        assert "secret" not in answer["detail"]
        assert headers["Content-Type"] == "application/problem+json"
        assert side.taken == []


@pytest.mark.parametrize(
    ("errors", "status"),
    [
        ([None, NotAccepted("no flow takes this")], 207),
        ([Invalid("broken"), NotAccepted("no flow takes this")], 400),
        ([None, Busy()], 503),
        ([Invalid("broken"), DatabaseUnavailable("the journal cannot be reached")], 503),
    ],
)
async def test_many_with_different_ends(errors: list[Exception | None], status: int) -> None:
    ends = iter(errors)
    async with hub(lambda _: next(ends)) as side:
        got, answer, headers = await side.post(b"1\n2", Content_Type="application/x-ndjson")
        assert got == status
        assert len(answer["results"]) == 2
        assert [("id" in line) for line in answer["results"]] == [error is None for error in errors]
        assert ("Retry-After" in headers) == (status == 503)


# ---- refusals


@pytest.mark.req("MSG-11")
@pytest.mark.parametrize(
    ("error", "status", "after"),
    [
        (Busy(after=7.2), 503, "8"),
        (DatabaseUnavailable("the journal cannot be reached"), 503, "5"),
        (NotAccepted("no flow takes this"), 415, None),
        (Invalid("is missing", where="order.id"), 400, None),
        (RuntimeError("secret"), 503, "5"),
    ],
)
async def test_a_refusal_says_why_and_when_to_come_again(error: Exception, status: int, after: str | None) -> None:
    async with hub(lambda _: error) as side:
        got, answer, headers = await side.post(b"{}")
        assert (got, headers.get("Retry-After")) == (status, after)
        assert answer["status"] == status
        assert "secret" not in answer["detail"]
        assert isinstance(error, RuntimeError) or answer["detail"] == str(error)
        assert side.listener.refusals == {str(status): 1}


@pytest.mark.req("SEC-6")
async def test_a_body_that_is_too_large_is_refused_however_it_comes() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    async with hub(max_body=1000) as side:
        packed = gzip.compress(b"x" * 1_000_000)
        assert (await side.post(b"x" * 1001))[0] == 413
        assert (await side.post(chunks()))[0] == 413
        assert (await side.post(packed[:1000], Content_Encoding="gzip"))[0] == 413
        assert (await side.post(b"x" * 1000))[0] == 202
        assert len(side.taken) == 1
        assert side.listener.refusals == {"413": 3}


@pytest.mark.req("SEC-6")
async def test_a_body_of_too_many_messages_is_refused() -> None:
    async with hub(max_items=3) as side:
        for body in (b"1\n" * 4, b"\n" * 50):
            assert (await side.post(body, Content_Type="application/x-ndjson"))[0] == 413
        status, answer, _ = await side.post(b"[1,2,3,4]", "?many=1", Content_Type="application/json")
        assert (status, answer["detail"]) == (413, "The body has more than 3 messages; send it in parts.")
        assert (await side.post(b"1\n2\n3\n", Content_Type="application/x-ndjson"))[0] == 202
        assert len(side.taken) == 3


async def test_methods_and_paths() -> None:
    async with hub(path="/in/orders") as side:
        root = side.listener.address.removesuffix("/in/orders")
        async with side.session.get(side.listener.address) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        async with side.session.post(root + "/elsewhere", data=b"{}") as answer:
            assert answer.status == 404
        async with side.session.get(root + "/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ok"})


async def test_content_types_can_be_limited() -> None:
    async with hub(content_types=["application/json"]) as side:
        assert (await side.post(b"<a/>", Content_Type="text/xml"))[0] == 415
        assert (await side.post(b"{}", Content_Type="application/json; charset=utf-8"))[0] == 202


async def test_expect_continue_is_answered_before_the_body() -> None:
    async with hub() as side:
        reader, writer = await asyncio.open_connection(LOCAL, side.listener.port)
        writer.write(b"POST /in HTTP/1.1\r\nHost: hub\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")
        assert (await reader.readline()).startswith(b"HTTP/1.1 202")
        writer.close()
        await writer.wait_closed()


async def test_a_body_that_never_comes_is_given_up() -> None:
    async with hub(body_timeout=0.05) as side:
        reader, writer = await asyncio.open_connection(LOCAL, side.listener.port)
        writer.write(b"POST /in HTTP/1.1\r\nHost: hub\r\nContent-Length: 200\r\n\r\nhalf")
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()
        await writer.wait_closed()


@pytest.mark.req("MSG-11")
async def test_too_many_at_once_are_told_to_come_again() -> None:
    listener = http.Listener(host=LOCAL, port=0, requests=2)
    await listener.open()
    async with aiohttp.ClientSession() as session:
        waiting = [asyncio.create_task(session.post(listener.address, data=b"{}")) for _ in range(2)]
        received = await take(listener, 2)
        async with session.post(listener.address, data=b"{}") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        for each in received:
            await each.accept(Receipt(message_id=new_id()))
        for task in waiting:
            async with await task as answer:
                assert answer.status == 202
    await listener.close()


async def test_closing_tells_those_who_wait_to_come_again() -> None:
    listener = http.Listener(host=LOCAL, port=0)
    await listener.open()
    async with aiohttp.ClientSession() as session:
        waiting = asyncio.create_task(session.post(listener.address, data=b"{}"))
        (received,) = await take(listener, 1)
        await listener.close()
        async with await waiting as answer:
            assert answer.status == 503
        await received.accept(Receipt(message_id=new_id()))  # too late, and harmless


# ---- several on one port


async def test_listeners_with_one_port_share_it() -> None:
    async with hub(path="/a") as one:
        port = one.listener.port
        two = http.Listener(host=LOCAL, port=port, path="/b")
        await two.open()
        try:
            posting = asyncio.create_task(one.session.post(two.address, data=b"2"))
            (received,) = await take(two, 1)
            await received.accept(Receipt(message_id=new_id()))
            async with await posting as answer:
                assert answer.status == 202
            assert (await one.post(b"1"))[0] == 202
            assert [each.body for each in one.taken] == [b"1"]
            with pytest.raises(SettingsError, match=f"two listeners want /a on port {port}"):
                await http.Listener(host=LOCAL, port=port, path="/a").open()
        finally:
            await two.close()
        for path, status in (("/b", 503), ("/c", 404)):  # a sender must not take a hub that stops for a wrong address
            async with one.session.post(f"http://{LOCAL}:{port}{path}", data=b"2") as answer:
                assert (answer.status, "Retry-After" in answer.headers) == (status, status == 503)
        assert (await one.post(b"3"))[0] == 202


async def test_a_port_of_another_program_is_told() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), LOCAL, 0)
    with pytest.raises(Down, match="cannot listen"):
        await http.Listener(host=LOCAL, port=server.sockets[0].getsockname()[1]).open()
    server.close()
    await server.wait_closed()


async def test_memory_of_a_request_is_given_back() -> None:
    async with hub(max_body=1000, requests=1) as side:
        for _ in range(20):
            assert (await side.post(b"x" * 900))[0] == 202
            assert (await side.post(b"x" * 1001))[0] == 413
        await eventually(lambda: side.listener._held == 0)
