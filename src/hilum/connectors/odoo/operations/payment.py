"""Money that has gone or come: one payment in Odoo for one number of a transfer, matched with what it pays.

Odoo's wizard for payments pays again each time it runs, and two wizards made at one time pay twice. So the hub writes
the payment itself (`account.payment`) under an external identifier from the number of the transfer, posts it, and then
matches its open ledger line with those of the bills (`reconcile`): what is matched cannot be matched again. The number
is the payment's reference in Odoo too. A part of a bill may be paid; a payment of more than is due is held, because
somebody may have entered it by hand. What is due is counted down within a batch, and looked at once more between the
draft and its posting, when every hub's draft is to be seen (`claims`). What is posted and matches nothing all the same,
because somebody paid the bill by hand at that moment, is held too: a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Final

from hilum.canonical import Payment, PaymentDirection
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.faults import Refusal
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, found, joined, prepare
from hilum.connectors.odoo.operations.claims import Claim, claims_on, free, open_lines, others
from hilum.connectors.odoo.operations.documents import DocumentOperation, Plan
from hilum.connectors.odoo.operations.invoicing import Found
from hilum.connectors.odoo.operations.locks import locked_until, locks_needed, moved, refusal
from hilum.connectors.odoo.operations.paid_documents import DOCUMENT_FIELDS, document_of, documents_of, party_of
from hilum.connectors.odoo.references import ACCOUNT, CUSTOMER, JOURNAL, MISSING, SUPPLIER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell, exact
from hilum.errors import Rejected, TryAgain

OVERPAID: Final = "odoo.overpaid"
DONE: Final = frozenset({"in_process", "paid", "posted", "sent", "reconciled"})
_LOOKS: Final = 3
"""How often it is looked at who else pays, where others do so at this very moment."""
_ENDED: Final = frozenset({"cancel", "canceled", "cancelled", "rejected"})


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
    seen_before: bool = False  # its draft was in Odoo when this attempt began
    unmatched: bool = False  # some of the money was posted and matched with nothing


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
        "account.move.line": ("payment_id", "move_id", "partner_id", "account_id", "reconciled", "parent_state"),
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
        return joined(self.needs, {"account.payment": own}, locks_needed(names))

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
            documents=await documents_of(session, payments, parties),
        )

    async def plan(self, session: Session, task: Task, known: _Known) -> Plan:
        """See `DocumentOperation.plan`."""
        thing: Payment = task.thing
        about = f"payment {thing.number}"
        partner = found(known.parties[party_of(thing)])["id"]
        journal = found(known.journals[thing.journal])["id"] if thing.journal else known.bank
        if journal is None:
            raise Rejected(MISSING, "Odoo has no bank journal. Create one there, then replay.")
        documents = [document_of(thing, number, partner, known.documents) for number in thing.documents]
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
        """See `DocumentOperation.weigh`: nothing in a locked period, and not more than is due to the batch together."""
        drafts = [plan for plan in plans if plan.number is None or self.is_draft(plan)]
        until = await locked_until(session) if drafts else None
        taken: list[Claim] = []
        for plan in drafts:
            plan.wanted.seen_before = plan.number is not None
            refused = _overpaid(plan, plan.wanted.documents, taken)
            if until is not None and plan.wanted.day <= until:
                refused = refusal(plan.about, plan.wanted.day, until)
            if refused is not None and plan.number is None:
                await self.refuse(session, plan, refused)
            elif refused is not None:
                plan.task.fail(refused)
            if plan.task.outcome is None:
                taken.append(_claim(plan))

    async def look_once_more(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.look_once_more`: others may have paid, or be about to pay, the same documents."""
        paying = [plan for plan in plans if plan.wanted.documents]
        if not paying:
            return
        documents = {row["id"]: row for plan in paying for row in plan.wanted.documents}
        claims = await claims_on(session, list(documents.values()))
        failures: list[tuple[Plan, Rejected | TryAgain]] = []
        for _ in range(_LOOKS):
            now = await session.client.read("account.move", sorted(documents), DOCUMENT_FIELDS)
            failures = _in_the_way(paying, now, claims)
            again = await claims_on(session, now) if failures else claims
            if again == claims:
                break
            claims = again  # what was matched between the looks was counted twice
        for plan, failure in failures:
            plan.task.fail(failure)

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
        own = await open_lines(session, [["payment_id", "in", list(paying)]])
        by_task = {id(plan.task): plan for plan in paying.values()}

        async def match(task: Task) -> None:
            plan = by_task[id(task)]
            mine = [line for line in own if line["payment_id"] == plan.number]
            if mine:
                await _match(session, plan, mine)

        await prepare([plan.task for plan in paying.values()], match)
        await self._see_what_is_left(session, list(paying.values()))
        if own:
            still = {line["payment_id"] for line in await open_lines(session, [["payment_id", "in", list(paying)]])}
            for number in still:
                paying[number].wanted.unmatched = True

    async def finished(self, session: Session, plan: Plan) -> bool:
        """See `DocumentOperation.finished`: nothing of it is open, or nothing that it could be matched with."""
        if not plan.wanted.documents:
            return True
        own = await open_lines(session, [["payment_id", "=", plan.number]])
        if own and await _open_of_documents(session, plan, own):
            return False
        plan.wanted.unmatched = bool(own)
        await self._see_what_is_left(session, [plan])
        return True

    @staticmethod
    async def _see_what_is_left(session: Session, plans: Sequence[Plan]) -> None:
        """Note which of the documents are not paid whole."""
        documents = sorted({row["id"] for plan in plans for row in plan.wanted.documents})
        rows = {row["id"]: row for row in await session.client.read("account.move", documents, DOCUMENT_FIELDS)}
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
        if plan.wanted.unmatched and not plan.wanted.left and _one_currency(plan):
            plan.task.fail(_too_late(plan, title))
            return
        booked = plan.row.get("date")
        if booked and booked != plan.wanted.day.isoformat():
            plan.task.fail(moved(plan.about, title, plan.wanted.day, booked))
            return
        words = (
            f"{'Paid to' if thing.direction is PaymentDirection.SENT else 'Received from'} {party_of(thing)}: {title}."
        )
        if not thing.documents:
            words += " It is on account: no document was named."
        elif plan.wanted.left:
            words += f" Not paid whole: {', '.join(plan.wanted.left)}."
        if plan.wanted.unmatched:
            words += " Not all of it could be matched; match the rest in Odoo."
        plan.task.deliver(f"account.payment:{plan.number} {title}", words)


