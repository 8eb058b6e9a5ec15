"""One call for what a flow does with an interchange: judge it, say which transaction sets count, make the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hilum.formats.x12.acknowledgement import acknowledge
from hilum.formats.x12.building import ACKNOWLEDGEMENTS, Numbers, build
from hilum.formats.x12.checking import check
from hilum.formats.x12.interchange import Interchange
from hilum.formats.x12.judging import Check, GroupVerdict, judge
from hilum.formats.x12.partners import Partner
from hilum.formats.x12.transaction import TransactionSet


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What came of an interchange."""

    accepted: Sequence[TransactionSet]  # those to be processed, in their order
    verdicts: Sequence[GroupVerdict]
    answer: Interchange | None  # none: the partner wants none, or there is nothing but answers in it


def answer(
    interchange: Interchange, partner: Partner, *, at: datetime, numbers: Numbers | None = None, checked: Check = check
) -> Answered:
    """Judge each functional group, and answer all of them in one interchange, as the partner's profile wants it.

    Answers (997, 999) are judged too, and never answered. `numbers`: control numbers of the answer; without
    them those of `Numbers.answering`.
    """
    verdicts, accepted = [], []
    for group in interchange.groups:
        verdict = judge(group, partner, checked)
        verdicts.append(verdict)
        if verdict.accepted:
            accepted += [each for each, own in zip(group.sets, verdict.sets, strict=True) if own.verdict.accepted]
    asked = [each for each in verdicts if each.functional_id != ACKNOWLEDGEMENTS]
    made = None
    if asked and partner.answer != "none":
        drafts = [acknowledge(each, partner.answer) for each in asked]
        made = build(partner, drafts, numbers=numbers or Numbers.answering(interchange), at=at)
    return Answered(accepted=accepted, verdicts=verdicts, answer=made)
