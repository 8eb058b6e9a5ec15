"""Money that has gone or come: one payment in Odoo for one number of a transfer, matched with what it pays.

Odoo's wizard for payments pays again each time it runs, and two wizards made at one time pay twice. So the hub writes
the payment itself (`account.payment`) under an external identifier from the number of the transfer, posts it, and then
matches its open ledger line with those of the bills (`reconcile`): what is matched cannot be matched again. The number
is the payment's reference in Odoo too. A part of a bill may be paid; a payment of more than is due is held, because
somebody may have entered it by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Final

from hilum.canonical import Payment, PaymentDirection
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.faults import Refusal
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, found, joined, prepare
from hilum.connectors.odoo.operations.documents import DocumentOperation, Plan
from hilum.connectors.odoo.operations.invoicing import Found
from hilum.connectors.odoo.operations.locks import locked_until, moved, refusal
from hilum.connectors.odoo.references import ACCOUNT, AMBIGUOUS, CUSTOMER, JOURNAL, MISSING, SUPPLIER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell, exact
from hilum.errors import Rejected

OVERPAID: Final = "odoo.overpaid"
DONE: Final = frozenset({"in_process", "paid", "posted", "sent", "reconciled"})
_ENDED: Final = frozenset({"cancel", "canceled", "cancelled", "rejected"})
_DUE: Final = ("asset_receivable", "liability_payable")
_DOCUMENT: Final = ("name", "ref", "partner_id", "move_type", "amount_residual", "currency_id", "payment_state")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    parties: Found
    journals: Found
    bank: int | None  # the first bank journal
    documents: Sequence[Row]


@dataclass(eq=False, kw_only=True, slots=True)
class _Wanted:
    head: Mapping[str, Any]
    day: date
    documents: Sequence[Row]
    left: list[str] = field(default_factory=list)  # documents that are not paid whole


class RegisterPayment(DocumentOperation):
    """Payment → account.payment, posted and matched."""

    name: ClassVar[str] = "payment"
    accepts: ClassVar[tuple[type, ...]] = (Payment,)
    needs: ClassVar[Needs] = {
        "account.payment": (
            "name",
            "state",
            "payment_type",
            "partner_type",
            "partner_id",
            "amount",
            "currency_id",
            "date",
            "journal_id",
            "payment_reference",
            "move_id",
        ),
        "account.move": ("name", "ref", "partner_id", "state", "move_type", "amount_residual", "payment_state"),
        "account.move.line": ("payment_id", "move_id", "account_id", "reconciled", "parent_state"),
        "account.journal": ("code", "type"),
        "account.account": ("account_type",),
    }
    model = "account.payment"
    kind = "payment"
    reference_field = "payment_reference"
    fields = ("name", "state", "partner_id", "amount", "currency_id", "date", "payment_type", "journal_id")
    line_model = "account.move.line"
    line_parent = "payment_id"
    line_fields = ("account_id", "reconciled")

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        own = (names.payment_memo, *((names.payment_invoices,) if names.payment_invoices else ()))
        return joined(self.needs, {"account.payment": own})

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> _Known:
        """See `DocumentOperation.look_up`."""
        payments: list[Payment] = [task.thing for task in tasks]
        kinds = (("supplier", SUPPLIER), ("customer", CUSTOMER), ("account", ACCOUNT))
        parties: dict[str, Row | Rejected] = {}
        for name, kind in kinds:
            codes = [getattr(each, name) for each in payments if getattr(each, name)]
            parties |= {f"{name} {code}": row for code, row in (await session.references.find(kind, codes)).items()}
        banks = await session.client.search_read(
            "account.journal", [["type", "=", "bank"]], ["code"], limit=1, order="sequence, id"
        )
        return _Known(
            parties=parties,
            journals=await session.references.find(JOURNAL, [each.journal for each in payments if each.journal]),
            bank=banks[0]["id"] if banks else None,
            documents=await _documents(session, payments, parties),
        )

    async def plan(self, session: Session, task: Task, known: _Known) -> Plan:
        """See `DocumentOperation.plan`."""
        thing: Payment = task.thing
        about = f"payment {thing.number}"
        partner = found(known.parties[_party(thing)])["id"]
        journal = found(known.journals[thing.journal])["id"] if thing.journal else known.bank
        if journal is None:
            raise Rejected(MISSING, "Odoo has no bank journal. Create one there, then replay.")
        documents = [_document(thing, number, partner, known) for number in thing.documents]
        wanted = {
            "partner_id": partner,
            "payment_type": "outbound" if thing.direction is PaymentDirection.SENT else "inbound",
            "currency_id": found(await session.currency(thing.currency)),
            "journal_id": journal,
        }
        xml_id = session.xml_id("payment", thing.number)
        names = session.client.dialect
        head = {
            "payment_type": wanted["payment_type"],
            "partner_type": "supplier" if thing.supplier else "customer",
            "partner_id/.id": cell(partner),
            "amount": cell(thing.amount),
            "currency_id/.id": cell(wanted["currency_id"]),
            "date": thing.paid_on.isoformat(),
            "journal_id/.id": cell(journal),
            "payment_reference": thing.number,
            names.payment_memo: " ".join((thing.number, *thing.documents)),
        }
        if names.payment_invoices and documents:
            head[f"{names.payment_invoices}/.id"] = ",".join(str(row["id"]) for row in documents)
        return Plan(
            task=task,
            xml_id=xml_id,
            reference=thing.number,
            about=about,
            records=[Record(task=task, xml_id=xml_id, head=head, about=about)],
            wanted=_Wanted(head=wanted, day=thing.paid_on, documents=documents),
        )

    async def weigh(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.weigh`: nothing in a locked period, and not more than is due."""
        drafts = [plan for plan in plans if plan.number is None or self.is_draft(plan)]
        until = await locked_until(session) if drafts else None
        for plan in drafts:
            refused = _overpaid(plan) if plan.number is None else None
            if until is not None and plan.wanted.day <= until:
                refused = refusal(plan.about, plan.wanted.day, until)
            if refused is not None and plan.number is None:
                await self.refuse(session, plan, refused)
            elif refused is not None:
                plan.task.fail(refused)

    def differences(self, plan: Plan) -> str:
        """See `DocumentOperation.differences`."""
        row, wanted = plan.row, plan.wanted
        if row.get("state") in _ENDED:
            return "it was cancelled"
        names = {
            "partner_id": "supplier, customer or account",
            "payment_type": "direction",
            "currency_id": "currency",
            "journal_id": "journal",
        }
        parts = [words for name, words in names.items() if row[name] != wanted.head[name]]
        if exact(row["amount"]) != plan.task.thing.amount:
            parts.append("exact amount")
        if self.is_draft(plan) and row["date"] != wanted.day.isoformat():
            parts.append("date")
        return ", ".join(parts)

    async def act(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.act`."""
        numbers = [plan.number for plan in plans if plan.number is not None]
        await session.client.call("account.payment", "action_post", numbers)

    async def finish(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.finish`: match what is open on the payments with what is open on the documents."""
        paying = {
            plan.number: plan for plan in plans if plan.number and plan.wanted.documents and not self.is_draft(plan)
        }
        if not paying:
            return
        own = await _open_lines(session, ["payment_id", "in", list(paying)])
        by_task = {id(plan.task): plan for plan in paying.values()}

        async def match(task: Task) -> None:
            plan = by_task[id(task)]
            mine = [line for line in own if line["payment_id"] == plan.number]
            if mine:
                await _match(session, plan, mine)

        await prepare([plan.task for plan in paying.values()], match)
        await self._see_what_is_left(session, list(paying.values()))

    async def finished(self, session: Session, plan: Plan) -> bool:
        """See `DocumentOperation.finished`: nothing of it is open, or nothing that it could be matched with."""
        if not plan.wanted.documents:
            return True
        own = await _open_lines(session, ["payment_id", "=", plan.number])
        if own and await _open_of_documents(session, plan, own):
            return False
        await self._see_what_is_left(session, [plan])
        return True

    @staticmethod
    async def _see_what_is_left(session: Session, plans: Sequence[Plan]) -> None:
        """Note which of the documents are not paid whole."""
        documents = sorted({row["id"] for plan in plans for row in plan.wanted.documents})
        rows = {row["id"]: row for row in await session.client.read("account.move", documents, _DOCUMENT)}
        for plan in plans:
            now = [rows[row["id"]] for row in plan.wanted.documents if row["id"] in rows]
            plan.wanted.left = [str(row["name"]) for row in now if exact(row["amount_residual"])]

    def settle(self, plan: Plan) -> None:
        """See `DocumentOperation.settle`."""
        title = str(plan.row.get("name") or plan.number)
        thing: Payment = plan.task.thing
        if plan.row.get("state") not in DONE:
            words = f"The {plan.about} is in Odoo as {title} but was not posted; look at it there."
            plan.task.fail(Rejected("odoo.not_done", words))
            return
        booked = plan.row.get("date")
        if booked and booked != plan.wanted.day.isoformat():
            plan.task.fail(moved(plan.about, title, plan.wanted.day, booked))
            return
        words = (
            f"{'Paid to' if thing.direction is PaymentDirection.SENT else 'Received from'} {_party(thing)}: {title}."
        )
        if not thing.documents:
            words += " It is on account: no document was named."
        elif plan.wanted.left:
            words += f" Not paid whole: {', '.join(plan.wanted.left)}."
        plan.task.deliver(f"account.payment:{plan.number} {title}", words)


def _party(thing: Payment) -> str:
    if thing.supplier:
        return f"supplier {thing.supplier}"
    return f"customer {thing.customer}" if thing.customer else f"account {thing.account}"


async def _documents(session: Session, payments: Sequence[Payment], parties: Found) -> list[Row]:
    """The booked bills and invoices that may be meant, by their number at the sender or in Odoo. One call, or none."""
    numbers = sorted({number for each in payments for number in each.documents})
    partners = sorted({row["id"] for row in parties.values() if not isinstance(row, Rejected)})
    if not numbers or not partners:
        return []
    domain = [
        ["partner_id", "in", partners],
        ["state", "=", "posted"],
        ["move_type", "in", ["in_invoice", "in_refund", "out_invoice", "out_refund"]],
        "|",
        ["ref", "in", numbers],
        ["name", "in", numbers],
    ]
    return await session.client.search_read("account.move", domain, _DOCUMENT)


def _document(thing: Payment, number: str, partner: int, known: _Known) -> Row:
    """The one document of this party with the number. Raises `Rejected`."""
    types = _paid_by(thing)
    same = [
        row
        for row in known.documents
        if row["partner_id"] == partner and row["move_type"] in types and number in (row["ref"], row["name"])
    ]
    if len(same) == 1:
        return same[0]
    if same:
        words = f"Odoo has {len(same)} documents {number} of this party. Correct one there, then replay."
        raise Rejected(AMBIGUOUS, words)
    words = f"The payment {thing.number} pays {number}, which is not booked in Odoo. Book it there, then replay."
    raise Rejected(MISSING, words)


def _paid_by(thing: Payment) -> tuple[str, str]:
    """What money in this direction pays, and what it may be offset with: a bill, less a credit note."""
    side = "in" if thing.supplier else "out"
    return f"{side}_invoice", f"{side}_refund"


def _overpaid(plan: Plan) -> Rejected | None:
    thing: Payment = plan.task.thing
    if not thing.documents:
        return None
    natural = (thing.direction is PaymentDirection.SENT) == (thing.supplier is not None)
    due = Decimal(0)
    for row in plan.wanted.documents:
        if row["currency_id"] != plan.wanted.head["currency_id"]:
            return None  # Odoo converts, and says what is left
        adds = row["move_type"].endswith("_invoice") == natural
        due += exact(row["amount_residual"]) if adds else -exact(row["amount_residual"])
    if thing.amount <= due:
        return None
    names = ", ".join(str(row["name"]) for row in plan.wanted.documents)
    words = f"The {plan.about} is more than is due on {names}. Was it entered by hand? Nothing was written."
    return Rejected(OVERPAID, words)


async def _open_lines(session: Session, of: list[Any]) -> list[Row]:
    """Ledger lines that wait to be matched."""
    domain = [
        of,
        ["parent_state", "=", "posted"],
        ["reconciled", "=", False],
        ["account_id.account_type", "in", list(_DUE)],
    ]
    return await session.client.search_read(
        "account.move.line", domain, ["payment_id", "move_id", "account_id"], order="date_maturity, id"
    )


async def _open_of_documents(session: Session, plan: Plan, mine: Sequence[Row]) -> list[Row]:
    """Ledger lines of what is paid that these of the payment can be matched with."""
    documents = [row["id"] for row in plan.wanted.documents]
    accounts = {line["account_id"] for line in mine}
    return [line for line in await _open_lines(session, ["move_id", "in", documents]) if line["account_id"] in accounts]


async def _match(session: Session, plan: Plan, mine: Sequence[Row]) -> None:
    """Match a payment. Another hub may do it at the same moment: then nothing is open any more."""
    theirs = await _open_of_documents(session, plan, mine)
    if not theirs:
        return
    try:
        await session.client.call("account.move.line", "reconcile", [line["id"] for line in (*mine, *theirs)])
    except Refusal:
        if await _open_lines(session, ["payment_id", "=", plan.number]):
            raise
