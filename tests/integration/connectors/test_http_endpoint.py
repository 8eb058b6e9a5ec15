"""The HTTP endpoint: what each answer means, and what is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hilum.connector import Header
from hilum.connectors import http
from hilum.connectors.http.endpoint import retry_after
from hilum.connectors.tls import ServerTls
from hilum.errors import Down, Rejected, SettingsError, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome, new_id
from hilum.testing.destination_suite import opened
from support.certificates import Authority

pytestmark = pytest.mark.req("SYS-19")
LOCAL = "127.0.0.1"


def delivery(body: bytes = b'{"name": "Ada"}', headers: dict[str, str] | None = None) -> Delivery:
    return Delivery(
        message_id=new_id(),
        ordinal=0,
        flow="f",
        destination="d",
        operation="",
        body=body,
        headers=headers or {},
        idempotency_key="key-1",
        correlation_id="case-7",
    )


Answer = Callable[[web.BaseRequest], web.Response]


@asynccontextmanager
async def receiver(answer: Answer, tls: ServerTls | None = None) -> AsyncIterator[str]:
    """A server that answers every request so; gives its URL."""

    async def handle(request: web.BaseRequest) -> web.Response:
        await request.read()
        return answer(request)

    own = web.Server(handle)
    context = tls.server_context() if tls else None
    server = await asyncio.get_running_loop().create_server(own, LOCAL, 0, ssl=context)
    try:
        yield f"http{'s' if tls else ''}://{LOCAL}:{server.sockets[0].getsockname()[1]}/orders"
    finally:
        server.close()
        own.pre_shutdown()
        await own.shutdown(1)
        await server.wait_closed()


async def outcome(answer: Answer, **settings: Any) -> Outcome:
    async with receiver(answer) as url, opened(http.Endpoint(url=url, **settings)) as endpoint:
        (found,) = await endpoint.deliver([delivery()])
        return found


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, Delivered),
        (201, Delivered),
        (204, Delivered),
        (302, Down),
        (307, Down),
        (400, Rejected),
        (401, Down),
        (403, Down),
        (404, Rejected),
        (407, Down),
        (408, TryAgain),
        (409, Rejected),
        (422, Rejected),
        (425, TryAgain),
        (429, TryAgain),
        (500, Unsure),
        (501, Rejected),
        (502, Unsure),
        (503, TryAgain),
        (504, Unsure),
    ],
)
async def test_what_a_status_means(status: int, meaning: type[Outcome]) -> None:
    found = await outcome(lambda _: web.Response(status=status, headers={"Location": "https://elsewhere.invalid/"}))
    assert type(found) is meaning
    if isinstance(found, Rejected):
        assert found.category == f"http.{status}"


async def test_a_500_of_a_receiver_that_rolls_back_is_tried_again() -> None:
    for status, meaning in ((500, TryAgain), (502, Unsure), (504, Unsure)):
        found = await outcome(lambda _, status=status: web.Response(status=status), on_5xx="retry")  # type: ignore[misc]
        assert type(found) is meaning


async def test_retry_after_is_kept() -> None:
    found = await outcome(lambda _: web.Response(status=429, headers={"Retry-After": "17"}))
    assert isinstance(found, TryAgain)
    assert found.after == 17


def test_retry_after_in_all_its_forms() -> None:
    assert retry_after("120") == 120
    later = retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True))
    assert later is not None
    assert 90 < later <= 100
    assert retry_after(format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)) == 0
    assert [retry_after(text) for text in ("", "soon", "-1", "²", "Fri, 99 Foo")] == [None] * 5


async def test_the_reference_is_what_the_receiver_calls_it() -> None:
    def created(_: web.BaseRequest) -> web.Response:
        return web.json_response({"order": {"id": 4711}}, status=201, headers={"Location": "/orders/4711"})

    assert await outcome(created) == Delivered(reference="/orders/4711", words="status 201")
    assert await outcome(created, reference="order.id") == Delivered(reference="4711", words="status 201")
    assert await outcome(created, reference="order.no") == Delivered(reference="", words="status 201")


async def test_the_reason_is_told_without_the_payload() -> None:
    def refuse(_: web.BaseRequest) -> web.Response:
        problem = {"title": "Not valid", "detail": "name Ada is unknown"}
        return web.json_response(problem, status=422, content_type="application/problem+json")

    found = await outcome(refuse)
    assert str(found) == "The receiver answered 422 (Not valid: name ··· is unknown)."


@pytest.mark.req("MSG-13")
async def test_keys_and_ids_go_along() -> None:
    seen: list[dict[str, str]] = []

    def note(request: web.BaseRequest) -> web.Response:
        seen.append({name.lower(): value for name, value in request.headers.items()} | {"method": request.method})
        return web.Response(status=204)

    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    settings: dict[str, Any] = {"token": "opensesame", "method": "PUT", "headers": {"Accept": "application/json"}}
    async with receiver(note) as url:
        endpoint = http.Endpoint(url=url, **settings)
        await endpoint.open()
        forged = {Header.TRACEPARENT: trace, "Idempotency-Key": "forged", "X-Kind": "order"}
        await endpoint.deliver([delivery(headers=forged)])
        assert "opensesame" not in f"{endpoint!r} {endpoint.settings!r}"
        await endpoint.close()
    (headers,) = seen
    assert headers["idempotency-key"] == "key-1"
    assert headers["x-correlation-id"] == "case-7"
    assert headers["traceparent"] == trace
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == "Bearer opensesame"
    assert headers["accept"] == "application/json"
    assert headers["x-kind"] == "order"
    assert headers["method"] == "PUT"


async def test_a_key_with_a_line_end_forges_no_header() -> None:
    seen: list[Any] = []

    def note(request: web.BaseRequest) -> web.Response:
        seen.append(request.headers)
        return web.Response(status=204)

    async with receiver(note) as url, opened(http.Endpoint(url=url)) as endpoint:
        (found,) = await endpoint.deliver([replace(delivery(), idempotency_key="a\r\nX-Admin: yes\x00")])
    assert isinstance(found, Delivered)
    assert seen[0]["Idempotency-Key"].split() == ["a", "X-Admin:", "yes"]
    assert "X-Admin" not in seen[0]


async def test_a_huge_answer_costs_no_memory_and_changes_nothing() -> None:
    found = await outcome(lambda _: web.Response(status=200, body=b"x" * 5_000_000, headers={"Location": "/1"}))
    assert found == Delivered(reference="/1", words="status 200")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "http://no-such-host.invalid/x"])
async def test_nobody_there_is_down(url: str) -> None:
    async with opened(http.Endpoint(url=url, connect_timeout=2)) as endpoint:
        (found,) = await endpoint.deliver([delivery()])
        assert isinstance(found, Down)
        with pytest.raises(Down):
            await endpoint.check()


@pytest.mark.req("SEC-1")
async def test_tls_is_verified(tmp_path: Path) -> None:
    ca, foreign = Authority(tmp_path, "north-ca"), Authority(tmp_path, "foreign-ca")
    tls = ServerTls(certificate=ca.issue("portal"), client_ca=ca.path)
    async with receiver(lambda _: web.Response(status=204), tls) as url:
        async with opened(http.Endpoint(url=url, ca=ca.path, certificate=ca.issue("hub"))) as endpoint:
            assert isinstance((await endpoint.deliver([delivery()]))[0], Delivered)
        async with opened(http.Endpoint(url=url, ca=foreign.path)) as endpoint:
            (found,) = await endpoint.deliver([delivery()])
            assert isinstance(found, Down)
            assert "certificate is not trusted" in str(found)


def test_settings_that_cannot_be_are_told_without_their_values() -> None:
    for settings in (
        {"url": "ftp://x/y"},
        {"url": "http://u:opensesame@x/y"},
        {"url": "http://x", "tokn": "opensesame"},
    ):
        with pytest.raises(SettingsError) as caught:
            http.Endpoint(**settings)
        assert str(caught.value).startswith("http: ")
        assert "opensesame" not in str(caught.value)


def test_the_query_is_not_shown() -> None:
    assert "opensesame" not in repr(http.Endpoint(url="http://x/y?key=opensesame"))


@pytest.mark.req("SEC-6")
async def test_a_receiver_that_answers_byte_by_byte_holds_nobody_up() -> None:
    """Each byte comes within `answer_timeout`; the whole answer never ends."""

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(trickle, LOCAL, 0)
    async with server:
        url = f"http://{LOCAL}:{server.sockets[0].getsockname()[1]}/"
        async with opened(http.Endpoint(url=url, answer_timeout=5, timeout_total=0.3)) as endpoint:
            async with asyncio.timeout(10):
                (found,) = await endpoint.deliver([delivery()])
    assert isinstance(found, Unsure)
    assert "no answer in time" in str(found)
