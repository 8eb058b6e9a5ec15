"""A change of bank details goes to Odoo only after a second person has called the supplier back.

Letters that ask to pay to another account are the usual way to steal from payables. So the old details stay until
somebody who did not enter the change has called under a number that was known before it.
"""

from __future__ import annotations

from typing import Any

from hilum.canonical import DocumentStatus, SupplierBankChange
from hilum.canonical.parties import BankAccount
from hilum.flow import DataClass, Owners
from hilum.packs.suppliers import accounts
from hilum.packs.suppliers.beside import beside_bank_change
from hilum.packs.suppliers.checks import account_findings
from hilum.packs.suppliers.rules import BANK_CHANGE, BANK_STATES, FINANCE, CallBack, SupplierChange, SupplierRules
from hilum.postgres import Connection
from hilum.processes import Answer, Process, Run, Task


def bank_change_process(
    rules: SupplierRules, *, owners: Owners, name: str = BANK_CHANGE, version: str = "1.0"
) -> Process:
    """The process: one run for the open change of a supplier; a later change takes the place of an open one."""
    process = Process(
        name,
        version=version,
        summary="A change of bank details, confirmed by a call back before it counts",
        owners=owners,
        data_class=DataClass.CONFIDENTIAL,
        states=BANK_STATES,
        forms=[CallBack],
    )
    process.starts_on(SupplierBankChange, key=lambda change: change.supplier)

    @process.run
    async def follow(run: Run, change: SupplierBankChange) -> str:
        return await _Change(run, rules).to_the_end(change)

    return process


class _Change:
    def __init__(self, run: Run, rules: SupplierRules) -> None:
        self.run = run
        self.rules = rules
        self.entered_by: list[str] = []  # of all changes that this run heard: none of them may confirm

    async def to_the_end(self, change: SupplierBankChange) -> str:
        """Until one was confirmed or refused."""
        while True:
            self.entered_by.append(change.entered_by)
            wrong = [
                each.words
                for place, account in enumerate(change.bank_accounts, start=1)
                for each in account_findings(account, place)
            ]
            if wrong:
                return await self._refuse(change, "; ".join(wrong))
            found = await self._called_back(change)
            if isinstance(found, SupplierBankChange):
                await self._tell(change, "replaced", f"change {found.number} came after it")
                await self.run.move("entered")
                change = found
                continue
            if not found.content.confirmed:
                return await self._refuse(change, f"the call back by {found.by} did not confirm it")
            return await self._write(change, found)

    async def _called_back(self, change: SupplierBankChange) -> SupplierBankChange | Answer:
        """The answer, or a later change that came before it."""
        await self.run.move("call back")
        last = ", ".join(f"…{account.compact[-4:]}" for account in change.bank_accounts)
        asked = await self.run.put(
            Task(
                f"Call {change.supplier} back: new bank details",
                CallBack,
                team=FINANCE,
                words=(
                    f"Change {change.number}, entered by {change.entered_by}: money is to go to {last}. Call under a"
                    " number that was known before, never under one that came with the change."
                ),
                due=self.rules.decide_within,
                not_by=[*dict.fromkeys(self.entered_by)],
                papers=beside_bank_change(change, self.run.id),
            )
        )
        while True:
            heard = await self.run.next(SupplierBankChange, answers_to=[asked])
            if isinstance(heard, Answer):
                return heard
            if isinstance(heard, SupplierBankChange) and heard.number != change.number:
                await self.run.withdraw(asked)
                return heard

    async def _write(self, change: SupplierBankChange, answer: Answer) -> str:
        """Odoo has them at once; a payment goes there from their day on."""
        today = (await self.run.now()).date()
        confirmed = accounts.Confirmed(
            supplier=change.supplier, confirmation=change.number, holds_from=max(today, change.holds_from or today),
            accounts=change.bank_accounts, confirmed_by=answer.by, spoke_with=answer.content.spoke_with.strip(),
        )  # fmt: skip

        async def note(connection: Connection) -> None:
            await accounts.confirm(connection, confirmed)

        await self.run.query("paid there", note)
        told_accounts: list[dict[str, Any]] = [
            BankAccount(number=each.compact, bic=each.bic, currency=each.currency).model_dump(mode="json")
            for each in change.bank_accounts
        ]
        told = SupplierChange(code=change.supplier, told={"bank_accounts": told_accounts})
        await self.run.send(self.rules.changes, told, key=change.supplier)
        await self._tell(change, "changed", f"confirmed by {answer.by}")
        await self.run.move("changed")
        return f"{change.number}: confirmed by {answer.by}, who spoke with {answer.content.spoke_with.strip()}"

    async def _refuse(self, change: SupplierBankChange, words: str) -> str:
        await self._tell(change, "refused", words)
        await self.run.move("refused")
        return f"{change.number}: {words}"

    async def _tell(self, change: SupplierBankChange, status: str, words: str) -> None:
        said = DocumentStatus(
            document=change.number,
            flow=BANK_CHANGE,
            status=status,
            references=(change.number, change.supplier),
            words=words[:2000],
            at=await self.run.now(),
        )
        await self.run.send(self.rules.answers, said, key=change.supplier)
