"""NATS: logins, TLS, refusals, subjects, and several hubs on one consumer."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hilum.connector import Receipt
from hilum.connectors import nats
from hilum.connectors.nats.naming import matches, subject_of
from hilum.connectors.nats.nkeys import from_credentials, from_seed
from hilum.errors import Busy, Down, Rejected, SettingsError, TryAgain
from hilum.message import Delivered, Delivery, new_id
from hilum.testing import eventually, take
from support.certificates import Authority
from support.nats_servers import Looker, NatsServer


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with NatsServer(tmp_path / "nats") as made:
        yield made


def delivery(body: bytes = b"x", **more: Any) -> Delivery:
    found = new_id()
    settings: dict[str, Any] = {
        "message_id": found, "ordinal": 0, "flow": "edge.orders", "destination": "d", "operation": "",
        "idempotency_key": f"{found}.0", **more,
    }  # fmt: skip
    return Delivery(body=body, **settings)


async def outcome(publisher: nats.Publisher, *given: Delivery) -> list[Any]:
    await publisher.open()
    try:
        return list(await publisher.deliver(given))
    finally:
        await publisher.close()


def an_nkey() -> str:
    """A seed of a user, as the tools of NATS write it."""
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    user = 20 << 3
    raw = bytes([18 << 3 | user >> 5, (user & 31) << 3]) + key
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


SEED = an_nkey()
STREAM = {"stream": "S", "create_stream": {"subjects": ["s.>"]}, "subject": "s.{flow}"}


@pytest.mark.parametrize(
    ("conf", "login", "wrong"),
    [
        ("user: h, password: secret-1", {"user": "h", "password": "secret-1"}, {"user": "h", "password": "x"}),
        ("token: secret-1", {"token": "secret-1"}, {"token": "x"}),
        (f"users: [{{nkey: {from_seed(SEED).public}}}]", {"nkey": SEED}, {"nkey": an_nkey()}),
    ],
    ids=["user", "token", "nkey"],
)
@pytest.mark.req("SEC-6")
async def test_logins(tmp_path: Path, conf: str, login: dict[str, str], wrong: dict[str, str]) -> None:
    async with NatsServer(tmp_path / "nats", more=f"authorization {{ {conf} }}") as server:
        found = await outcome(nats.Publisher(servers=server.url, **STREAM, **login), delivery())
        assert [type(each) for each in found] == [Delivered]
        (refused,) = await outcome(nats.Publisher(servers=server.url, **STREAM, **wrong), delivery())
        assert isinstance(refused, Down)
        assert "login is refused" in str(refused)
        assert "secret-1" not in f"{refused}{nats.Publisher(servers=server.url, **STREAM, **login)!r}"


def test_a_credentials_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "hub.creds"
    path.write_text(
        "-----BEGIN NATS USER JWT-----\neyJ0.abc.def\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{SEED}\n------END USER NKEY SEED------\n"
    )
    login = from_credentials(path)
    assert (bytes(login.token()), login.public) == (b"eyJ0.abc.def", from_seed(SEED).public)
    assert SEED not in repr(login)
    with pytest.raises(SettingsError, match=r"none\.creds"):
        from_credentials(tmp_path / "none.creds")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"servers": "nats://u:secret-1@h"}, "not into the URL"),
        ({"servers": "h:4222"}, "nats://host:4222"),
        ({"user": "a", "token": "secret-1"}, "one login"),
        ({"subject": "a b"}, "without spaces"),
        ({"subject": "a.*"}, "wildcards"),
        ({"subject": "a.{name}"}, "there is no {name}"),
        ({"nkey": "secret-1"}, "no nkey seed"),
    ],
)
async def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        await outcome(nats.Publisher(**{"servers": "nats://127.0.0.1:1", "subject": "s", **settings}))
    assert "secret-1" not in str(caught.value)


@pytest.mark.req("SEC-6")
async def test_tls_is_spoken_and_never_given_up(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "hospital")
    certificate = authority.issue("nats")
    tls = f'tls {{ cert_file: "{certificate}", key_file: "{certificate}" }}'
    async with NatsServer(tmp_path / "nats", more=tls) as server:
        url = f"tls://localhost:{server.port}"
        (done,) = await outcome(nats.Publisher(servers=url, tls=True, ca=authority.path, **STREAM), delivery())
        assert isinstance(done, Delivered)
        (untrusted,) = await outcome(nats.Publisher(servers=url, tls=True, **STREAM), delivery())
        assert isinstance(untrusted, Down)
    async with NatsServer(tmp_path / "plain") as server:  # it says that TLS is not needed
        publisher = nats.Publisher(servers=server.url, tls=True, user="u", password="p", connect_timeout=1, **STREAM)
        (refused,) = await outcome(publisher, delivery())
        assert isinstance(refused, Down)


async def test_what_the_stream_refuses_says_what_follows(server: NatsServer) -> None:
    async with Looker(server.url) as looker:
        await looker.make_stream("S", "s.>", max_msgs=1, discard="new")
        open_subject = nats.Publisher(servers=server.url, subject="{key}", answer_timeout=2)
        one, full, large, nowhere = await outcome(
            open_subject, delivery(key="s"), delivery(bytes(9 * 2**20)), delivery(key="other"), delivery(key="x.y")
        )
        # a key is one word: it can neither reach the stream's subject nor another one
        assert [type(each) for each in (one, full, large, nowhere)] == [TryAgain, Rejected, TryAgain, TryAgain]
        fixed = nats.Publisher(servers=server.url, subject="s.a", stream="S")
        first, second = await outcome(fixed, delivery(), delivery())
        assert isinstance(first, Delivered)
        assert isinstance(second, Down)
        assert "maximum messages exceeded" in str(second)
        (elsewhere,) = await outcome(nats.Publisher(servers=server.url, subject="nowhere.at.all"), delivery())
        assert isinstance(elsewhere, Down)
        assert "No stream takes the subject nowhere.at.all" in str(elsewhere)


async def test_a_subject_that_may_not_be_used_is_told_at_once(tmp_path: Path) -> None:
    users = 'authorization { users: [{ user: u, password: p, permissions: { publish: { deny: "s.deny" } } }] }'
    async with NatsServer(tmp_path / "nats", more=users) as server:
        settings = {"servers": server.url, "user": "u", "password": "p", "answer_timeout": 9, **STREAM}
        (denied,) = await outcome(nats.Publisher(**{**settings, "subject": "s.deny"}), delivery())
        assert isinstance(denied, Down)
        assert "may not publish" in str(denied)
        (of_one,) = await outcome(nats.Publisher(**{**settings, "subject": "s.{key}"}), delivery(key="deny"))
        assert isinstance(of_one, Rejected)


def test_what_a_message_brings_in_is_one_word_of_the_subject() -> None:
    hostile = delivery(key="a.b >*\r\nPUB x 1", correlation_id="", operation="$JS.API")
    assert subject_of("in.{key}.{correlation_id}", hostile) == "in.a%2Eb%20%3E%2A%0D%0APUB%20x%201.-"
    assert matches("in.*.>", subject_of("in.{operation}.{message_id}", hostile))


def test_patterns_are_those_of_nats() -> None:
    assert matches("a.*.c", "a.b.c")
    assert matches("a.>", "a.b.c")
    assert not matches("a.>", "a")
    assert not matches("a.*", "a.b.c")
    assert not matches("a.b.c", "a.b")


async def test_a_short_duplicate_window_is_told(server: NatsServer, caplog: pytest.LogCaptureFixture) -> None:
    async with Looker(server.url) as looker:
        await looker.make_stream("S", "s.>")  # 2 minutes, as NATS has it
        with caplog.at_level(logging.WARNING):
            await outcome(nats.Publisher(servers=server.url, **STREAM), delivery())
        assert "duplicate window of 120 s is shorter" in caplog.text


async def test_the_next_server_is_tried(server: NatsServer) -> None:
    (done,) = await outcome(nats.Publisher(servers=["nats://127.0.0.1:1", server.url], **STREAM), delivery())
    assert isinstance(done, Delivered)


async def accept(units: Any) -> list[bytes]:
    for each in units:
        await each.accept(Receipt(message_id=new_id()))
    return [each.body for each in units]


async def test_of_two_hubs_one_takes_and_the_other_takes_over_in_order(server: NatsServer) -> None:
    async with Looker(server.url) as looker:
        await looker.make_stream("S", "s.>")
        bodies = [b"%03d" % number for number in range(60)]
        first, second = (nats.Consumer(servers=server.url, stream="S", ack_wait=1) for _ in range(2))
        await first.open()
        await second.open()
        for body in bodies[:20]:
            await looker.publish("s.a", body)
        taken = await accept(await take(first, 20))
        waiting = asyncio.create_task(take(second, 35))
        for body in bodies[20:40]:
            await looker.publish("s.a", body)
        held = await take(first, 20)  # still the first one; it gets no further than this
        assert not waiting.done()
        for body in bodies[40:]:
            await looker.publish("s.a", body)
        await accept(held[:5])
        await first.close()  # orderly: what it has not stored goes back at once
        taken += [each.body for each in held[:5]]
        assert taken + await accept(await waiting) == bodies
        await second.close()


async def test_what_a_dead_hub_had_in_hand_comes_before_what_is_new(server: NatsServer) -> None:
    async with Looker(server.url) as looker:
        await looker.make_stream("S", "s.>")
        dead = nats.Consumer(servers=server.url, stream="S", ack_wait=1)
        await dead.open()
        for number in range(10):
            await looker.publish("s.a", b"%03d" % number)
        held = await take(dead, 10)
        await accept([held[4]])
        await eventually(lambda: held[4].place not in dead._ledger.taken)
        assert dead._running is not None
        dead._running.cancel()  # as when its process is killed: nothing is given back
        await asyncio.gather(dead._running, return_exceptions=True)
        await dead._link.drop()
        for number in range(10, 20):
            await looker.publish("s.a", b"%03d" % number)
        heir = nats.Consumer(servers=server.url, stream="S", ack_wait=1)
        await heir.open()
        taken = await accept(await take(heir, 19))
        assert taken == [b"%03d" % number for number in range(20) if number != 4]
        await heir.close()
        await dead.close()


async def test_busy_in_the_middle_keeps_the_order_of_the_stream(server: NatsServer) -> None:
    async with Looker(server.url) as looker:
        await looker.make_stream("S", "s.>")
        consumer = nats.Consumer(servers=server.url, stream="S", ack_wait=1)
        await consumer.open()
        for number in range(6):
            await looker.publish("s.a", b"%d" % number)
        held = await take(consumer, 6)
        await accept(held[:2])
        for each in held[2:]:
            await each.refuse(Busy(after=1.5))  # longer than the cluster waits: it is told that work goes on
        again = await take(consumer, 4)
        assert await accept(again) == [b"2", b"3", b"4", b"5"]
        info = await looker.api("CONSUMER.INFO.S.hilum")
        assert info["num_redelivered"] == 0
        await consumer.close()
