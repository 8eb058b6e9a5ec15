"""Station and sender on real sockets: receipts at once and later, repetitions, and what neither lets pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from hilum.connector import KEY_WARNING, Receipt, Received
from hilum.connectors import as2
from hilum.errors import Busy, Down, NotAccepted, Rejected, SettingsError, Unsure
from hilum.message import Delivered, Delivery, Outcome, new_id
from hilum.testing import eventually
from support.as2_far_side import FarSide, fields_of, mic
from support.certificates import pair
from support.cluster import free_port

pytestmark = pytest.mark.req("SYS-10")

LOCAL = "127.0.0.1"
BODY = b"ISA*secret-1~\nIEA*1~"


class World:
    """Two hubs' settings, and the far side that plays either."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.a, self.b = pair(folder, "a"), pair(folder, "b")
        self.far = FarSide("A", self.a, "B", self.b[1])  # plays A
        self.other = FarSide("B", self.b, "A", self.a[1])  # plays B
        self.at_a = self.settings("A", self.a, "B", self.b)
        self.at_b = self.settings("B", self.b, "A", self.a)

    @staticmethod
    def settings(ours: str, own: tuple[Path, Path], theirs: str, other: tuple[Path, Path]) -> dict[str, Any]:
        return {
            "our_id": ours,
            "partner_id": theirs,
            "our_key": str(own[0]),
            "our_certificate": str(own[1]),
            "partner_certificates": [str(other[1])],
        }

    def document(self, body: bytes = BODY) -> bytes:
        return self.far.encrypted(*self.far.signed(self.far.document(body)))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("as2"))


def delivery(body: bytes = BODY) -> Delivery:
    return Delivery(
        message_id=new_id(), ordinal=0, flow="f", destination="d", operation="", body=body,
        content_type="application/edi-x12", idempotency_key="key-1",
    )  # fmt: skip


Answer = Callable[[Received], Awaitable[None]]


class Hub:
    """A station whose messages are answered as the runtime would."""

    def __init__(self, station: as2.Station, answer: Answer | None) -> None:
        self.station = station
        self.received: list[Received] = []
        self.refusals: list[str] = []
        self._answer = answer
        self._ids: dict[str, Any] = {}

    async def run(self) -> None:
        while got := await self.station.receive():
            for each in got:
                self.received.append(each)
                if self._answer is not None:
                    await self._answer(each)
                    continue
                key = each.headers["idempotency-key"]
                again = key in self._ids
                await each.accept(Receipt(message_id=self._ids.setdefault(key, new_id()), duplicate=again))

    @property
    def url(self) -> str:
        return f"http://{LOCAL}:{self.station.port}/as2"


@asynccontextmanager
async def hub(settings: dict[str, Any], answer: Answer | None = None, **more: Any) -> AsyncIterator[Hub]:
    made = Hub(as2.Station(host=LOCAL, port=0, **settings, **more), answer)
    made.station.turned_away = lambda _, reason: made.refusals.append(reason)
    await made.station.open()
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        await made.station.close()
        await task


@asynccontextmanager
async def sender(**settings: Any) -> AsyncIterator[as2.Sender]:
    made = as2.Sender(**settings)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def send(made: as2.Sender, body: bytes = BODY) -> Outcome:
    (outcome,) = await made.deliver([delivery(body)])
    return outcome


async def post(url: str, content: bytes, headers: dict[str, str]) -> tuple[int, str, dict[str, str], bytes]:
    async with aiohttp.ClientSession() as session, session.post(url, data=content, headers=headers) as answer:
        told = await answer.read()
        kind = answer.headers["Content-Type"] if told else ""
        return answer.status, answer.headers.get("Message-ID", ""), fields_of(kind, told) if told else {}, told


# ---- the station


async def test_the_same_message_id_gets_the_same_receipt(world: World) -> None:
    async with hub(world.at_b) as there:
        first = await post(there.url, world.document(), world.far.headers("<1@a>"))
        second = await post(there.url, world.document(), world.far.headers("<1@a>"))
        assert first[:3] == second[:3]
        assert first[2]["received-content-mic"] == mic(world.far.document(BODY))
        assert first[2]["disposition"].endswith("; processed")
        kept = there.received[0]
        assert (kept.body, kept.content_type) == (BODY, "application/edi-x12")
        assert kept.headers["as2-signed-by"] == "CN=a, sha256"
        assert kept.headers["idempotency-key"] == "<1@a>"


