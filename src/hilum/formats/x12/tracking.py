"""What was sent and is not acknowledged yet, by its control numbers; what is overdue.

`Register` is what a durable store offers; `Tracker` is the same in memory, and the model that a store is compared
with. Nothing here knows a clock: moments come with the calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from hilum.formats.x12.building import ACKNOWLEDGEMENTS
from hilum.formats.x12.interchange import Interchange
from hilum.formats.x12.judging import GroupVerdict, InterchangeVerdict, Verdict
from hilum.formats.x12.partners import Partner


@dataclass(frozen=True, kw_only=True, slots=True)
class Awaited:
    """One transaction set that was sent to a partner who answers."""

    partner: str
    interchange: str  # ISA13
    functional_id: str  # GS01
    group: str  # GS06
    code: str  # ST01
    control_number: str  # ST02
    sent_at: datetime
    due_at: datetime  # by then the 997 or 999 should be there
    verdict: Verdict | None = None  # none: not answered yet
    answered_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What an answer names it by; the partner, for control numbers are unique for a pair of parties only."""
        return (self.partner, self.functional_id, self.group, self.control_number)


class Register(Protocol):
    """Where sent transaction sets are remembered until they are answered."""

    def expect(self, sent: Iterable[Awaited]) -> None:
        """These were sent. The same again changes nothing."""

    def answer(self, partner: str, verdict: GroupVerdict, at: datetime) -> Sequence[Awaited]:
        """The partner answered a group: what changed by it. Nothing: it was never sent, or was answered before."""

    def answer_interchange(self, partner: str, verdict: InterchangeVerdict, at: datetime) -> Sequence[Awaited]:
        """A TA1 came. A rejected interchange rejects all that is in it; an accepted one still awaits its 997."""

    def unanswered(self, partner: str = "") -> Sequence[Awaited]:
        """What is not answered, oldest first; of all partners, or of one."""

    def overdue(self, now: datetime) -> Sequence[Awaited]:
        """What should have been answered before `now`."""


def awaited(interchange: Interchange, partner: Partner, at: datetime) -> list[Awaited]:
    """What the partner is to answer of an interchange that is sent at `at`. Answers themselves are not answered."""
    return [
        Awaited(
            partner=partner.name,
            interchange=interchange.control_number,
            functional_id=group.functional_id,
            group=group.control_number,
            code=each.code,
            control_number=each.control_number,
            sent_at=at,
            due_at=at + partner.answer_within,
        )
        for group in interchange.groups
        if group.functional_id != ACKNOWLEDGEMENTS
        for each in group.sets
    ]


class Tracker:
    """The register in memory."""

    def __init__(self) -> None:
        self._sent: dict[tuple[str, str, str, str], Awaited] = {}

    def expect(self, sent: Iterable[Awaited]) -> None:
        """See `Register`."""
        for each in sent:
            self._sent.setdefault(each.key, each)

    def answer(self, partner: str, verdict: GroupVerdict, at: datetime) -> Sequence[Awaited]:
        """See `Register`."""
        named = {each.control_number: each.verdict for each in verdict.sets}
        whole = _of_unnamed(verdict)
        return [
            self._settle(each, named.get(each.control_number, whole), at)
            for each in self._waiting(partner)
            if (each.functional_id, _number(each.group)) == (verdict.functional_id, _number(verdict.control_number))
        ]

    def answer_interchange(self, partner: str, verdict: InterchangeVerdict, at: datetime) -> Sequence[Awaited]:
        """See `Register`."""
        if verdict.accepted:
            return ()
        return [
            self._settle(each, Verdict.REJECTED, at)
            for each in self._waiting(partner)
            if _number(each.interchange) == _number(verdict.control_number)
        ]

    def unanswered(self, partner: str = "") -> Sequence[Awaited]:
        """See `Register`."""
        return sorted(self._waiting(partner), key=lambda each: each.sent_at)

    def overdue(self, now: datetime) -> Sequence[Awaited]:
        """See `Register`."""
        return [each for each in self.unanswered() if each.due_at < now]

    def _waiting(self, partner: str) -> list[Awaited]:
        return [each for each in self._sent.values() if each.verdict is None and partner in ("", each.partner)]

    def _settle(self, one: Awaited, verdict: Verdict, at: datetime) -> Awaited:
        settled = self._sent[one.key] = replace(one, verdict=verdict, answered_at=at)
        return settled


def _of_unnamed(verdict: GroupVerdict) -> Verdict:
    """What holds for a transaction set that the answer does not name: of a part only the rejected must be named."""
    return Verdict.ACCEPTED if verdict.verdict is Verdict.PARTIALLY else verdict.verdict


def _number(control: str) -> str:
    """Control numbers are compared without the zeros before them, which translators add and drop."""
    return control.lstrip("0")
