"""Lines of bank statements."""

from __future__ import annotations

from typing import Any, ClassVar

from hilum.simulator.odoo.business.base import company
from hilum.simulator.odoo.business.booking import post
from hilum.simulator.odoo.business.entries import STATES
from hilum.simulator.odoo.errors import UserError
from hilum.simulator.odoo.orm.access import BILLING, rights
from hilum.simulator.odoo.orm.fields import Columns, boolean, char, choice, date, many2one, money
from hilum.simulator.odoo.orm.model import Model, Values
from hilum.simulator.odoo.orm.record import Record


class StatementLine(Model):
    """A transaction of a bank account. It has a journal entry of its own, posted as the line is made."""

    name = "account.bank.statement.line"
    label = "Bank Statement Line"
    module = "account"
    order = "date desc, id desc"
    title_field = "payment_ref"
    rights = rights(read=BILLING, change=BILLING)
    columns: ClassVar[Columns] = {
        "move_id": many2one("account.move", "Journal Entry", ondelete="restrict"),
        "name": char("Number", related="move_id.name"),
        "state": choice("Status", STATES, related="move_id.state"),
        "journal_id": many2one("account.journal", "Journal", required=True),
        "date": date("Date", required=True, default=lambda env: env.today),
        "payment_ref": char("Label"),
        "ref": char("Reference", index=True),
        "amount": money("Amount"),
        "partner_id": many2one("res.partner", "Partner"),
        "partner_name": char("Partner Name"),
        "account_number": char("Bank Account Number"),
        "is_reconciled": boolean("Is Reconciled"),
        "company_id": many2one("res.company", "Company", default=company),
    }

    def before_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """Only journals with a bank account have statements."""
        if self.env.record("account.journal", values["journal_id"])["type"] not in ("bank", "cash"):
            raise UserError("A bank statement line can only be added to a bank or cash journal.")
        return values

    def after_create(self, record: Record, given: Values) -> None:
        """Book it: the bank against what waits to be matched."""
        amount = record["amount"]
        bank = record.the("journal_id")["default_account_id"]
        sides = ((bank, amount), (self.env.ref("account.1_suspense"), -amount))
        lines = [
            (0, 0, {"account_id": account, "name": record["payment_ref"], "debit": max(x, 0.0), "credit": max(-x, 0.0)})
            for account, x in sides
        ]
        values = {
            "move_type": "entry",
            "journal_id": record["journal_id"],
            "date": record["date"],
            "ref": record["ref"] or False,
            "statement_line_id": record.id,
            "line_ids": lines,
        }
        move = self.env["account.move"].create(values)
        record.set(move_id=move.id)
        post(record.the("move_id"))
        record.set(date=record.the("move_id")["date"])