def _claim(plan: Plan) -> Claim:
    return Claim(
        number=plan.number,
        title=plan.about,
        draft=True,
        amount=plan.task.thing.amount,
        documents=frozenset(row["id"] for row in plan.wanted.documents),
    )


def _one_currency(plan: Plan) -> bool:
    """Else Odoo converts, and says what is left."""
    return all(row["currency_id"] == plan.wanted.head["currency_id"] for row in plan.wanted.documents)


def _fits(plan: Plan, documents: Sequence[Row], claims: Sequence[Claim]) -> bool:
    thing: Payment = plan.task.thing
    if not thing.documents or not _one_currency(plan):
        return True
    natural = (thing.direction is PaymentDirection.SENT) == (thing.supplier is not None)
    return thing.amount <= free(documents, claims, pays="_invoice" if natural else "_refund")


def _overpaid(plan: Plan, documents: Sequence[Row], claims: Sequence[Claim]) -> Rejected | None:
    """It is more than the documents leave when these claims have been met."""
    if _fits(plan, documents, claims):
        return None
    names = ", ".join(str(row["name"]) for row in plan.wanted.documents)
    left = (
        "Nothing was written."
        if plan.number is None
        else f"It was left a draft in Odoo ({plan.number}), not posted: delete it there, or make room and replay."
    )
    taken = others(claims, plan.number, [row["id"] for row in documents])
    why = f"It is paid by {', '.join(each.title for each in taken)} too." if taken else "Was it entered by hand?"
    return Rejected(OVERPAID, f"The {plan.about} is more than is due on {names}. {why} {left}")


def _in_the_way(
    plans: Sequence[Plan], documents: Sequence[Row], claims: Sequence[Claim]
) -> list[tuple[Plan, Rejected | TryAgain]]:
    """The plans whose drafts must not be posted now, and why."""
    found = []
    for plan in plans:
        own = {row["id"] for row in plan.wanted.documents}
        failure = _contended(plan, [row for row in documents if row["id"] in own], claims)
        if failure is not None:
            found.append((plan, failure))
    return found


def _contended(plan: Plan, documents: Sequence[Row], claims: Sequence[Claim]) -> Rejected | TryAgain | None:
    """Why a draft must not be posted now; None: it may be.

    At first everybody who does not fit in gives way, also to later drafts: their hub may have looked before this draft
    was to be seen, and be posting. Whose draft was there before goes before later ones.
    """
    rivals = others(claims, plan.number, [row["id"] for row in documents])
    if _fits(plan, documents, rivals):
        return None
    if not any(each.number == plan.number and each.draft for each in claims):
        return TryAgain(f"The {plan.about} was posted by another hub meanwhile: what it pays is looked at again.")
    again = plan.wanted.seen_before and plan.task.delivery.attempt > 1
    if not again and _fits(plan, documents, []):
        return TryAgain(f"The {plan.about} waits: another payment of the same document is being made.", after=1.0)
    before = [each for each in rivals if not each.draft or (each.number or 0) < (plan.number or 0)]
    return _overpaid(plan, documents, before)


def _too_late(plan: Plan, title: str) -> Rejected:
    names = ", ".join(str(row["name"]) for row in plan.wanted.documents)
    words = f"The {plan.about} is posted in Odoo as {title}, but {names} was paid by another at the same moment:"
    return Rejected(OVERPAID, f"{words} not all of it could be matched. Cancel it there or match it with another.")


async def _open_of_documents(session: Session, plan: Plan, mine: Sequence[Row]) -> list[Row]:
    """Ledger lines of what is paid that these of the payment can be matched with."""
    documents = [row["id"] for row in plan.wanted.documents]
    accounts = {line["account_id"] for line in mine}
    return [
        line for line in await open_lines(session, [["move_id", "in", documents]]) if line["account_id"] in accounts
    ]


async def _match(session: Session, plan: Plan, mine: Sequence[Row]) -> None:
    """Match a payment. Another hub may do it at the same moment: then nothing is open any more."""
    theirs = await _open_of_documents(session, plan, mine)
    if not theirs:
        return
    try:
        await session.client.call("account.move.line", "reconcile", [line["id"] for line in (*mine, *theirs)])
    except Refusal:
        own = await open_lines(session, [["payment_id", "=", plan.number]])
        if own and await _open_of_documents(session, plan, own):
            raise
