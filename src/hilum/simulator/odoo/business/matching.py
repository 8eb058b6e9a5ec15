"""What is due, and how payments are matched with it: the open amounts of ledger lines."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.simulator.odoo.business.amounts import CENTS
from hilum.simulator.odoo.errors import UserError
from hilum.simulator.odoo.orm.fields import rounded
from hilum.simulator.odoo.orm.record import Env, Record


def payment_field(env: Env) -> str:
    """The field of an entry that says which payment made it."""
    return "origin_payment_id" if env.since(18) else "payment_id"


def invoices_field(env: Env) -> str:
    """The field of a payment that keeps what it paid; until 17 no client sees it."""
    return "invoice_ids" if env.since(18) else "paid_by_it"


def payments_field(env: Env) -> str:
    """The field of an entry that keeps its payments; until 17 no client sees it."""
    return "matched_payment_ids" if env.since(18) else "payments_of_it"


def open_lines(entry: Record) -> None:
    """A posted line on an account that is reconciled is open by its balance."""
    for line in entry.many("line_ids"):
        account = line.one("account_id")
        if account is not None and account["reconcile"]:
            line.set(amount_residual=line["balance"], reconciled=not line["balance"])


def reconcile(lines: Sequence[Record]) -> None:
    """Match debits with credits, the oldest first. Raises UserError for what cannot be matched (any more)."""
    if any(line["reconciled"] for line in lines):
        raise UserError("You are trying to reconcile some entries that are already reconciled.")
    if any(line["parent_state"] != "posted" for line in lines):
        raise UserError("You can only reconcile posted entries.")
    if len({line["account_id"] for line in lines}) > 1:
        raise UserError("Entries are not from the same account.")
    ordered = sorted(lines, key=lambda line: (line["date_maturity"] or line["date"], line.id))
    debits = [line for line in ordered if line["amount_residual"] > 0]
    credits_ = [line for line in ordered if line["amount_residual"] < 0]
    for debit in debits:
        for credit in credits_:
            used = min(debit["amount_residual"], -credit["amount_residual"])
            if used > 0:
                _use(debit, -used)
                _use(credit, used)
                _link(debit, credit)
    for line in lines:
        _tell(line.the("move_id"))


def _use(line: Record, amount: float) -> None:
    rest = rounded(line["amount_residual"] + amount, CENTS)
    line.set(amount_residual=rest, reconciled=not rest)


def _link(one: Record, other: Record) -> None:
    """A payment knows what it paid, and that knows its payments."""
    for line, against in ((one, other), (other, one)):
        payment, paid = line.the("move_id").one(payment_field(line.env)), against.the("move_id")
        if payment is not None and paid["move_type"] != "entry":
            invoices, payments = invoices_field(line.env), payments_field(line.env)
            payment.set(**{invoices: sorted({*payment[invoices], paid.id})})
            paid.set(**{payments: sorted({*paid[payments], payment.id})})


def _tell(entry: Record) -> None:
    """What is still due of a document, in its own currency."""
    if entry["move_type"] == "entry":
        return
    due = [line for line in entry.many("line_ids") if line["display_type"] == "payment_term"]
    balance = sum(line["balance"] for line in due)
    left = sum(line["amount_residual"] for line in due)
    rest = rounded(entry["amount_total"] * left / balance, CENTS) if balance else 0.0
    if rest:
        state = "partial" if rest < entry["amount_total"] else "not_paid"
    else:
        state = "paid" if entry[payments_field(entry.env)] else "reversed"
    entry.set(amount_residual=rest, payment_state=state)


def match_reversal(entry: Record) -> None:
    """Posting the opposite of a posted document matches the two."""
    original = entry.one("reversed_entry_id")
    if original is None or original["state"] != "posted":
        return
    both = [line for move in (original, entry) for line in move.many("line_ids")]
    accounts = {line["account_id"] for line in both if line["amount_residual"] and not line["reconciled"]}
    for account in accounts:
        some = [line for line in both if line["account_id"] == account and not line["reconciled"]]
        if len({line["move_id"] for line in some}) == len((original, entry)):
            reconcile(some)
