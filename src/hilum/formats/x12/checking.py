"""What is wrong with a transaction set: its envelope, its structure, its elements (X12.6 §3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from hilum.errors import Invalid
from hilum.formats.x12 import datatypes
from hilum.formats.x12.dictionary import Condition, Element, SegmentRule, segment_rules
from hilum.formats.x12.interchange import envelope_problems
from hilum.formats.x12.loops import place
from hilum.formats.x12.problems import Problem
from hilum.formats.x12.segment import Segment
from hilum.formats.x12.structures import Structure, structures
from hilum.formats.x12.transaction import TransactionSet

# Data element 723: why an element is wrong.
MISSING, CONDITION, TOO_MANY, TOO_SHORT, TOO_LONG = "1", "2", "3", "4", "5"
BAD_CHARACTER, BAD_CODE, BAD_DATE, BAD_TIME, EXCLUDED = "6", "7", "8", "9", "10"

CODES: Mapping[int, frozenset[str]] = MappingProxyType(
    {
        349: frozenset("FSX"),
        478: frozenset("CD"),
        715: frozenset("AEMPRWX"),
        717: frozenset("AEMRWX"),
        736: frozenset("01"),
    }
)
"""Closed lists of codes. The open ones (units, qualifiers) grow with each release and are not checked."""


FIRST_WITH_CENTURIES = "004"
"""Before release 004010 a date has six digits."""


MOST = 1000
"""Problems that are told of one transaction set; what has more is no document, and its answer would be as large."""


def check(transaction: TransactionSet, structure: Structure | None = None) -> list[Problem]:
    """Everything that is wrong, in the order of segments, up to `MOST`. Empty: nothing.

    Without `structure` it is that of 005010 for the code of ST01; where there is none, only ST and SE are looked at,
    and the segments that the dictionary knows.
    """
    found = envelope_problems(transaction)
    structure = structure or structures().get(transaction.code)
    loop_of: Mapping[int, str] = {}
    if structure is not None:
        placed = place(transaction, structure)
        found += placed.problems
        loop_of = placed.loop_of
    rules = segment_rules()
    old = transaction.version < FIRST_WITH_CENTURIES
    for segment in transaction:
        rule = rules.get(segment.name)
        if rule is not None:
            found += _elements(segment, rule, loop_of.get(segment.position, ""), old)
            if len(found) >= MOST:
                break
    return sorted(found, key=lambda problem: problem.position)[:MOST]


def _elements(segment: Segment, rule: SegmentRule, loop: str, old: bool) -> Iterator[Problem]:
    values = segment.elements

    def told(place: int, code: str, words: str, *, bad: str = "") -> Problem:
        element = rule.uses[place - 1].element if place <= len(rule.uses) else None
        return Problem(
            level="element",
            code=code,
            words=words,
            position=segment.position,
            segment=segment.name,
            loop=loop,
            element=place,
            reference=element.number if element else 0,
            bad=bad,
        )

    if len(values) - 1 > len(rule.uses):
        yield told(len(rule.uses) + 1, TOO_MANY, f"the segment has {len(rule.uses)} elements at most")
    for number, use in enumerate(rule.uses, 1):
        value = values[number] if number < len(values) else ""
        if not value:
            if use.mandatory:
                yield told(number, MISSING, "the element is mandatory")
        elif use.element is not None:
            wrong = _value(value, use.element, segment, old)
            if wrong is not None:
                yield told(number, wrong[0], wrong[1], bad=value)
    for broken in _broken(values, rule):
        yield told(*broken)


def _broken(values: Sequence[str], rule: SegmentRule) -> Iterator[tuple[int, str, str]]:
    """Place, code and words of each relational condition that is not kept."""
    for condition in rule.conditions:
        if condition.places[0] >= len(values) and condition.kind != "R":
            continue  # places ascend: nothing of it is there
        there = [place < len(values) and bool(values[place]) for place in condition.places]
        found = _condition(condition, there)
        if found is not None:
            yield found


def _value(value: str, element: Element, segment: Segment, old: bool) -> tuple[str, str] | None:
    """Why this value is none of its element; None: it is one."""
    own = segment.context.delimiters
    if own.component in value or own.repetition in value:
        return BAD_CHARACTER, "the element is simple: it has no components and is not repeated"
    if not value.isprintable():
        return BAD_CHARACTER, "a character cannot be printed"
    wrong = _form(value, element)
    if wrong is not None:
        return wrong
    length = len(value.strip("-").replace(".", "")) if element.type[0] in "RN" else len(value)
    if length < (6 if old and element.type == "DT" else element.least):
        return TOO_SHORT, f"the element has {element.least} characters at least"
    if length > element.most:
        return TOO_LONG, f"the element has {element.most} characters at most"
    codes = CODES.get(element.number)
    if codes is not None and value not in codes:
        return BAD_CODE, "this is none of the codes"
    return None


def _form(value: str, element: Element) -> tuple[str, str] | None:
    try:
        if element.type == "DT":
            datatypes.read_date(value, "")
        elif element.type == "TM":
            datatypes.read_time(value, "")
        elif element.type == "R":
            datatypes.read_decimal(value, "")
        elif element.type[0] == "N":
            datatypes.read_integer(value, "")
    except Invalid as error:
        return {"DT": BAD_DATE, "TM": BAD_TIME}.get(element.type, BAD_CHARACTER), str(error)
    return None


def _condition(condition: Condition, there: list[bool]) -> tuple[int, str, str] | None:
    """Place, code and words where the condition is broken (X12.6 §3.7.3)."""
    places = condition.places
    absent = next((place for place, is_there in zip(places, there, strict=True) if not is_there), 0)
    others = ", ".join(f"{place:02d}" for place in places)
    match condition.kind:
        case "P" if any(there) and absent:
            return absent, CONDITION, f"elements {others} are there together or not at all"
        case "R" if not any(there):
            return places[0], CONDITION, f"one of the elements {others} must be there"
        case "C" if there[0] and absent:
            return absent, CONDITION, f"element {places[0]:02d} needs {others[4:]}"
        case "L" if there[0] and not any(there[1:]):
            return places[1], CONDITION, f"element {places[0]:02d} needs one of {others[4:]}"
        case "E" if sum(there) > 1:
            return places[1], EXCLUDED, f"only one of the elements {others} may be there"
        case _:
            return None
