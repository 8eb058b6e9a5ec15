"""What changes in Odoo, told to others in the hub's own words: orders, receipts, bills, items, suppliers and the rest.

    from hilum.canonical import PurchaseOrder, Supplier
    from hilum.connectors import nats
    from hilum.packs import odoo

    flow = odoo.changed(objects=[Supplier, PurchaseOrder], to=[nats.publish("nats.events")])

Which records of Odoo become which objects is one table, `CAPTURED`. `objects_in` reads one captured record by it.
"""

from hilum.packs.odoo.conventions import UNITS, Conventions
from hilum.packs.odoo.flows import changed
from hilum.packs.odoo.objects import CAPTURED, NOT_CAPTURED, Captured, captured, fields_of, objects_in
from hilum.packs.odoo.records import Record, Reference, record_of

__all__ = [
    "CAPTURED",
    "NOT_CAPTURED",
    "UNITS",
    "Captured",
    "Conventions",
    "Record",
    "Reference",
    "captured",
    "changed",
    "fields_of",
    "objects_in",
    "record_of",
]
