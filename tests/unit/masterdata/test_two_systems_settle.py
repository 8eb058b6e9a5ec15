"""Two systems hold the same record and are edited at both sides while changes and writes are under way: they settle.

A model of the world around the judge: records that show themselves as a whole, writes that arrive late and are known to
have arrived later still, snapshots that were read before they are judged.
"""

from __future__ import annotations

import itertools
import random
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hilum.masterdata.ownership import Conflict, Matrix, Others, Rule
from hilum.masterdata.sync import Change, Document, fingerprint, judge, judging
from hilum.masterdata.sync.document import Sent
from hilum.masterdata.sync.judging import Landing, Verdict
from hilum.masterdata.sync.telling import fills_for, note_sent, only_to_fill, to_tell

pytestmark = [pytest.mark.req("MD-5"), pytest.mark.req("MD-6")]

KEY = b"a key of this database"
A, B = "A", "B"
OTHER = {A: B, B: A}
RULES = {
    "of_a": Rule(owner=A, others=Others.IGNORE),
    "of_b": Rule(owner=B, others=Others.IGNORE),
    "if_empty": Rule(owner=A, others=Others.ACCEPT_IF_EMPTY),
    "shared": Rule(conflict=Conflict.NEWEST),
}
MATRIX = Matrix(rules={("thing", name, ""): rule for name, rule in RULES.items()}, systems={A: ["a"], B: ["b"]})


class Told(NamedTuple):
    """The record as a system showed it: when it was changed last, and the message by which the hub has it."""

    values: dict[str, str]
    at: float
    key: str
    seq: int


class Write(NamedTuple):
    """A write of the hub, by its message's ordering key and place."""

    values: dict[str, str]
    message: str
    key: str
    seq: int
    fills: frozenset[str] = frozenset()  # what it may only fill
    made: int = 0  # the place of the last message that had come then


@dataclass
class Side:
    """One system: its record, when it was last changed, and what is on its way to it."""

    values: dict[str, str] = field(default_factory=lambda: dict.fromkeys(RULES, ""))
    at: float = 0.0
    writes: list[Write] = field(default_factory=list)  # on their way
    snapshots: deque[Told] = field(default_factory=deque)
    told: Told | None = None  # the change that was judged last
    own: dict[str, str] = field(default_factory=dict)  # the last edit of each field by its people


