"""EDIFACT: what is put in is read, what is wrong is told, a CONTRL says the same."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hilum.errors import Invalid
from hilum.formats import edifact
from hilum.formats.edifact import scanning

AT = datetime(2026, 3, 4, 10, 11)
PARTNER = edifact.Partner(
    name="Gloveco", ours=edifact.Party(id="HILLTOP", qualifier="14"), theirs=edifact.Party(id="GLOVECO")
)
ORDER = (
    b"UNA:+,? '\r\nUNB+UNOC:3+A:14+B:14+260304:1011+77'UNH+1+ORDERS:D:96A:UN'BGM+220+PO?+1?'s+9'DTM+137:20260304:102'"
    b"LIN+1++G1:IN'QTY+21:1,5:BX'UNT+6+1'UNZ+1+77'\r\n"
)

pytestmark = [pytest.mark.req("MOD-3"), pytest.mark.req("SYS-10")]


def test_values_are_read_by_path() -> None:
    order = edifact.read(ORDER)
    assert (order.type, order.release, order.reference) == ("ORDERS", "D96A", "1")
    assert edifact.field("BGM-02")(order) == "PO+1's"
    assert (order["LIN-03.2"], order["LIN-03"], order["LIN[2]-03"], order["BGM-09.4"]) == ("IN", "G1", "", "")
    assert order.segment("QTY").decimal("01.2") == Decimal("1.5")
    assert order.segment("DTM").date("01") == date(2026, 3, 4)
    assert order.key == "14:A/14:B/77//1"
    with pytest.raises(Invalid, match=r"BGM-02 \(segment 2\)"):
        order.segment("BGM").decimal("02")
    with pytest.raises(ValueError, match="not a path"):
        edifact.field("BGM")


def test_a_change_touches_one_segment_and_the_count() -> None:
    order = edifact.read(ORDER)
    order["BGM-02"] = "?'"
    order.append("FTX", "AAI", None, None, ["a:b", "c"])
    assert b"BGM+220+???'+9'" in order.body()
    assert b"FTX+AAI+++a?:b:c'UNT+7+1'" in order.body()
    assert edifact.read(order.encode())["FTX-04"] == "a:b"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello", "byte 1: an interchange begins with UNA or UNB"),
        (b"STX=ANA:1'", "TRADACOMS"),
        (b"UNA++.? 'UNB+UNOA:1'", "two purposes"),
        (b"UNA:+.? 'UNH+1'", "byte 10: UNB is expected"),
        (b"UNB+UNOA:1+A+B+1:1+1'BGM+1'", "byte 22: a segment outside of a message"),
        (b"UNB+UNOA:1+A+B+1:1+1'UNH+1+ORDERS'BGM+1?'", "byte 35: the data ends within"),
        (b"UNB+UNOA:1+A+B+1:1+1'UNT+1+1'", "UNT without a message"),
    ],
)
def test_what_is_no_edifact_is_refused_with_its_place(data: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        list(edifact.messages(data))


def test_faults_of_envelopes_are_told_and_answered() -> None:
    data = ORDER.replace(b"UNT+6+1", b"UNT+9+2").replace(b"UNZ+1+77'\r\n", b"") + (
        b"UNH+2+ORDERS:D:96A:UN'BGM+220+PO2+9'UNT+3+2'UNZ+2+77'"
    )
    interchange = edifact.parse(data)
    assert [str(each) for each in edifact.message_problems(interchange.messages[0])] == [
        "UNT-02 (segment 6): the reference is not that of the header",
        "UNT-01 (segment 6): it says another number of segments; there are 6",
    ]
    made = edifact.answer(interchange, PARTNER, reference="5", at=AT)
    assert made is not None
    assert b"UCI+77+A:14+B:14+7'UCM+1+ORDERS:D:96A:UN+4+28+UNT+3'UCM+2+ORDERS:D:96A:UN+7'UNT+5+1'" in made.encode()
    assert edifact.answer(made, PARTNER, reference="6", at=AT) is None
    told = edifact.read_answer(made.messages[0])
    assert told == edifact.judge(interchange)
    assert [each.accepted for each in told.messages] == [False, True]
    assert not told.accepted
    cut = edifact.judge(edifact.parse(ORDER.partition(b"UNZ")[0]))
    assert (cut.action, cut.error, cut.messages) == ("4", "13", ())


def test_groups_and_several_interchanges() -> None:
    grouped = (
        b"UNB+UNOA:4+A+B+20260304:1011+1'UNG+ORDERS+A+B+260304:1011+G1+UN+D:96A'"
        b"UNH+1+ORDERS:D:96A:UN'DTM+137:1*2:3'UNT+3+1'UNE+1+G1'UNZ+1+1'"
    )
    found = list(edifact.interchanges(grouped + ORDER))
    assert b"".join(each.encode() for each in found) == grouped + ORDER
    assert [each.problems() for each in found] == [[], []]
    assert found[0].groups[0].problems() == []
    own = found[0].messages[0]
    assert (own["DTM-01[2].2"], own["UNG-05"], edifact.read(own.encode())["UNG-05"]) == ("3", "G1", "G1")
    made = edifact.answer(found[0], PARTNER, reference="5", at=AT)
    assert made is not None
    assert b"'UCF+G1+A+B+7'UCM+1+" in made.encode()
    assert edifact.read_answer(made.messages[0]) == edifact.judge(found[0])
    assert edifact.read_answer(made.messages[0]) == edifact.judge(found[0])


def test_character_sets() -> None:
    greek = edifact.Partner(name="g", ours=PARTNER.ours, theirs=PARTNER.theirs, identifier="UNOF")
    made = edifact.build(greek, [edifact.Draft("ORDERS:D:96A:UN", [("BGM", "220", "αβγ")])], reference="1", at=AT)
    assert "αβγ".encode("iso8859-7") in made.encode()
    assert edifact.parse(made.encode()).messages[0]["BGM-02"] == "αβγ"
    with pytest.raises(ValueError, match="encode"):
        edifact.build(PARTNER, [edifact.Draft("ORDERS:D:96A:UN", [("BGM", "αβγ")])], reference="1", at=AT)
    wrongly = ORDER.replace(b"UNOC", b"UNOA").replace(b"PO?+", "Mü".encode())
    assert edifact.read(wrongly)["BGM-02"] == "Mü1's"


texts = st.text(st.characters(codec="latin-1", exclude_categories=["Cc", "Cf", "Zs"]), max_size=6)
rows = st.lists(st.tuples(st.sampled_from(["BGM", "LIN", "ZZ9"]), texts, st.lists(texts, max_size=3)), max_size=5)


@given(rows, st.sampled_from(["3", "4"]), st.sampled_from(["", "\r\n"]), st.integers(1, 50))
@settings(max_examples=60)
def test_what_was_put_in_is_read(made: list[tuple[str, str, list[str]]], version: str, end: str, chunk: int) -> None:
    partner = PARTNER.model_copy(update={"version": version, "line_end": end})
    data = edifact.build(partner, [edifact.Draft("ORDERS:D:96A:UN", made)], reference="9", at=AT).encode()
    (again,) = edifact.interchanges(data[at : at + chunk] for at in range(0, len(data), chunk))
    assert again.encode() == data
    assert not again.problems()
    (message,) = again.messages
    assert not edifact.message_problems(message)
    for segment, (name, first, parts) in zip(list(message)[1:-1], made, strict=True):
        assert (segment.name, segment["01"]) == (name, first)
        assert [segment[f"02.{number}"] for number in range(1, len(parts) + 1)] == parts


OTHER = b"\r\nUNA:|.! ~UNB|UNOA:1|A|B|260304:1011|78~UNH|2|ORDERS~BGM|220|it's !~ 1~UNT|3|2~"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_each_interchange_has_its_own_delimiters_however_small_the_chunks_are(size: int) -> None:
    data = ORDER.rstrip().removesuffix(b"UNZ+1+77'") + OTHER  # no UNZ says that the first one has ended
    first, second = edifact.interchanges(data[at : at + size] for at in range(0, len(data), size))
    assert first.encode() + second.encode() == data
    assert [each["BGM-02"] for each in (*first.messages, *second.messages)] == ["PO+1's", "it's ~ 1"]


@pytest.mark.parametrize("size", [1, 3, 64])
def test_a_segment_without_end_is_looked_through_once(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    past_text = scanning.past_text

    def counted(own: edifact.Delimiters, data: bytearray, at: int) -> int:
        looked.append(len(data) - at)
        return past_text(own, data, at)

    monkeypatch.setattr(scanning, "past_text", counted)
    head = b"UNB+UNOA:1+A+B+1:1+1'UNH+1+ORDERS'"
    text = b"FTX+AAI+++" + b"no end ?' " * 2_000
    scanner = edifact.Scanner(2**20)
    for at in range(0, len(head + text), size):
        scanner.feed((head + text)[at : at + size])
    # each byte once, and once more what stood behind a release at the end of a chunk or in a chunk with a segment's end
    assert sum(looked) < 3 * len(head + text)
    (message,) = scanner.feed(b"'UNT+3+1'")
    assert message.raw == b"UNH+1+ORDERS'" + text + b"'UNT+3+1'"


@given(st.binary(max_size=60), st.integers(0, len(ORDER)))
@example(b"\0", 50)  # within UNH, behind its letters
@settings(max_examples=100)
def test_any_bytes_are_read_or_refused(noise: bytes, at: int) -> None:
    data = ORDER[:at] + noise + ORDER[at:]
    try:
        found = list(edifact.interchanges(data))
    except Invalid:
        return
    assert b"".join(each.encode() for each in found) == data
    for each in found:
        edifact.judge(each)
