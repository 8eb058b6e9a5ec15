"""The writer, the MLLP sender, and the targets that flows name: what conformance does not already say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from mllp_wire import LOCAL, message
from pydantic import BaseModel

from hilum.connectors import files, http, mllp
from hilum.connectors.encoding import encode, without_payload
from hilum.connectors.files.writer import file_name
from hilum.errors import Down, Invalid, Rejected, SettingsError, TryAgain, Unsure
from hilum.formats import hl7v2 as hl7
from hilum.message import Delivered, Delivery, Outcome, moment_of, new_id
from hilum.testing.destination_suite import opened


def delivery(body: bytes, key: str = "", number: int = 1, headers: dict[str, str] | None = None) -> Delivery:
    return Delivery(
        message_id=UUID(int=(0x019B_7000_0000 << 80) | (0x7 << 76) | (0x2 << 62) | number),
        ordinal=0,
        flow="f",
        destination="d",
        operation="",
        body=body,
        key=key,
        headers=headers or {},
        idempotency_key=f"idem-{number}",
    )


# ---- the MLLP sender


@asynccontextmanager
async def receiver(answer: Callable[[str, int], str], *, hang_up: bool = False) -> AsyncIterator[mllp.Sender]:
    """A receiver that answers each message with an MSA made of its control ID, and a sender that leads to it."""
    connections = 0
    open_now: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        open_now.add(writer)
        try:
            while frame := await reader.readuntil(b"\x1c\r"):
                msa = answer(frame.split(b"|")[9].decode(), connections)
                writer.write(f"\x0bMSH|^~\\&|B|B|A|A|20260102||ACK|1|P|2.5.1\r{msa}\r\x1c\r".encode())
                if hang_up:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
            open_now.discard(writer)

    server = await asyncio.start_server(serve, LOCAL, 0)
    port = server.sockets[0].getsockname()[1]
    sender = mllp.Sender(host=LOCAL, port=port, answer_timeout=5, keep_open=not hang_up)
    try:
        async with opened(sender):
            yield sender
    finally:
        server.close()
        while open_now:
            await asyncio.sleep(0)


@pytest.mark.req("SYS-3")
@pytest.mark.parametrize(
    ("msa", "meaning"),
    [
        ("MSA|AA|{id}", Delivered),
        ("MSA|CA|{id}", Delivered),
        ("MSA|AR|{id}|unknown", Rejected),
        ("MSA|CR|{id}", Rejected),
        ("MSA|AE|{id}|locked", TryAgain),
        ("MSA|CE|{id}", TryAgain),
        ("MSA|AA|C9", Unsure),
        ("MSA|AA|", Unsure),
        ("MSA|XX|{id}", Unsure),
        ("NTE|1", Unsure),
    ],
)
async def test_what_an_acknowledgement_means(msa: str, meaning: type[Outcome]) -> None:
    async with receiver(lambda name, _: msa.replace("{id}", name)) as sender:
        (found,) = await sender.deliver([delivery(message(1))])
        assert type(found) is meaning
        # the connection is good for the next one, or has been replaced
        (found,) = await sender.deliver([delivery(message(2))])
        assert type(found) is meaning


async def test_an_ae_can_be_a_rejection() -> None:
    async with receiver(lambda name, _: f"MSA|AE|{name}|faulty") as there:
        sender = mllp.Sender(host=LOCAL, port=there.settings.port, on_ae="reject")
        async with opened(sender):
            (found,) = await sender.deliver([delivery(message(1))])
        assert isinstance(found, Rejected)
        assert found.category == "mllp.error"
        assert "faulty" in str(found)


async def test_one_connection_is_kept_for_all_messages() -> None:
    seen: list[int] = []

    def answer(name: str, connections: int) -> str:
        seen.append(connections)
        return f"MSA|AA|{name}"

    async with receiver(answer) as sender:
        for number in range(5):
            await sender.deliver([delivery(message(number))])
    assert seen == [1] * 5


async def test_a_receiver_that_hangs_up_after_each_message() -> None:
    async with receiver(lambda name, _: f"MSA|AA|{name}", hang_up=True) as sender:
        for number in range(20):
            (found,) = await sender.deliver([delivery(message(number))])
            assert isinstance(found, Delivered)


async def test_a_connection_that_was_closed_while_unused_is_replaced() -> None:
    closing = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frame = await reader.readuntil(b"\x1c\r")
        name = frame.split(b"|")[9].decode()
        writer.write(f"\x0bMSH|^~\\&|B|B|A|A|20260102||ACK|1|P|2.5.1\rMSA|AA|{name}\r\x1c\r".encode())
        await closing.wait()
        writer.close()

    server = await asyncio.start_server(serve, LOCAL, 0)
    sender = mllp.Sender(host=LOCAL, port=server.sockets[0].getsockname()[1])
    async with opened(sender):
        assert isinstance((await sender.deliver([delivery(message(1))]))[0], Delivered)
        (line,) = sender._idle
        closing.set()
        while await line.usable():
            await asyncio.sleep(0)
        assert isinstance((await sender.deliver([delivery(message(2))]))[0], Delivered)
    server.close()
    await server.wait_closed()


async def test_what_is_no_hl7_or_asks_for_no_answer_is_not_sent() -> None:
    sent: list[str] = []
    async with receiver(lambda name, _: sent.append(name) or f"MSA|AA|{name}") as sender:  # type: ignore[func-returns-value]
        (found,) = await sender.deliver([delivery(b"hello")])
        assert isinstance(found, Rejected)
        assert found.category == "mllp.not_hl7"
        (found,) = await sender.deliver([delivery(message(1, accept="NE", application="NE"))])
        assert isinstance(found, Rejected)
        assert found.category == "mllp.no_answer_asked"
    assert sent == []


async def test_nobody_there_is_told_by_check() -> None:
    sender = mllp.Sender(host=LOCAL, port=1)
    async with opened(sender):
        with pytest.raises(Down, match=r"no connection to 127\.0\.0\.1:1: Connection refused"):
            await sender.check()


# ---- the writer


def test_names_are_made_safe() -> None:
    nasty = delivery(b"", key="../../etc/passwd\x00 é")
    assert file_name("{key}.csv", nasty) == "_.._etc_passwd___.csv"
    for template in ("{key}", "{key}.csv", "x-{key}"):
        name = file_name(template, nasty)
        assert "/" not in name
        assert not name.startswith(".")
        assert name.isascii()
        assert name.isprintable()
    assert len(file_name("{key}{key}{key}", delivery(b"", key="x" * 5000))) <= 200
    assert file_name("{key}", delivery(b"")) == "_"


def test_a_name_is_the_same_at_each_attempt() -> None:
    one = delivery(b"")
    assert file_name("{date}-{time}-{message_id}-{ordinal}", one) == file_name(
        "{date}-{time}-{message_id}-{ordinal}", one
    )
    assert file_name("{date}", one) == moment_of(one.message_id).date().isoformat()


@pytest.mark.req("SEC-6")
@pytest.mark.parametrize(
    "name", ["../{key}", "a/b", "{key.__class__}", "{nope}", "{key!r}", "{key:>9999}", "", ".hidden"]
)
def test_templates_that_lead_elsewhere_are_errors(name: str) -> None:
    with pytest.raises(SettingsError):
        files.Writer(url="out", name=name)


async def test_no_half_file_and_no_leftover(tmp_path: Path) -> None:
    async with opened(files.Writer(url=str(tmp_path))) as writer:
        batch = [delivery(b"x" * 100_000, number=n) for n in range(20)]
        outcomes = await asyncio.gather(*(writer.deliver([each]) for each in batch * 2))
        assert {type(found) for (found,) in outcomes} == {Delivered}
    assert sorted(path.stat().st_size for path in tmp_path.iterdir()) == [100_000] * 20


async def test_the_reference_is_the_file(tmp_path: Path) -> None:
    async with opened(files.Writer(url=tmp_path.as_uri(), name="{key}.txt")) as writer:
        assert await writer.deliver([delivery(b"x", key="k")]) == [Delivered(reference=f"{tmp_path}/k.txt")]


# ---- targets and encoding


class Order(BaseModel):
    number: int
    price: Decimal


def test_what_flows_yield_is_encoded_in_one_way() -> None:
    assert encode(Order(number=1, price=Decimal("1.10"))).body == b'{"number":1,"price":"1.10"}'
    assert encode({"a": [1, Order(number=2, price=Decimal("2.50"))], "d": Decimal("0.10")}).body == (
        b'{"a":[1,{"number":2,"price":"2.50"}],"d":"0.10"}'
    )
    assert encode([1]).content_type == "application/json"
    assert encode("é").body == "é".encode()
    assert encode(b"\x00").content_type == "application/octet-stream"
    body = message(1)
    assert encode(hl7.parse(body)).body == body
    for thing in (object(), 1, None, {"a": object()}):
        with pytest.raises(Invalid):
            encode(thing)


def test_targets_lead_to_named_or_inline_endpoints() -> None:
    named = http.post("portal", accepts=(Order,))
    assert (named.endpoint, named.connector) == ("portal", None)
    assert named.takes(Order(number=1, price=Decimal(1)))
    assert not named.takes("text")
    inline = http.post(url="https://portal.example/api?key=secret")
    assert inline.endpoint == "https://portal.example/api"
    assert isinstance(inline.connector, http.Endpoint)
    assert mllp.send(host="lab.example", port=2576).endpoint == "mllp://lab.example:2576"
    written = files.write("ledger", name="{message_id}.csv").encode("a;b")
    assert written is not None
    assert dict(written.headers) == {"file-name": "{message_id}.csv"}
    sent = mllp.send("lab").encode(message(1))
    assert sent is not None
    assert sent.content_type == "application/hl7-v2"


def test_targets_that_cannot_be() -> None:
    for make in (http.post, mllp.send, files.write):
        with pytest.raises(SettingsError, match="needs the name of an endpoint"):
            make()
    with pytest.raises(SettingsError, match="name"):
        files.write("ledger", name="../x")
    with pytest.raises(Invalid, match="no HL7 v2 message"):
        mllp.send("lab").encode({"a": 1})


async def test_the_name_of_a_target_is_used_by_the_writer(tmp_path: Path) -> None:
    target = files.write(url=str(tmp_path), name="order-{key}.json")
    outgoing = target.encode({"a": 1})
    assert outgoing is not None
    assert target.connector is not None
    async with opened(target.connector) as writer:
        one = Delivery(
            message_id=new_id(),
            ordinal=0,
            flow="f",
            destination="d",
            operation="",
            body=outgoing.body,
            headers=outgoing.headers,
            key="7",
            idempotency_key="i",
        )
        await writer.deliver([one])
    assert orjson.loads((tmp_path / "order-7.json").read_bytes()) == {"a": 1}


def test_words_hide_the_payload_and_keep_member_names() -> None:
    body = b'{"quantity": 0, "name":"Ada", "mrn":"4711"}'
    assert without_payload("quantity: name of Ada (4711) is wrong\r\n", body) == "quantity: name of ··· (···) is wrong"
    assert len(without_payload("word " * 1000, body)) <= 300
