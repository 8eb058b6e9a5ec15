"""Which module of Odoo brings a model that an operation needs: what to install when a server does not have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MODULE_OF: Final[Mapping[str, str]] = {
    "res.company": "base",
    "ir.attachment": "base",
    "mail.message": "mail",
    "res.partner": "base",
    "res.partner.bank": "base",
    "product.product": "product",
    "product.category": "product",
    "product.supplierinfo": "product",
    "product.packaging": "product",
    "product.uom": "product",
    "uom.uom": "uom",
    "stock.warehouse": "stock",
    "stock.location": "stock",
    "stock.lot": "stock",
    "stock.quant": "stock",
    "stock.picking": "stock",
    "stock.picking.type": "stock",
    "stock.move": "stock",
    "stock.move.line": "stock",
    "purchase.order": "purchase",
    "purchase.order.line": "purchase",
    "purchase.requisition": "purchase_requisition",
    "purchase.requisition.line": "purchase_requisition",
    "maintenance.equipment": "maintenance",
    "maintenance.equipment.category": "maintenance",
    "maintenance.request": "maintenance",
    "maintenance.stage": "maintenance",
    "maintenance.team": "maintenance",
    "hr.department": "hr",
    "hr.employee": "hr",
    "crm.lead": "crm",
    "project.project": "project",
    "project.task": "project",
    "project.task.type": "project",
    "res.currency": "base",
    "account.account": "account",
    "account.journal": "account",
    "account.tax": "account",
    "account.payment": "account",
    "account.bank.statement.line": "account",
    "account.analytic.plan": "analytic",
    "account.analytic.account": "analytic",
    "account.move": "account",
    "account.move.line": "account",
}
"""Model → technical name of the module. The same in 16 to 19."""