async def test_no_receipt_before_the_journal_has_it(world: World) -> None:
    held: list[Received] = []

    async def hold(received: Received) -> None:
        held.append(received)

    async with hub(world.at_b, hold) as there:
        waiting = asyncio.create_task(post(there.url, world.document(), world.far.headers("<1@a>")))
        await eventually(lambda: held)
        assert not waiting.done()
        await held[0].refuse(Busy(after=3))
        status, _, _, told = await waiting
        assert (status, b"disposition" in told.lower()) == (503, False)


async def test_what_no_flow_takes_is_an_error_in_the_receipt(world: World) -> None:
    async def refuse(received: Received) -> None:
        await received.refuse(NotAccepted("no flow takes this"))

    async with hub(world.at_b, refuse) as there:
        _, _, fields, _ = await post(there.url, world.document(), world.far.headers("<1@a>"))
        assert fields["disposition"].endswith("processed/error: unexpected-processing-error")
        assert "no flow takes this" in fields["text"]


async def test_strangers_and_what_is_not_as_agreed_stay_outside(world: World) -> None:
    kind, content = world.far.signed(world.far.document(BODY))
    async with hub(world.at_b) as there:
        open_headers = world.far.headers("<1@a>", Content_Type=kind)
        _, _, fields, _ = await post(there.url, content, open_headers)
        assert fields["disposition"].endswith("error: insufficient-message-security")
        assert (await post(there.url, world.document(), world.far.headers("<1@a>", AS2_From="C")))[0] == 403
        assert (await post(there.url, world.document(), world.far.headers("", Message_ID=" ")))[0] == 400
        headers = world.far.headers("<1@a>", Receipt_Delivery_Option="http://elsewhere.example/")
        assert (await post(there.url, world.document(), headers))[0] == 403
        forger = FarSide("A", pair(world.folder, "forger"), "B", world.b[1])
        forged = forger.encrypted(*forger.signed(forger.document(BODY)))
        _, _, fields, told = await post(there.url, forged, world.far.headers("<2@a>"))
        assert fields["disposition"].endswith("error: decryption-failed")
        assert b"certificates" not in told  # why is said to our people alone
        assert any("signed by none of the certificates" in reason for reason in there.refusals)
        assert there.received == []


async def test_a_body_past_the_limit_is_not_read(world: World) -> None:
    async with hub(world.at_b, max_body=3000) as there:
        assert (await post(there.url, b"x" * 5000, world.far.headers("<1@a>")))[0] == 413


async def test_partners_share_one_address(world: World) -> None:
    c = pair(world.folder, "c")
    station = as2.Station(host=LOCAL, port=0, **world.at_b)
    second = as2.Station(host=LOCAL, port=0, **world.settings("B", world.b, "C", c))
    station.share(second)
    with pytest.raises(SettingsError, match="two different agreements"):
        station.share(as2.Station(host=LOCAL, port=0, **world.at_b, must_be_signed=False))
    with pytest.raises(SettingsError, match="the same max_body"):
        station.share(as2.Station(host=LOCAL, port=0, **world.settings("B", world.b, "D", c), max_body=5))
    there = Hub(station, None)
    await station.open()
    task = asyncio.create_task(there.run())
    try:
        far = FarSide("C", c, "B", world.b[1])
        content = far.encrypted(*far.signed(far.document(b"of c")))
        assert (await post(there.url, content, far.headers("<1@c>")))[0] == 200
        assert [station.wants(each) for each in there.received] == [False]
        assert [second.wants(each) for each in there.received] == [True]
    finally:
        await station.close()
        await task


# ---- the sender, with a station of ours


@pytest.mark.parametrize("hash_name", ["sha256", "sha512"])
@pytest.mark.parametrize("compressed", [True, False])
async def test_a_document_goes_over_and_its_receipt_is_verified(world: World, compressed: bool, hash_name: str) -> None:
    async with (
        hub(world.at_b) as there,
        sender(url=there.url, **world.at_a, compressed=compressed, hash=hash_name) as made,
    ):
        outcome = await send(made)
        assert isinstance(outcome, Delivered)
        assert hash_name in outcome.words
        assert ".mdn@" in outcome.reference
        assert there.received[0].body == BODY


