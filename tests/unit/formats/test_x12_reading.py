"""Interchanges of every form are taken apart without losing a byte, and read by path."""

from __future__ import annotations

import copy
import pickle
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest

from hilum.errors import Invalid
from hilum.formats import x12

SAMPLES = Path(__file__).parents[2] / "samples" / "x12"
FILES = sorted(path.name for path in SAMPLES.glob("*.edi"))

pytestmark = [pytest.mark.req("MOD-3"), pytest.mark.req("SYS-10")]


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def order() -> x12.TransactionSet:
    return x12.read(sample("order_850.edi"))


def chunks(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("size", [1, 7, 100, 1 << 20])
def test_bytes_come_back_however_they_come(name: str, size: int) -> None:
    data = sample(name)
    found = list(x12.interchanges(chunks(data, size)))
    assert b"".join(each.encode() for each in found) == data
    streamed = list(x12.transaction_sets(chunks(data, size)))
    assert [each.raw for each in streamed if each.code != "TA1"] == [
        each.raw for interchange in found for each in interchange.sets
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_transaction_set_alone_reads_as_within_its_file(name: str) -> None:
    for each in x12.transaction_sets(sample(name)):
        alone = x12.read(each.encode())
        assert [segment.line for segment in alone] == [segment.line for segment in each]
        assert (alone.key, alone.version, alone.code) == (each.key, each.version, each.code)
        if each.complete:
            assert x12.envelope_problems(alone) == x12.envelope_problems(each)
        assert not x12.parse(each.encode()).problems()


def test_values_are_read_by_path() -> None:
    found = order()
    assert found.code == "850"
    assert found.version == "005010"
    assert found.key == "ZZ:HILLTOP/ZZ:GLOVECO/000000017/17/0001"
    assert found["BEG-03"] == found["BEG-3"] == "PO-4711"
    assert found["PO1[2]-07"] == "MSH-15"
    assert found["ISA-06"] == "HILLTOP"
    assert found["GS-01"] == "PO"
    assert found["BEG-04"] == found["BEG-30"] == found["ZZZ-01"] == found["PO1[9]-01"] == ""
    assert found.date("BEG-05") == date(2026, 3, 4)
    assert found.decimal("PO1[2]-04") == Decimal(310)
    assert found.integer("SE-01") == len(found) == 19
    assert found.segment("GS" if found.pick("GS") else "ST").timestamp("04", "05") == datetime(2026, 3, 4, 10, 11)
    assert [line["07"] for line in found.segments("PO1")] == ["GLV-M", "MSH-15"]
    assert [segment.name for segment in found][:3] == ["ST", "BEG", "CUR"]


def test_components_and_repetitions_are_read() -> None:
    made = x12.Segment.new("SVC", ["HC", "99211", "25"], "12.50")
    assert made["01"] == "HC:99211:25"
    assert [made[f"01.{number}"] for number in (1, 2, 3, 4)] == ["HC", "99211", "25", ""]
    assert made.components("01") == ["HC", "99211", "25"]
    repeated = x12.Segment.new("CTX", x12.Encoded("A^B:2^C:3"))
    assert repeated["01[2].2"] == "2"
    assert repeated.repetitions("01") == ["A", "B:2", "C:3"]
    assert repeated["01[4].1"] == ""


def test_two_interchanges_have_delimiters_of_their_own() -> None:
    first, second = x12.interchanges(sample("two_interchanges.edi"))
    assert tuple(first.envelope.delimiters) == ("|", ":", "!", "'")
    assert tuple(second.envelope.delimiters) == ("*", ">", "^", "~")
    assert [each["BEG-03"] or each["BCH-03"] for each in (*first.sets, *second.sets)] == ["PO-4711", "PO-4711"]
    with pytest.raises(Invalid, match="2 interchanges"):
        x12.parse(sample("two_interchanges.edi"))


def test_groups_hold_their_sets() -> None:
    found = x12.parse(sample("two_groups.edi"))
    assert [(group.functional_id, len(group.sets)) for group in found.groups] == [("PO", 2), ("PC", 1)]
    assert not [*found.problems(), *found.groups[0].problems(), *found.groups[1].problems()]
    with pytest.raises(Invalid, match="3 transaction sets"):
        x12.read(sample("two_groups.edi"))


def test_what_bends_the_standard_is_noted() -> None:
    found = x12.parse(sample("not_padded.edi"))
    assert found.warnings == ("ISA: its elements are not of fixed width",)
    assert found.header["06"] == "HILLTOP"
    assert found.sets[0]["BEG-03"] == "PO-4711"
    assert x12.parse(sample("line_end_terminator.edi")).envelope.delimiters.segment == "\r"


def test_binary_data_is_passed_over_by_its_length() -> None:
    found = x12.read(sample("attachment_275.edi"))
    assert found["NM1-03"] == "MÜLLER"
    assert found["BIN-02"].startswith("<note>100% of the mesh~ was ") is True
    assert [segment.name for segment in found] == ["ST", "BGN", "NM1", "BIN", "SE"]
    assert not x12.envelope_problems(found)
    shorter = sample("attachment_275.edi").replace(b"BIN*4", b"BIN*3")
    assert b"".join(each.encode() for each in x12.interchanges(shorter)) == shorter


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", "byte 1"),
        (b"hello, this is no X12", "ISA at byte 1"),
        (b"\xc9\xe2\xc1\x5c\xf0", "ISA at byte 1"),
        (b"ISA*00*x", "byte 1"),
        (b"ISA" + b"*" * 16 + b"A~", "ISA-16 at byte 1"),
        (b"ISA" + b"*" * 16 + b"*~", "ISA-16 at byte 1"),
        (b"ISA*" + b"x" * 600, "ISA at byte 1"),
        (b"ISA*a~b" + b"*" * 15 + b">~", "ISA at byte 1"),
    ],
)
def test_what_is_no_interchange_is_refused_with_its_place(data: bytes, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        x12.parse(data)
    assert caught.value.where == where


def test_data_that_is_cut_off_says_where() -> None:
    data = sample("order_850.edi")
    for end in range(1, len(data) - 1):
        try:
            found = x12.parse(data[:end])
        except Invalid as error:
            assert error.where
        else:
            assert found.encode() == data[:end]
            if end < len(data) - len("IEA*1*000000017~\n"):
                assert found.problems()


def test_text_between_interchanges_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        list(x12.interchanges(sample("order_850.edi") + b"oops"))
    assert caught.value.where == f"ISA at byte {len(sample('order_850.edi')) + 1}"


def test_a_transaction_set_has_a_limit() -> None:
    data = sample("order_850.edi")
    with pytest.raises(Invalid, match="more than 300 bytes"):
        list(x12.transaction_sets(chunks(data, 50), limit=300))
    assert len(list(x12.transaction_sets(chunks(data, 50), limit=1000))) == 1


def test_errors_of_values_name_segment_and_element() -> None:
    found = list(x12.transaction_sets(sample("faulty.edi")))[1]
    with pytest.raises(Invalid) as caught:
        found.date("BEG-05")
    assert caught.value.where == "BEG-05 (segment 2)"
    assert "20260231" not in str(caught.value)
    with pytest.raises(Invalid) as caught:
        found.decimal("PO1-02")
    assert caught.value.where == "PO1-02 (segment 5)"
    assert "forty" not in str(caught.value)
    with pytest.raises(Invalid) as caught:
        found.segment("CUR")
    assert caught.value.where == "CUR"


def test_numbers_and_dates_in_every_form() -> None:
    segment = x12.Segment.new("ZZ1", "-12345", "12.5", "260304", "1011", "101112", "10111250", "0", "+1.", "1E3", "1-2")
    assert segment.decimal("01", places=2) == Decimal("-123.45")
    assert segment.decimal("02") == Decimal("12.5")
    assert segment.date("03") == date(2026, 3, 4)
    assert segment.time("04") == time(10, 11)
    assert segment.time("05") == time(10, 11, 12)
    assert segment.time("06") == time(10, 11, 12, 500_000)
    assert segment.decimal("07") == 0
    assert segment.decimal("08") == 1
    assert segment.decimal("11") is segment.date("12") is segment.time("13") is segment.integer("14") is None
    for path in ("09", "10"):
        with pytest.raises(Invalid):
            segment.decimal(path)
    with pytest.raises(Invalid):
        segment.time("03.2") or segment.time("02")


def test_an_edit_touches_nothing_else() -> None:
    data = sample("order_850.edi")
    found = x12.parse(data)
    found.sets[0]["BEG-03"] = "PO-9999"
    assert found.encode() == data.replace(b"PO-4711", b"PO-9999")
    found.sets[0].append("NTE", "GEN", "late")
    found.sets[0]["PO1-06"] = "PE"
    again = x12.parse(found.encode())
    assert again.sets[0]["NTE-02"] == "late"
    assert again.sets[0]["SE-01"] == "20"
    assert not x12.envelope_problems(again.sets[0])
    found.sets[0]["PO1[2]-06"] = None
    assert found.sets[0]["PO1[2]-06"] == ""


def test_what_cannot_be_written_is_refused() -> None:
    found = order()
    for text in ("a*b", "a~b", "a>b", "a^b", "a\nb"):
        with pytest.raises(ValueError, match="delimiter"):
            found["BEG-03"] = text
    with pytest.raises(ValueError, match="envelope"):
        found["GS-02"] = "X"
    with pytest.raises(TypeError):
        found["BEG-03"] = True
    with pytest.raises(Invalid, match="no RE2 segment"):
        found["RE2-01"] = "x"
    found["BEG-03"] = x12.Free("a*b~c")
    assert found["BEG-03"] == "a b c"


def test_paths_are_checked_and_can_be_kept() -> None:
    path = x12.field("PO1[2]-04")
    assert path(order()) == "310"
    assert pickle.loads(pickle.dumps(path)) == path == copy.copy(path)
    assert hash(path) == hash(x12.field("PO1[2]-04"))
    for wrong in ("BEG", "BEG-0", "BEG-00", "beg-03", "BEG-03.0", "TOOLONG-01", "BEG[0]-01", "BEG-100"):
        with pytest.raises(ValueError, match="path"):
            x12.field(wrong)


def test_no_repr_shows_a_value() -> None:
    found = order()
    shown = repr(found) + repr(found.segment("N1")) + repr(found.envelope.gs)
    assert "HILLTOP" not in shown
    assert "4711" not in shown


def test_a_segment_of_nothing_is_kept_and_not_counted() -> None:
    data = sample("order_850.edi").replace(b"CUR*BY*USD~", b"~CUR*BY*USD~")
    found = x12.parse(data)
    assert found.encode() == data
    assert x12.check(found.sets[0]) == []
    assert found.sets[0].segment("CUR").position == 3


@pytest.mark.req("SEC-6")
@pytest.mark.parametrize("filler", [b"\n", b" ", b"\r\n", b"~", b"~ ", b"~SE", b"~BIN*9*"])
def test_hostile_filling_takes_no_time(filler: bytes) -> None:
    """What would be looked through again from each place would not end before the test's own limit."""
    for name in ("order_850.edi", "line_end_terminator.edi"):
        head = sample(name).partition(b"BEG*")[0]
        data = head + filler * (2_000_000 // len(filler))
        try:
            list(x12.transaction_sets(chunks(data, 65536)))
        except Invalid as error:
            assert error.where
    with pytest.raises(Invalid, match="white space"):
        list(x12.interchanges(chunks(b" " * 2_000_000, 65536)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"ST*850*0001~\n", b"", "in no transaction set"),  # a set that lost its ST would be lost unseen
        (b"GS*PO*HILLTOP*GLOVECO*20260304*1011*17*X*005010~\n", b"", "outside of a functional group"),
        (b"IEA*1*", b"NTE*GEN*x~\nIEA*1*", "in no functional group"),
        (b"IEA*1*", b"GE*1*17~\nIEA*1*", "ends that has not begun"),
    ],
)
def test_what_stands_where_it_cannot_is_refused_by_every_reader(old: bytes, new: bytes, words: str) -> None:
    data = sample("order_850.edi")
    broken = data.replace(old, new)
    assert broken != data
    for reader in (x12.interchanges, x12.transaction_sets):
        with pytest.raises(Invalid, match=words) as caught:
            list(reader(broken))
        assert caught.value.where is not None
        at = int(caught.value.where.removeprefix("byte "))
        assert broken[at - 1 :].startswith((b"BEG*", b"ST*", b"NTE*", b"GE*"))


def test_an_interchange_that_is_cut_off_does_not_take_the_next_one_with_it() -> None:
    first = sample("two_interchanges.edi").partition(b"SE|")[0]
    cut, whole = x12.interchanges(first + sample("order_850.edi"))
    assert [each.complete for each in cut.sets] == [False]
    assert whole.sets[0]["BEG-03"] == "PO-4711"
    assert not whole.problems()
    assert x12.read(cut.sets[0].encode())["BEG-03"] == "PO-4711"
