"""Odoo: patients' accounts, items, stock, orders and charges arrive there once, whatever is lost on the way.

    flow.deliver_to(odoo.stock_consumption("odoo.main"))

    source=odoo.changes("odoo.main", models=["res.partner"])

`Odoo` is the connector (kind `odoo` in hilum.toml). The functions below make the targets of a flow, one for each
operation. `external_id` is how the hub's records are called in Odoo, for ever.
"""

from hilum.connectors.odoo.capture import Changes, ChangesSettings, Outbox, OutboxSettings, changes, outbox
from hilum.connectors.odoo.destination import Odoo
from hilum.connectors.odoo.external_ids import external_id
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.targets import (
    agreement,
    agreement_end,
    asset,
    bank_transaction,
    charge,
    consignment,
    cost_centre,
    customer,
    customer_invoice,
    department,
    employee,
    encounter,
    item,
    item_category,
    item_lot,
    journal_entry,
    lead,
    ledger_reversal,
    location,
    patient_account,
    payment,
    purchase_order,
    purchase_order_cancel,
    receipt,
    service_case,
    stock_consumption,
    stock_level,
    stock_transfer,
    supplier,
    supplier_bill,
    supplier_price,
    supplier_return,
    warehouse,
    work_order,
)
from hilum.connectors.odoo.upserting import upsert

__all__ = [
    "Changes",
    "ChangesSettings",
    "Odoo",
    "OdooSettings",
    "Outbox",
    "OutboxSettings",
    "agreement",
    "agreement_end",
    "asset",
    "bank_transaction",
    "changes",
    "charge",
    "consignment",
    "cost_centre",
    "customer",
    "customer_invoice",
    "department",
    "employee",
    "encounter",
    "external_id",
    "item",
    "item_category",
    "item_lot",
    "journal_entry",
    "lead",
    "ledger_reversal",
    "location",
    "outbox",
    "patient_account",
    "payment",
    "purchase_order",
    "purchase_order_cancel",
    "receipt",
    "service_case",
    "stock_consumption",
    "stock_level",
    "stock_transfer",
    "supplier",
    "supplier_bill",
    "supplier_price",
    "supplier_return",
    "upsert",
    "warehouse",
    "work_order",
]
