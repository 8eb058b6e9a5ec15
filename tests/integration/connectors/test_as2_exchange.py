"""Station and sender on real sockets: receipts at once and later, repetitions, and what neither lets pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from hilum.connector import Received
from hilum.connectors import as2
from hilum.errors import Busy, NotAccepted, Rejected, SettingsError, Unsure
from hilum.message import Delivered
from hilum.postgres import Database
from hilum.testing import eventually
from support.as2_far_side import FarSide, mic
from support.as2_world import BODY, LOCAL, Hub, World, delivery, hub, post, send, sender, serving
from support.certificates import pair
from support.cluster import free_port

pytestmark = pytest.mark.req("SYS-10")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("as2"))


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
async def posted(world: World, there: Hub, database: Database) -> AsyncIterator[as2.Sender]:
    port = int(there.station.settings.receipts_to[0].split(":")[2].split("/")[0])
    url = f"http://{LOCAL}:{port}/receipts"
    more: dict[str, Any] = {"receipt_url": url, "receipt_host": LOCAL, "receipt_port": port}
    async with sender(database, url=there.url, **world.at_a, **more) as made:
        yield made


async def test_a_receipt_that_is_posted_later(world: World, database: Database) -> None:
    url = f"http://{LOCAL}:{free_port()}/receipts"
    async with hub(world.at_b, receipts_to=[url]) as there, posted(world, there, database) as made:
        outcomes = await asyncio.gather(*(made.deliver([each]) for each in (delivery(b"one"),)))
        assert [type(each) for (each,) in outcomes] == [Delivered]
        outcome = await send(made)
        assert isinstance(outcome, Delivered)


async def test_a_receipt_after_its_time_settles_the_next_attempt(world: World, database: Database) -> None:
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
            database, url=place, **world.at_a, receipt_url=url, receipt_host=LOCAL,
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
