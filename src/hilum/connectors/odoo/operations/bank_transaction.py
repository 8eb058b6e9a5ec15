"""A line of a bank statement. Odoo books it as it is made, and a clerk or Odoo's rules match it with what it pays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hilum.canonical import BankTransaction
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, found, joined
from hilum.connectors.odoo.operations.documents import DocumentOperation, Plan
from hilum.connectors.odoo.operations.invoicing import Found
from hilum.connectors.odoo.operations.locks import locked_until, locks_needed, refusal
from hilum.connectors.odoo.references import JOURNAL
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell, exact
from hilum.errors import Rejected


class RecordTransaction(DocumentOperation):
    """BankTransaction → account.bank.statement.line."""

    name: ClassVar[str] = "bank_transaction"
    accepts: ClassVar[tuple[type, ...]] = (BankTransaction,)
    needs: ClassVar[Needs] = {
        "account.bank.statement.line": (
            "journal_id",
            "date",
            "amount",
            "payment_ref",
            "ref",
            "partner_name",
            "account_number",
        ),
        "account.move.line": ("statement_line_id",),
        "account.journal": ("code", "currency_id"),
    }
    model = "account.bank.statement.line"
    kind = "banktransaction"
    reference_field = "ref"
    fields = ("state", "date", "amount", "journal_id", "payment_ref")
    line_model = "account.move.line"
    line_parent = "statement_line_id"
    line_fields = ("balance",)
    drafts = frozenset()

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        return joined(self.needs, locks_needed(names))

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> Found:
        """See `DocumentOperation.look_up`."""
        return await session.references.find(JOURNAL, [task.thing.journal for task in tasks])

    async def plan(self, session: Session, task: Task, known: Found) -> Plan:
        """See `DocumentOperation.plan`."""
        thing: BankTransaction = task.thing
        about = f"bank transaction {thing.number}"
        if thing.notified:
            raise Rejected("invalid", f"The {about} was notified: the statement tells it again, and is booked.")
        journal = found(known[thing.journal])
        currency = journal["currency_id"] or await session.company_currency()
        if journal["type"] not in ("bank", "cash", "credit"):
            raise Rejected("odoo.validation", f"The {about}: {thing.journal} is not a journal of a bank in Odoo.")
        if found(await session.currency(thing.currency)) != currency:
            words = f"The {about} is in {thing.currency}, and the journal {thing.journal} in another currency."
            raise Rejected("odoo.currency", f"{words} Name the journal of that account.")
        head = {
            "journal_id/.id": cell(journal["id"]),
            "date": thing.booked_on.isoformat(),
            "amount": cell(thing.amount),
            "payment_ref": thing.words or thing.number,
            "ref": thing.number,
            **({"partner_name": thing.party_name} if thing.party_name else {}),
            **({"account_number": thing.party_account} if thing.party_account else {}),
        }
        xml_id = session.xml_id("banktransaction", thing.business_key)
        return Plan(
            task=task,
            xml_id=xml_id,
            reference=thing.number,
            about=about,
            records=[Record(task=task, xml_id=xml_id, head=head, about=about)],
            wanted=journal["id"],
            act=False,
        )

    async def weigh(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.weigh`: nothing in a locked period."""
        new = [plan for plan in plans if plan.number is None]
        until = await locked_until(session) if new else None
        for plan in new:
            day = plan.task.thing.booked_on
            if until is not None and day <= until:
                await self.refuse(session, plan, refusal(plan.about, day, until))

    def differences(self, plan: Plan) -> str:
        """See `DocumentOperation.differences`."""
        thing: BankTransaction = plan.task.thing
        same = {
            "journal": plan.row["journal_id"] == plan.wanted,
            "exact amount": exact(plan.row["amount"]) == thing.amount,
            "date": plan.row["date"] == thing.booked_on.isoformat(),
        }
        return ", ".join(words for words, equal in same.items() if not equal)

    async def act(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.act`. Odoo books a line as it is made."""

    def settle(self, plan: Plan) -> None:
        """See `DocumentOperation.settle`."""
        thing: BankTransaction = plan.task.thing
        words = f"The {plan.about} is on the statement of {thing.journal} in Odoo."
        plan.task.deliver(f"account.bank.statement.line:{plan.number} {thing.number}", words)
