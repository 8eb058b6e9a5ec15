"""The HTTP listener against the wrong senders: who may send, and what one of them can take from the others."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from http_side import LOCAL, hub

from hilum.connector import Header
from hilum.connectors import http
from hilum.connectors.http import server
from hilum.testing import eventually
from support.certificates import Authority

pytestmark = pytest.mark.req("SYS-19")


# ---- who may send


async def test_a_token_is_asked() -> None:
    async with hub(token="opensesame") as side:
        for authorization in ("", "Bearer wrong", "Basic opensesame", "Bearer opensesame2"):
            status, _, headers = await side.post(b"{}", Authorization=authorization)
            assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
        assert (await side.post(b"{}", Authorization="Bearer opensesame"))[0] == 202
        assert len(side.taken) == 1
        assert side.listener.refusals == {"401": 4}
        assert "opensesame" not in repr(side.listener.settings)


async def test_a_signature_is_asked() -> None:
    body = b'{"signed": true}'
    mac = hmac.new(b"opensesame", body, hashlib.sha256)
    async with hub(hmac_secret="opensesame", hmac_header="X-Signature") as side:
        for good in (mac.hexdigest(), f"sha256={mac.hexdigest()}", base64.b64encode(mac.digest()).decode()):
            assert (await side.post(body, X_Signature=good))[0] == 202
        for bad in ("", "sha256=", mac.hexdigest()[:-1] + "x", "é", base64.b64encode(b"x" * 32).decode()):
            assert (await side.post(body, X_Signature=bad))[0] == 401
        assert (await side.post(body + b" ", X_Signature=mac.hexdigest()))[0] == 401
        assert len(side.taken) == 3


@pytest.mark.req("SYS-13")
async def test_a_secret_is_renewed_without_a_gap() -> None:
    body = b'{"signed": true}'
    async with hub(hmac_secret="new", hmac_secrets_before=("old", "older"), hmac_header="X-Signature") as side:
        for secret, status in ((b"new", 202), (b"old", 202), (b"older", 202), (b"oldest", 401), (b"", 401)):
            mac = hmac.new(secret, body, hashlib.sha256).hexdigest()
            assert (await side.post(body, X_Signature=mac))[0] == status, secret
        assert side.listener.refusals == {"401": 2}
        assert "older" not in repr(side.listener.settings)


@pytest.mark.req("SYS-13")
async def test_a_recorded_request_cannot_be_sent_again_later() -> None:
    body, now = b'{"signed": true}', time.time()
    settings = {"hmac_header": "X-Signature", "hmac_timestamp": "X-Signed-At", "hmac_tolerance": 60}

    def mac(signed_at: str) -> str:
        return hmac.new(b"opensesame", signed_at.encode() + b"." + body, hashlib.sha256).hexdigest()

    async with hub(hmac_secret="opensesame", **settings) as side:
        iso = datetime.fromtimestamp(now, UTC).isoformat()
        for good in (str(int(now)), f"{now:.3f}", iso):
            assert (await side.post(body, X_Signature=mac(good), X_Signed_At=good))[0] == 202
        for bad in (str(int(now) - 120), str(int(now) + 120), "", "x", "nan", "1e400", "9" * 400, iso[:19]):
            assert (await side.post(body, X_Signature=mac(bad), X_Signed_At=bad))[0] == 401, bad
        moved = str(int(now) + 1)  # the time is signed too
        assert (await side.post(body, X_Signature=mac(str(int(now))), X_Signed_At=moved))[0] == 401
        assert len(side.taken) == 3


@pytest.mark.req("SEC-1")
async def test_over_tls_with_a_client_certificate(tmp_path: Path) -> None:
    ca = Authority(tmp_path, "north-ca")
    async with hub(certificate=ca.issue("hub"), client_ca=ca.path) as side:
        assert side.listener.address.startswith("https://")
        for certificate in (ca.issue("portal"), None):
            context = ssl.create_default_context(cafile=ca.path)
            if certificate:
                context.load_cert_chain(certificate)
            posting = side.session.post(side.listener.address, data=b"{}", ssl=context)
            if certificate:
                async with posting as answer:
                    assert answer.status == 202
            else:
                with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
                    await posting
        assert [each.headers[Header.PEER] for each in side.taken] == ["CN=portal,O=North Hospital 127.0.0.1"]


# ---- connections


@pytest.mark.req("SEC-6")
async def test_a_connection_that_never_sends_a_whole_request_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_TIMEOUT", 0.2)
    async with hub() as side:
        reader, writer = await asyncio.open_connection(LOCAL, side.listener.port)
        writer.write(b"POST /in HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        assert (await side.post(b"1"))[0] == 202


@pytest.mark.req("SEC-6")
async def test_one_sender_cannot_hold_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS_PER_PEER", 1)
    async with hub() as side:
        told: list[tuple[str, str]] = []
        side.listener.turned_away = lambda peer, reason: told.append((peer, reason))
        assert (await side.post(b"1"))[0] == 202  # its connection is kept
        for _ in range(2):
            reader, refused = await asyncio.open_connection(LOCAL, side.listener.port)
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
            refused.close()
            with suppress(ConnectionResetError):
                await refused.wait_closed()
        assert side.listener.refusals == {"too many connections of this sender": 2}
        assert told == [(LOCAL, "too many connections of this sender: the connection was closed at once")], (
            "it is noted once a minute, not for each"
        )
        _, other = await asyncio.open_connection(LOCAL, side.listener.port, local_addr=("127.0.0.2", 0))
        other.write(b"POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n2")
        await eventually(lambda: len(side.taken) == 2)
        other.close()
        await other.wait_closed()


@pytest.mark.req("SEC-6")
async def test_a_connection_that_no_listener_of_a_port_lets_in_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hub() as side:
        shared = http.Listener(host=LOCAL, port=side.listener.port, path="/other")
        await shared.open()
        monkeypatch.setattr(server, "CONNECTIONS", 0)
        try:
            reader, refused = await asyncio.open_connection(LOCAL, side.listener.port)
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
            refused.close()
            with suppress(ConnectionResetError):
                await refused.wait_closed()
        finally:
            await shared.close()
        assert (side.listener.refusals, shared.refusals) == ({"too many connections": 1}, {})


@pytest.mark.req("SEC-6")
async def test_connections_past_the_limit_are_closed_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", 2)
    async with hub() as side:
        assert (await side.post(b"1"))[0] == 202  # its connection is kept
        _, idle = await asyncio.open_connection(LOCAL, side.listener.port)
        reader, refused = await asyncio.open_connection(LOCAL, side.listener.port)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        assert (await side.post(b"2"))[0] == 202
        for writer in (idle, refused):
            writer.close()
        with suppress(ConnectionResetError):
            await refused.wait_closed()
        await idle.wait_closed()


@pytest.mark.req("SEC-2")
@pytest.mark.parametrize(
    "sent",
    [
        b"POST /in HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer Quill\x00feather\r\n\r\n",
        b"POST /in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nQuill feather\r\n",
    ],
    ids=["header", "body"],
)
async def test_a_request_that_breaks_http_is_refused_and_not_quoted_in_the_log(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with hub() as side:
        reader, writer = await asyncio.open_connection(LOCAL, side.listener.port)
        writer.write(sent)
        assert b" 400 " in (await reader.read()).splitlines()[0]
        writer.close()
        await writer.wait_closed()
        await eventually(lambda: bool(caplog.records))
    assert "could not be answered" in caplog.text
    assert "Quill" not in caplog.text
