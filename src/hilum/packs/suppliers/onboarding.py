"""A supplier from its registration on: checked, screened, approved by two, created in Odoo; and watched while active.

    onboard = onboarding_process(SupplierRules(credentials=["liability-insurance"], lists=["OIG LEIE"]), owners=OWNERS)
    for target in handle(onboard): flow.deliver_to(target)

One run follows one registration for as long as the hospital buys of the supplier. It hears later revisions of the
registration, and that a list of excluded parties has changed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from hilum.canonical import SupplierRegistration
from hilum.flow import DataClass, Owners
from hilum.packs.suppliers import accounts, checks, register
from hilum.packs.suppliers.beside import beside_approval, beside_doubles
from hilum.packs.suppliers.lists import Rescreen
from hilum.packs.suppliers.rules import (
    MASTER_DATA,
    ONBOARDING,
    STATES,
    Approval,
    DuplicateDecision,
    FinalApproval,
    ScreeningDecision,
    SupplierRules,
)
from hilum.packs.suppliers.talking import HEARD, Found, SupplierRun, joined, with_comment
from hilum.postgres import Connection
from hilum.processes import Answer, Open, Process, Run, Task
from hilum.processes.periods import duration


def onboarding_process(
    rules: SupplierRules, *, owners: Owners, name: str = ONBOARDING, version: str = "1.0"
) -> Process:
    """The process. It starts on `SupplierRegistration`."""
    process = Process(
        name,
        version=version,
        summary="A supplier from its registration to its activation, and while it is active",
        owners=owners,
        data_class=DataClass.CONFIDENTIAL,
        states=STATES,
        forms=[DuplicateDecision, ScreeningDecision, Approval, FinalApproval],
    )
    process.starts_on(SupplierRegistration, key=lambda registration: registration.number)
    process.hears(Rescreen, key=lambda changed: changed.registration)

    @process.run
    async def follow(run: Run, registration: SupplierRegistration) -> str:
        return await _Onboarding(run, rules, registration, name).to_the_end()

    return process


LISTED: Final = "It is on a list of excluded parties."


class _Refused(Exception):  # it is an outcome
    """The hospital does not buy of them; the words say why."""


class _Onboarding(SupplierRun):
    """One registration. What it does depends on nothing but what its run was told."""

    def __init__(self, run: Run, rules: SupplierRules, registration: SupplierRegistration, process: str) -> None:
        super().__init__(run, rules, registration)
        self.process = process
        self.is_new = False  # somebody said that it is no double
        self.created = False  # it is in Odoo, perhaps blocked
        self.approved: SupplierRegistration | None = None  # the revision by which it became active
        self.following = False  # no revision is being admitted
        self.blocks: dict[str, str] = {}  # why nothing may be ordered: a cause and its words
        self.told_end: date | None = None  # of which end of a document the supplier was reminded
        self.suspect: list[Found] = []  # whom Compliance is asked about
        self.asked: Open | None = None

    async def to_the_end(self) -> str:
        """Until it is refused; an active supplier is followed for ever."""
        self.run.undo("block it, and watch it no more", self._cancelled)
        while True:
            try:
                await self._admit()
            except _Refused as why:
                if self.approved is None:
                    return await self._refuse(str(why))
                await self._keep_former(self.approved)
            self.following = True
            await self._follow()
            self.following = False

    async def _cancelled(self) -> None:
        """Nobody watches it any more, so nothing may be ordered of it."""
        if self.created:
            await self._block("cancelled", "Its registration was cancelled.", moving=False)
        await self._forget()

    # Before it is a supplier

    async def _admit(self) -> None:
        """Checks, screening and approval; again from the beginning when a new revision comes."""
        admitted = False
        while not admitted:
            await self.run.move("checking")
            await self._complete()
            admitted = await self._no_double() and await self._screen() and await self._approve()
        await self._activate()

    async def _complete(self) -> None:
        """Nothing is missing or wrong; else the supplier is asked, and waited for."""
        while troubles := checks.serious(await self.findings()):
            if self.approved is not None:
                await self._guard()
                await self._documents()
            await self.answer("incomplete", troubles)
            await self.run.move("incomplete")
            more = await self._next_revision()
            if not more:
                raise _Refused("what was missing did not come in time")
            await self.run.move("checking")

    async def _next_revision(self) -> bool:
        """A revision came in time; screening waits until it is whole."""
        until = await self.run.now() + duration(self.rules.wait_for_supplier)
        while (left := until - await self.run.now()) > timedelta():
            heard = await self.run.next(*HEARD, within=left)
            if isinstance(heard, SupplierRegistration) and self.take(heard):
                return True
            if isinstance(heard, Rescreen) and self.approved is not None:
                await self._guard()
        return False

    async def _guard(self) -> None:
        """A supplier that is active while a revision is looked at: it is blocked at once where it is listed."""
        if any(each.listed for each in await self.look()):
            await self._block("listed", LISTED)

    async def _no_double(self) -> bool:
        """It is nobody whom the hospital has already, or somebody said so. False: begin again."""
        registration, code = self.registration, self.code

        async def look(connection: Connection) -> list[str]:
            same = await register.note(connection, registration, code)
            return [*same, *await register.like_known(connection, registration)]

        alike = await self.run.query("doubles", look)
        if not alike or self.is_new or self.approved is not None:
            return True
        title = f"{registration.title} may be a supplier already"
        answer = await self.ask(
            Task(title, DuplicateDecision, team=MASTER_DATA, words=joined(alike), due=self.rules.decide_within,
                 papers=beside_doubles(registration, self.process))
        )  # fmt: skip
        if answer is None:
            return False
        if not answer.content.is_new:
            raise _Refused(with_comment(f"it is a supplier already, says {answer.by}", answer.content.comment))
        self.is_new = True
        return True

    async def _screen(self) -> bool:
        """Nobody of it is on a list, or Compliance said that it is somebody else. False: begin again."""
        await self.run.move("screening")
        await self._lists_are_there()
        found = await self.look()
        if not found:
            return True
        if self.approved is not None and any(each.listed for each in found):
            await self._block("listed", LISTED)
        answer = await self.ask(self.question(found))
        if answer is None:
            return False
        await self.judge(found, answer)
        if answer.content.decision == "same":
            if self.approved is not None:
                await self._block("listed", LISTED)
            self.suspect = found
            raise _Refused(
                with_comment(f"it is on a list of excluded parties, says {answer.by}", answer.content.comment)
            )
        return True

    async def _lists_are_there(self) -> None:
        """Nobody is let in who was not looked up in all lists that the hospital asks for."""
        wanted = sorted(self.rules.lists)

        async def look(connection: Connection) -> list[str]:
            loaded = {name for name, _ in await register.lists(connection)}
            return [name for name in wanted if name not in loaded]

        while await self.run.query("lists", look):
            await self.run.sleep(self.rules.look_again)

    async def _approve(self) -> bool:
        """Two teams, two people, neither of them who registered it. False: begin again."""
        await self.run.move("approval")
        excluded = [self.registration.registered_by] if self.registration.registered_by else []
        answer: Answer | None = None
        for team, form in ((self.rules.first_approval, Approval), (self.rules.second_approval, FinalApproval)):
            title = f"Approve {self.registration.title} as supplier {self.code}"
            found = await self.findings()
            words = joined([each.words for each in found] or ["all checks passed"])
            answer = await self.ask(
                Task(title, form, team=team, words=words, due=self.rules.decide_within, not_by=[*excluded],
                     papers=beside_approval(self.registration, self.approved, needed=self.rules.credentials,
                                            findings=found))
            )  # fmt: skip
            if answer is None:
                return False
            if not answer.content.approved:
                raise _Refused(with_comment(f"not approved by {answer.by} ({team})", answer.content.comment))
            excluded.append(answer.by)
        if not self.created and answer is not None:
            await self._create(answer)
        return await self._still_good()

    async def _still_good(self) -> bool:
        """Days have passed: documents and lists are looked at once more before anything may be ordered."""
        if checks.serious(await self.findings()):
            return False
        return not await self.look()

    async def _create(self, approval: Answer) -> None:
        """In Odoo, blocked, with the bank details that were approved; it is paid to them if they were confirmed."""
        registration = self.registration
        supplier = register.as_supplier(registration, self.code)
        told = supplier.model_copy(update={"blocked": True, "block_reason": "It is being taken in."})
        await self.change(told.model_dump(mode="json", exclude={"code", "gln"}))

        confirmed = self._confirmed(approval, (await self.run.now()).date())

        async def note(connection: Connection) -> int:
            await register.learn(connection, registration)
            if confirmed is not None:
                await accounts.confirm(connection, confirmed)
            return 0

        await self.run.query("known from now on", note)
        self.created = True

    def _confirmed(self, approval: Answer, on: date) -> accounts.Confirmed | None:
        """Where it is paid; none: nobody has called them, or they told no account."""
        registration, spoke_with = self.registration, approval.content.spoke_with.strip()
        if not spoke_with or not registration.bank_accounts:
            return None
        return accounts.Confirmed(
            supplier=self.code, confirmation=registration.business_key, holds_from=on, title=registration.title,
            accounts=registration.bank_accounts, confirmed_by=approval.by, spoke_with=spoke_with,
        )  # fmt: skip

    async def _activate(self) -> None:
        """Nothing is in the way: it may be ordered of them. An active one gets what its new revision says."""
        self.blocks.clear()
        first = self.approved is None
        self.approved = self.registration
        told = register.as_supplier(self.registration, self.code)
        # The accounts went there at the creation; later ones are changed only by the process of bank changes.
        company = told.model_dump(mode="json", exclude={"code", "gln", "bank_accounts", "active"})
        await self.change(company | {"blocked": False, "block_reason": ""})
        await self.answer("active", ["all checks passed"])
        await self.run.move("active", facts=[self.decided("active")] if first else ())

    async def _refuse(self, words: str) -> str:
        """The supplier is told that, and not why: the reason is in the run. What is in Odoo stays blocked there."""
        await self._forget()
        await self.answer("refused", ["the registration was not accepted"])
        await self.run.move("refused", facts=[self.decided("refused")])
        return words

    async def _forget(self) -> None:
        number = self.registration.number

        async def forget(connection: Connection) -> int:
            await register.end(connection, number)
            return 0

        await self.run.query("compared no more", forget)

    async def _keep_former(self, approved: SupplierRegistration) -> None:
        """A revision was not accepted: the supplier stays what it was before, blocked where there is a reason."""
        self.registration = approved
        await self.answer("refused", ["the revision was not accepted; what was approved before stays"])
        await self.run.move("blocked" if self.blocks else "active")
        self.following = True
        await self._screen_again()

    # While it is one

    async def _follow(self) -> None:
        """Until a revision says something else of the company, which must be checked and approved anew."""
        while True:
            await self._documents()
            end = checks.first_end(self.registration.credentials, self.rules.credentials)
            heard = await self.run.next(*HEARD, answers_to=self._open(), within=await self._patience(end))
            if isinstance(heard, SupplierRegistration):
                former = self.registration
                if not self.take(heard):
                    continue
                if not checks.alike_but_bank_and_credentials(former, heard):
                    await self._withdraw()
                    return
                self.approved = heard
            elif isinstance(heard, Rescreen):
                await self._screen_again()
            elif isinstance(heard, Answer):
                await self._answered(heard)

    async def _screen_again(self) -> None:
        """A list has changed. Who is listed is blocked at once, before anybody is asked."""
        found = await self.look()
        delisted = not found and "listed" in self.blocks and self.asked is None
        if found == self.suspect and not delisted:
            return
        await self._withdraw()
        self.suspect = found
        if any(each.listed for each in found):
            await self._block("listed", LISTED)
        if found or "listed" in self.blocks:  # also who left the list is released by a person
            self.asked = await self.run.put(self.question(found))

    async def _answered(self, answer: Answer) -> None:
        found, self.suspect, self.asked = self.suspect, [], None
        await self.judge(found, answer)
        if answer.content.decision == "same":
            self.suspect = found  # it stays, and is not asked about until something changes
            await self._block("listed", LISTED)
        elif "listed" in self.blocks:
            await self._unblock("listed")

    async def _documents(self) -> None:
        """What ends soon is asked for; what has ended blocks; what was renewed releases."""
        found = checks.credential_findings(
            self.registration.credentials,
            needed=self.rules.credentials,
            on=(await self.run.now()).date(),
            soon=duration(self.rules.remind_before),
        )
        late = checks.serious(found)
        if late and "documents" not in self.blocks:
            await self.answer("incomplete", late)
            await self._block("documents", "A document that is needed is not valid.")
        elif not late and "documents" in self.blocks:
            await self._unblock("documents")
        end = checks.first_end(self.registration.credentials, self.rules.credentials)
        soon = [each.words for each in found if each.trouble is checks.Trouble.SOON]
        if soon and end != self.told_end:
            self.told_end = end
            await self.answer("expiring", soon)

    async def _patience(self, end: date | None) -> timedelta | None:
        """Until the next reminder or end of a document; none: nothing ends, or it has ended."""
        if end is None or "documents" in self.blocks:
            return None
        now = await self.run.now()
        over = datetime.combine(end + timedelta(days=1), time(), UTC)
        remind = over - duration(self.rules.remind_before) - timedelta(days=1)
        at = remind if remind > now and self.told_end != end else over
        return max(at - now, timedelta(seconds=1))

    async def _block(self, cause: str, words: str, *, moving: bool = True) -> None:
        known = cause in self.blocks
        self.blocks[cause] = words
        if not known:
            await self.change({"blocked": True, "block_reason": joined([*self.blocks.values()])})
            if self.following and moving:
                await self.run.move("blocked")

    async def _unblock(self, cause: str) -> None:
        """That cause is over; released is it when no other is left."""
        del self.blocks[cause]
        reason = joined([*self.blocks.values()])
        await self.change({"blocked": bool(self.blocks), "block_reason": reason})
        if not self.blocks and self.following:
            await self.run.move("active")

    def _open(self) -> list[Open]:
        return [self.asked] if self.asked is not None else []

    async def _withdraw(self) -> None:
        """An answer that was given meanwhile is not heard any more: what it was about has changed."""
        if self.asked is not None:
            await self.run.withdraw(self.asked)
        self.asked = None
        self.suspect = []
