"""Journal entries: invoices, vendor bills, refunds and plain entries, with their lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hilum.simulator.odoo.business import booking, matching
from hilum.simulator.odoo.business.base import company, company_currency
from hilum.simulator.odoo.errors import UserError
from hilum.simulator.odoo.orm.access import BILLING, NOBODY, rights
from hilum.simulator.odoo.orm.fields import (
    Columns,
    boolean,
    char,
    choice,
    date,
    decimal,
    document,
    html,
    integer,
    many2many,
    many2one,
    money,
    one2many,
)
from hilum.simulator.odoo.orm.model import Model, Values, public
from hilum.simulator.odoo.orm.record import Record

MOVE_TYPES = (
    ("entry", "Journal Entry"),
    ("out_invoice", "Customer Invoice"),
    ("out_refund", "Customer Credit Note"),
    ("in_invoice", "Vendor Bill"),
    ("in_refund", "Vendor Credit Note"),
    ("out_receipt", "Sales Receipt"),
    ("in_receipt", "Purchase Receipt"),
)
STATES = (("draft", "Draft"), ("posted", "Posted"), ("cancel", "Cancelled"))
PAYMENT_STATES = (
    ("not_paid", "Not Paid"),
    ("in_payment", "In Payment"),
    ("paid", "Paid"),
    ("partial", "Partially Paid"),
    ("reversed", "Reversed"),
)
LOCKED_WHEN_POSTED = ("partner_id", "invoice_date", "currency_id", "invoice_line_ids", "line_ids")
REBUILD = frozenset({"invoice_line_ids", "line_ids", "partner_id", "currency_id", "invoice_date", "move_type"})


class Entry(Model):
    """An `account.move`. Its name is false until it is posted; `ref` of a bill may repeat."""

    name = "account.move"
    label = "Journal Entry"
    module = "account"
    order = "date desc, id desc"
    rights = rights(read=BILLING, change=BILLING)
    columns: ClassVar[Columns] = {
        "name": char("Number", index=True),
        "ref": char("Reference", index=True),
        "move_type": choice("Type", MOVE_TYPES, required=True, default="entry", index=True),
        "state": choice("Status", STATES, required=True, default="draft", index=True),
        "date": date("Date", required=True, default=lambda env: env.today),
        "invoice_date": date("Invoice/Bill Date"),
        "invoice_date_due": date("Due Date"),
        "partner_id": many2one("res.partner", "Partner"),
        "commercial_partner_id": many2one("res.partner", "Commercial Entity", related="partner_id"),
        "journal_id": many2one("account.journal", "Journal", required=True),
        "company_id": many2one("res.company", "Company", default=company),
        "currency_id": many2one("res.currency", "Currency", required=True, default=company_currency),
        "line_ids": one2many("account.move.line", "move_id", "Journal Items"),
        "invoice_line_ids": one2many("account.move.line", "move_id", "Invoice lines", compute=booking.invoice_lines),
        "amount_untaxed": money("Untaxed Amount"),
        "amount_tax": money("Tax"),
        "amount_total": money("Total"),
        "amount_residual": money("Amount Due"),
        "amount_total_signed": money("Total in Currency Signed"),
        "payment_state": (
            choice("Payment Status", PAYMENT_STATES, default="not_paid", until=17),
            choice("Payment Status", (*PAYMENT_STATES, ("blocked", "Blocked")), default="not_paid", since=18),
        ),
        "matched_payment_ids": many2many("account.payment", "Matched Payments", since=18),
        "payments_of_it": many2many("account.payment", "Payments of it", groups=NOBODY, until=17),
        "reversed_entry_id": many2one("account.move", "Reversal of"),
        "reversal_move_ids": one2many("account.move", "reversed_entry_id", "Reversal Move", since=18),
        "reversal_move_id": one2many("account.move", "reversed_entry_id", "Reversal Move", until=17),
        "invoice_origin": char("Origin", index=True),
        "payment_reference": char("Payment Reference"),
        "narration": html("Terms and Conditions"),
        "invoice_user_id": many2one("res.users", "Salesperson"),
        "purchase_id": many2one("purchase.order", "Purchase Order"),
        "origin_payment_id": many2one("account.payment", "Payment", since=18),
        "payment_id": many2one("account.payment", "Payment", until=17),
        "statement_line_id": many2one("account.bank.statement.line", "Statement Line"),
        "posted_before": boolean("Posted Before"),
    }

    def title(self, record_id: int) -> str:
        """The number, or `Draft Entry (ref)`."""
        row = self.table.get(record_id, {})
        return str(row.get("name") or booking.draft_title(row))

    def create(self, given: Values) -> Record:
        """Create with its lines and complete them. Raises UserError for an unbalanced entry or a posted one."""
        if given.get("state") == "posted":
            raise UserError(
                "You cannot create a move already in the posted state. Please create a draft move and post it after."
            )
        record = Model.create(self.env.with_context(building=True)[self.name], given)
        entry = Record(self, record.id)
        booking.build(entry)
        return entry

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Take the journal from the type, and the accounting date from the invoice's."""
        if not values.get("journal_id"):
            values["journal_id"] = booking.default_journal(self.env, values["move_type"])
        if values.get("invoice_date") and values["move_type"] != "entry":
            values["date"] = values["invoice_date"]
        return values

    def write(self, record_id: int, given: Values) -> None:
        """Change with its lines, and complete drafts anew."""
        Model.write(self.env.with_context(building=True)[self.name], record_id, given)
        entry = Record(self, record_id)
        if entry["state"] == "draft" and REBUILD.intersection(given):
            booking.build(entry)

    def before_write(self, record: Record, values: dict[str, Any]) -> dict[str, Any]:
        """Some fields of a posted entry are closed."""
        if record["state"] == "posted" and values.get("state", "posted") == "posted":
            closed = [name for name in LOCKED_WHEN_POSTED if name in values and values[name] != record[name]]
            if closed:
                raise UserError(
                    "You cannot modify the following readonly fields on a posted move: " + ", ".join(closed)
                )
        if values.get("invoice_date") and record["move_type"] != "entry":
            values.setdefault("date", values["invoice_date"])
        return values

    def after_write(self, record: Record, given: Values) -> None:
        """`state` written directly posts, as the real server lets it."""
        if given.get("state") == "posted" and not record["name"]:
            booking.give_number(record)

    def before_unlink(self, record: Record) -> None:
        """Posted entries stay."""
        if record["state"] == "posted":
            raise UserError(
                "You can't delete a posted journal item. Reset the journal entry to draft before deleting it."
            )

    @public()
    def action_post(self, ids: Sequence[int]) -> bool:
        """Post; answers false, which does not mean failure."""
        for entry in self.env.records(self.name, ids):
            booking.post(entry)
        return False

    @public()
    def button_draft(self, ids: Sequence[int]) -> None:
        """Back to draft; the number stays."""
        for entry in self.env.records(self.name, ids):
            if entry["state"] not in ("posted", "cancel"):
                raise UserError("Only posted/cancelled journal entries can be reset to draft.")
            entry.set(state="draft", payment_state="not_paid", **{matching.payments_field(self.env): []})
            for line in entry.many("line_ids"):
                line.set(amount_residual=0.0, reconciled=False)

    @public()
    def button_cancel(self, ids: Sequence[int]) -> None:
        """Cancel a draft."""
        for entry in self.env.records(self.name, ids):
            if entry["state"] == "posted":
                raise UserError("You can't cancel a posted entry: reset it to draft first.")
            entry.set(state="cancel")


