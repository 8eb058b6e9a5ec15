"""Verification: is every act there, as it was, and in its place? Names the first one that is not, and what is wrong.

The rules need no database: `ChainCheck` is fed with links and acts in order, from a database or from an export.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from hilum.journal.audit.chain import FIRST, Act, Link, link_hash
from hilum.journal.audit.checkpoints import Checkpoint, Trust

MICROS = 1_000_000

LATE_SECONDS = 300.0
"""An act that is linked so much later than its own time says is backdated, unless nobody sealed meanwhile."""


class Wrong(StrEnum):
    """What can be wrong."""

    CHANGED = "changed"  # the act or its link is not as it was when it was linked
    MISSING = "missing"  # there is a link, and no act
    CUT = "chain cut"  # links are missing
    BACKDATED = "backdated"  # its time is not the time at which it was written
    CHECKPOINT = "checkpoint does not match"  # the chain is not the one that was signed, or the signature is false
    UNLINKED = "not linked"  # an act that has no link, although it is old enough


class Row(NamedTuple):
    """A link with its act; no act: it is missing."""

    link: Link
    act: Act | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong, and where."""

    wrong: Wrong
    month: str
    number: int | None  # of the link
    id: int | None  # of the act
    at: datetime | None
    actor: str
    action: str
    words: str


@dataclass(slots=True, kw_only=True)
class MonthReport:
    """What was found in the chain of one month."""

    month: str
    links: int = 0
    unlinked: int = 0  # acts that are younger than what must be linked
    checkpoints: int = 0
    covered: int = 0  # up to this link the chain is the one that was signed
    last_link_at: datetime | None = None
    last_checkpoint_at: datetime | None = None
    first: Finding | None = None
    wrong: int = 0  # how many things are wrong
    still: list[tuple[datetime, datetime]] = field(default_factory=list)  # from, until: nobody sealed

    def add(self, finding: Finding) -> None:
        """Count one; the first in the order of the chain is kept."""
        self.wrong += 1
        if self.first is None or _place(finding) < _place(self.first):
            self.first = finding


def _place(finding: Finding) -> float:
    return finding.number if finding.number is not None else float("inf")


def moment(micros: int) -> datetime:
    """A time of the chain; one that no calendar has becomes the beginning."""
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
    except OverflowError:
        return datetime.fromtimestamp(0, UTC)


def finding(wrong: Wrong, month: str, number: int | None, act: Act | None, words: str) -> Finding:
    """A finding about this act; no act: nothing is known of it."""
    return Finding(
        wrong=wrong, month=month, number=number, id=act.id if act else None,
        at=moment(act.at) if act else None, actor=act.actor if act else "", action=act.action if act else "",
        words=words,
    )  # fmt: skip


