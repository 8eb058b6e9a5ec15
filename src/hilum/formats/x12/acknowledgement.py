"""Acknowledgements: 997 (X12.20), 999 (005010X231A1) and TA1 are made of verdicts, and read into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal

from hilum.errors import Invalid
from hilum.formats.x12.building import Draft, Row
from hilum.formats.x12.judging import GroupVerdict, InterchangeVerdict, SetVerdict, Verdict
from hilum.formats.x12.loops import Loop, loops
from hilum.formats.x12.problems import Problem
from hilum.formats.x12.segment import Free, Segment
from hilum.formats.x12.structures import structures
from hilum.formats.x12.transaction import TransactionSet
from hilum.formats.x12.words import ELEMENT_WORDS, GROUP_WORDS, SEGMENT_WORDS, SET_WORDS

Form = Literal["997", "999"]

_FIRST_WITH_VERSIONS = "005"  # AK1 and AK2 have a third element from release 005010 on

GUIDE_999 = "005010X231A1"

# What the parts are called in each form: segment in error, element in error, transaction set response.
_NAMES = {"997": ("AK3", "AK4", "AK5"), "999": ("IK3", "IK4", "IK5")}
_MOST_CODES = 5  # that AK5 and AK9 hold
_BAD_COPY = 99  # characters of AK404 at most
_SEGMENT_HAS_ELEMENTS = "8"  # AK304: its elements are wrong
_SET_HAS_SEGMENTS = "5"  # AK502: its segments are wrong


def acknowledge(group: GroupVerdict, form: Form = "997") -> Draft:
    """The answer to a functional group, to be built into an interchange to its sender.

    What the sender wrote is told back as it is (AK404 holds the wrong value), with a blank for each delimiter in it.
    """
    version = group.version if group.version >= _FIRST_WITH_VERSIONS else ""
    own = (group.functional_id, group.control_number, version)
    rows: list[Row] = [("AK1", *map(Free, own))]
    for each in group.sets:
        rows += _of_set(each, form)
    codes = [problem.code for problem in group.problems][:_MOST_CODES]
    rows.append(("AK9", group.verdict.value, group.included, group.received, group.accepted, *codes))
    return Draft(form, rows, GUIDE_999 if form == "999" else "")


def acknowledge_interchange(verdict: InterchangeVerdict) -> Row:
    """The TA1 for an interchange, one of the `services` of `x12.build`."""
    return ("TA1", *map(Free, (verdict.control_number, verdict.date, verdict.time)), verdict.code, verdict.note)


def _of_set(verdict: SetVerdict, form: Form) -> Iterator[Row]:
    in_segment, _, response = _NAMES[form]
    yield ("AK2", *map(Free, (verdict.code, verdict.control_number, verdict.guide)))
    inner = [problem for problem in verdict.problems if problem.level in ("segment", "element")]
    for place, run in groupby(inner, lambda each: (each.position, each.segment, each.loop)):
        problems = list(run)
        elements = [problem for problem in problems if problem.level == "element"]
        codes = [problem.code for problem in problems if problem.level == "segment"]
        position, segment, loop = place
        for code in codes or [_SEGMENT_HAS_ELEMENTS]:
            yield (in_segment, Free(segment), position, loop, code)
        if codes and elements:
            yield (in_segment, Free(segment), position, loop, _SEGMENT_HAS_ELEMENTS)
        for problem in elements:
            yield _of_element(problem, form)
    codes = [problem.code for problem in verdict.problems if problem.level == "set"]
    codes += [_SET_HAS_SEGMENTS] if inner else []
    yield (response, verdict.verdict.value, *list(dict.fromkeys(codes))[:_MOST_CODES])


def _of_element(problem: Problem, form: Form) -> Row:
    place = [str(each) if each else "" for each in (problem.element, problem.component, problem.repetition)]
    bad = Free(problem.bad[:_BAD_COPY])
    return (_NAMES[form][1], place, problem.reference or "", problem.code, bad)


def read_acknowledgement(transaction: TransactionSet) -> GroupVerdict:
    """What a 997 or 999 says. Raises `Invalid` where it is none, or says nothing that can be understood."""
    structure = structures().get(transaction.code)
    if structure is None or transaction.code not in _NAMES:
        raise Invalid("this is neither a 997 nor a 999", where="ST-01")
    root = loops(transaction, structure)
    begin, end = transaction.segment("AK1"), transaction.segment("AK9")
    sets = tuple(_read_set(loop, transaction.code) for loop in root.within("AK2"))
    return GroupVerdict(
        functional_id=begin["01"],
        control_number=begin["02"],
        version=begin["03"],
        verdict=_verdict(end, "01"),
        included=end.integer("02") or 0,
        received=end.integer("03") or 0,
        accepted=end.integer("04") or 0,
        sets=sets,
        problems=tuple(_told("group", code, GROUP_WORDS) for code in _codes(end, range(5, 10))),
    )


def read_interchange_acknowledgement(transaction: TransactionSet) -> InterchangeVerdict:
    """What a TA1 says. Raises `Invalid` where it is none."""
    segment = transaction.segment("TA1")
    if segment["04"] not in ("A", "E", "R"):
        raise Invalid("an interchange is accepted (A), accepted with errors (E) or rejected (R)", where="TA1-04")
    return InterchangeVerdict(
        control_number=segment["01"],
        date=segment["02"],
        time=segment["03"],
        code=segment["04"],
        note=segment["05"] or "000",
    )


def _read_set(loop: Loop, form: str) -> SetVerdict:
    in_segment, _, response = _NAMES[form]
    end = loop.first(response)
    if end is None:
        raise Invalid(f"the answer to a transaction set has no {response}", where=loop.head.where("01"))
    problems = [_told("set", code, SET_WORDS) for code in _codes(end, range(2, 7)) if code != _SET_HAS_SEGMENTS]
    for inner in loop.within(in_segment):
        problems += _read_segment(inner, form)
    return SetVerdict(
        code=loop.head["01"],
        control_number=loop.head["02"],
        guide=loop.head["03"],
        verdict=_verdict(end, "01"),
        problems=tuple(problems),
    )


def _read_segment(loop: Loop, form: str) -> Iterator[Problem]:
    head = loop.head
    position = head.integer("02") or 0
    elements = [*loop.all(_NAMES[form][1]), *(each.head for each in loop.within(_NAMES[form][1]))]
    code = head["04"]
    if code and not (code == _SEGMENT_HAS_ELEMENTS and elements):
        words = SEGMENT_WORDS.get(code, f"code {code}")
        yield Problem(level="segment", code=code, words=words, position=position, segment=head["01"], loop=head["03"])
    for element in elements:
        yield _read_element(element, head, position)


def _read_element(element: Segment, head: Segment, position: int) -> Problem:
    places = [int(part) if part.isascii() and part.isdigit() else 0 for part in element.components("01")]
    place, component, repetition = (*places, 0, 0, 0)[:3]
    reference, code = element["02"], element["03"]
    return Problem(
        level="element",
        code=code,
        words=ELEMENT_WORDS.get(code, f"code {code}"),
        position=position,
        segment=head["01"],
        loop=head["03"],
        element=place,
        component=component,
        repetition=repetition,
        reference=int(reference) if reference.isascii() and reference.isdigit() else 0,
        bad=element["04"],
    )


def _told(level: Literal["set", "group"], code: str, words: Mapping[str, str]) -> Problem:
    return Problem(level=level, code=code, words=words.get(code, f"code {code}"))


def _codes(segment: Segment, places: range) -> Sequence[str]:
    return [code for place in places if (code := segment[f"{place:02d}"])]


def _verdict(segment: Segment, path: str) -> Verdict:
    try:
        return Verdict(segment[path])
    except ValueError:
        raise Invalid("this is no code of an answer (A, E, P, R, M, W, X)", where=segment.where(path)) from None


def answered_at(transaction: TransactionSet) -> datetime | None:
    """When the answer was made, by its group header (GS04 and GS05); naive, for X12 names no zone. Raises `Invalid`."""
    header = transaction.pick("GS")
    return header.timestamp("04", "05") if header is not None else None