class World:
    """`tells`: each system tells of every single change; else what it shows is looked at now and then, and a write that
    may only fill a field looks first.
    """

    def __init__(self, *, dated: bool, step: float = 5.0, numbered: bool = True, tells: bool = False) -> None:
        self.sides = {A: Side(), B: Side()}
        self.document = Document()
        self.now = 1_000.0
        self.sent: dict[str, Write] = {}
        self.landed: dict[str, float] = {}
        self.arrived: deque[tuple[str, float]] = deque()  # not known to the hub yet
        self.dated = dated
        self.step = step  # seconds from one event to the next
        self.numbered = numbered  # does A show the number that B gave? Else their changes have different keys
        self.tells = tells
        self.edits = self.writes = self.messages = self.seq = 0

    def edit(self, system: str, name: str) -> None:
        self.now += self.step
        self.edits += 1
        side = self.sides[system]
        side.values[name] = side.own[name] = f"{system}{self.edits}"
        self._changed(system)

    def _changed(self, system: str) -> None:
        self.sides[system].at = self.now
        if self.tells:
            self.read(system)

    def _write_to(self, system: str, write: Write) -> None:
        """What the system does with a write of the hub."""
        self.now += self.step
        values = self.sides[system].values
        left = {name for name in write.fills if values[name] and not self.tells}
        values.update({name: value for name, value in write.values.items() if name not in left})
        self._changed(system)

    def number(self) -> None:
        self.numbered = True

    def read(self, system: str) -> None:
        side = self.sides[system]
        self.seq += 1
        key = "S-1" if self.numbered or system == B else "a-7"
        side.snapshots.append(Told(dict(side.values), side.at, key, self.seq))

    def _next(self, system: str, *, last: bool) -> Write | None:
        """The write that arrives next: the first of its key, of the key whose first one is the oldest or youngest."""
        heads: dict[str, Write] = {}
        for each in sorted(self.sides[system].writes, key=lambda each: each.seq):
            heads.setdefault(each.key, each)
        found = sorted(heads.values(), key=lambda each: each.seq)
        return found[-1 if last else 0] if found else None

    def land(self, system: str, *, last: bool = False) -> None:
        side, write = self.sides[system], self._next(system, last=last)
        if write is not None:
            side.writes.remove(write)
            self._write_to(system, write)
            self.arrived.append((write.message, self.now))

    def overtake(self, system: str) -> None:
        """The write of another key arrives before an older one."""
        self.land(system, last=True)

    def lose(self, system: str) -> None:
        """A write lands and its answer is lost: the hub repeats it, before anything else of its key."""
        write = self._next(system, last=False)
        if write is not None:
            self._write_to(system, write)

    def restart(self, system: str) -> None:
        """The hub was down before it had noted that it knows the last change: it is told again."""
        side = self.sides[system]
        if side.told is not None:
            side.snapshots.appendleft(side.told)

    def note(self) -> None:
        if self.arrived:
            message, at = self.arrived.popleft()
            self.landed[message] = at

    def judge(self, system: str) -> None:
        side = self.sides[system]
        if not side.snapshots:
            return
        self.messages += 1
        told = side.told = side.snapshots.popleft()
        values, at, *_ = told
        change = Change(
            object="thing",
            system=system,
            facility="",
            values=values,
            prints={name: fingerprint(KEY, value) for name, value in values.items()},
            at=(at if system == A else float(int(at))) if self.dated else self.now,  # B tells whole seconds
            dated=self.dated,
            now=self.now,
            seq=told.seq,
            received=told.seq,
        )
        decisions = judge(change, self.document, MATRIX, self._landing)
        assert not [each for each in decisions if each.verdict in (Verdict.REFUSED, Verdict.HELD)]
        names = to_tell(change, self.document, OTHER[system])
        fills = only_to_fill(change, names, OTHER[system], MATRIX)
        self._write(OTHER[system], {name: values[name] for name in names}, told, fills)
        corrected = {each.field: self.document.values[each.field] for each in decisions if each.correct}
        self._write(system, corrected, told, fills_for(change, self.document, corrected, MATRIX))
        self.document = Document.of(orjson.loads(self.document.state()), self.document.values)  # as from the database

    def _landing(self, sent: Sent) -> Landing:
        write = self.sent[sent.message]
        return Landing(self.landed.get(sent.message), write.key, (write.seq, sent.ordinal), write.made)

    def _write(self, system: str, values: dict[str, str], told: Told, fills: frozenset[str] = frozenset()) -> None:
        if not values:
            return
        self.writes += 1
        message = f"m{self.writes}"
        self.sent[message] = Write(values, message, told.key, told.seq, fills, self.seq)
        self.sides[system].writes.append(self.sent[message])
        note_sent(self.document, frozenset(values), system, message, 0)

    def settle(self) -> None:
        for _ in range(20):
            before = self.writes
            for system in (A, B):
                while self.sides[system].writes:
                    self.land(system)
            while self.arrived:
                self.note()
            self.now += self.step
            for system in (A, B):
                self.read(system)
                while self.sides[system].snapshots:
                    self.judge(system)
            if self.writes == before:
                return
        raise AssertionError("it does not settle")


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.sampled_from([A, B]), st.sampled_from(sorted(RULES))),
        st.tuples(
            st.sampled_from(["read", "land", "overtake", "judge", "lose", "restart"]),
            st.sampled_from([A, B]),
            st.just(""),
        ),
        st.tuples(st.sampled_from(["note", "number"]), st.just(A), st.just("")),
    ),
    max_size=40,
)


def lived(steps: list[tuple[str, str, str]], *, dated: bool, step: float = 5.0) -> World:
    world = World(dated=dated, step=step)
    for act, system, name in steps:
        match act:
            case "edit":
                world.edit(system, name)
            case "note" | "number":
                getattr(world, act)()
            case _:
                getattr(world, act)(system)
    world.settle()
    return world


def agree(steps: list[tuple[str, str, str]], step: float) -> None:
    agreed(lived(steps, dated=True, step=step))


def agreed(world: World, about: object = "") -> None:
    a, b = world.sides[A], world.sides[B]
    assert a.values == b.values
    assert a.values["of_a"] == a.own.get("of_a", "")
    assert a.values["of_b"] == b.own.get("of_b", "")
    if "if_empty" in a.own:  # also where what filled the empty field crossed the owner's first edit
        assert a.values["if_empty"] == a.own["if_empty"], about
    assert world.writes <= 4 * world.edits, "no storm"


def agree_without_dates(steps: list[tuple[str, str, str]]) -> None:
    world = lived(steps, dated=False)
    assert world.sides[A].values == world.sides[B].values
    assert world.writes <= 8 * world.edits, "no storm"


_ACTS = {"edit": 8, "read": 8, "judge": 10, "land": 6, "overtake": 6, "lose": 2, "note": 8, "restart": 1}
"""What happens how often while A does not show the number yet, and after it: writes of two ordering keys cross."""


def crossed(seed: int, *, dated: bool, step: float, tells: bool) -> World:
    """Forty things that happen, in the middle of which A begins to show the number; then they settle."""
    chance, world = random.Random(seed), World(dated=dated, step=step, numbered=False, tells=tells)
    numbered, names = chance.randrange(40), chance.sample(sorted(RULES), chance.choice((1, 2, 4)))
    for number in range(40):
        if number == numbered:
            world.number()
        (act,) = chance.choices(list(_ACTS), list(_ACTS.values()))
        system = chance.choice((A, B))
        if act == "edit":
            world.edit(system, chance.choice(names))
        elif act == "note":
            world.note()
        else:
            getattr(world, act)(system)
    world.settle()
    return world


