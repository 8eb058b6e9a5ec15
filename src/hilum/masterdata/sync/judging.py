"""Whether a change counts: field by field, by what the hub knows of the object, by ownership, then by rule. Pure.

A captured system shows an object as a whole, again and again. So first it is asked whether a field was changed there at
all: what it showed before, or what the hub wrote there, is no change but an echo. Only what is left is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from types import MappingProxyType
from typing import Any, Final

from hilum.masterdata.ownership import Conflict, Matrix, Others, Rule
from hilum.masterdata.sync.document import EMPTY, Document, Sent

ECHO_SECONDS: Final = 900.0
"""So long after a write has landed, what it wrote can still come back as an echo."""

SKEW_SECONDS: Final = 2.0
"""By so much the clock of a system may be behind the hub's; systems that tell whole seconds need one."""

MOST_CORRECTIONS: Final = 3
"""So often a system is corrected for one and the same value: one that writes it in a form of its own would go on."""

MOST_TURNS: Final = 3
TURNS_SECONDS: Final = 600.0
"""A value that comes into force so often within this time comes from systems that do not agree on its form."""

_TURNS_KEPT: Final = 16
"""The last values in force of a field that are remembered: enough for four systems that put back each other's, and a
field that changes every second costs no more than others."""

_MOST_PAST: Final = 8

