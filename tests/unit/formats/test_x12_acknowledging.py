"""997, 999 and TA1 say what was decided, are read into the same, and settle what was sent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hilum.errors import Invalid
from hilum.formats import x12

SAMPLES = Path(__file__).parents[2] / "samples" / "x12"
PARTNER = x12.Partner(name="Gloveco", ours=x12.Party(id="HILLTOP"), theirs=x12.Party(id="GLOVECO"))
AT = datetime(2026, 3, 4, 10, 11, 12, tzinfo=UTC)

pytestmark = [pytest.mark.req("MOD-3"), pytest.mark.req("SYS-10")]


def group_of(name: str) -> x12.Group:
    return x12.parse((SAMPLES / name).read_bytes()).groups[0]


def answer(verdict: x12.GroupVerdict, form: x12.Form = "997") -> x12.TransactionSet:
    made = x12.build(PARTNER, [x12.acknowledge(verdict, form)], numbers=x12.Numbers(7, 8), at=AT)
    assert not x12.parse(made.encode()).problems()
    return x12.read(made.encode())


def lines(transaction: x12.TransactionSet) -> list[str]:
    return [segment.line for segment in transaction]


def test_a_clean_group_is_accepted() -> None:
    found = answer(x12.judge(group_of("two_groups.edi")))
    assert lines(found) == [
        "ST*997*0001",
        "AK1*PO*18*005010",
        "AK2*850*0001",
        "AK5*A",
        "AK2*850*0002",
        "AK5*A",
        "AK9*A*2*2*2",
        "SE*8*0001",
    ]
    assert x12.check(found) == []
    assert x12.answered_at(found) == datetime(2026, 3, 4, 10, 11, 12)


def test_faults_are_told_segment_by_segment() -> None:
    found = answer(x12.judge(group_of("faulty.edi")))
    assert lines(found)[1:] == [
        "AK1*PO*25*005010",
        "AK2*850*0001",
        "AK5*A",
        "AK2*850*0002",
        "AK3*BEG*2**8",
        "AK4*5*373*8*20260231",
        "AK3*REF*3**8",
        "AK4*2*127*2",
        "AK3*N1*4*N1*8",
        "AK4*2*93*2",
        "AK3*PO1*5*PO1*8",
        "AK4*2*330*6*forty",
        "AK4*7*234*2",
        "AK3*ZZZ*6*PO1*6",
        "AK5*R*4*5",
        "AK2*850*0003",
        "AK5*R*2",
        "AK9*R*4*3*0*4*5",
        "SE*20*0001",
    ]
    assert x12.check(found) == []


def test_the_999_says_the_same() -> None:
    found = answer(x12.judge(group_of("faulty.edi")), "999")
    assert lines(found)[0] == "ST*999*0001*005010X231A1"
    assert found["GS-08"] == "005010X231A1"
    assert "IK3*PO1*5*PO1*8" in lines(found)
    assert "IK4*2*330*6*forty" in lines(found)
    assert "IK5*R*4*5" in lines(found)
    assert x12.check(found) == []


@pytest.mark.parametrize("form", ["997", "999"])
def test_what_is_written_is_read(form: x12.Form) -> None:
    for name in ("two_groups.edi", "faulty.edi", "order_850.edi"):
        verdict = x12.judge(group_of(name))
        read = x12.read_acknowledgement(answer(verdict, form))
        assert (read.verdict, read.included, read.received, read.accepted) == (
            verdict.verdict,
            verdict.included,
            verdict.received,
            verdict.accepted,
        )
        for one, other in zip(read.sets, verdict.sets, strict=True):
            assert (one.code, one.control_number, one.verdict) == (other.code, other.control_number, other.verdict)
            told = {(each.level, each.code, each.where) for each in other.problems if each.level != "set"}
            assert {(each.level, each.code, each.where) for each in one.problems if each.level != "set"} == told
            assert {each.code for each in one.problems if each.level == "set"} == {
                each.code for each in other.problems if each.level == "set"
            }


def test_a_value_with_delimiters_is_told_without_them() -> None:
    beg = ("BEG", "00", "SA", "PO-1", None, "2026|3>4")
    pipes = PARTNER.model_copy(update={"element": "|", "component": ":"})
    sent = x12.build(
        PARTNER.model_copy(update={"component": ":"}),
        [x12.Draft("850", [beg, ("PO1", "1", "1", "EA")])],
        numbers=x12.Numbers(1, 1),
        at=AT,
    )
    draft = x12.acknowledge(x12.judge(sent.groups[0]))
    found = x12.parse(x12.build(pipes, [draft], numbers=x12.Numbers(2, 2), at=AT).encode()).sets[0]
    assert found["AK4-04"] == "2026 3>4"


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(Invalid, match="neither"):
        x12.read_acknowledgement(x12.read((SAMPLES / "order_850.edi").read_bytes()))
    found = answer(x12.judge(group_of("order_850.edi")))
    found["AK9-01"] = "Q"
    with pytest.raises(Invalid) as caught:
        x12.read_acknowledgement(found)
    assert caught.value.where == "AK9-01 (segment 5)"


def test_ta1_of_an_interchange() -> None:
    interchange = x12.parse((SAMPLES / "faulty.edi").read_bytes())
    row = x12.acknowledge_interchange(x12.judge_interchange(interchange, PARTNER))
    made = x12.build(PARTNER, [], numbers=x12.Numbers(9, 1), at=AT, services=[row])
    again = x12.read(made.encode())
    assert again.code == "TA1"
    assert again.control_number == "000000024"
    assert x12.read_interchange_acknowledgement(again) == x12.judge_interchange(interchange)
    assert x12.read_interchange_acknowledgement(again).note == "001"
    assert not x12.read_interchange_acknowledgement(again).accepted
    given = x12.read((SAMPLES / "answer_ta1.edi").read_bytes())
    assert x12.read_interchange_acknowledgement(given).accepted


def test_one_call_answers_as_the_partner_wants_it() -> None:
    interchange = x12.parse(
        (SAMPLES / "two_groups.edi").read_bytes().replace(b"BEG*00*SA*PO-4712**20260304", b"BEG*00*SA")
    )
    found = x12.answer(interchange, PARTNER, at=AT)
    assert [each.control_number for each in found.accepted] == ["0001", "0003"]
    assert found.answer is not None
    assert [each["AK1-02"] for each in found.answer.sets] == ["18", "19"]
    assert [each.verdict.value for each in found.groups] == ["P", "A"]
    assert found.answer.control_number == "000000018"
    form = PARTNER.model_copy(update={"answer": "999"})
    other = x12.answer(interchange, form, at=AT, numbers=x12.Numbers(77, 78)).answer
    assert other is not None
    assert (other.control_number, other.sets[0].code) == ("000000077", "999")
    assert x12.answer(interchange, PARTNER.model_copy(update={"answer": "none"}), at=AT).answer is None
    assert x12.answer(found.answer, PARTNER, at=AT).answer is None
    assert [each.code for each in x12.answer(found.answer, PARTNER, at=AT).accepted] == ["997", "997"]


def test_older_releases_get_the_answer_that_they_know() -> None:
    found = answer(x12.judge(group_of("not_padded.edi")))
    assert lines(found)[1:3] == ["AK1*PO*23", "AK2*850*0007"]


def test_an_answer_is_bounded() -> None:
    rows: list[tuple[x12.Value, ...]] = [("ZZZ", "1")] * 3000
    made = x12.build(PARTNER, [x12.Draft("850", rows)], numbers=x12.Numbers(1, 1), at=AT)
    assert len(x12.check(made.sets[0])) == 1000


def test_control_numbers_of_an_answer_are_the_same_each_time() -> None:
    interchange = x12.parse((SAMPLES / "two_groups.edi").read_bytes())
    assert x12.Numbers.answering(interchange) == x12.Numbers(18, 18)
    odd = x12.parse((SAMPLES / "two_groups.edi").read_bytes().replace(b"000000018", b"ABC000018"))
    assert x12.Numbers.answering(odd) == x12.Numbers.answering(odd)


def test_a_ta1_goes_where_it_is_asked_for_and_where_an_interchange_is_rejected() -> None:
    data = (SAMPLES / "two_groups.edi").read_bytes()
    asking = data.replace(b"*0*P*>", b"*1*P*>", 1)
    found = x12.answer(x12.parse(asking), PARTNER, at=AT).answer
    assert found is not None
    again = x12.parse(found.encode())
    assert not again.problems()
    assert [each.code for each in x12.transaction_sets(found.encode())] == ["TA1", "997", "997"]
    assert x12.read_interchange_acknowledgement(again.services[0]).accepted
    quiet = PARTNER.model_copy(update={"answer": "none"})
    only = x12.answer(x12.parse(asking), quiet, at=AT)
    assert only.answer is not None
    assert [each.code for each in x12.transaction_sets(only.answer.encode())] == ["TA1"]
    assert len(only.accepted) == 3

    cut = x12.parse(data.partition(b"IEA*")[0])
    rejected = x12.answer(cut, PARTNER, at=AT)
    assert (rejected.accepted, rejected.groups) == ([], [])
    assert rejected.answer is not None
    verdict = x12.read_interchange_acknowledgement(x12.read(rejected.answer.encode()))
    assert (verdict.control_number, verdict.code, verdict.note) == ("000000018", "R", "023")
    assert x12.answer(cut, quiet, at=AT).answer is None
    lenient = PARTNER.model_copy(update={"tolerated": frozenset({"interchange:023"})})
    assert len(x12.answer(cut, lenient, at=AT).accepted) == 3
    assert x12.answer(x12.parse((SAMPLES / "answer_ta1.edi").read_bytes()), PARTNER, at=AT).answer is None