async def test_a_mic_by_an_old_digest_only_where_allowed(world: World) -> None:
    options = "signed-receipt-protocol=required, pkcs7-signature; signed-receipt-micalg={}, sha1"
    old = world.far.headers("<1@a>", Disposition_Notification_Options=options.format("required"))
    async with hub(world.at_b, allow_sha1=True) as there:
        _, _, fields, _ = await post(there.url, world.document(), old)
        assert fields["received-content-mic"].endswith(", sha1")
    async with hub(world.at_b) as there:
        _, _, fields, _ = await post(there.url, world.document(), old)
        assert "error" in fields["disposition"]
        either = world.far.headers("<1@a>", Disposition_Notification_Options=options.format("optional"))
        _, _, fields, _ = await post(there.url, world.document(), either)
        assert fields["received-content-mic"] == mic(world.far.document(BODY))
    with pytest.raises(SettingsError, match="hash"):
        as2.Sender(url="http://x.example/", **world.at_a, hash="sha1")


@asynccontextmanager
async def posted(world: World, there: Hub, **more: Any) -> AsyncIterator[as2.Sender]:
    port = int(there.station.settings.receipts_to[0].split(":")[2].split("/")[0])
    url = f"http://{LOCAL}:{port}/receipts"
    async with sender(
        url=there.url, **world.at_a, receipt_url=url, receipt_host=LOCAL, receipt_port=port, **more
    ) as made:
        yield made


async def test_a_receipt_that_is_posted_later(world: World) -> None:
    url = f"http://{LOCAL}:{free_port()}/receipts"
    async with hub(world.at_b, receipts_to=[url]) as there, posted(world, there) as made:
        outcomes = await asyncio.gather(*(made.deliver([each]) for each in (delivery(b"one"),)))
        assert [type(each) for (each,) in outcomes] == [Delivered]
        outcome = await send(made)
        assert isinstance(outcome, Delivered)


async def test_a_receipt_after_its_time_settles_the_next_attempt(world: World) -> None:
    url = f"http://{LOCAL}:{free_port()}/receipts"
    names: list[str] = []

    async def take(request: web.BaseRequest) -> web.Response:
        names.append(request.headers["Message-ID"])
        found.append(world.other.opened(await request.read()))
        return web.Response()

    found: list[tuple[bytes, str]] = []
    async with (
        serving(take) as place,
        sender(
            url=place, **world.at_a, receipt_url=url, receipt_host=LOCAL,
            receipt_port=int(url.split(":")[2].split("/")[0]), receipt_timeout=0.1,
        ) as made,
    ):  # fmt: skip
        assert isinstance(await send(made), Unsure)
        kind, content = world.other.receipt(names[0], found[0][1])
        assert (await post(url, content, {"Content-Type": kind, "Message-ID": "<late@b>"}))[0] == 200
        assert (await post(url, content[:-200], {"Content-Type": kind}))[0] == 400
        unknown = world.other.receipt("<9@a>", found[0][1])
        assert (await post(url, unknown[1], {"Content-Type": unknown[0]}))[0] == 404
        outcome = await send(made)
        assert isinstance(outcome, Delivered)
        assert outcome.reference == "<late@b>"
        assert len(names) == 1, "it was not sent again"


@asynccontextmanager
async def serving(handle: Callable[[web.BaseRequest], Awaitable[web.Response]]) -> AsyncIterator[str]:
    made = web.Server(handle)
    server = await asyncio.get_running_loop().create_server(made, LOCAL, 0)
    try:
        yield f"http://{LOCAL}:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        made.pre_shutdown()
        await made.shutdown(1)
        await server.wait_closed()


Told = tuple[str, bytes]


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        (lambda far, name, _: far.receipt(name, mic(b"else")), "as2.mic", "other content"),
        (lambda far, name, m: far.receipt(name, m, disposition="processed/error: decryption-failed"),
         "as2.decryption-failed", "its certificate"),
        (lambda far, name, m: far.receipt(name, m, disposition="failed/failure: secret-1"), "as2.failed", "refuses"),
        (lambda far, name, m: far.receipt(name, m, disposition="processed/error: odd", words="no secret-1"),
         "as2.failed", "no ···"),
        (lambda far, name, m: far.receipt("<9@a>", m), "", "another message"),
        (lambda far, name, m: far.receipt(name, ""), "", "no MIC"),
        (lambda far, name, m: ("text/html", b"ok"), "", "not signed"),
        (lambda far, name, m: ("multipart/signed; boundary=x", b"--x--"), "", "two parts"),
    ],
)  # fmt: skip
async def test_what_a_receipt_means(
    world: World, answer: Callable[[FarSide, str, str], Told], expected: str, words: str
) -> None:
    async def take(request: web.BaseRequest) -> web.Response:
        _, value = world.other.opened(await request.read())
        kind, content = answer(world.other, request.headers["Message-ID"], value)
        return web.Response(body=content, headers={"Content-Type": kind})

    async with serving(take) as url, sender(url=url, **world.at_a) as made:
        outcome = await send(made)
        assert isinstance(outcome, Rejected if expected else Unsure)
        assert getattr(outcome, "category", "") == expected
        assert words in str(outcome)
        assert "secret" not in str(outcome)


