"""Odoo: patients' accounts, items, stock, orders and charges arrive there once, whatever is lost on the way.

    flow.deliver_to(odoo.stock_consumption("odoo.main"))

`Odoo` is the connector (kind `odoo` in hilum.toml). The functions below make the targets of a flow, one for each
operation. `external_id` is how the hub's records are called in Odoo, for ever.
"""

from hilum.connectors.odoo.destination import Odoo
from hilum.connectors.odoo.external_ids import external_id
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.targets import (
    charge,
    encounter,
    item,
    location,
    patient_account,
    purchase_order,
    stock_consumption,
    stock_level,
    supplier,
    upsert,
)

__all__ = [
    "Odoo",
    "OdooSettings",
    "charge",
    "encounter",
    "external_id",
    "item",
    "location",
    "patient_account",
    "purchase_order",
    "stock_consumption",
    "stock_level",
    "supplier",
    "upsert",
]
