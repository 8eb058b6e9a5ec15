"""Ownership applied where objects leave translation: who may change what, what is an echo, who must be told what.

Only messages with objects that `ownership.toml` names come here; for all others nothing is read and nothing written.
What is decided, what is known of the objects then, and the deliveries are one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from hilum.canonical import BusinessObject, partial, partial_of, told
from hilum.connector import Header
from hilum.errors import NotOwner, SettingsError, Stop, Undecided
from hilum.flow import Flow, Yielded
from hilum.journal.text import key_of
from hilum.journal.work import MOST_DELIVERIES, NewDelivery, ToTranslate, Translated
from hilum.masterdata import sync
from hilum.masterdata.ownership import FILE, Matrix
from hilum.masterdata.sync import Change, Decision, Document, Noted, Verdict
from hilum.masterdata.sync.judging import Landed
from hilum.masterdata.sync.store import Key
from hilum.masterdata.sync.telling import counted, fills_for, knows, note_sent, only_to_fill, to_tell
from hilum.postgres import Connection
from hilum.runtime.numbering import number_field, number_rules, number_shown, put_in_force
from hilum.runtime.outgoing import deliveries
from hilum.runtime.settling import Halted, Unsettled

_CORRECTIONS: Final = 100_000
"""Added to the index of an object in the idempotency keys of its corrections."""

_SAID: Final = frozenset({Verdict.WON, Verdict.KEPT, Verdict.IGNORED, Verdict.STALE, Verdict.REFUSED, Verdict.HELD})
_IN_FORCE: Final = frozenset({Verdict.ACCEPTED, Verdict.WON})


@dataclass(slots=True)
class _Sitting:
    """One transaction: what is known of the objects of a batch, and what is decided."""

    documents: dict[Key, Document]
    landed: Landed
    now: float
    changed: dict[Key, tuple[Document, str, UUID]] = field(default_factory=dict)
    notes: list[Noted] = field(default_factory=list)


class Stewardship:
    """Judges changes for the translators of one worker."""

    def __init__(self, matrix: Matrix, flows: Mapping[str, Flow], key: bytes) -> None:
        self._matrix = matrix
        self._objects = frozenset(matrix.objects)
        self._flows = flows
        self._key = key
        self._captured = matrix.captured(list(flows.values()))

    def governs(self, yielded: Sequence[Yielded]) -> bool:
        """Does ownership say anything about these?"""
        return bool(self._objects) and any(self._governed(each.thing) for each in yielded)

    def _governed(self, thing: object) -> bool:
        return isinstance(thing, BusinessObject) and thing.name in self._objects

    async def settle(self, connection: Connection, done: Sequence[Translated]) -> list[Halted]:
        """Judge these in order and make their deliveries; returns those that are held.

        What is decided is written within the transaction of `connection`; of held ones the caller writes it with them.
        A later message of a held one's key is not judged, if its flow holds keys: the caller parks it.
        """
        mine = [one for one in done if isinstance(one, Unsettled)]
        things = [each for one in mine for each in one.things if self._governed(each.thing)]
        documents = await sync.load(connection, {(each.thing.name, each.key) for each in things})
        under_way = {str(one.taken.id): (one.taken.key, one.taken.seq) for one in mine}
        landed = await sync.landings(connection, documents.values(), under_way)
        sitting = _Sitting(documents, landed, time.time())
        halted: list[Halted] = []
        blocked: set[tuple[str, str]] = set()
        for one in mine:
            taken = one.taken
            if (taken.flow, taken.key) in blocked:
                continue
            found = self._judge(one, sitting, granted=False)
            if isinstance(found, Undecided) and taken.id in await sync.granted(connection, [taken.id]):
                found = self._judge(one, sitting, granted=True)
            if isinstance(found, Stop):
                halted.append(Halted(result=one, error=found, notes=self._held_notes(one, sitting)))
                if taken.key and self._flows[taken.flow].on_held == "hold_key":
                    blocked.add((taken.flow, taken.key))
        await sync.save(connection, sitting.changed)
        await sync.note(connection, sitting.notes)
        return halted

    def _judge(self, one: Unsettled, sitting: _Sitting, *, granted: bool) -> Stop | None:
        """Judge a message as a whole: where one field holds it, nothing of it is done."""
        judgement = _Judgement(self, one, sitting, granted=granted)
        try:
            for yielded in one.things:
                judgement.take(yielded)
        except Stop as stop:
            return stop
        if one.taken.next_ordinal + len(judgement.made) > MOST_DELIVERIES:
            raise SettingsError(f"One message may have {MOST_DELIVERIES} deliveries; this one has more.")
        one.deliveries = judgement.made
        judgement.keep()
        return None

    def _held_notes(self, one: Unsettled, sitting: _Sitting) -> list[Noted]:
        """What was decided of a message that is held: of its objects up to the one that holds it."""
        judgement = _Judgement(self, one, sitting, granted=False)
        try:
            for yielded in one.things:
                judgement.take(yielded)
        except Stop:
            pass
        return [each for each in judgement.notes if each.decision.verdict in (Verdict.REFUSED, Verdict.HELD)]

    @property
    def matrix(self) -> Matrix:
        """Who owns what."""
        return self._matrix

    @property
    def captured(self) -> Collection[str]:
        """Systems whose own changes come in."""
        return self._captured

    def flow(self, name: str) -> Flow:
        """A flow by its name."""
        return self._flows[name]

    def fingerprint(self, value: Any) -> str:
        """That of a value, made with the key of this database."""
        return sync.fingerprint(self._key, value)

    def change_of(self, one: Unsettled, yielded: Yielded, now: float, *, granted: bool) -> Change:
        """What the sender says of an object. Raises `NotOwner` where nobody knows who the sender is."""
        flow, thing = self._flows[one.taken.flow], yielded.thing
        system = self._matrix.system_of(flow)
        if not system:
            raise NotOwner(
                f"The flow does not say for which system it speaks, and {FILE} says who owns {thing.name}: "
                "write Flow(..., system=...)."
            )
        values = {**told(thing), **number_shown(yielded)}
        dated = one.changed_at is not None
        return Change(
            object=thing.name,
            system=system,
            facility=getattr(thing, "facility", "") or flow.facility,
            values=values,
            prints={name: self.fingerprint(value) for name, value in values.items()},
            at=one.changed_at if one.changed_at is not None else one.taken.received_at.timestamp(),
            dated=dated,
            now=now,
            seq=one.taken.seq,
            received=one.taken.received_at.timestamp(),
            granted=granted,
            rules=number_rules(yielded),
        )


class _Judgement:
    """One message: nothing of it counts before all of it has been judged."""

    def __init__(self, stewardship: Stewardship, one: Unsettled, sitting: _Sitting, *, granted: bool) -> None:
        self._of = stewardship
        self._one = one
        self._sitting = sitting
        self._granted = granted
        self._documents: dict[Key, Document] = {}
        self.made: list[NewDelivery] = []
        self.notes: list[Noted] = []

    def take(self, yielded: Yielded) -> None:
        """Judge one object and make its deliveries. Raises `NotOwner`, `Undecided`."""
        taken, thing = self._one.taken, yielded.thing
        if not isinstance(thing, BusinessObject) or thing.name not in self._of.matrix.objects:
            self.made += deliveries(taken, yielded)
            return
        change = self._of.change_of(self._one, yielded, self._sitting.now, granted=self._granted)
        key = thing.name, key_of(yielded.key)
        document = self._documents.get(key) or self._sitting.documents[key].copy()
        before = dict(document.values)
        put_in_force(yielded, document, self._of.fingerprint)
        decisions = sync.judge(change, document, self._of.matrix, self._sitting.landed)
        count = len(self.notes)
        self._note(change, thing, decisions, before)
        if stop := _stop(change, decisions):
            raise stop
        self._documents[key] = document
        made = len(self.made)
        self._tell(change, document, yielded, decisions)
        self._correct(change, document, yielded, decisions)
        if len(self.made) == made and len(self.notes) == count:
            echo = Decision(field="", verdict=Verdict.ECHO, rule=self._of.matrix.rule(thing.name, "", change.facility))
            self.notes.append(self._noted(change, thing, echo, {}))

    def keep(self) -> None:
        """All of it counts."""
        taken = self._one.taken
        for key, document in self._documents.items():
            self._sitting.documents[key] = document
            self._sitting.changed[key] = (document, taken.flow, taken.id)
        self._sitting.notes += self.notes

    def _tell(self, change: Change, document: Document, yielded: Yielded, decisions: Sequence[Decision]) -> None:
        """Each target gets what counts: a captured system only what it does not have."""
        thing: BusinessObject = yielded.thing
        new = any(decision.verdict in _IN_FORCE for decision in decisions)
        number = number_field(yielded)
        for target in yielded.targets:
            system = self._of.matrix.system_at(target.endpoint)
            captured = system in self._of.captured
            if captured:
                names, whole = to_tell(change, document, system), not knows(document, system)
                names = names if target.adopts else names - {number}  # others have it as the address
            else:
                quiet = change.system in self._of.captured and not new
                names, whole = (frozenset() if quiet else counted(change, document) - {number}), True
            if not names and not (yielded.identity is not None and yielded.identity.numbered):
                continue
            some = thing if whole and names >= told(thing).keys() else partial(thing, names)
            fills = only_to_fill(change, names, system, self._of.matrix) if captured else ()
            addressed = replace(yielded, thing=some, targets=(target,), headers=_filling(fills))
            self._add(document, addressed, names, system if captured else "")

    def _correct(self, change: Change, document: Document, yielded: Yielded, decisions: Sequence[Decision]) -> None:
        """The sender's own system is told what is in force instead of what it said."""
        names = frozenset(
            decision.field for decision in decisions if decision.correct and decision.field in document.values
        )
        flow = self._of.flow(self._one.taken.flow)
        if not names or not flow.correction_targets:
            return
        try:
            some = partial_of(yielded.thing, {name: document.values[name] for name in names})
        except ValidationError:  # the object was another one when these values came into force
            return
        targets = tuple(target for target in flow.correction_targets if target.takes(some))
        headers = _filling(fills_for(change, document, names, self._of.matrix))
        index = _CORRECTIONS + yielded.index
        addressed = replace(yielded, index=index, thing=some, targets=targets, headers=headers)
        self._add(document, addressed, names, change.system)

    def _add(self, document: Document, yielded: Yielded, names: frozenset[str], system: str) -> None:
        taken = self._one.taken
        made = deliveries(taken, yielded)
        if made and system:
            note_sent(document, names, system, str(taken.id), taken.next_ordinal + len(self.made) + len(made) - 1)
        self.made += made

    def _note(
        self, change: Change, thing: BusinessObject, decisions: Sequence[Decision], before: Mapping[str, Any]
    ) -> None:
        for decision in decisions:
            if decision.verdict in _SAID or decision.words:
                values = {"old": before.get(decision.field), "new": change.values[decision.field]}
                self.notes.append(self._noted(change, thing, decision, values))

    def _noted(self, change: Change, thing: BusinessObject, decision: Decision, values: Mapping[str, Any]) -> Noted:
        taken: ToTranslate = self._one.taken
        return Noted(
            message_id=taken.id,
            flow=taken.flow,
            object=thing.name,
            key=thing.business_key,
            system=change.system,
            decision=decision,
            values=values,
        )


def _filling(names: Collection[str]) -> Mapping[str, str]:
    """What tells a receiver that it keeps these fields where it has a value."""
    return {Header.ONLY_IF_EMPTY: ",".join(sorted(names))} if names else {}


def _stop(change: Change, decisions: Sequence[Decision]) -> Stop | None:
    """What holds the message, in words that name fields and systems, never values."""
    refused = [decision for decision in decisions if decision.verdict is Verdict.REFUSED]
    if refused:
        return NotOwner(_words(change, refused))
    held = [decision for decision in decisions if decision.verdict is Verdict.HELD]
    if held:
        return Undecided(_words(change, held))
    return None


def _words(change: Change, decisions: Sequence[Decision]) -> str:
    said = []
    for decision in decisions:
        rule = decision.rule
        place = f" ({FILE}, {rule.place})" if rule.place else ""
        if decision.words:
            said.append(f"{change.system} changed {decision.field} of {change.object}. {decision.words}")
        elif rule.owner:
            said.append(f"{change.system} changed {decision.field} of {change.object}, which {rule.owner} owns{place}.")
        else:
            said.append(
                f"{change.system} and {decision.other} changed {decision.field} of {change.object} at the same time, "
                f"and nobody owns it{place}."
            )
    return " ".join(said)
