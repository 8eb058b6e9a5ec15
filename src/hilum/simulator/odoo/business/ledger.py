"""Accounts, journals and taxes."""

from __future__ import annotations

from typing import ClassVar

from hilum.simulator.odoo.business.base import company
from hilum.simulator.odoo.orm.access import ACCOUNTANT, BILLING, PURCHASE, USER, rights
from hilum.simulator.odoo.orm.fields import Columns, boolean, char, choice, decimal, integer, many2many, many2one
from hilum.simulator.odoo.orm.model import Model

ACCOUNT_TYPES = (
    ("asset_receivable", "Receivable"),
    ("asset_cash", "Bank and Cash"),
    ("asset_current", "Current Assets"),
    ("asset_fixed", "Fixed Assets"),
    ("liability_payable", "Payable"),
    ("liability_current", "Current Liabilities"),
    ("equity", "Equity"),
    ("income", "Income"),
    ("income_other", "Other Income"),
    ("expense", "Expenses"),
    ("expense_direct_cost", "Cost of Revenue"),
)


class Account(Model):
    """An account of the ledger."""

    name = "account.account"
    label = "Account"
    module = "account"
    order = "code"
    rights = rights(read=(BILLING, PURCHASE, USER), change=ACCOUNTANT)
    columns: ClassVar[Columns] = {
        "name": char("Account Name", required=True, index=True),
        "code": char("Code", required=True, index=True),
        "account_type": choice("Type", ACCOUNT_TYPES, required=True),
        "reconcile": boolean("Allow Reconciliation"),
        "currency_id": many2one("res.currency", "Account Currency"),
        "company_id": many2one("res.company", "Company", required=True, default=company, until=17),
        "company_ids": many2many("res.company", "Companies", since=18),
        "deprecated": boolean("Deprecated", until=18),
        "active": boolean("Active", default=True, since=19),
    }

    def title(self, record_id: int) -> str:
        """Code and name."""
        row = self.table[record_id]
        return f"{row['code']} {row['name']}"


class Journal(Model):
    """A journal; entries get their number from it."""

    name = "account.journal"
    label = "Journal"
    module = "account"
    order = "code"
    rights = rights(read=(BILLING, PURCHASE, USER), change=())
    columns: ClassVar[Columns] = {
        "name": char("Journal Name", required=True),
        "code": char("Sequence Prefix", required=True, index=True),
        "type": choice(
            "Type",
            (
                ("sale", "Sales"),
                ("purchase", "Purchase"),
                ("cash", "Cash"),
                ("bank", "Bank"),
                ("general", "Miscellaneous"),
            ),
            required=True,
        ),
        "sequence": integer("Sequence", default=10),
        "default_account_id": many2one("account.account", "Default Account"),
        "currency_id": many2one("res.currency", "Currency"),
        "company_id": many2one("res.company", "Company", default=company),
        "active": boolean("Active", default=True),
    }


class Tax(Model):
    """A tax in percent of the untaxed amount."""

    name = "account.tax"
    label = "Tax"
    module = "account"
    order = "sequence, id"
    rights = rights(read=(BILLING, PURCHASE, USER), change=())
    columns: ClassVar[Columns] = {
        "name": char("Tax Name", required=True),
        "type_tax_use": choice("Tax Type", (("sale", "Sales"), ("purchase", "Purchases"), ("none", "None"))),
        "amount_type": choice("Tax Computation", (("percent", "Percentage"), ("fixed", "Fixed")), default="percent"),
        "amount": decimal("Amount"),
        "price_include": boolean("Included in Price"),
        "account_id": many2one("account.account", "Tax Account"),
        "sequence": integer("Sequence", default=1),
        "active": boolean("Active", default=True),
        "company_id": many2one("res.company", "Company", default=company),
    }
