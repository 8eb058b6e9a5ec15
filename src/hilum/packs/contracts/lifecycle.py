"""A contract from its draft to its end: a process, made for a hospital's own rules.

    life = contract_process(ContractRules(reminders=("P90D", "P30D")), owners=OWNERS)
    for target in handle(life): flow.deliver_to(target)

It hears the CLM and the provider of signatures. A contract that is approved and signed, with a supplier that is in
order, counts: the hub's terms, supplier prices and the blanket order in Odoo are made by commands. Suspended, amended
or ended, they follow. Its owner is reminded before it ends. What the state model does not allow is a case, and changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel

from hilum import cases
from hilum.canonical import AgreementEnded, BlanketAgreement, Contract
from hilum.cases.side_by_side import SideBySide
from hilum.connector import Condition, Misfit
from hilum.flow import Owners
from hilum.masterdata.terms import checked
from hilum.masterdata.terms.rebates import bought
from hilum.packs.contracts.beside import beside_revisions
from hilum.packs.contracts.contract_rules import (
    DESK,
    IN_FORCE,
    NAME,
    STATES,
    ContractRules,
    ContractTold,
    EnvelopeTold,
    RenewalDecision,
    SignatureDecision,
    SupplierDecision,
)
from hilum.packs.contracts.odoo_terms import ContractPrices, OdooPrices, agreement_of, same_agreement
from hilum.packs.contracts.progress import Progress, Version, midnight
from hilum.postgres import Connection
from hilum.processes import Answer, Open, Process, Run, Task
from hilum.processes.periods import Period, duration

SIGNATURE: Final = "signature"
RENEWAL: Final = "renewal"


def contract_process(rules: ContractRules, *, owners: Owners, name: str = NAME, version: str = "1.0") -> Process:
    """The process. Its objects are what the CLM and the provider of signatures tell."""
    process = Process(
        name,
        version=version,
        summary="A contract from its draft to its end",
        owners=owners,
        states=STATES,
        forms=[SupplierDecision, SignatureDecision, RenewalDecision],
    )
    process.starts_on(ContractTold, key=lambda told: told.contract.number)
    process.hears(EnvelopeTold, key=lambda envelope: envelope.contract)

    @process.run
    async def follow(run: Run, told: ContractTold) -> str:
        return await _Life(run, rules, process, told).to_the_end()

    return process


class _Life:
    """One contract. It depends on nothing but what its run was told, so it comes to the same when repeated."""

    def __init__(self, run: Run, rules: ContractRules, process: Process, told: ContractTold) -> None:
        self.run = run
        self.rules = rules
        self.process = process
        self.told = told
        self.late = duration(rules.late)
        self.asked: dict[str, Open] = {}  # by what is asked
        self.case = ""  # what the case says that is open; empty: none is
        self.kept: Contract | None = None  # in the terms of the hub
        self.prices = OdooPrices()
        self.agreement: BlanketAgreement | None = None
        self.agreements = 0  # so many were made
        self.reminded: tuple[date | None, int] = (None, 0)  # of which end, and how often
        self.let_end = False
        self.over: datetime | None = None  # so long an ended contract listens

    async def to_the_end(self) -> str:
        """Until it has ended, and what comes late has come."""
        now = await self.run.now()
        self.progress = Progress.begun(self.told, now)
        while True:
            await self._settle(now)
            if self.over is not None and now >= self.over:
                return self._outcome()
            heard = await self.run.next(
                ContractTold, EnvelopeTold, answers_to=[*self.asked.values()], within=self._patience(now)
            )
            now = await self.run.now()
            match heard:
                case ContractTold():
                    self.progress.hear(heard, now)
                case EnvelopeTold():
                    self.progress.sign(heard)
                case Answer():
                    self._decided(heard, now)

    async def _settle(self, now: datetime) -> None:
        """Everything that follows from what is known now."""
        today = now.date()
        self.progress.take(now, self.late)
        self.progress.expire(today)
        for version in self.progress.versions:
            await self._look_at_supplier(version)
        self.progress.begin(self.rules.signature)
        self.progress.expire(today)
        await self._move()
        await self._tell_what_is_strange()
        await self._tell_the_terms()
        await self._tell_odoo(today)
        await self._ask_for_signatures(now)
        await self._remind(now)
        if self.progress.state == "expired" and self.over is None:
            self.over = now + duration(self.rules.linger)
            for about in [*self.asked]:
                await self._withdraw(about)

    async def _move(self) -> None:
        while self.progress.trail:
            await self.run.move(self.progress.trail.pop(0))

    async def _tell_what_is_strange(self) -> None:
        """A case for as long as the last word of the CLM could not be taken."""
        words = self.progress.strange
        if words == self.case:
            return
        self.case, process, key = words, self.process, self.run.key
        misfit = Misfit(what=key, expected=f"a legal move from {self.progress.state}", found=words[:300], words=words)
        title = f"What the CLM says of contract {key} cannot be"
        found = [Condition(category="process.strange", subject=key, title=title, misfits=(misfit,))] if words else []

        async def settle(connection: Connection) -> None:
            place = f"processes.{process.name}/{key}"
            await cases.settle(connection, place, found, {}, owners=process.owners, reason="What came after it fits.")

        await self.run.query("case", settle)

    # What follows from it

    async def _tell_the_terms(self) -> None:
        if self.progress.kept != self.kept:
            self.kept = self.progress.kept
            await self.run.send(self.rules.terms, self.kept)

    async def _tell_odoo(self, today: date) -> None:
        contract = self.progress.contract
        counts = contract.state == "active"
        prices = self.prices.become(contract.told.contract if counts else None, today)
        if prices:
            await self.run.send(self.rules.prices, ContractPrices(contract=self.run.key, prices=tuple(prices)))
        number = f"{self.run.key}/{self.agreements + 1}" if self.agreements else self.run.key
        since = today if self.agreements else contract.told.contract.valid_from
        wanted = agreement_of(contract.told, number, since) if counts else None
        if same_agreement(self.agreement, wanted):
            return
        if self.agreement is not None:
            reason = f"contract {self.run.key} is {contract.state}" if wanted is None else "it was amended"
            await self.run.send(self.rules.agreements, AgreementEnded(number=self.agreement.number, reason=reason))
        if wanted is not None:
            self.agreements += 1
            await self.run.send(self.rules.agreements, wanted)
        self.agreement = wanted

    # What is asked of people

    async def _look_at_supplier(self, version: Version) -> None:
        """Is its supplier in order? Else the desk is asked, and it is looked at again."""
        about = f"supplier of revision {version.revision}"
        if version.cleared or version.state == "expired":
            return
        supplier, standing_of = version.told.contract.supplier, self.rules.standing_of

        async def look(connection: Connection) -> list[str]:
            return await standing_of(connection, supplier)

        wrong = await self.run.query("supplier", look)
        if not wrong:
            await self._withdraw(about)
            version.cleared = version.ready(self.rules.signature)  # it is looked at again before it counts
        elif about not in self.asked:
            title = f"The supplier of contract {self.run.key} is not in order"
            papers = self._papers(version, ("The supplier", "; ".join(wrong)))
            await self._ask(about, title, "; ".join(wrong), DESK, SupplierDecision, papers)

    async def _ask_for_signatures(self, now: datetime) -> None:
        waiting = [version for version in self.progress.versions if version.waits_for_signature]
        if not waiting or not self.rules.signature:
            await self._withdraw(SIGNATURE)
        elif SIGNATURE not in self.asked and now >= waiting[0].since + duration(self.rules.wait_for_envelope):
            title = f"Contract {self.run.key} is in force in the CLM without a signature"
            words = f"revision {waiting[0].revision}: no signed envelope has come since {waiting[0].since:%Y-%m-%d}"
            await self._ask(SIGNATURE, title, words, DESK, SignatureDecision, self._papers(waiting[0]))

    async def _remind(self, now: datetime) -> None:
        told = self.progress.contract.told
        end = told.contract.valid_to
        if self.reminded[0] != end:
            self.reminded, self.let_end = (end, 0), False
            await self._withdraw(RENEWAL)
        due = sum(moment <= now for moment in self._reminders())
        if due <= self.reminded[1] or self.let_end or self.progress.state not in IN_FORCE:
            return
        await self._withdraw(RENEWAL)
        if RENEWAL in self.asked:  # somebody has just answered, and that comes next
            return
        self.reminded = (end, due)
        title = f"Contract {self.run.key} with {told.contract.supplier} ends on {end}"
        words = await self._bought(told.contract, now)
        papers = self._papers(self.progress.contract, ("Bought by it", words))
        await self._ask(RENEWAL, title, words, told.owner or DESK, RenewalDecision, papers)

    async def _bought(self, contract: Contract, now: datetime) -> str:
        """Volume and leak, in words."""
        days = {"since": contract.valid_from, "until": now.date() + timedelta(days=1)}

        async def look(connection: Connection) -> str:
            lines = await checked(connection, **days, document_type="bill", supplier=contract.supplier)
            return bought(lines, contract.number, contract.currency).words

        return await self.run.query("bought", look)

    def _papers(self, version: Version, *more: tuple[str, str]) -> SideBySide:
        return beside_revisions(version, self.progress.versions, more=more)

    async def _ask(
        self, about: str, title: str, words: str, team: str, form: type[BaseModel], papers: SideBySide
    ) -> None:
        task = Task(title, form, team=team, words=words[:2000], due=self.rules.decide_within, papers=papers)
        self.asked[about] = await self.run.put(task)

    async def _withdraw(self, about: str) -> None:
        if about in self.asked and await self.run.withdraw(self.asked[about]):
            del self.asked[about]

    def _decided(self, answer: Answer, now: datetime) -> None:
        about = next(about for about, asked in self.asked.items() if asked == answer.to)
        del self.asked[about]
        content: Any = answer.content
        if about == RENEWAL:
            self.let_end = content.decision == "let it end"
            return
        for version in self.progress.versions:
            if about == SIGNATURE and version.waits_for_signature:
                version.since = now
                version.signed = f"otherwise, as {answer.by} says" if content.signed else ""
            elif about == f"supplier of revision {version.revision}":
                version.cleared = content.decision == "accept"

    # What is waited for

    def _reminders(self) -> list[datetime]:
        """When its owner is to be reminded, the first first."""
        end = self.progress.contract.told.contract.valid_to
        return sorted(midnight(end) - duration(each) for each in self.rules.reminders) if end is not None else []

    def _patience(self, now: datetime) -> Period | None:
        """How long to wait for the next thing; none: until it comes."""
        ahead = [moment for moment in self._moments(now) if moment > now]
        return max(min(ahead) - now, timedelta(seconds=1)) if ahead else None

    def _moments(self, now: datetime) -> Iterator[datetime]:
        yield from self.progress.deadlines(self.late)
        if self.over is not None:
            yield self.over
            return
        for version in self.progress.versions:
            if version.waits_for_signature:
                yield version.since + duration(self.rules.wait_for_envelope)
        if any(about.startswith("supplier") for about in self.asked):
            yield now + duration(self.rules.look_again)
        if self.progress.state in IN_FORCE:
            end = self.progress.contract.told.contract.valid_to
            yield from self._reminders()
            yield from [midnight(end)] if end is not None else []

    def _outcome(self) -> str:
        contract = self.progress.contract.told.contract
        return f"contract {contract.number} ended with revision {contract.revision}"
