"""Reordering rules, and the budgets of the module `account_budget_oca`, which Odoo's own community modules lack."""

from __future__ import annotations

from typing import ClassVar

from hilum.simulator.odoo.business.base import company, company_currency
from hilum.simulator.odoo.orm.access import ANALYTIC, BILLING, STOCK, rights
from hilum.simulator.odoo.orm.fields import Columns, boolean, char, choice, date, decimal, many2one, money
from hilum.simulator.odoo.orm.model import Model


class Orderpoint(Model):
    """A reordering rule: below the minimum, order up to the maximum."""

    name = "stock.warehouse.orderpoint"
    label = "Minimum Inventory Rule"
    module = "stock"
    rights = rights(read=STOCK, change=STOCK)
    columns: ClassVar[Columns] = {
        "name": char("Name", required=True, default="OP/00001"),
        "trigger": choice("Trigger", (("auto", "Auto"), ("manual", "Manual")), required=True, default="auto"),
        "active": boolean("Active", default=True),
        "location_id": many2one("stock.location", "Location", required=True),
        "product_id": many2one("product.product", "Product", required=True),
        "product_uom": many2one("uom.uom", "Unit", related="product_id.uom_id"),
        "product_min_qty": decimal("Min Quantity"),
        "product_max_qty": decimal("Max Quantity"),
        "qty_multiple": decimal("Multiple Quantity", until=18),
        "company_id": many2one("res.company", "Company", required=True, default=company),
    }


class BudgetLine(Model):
    """What may be booked on an analytic account in a time. Costs are negative, in the plan as in the ledger."""

    name = "crossovered.budget.lines"
    label = "Budget Line"
    module = "account_budget_oca"
    until = 18
    rights = rights(read=(ANALYTIC, BILLING), change=ANALYTIC)
    columns: ClassVar[Columns] = {
        "analytic_account_id": many2one("account.analytic.account", "Analytic Account"),
        "date_from": date("Start Date", required=True),
        "date_to": date("End Date", required=True),
        "planned_amount": money("Planned Amount"),
        "practical_amount": money("Practical Amount"),
        "currency_id": many2one("res.currency", "Currency", default=company_currency),
        "company_id": many2one("res.company", "Company", default=company),
    }