ON_ITS_WAY: Final = None
NEVER: Final = -1.0
NO_RULES: Final[Mapping[str, Rule]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Landing:
    """When a write arrived, and what it is in order with."""

    at: float | None  # seconds since 1970; `ON_ITS_WAY`; `NEVER` where it was given up
    key: str = ""  # writes of one ordering key arrive in the order of their places
    place: tuple[int, int] = (0, 0)
    made: float = 0.0  # when the hub decided to write it, by the database's clock

    def before(self, other: Landing) -> bool:
        """Did this write, or will it, arrive before the other one for certain?"""
        return bool(self.key) and self.key == other.key and self.place < other.place


Landed = Callable[[Sent], Landing]


class Verdict(StrEnum):
    """What becomes of one field of a change. The database has the same list, without the first."""

    UNCHANGED = "unchanged"
    ECHO = "echo"  # the hub wrote it there itself
    ACCEPTED = "accepted"  # it is in force now
    WON = "won"  # it is in force now, against a change made elsewhere at the same time
    KEPT = "kept"  # a change made elsewhere at the same time stays in force
    IGNORED = "ignored"  # the system does not own it
    STALE = "stale"  # older than what the same system told before
    REFUSED = "refused"  # the message is held: the system does not own it
    HELD = "held"  # the message is held: a steward decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a system says of an object."""

    object: str
    system: str
    facility: str
    values: Mapping[str, Any]  # as JSON has them
    prints: Mapping[str, str]  # their fingerprints
    at: float  # when it was changed there
    dated: bool  # the system said so itself; else it is the time of receipt
    now: float
    seq: int = 0  # its place among all messages; what a system told later has a greater one
    received: float = inf  # when the hub got it, by the database's clock; what was made after that it cannot show
    granted: bool = False  # a steward let it through
    rules: Mapping[str, Rule] = field(default_factory=lambda: NO_RULES)  # of what the matrix does not know: the number

    def rule(self, name: str, matrix: Matrix) -> Rule:
        """Who owns this field of it."""
        return self.rules.get(name) or matrix.rule(self.object, name, self.facility)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One field."""

    field: str
    verdict: Verdict
    rule: Rule
    other: str = ""  # whose value was in force
    correct: bool = False  # the system must be told what is in force
    words: str = ""


def judge(change: Change, document: Document, matrix: Matrix, landed: Landed) -> list[Decision]:
    """Decide about each field, and note in the document what that makes of it.

    Where a field is refused or held the message goes no further, and the document must not be kept.
    """
    found = []
    for name in change.values:
        rule = change.rule(name, matrix)
        decision = _as_ever(change, name, document, rule)
        found.append(decision or _Judge(change, name, document, rule, landed).decide())
    return found


def _as_ever(change: Change, name: str, document: Document, rule: Rule) -> Decision | None:
    """The usual case, without a judge, who would decide the same: the system shows what it showed before, that is in
    force, and the hub wrote nothing there."""
    state, value = document.fields.get(name), change.prints[name]
    view = state.views.get(change.system) if state is not None else None
    if state is None or view is None or view.sent or view.past or not value == view.shown == state.value:
        return None
    if change.seq < view.seq:
        return None
    view.seq = change.seq
    view.refuted, view.corrections = "", 0
    return Decision(field=name, verdict=Verdict.UNCHANGED, rule=rule, other=state.system)


class _Judge:
    """About one field."""

    def __init__(self, change: Change, name: str, document: Document, rule: Rule, landed: Landed) -> None:
        self._change = change
        self._name = name
        self._document = document
        self._rule = rule
        self._landed = landed
        self._value = change.prints[name]
        self._state = document.field(name)
        self._view = self._state.view(change.system)
        self._was = self._state.system

    def decide(self) -> Decision:
        if found := self._overtaken():
            return found
        self._forget_old()
        return self._blank() or self._known() or self._stale() or self._agreed() or self._changed()

    def _is(self, verdict: Verdict, *, correct: bool = False, words: str = "") -> Decision:
        return Decision(
            field=self._name, verdict=verdict, rule=self._rule, other=self._was, correct=correct, words=words
        )

    # Is it a change at all?

    def _forget_old(self) -> None:
        """Writes that were given up; and of those that the system has overwritten, the old ones."""
        view = self._view
        view.sent = [each for each in view.sent if self._landed(each).at != NEVER]
        view.past = [each for each in view.past if self._may_come_again(each)][-_MOST_PAST:]
        while len(view.sent) > 1 and not self._recent(view.sent[0]):  # it was seen, or overwritten by the next one
            view.shown = view.sent.pop(0).value

    def _recent(self, sent: Sent) -> bool:
        at = self._landed(sent).at
        return at is ON_ITS_WAY or at > self._change.now - ECHO_SECONDS

    def _overtaken(self) -> Decision | None:
        """Did the same system tell of this field later already? Messages with different keys overtake each other."""
        change, view = self._change, self._view
        if change.seq < view.seq and not change.granted:
            return self._is(Verdict.UNCHANGED if self._value == view.shown else Verdict.STALE)
        view.seq = max(view.seq, change.seq)
        return None

    def _blank(self) -> Decision | None:
        """A system that never showed a value shows none: nobody deleted what others have given meanwhile."""
        view = self._view
        if self._value != EMPTY or view.shown or self._state.value in ("", EMPTY):
            return None
        view.shown = EMPTY
        return None if view.sent else self._again(Verdict.KEPT, "")

    def _known(self) -> Decision | None:
        """Does it show what it showed before, or what the hub wrote there?"""
        view = self._view
        shown = [each for each in view.sent if self._made_before(each)]
        chain = [view.shown, *(each.value for each in shown)]
        places = [place for place, value in enumerate(chain) if value == self._value]
        if not places:
            return self._late_echo()
        arrived = [place for place in places if not place or self._arrived(view.sent[place - 1])]
        place = arrived[-1] if arrived else places[0]
        later = view.sent[place:]
        if self._value != self._state.value and len(shown) == len(view.sent) and self._may_have_crossed(places):
            return self._crossed(place)
        if shown[place:] and all(self._arrived(each) for each in later):
            return self._behind(later)
        if place:
            self._seen(place)
        if self._value == self._state.value:
            view.refuted, view.corrections = "", 0
        elif place and view.last != self._state.value:
            return self._again(Verdict.KEPT, "What the hub had written overwrote what is in force.")
        return self._is(Verdict.ECHO if place else Verdict.UNCHANGED)

    def _arrived(self, sent: Sent) -> bool:
        return self._landed(sent).at is not ON_ITS_WAY

    def _made_before(self, sent: Sent) -> bool:
        """Was it decided before the system told this, so that this may show it?"""
        return self._landed(sent).made < self._change.received

    def _before(self, sent: Sent, others: list[Sent]) -> bool:
        """Does this write arrive before all the others, for certain?"""
        return all(self._landed(sent).before(self._landed(each)) for each in others)

    def _seen(self, place: int) -> None:
        """The write of this place has arrived. Those sent before it have too, but for what has no order with it."""
        view, written = self._view, self._view.sent[place - 1]
        view.past += [each for each in view.sent[: place - 1] if not self._before(each, [written])]
        if not self._arrived(written) or (self._change.dated and self._follows(written)):
            view.past.append(written)
        view.shown, view.sent = self._value, view.sent[place:]

    def _may_come_again(self, written: Sent) -> bool:
        """May what it shows not be this write yet, or this write whose answer was lost, so that it is repeated?"""
        if not self._arrived(written):
            return True
        return self._follows(written) if self._change.dated else self._recent(written)

    def _may_have_crossed(self, places: list[int]) -> bool:
        """May the write that it shows have arrived after others that were sent later?

        Their ordering keys differ, as long as a system does not show the number of a thing; or the one was held.
        """
        sent = self._view.sent
        written = [(sent[place - 1], sent[place:]) for place in places if place]
        written += [(each, sent) for each in self._late()]
        return any(not self._before(each, [x for x in later if x.value != self._value]) for each, later in written)

    def _crossed(self, place: int) -> Decision | None:
        """What is in force is sent once more, behind all that is on its way."""
        if self._change.dated and not any(self._follows(each) for each in self._view.sent):
            return None  # all had arrived long before: somebody put it back
        if place:
            self._seen(place)
        return self._again(Verdict.KEPT, "Two writes of the hub may have crossed on their way.")

    def _behind(self, later: list[Sent]) -> Decision | None:
        """It shows something older than what arrived there: it was read before, or somebody put it back."""
        arrived = max(self._landed(each).at or 0.0 for each in later)
        if not self._change.dated:
            return self._corrected(
                Verdict.KEPT, "It cannot be told from an echo, because the system does not say when."
            )
        if self._change.at > arrived + SKEW_SECONDS:
            return None
        return self._is(Verdict.UNCHANGED)

    def _late_echo(self) -> Decision | None:
        """It shows what the hub wrote before the system's own last change: so that change was overwritten there.

        Where the system says when, such writes are not past: it is known that they came after the change; but for
        those that have no order with the one that it showed.
        """
        view = self._view
        if not self._late():
            return None
        view.shown = self._value
        if self._value == self._state.value:
            return self._is(Verdict.ECHO)
        return self._corrected(Verdict.KEPT, "What the hub had written before came back.")

    def _late(self) -> list[Sent]:
        """Past writes of the value that it shows which may have arrived after its last change."""
        past = [each for each in self._view.past if each.value == self._value and self._made_before(each)]
        return [each for each in past if not self._change.dated or self._follows(each)]

    def _stale(self) -> Decision | None:
        """The same system said something newer before: this one was replayed, or overtaken."""
        if self._state.system == self._change.system and self._change.at < self._state.at:
            return self._is(Verdict.STALE)
        return None

    def _agreed(self) -> Decision | None:
        """Both came to the same value, each by itself."""
        if self._state.value and self._value == self._state.value:
            self._overwrote()
            on_its_way = self._view.sent
            return self._is(Verdict.UNCHANGED, correct=bool(on_its_way) and on_its_way[-1].value != self._value)
        return None

    # Does it count?

    def _changed(self) -> Decision:
        change, rule = self._change, self._rule
        if change.granted:
            return self._accept(Verdict.ACCEPTED, "A steward let it through.")
        if not rule.owner:
            return self._shared()
        if rule.owner == change.system:
            return self._accept(Verdict.WON if self._concurrent else Verdict.ACCEPTED)
        return self._of_another()

    def _of_another(self) -> Decision:
        if self._value == EMPTY and not self._state.value:
            self._view.shown = EMPTY
            return self._is(Verdict.UNCHANGED)  # it says that it knows nothing, and nobody else does yet
        match self._rule.others:
            case Others.REFUSE:
                return self._is(Verdict.REFUSED)
            case Others.HOLD:
                return self._is(Verdict.HELD)
            case Others.ACCEPT_IF_EMPTY if self._state.value in ("", EMPTY):
                return self._accept(Verdict.ACCEPTED)
            case _:
                return self._corrected(Verdict.IGNORED)

    def _shared(self) -> Decision:
        """Nobody owns it: who changes it alone may; of two at once the rule says who wins."""
        if not self._concurrent:
            return self._accept(Verdict.ACCEPTED)
        if self._rule.conflict is Conflict.HOLD:
            return self._is(Verdict.HELD)
        mine = self._change.at, self._change.system
        if mine > (self._state.at, self._state.system):
            return self._accept(Verdict.WON)
        return self._corrected(Verdict.KEPT)

    @property
    def _concurrent(self) -> bool:
        """Was it changed elsewhere, and this system did not show that when it was changed here?"""
        state, view = self._state, self._view
        if not state.value or state.system == self._change.system:
            return False
        before = [each.value for each in view.sent if not self._follows(each)]
        return (before[-1] if before else view.shown) != state.value

    def _follows(self, sent: Sent) -> bool:
        """Did this write reach the system after the change was made there, so that it overwrites it?"""
        arrived = self._landed(sent).at
        if not self._made_before(sent):
            return True
        if arrived is ON_ITS_WAY:
            return True
        return self._change.dated and self._change.at <= arrived + SKEW_SECONDS

    def _accept(self, verdict: Verdict, words: str = "") -> Decision:
        change, state, view = self._change, self._state, self._view
        recent = [turn for turn in state.turns if turn[1] > change.now - TURNS_SECONDS]
        if not change.granted and sum(value == self._value for value, _ in recent) >= MOST_TURNS:
            return self._is(Verdict.HELD, words="It comes back again and again: the systems do not agree on its form.")
        state.turns = [*recent, (self._value, change.now)][-_TURNS_KEPT:]
        state.value, state.system, state.at = self._value, change.system, change.at
        self._document.values[self._name] = change.values[self._name]
        self._overwrote()
        view.refuted, view.corrections = "", 0
        # What is on its way would overwrite it there. To the owner it is not sent before that is seen: its people may
        # have changed it once more, and what would have filled an empty field leaves theirs alone.
        correct = bool(view.sent) and self._rule.owner != change.system
        return self._is(verdict, correct=correct, words=words)

    def _corrected(self, verdict: Verdict, words: str = "") -> Decision:
        """What is in force stays, and the system is told."""
        self._overwrote()
        return self._again(verdict, words)

    def _again(self, verdict: Verdict, words: str) -> Decision:
        """The system is told what is in force, but not for ever of one value."""
        view = self._view
        if view.refuted != self._value:
            view.refuted, view.corrections = self._value, 0
        correct = bool(self._state.value) and view.corrections < MOST_CORRECTIONS
        view.corrections += 1
        return self._is(verdict, correct=correct, words=words)

    def _overwrote(self) -> None:
        """The system shows a value of its own now; what had arrived there before is past."""
        view = self._view
        view.shown = self._value
        view.past += [each for each in view.sent if not self._follows(each)]
        view.sent = [each for each in view.sent if self._follows(each)]
