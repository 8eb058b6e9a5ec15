"""Where a contract is in its life, by what the CLM and the provider of signatures say, in any order. Pure.

What is older than what is known says nothing. What the state model does not allow waits a while for what may have been
overtaken on its way; then it is strange, and nothing of it counts. The first word of a contract is taken as it is. A
word that was looked up may have left out states between: it is taken where a legal way leads there.

A higher revision of a contract in force is an amendment: it has a life of its own until it is signed, and then takes
the place of the former. The terms of a signed revision do not change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from hilum.canonical import Contract, ContractStatus
from hilum.errors import Invalid
from hilum.packs.contracts.contract_rules import IN_FORCE, STATES, ContractTold, EnvelopeTold

_AHEAD = ("draft", "legal review", "approved", "active")
"""States in which the CLM tells of an amendment; the others are of the contract as a whole."""


@dataclass(slots=True)
class Version:
    """One revision of the contract."""

    told: ContractTold
    since: datetime  # when the hub heard that
    state: str = STATES.first
    signed: str = ""  # by which envelope, or who says so; empty: it is not
    cleared: bool = False  # its supplier is in order

    @property
    def revision(self) -> int:
        """Its number."""
        return self.told.contract.revision

    @property
    def waits_for_signature(self) -> bool:
        """The CLM says that it is in force, and nothing shows that it was signed."""
        return self.told.state == "active" and self.state in ("approved", "suspended") and not self.signed

    def ready(self, signature: bool) -> bool:
        """May it count, as far as words and signatures go?"""
        if self.state == "approved":
            return bool(self.signed) if signature else self.told.state == "active"
        return self.state == "suspended" and self.told.state == "active" and (bool(self.signed) or not signature)


@dataclass(slots=True)
class Progress:
    """One contract. `trail`: the states that it went through since the run was moved last."""

    contract: Version
    ahead: Version | None = None  # an amendment that is not in force
    trail: list[str] = field(default_factory=list)
    strange: str = ""  # why the last word was not taken; empty: it was
    _waiting: list[tuple[ContractTold, datetime]] = field(default_factory=list)
    _heard: dict[int, datetime] = field(default_factory=dict)  # the latest moment that counted, by revision
    _envelopes: dict[int, EnvelopeTold] = field(default_factory=dict)  # by revision

    @classmethod
    def begun(cls, told: ContractTold, now: datetime) -> Progress:
        """By the first word: it is taken up there, on the way that leads there."""
        made = cls(Version(told, now))
        made.trail.extend(path_to("approved" if told.state == "active" else told.state))
        made.contract.state = ([STATES.first, *made.trail])[-1]
        made._heard[told.contract.revision] = told.at
        return made

    @property
    def state(self) -> str:
        """Of the contract as a whole."""
        return self.contract.state

    @property
    def versions(self) -> list[Version]:
        """The contract, and its amendment where one is under way."""
        return [self.contract, *([self.ahead] if self.ahead is not None else [])]

    def hear(self, told: ContractTold, now: datetime) -> None:
        """The CLM says this. What is older than what is known, or the same again, says nothing."""
        revision = told.contract.revision
        numbers = [version.revision for version in self.versions]
        if revision < numbers[-1] and revision != numbers[0]:
            return
        if revision in self._heard and told.at <= self._heard[revision]:
            return
        if all(told != other for other, _ in self._waiting):
            self._waiting.append((told, now))

    def take(self, now: datetime, late: timedelta) -> None:
        """Take what is in order now, the oldest first. What stays strange for so long is left."""
        self._waiting.sort(key=lambda each: each[0].at)
        while self._waiting:
            told, arrived = self._waiting[0]
            wrong = self._wrong(told)
            if wrong and now < arrived + late:
                return
            del self._waiting[0]
            self.strange = wrong
            if not wrong:
                self._take(told, now)

    def deadlines(self, late: timedelta) -> Iterator[datetime]:
        """When what waits will have waited long enough."""
        for _, arrived in self._waiting[:1]:
            yield arrived + late

    def sign(self, envelope: EnvelopeTold) -> None:
        """The provider of signatures says this. It may come before the revision that it is for."""
        known = self._envelopes.get(envelope.revision)
        if known is not None and envelope.at <= known.at:
            return
        self._envelopes[envelope.revision] = envelope
        for version in self.versions:
            if version.revision == envelope.revision:
                self._signed(version)

    def begin(self, signature: bool) -> None:
        """Whoever is approved, signed and in order counts from now on; an amendment takes the place of the former."""
        contract, ahead = self.contract, self.ahead
        if contract.cleared and contract.ready(signature):
            self._go(contract, "active")
        if ahead is not None and ahead.cleared and ahead.ready(signature) and contract.state in IN_FORCE:
            ahead.state = contract.state
            self.contract, self.ahead = ahead, None

    def expire(self, today: date) -> None:
        """It is over by its own days."""
        end = self.contract.told.contract.valid_to
        if self.state in IN_FORCE and end is not None and end <= today:
            self._go(self.contract, "expired")

    @property
    def kept(self) -> Contract:
        """The contract as the hub's terms have it."""
        status = _STATUS.get(self.state, ContractStatus.DRAFT)
        return self.contract.told.contract.model_copy(update={"status": status})

    def _wrong(self, told: ContractTold) -> str:
        """Why it cannot be so, in words; empty: it can."""
        version, contract = self._about(told), told.contract
        if self._given_up(told) or version is None:
            return ""
        signed = version is self.contract and self.state in IN_FORCE
        if signed and contract.revision == version.revision and _terms(version.told) != _terms(told):
            return f"other terms are told of contract {contract.number} under the signed revision {contract.revision}"
        try:
            if not (told.seen and path(version.state, told.state)):
                STATES.check(version.state, told.state)
        except Invalid as error:
            return str(error)
        return ""

    def _about(self, told: ContractTold) -> Version | None:
        """Which of both it tells of; none: of an amendment that nobody has heard of."""
        revision = told.contract.revision
        if self.state not in IN_FORCE or revision <= self.contract.revision or told.state not in _AHEAD:
            return self.contract
        if self.ahead is not None and self.ahead.revision == revision:
            return self.ahead
        same = told.state == "active" and _terms(told) == _terms(self.contract.told)
        return self.contract if same else None

    def _given_up(self, told: ContractTold) -> bool:
        """Does it say that the amendment will not be?"""
        return self.ahead is not None and told.contract.revision == self.ahead.revision and told.state == "expired"

    def _take(self, told: ContractTold, now: datetime) -> None:
        self._heard[told.contract.revision] = told.at
        if self._given_up(told):
            self.ahead = None
            return
        version = self._about(told)
        if version is None:  # what is known of an amendment is taken as the first word of a contract is
            self.ahead = Version(told, now, state="approved" if told.state == "active" else told.state)
            self._signed(self.ahead)
            return
        others = told.contract.revision != version.revision and _terms(told) != _terms(version.told)
        # a suspension or an end under a number that nobody has signed says nothing of the terms
        whole = others and version is self.contract and self.state in IN_FORCE
        if version.told.contract.supplier != told.contract.supplier:
            version.cleared = False
        if version.told.state != told.state:
            version.since = now
        if told.state in ("draft", "legal review") or (others and not whole):
            self._void(version, told)
        version.told = version.told.model_copy(update={"state": told.state}) if whole else told
        # whether it counts as active is said by `begin`
        begins = told.state == "active"
        to = told.state if not begins else version.state if version.state in ("approved", *IN_FORCE) else "approved"
        for state in path(version.state, to):
            self._go(version, state)
        if not whole:
            self._signed(version)

    def _void(self, version: Version, told: ContractTold) -> None:
        """It is worked on again: what was signed before is not what it says now."""
        version.signed = ""
        known = self._envelopes.get(version.revision)
        if known is not None and known.at < told.at:
            del self._envelopes[version.revision]

    def _signed(self, version: Version) -> None:
        """What its envelope says, unless the CLM has said something since."""
        envelope = self._envelopes.get(version.revision)
        if envelope is None:
            return
        if envelope.state == "active" and version.state not in ("draft", "legal review"):
            version.signed = version.signed or f"envelope {envelope.envelope}"
            self._heard[version.revision] = max(envelope.at, self._heard.get(version.revision, envelope.at))
        elif envelope.state == "legal review" and version.state == "approved" and envelope.at > version.told.at:
            version.signed = ""
            version.told = version.told.model_copy(update={"state": "legal review"})
            self._go(version, "legal review")

    def _go(self, version: Version, state: str) -> None:
        if version is self.contract and state != version.state:
            self.trail.append(state)
        version.state = state


_STATUS = {
    "active": ContractStatus.ACTIVE,
    "suspended": ContractStatus.SUSPENDED,
    "expired": ContractStatus.ENDED,
}


def path_to(state: str) -> list[str]:
    """The shortest way from the beginning to a state, without the beginning. Raises `Invalid`."""
    found = path(STATES.first, state)
    if not found:
        STATES.check(STATES.first, state)
    return found


def path(begin: str, end: str) -> list[str]:
    """The shortest legal way from one state to another, without the first; none: there is no way, or they are one."""
    ways = {begin: [begin]}
    ahead = [begin]
    for at in ahead:
        for to in STATES.after(at):
            if to not in ways:
                ways[to] = [*ways[at], to]
                ahead.append(to)
    return ways.get(end, [begin])[1:]


def midnight(day: date) -> datetime:
    """When a day begins, UTC."""
    return datetime.combine(day, time(), UTC)


def _terms(told: ContractTold) -> tuple[object, ...]:
    """All that is signed."""
    return told.contract.model_copy(update={"status": ContractStatus.DRAFT, "revision": 1}), told.commitments
