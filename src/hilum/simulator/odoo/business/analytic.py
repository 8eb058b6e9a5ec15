"""Analytic plans and accounts: how costs are split beside the ledger."""

from __future__ import annotations

from typing import ClassVar

from hilum.simulator.odoo.business.base import company
from hilum.simulator.odoo.orm.access import ANALYTIC, BILLING, USER, rights
from hilum.simulator.odoo.orm.fields import Columns, boolean, char, many2one, one2many
from hilum.simulator.odoo.orm.model import Model


class Plan(Model):
    """A way to split costs: departments, projects."""

    name = "account.analytic.plan"
    label = "Analytic Plans"
    module = "analytic"
    rights = rights(read=(ANALYTIC, BILLING, USER), change=ANALYTIC)
    columns: ClassVar[Columns] = {
        "name": char("Name", required=True, index=True),
        "parent_id": many2one("account.analytic.plan", "Parent"),
        "account_ids": one2many("account.analytic.account", "plan_id", "Accounts"),
        "company_id": many2one("res.company", "Company", until=16),
    }


class Account(Model):
    """An analytic account: a cost centre, a project. Its reference (`code`) is not unique."""

    name = "account.analytic.account"
    label = "Analytic Account"
    module = "analytic"
    rights = rights(read=(ANALYTIC, BILLING), change=ANALYTIC)
    columns: ClassVar[Columns] = {
        "name": char("Analytic Account", required=True, index=True),
        "code": char("Reference", index=True),
        "active": boolean("Active", default=True),
        "plan_id": many2one("account.analytic.plan", "Plan", required=True),
        "partner_id": many2one("res.partner", "Customer"),
        "company_id": many2one("res.company", "Company", default=company),
    }

    def title(self, record_id: int) -> str:
        """Reference and name: `[CC-1] Theatre`."""
        row = self.table[record_id]
        return f"[{row['code']}] {row['name']}" if row.get("code") else str(row["name"])
