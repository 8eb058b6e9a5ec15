"""The general ledger: accounts, cost centres, entries, reversals, payments, and what banks say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from hilum.canonical import (
    AccountType,
    BankTransaction,
    CostCentre,
    EntryLine,
    JournalEntry,
    LedgerAccount,
    LedgerDocument,
    LedgerReversal,
    Payment,
    PaymentDirection,
)
from hilum.connectors.odoo.operations.payment import DONE
from hilum.connectors.odoo.operations.reversal import KINDS
from hilum.connectors.odoo.references import (
    ACCOUNT,
    ANALYTIC_PLAN,
    COST_CENTRE,
    CUSTOMER,
    JOURNAL,
    LEDGER_ACCOUNT,
    SUPPLIER,
)
from hilum.errors import Invalid
from hilum.packs.building import make
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.invoices import REVERSAL, company, cost_centre
from hilum.packs.odoo.records import Record, Reference

ENTRY: Final = "entry"
_NOTHING: Final = Decimal(0)
_TYPES: Final = {
    "asset": AccountType.ASSET,
    "liability": AccountType.LIABILITY,
    "equity": AccountType.EQUITY,
    "income": AccountType.INCOME,
    "expense": AccountType.EXPENSE,
}
"""By the first word of Odoo's types: `asset_receivable`, `expense_direct_cost`."""
_LEADS_TO: Final = ("statement_line_id", "payment_id", "origin_payment_id")
"""Relations of an entry that Odoo has made for a payment or a line of a bank statement, which is told instead."""


def ledger_account(record: Record, odoo: Conventions) -> LedgerAccount | None:
    """An account of the chart; those off the balance are none."""
    kind = _TYPES.get(record.text("account_type").partition("_")[0])
    if kind is None:
        return None
    currency = record.reference("currency_id")
    return make(
        LedgerAccount,
        record.where("code"),
        code=odoo.key(record, LEDGER_ACCOUNT.kind, "code"),
        title=record.text("name"),
        account_type=kind,
        currency=currency.code if currency is not None else None,
        reconciled=record.yes("reconcile"),
        active=not record.yes("deprecated") if record.given("deprecated") else record.yes("active"),
    )


def analytic_account(record: Record, odoo: Conventions) -> CostCentre | None:
    """An analytic account."""
    return make(
        CostCentre,
        record.where("name"),
        code=odoo.key(record, COST_CENTRE.kind, "code"),
        title=record.text("name"),
        plan=odoo.of(record, "plan_id", ANALYTIC_PLAN),
        customer=odoo.of(record, "partner_id", CUSTOMER),
        active=record.yes("active"),
    )


def journal_entry(record: Record, odoo: Conventions) -> JournalEntry | None:
    """An entry that is no bill, payment, bank transaction or reversal. A draft of Odoo's own has no number yet."""
    ours = odoo.is_own(record.external_id, ENTRY)
    number = odoo.key(record, ENTRY, "ref") if ours else record.text("name") if _state(record) == "posted" else ""
    if not _is_plain(record) or not number or _reversed(record) is not None:
        return None
    lines = record.lines("account.move.line", "line_ids")
    lines = [line for line in lines if line.number("debit") or line.number("credit")]
    if not lines:
        return None
    return make(
        JournalEntry,
        record.where("line_ids"),
        number=number,
        journal=odoo.of(record, "journal_id", JOURNAL),
        booked_on=record.day("date"),
        words=record.words("narration"),
        currency=odoo.currency or odoo.needed(record, "currency_id"),
        post=_state(record) == "posted",
        lines=tuple(_entry_line(line, odoo) for line in lines),
    )


def _entry_line(line: Record, odoo: Conventions) -> EntryLine:
    """Odoo takes negative amounts, which are those of the other side."""
    debit, credit = line.number("debit"), line.number("credit")
    if debit < 0 or credit < 0:
        debit, credit = max(debit, -credit, _NOTHING), max(credit, -debit, _NOTHING)
    return make(
        EntryLine,
        line.where("debit"),
        account=odoo.of(line, "account_id", LEDGER_ACCOUNT),
        debit=debit,
        credit=credit,
        description=line.text("name"),
        cost_centre=cost_centre(line, odoo),
    )


