"""What changes in Odoo, told to others in the hub's own words: orders, receipts, bills, items, suppliers and the rest.

    from hilum.canonical import PurchaseOrder, Supplier
    from hilum.connectors import nats
    from hilum.packs import odoo

    flow = odoo.changed(objects=[Supplier, PurchaseOrder], to=[nats.publish("nats.events")])

Which records of Odoo become which objects, by what key, and what Odoo does not keep, is one table (`objects.CAPTURED`).
"""

from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.flows import changed
from hilum.packs.odoo.objects import objects_in
from hilum.packs.odoo.records import record_of

__all__ = ["Conventions", "changed", "objects_in", "record_of"]