_FEEDS = ((True, True), (True, False), (False, False))
"""Whether systems say when a record was changed, and whether they tell of every single change."""


def agree_after_crossing(seeds: range) -> None:
    for seed, (dated, tells), step in itertools.product(seeds, _FEEDS, (5.0, 0.05)):
        world = crossed(seed, dated=dated, step=step, tells=tells)
        assert world.sides[A].values == world.sides[B].values, (seed, dated, step, tells)
        assert world.writes <= 5 * world.edits + 4, "no storm"
        if dated:
            agreed(world, seed)


PACES = pytest.mark.parametrize("step", [5.0, 0.05], ids=["slowly", "quickly"])


@PACES
@settings(max_examples=150, deadline=None)
@given(steps=_STEPS)
def test_they_agree_and_no_owner_lost_an_edit(steps: list[tuple[str, str, str]], step: float) -> None:
    agree(steps, step)


@settings(max_examples=150, deadline=None)
@given(_STEPS)
def test_systems_that_do_not_say_when_agree_too(steps: list[tuple[str, str, str]]) -> None:
    agree_without_dates(steps)


@pytest.mark.long
@PACES
@settings(max_examples=5_000, deadline=None)
@given(steps=_STEPS)
def test_they_agree_in_thousands_of_histories(steps: list[tuple[str, str, str]], step: float) -> None:
    agree(steps, step)
    agree_without_dates(steps)


def test_they_agree_while_one_does_not_show_the_number_yet() -> None:
    agree_after_crossing(range(60))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_they_agree_in_thousands_of_histories_with_late_numbers() -> None:
    agree_after_crossing(range(60, 3_000))


def test_an_edit_that_puts_back_what_the_hub_had_written_over_is_an_edit() -> None:
    world = World(dated=True)
    for system in (A, B):
        world.read(system)
        world.judge(system)
    world.sides[A].values["of_a"], world.sides[A].at = "one", 1_010.0
    world.now = 1_020.0
    world.settle()
    world.sides[A].values["of_a"], world.sides[A].at = "two", world.now
    world.settle()
    world.now += 5
    world.sides[A].values["of_a"], world.sides[A].at = "one", world.now
    world.settle()
    assert world.sides[B].values["of_a"] == "one"


def test_a_system_that_writes_a_value_in_its_own_form_is_not_corrected_for_ever() -> None:
    world = World(dated=True)
    world.edit(A, "of_a")
    world.settle()
    for _ in range(20):  # B always makes capitals of it
        world.now += 5
        side = world.sides[B]
        side.values["of_a"], side.at = "A1!", world.now
        world.read(B)
        world.judge(B)
        world.land(B)
        world.note()
    assert world.writes < 8


def test_what_was_given_up_is_no_echo() -> None:
    document = Document()
    note = fingerprint(KEY, "x")
    state = {"of_b": "x"}

    def seen(at: float | None) -> Verdict:
        document.fields.clear()
        change = Change(
            object="thing", system=B, facility="", values=state, prints={"of_b": note}, at=50.0, dated=True, now=60.0
        )
        document.fields.update(Document().fields)
        judge(change, document, Matrix(), lambda sent: Landing(at))
        document.fields["of_b"].view(B).shown = "other"
        document.fields["of_b"].value = "else"
        document.fields["of_b"].view(B).sent = [Sent(note, "m", 0)]
        return judge(change, document, MATRIX, lambda sent: Landing(at))[0].verdict

    assert seen(55.0) is Verdict.KEPT, "an echo, and not what is in force"
    assert seen(-1.0) is Verdict.ACCEPTED


def test_a_system_that_tells_of_every_single_change_late_settles_too() -> None:
    for seed in range(300):
        chance, world = random.Random(seed), World(dated=True, step=0.03)
        for _ in range(150):
            act = chance.choices(["edit", "land", "judge", "note", "read"], [2, 4, 4, 4, 3])[0]
            system = chance.choice((A, B))
            before = world.sides[A].at
            if act == "edit":
                world.edit(system, "shared")
            elif act == "note":
                world.note()
            else:
                getattr(world, act)(B if act == "read" else system)
            if world.sides[A].at != before:
                world.read(A)
        world.settle()
        assert world.sides[A].values == world.sides[B].values, seed


@settings(max_examples=300, deadline=None)
@given(_STEPS)
def test_the_quick_decision_is_that_of_the_judge(steps: list[tuple[str, str, str]]) -> None:
    """What is decided without a judge is decided, and noted, as the judge would have."""
    quick, both = judging._as_ever, []

    def compared(change: Change, name: str, document: Document, rule: Rule) -> judging.Decision | None:
        other = document.copy()
        found = quick(change, name, document, rule)
        if found is not None:
            slow = judging._Judge(change, name, other, rule, lambda sent: Landing(0.0)).decide()
            both.append((found, slow, document.state(), other.state()))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "_as_ever", compared)
        lived(steps, dated=True)
    for found, slow, one, other in both:
        assert (found, one) == (slow, other)
    assert both or not any(act == "edit" for act, *_ in steps)
