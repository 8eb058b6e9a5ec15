"""The MLLP listener on real sockets: framing, answers, and what is handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mllp_wire import accept, framed, hub, listening, message, wire

from hilum.connector import Header, Received
from hilum.connectors import mllp
from hilum.errors import Busy, DatabaseUnavailable, Invalid, NotAccepted, SettingsError
from hilum.formats import hl7v2 as hl7
from hilum.testing import take

pytestmark = pytest.mark.req("SYS-3")


# ---- framing


@given(cuts=st.lists(st.integers(min_value=1, max_value=900), max_size=12))
@settings(max_examples=30, deadline=None)
def test_frames_arrive_however_the_network_cuts_them(cuts: Sequence[int]) -> None:
    messages = [message(n, text="x" * 30 * n) for n in range(1, 5)]
    data = framed(*messages)

    async def play() -> None:
        async with hub() as side, wire(side.listener) as line:
            places = [0, *sorted({cut for cut in cuts if cut < len(data)}), len(data)]
            for start, stop in pairwise(places):
                await line.send(data[start:stop])
                await asyncio.sleep(0)
            answers = [await line.answer() for _ in messages]
            assert [answer[1:3] for answer in answers] == [["AA", f"C{n}"] for n in range(1, 5)]
            assert [each.body for each in side.taken] == messages

    asyncio.run(play())


async def test_byte_by_byte() -> None:
    async with hub() as side, wire(side.listener) as line:
        for byte in framed(message(1)):
            await line.send(bytes([byte]))
        assert (await line.answer())[1:3] == ["AA", "C1"]


async def test_a_few_stray_bytes_between_frames_are_tolerated() -> None:
    async with hub() as side, wire(side.listener) as line:
        await line.send(b"\r\n" + framed(message(1)) + b"\n \x00" + framed(message(2)))
        assert [(await line.answer())[2] for _ in range(2)] == ["C1", "C2"]


@pytest.mark.req("SEC-6")
async def test_garbage_is_cut_off_and_counted() -> None:
    async with hub() as side, wire(side.listener) as line:
        await line.send(b"GET / HTTP/1.1\r\n" * 200)
        assert await line.closed()
        assert side.listener.refusals == {"noise": 1}


@pytest.mark.req("SEC-6")
async def test_an_oversized_message_is_answered_and_cut_off() -> None:
    async with hub(max_message=2048) as side, wire(side.listener) as line:
        await line.send(framed(message(1)))
        await line.send(b"\x0b" + message(2, text="x" * 400_000))
        assert (await line.answer())[1:3] == ["AA", "C1"]
        code, control_id, text = (await line.answer())[1:4]
        assert (code, control_id) == ("AR", "C2")
        assert "larger than 2048 bytes" in text
        assert await line.closed()
        assert [each.body for each in side.taken] == [message(1)]
        assert side.listener.refusals == {"too large": 1}


async def test_the_largest_message_is_taken() -> None:
    size = 4096
    body = message(1)
    body = message(1, text="x" * (size - len(body)))
    assert len(body) == size
    async with hub(max_message=size) as side, wire(side.listener) as line:
        await line.send(framed(body))
        assert (await line.answer())[1] == "AA"


async def test_what_is_no_hl7_is_rejected_without_troubling_the_hub() -> None:
    async with hub() as side, wire(side.listener) as line:
        await line.send(framed(b"hello", message(2)))
        answer = await line.answer()
        assert answer[1] == "AR"
        assert answer[3]
        assert (await line.answer())[1:3] == ["AA", "C2"]
        assert [each.body for each in side.taken] == [message(2)]
        assert side.listener.refusals == {"unreadable": 1}


async def test_a_message_that_was_cut_off_is_not_joined_to_the_next() -> None:
    async with hub() as side, wire(side.listener) as line:
        await line.send(b"\x0b" + message(1)[:40] + framed(message(2)))
        assert (await line.answer())[1] == "AR"
        assert side.taken == []


async def test_a_defect_of_the_parser_costs_one_answer_not_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(data: bytes) -> hl7.Message:
        if b"|C1|" in data:
            raise RuntimeError("quotes 4711")
        return parse(data)

    parse = hl7.parse
    monkeypatch.setattr(hl7, "parse", broken)
    async with hub() as side, wire(side.listener) as line:
        await line.send(framed(message(1), message(2)))
        answer = await line.answer()
        assert (answer[1], answer[3]) == ("AE", "The hub could not read the message.")
        assert (await line.answer())[1:3] == ["AA", "C2"]
        assert side.listener.refusals == {"defect": 1}


async def test_a_batch_in_one_frame_is_several_messages_with_an_answer_each() -> None:
    batch = b"FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r" + message(1) + message(2) + b"BTS|2\rFTS|1\r"
    async with hub() as side, wire(side.listener) as line:
        await line.send(framed(batch))
        assert [(await line.answer())[1:3] for _ in range(2)] == [["AA", "C1"], ["AA", "C2"]]
        assert [each.body for each in side.taken] == [message(1), message(2)]


async def test_several_messages_without_batch_header() -> None:
    async with hub() as side, wire(side.listener) as line:
        await line.send(framed(message(1) + message(2) + message(3)))
        assert [(await line.answer())[2] for _ in range(3)] == ["C1", "C2", "C3"]


# ---- answers


async def test_answers_leave_in_the_order_of_the_messages() -> None:
    async with listening() as listener, wire(listener) as line:
        await line.send(framed(*(message(n) for n in range(1, 6))))
        received = await take(listener, 5)
        for place in (3, 4, 1, 2, 0):
            await accept(received[place])
        assert [(await line.answer())[2] for _ in range(5)] == ["C1", "C2", "C3", "C4", "C5"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Busy(), "AE"),
        (DatabaseUnavailable("the journal cannot be reached"), "AE"),
        (NotAccepted("no flow takes this type"), "AR"),
        (Invalid("is missing", where="PID-18"), "AR"),
        (RuntimeError("boom"), "AE"),
    ],
)
@pytest.mark.req("MSG-11")
async def test_a_refusal_says_whether_to_come_again(error: Exception, code: str) -> None:
    async with hub(lambda _: error) as side, wire(side.listener) as line:
        await line.send(framed(message(1)))
        answer = await line.answer()
        assert answer[1:3] == [code, "C1"]
        hidden = isinstance(error, RuntimeError)
        assert answer[3] == ("The hub could not take the message." if hidden else str(error))


@pytest.mark.parametrize(
    ("accepting", "application", "accepted", "refused"),
    [
        ("", "", "AA", "AR"),
        ("AL", "NE", "CA", "CR"),
        ("AL", "AL", "CA", "CR"),
        ("ER", "NE", "", "CR"),
        ("SU", "NE", "CA", ""),
        ("NE", "NE", "", ""),
        ("NE", "", "", ""),
        ("", "AL", "AA", "AR"),
        ("", "ER", "", "AR"),
        ("NE", "AL", "AA", "AR"),
    ],
)
async def test_enhanced_mode_answers_as_asked(accepting: str, application: str, accepted: str, refused: str) -> None:
    def refusal(received: Received) -> Exception | None:
        return NotAccepted("not this one") if b"|C2|" in received.body else None

    async with hub(refusal) as side, wire(side.listener) as line:
        bodies = [message(n, accept=accepting, application=application) for n in (1, 2)]
        # the third one asks in original mode, so that an answer that should not have come would come before it
        await line.send(framed(*bodies, message(3)))
        expected = [[code, name] for code, name in ((accepted, "C1"), (refused, "C2"), ("AA", "C3")) if code]
        assert [(await line.answer())[1:3] for _ in expected] == expected


async def test_an_acknowledgement_is_not_acknowledged() -> None:
    async with hub() as side, wire(side.listener) as line:
        await line.send(framed(message(1, kind="ACK"), message(2)))
        assert (await line.answer())[2] == "C2"
        assert len(side.taken) == 2


async def test_answering_twice_is_a_defect() -> None:
    async with listening() as listener, wire(listener) as line:
        await line.send(framed(message(1)))
        (received,) = await take(listener, 1)
        await accept(received)
        with pytest.raises(RuntimeError, match="answered once"):
            await accept(received)


async def test_a_sender_that_ended_its_side_still_gets_its_answer() -> None:
    async with listening() as listener, wire(listener) as line:
        await line.send(framed(message(1)))
        line.writer.write_eof()
        (received,) = await take(listener, 1)
        await accept(received)
        assert (await line.answer())[1:3] == ["AA", "C1"]
        assert await line.closed()


async def test_an_answer_for_a_lost_connection_is_dropped() -> None:
    async with listening() as listener:
        async with wire(listener) as line:
            await line.send(framed(message(1)))
            (received,) = await take(listener, 1)
        await accept(received)
        async with wire(listener) as line:
            await line.send(framed(message(2)))
            await accept((await take(listener, 1))[0])
            assert (await line.answer())[2] == "C2"


# ---- what is handed over


async def test_facts_about_the_message_are_headers() -> None:
    async with listening() as listener, wire(listener) as line:
        await line.send(framed(message(1, kind="ADT^A08")))
        (received,) = await take(listener, 1)
        assert received.headers[Header.MESSAGE_TYPE] == "ADT^A08"
        assert received.headers[Header.PEER].startswith("127.0.0.1:")
        assert isinstance(received, mllp.MllpReceived)
        assert received.parsed.control_id == "C1"
        await accept(received)


@pytest.mark.parametrize(
    ("accepts", "kind", "wanted"),
    [
        (["DFT^P03"], "DFT^P03", True),
        (["DFT^P03"], "DFT^P03^DFT_P03", True),
        (["DFT^P03"], "DFT^P11", False),
        (["ADT^*"], "ADT^A40", True),
        (["ADT^*"], "ADX^A40", False),
        (["*"], "ZZZ^Z01", True),
        (["ADT^*", "ORU^R01"], "ORU^R01", True),
    ],
)
async def test_accepts_says_what_a_flow_wants(accepts: list[str], kind: str, wanted: bool) -> None:
    async with listening(accepts=accepts) as listener, wire(listener) as line:
        await line.send(framed(message(1, kind=kind)))
        (received,) = await take(listener, 1)
        assert listener.wants(received) is wanted
        await accept(received)


@pytest.mark.parametrize("pattern", ["ADT*", "ADT^A*", "", "AD T^A01", "^A01"])
def test_a_pattern_that_could_never_match_is_an_error(pattern: str) -> None:
    with pytest.raises(SettingsError, match="accepts"):
        mllp.Listener(port=2575, accepts=[pattern])
