"""The hub's own words for what hospitals exchange: patient accounts, items, orders, charges and what happens to them.

Flows translate what arrives into these objects; destinations translate them into what the receiver wants. They are
frozen, know nothing of any protocol, and each knows its business key: what makes it the same thing when it comes twice.
"""

from hilum.canonical.base import BusinessObject, Money
from hilum.canonical.catalogue import BY_NAME, read, write
from hilum.canonical.events import CloudEvent, cloud_event
from hilum.canonical.patients import Address, Encounter, EncounterStatus, PatientAccount, PersonName
from hilum.canonical.purchasing import (
    DocumentStatus,
    OrderLine,
    PurchaseOrder,
    Requisition,
    RequisitionLine,
    Supplier,
)
from hilum.canonical.revenue import Charge
from hilum.canonical.supplies import Item, Location, StockLevel, SupplyConsumed, Tracking, Unit

__all__ = [
    "BY_NAME",
    "Address",
    "BusinessObject",
    "Charge",
    "CloudEvent",
    "DocumentStatus",
    "Encounter",
    "EncounterStatus",
    "Item",
    "Location",
    "Money",
    "OrderLine",
    "PatientAccount",
    "PersonName",
    "PurchaseOrder",
    "Requisition",
    "RequisitionLine",
    "StockLevel",
    "Supplier",
    "SupplyConsumed",
    "Tracking",
    "Unit",
    "cloud_event",
    "read",
    "write",
]