class EntryLine(Model):
    """A journal item. Product lines are the client's; tax and due lines are made by the server."""

    name = "account.move.line"
    label = "Journal Item"
    module = "account"
    order = "date desc, id desc"
    rights = rights(read=BILLING, change=BILLING)
    columns: ClassVar[Columns] = {
        "move_id": many2one("account.move", "Journal Entry", required=True, ondelete="cascade"),
        "sequence": integer("Sequence", default=100),
        "name": char("Label"),
        "display_type": choice(
            "Display Type",
            (
                ("product", "Product"),
                ("tax", "Tax"),
                ("payment_term", "Payment Term"),
                ("line_section", "Section"),
                ("line_note", "Note"),
            ),
            default="product",
        ),
        "account_id": many2one("account.account", "Account", ondelete="restrict"),
        "partner_id": many2one("res.partner", "Partner"),
        "product_id": many2one("product.product", "Product", ondelete="restrict"),
        "product_uom_id": many2one("uom.uom", "Unit"),
        "quantity": decimal("Quantity", default=1.0),
        "price_unit": decimal("Unit Price"),
        "discount": decimal("Discount (%)"),
        "tax_ids": many2many("account.tax", "Taxes"),
        "tax_line_id": many2one("account.tax", "Originator Tax"),
        "price_subtotal": money("Subtotal"),
        "price_total": money("Total"),
        "debit": money("Debit"),
        "credit": money("Credit"),
        "balance": money("Balance"),
        "amount_currency": money("Amount in Currency"),
        "currency_id": many2one("res.currency", "Currency", required=True, default=company_currency),
        "date": date("Date", related="move_id.date"),
        "date_maturity": date("Due Date"),
        "move_name": char("Number", related="move_id.name"),
        "parent_state": choice("Status", STATES, related="move_id.state"),
        "journal_id": many2one("account.journal", "Journal", related="move_id.journal_id"),
        "ref": char("Reference", related="move_id.ref"),
        "amount_residual": money("Residual Amount"),
        "reconciled": boolean("Reconciled"),
        "payment_id": (
            many2one("account.payment", "Originator Payment", related="move_id.payment_id", until=17),
            many2one("account.payment", "Originator Payment", related="move_id.origin_payment_id", since=18),
        ),
        "statement_line_id": many2one(
            "account.bank.statement.line", "Originator Statement Line", related="move_id.statement_line_id"
        ),
        "purchase_line_id": many2one("purchase.order.line", "Purchase Order Line"),
        "sale_line_ids": many2many("sale.order.line", "Sales Order Lines"),
        "analytic_distribution": document("Analytic Distribution"),
    }

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Fill description, price, account, unit and taxes of a product line."""
        entry = self.env.record("account.move", values["move_id"])
        if entry["state"] == "posted" and not self.env.context.get("building"):
            raise UserError("You cannot add/modify entries corresponding to a locked or posted move.")
        values.setdefault("currency_id", entry["currency_id"])
        values.setdefault("partner_id", entry["partner_id"] or False)
        return booking.line_defaults(entry, values)

    def after_create(self, record: Record, given: Values) -> None:
        """Balance and entry follow."""
        self._settle(record, given)

    def after_write(self, record: Record, given: Values) -> None:
        """Balance and entry follow."""
        self._settle(record, given)

    def _settle(self, record: Record, given: Values) -> None:
        booking.keep_sides(record, given)
        entry = record.the("move_id")
        if not self.env.context.get("building") and entry["state"] == "draft":
            booking.build(entry)

    @public()
    def reconcile(self, ids: Sequence[int]) -> None:
        """Match these lines with each other."""
        matching.reconcile(self.env.records(self.name, ids))
