"""A model of two systems that hold the same record, and of the hub between them that judges what they tell.

Records show themselves as a whole, writes arrive late and are known to have arrived later still, snapshots were read
before they are judged.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from hilum.masterdata.ownership import Conflict, Matrix, Others, Rule
from hilum.masterdata.sync import Change, Document, fingerprint, judge
from hilum.masterdata.sync.document import Sent
from hilum.masterdata.sync.judging import Landing, Verdict
from hilum.masterdata.sync.telling import fills_for, note_sent, only_to_fill, to_tell

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