class ChainCheck:
    """Checks the chain of one month, link by link. Keeps nothing but the last link and the month's checkpoints."""

    def __init__(
        self, month: str, checkpoints: Iterable[Checkpoint], trust: Trust, *, late_seconds: float = LATE_SECONDS
    ) -> None:
        self.report = MonthReport(month=month)
        self._late = int(late_seconds * MICROS)
        self._trust = trust
        self._previous: bytes | None = FIRST
        self._number = 0
        self._linked_at = 0
        self._since: int | None = None  # what the link before says
        self._checkpoints: dict[int, list[Checkpoint]] = {}
        for checkpoint in checkpoints:
            self._checkpoints.setdefault(checkpoint.number, []).append(checkpoint)

    def feed(self, rows: Sequence[Row]) -> None:
        """The next links, in the order of their numbers."""
        report = self.report
        for row in rows:
            link = row.link
            if link.number != self._number + 1:
                self._cut(row)
            self._check(row)
            if link.number in self._checkpoints:
                self._against_checkpoints(row)
            if link.since is not None:
                self._stood_still(link)
            self._since = link.since
            self._previous, self._number, self._linked_at = link.hash, link.number, link.linked_at
        report.links += len(rows)

    def end(self) -> MonthReport:
        """No more links: what is left?"""
        report = self.report
        report.last_link_at = moment(self._linked_at) if report.links else None
        beyond = [number for number in self._checkpoints if number > self._number]
        for number in sorted(beyond):
            words = f"the chain ends at link {self._number}, but a checkpoint says that it had {number}"
            report.add(finding(Wrong.CUT, report.month, self._number + 1, None, words))
        return report

    def _check(self, row: Row) -> None:
        link, act = row
        if act is None:
            words = f"the act with the id {link.audit_id} is not there any more"
            self._add(Wrong.MISSING, link.number, None, words)
        elif self._is_changed(link, act):
            self._add(Wrong.CHANGED, link.number, act, "the act or its link is not as it was when it was linked")
        elif self._is_backdated(link, act):
            words = f"it says {_shown(act.at)} and was linked {_shown(link.linked_at)}"
            self._add(Wrong.BACKDATED, link.number, act, words)

    def _is_changed(self, link: Link, act: Act) -> bool:
        if link.month != self.report.month:
            return True
        if self._previous is None:  # the link before it is missing
            return False
        expected = link_hash(self._previous, link.month, link.number, link.linked_at, link.since, act)
        return expected != link.hash

    def _is_backdated(self, link: Link, act: Act) -> bool:
        """Linked late although somebody sealed, or before its own time, or before the link in front of it."""
        late = link.linked_at - act.at > self._late and (link.since is None or act.at < link.since - self._late)
        early = act.at - link.linked_at > self._late
        return late or early or self._linked_at - link.linked_at > self._late

    def _add(self, wrong: Wrong, number: int, act: Act | None, words: str) -> None:
        self.report.add(finding(wrong, self.report.month, number, act, words))

    def _cut(self, row: Row) -> None:
        first, last = self._number + 1, row.link.number - 1
        words = f"links {first} to {last} are missing" if last > first else f"link {first} is missing"
        self._add(Wrong.CUT, first, None, f"{words}; the next act that is there has the id {row.link.audit_id}")
        self._previous = None

    def _against_checkpoints(self, row: Row) -> None:
        report, number = self.report, row.link.number
        for checkpoint in self._checkpoints[number]:
            report.checkpoints += 1
            wrong = self._trust.wrong(checkpoint)
            if not wrong and checkpoint.hash != row.link.hash:
                wrong = f"it was signed for another chain; links {report.covered + 1} to {number} were rewritten"
            if wrong:
                words = f"checkpoint {checkpoint.serial} of {_shown(checkpoint.at)}: {wrong}"
                self._add(Wrong.CHECKPOINT, number, row.act, words)
                return
            report.last_checkpoint_at = moment(checkpoint.at)
        report.covered = number

    def _stood_still(self, link: Link) -> None:
        """A claim that nobody sealed for a while. It is a lie where there are links of that time.

        A long pass makes its links in portions, which all make the same claim.
        """
        since, still = link.since or 0, self.report.still
        if since == self._since:
            still[-1] = (moment(since), moment(link.linked_at))
            return
        still.append((moment(since), moment(link.linked_at)))
        if self._linked_at - since > self._late:
            words = f"it says that nobody sealed since {_shown(since)}, but there are links of that time"
            self._add(Wrong.BACKDATED, link.number, None, words)


def _shown(micros: int) -> str:
    return f"{moment(micros):%Y-%m-%d %H:%M:%S} UTC"


def answer(report: MonthReport) -> str:
    """What was found, in a sentence or two."""
    name, bad = report.month[:7], report.first
    if bad is not None:
        who = f", act {bad.id} of {bad.at:%Y-%m-%d %H:%M:%S} UTC ({bad.actor}: {bad.action})" if bad.at else ""
        place = f" at link {bad.number}" if bad.number is not None else ""
        more = f" {report.wrong - 1} more things are wrong." if report.wrong > 1 else ""
        return f"{name}: {bad.wrong}{place}{who}: {bad.words}.{more}"
    until = f" up to {report.last_link_at:%Y-%m-%d %H:%M:%S} UTC" if report.last_link_at else ""
    signed = f"signed up to link {report.covered}" if report.covered else "nothing of it is signed yet"
    fresh = f", {report.unlinked} too new to be linked" if report.unlinked else ""
    still = "".join(f" Nobody sealed from {a:%Y-%m-%d %H:%M} to {b:%Y-%m-%d %H:%M}." for a, b in _pauses(report))
    return f"{name}: unbroken{until}, {report.links} acts, {signed}{fresh}.{still}"


def _pauses(report: MonthReport) -> list[tuple[datetime, datetime]]:
    """Without the time before the very first seal."""
    return [pause for pause in report.still if pause[0].year > 1970]
