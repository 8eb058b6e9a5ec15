"""Buying: what departments ask for becomes orders to suppliers in Odoo, and who asked hears what became of it.

The lookup table `items` gives for each code that comes in: `item` (the hub's item number), `supplier` (who delivers
it), and where wanted `order_unit` (else `unit`) and `cost`. The table `suppliers` gives the hub's supplier number for
the codes that requisitions name.
"""

from hilum.packs.procurement.comparisons import bills_in_odoo, known_bills, known_orders, orders_in_odoo
from hilum.packs.procurement.exchange import from_partners, to_partners
from hilum.packs.procurement.master_data import suppliers
from hilum.packs.procurement.odoo_budgets import budgets_in_odoo
from hilum.packs.procurement.odoo_requests import asked_in_odoo, told_in_odoo
from hilum.packs.procurement.portal import portal, portal_status
from hilum.packs.procurement.requisitions import requisitions
from hilum.packs.procurement.spreadsheets import requisitions_csv

__all__ = [
    "asked_in_odoo",
    "bills_in_odoo",
    "budgets_in_odoo",
    "from_partners",
    "known_bills",
    "known_orders",
    "orders_in_odoo",
    "portal",
    "portal_status",
    "requisitions",
    "requisitions_csv",
    "suppliers",
    "to_partners",
    "told_in_odoo",
]