async def test_a_receipt_of_somebody_else_does_not_count(world: World) -> None:
    forger = FarSide("B", pair(world.folder, "forger2"), "A", world.a[1])

    async def take(request: web.BaseRequest) -> web.Response:
        _, value = world.other.opened(await request.read())
        kind, content = forger.receipt(request.headers["Message-ID"], value)
        return web.Response(body=content, headers={"Content-Type": kind})

    async with serving(take) as url, sender(url=url, **world.at_a) as made:
        assert isinstance(await send(made), Unsure)


async def test_a_duplicate_is_there(world: World) -> None:
    async def take(request: web.BaseRequest) -> web.Response:
        disposition = "processed/warning: duplicate-document"
        kind, content = world.other.receipt(request.headers["Message-ID"], "", disposition=disposition)
        return web.Response(body=content, headers={"Content-Type": kind})

    async with serving(take) as url, sender(url=url, **world.at_a) as made:
        assert isinstance(await send(made), Delivered)


# ---- keys


async def test_keys_that_end_are_told_before_and_stop_the_line_after(world: World) -> None:
    soon = pair(world.folder, "soon", days=3)
    made = as2.Sender(url="http://x.example/", **world.settings("A", world.a, "B", soon))
    found = await made.inspect((), {})
    assert found.key_ends is not None
    assert timedelta(days=2) < found.key_ends - datetime.now(UTC) < KEY_WARNING
    ended = pair(world.folder, "ended", days=-1)
    async with sender(url="http://127.0.0.1:9/", **world.settings("A", world.a, "B", ended)) as stopped:
        outcome = await send(stopped)
        assert isinstance(outcome, Down)
        assert "ended" in str(outcome)


async def test_a_change_of_keys_needs_no_common_hour(world: World) -> None:
    """The partner takes its new key while ours know both; we take a new one while it still encrypts for the old."""
    new = pair(world.folder, "new-a")
    both = world.at_b | {"partner_certificates": [str(world.a[1]), str(new[1])]}
    async with hub(both) as there:
        for own in (world.a, new):
            async with sender(url=there.url, **world.settings("A", own, "B", world.b)) as made:
                assert isinstance(await send(made, own[0].name.encode()), Delivered)
    fresh = pair(world.folder, "new-b")
    former = world.folder / "former.pem"
    former.write_bytes(world.b[0].read_bytes() + world.b[1].read_bytes())
    async with hub(world.settings("B", fresh, "A", world.a), former_key=str(former)) as there:
        _, _, fields, _ = await post(there.url, world.document(), world.far.headers("<7@a>"))
        assert fields["disposition"].endswith("; processed")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"our_key": "/nowhere/x.key"}, "our_key: its file cannot be read"),
        ({"our_key": "-----BEGIN PRIVATE KEY-----\nsecret-1\n-----END PRIVATE KEY-----"}, "does not open"),
        ({"partner_certificates": ["-----BEGIN CERTIFICATE-----\nsecret-1"]}, "no certificate in PEM"),
    ],
)
async def test_wrong_keys_are_told_and_not_shown(world: World, wrong: dict[str, Any], words: str) -> None:
    made = as2.Sender(url="http://x.example/", **(world.at_a | wrong))
    with pytest.raises(SettingsError, match=words) as caught:
        await made.open()
    assert "secret" not in f"{caught.value} {made!r} {made.settings.our_key}"


async def test_a_key_of_another_certificate_is_told(world: World) -> None:
    made = as2.Station(host=LOCAL, port=0, **(world.at_b | {"our_certificate": str(world.a[1])}))
    with pytest.raises(SettingsError, match="does not belong to the key"):
        await made.open()
