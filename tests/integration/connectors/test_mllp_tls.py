"""MLLP over TLS: who is let in, and how the sender knows the receiver."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from mllp_wire import framed, hub, listening, message, wire

from hilum.connector import Header
from hilum.connectors import mllp
from hilum.errors import Down, SettingsError
from hilum.message import Delivered, Delivery, new_id
from hilum.testing.destination_suite import opened
from support.certificates import Authority

pytestmark = [pytest.mark.req("SYS-3"), pytest.mark.req("SEC-1")]


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "north-ca")


@pytest.fixture
def foreign(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "foreign-ca")


def client(trusted: Authority, certificate: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trusted.path)
    if certificate:
        context.load_cert_chain(certificate)
    return context


def delivery() -> Delivery:
    return Delivery(
        message_id=new_id(), ordinal=0, flow="f", destination="d", operation="", body=message(1), idempotency_key="k"
    )


async def test_a_message_over_tls(ca: Authority) -> None:
    async with hub(certificate=ca.issue("hub")) as side, wire(side.listener, client(ca)) as line:
        await line.send(framed(message(1)))
        assert (await line.answer())[1:3] == ["AA", "C1"]


async def test_the_subject_of_the_client_is_the_peer(ca: Authority) -> None:
    certificate = ca.issue("lab-1")
    settings: dict[str, Any] = {"certificate": ca.issue("hub"), "client_ca": ca.path}
    async with hub(**settings) as side, wire(side.listener, client(ca, certificate)) as line:
        await line.send(framed(message(1)))
        assert (await line.answer())[1] == "AA"
        assert side.taken[0].headers[Header.PEER].startswith("CN=lab-1,O=North Hospital 127.0.0.1:")


@pytest.mark.parametrize("certificate", ["none", "foreign"])
async def test_a_client_without_a_known_certificate_is_refused(
    ca: Authority, foreign: Authority, certificate: str
) -> None:
    own = foreign.issue("stranger") if certificate == "foreign" else None
    async with hub(certificate=ca.issue("hub"), client_ca=ca.path) as side:
        with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
            async with wire(side.listener, client(ca, own)) as line:
                await line.send(framed(message(1)))
                await line.answer()
        assert side.taken == []


async def test_a_plain_client_gets_nowhere(ca: Authority) -> None:
    async with hub(certificate=ca.issue("hub")) as side, wire(side.listener) as line:
        await line.send(framed(message(1)))
        try:
            rest = await line.reader.read()
        except ConnectionError:
            rest = b""
        assert b"MSA" not in rest
        assert side.taken == []


async def test_an_oversized_message_over_tls_is_answered_too(ca: Authority) -> None:
    async with (
        hub(certificate=ca.issue("hub"), max_message=1024) as side,
        wire(side.listener, client(ca)) as line,
    ):
        await line.send(b"\x0b" + message(1, text="x" * 2000))
        assert (await line.answer())[1:3] == ["AR", "C1"]
        assert await line.closed()


async def test_a_sender_with_a_client_certificate(ca: Authority) -> None:
    settings: dict[str, Any] = {"certificate": ca.issue("hub"), "client_ca": ca.path}
    async with hub(**settings) as side:
        sender = mllp.Sender(
            host="localhost", port=side.listener.port, tls=True, ca=ca.path, certificate=ca.issue("hub-client")
        )
        async with opened(sender):
            assert "connected" in await sender.check()
            (outcome,) = await sender.deliver([delivery()])
            assert isinstance(outcome, Delivered)
            assert outcome.reference == "C1"


async def test_a_sender_does_not_trust_a_stranger(ca: Authority, foreign: Authority) -> None:
    async with hub(certificate=foreign.issue("imposter")) as side:
        sender = mllp.Sender(host="localhost", port=side.listener.port, tls=True, ca=ca.path)
        async with opened(sender):
            (outcome,) = await sender.deliver([delivery()])
            assert isinstance(outcome, Down)
            assert "not trusted" in str(outcome)
        assert side.taken == []


async def test_a_key_with_a_password(ca: Authority) -> None:
    certificate = ca.issue("hub", b"opensesame")
    async with hub(certificate=certificate, key_password="opensesame") as side, wire(side.listener, client(ca)) as line:
        await line.send(framed(message(1)))
        assert (await line.answer())[1] == "AA"
    for password in ("wrong", None):
        with pytest.raises(SettingsError, match="cannot be used") as caught:
            async with listening(certificate=certificate, key_password=password):
                raise AssertionError("the listener opened")
        assert "wrong" not in str(caught.value)


async def test_files_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"missing\.pem"):
        async with listening(certificate=tmp_path / "missing.pem"):
            raise AssertionError("the listener opened")
    with pytest.raises(SettingsError, match="need tls = true"):
        await mllp.Sender(host="localhost", port=1, ca=tmp_path / "ca.pem").open()
