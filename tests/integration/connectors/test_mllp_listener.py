"""The MLLP listener on real sockets: framing, answers, bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mllp_wire import framed, hub, listening, message, wire

from hilum.connector import Header, Receipt, Received
from hilum.connectors import mllp
from hilum.errors import Busy, DatabaseUnavailable, Down, Invalid, NotAccepted, SettingsError
from hilum.formats import hl7v2 as hl7
from hilum.message import new_id
from hilum.testing import eventually, take

pytestmark = pytest.mark.req("SYS-3")


async def accept(received: Received) -> None:
    await received.accept(Receipt(message_id=new_id()))


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


# ---- bounds


@pytest.mark.req("MSG-11")
async def test_reading_stops_at_the_unanswered_limit() -> None:
    async with listening(unanswered=3) as listener, wire(listener) as line:
        await line.send(framed(*(message(n) for n in range(1, 11))))
        received = await take(listener, 3)
        assert listener.counts["messages"] == 3
        for each in received:
            await accept(each)
        assert [(await line.answer())[2] for _ in range(3)] == ["C1", "C2", "C3"]
        for each in await take(listener, 3):
            await accept(each)
        assert listener.counts["messages"] <= 9


@pytest.mark.req("MSG-11")
async def test_a_batch_stops_at_the_unanswered_limit_too() -> None:
    async with listening(unanswered=3) as listener, wire(listener) as line:
        await line.send(framed(b"".join(message(n) for n in range(10)), message(10)))
        for first in (0, 3, 6, 9):
            for each in await take(listener, min(3, 11 - first)):
                await accept(each)
        assert listener.counts["messages"] == 11
        assert [(await line.answer())[2] for _ in range(11)] == [f"C{n}" for n in range(11)]


@pytest.mark.req("MSG-11")
async def test_a_full_queue_stops_all_connections_and_loses_nothing() -> None:
    async with listening(queue_messages=5) as listener, wire(listener) as one, wire(listener) as two:
        for line, first in ((one, 100), (two, 200)):
            await line.send(framed(*(message(first + n) for n in range(20))))
        await eventually(lambda: listener.counts["messages"] >= 5)
        taken: list[Received] = []
        while len(taken) < 40:
            got = await take(listener, 1)
            assert len(got) <= 6
            taken += got
            for each in got:
                await accept(each)
        for line, first in ((one, 100), (two, 200)):
            assert [(await line.answer())[2] for _ in range(20)] == [f"C{first + n}" for n in range(20)]


async def test_one_connection_too_many_is_refused_and_counted() -> None:
    async with hub(connections=2) as side, wire(side.listener) as one, wire(side.listener) as two:
        for line, number in ((one, 1), (two, 2)):
            await line.send(framed(message(number)))
            assert (await line.answer())[2] == f"C{number}"
        async with wire(side.listener) as three:
            assert await three.closed()
        assert side.listener.refusals == {"too many connections": 1}


@pytest.mark.req("SEC-6")
async def test_one_sender_cannot_hold_all_connections() -> None:
    async with hub(max_connections_per_peer=2, connections=10) as side:
        told: list[tuple[str, str]] = []
        side.listener.turned_away = lambda peer, reason: told.append((peer, reason))
        async with wire(side.listener) as one, wire(side.listener) as two:
            for line in (one, two):
                await line.send(framed(message(1)))
                assert (await line.answer())[1] == "AA"
            for _ in range(3):
                async with wire(side.listener) as three:
                    assert await three.closed()
            assert side.listener.refusals == {"too many connections of this sender": 3}
            assert told == [("127.0.0.1", "too many connections of this sender: the connection was closed at once")], (
                "it is noted once a minute, not for each"
            )
            async with wire(side.listener, source="127.0.0.2") as other:
                await other.send(framed(message(2)))
                assert (await other.answer())[1:3] == ["AA", "C2"]
        async with wire(side.listener) as again:  # those that left made room
            await again.send(framed(message(3)))
            assert (await again.answer())[1:3] == ["AA", "C3"]


async def test_an_idle_connection_is_closed_and_one_that_waits_is_not() -> None:
    async with listening(idle_timeout=0.05) as listener, wire(listener) as idle, wire(listener) as waiting:
        await waiting.send(framed(message(1)))
        (received,) = await take(listener, 1)
        assert await idle.closed()
        await accept(received)
        assert (await waiting.answer())[2] == "C1"
        assert await waiting.closed()
        assert listener.counts["closed: idle"] == 2


async def test_half_a_frame_does_not_keep_a_connection() -> None:
    async with listening(idle_timeout=0.05) as listener, wire(listener) as line:
        await line.send(b"\x0bMSH|^~")
        assert await line.closed()


@pytest.mark.req("SEC-6")
async def test_large_messages_that_are_never_ended_cannot_take_all_memory() -> None:
    async with hub(max_message=20_000, queue_bytes=40_000) as side, wire(side.listener) as good:
        async with wire(side.listener) as one, wire(side.listener) as two, wire(side.listener) as three:
            for line in (one, two, three):
                await line.send(b"\x0bMSH|^~\\&|" + b"x" * 15_000)
            assert await one.closed(), "it was silent for longest"
            assert side.listener.refusals == {"too much unfinished": 1}
            await good.send(framed(message(1)))
            assert (await good.answer())[2] == "C1"
            await two.send(b"\x1c\r")
            assert (await two.answer())[1] == "AA", "the others go on"
        await good.send(framed(message(2, text="x" * 19_000)))
        assert (await good.answer())[2] == "C2"


async def test_many_connections_each_get_their_own_answers() -> None:
    async def one(listener: mllp.Listener, number: int) -> None:
        async with wire(listener) as line:
            for turn in range(5):
                await line.send(framed(message(100 * number + turn)))
                assert (await line.answer())[1:3] == ["AA", f"C{100 * number + turn}"]

    async with hub() as side:
        await asyncio.gather(*(one(side.listener, number) for number in range(1, 65)))
        assert len(side.taken) == 320


async def test_a_port_that_is_taken_is_told() -> None:
    async with listening() as listener:
        second = mllp.Listener(host="127.0.0.1", port=listener.port)
        with pytest.raises(Down, match=f"cannot listen on mllp://127.0.0.1:{listener.port}"):
            await second.open()
