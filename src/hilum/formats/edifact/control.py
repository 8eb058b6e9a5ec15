"""CONTRL: what is told of an interchange that was received (UN/EDIFACT syntax and service report, D:3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from hilum.errors import Invalid
from hilum.formats.edifact.building import Draft, Partner, build
from hilum.formats.edifact.interchange import Interchange, message_problems
from hilum.formats.edifact.message import Message
from hilum.formats.edifact.problems import Code, Problem
from hilum.formats.edifact.segment import Segment, Value

ACKNOWLEDGED, REJECTED, RECEIVED = "7", "4", "8"
"""Actions (data element 0083): this level is accepted and what is below too unless said; rejected; only received."""

_KNOWN = frozenset({ACKNOWLEDGED, REJECTED, RECEIVED})


@dataclass(frozen=True, slots=True)
class MessageVerdict:
    """What is told of one message."""

    reference: str  # empty: of all messages of the group
    type: str
    action: str = ACKNOWLEDGED
    error: str = ""  # data element 0085
    group: str = ""
    between: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())  # sender and receiver of the group (S006, S007)
    segment: str = ""  # in which the error is: UNH, UNT (data element 0013)
    element: int = 0  # of that segment; 0: all of it

    @property
    def accepted(self) -> bool:
        """Was it taken?"""
        return self.action == ACKNOWLEDGED


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is told of an interchange; made by `judge`, or read out of a CONTRL."""

    reference: str  # of the interchange that is answered
    sender: tuple[str, ...]  # of that interchange: id and qualifier
    receiver: tuple[str, ...]
    action: str = ACKNOWLEDGED
    error: str = ""
    messages: tuple[MessageVerdict, ...] = ()
    segment: str = ""  # in which the error is: UNB, UNZ
    element: int = 0

    @property
    def accepted(self) -> bool:
        """Was it taken, and every message of which something is told?"""
        return self.action == ACKNOWLEDGED and all(each.accepted for each in self.messages)


def judge(interchange: Interchange) -> Verdict:
    """What is wrong with its envelopes. What is inside of messages is for who reads them.

    A fault of UNB or UNZ, or of a group, rejects the whole: something may be missing. One of UNH or UNT rejects that
    message.
    """
    own = interchange.envelope
    problems: list[Problem] = [*interchange.problems(), *(each for g in interchange.groups for each in g.problems())]
    if not interchange.messages:
        problems.append(Problem(Code.EMPTY, "there is no message in it", segment="UNB"))
    code, segment, element = _place(problems, "UNB", "UNZ")
    return Verdict(
        reference=own.interchange,
        sender=tuple(own.unb.components("02")),
        receiver=tuple(own.unb.components("03")),
        action=REJECTED if problems else ACKNOWLEDGED,
        error=code,
        segment=segment,
        element=element,
        messages=() if problems else tuple(_judged(each) for each in interchange.messages),
    )


def _judged(message: Message) -> MessageVerdict:
    problems = message_problems(message)
    code, segment, element = _place(problems, "UNH", "UNT")
    return MessageVerdict(
        reference=message.reference,
        type=":".join(message.segment("UNH").components("02")),
        action=REJECTED if problems else ACKNOWLEDGED,
        error=code,
        segment=segment,
        element=element,
        group=message.envelope.group,
        between=_between(message.envelope.ung),
    )


def _place(problems: Sequence[Problem], *segments: str) -> tuple[str, str, int]:
    """Code, segment and element of the first error; the segment only where the answer may name it there."""
    if not problems:
        return "", "", 0
    first = problems[0]
    return (first.code, first.segment, first.element) if first.segment in segments else (first.code, "", 0)


def _between(header: Segment | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of UNG, or of UCF, which repeats them: in CONTRL of D:3 they are mandatory."""
    return (tuple(header.components("02")), tuple(header.components("03"))) if header is not None else ((), ())


def answer(interchange: Interchange, partner: Partner, *, reference: str, at: datetime) -> Interchange | None:
    """The CONTRL for it, an interchange to be sent; None where it is a CONTRL itself, which is never answered.

    Raises `ValueError` where it cannot be named, because its reference is missing.
    """
    if interchange.messages and all(each.type == "CONTRL" for each in interchange.messages):
        return None
    return build(partner, [draft(judge(interchange))], reference=reference, at=at)


def draft(verdict: Verdict) -> Draft:
    """A CONTRL that tells it. Raises `ValueError` without a reference to the interchange."""
    if not verdict.reference:
        raise ValueError("an interchange without a control reference cannot be answered")
    rows: list[Sequence[Value]] = [
        ("UCI", verdict.reference, verdict.sender, verdict.receiver, verdict.action, *_told(verdict))
    ]
    group = ""
    for each in verdict.messages:
        if each.group != group:
            group = each.group
            rows.append(("UCF", group, *each.between, ACKNOWLEDGED))
        rows.append(("UCM", each.reference, each.type.split(":"), each.action, *_told(each)))
    return Draft("CONTRL:D:3:UN", rows)


def _told(verdict: Verdict | MessageVerdict) -> tuple[Value, ...]:
    """What is wrong, and where: 0085, 0013, and S011, in which the tag of the segment counts as the first element."""
    return (verdict.error, verdict.segment, verdict.element + 1 if verdict.element else None)


def _element(segment: Segment, path: str) -> int:
    """The element that S011 names; 0: none."""
    text = segment[path]
    return max(int(text) - 1, 0) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def read_answer(message: Message) -> Verdict:
    """What a CONTRL tells. Raises `Invalid`."""
    if message.type != "CONTRL":
        raise Invalid("this is no CONTRL", where="UNH-02")
    head = message.segment("UCI")
    return Verdict(
        reference=head["01"],
        sender=tuple(head.components("02")),
        receiver=tuple(head.components("03")),
        action=_action(head["04"], "UCI-04"),
        error=head["05"],
        segment=head["06"],
        element=_element(head, "07"),
        messages=tuple(_read_verdicts(message)),
    )


def _read_verdicts(message: Message) -> Iterator[MessageVerdict]:
    group, between = "", _between(None)
    for each in message:
        if each.name == "UCF":
            group, between = each["01"], _between(each)
            action = _action(each["04"], each.where("04"))
            if action == REJECTED:
                yield MessageVerdict("", "", action, each["05"], group, between)
        elif each.name == "UCM":
            action = _action(each["03"], each.where("03"))
            kind, place = ":".join(each.components("02")), _element(each, "06")
            yield MessageVerdict(each["01"], kind, action, each["04"], group, between, each["05"], place)


def _action(code: str, where: str) -> str:
    if code not in _KNOWN:
        raise Invalid("an action is 4, 7 or 8", where=where)
    return code
