"""What is wrong is found, told with its place and reason, and decides what is answered."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from hilum.formats import x12

SAMPLES = Path(__file__).parents[2] / "samples" / "x12"
PARTNER = x12.Partner(name="Gloveco", ours=x12.Party(id="HILLTOP"), theirs=x12.Party(id="GLOVECO"))
AT = datetime(2026, 3, 4, 10, 11, 12)

pytestmark = [pytest.mark.req("MOD-3"), pytest.mark.req("SYS-10")]


def made(*rows: tuple[x12.Value, ...], code: str = "850") -> x12.TransactionSet:
    return x12.build(PARTNER, [x12.Draft(code, rows)], numbers=x12.Numbers(1, 1), at=AT).sets[0]


def faulty() -> x12.Interchange:
    return x12.parse((SAMPLES / "faulty.edi").read_bytes())


def told(transaction: x12.TransactionSet) -> list[tuple[str, str, str]]:
    return [(problem.level, problem.code, problem.where) for problem in x12.check(transaction)]


BEG = ("BEG", "00", "SA", "PO-1", None, "20260304")
PO1 = ("PO1", "1", "5", "EA", "2.5")


def test_a_clean_order_has_no_problem() -> None:
    assert told(made(BEG, PO1, ("CTT", 1))) == []
    for name in (
        "order_850.edi",
        "two_groups.edi",
        "two_interchanges.edi",
        "not_padded.edi",
        "line_end_terminator.edi",
    ):
        for each in x12.transaction_sets((SAMPLES / name).read_bytes()):
            assert told(each) == []


def test_every_fault_is_told_with_its_place() -> None:
    found = faulty()
    assert [(one.code, one.where) for one in found.problems()] == [("001", "IEA-02"), ("021", "IEA-01")]
    group = found.groups[0]
    assert [(one.code, one.where) for one in group.problems()] == [("4", "GE-02"), ("5", "GE-01")]
    assert told(group.sets[0]) == []
    assert told(group.sets[1]) == [
        ("element", "8", "BEG-05 (segment 2)"),
        ("element", "2", "REF-02 (segment 3)"),
        ("element", "2", "N1-02 (segment 4, loop N1)"),
        ("element", "6", "PO1-02 (segment 5, loop PO1)"),
        ("element", "2", "PO1-07 (segment 5, loop PO1)"),
        ("segment", "6", "ZZZ (segment 6, loop PO1)"),
        ("set", "4", "SE-01 (segment 8)"),
    ]
    assert told(group.sets[2]) == [("set", "2", "SE (segment 9)")]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([PO1], ("segment", "3", "BEG (segment 2)")),
        ([BEG], ("segment", "3", "PO1 (segment 3)")),
        ([BEG, ("CUR", "BY", "USD"), ("CUR", "BY", "USD"), PO1], ("segment", "5", "CUR (segment 4)")),
        ([BEG, PO1, ("CTT", 1), ("FOB", "PP")], ("segment", "7", "FOB (segment 5, loop CTT)")),
        ([BEG, PO1, ("QQ", 1)], ("segment", "6", "QQ (segment 4, loop PO1)")),
        ([("BEG", "00", "SA", None, None, "20260304"), PO1], ("element", "1", "BEG-03 (segment 2)")),
        ([("BEG", "0", "SA", "P", None, "20260304"), PO1], ("element", "4", "BEG-01 (segment 2)")),
        ([("BEG", "00", "SAX", "P", None, "20260304"), PO1], ("element", "5", "BEG-02 (segment 2)")),
        ([BEG, (*PO1, *[None] * 21, "x")], ("element", "3", "PO1-26 (segment 3, loop PO1)")),
        ([BEG, PO1, ("CTT", "1.5")], ("element", "6", "CTT-01 (segment 4, loop CTT)")),
        ([BEG, PO1, ("CTT", 1, None, "5")], ("element", "2", "CTT-04 (segment 4, loop CTT)")),
        ([BEG, ("DTM", "002", "20260304", "2599"), PO1], ("element", "9", "DTM-03 (segment 3)")),
        ([BEG, ("REF", x12.Encoded("IA>X"), "1"), PO1], ("element", "6", "REF-01 (segment 3)")),
        (
            [BEG, ("TD3", "TL", None, None, None, None, None, None, None, None, "XXXX"), PO1],
            ("element", "10", "TD3-10 (segment 3)"),
        ),
    ],
)
def test_one_fault_at_a_time(rows: list[tuple[x12.Value, ...]], expected: tuple[str, str, str]) -> None:
    assert told(made(*rows)) == [expected]


def test_loops_are_read_as_the_structure_says() -> None:
    root = x12.loops(x12.read((SAMPLES / "order_850.edi").read_bytes()), x12.structures()["850"])
    assert [party.head["01"] for party in root.within("N1")] == ["BY", "ST", "SU"]
    street = root.within("N1")[1].first("N3")
    assert street is not None
    assert street["01"] == "12 QUARRY LANE"
    lines = root.within("PO1")
    assert [line.head["07"] for line in lines] == ["GLV-M", "MSH-15"]
    assert lines[0].qualified("DTM", "067", "002") is not None
    assert lines[1].qualified("DTM", "002") is None
    assert [loop.head["05"] for loop in lines[0].within("PID")] == ["GLOVES, STERILE, SIZE M"]
    assert root.qualified("REF", "IA") is not None
    assert sum(1 for _ in root.every()) == 17


def test_what_is_out_of_order_is_still_read_in_its_loop() -> None:
    transaction = made(BEG, PO1, ("N1", "ST", "DOCK"), ("MEA", "PD", "WD", 5), ("CTT", 1))
    found = x12.place(transaction, x12.structures()["850"])
    assert [problem.code for problem in found.problems] == ["7"]
    assert found.root.within("PO1")[0].first("MEA") is not None


def test_a_structure_of_ones_own() -> None:
    own = x12.structure_of("Order as we agreed", "BEG! [PO1!*2 PID]", "850")
    transaction = made(BEG, PO1, PO1, PO1, ("REF", "IA", "1"))
    assert [(problem.code, problem.segment) for problem in x12.check(transaction, own)] == [("4", "PO1"), ("6", "REF")]
    with pytest.raises(ValueError, match="does not open"):
        x12.structure_of("broken", "BEG! ] PO1", "850")


def test_a_loop_too_often() -> None:
    structure = x12.structure_of("x", "BEG! [N1*1 N3] [PO1!*100]", "850")
    found = x12.check(made(BEG, ("N1", "BY", "A"), ("N1", "ST", "B"), PO1), structure)
    assert [(problem.code, problem.where) for problem in found] == [("4", "N1 (segment 4)")]


def test_verdicts() -> None:
    group = faulty().groups[0]
    verdict = x12.judge(group)
    assert verdict.verdict is x12.Verdict.REJECTED  # the control numbers of the group differ
    assert (verdict.included, verdict.received, verdict.accepted) == (4, 3, 0)
    assert [each.verdict.value for each in verdict.sets] == ["A", "R", "R"]
    lenient = PARTNER.model_copy(update={"tolerated": frozenset({"group:4", "group:5", "set:2"})})
    verdict = x12.judge(group, lenient)
    assert verdict.verdict is x12.Verdict.PARTIALLY
    assert verdict.accepted == 2
    assert [each.verdict.value for each in verdict.sets] == ["A", "R", "E"]
    assert x12.judge_interchange(faulty()).code == "R"
    assert x12.judge_interchange(x12.parse((SAMPLES / "order_850.edi").read_bytes())).note == "000"


def test_a_control_number_that_comes_twice_rejects_the_second() -> None:
    data = (SAMPLES / "two_groups.edi").read_bytes().replace(b"0002~", b"0001~")
    verdict = x12.judge(x12.parse(data).groups[0])
    assert [each.verdict.value for each in verdict.sets] == ["A", "R"]
    assert verdict.sets[1].problems[0].code == "23"
    assert verdict.verdict is x12.Verdict.PARTIALLY


def test_unknown_sets_are_looked_at_as_far_as_they_are_known() -> None:
    data = (SAMPLES / "attachment_275.edi").read_bytes()
    assert told(x12.read(data)) == []
    assert told(x12.read(data.replace(b"SE*5*", b"SE*6*"))) == [("set", "4", "SE-01 (segment 5)")]


def test_problems_never_show_the_value() -> None:
    for each in faulty().groups[0].sets:
        for problem in x12.check(each):
            shown = f"{problem!r} {problem} {problem.error()}"
            assert "forty" not in shown
            assert "20260231" not in shown
