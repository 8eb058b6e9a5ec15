"""One call for what a flow does with an interchange: judge it, say which transaction sets count, make the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hilum.formats.x12.acknowledgement import acknowledge, acknowledge_interchange
from hilum.formats.x12.building import ACKNOWLEDGEMENTS, Numbers, build
from hilum.formats.x12.checking import check
from hilum.formats.x12.interchange import Interchange
from hilum.formats.x12.judging import Check, GroupVerdict, InterchangeVerdict, judge, judge_interchange
from hilum.formats.x12.partners import Partner
from hilum.formats.x12.transaction import TransactionSet


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What came of an interchange."""

    interchange: InterchangeVerdict
    groups: Sequence[GroupVerdict] = ()  # none where the interchange as a whole is rejected
    accepted: Sequence[TransactionSet] = ()  # those to be processed, in their order
    answer: Interchange | None = None  # none: the partner wants none, or there is nothing but answers in it


def answer(
    interchange: Interchange, partner: Partner, *, at: datetime, numbers: Numbers | None = None, checked: Check = check
) -> Answered:
    """Judge an interchange and its functional groups, and answer in one interchange, as the partner's profile wants it.

    A rejected interchange is answered with a TA1 and nothing of it counts; else a TA1 is in the answer where the sender
    asks for one. Answers (997, 999, TA1) are judged too, and never answered. `numbers`: control numbers of the answer;
    without them those of `Numbers.answering`.
    """
    whole = judge_interchange(interchange, partner)
    groups = [judge(group, partner, checked) for group in interchange.groups] if whole.accepted else []
    accepted = [
        each
        for group, verdict in zip(interchange.groups, groups, strict=False)
        if verdict.accepted
        for each, own in zip(group.sets, verdict.sets, strict=True)
        if own.verdict.accepted
    ]
    asked = [each for each in groups if each.functional_id != ACKNOWLEDGEMENTS]
    drafts = [acknowledge(each, partner.answer) for each in asked] if partner.answer != "none" else []
    documents = any(group.functional_id != ACKNOWLEDGEMENTS for group in interchange.groups)
    services = []
    if documents and (interchange.asks_ta1 or (not whole.accepted and partner.answer != "none")):
        services = [acknowledge_interchange(whole)]
    made = None
    if drafts or services:
        numbers = numbers or Numbers.answering(interchange)
        made = build(partner, drafts, numbers=numbers, at=at, services=services)
    return Answered(interchange=whole, groups=groups, accepted=accepted, answer=made)