def ledger_reversal(record: Record, odoo: Conventions) -> LedgerReversal | None:
    """A document that takes another one back whole: one that the hub has made, or an entry that reverses an entry.

    A credit note that somebody has made in Odoo is told as a credit note: it may take back a part only.
    """
    original = _reversed(record)
    if original is None or _state(record) == "cancel":
        return None
    if not (odoo.is_own(record.external_id, REVERSAL) or record.text("move_type") == "entry"):
        return None
    of = next((of for of, kind in KINDS.items() if odoo.is_own(original.external_id, kind)), None)
    if of is None and record.text("move_type") != "entry":
        raise Invalid("is not of the hub: what is reversed cannot be told", where=record.where("reversed_entry_id"))
    of = of or LedgerDocument.JOURNAL_ENTRY
    return make(
        LedgerReversal,
        record.where("reversed_entry_id"),
        of=of,
        document=_document(record, original, of, odoo),
        reversed_on=record.day("invoice_date") or record.day("date"),
        reason=record.words("narration"),
        post=_state(record) == "posted",
    )


def _document(record: Record, original: Reference, of: LedgerDocument, odoo: Conventions) -> str:
    """The business key of what is reversed. Raises `Invalid`."""
    kind = KINDS[of]
    if key := odoo.own(original.external_id, kind):
        return key
    if not odoo.is_own(original.external_id, kind):
        return original.name.partition(" (")[0]  # Odoo shows the reference behind the number
    candidates = [original.code]
    if of is LedgerDocument.SUPPLIER_BILL:
        code = f"{company(record, SUPPLIER, odoo)}:{original.code}"
        candidates = [code, f"{code}:credit"]
    found = next((each for each in candidates if odoo.proves(original.external_id, kind, each)), None)
    if found is None:
        words = "the reference of what is reversed was changed in Odoo: put it back there"
        raise Invalid(words, where=record.where("reversed_entry_id"))
    return found


def payment(record: Record, odoo: Conventions) -> Payment | None:
    """Money that has gone or come; drafts and cancelled payments are none."""
    partner = record.reference("partner_id")
    if record.text("state") not in DONE or partner is None:
        return None
    number = odoo.key(record, "payment", "payment_reference", "name")
    return make(
        Payment,
        record.where("amount"),
        number=number,
        direction=PaymentDirection.SENT if record.text("payment_type") == "outbound" else PaymentDirection.RECEIVED,
        **_party(record, partner, odoo),
        amount=record.number("amount"),
        currency=odoo.needed(record, "currency_id"),
        paid_on=record.day("date"),
        journal=odoo.of(record, "journal_id", JOURNAL),
        documents=_paid(record, number),
    )


def _party(record: Record, partner: Reference, odoo: Conventions) -> dict[str, Any]:
    if odoo.is_own(partner.external_id, ACCOUNT.kind):
        return {"account": odoo.of(record, "partner_id", ACCOUNT)}
    if record.text("partner_type") == "supplier":
        return {"supplier": odoo.of(record, "partner_id", SUPPLIER)}
    return {"customer": odoo.of(record, "partner_id", CUSTOMER)}


def _paid(record: Record, number: str) -> tuple[str, ...]:
    """The documents that it pays: those that Odoo links, else those that the hub has named in the memo."""
    if record.given("invoice_ids") and (linked := record.references("invoice_ids")):
        return tuple(each.code or each.name for each in linked)
    memo = record.text("memo", "ref")
    return tuple(memo.removeprefix(number).split()) if memo.startswith(f"{number} ") else ()


def bank_transaction(record: Record, odoo: Conventions) -> BankTransaction | None:
    """A line of a bank statement."""
    number = record.text("ref") or (record.text("name") if record.given("name") else "")
    own = record.reference("currency_id") if record.given("currency_id") else None
    currency = own.code if own is not None else odoo.currency
    if not currency:
        raise Invalid("tell the flow the currency of the company (`currency=`)", where=record.where("currency_id"))
    return make(
        BankTransaction,
        record.where("amount"),
        journal=odoo.of(record, "journal_id", JOURNAL),
        number=number or f"odoo-{record.id}",
        booked_on=record.day("date"),
        amount=record.number("amount"),
        currency=currency,
        words=record.text("payment_ref") or number,
        party_name=record.text("partner_name"),
        party_account=record.text("account_number"),
    )


def _state(record: Record) -> str:
    return record.text("state")


def _is_plain(record: Record) -> bool:
    """Is it an entry that nothing else tells of?"""
    if record.text("move_type") != "entry" or _state(record) == "cancel":
        return False
    return not any(record.given(name) and record.reference(name) is not None for name in _LEADS_TO)


def _reversed(record: Record) -> Reference | None:
    return record.reference("reversed_entry_id")
