"""Payments, the wizard that registers them, and the wizard that reverses an entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hilum.simulator.odoo.business import matching
from hilum.simulator.odoo.business.base import company, company_currency
from hilum.simulator.odoo.business.booking import SIGNS, is_purchase, post
from hilum.simulator.odoo.business.meta import next_number
from hilum.simulator.odoo.errors import UserError
from hilum.simulator.odoo.orm.access import BILLING, NOBODY, rights
from hilum.simulator.odoo.orm.fields import Columns, boolean, char, choice, date, many2many, many2one, money, rounded
from hilum.simulator.odoo.orm.model import Model, Values, public
from hilum.simulator.odoo.orm.record import Env, Record

DIRECTIONS = (("outbound", "Send"), ("inbound", "Receive"))
REFUND_OF = {"in_invoice": "in_refund", "out_invoice": "out_refund", "entry": "entry"}


def bank(env: Env) -> int | None:
    """The first bank journal, as a default."""
    found = env["account.journal"].find([["type", "=", "bank"]], limit=1)
    return found[0] if found else None


STATES = (
    ("draft", "Draft"),
    ("in_process", "In Process"),
    ("paid", "Paid"),
    ("canceled", "Canceled"),
    ("rejected", "Rejected"),
)
OLD_STATES = (("draft", "Draft"), ("posted", "Posted"), ("cancel", "Cancelled"))  # until 17: those of its entry
ENTRY_FIELDS = frozenset({"amount", "date", "partner_id", "journal_id", "currency_id", "payment_type", "ref"})


class Payment(Model):
    """A payment. Once registered, it is `in_process` in 19, `paid` in 18, `posted` before; its bill is `paid` in all.

    Until 17 it is a kind of journal entry: the entry is there from the beginning, as a draft.
    """

    name = "account.payment"
    label = "Payments"
    module = "account"
    order = "date desc, id desc"
    rights = rights(read=BILLING, change=BILLING)
    columns: ClassVar[Columns] = {
        "name": char("Number", index=True),
        "state": (
            choice("Status", OLD_STATES, default="draft", until=17),
            choice("Status", STATES, default="draft", since=18),
        ),
        "payment_type": choice("Payment Type", DIRECTIONS, required=True, default="inbound"),
        "partner_type": choice("Partner Type", (("customer", "Customer"), ("supplier", "Vendor")), default="customer"),
        "partner_id": many2one("res.partner", "Customer/Vendor"),
        "amount": money("Amount"),
        "currency_id": many2one("res.currency", "Currency", required=True, default=company_currency),
        "date": date("Date", required=True, default=lambda env: env.today),
        "journal_id": many2one("account.journal", "Journal", required=True, default=bank),
        "memo": char("Memo", index=True, since=18),
        "ref": char("Reference", index=True, until=17),
        "payment_reference": char("Payment Reference", index=True),
        "move_id": many2one("account.move", "Journal Entry"),
        "invoice_ids": many2many("account.move", "Invoices", since=18),
        "paid_by_it": many2many("account.move", "Paid by it", groups=NOBODY, until=17),
        "reconciled_bill_ids": many2many("account.move", "Reconciled Bills", compute=lambda p: _paid(p, purchase=True)),
        "reconciled_invoice_ids": many2many(
            "account.move", "Reconciled Invoices", compute=lambda p: _paid(p, purchase=False)
        ),
        "is_reconciled": boolean("Is Reconciled", compute=lambda payment: bool(_invoices(payment))),
        "company_id": many2one("res.company", "Company", default=company),
    }

    def after_create(self, record: Record, given: Values) -> None:
        """Until 17 the entry is made with the payment."""
        if not self.env.since(18):
            _make_entry(record)

    def after_write(self, record: Record, given: Values) -> None:
        """Until 17 the entry of a draft follows it."""
        if not self.env.since(18) and record["state"] == "draft" and ENTRY_FIELDS.intersection(given):
            old = record.one("move_id")
            record.set(move_id=None)
            if old is not None:
                old.model.unlink(old.id)
            _make_entry(record)

    @public()
    def action_post(self, ids: Sequence[int]) -> None:
        """Post drafts."""
        for payment in self.env.records(self.name, ids):
            if payment["state"] == "draft":
                _post(payment)

    @public()
    def action_cancel(self, ids: Sequence[int]) -> None:
        """Cancel."""
        for payment in self.env.records(self.name, ids):
            if payment["move_id"]:
                payment.the("move_id").set(state="cancel")
            payment.set(state="canceled" if self.env.since(18) else "cancel")

    @public()
    def action_draft(self, ids: Sequence[int]) -> None:
        """Back to draft."""
        for payment in self.env.records(self.name, ids):
            payment.set(state="draft")


def _paid(payment: Record, *, purchase: bool) -> list[int]:
    return [move.id for move in _invoices(payment) if is_purchase(move) == purchase]


def _invoices(payment: Record) -> list[Record]:
    return payment.many(matching.invoices_field(payment.env))


def _memo(payment: Record) -> str | None:
    memo: str | None = payment["memo" if payment.env.since(18) else "ref"]
    return memo


def _make_entry(payment: Record) -> None:
    move = payment.env["account.move"].create(_entry(payment))
    payment.set(move_id=move.id)


def _post(payment: Record) -> None:
    """Post, with a journal entry: from the bank's account to what is due, or the other way."""
    prefix = f"P{payment.the('journal_id')['code']}/{payment['date'][:4]}/"
    name = payment["name"] or next_number(payment.env, prefix, prefix, 5)
    env = payment.env
    payment.set(state="in_process" if env.since(19) else "paid" if env.since(18) else "posted", name=name)
    if not payment["move_id"]:
        _make_entry(payment)
    post(payment.the("move_id"))
    payment.set(date=payment.the("move_id")["date"])


