"""Matching on arrival: which known thing an object is that a flow brings, before anybody is told of it.

Only flows that declare `matches` come here. It happens in the transaction that notes the message, so what is decided
and the deliveries are one; a replay finds the identifier linked and asks nothing again. New identifiers are decided one
after the other, under the lock of the crosswalk: two workers with the same new supplier make one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hilum.canonical import BusinessObject
from hilum.canonical.applied import Heard, summed
from hilum.canonical.trade import OWN
from hilum.errors import Ambiguous, SettingsError
from hilum.flow import Flow, Identity, Matching, Yielded, numbered
from hilum.journal.rules import with_rules
from hilum.journal.work import Translated
from hilum.masterdata import crosswalk, matching
from hilum.masterdata.crosswalk import Identifier, name_of
from hilum.masterdata.matching import Matcher, Record, Verdict, Weighed, asking, known
from hilum.masterdata.matching.known import Named
from hilum.masterdata.ownership import Matrix
from hilum.postgres import Connection
from hilum.runtime.settling import Arriving, Halted, Unsettled
from hilum.settings import MatchingSettings

_LONGEST: Final = 128
"""Characters of a number of a business object."""

HUB: Final = "hub"


@dataclass(slots=True)
class _Sitting:
    """One transaction: what names what, as far as it was read or decided."""

    things: dict[tuple[str, Named], int] = field(default_factory=dict)  # object and name → thing
    numbered: set[int] = field(default_factory=set)  # things that go by another number from now on
    words: dict[tuple[str, Named], str] = field(default_factory=dict)  # how it was decided, where it was here
    locked: bool = False


class _InDoubt(Exception):
    """A person is to be asked."""

    def __init__(self, arriving: Arriving, weighed: Weighed) -> None:
        super().__init__()
        self.arriving = arriving
        self.weighed = weighed


class Arrivals:
    """Matches what flows bring, for the translators of one worker. Raises `SettingsError` where it cannot."""

    def __init__(
        self,
        flows: Mapping[str, Flow],
        matrix: Matrix,
        settings: Mapping[str, MatchingSettings],
        secret: bytes,
        *,
        open_flows: Iterable[str] = (),
    ) -> None:
        self._flows = flows
        self._matrix = matrix
        self._secret = secret
        self._open = frozenset(open_flows)
        self._matchers: dict[type[BusinessObject], Matcher] = {}
        for flow in flows.values():
            for each in flow.matches:
                kind = matching.kind_for(each.kind)
                self._matchers[each.kind] = matching.matcher_of(kind, settings.get(kind.object))
                if not matrix.system_of(flow):
                    raise SettingsError(
                        f"The flow {flow.name} has its {kind.object}s matched and does not say for which system it "
                        "speaks: write Flow(..., system=...)."
                    )

    async def prepare(self, connection: Connection, *, encrypted: bool) -> None:
        """Before anything is kept: note how. Raises `SettingsError` where it would have to be sealed, and cannot be."""
        for matcher in self._matchers.values():
            await matching.declare(connection, matcher.kind, encrypted=encrypted)

    # Without the database

    def read(self, flow: Flow, parsed: Any, things: Sequence[Yielded]) -> list[Arriving]:
        """What is to be matched of these. Raises what the flow's own functions raise."""
        found = []
        for place, yielded in enumerate(things):
            how = flow.matching(yielded.thing)
            if how is None:
                continue
            more = how.evidence(parsed, yielded.thing) if how.evidence is not None else {}
            record = Record(
                system=self._matrix.system_of(flow),
                identifier=yielded.thing.business_key,
                values=matching.values_of(yielded.thing, more),
            )
            told_as = str(how.told_as(parsed) or "").strip() if how.told_as is not None else ""
            self._sayable(how, record)
            found.append(Arriving(place=place, matching=how, record=record, told_as=told_as))
        return found

    def _sayable(self, how: Matching, record: Record) -> None:
        """Raises `SettingsError` where the identifier cannot be one."""
        Identifier(object=self._matchers[how.kind].kind.object, system=record.system, identifier=record.identifier)

    # Within the transaction

    async def settle(self, connection: Connection, done: Sequence[Translated]) -> list[Halted]:
        """Say of each object which thing it is; returns those of which a person says so.

        A later message of a held one's key is not looked at, if its flow holds keys: the caller parks it.
        """
        mine = [one for one in done if isinstance(one, Unsettled) and one.arriving]
        if not mine:
            return []
        sitting = _Sitting()
        for object_, names in _by_object(self._object, [each for one in mine for each in one.arriving]).items():
            found = await crosswalk.things(connection, object_, names)
            sitting.things.update({(object_, name): number for name, number in found.items()})
            await self._remember(connection, object_, mine, found)
            if found:
                await asking.linked(connection, object_, list(found))
        halted: list[Halted] = []
        blocked: set[tuple[str, str]] = set()
        going: list[Unsettled] = []
        for one in mine:
            if (one.taken.flow, one.taken.key) in blocked:
                continue
            try:
                for each in one.arriving:
                    await self._recognise(connection, one.taken.flow, each, sitting)
            except _InDoubt as doubt:
                halted.append(Halted(result=one, error=self._words(doubt), doubt=doubt.arriving))
                if one.taken.key and self._flows[one.taken.flow].on_held == "hold_key":
                    blocked.add((one.taken.flow, one.taken.key))
            else:
                going.append(one)
        await self._identify(connection, going, sitting)
        return halted

    def _object(self, each: Arriving) -> str:
        return self._matchers[each.matching.kind].kind.object

    async def _remember(
        self, connection: Connection, object_: str, mine: Sequence[Unsettled], linked: Mapping[Named, int]
    ) -> None:
        """What known records say now, where that is something else than before."""
        told = [each for one in mine for each in one.arriving if self._object(each) == object_]
        told = [each for each in told if _name(each) in linked]
        if not told:
            return
        matcher = self._matchers[told[0].matching.kind]
        before = await known.known(connection, matcher.kind, {_name(each) for each in told})
        fresh: dict[Named, Record] = {}
        for each in told:
            name = _name(each)
            was = fresh[name] if name in fresh else before[name].record if name in before else None
            after = known.changed(was.values if was is not None else {}, each.record.values)
            if after is None and name in before and not before[name].seen_today:
                after = dict(before[name].record.values)
            if after is not None or was is None:
                fresh[name] = replace(each.record, values=after or {})
        await known.note(connection, self._secret, matcher, list(fresh.values()))

    async def _recognise(self, connection: Connection, flow: str, each: Arriving, sitting: _Sitting) -> None:
        """Find the thing that this is, or make it one. Raises `_InDoubt`."""
        object_, name = self._object(each), _name(each)
        if (object_, name) in sitting.things:
            return
        if not sitting.locked:
            await crosswalk.lock(connection)
            sitting.locked = True
        found = await crosswalk.things(connection, object_, [name])
        if name in found:  # another worker was faster
            sitting.things[object_, name] = found[name]
            return
        to, words = await self._which(connection, each)
        number = await self._link(connection, flow, each, to, words, sitting)
        sitting.things[object_, name] = number
        sitting.words[object_, name] = words
        matcher = self._matchers[each.matching.kind]
        values = {field: value for field, value in each.record.values.items() if value}
        await known.note(connection, self._secret, matcher, [replace(each.record, values=values)])

    async def _which(self, connection: Connection, each: Arriving) -> tuple[int | None, str]:
        """The thing that it is (none: a new one), and why. Raises `_InDoubt`."""
        if (told := await self._told(connection, each)) is not None:
            return told, "its system was told of it"
        weighed = await self._weigh(connection, each)
        if weighed.verdict is Verdict.ASK:
            raise _InDoubt(each, weighed)
        if weighed.verdict is Verdict.SAME:
            first = weighed.candidates[0]
            return first.golden, f"score {first.pair.score:.4f}"
        return None, "new"

    async def _told(self, connection: Connection, each: Arriving) -> int | None:
        """The thing of the name by which the sender says that it was told of it."""
        if not each.told_as:
            return None
        object_ = self._object(each)
        if (number := await crosswalk.thing_called(connection, object_, each.told_as)) is not None:
            return number
        system = each.matching.goes_by or OWN
        found = await crosswalk.things(connection, object_, [(system, each.told_as)])
        return found.get((system, each.told_as))

    async def _weigh(self, connection: Connection, each: Arriving) -> Weighed:
        matcher = self._matchers[each.matching.kind]
        things = await known.near(connection, self._secret, matcher, each.record)
        for golden in await asking.ruled_out(connection, each.record, matcher.kind.object):
            things.pop(golden, None)
        named = await crosswalk.names(connection, matcher.kind.object, list(things), [each.record.system])
        return matching.weigh(matcher, each.record, things, {golden for golden, _ in named})

    async def _link(
        self, connection: Connection, flow: str, each: Arriving, to: int | None, words: str, sitting: _Sitting
    ) -> int:
        object_, (system, identifier), goes_by = self._object(each), _name(each), each.matching.goes_by
        named = await crosswalk.names(connection, object_, [to], [system]) if to is not None else {}
        what = Identifier(object=object_, system=system, identifier=identifier)
        reason = f"{words}: on arrival by {flow}"
        number = await crosswalk.link(connection, what, to=to, actor=HUB, reason=reason, alias=bool(named))
        if to is not None and system == goes_by and not named:
            sitting.numbered.add(number)
        if goes_by and system != goes_by and each.told_as and await self._free(connection, each, goes_by):
            what = Identifier(object=object_, system=goes_by, identifier=each.told_as)
            await crosswalk.link(connection, what, to=number, actor=HUB, reason=f"{system} says so: by {flow}")
        return number

    async def _free(self, connection: Connection, each: Arriving, goes_by: str) -> bool:
        """Is what the sender calls its number neither linked nor a name of the hub's own?"""
        object_ = self._object(each)
        if await crosswalk.things(connection, object_, [(goes_by, each.told_as)]):
            return False
        return await crosswalk.thing_called(connection, object_, each.told_as) is None

    # How it is called

    async def _identify(self, connection: Connection, going: Sequence[Unsettled], sitting: _Sitting) -> None:
        """Put what each object is beside it, and its number into it."""
        called = await self._called(connection, going, sitting)
        for one in going:
            systems = self._systems(one)
            made, heard = list(one.yielded), []
            for each in one.arriving:
                object_, name = self._object(each), _name(each)
                thing = sitting.things[object_, name]
                here = called[object_]
                goes_by = thing, each.matching.goes_by or OWN
                number = here.get(goes_by) or await self._number(connection, each, thing, sitting)
                if not each.matching.goes_by:
                    here[goes_by] = number
                identity = Identity(
                    name=name_of(object_, thing),
                    number=number,
                    at={at: own for at, system in systems.items() if (own := here.get((thing, system)))},
                    numbered=thing in sitting.numbered,
                    numbers=each.matching.goes_by,
                    given=here.get((thing, each.matching.goes_by), ""),
                    shown=_shown(each, name_of(object_, thing), number),
                )
                yielded = made[each.place]
                made[each.place] = replace(yielded, thing=numbered(yielded.thing, number), identity=identity)
                one.identifiers.add(identity.name)
                heard.append(self._heard(each, identity, sitting.words.get((object_, name), "known")))
            one.identified = made
            one.own_rules = one.own_rules if one.own_rules is not None else one.rules or ""
            one.rules = with_rules(one.own_rules, summed(heard, values=one.taken.flow in self._open))

    def _systems(self, one: Unsettled) -> dict[str, str]:
        """The system behind each endpoint that a message's flow leads to; of none, nothing."""
        targets = self._flows[one.taken.flow].every_target
        return {each.endpoint: system for each in targets if (system := self._matrix.system_at(each.endpoint))}

    async def _called(
        self, connection: Connection, going: Sequence[Unsettled], sitting: _Sitting
    ) -> dict[str, dict[tuple[int, str], str]]:
        """What the systems that matter call each thing, by object: one question for each object."""
        things: dict[str, set[int]] = {}
        systems: dict[str, set[str]] = {}
        for one in going:
            for each in one.arriving:
                object_ = self._object(each)
                things.setdefault(object_, set()).add(sitting.things[object_, _name(each)])
                there = {each.matching.goes_by or OWN, *self._systems(one).values()}
                systems.setdefault(object_, set()).update(there)
        return {
            object_: await crosswalk.names(connection, object_, sorted(numbers), sorted(systems[object_]))
            for object_, numbers in things.items()
        }

    async def _number(self, connection: Connection, each: Arriving, thing: int, sitting: _Sitting) -> str:
        """By which a thing goes that has none yet: that of the sender where nothing else goes by it."""
        object_, own = self._object(each), each.record.identifier
        if each.matching.goes_by:
            return name_of(object_, thing)  # until that system has numbered it
        if not sitting.locked:
            await crosswalk.lock(connection)
            sitting.locked = True
        usual = len(own) <= _LONGEST and not await crosswalk.things(connection, object_, [(OWN, own)])
        number = own if usual else name_of(object_, thing)
        what = Identifier(object=object_, system=OWN, identifier=number)
        await crosswalk.link(connection, what, to=thing, actor=HUB, reason="by this number it goes")
        return number

    def _heard(self, each: Arriving, identity: Identity, words: str) -> Heard:
        rule = f"{self._object(each).replace('_', ' ')} of {each.record.system} is {identity.name} ({words})"
        return "match", rule, each.record.identifier, identity.number

    # Questions

    def _words(self, doubt: _InDoubt, number: int = 0) -> Ambiguous:
        found, object_ = doubt.weighed.candidates, self._object(doubt.arriving).replace("_", " ")
        many = f"{len(found)} are" if len(found) > 1 else "one is"
        where = f" Answer arrival {number} under Matches, or with `hilum match answer {number}`." if number else ""
        return Ambiguous(
            f"A {object_} of {doubt.arriving.record.system} may be one that is known already: {many} like it, "
            f"the likeliest by {found[0].pair.score:.1%}.{where}",
            arrival=number,
        )

    async def ask(self, connection: Connection, flow: str, each: Arriving) -> Ambiguous | None:
        """Within the transaction that holds its message: ask a person. None: there is no doubt any more."""
        await crosswalk.lock(connection)
        matcher = self._matchers[each.matching.kind]
        if await crosswalk.things(connection, matcher.kind.object, [_name(each)]):
            return None
        try:
            await self._which(connection, each)
        except _InDoubt as doubt:
            found = doubt.weighed.candidates
            return self._words(doubt, await asking.ask(connection, matcher, each.record, found, flow=flow))
        return None


def _name(each: Arriving) -> Named:
    return each.record.system, each.record.identifier


def _shown(each: Arriving, name: str, number: str) -> str | None:
    """What the sender shows as the number; the hub's own name is none. None: it says nothing about it."""
    if each.record.system == each.matching.goes_by:
        return number
    if each.matching.told_as is None:
        return None
    return "" if each.told_as == name else each.told_as


def _by_object(object_of: Any, arriving: Iterable[Arriving]) -> dict[str, list[Named]]:
    found: dict[str, dict[Named, None]] = {}
    for each in arriving:
        found.setdefault(object_of(each), {})[_name(each)] = None
    return {object_: list(names) for object_, names in found.items()}
