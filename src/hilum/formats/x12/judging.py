"""What is decided of what was received: accepted, accepted with errors, rejected; of sets, groups and interchanges.

The same classes hold what we tell a sender (`judge`) and what a receiver tells us (`acknowledgement.read_…`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hilum.formats.x12.checking import check
from hilum.formats.x12.interchange import Group, Interchange
from hilum.formats.x12.partners import Partner
from hilum.formats.x12.problems import Problem
from hilum.formats.x12.transaction import TransactionSet


class Verdict(StrEnum):
    """Data elements 715 and 717. M, W and X are rejections of secured sets, as AK9 and AK5 have them."""

    ACCEPTED = "A"
    WITH_ERRORS = "E"
    PARTIALLY = "P"  # of a group: some of its transaction sets are rejected
    REJECTED = "R"
    BAD_AUTHENTICATION = "M"
    BAD_ASSURANCE = "W"
    NOT_DECRYPTED = "X"

    @property
    def accepted(self) -> bool:
        """Does the receiver process it?"""
        return self in (Verdict.ACCEPTED, Verdict.WITH_ERRORS)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetVerdict:
    """Of one transaction set."""

    code: str  # 850
    control_number: str
    guide: str = ""  # ST03
    verdict: Verdict
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupVerdict:
    """Of one functional group."""

    functional_id: str  # PO
    control_number: str
    version: str = ""  # GS08
    verdict: Verdict
    included: int  # transaction sets that GE01 says
    received: int
    accepted: int
    sets: tuple[SetVerdict, ...] = ()
    problems: tuple[Problem, ...] = ()  # of the group itself


@dataclass(frozen=True, kw_only=True, slots=True)
class InterchangeVerdict:
    """Of one interchange: what a TA1 says. `code` is A, E or R; `note` is 000 where nothing is wrong (element I18)."""

    control_number: str
    date: str  # ISA09 and ISA10 of the interchange, as they were written
    time: str
    code: str
    note: str = "000"

    @property
    def accepted(self) -> bool:
        """Does the receiver process it?"""
        return self.code in ("A", "E")


# Faults that leave nothing to be processed for sure: a mandatory segment or element that is missing, a value that
# cannot be read. Everything else of segments and elements is accepted with errors.
_FATAL = frozenset({"segment:1", "segment:3", "element:1", "element:6", "element:7", "element:8", "element:9"})

Check = Callable[[TransactionSet], Sequence[Problem]]


def rejects(problem: Problem, partner: Partner | None = None) -> bool:
    """Does this alone make a rejection? Every fault of an envelope does, unless the partner's profile tolerates it."""
    key = f"{problem.level}:{problem.code}"
    if partner is not None and key in partner.tolerated:
        return False
    return problem.level in ("interchange", "group", "set") or key in _FATAL


def judge_set(transaction: TransactionSet, partner: Partner | None = None, checked: Check = check) -> SetVerdict:
    """Check one transaction set. `checked` says what is wrong: `x12.check`, or one with a partner's own rules."""
    problems = tuple(checked(transaction))
    verdict = Verdict.ACCEPTED
    if problems:
        fatal = any(rejects(problem, partner) for problem in problems)
        verdict = Verdict.REJECTED if fatal else Verdict.WITH_ERRORS
    return SetVerdict(
        code=transaction.code,
        control_number=transaction.control_number,
        guide=transaction["ST-03"],
        verdict=verdict,
        problems=problems,
    )


def judge(group: Group, partner: Partner | None = None, checked: Check = check) -> GroupVerdict:
    """Check a functional group with all its transaction sets. A control number that comes twice rejects the second."""
    sets, seen = [], set[str]()
    for transaction in group.sets:
        found = judge_set(transaction, partner, checked)
        if found.control_number in seen:
            found = _twice(found)
        seen.add(found.control_number)
        sets.append(found)
    problems = tuple(group.problems())
    accepted = sum(each.verdict.accepted for each in sets)
    verdict = _of_group(problems, sets, accepted, partner)
    trailer = group.trailer
    said = trailer["01"] if trailer is not None else ""
    return GroupVerdict(
        functional_id=group.functional_id,
        control_number=group.control_number,
        version=group.header["08"],
        verdict=verdict,
        included=int(said) if said.isascii() and said.isdigit() and len(said) < 7 else len(sets),
        received=len(sets),
        accepted=accepted if verdict is not Verdict.REJECTED else 0,
        sets=tuple(sets),
        problems=problems,
    )


def judge_interchange(interchange: Interchange, partner: Partner | None = None) -> InterchangeVerdict:
    """Check ISA and IEA."""
    problems = interchange.problems()
    fatal = any(rejects(problem, partner) for problem in problems)
    return InterchangeVerdict(
        control_number=interchange.control_number,
        date=interchange.header["09"],
        time=interchange.header["10"],
        code="R" if fatal else "E" if problems else "A",
        note=problems[0].code if problems else "000",
    )


def _of_group(
    problems: Sequence[Problem], sets: Sequence[SetVerdict], accepted: int, partner: Partner | None
) -> Verdict:
    if any(rejects(problem, partner) for problem in problems) or (sets and not accepted):
        return Verdict.REJECTED
    if accepted < len(sets):
        return Verdict.PARTIALLY
    if problems or any(each.verdict is Verdict.WITH_ERRORS for each in sets):
        return Verdict.WITH_ERRORS
    return Verdict.ACCEPTED


def _twice(found: SetVerdict) -> SetVerdict:
    words = "the control number was there before in this functional group"
    problem = Problem(level="set", code="23", words=words, position=1, segment="ST", element=2)
    return SetVerdict(
        code=found.code,
        control_number=found.control_number,
        guide=found.guide,
        verdict=Verdict.REJECTED,
        problems=(problem, *found.problems),
    )