def _entry(payment: Record) -> Values:
    env, partner = payment.env, payment.one("partner_id")
    company = env.record("res.company", payment["company_id"])
    balance = rounded(payment["amount"] * company.the("currency_id")["rate"] / payment.the("currency_id")["rate"], 2)
    sign = 1 if payment["payment_type"] == "outbound" else -1
    side = "payable" if payment["partner_type"] == "supplier" else "receivable"
    due = (partner[f"property_account_{side}_id"] if partner else None) or env.ref(f"account.1_{side}")
    shared = {"partner_id": payment["partner_id"] or False, "name": _memo(payment) or payment["name"] or False}
    amounts = {"currency_id": payment["currency_id"]}
    return {
        "move_type": "entry",
        "ref": _memo(payment) or False,
        "date": payment["date"],
        "journal_id": payment["journal_id"],
        "partner_id": payment["partner_id"] or False,
        "currency_id": payment["currency_id"],
        matching.payment_field(env): payment.id,
        "line_ids": [
            (0, 0, {**shared, **amounts, **_side(account, direction * balance, direction * payment["amount"])})
            for account, direction in ((due, sign), (payment.the("journal_id")["default_account_id"], -sign))
        ],
    }


def _side(account: int, balance: float, amount: float) -> Values:
    return {
        "account_id": account,
        "debit": max(balance, 0.0),
        "credit": max(-balance, 0.0),
        "amount_currency": amount,
    }


