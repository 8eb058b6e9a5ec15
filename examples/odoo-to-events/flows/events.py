"""What purchasing does in Odoo is told to everybody who listens, as events in the hub's own words."""

from __future__ import annotations

from hilum.canonical import GoodsReceipt, Item, PurchaseOrder, PurchaseOrderCancelled, Supplier, SupplierBill
from hilum.connectors import files
from hilum.packs import odoo

events = odoo.changed(
    name="purchasing.events",
    odoo="odoo.main",
    objects=[Supplier, Item, PurchaseOrder, PurchaseOrderCancelled, GoodsReceipt, SupplierBill],
    conventions=odoo.Conventions(currency="EUR", zone="Europe/Brussels"),
    to=[files.write("files.events", name="{message_id}-{ordinal}.json")],  # or nats.publish(…), http.post(…)
)