class PaymentRegister(Model):
    """The wizard. It looks at what is due when it is made, not when it runs: two of them pay twice."""

    name = "account.payment.register"
    label = "Pay"
    module = "account"
    title_field = "communication"
    rights = rights(read=BILLING, change=BILLING)
    columns: ClassVar[Columns] = {
        "payment_date": date("Payment Date", required=True, default=lambda env: env.today),
        "amount": money("Amount"),
        "communication": char("Memo"),
        "currency_id": many2one("res.currency", "Currency", default=company_currency),
        "journal_id": many2one("account.journal", "Journal", default=bank),
        "partner_id": many2one("res.partner", "Customer/Vendor"),
        "payment_type": choice("Payment Type", DIRECTIONS),
        "move_ids": many2many("account.move", "Documents"),
        "group_payment": boolean("Group Payments"),
    }

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Take documents, amount and memo from the context. Raises UserError where nothing is due."""
        if self.env.context.get("active_model") != "account.move":
            raise UserError(
                "The register payment wizard should only be called on account.move or account.move.line records."
            )
        moves = self.env.records("account.move", self.env.context.get("active_ids") or [])
        if any(move["state"] != "posted" for move in moves):
            raise UserError("You can only register payment for posted journal entries.")
        due = sum(move["amount_residual"] for move in moves)
        if not due:
            raise UserError(_nothing_left(is_19=self.env.since(19)))
        values.setdefault("amount", due)
        values.setdefault(
            "communication", " ".join(move["payment_reference"] or move["ref"] or move["name"] for move in moves)
        )
        values["currency_id"] = moves[0]["currency_id"]
        values["partner_id"] = moves[0]["partner_id"]
        values["payment_type"] = "outbound" if moves[0]["move_type"] in ("in_invoice", "out_refund") else "inbound"
        values["move_ids"] = [(6, 0, [move.id for move in moves])]
        return values

    @public()
    def action_create_payments(self, ids: Sequence[int]) -> dict[str, Any]:
        """Pay. Run again, it makes a second payment of the full amount."""
        payments = [_pay(wizard) for wizard in self.env.records(self.name, ids)]
        return {
            "type": "ir.actions.act_window",
            "name": "Payments",
            "res_model": "account.payment",
            "view_mode": "form",
            "res_id": payments[0].id if payments else False,
        }


def _nothing_left(*, is_19: bool) -> str:
    if is_19:
        return (
            "There's nothing left to pay for the selected journal items, so no payment registration is necessary. "
            "You've got your finances under control like a boss!"
        )
    return "You can't register a payment because there is nothing left to pay on the selected journal items."


def _pay(wizard: Record) -> Record:
    moves = wizard.many("move_ids")
    payment = wizard.env["account.payment"].create(
        {
            "payment_type": wizard["payment_type"],
            "partner_type": "supplier" if is_purchase(moves[0]) else "customer",
            "partner_id": wizard["partner_id"],
            "amount": wizard["amount"],
            "currency_id": wizard["currency_id"],
            "date": wizard["payment_date"],
            "journal_id": wizard["journal_id"],
            "memo" if wizard.env.since(18) else "ref": wizard["communication"] or False,
        }
    )
    _post(payment)
    own = [line for line in payment.the("move_id").many("line_ids") if line["amount_residual"]]
    due = [line for move in moves for line in move.many("line_ids") if line["amount_residual"]]
    if own and any(line["account_id"] == own[0]["account_id"] for line in due):
        matching.reconcile([*own, *(line for line in due if line["account_id"] == own[0]["account_id"])])
    return payment


class Reversal(Model):
    """The wizard that makes a refund of a posted document, as a draft."""

    name = "account.move.reversal"
    label = "Account Move Reversal"
    module = "account"
    title_field = "reason"
    rights = rights(read=BILLING, change=BILLING)
    columns: ClassVar[Columns] = {
        "journal_id": many2one("account.journal", "Journal", required=True),
        "date": date("Reversal date", default=lambda env: env.today),
        "reason": char("Reason displayed on Credit Note"),
        "refund_method": choice(
            "Credit Method",
            (("refund", "Partial Refund"), ("cancel", "Full Refund"), ("modify", "Full refund and new draft invoice")),
            required=True,
            default="refund",
            until=16,
        ),
        "move_ids": many2many("account.move", "Moves"),
        "new_move_ids": many2many("account.move", "New Moves"),
    }

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Take the documents from the context. Raises UserError for drafts."""
        moves = self.env.records("account.move", self.env.context.get("active_ids") or [])
        if any(move["state"] != "posted" for move in moves):
            raise UserError("You can only reverse posted moves.")
        values["move_ids"] = [(6, 0, [move.id for move in moves])]
        return values

    @public(until=17)
    def reverse_moves(self, ids: Sequence[int], is_modify: bool = False) -> dict[str, Any]:
        """Make the drafts, as it was called in 16; answers the action that shows them."""
        return self._reverse(ids)

    @public(since=17)
    def refund_moves(self, ids: Sequence[int]) -> dict[str, Any]:
        """Make the drafts; answers the action that shows them."""
        return self._reverse(ids)

    def _reverse(self, ids: Sequence[int]) -> dict[str, Any]:
        made: list[Record] = []
        for wizard in self.env.records(self.name, ids):
            new = [_refund(wizard, move) for move in wizard.many("move_ids")]
            wizard.set(new_move_ids=[move.id for move in new])
            made.extend(new)
        return {
            "type": "ir.actions.act_window",
            "name": "Reverse Moves",
            "res_model": "account.move",
            "view_mode": "form" if len(made) == 1 else "list,form",
            "res_id": made[0].id if len(made) == 1 else False,
            "domain": [["id", "in", [move.id for move in made]]],
        }


def _refund(wizard: Record, move: Record) -> Record:
    values: dict[str, Any] = {
        "move_type": REFUND_OF.get(move["move_type"], "entry"),
        "reversed_entry_id": move.id,
        "journal_id": wizard["journal_id"],
        "partner_id": move["partner_id"] or False,
        "currency_id": move["currency_id"],
        "date": wizard["date"],
        "ref": f"Reversal of: {move['name']}" + (f", {wizard['reason']}" if wizard["reason"] else ""),
    }
    if move["move_type"] in SIGNS:
        values["invoice_date"] = wizard["date"]
        values["invoice_line_ids"] = [(0, 0, _copied(line)) for line in move.many("invoice_line_ids")]
    else:
        values["line_ids"] = [(0, 0, _swapped(line)) for line in move.many("line_ids")]
    return wizard.env["account.move"].create(values)


def _copied(line: Record) -> Values:
    names = (
        "name",
        "product_id",
        "product_uom_id",
        "quantity",
        "price_unit",
        "discount",
        "account_id",
        "purchase_line_id",
    )
    return {**{name: line[name] or False for name in names}, "tax_ids": [(6, 0, list(line["tax_ids"]))]}


def _swapped(line: Record) -> Values:
    own = {name: line[name] or False for name in ("name", "account_id", "partner_id")}
    return {**own, "debit": line["credit"], "credit": line["debit"]}
