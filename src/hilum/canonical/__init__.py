"""The hub's own words for what hospitals exchange: patient accounts, items, orders, charges and what happens to them.

Flows translate what arrives into these objects; destinations translate them into what the receiver wants. They are
frozen, know nothing of any protocol, and each knows its business key: what makes it the same thing when it comes twice.
"""

from hilum.canonical.agreements import AgreementEnded, AgreementLine, BlanketAgreement, SupplierPrice
from hilum.canonical.base import BusinessObject, Kind, Money
from hilum.canonical.care import Appointment, AppointmentStatus, ClinicalOrder, OrderControl, QualityIndicator, Referral
from hilum.canonical.catalogue import BY_NAME, event_type, example, read, schema, write
from hilum.canonical.claims import (
    Adjustment,
    Authorisation,
    AuthorisationStatus,
    Claim,
    ClaimLine,
    Denial,
    Eligibility,
    PaidClaim,
    Remittance,
)
from hilum.canonical.contracts import (
    AcknowledgedLine,
    Contract,
    ContractStatus,
    LineAnswer,
    OrderAcknowledgement,
    PriceLine,
    PriceTier,
    ScreeningOutcome,
    ScreeningResult,
)
from hilum.canonical.events import CloudEvent, cloud_event
from hilum.canonical.happenings import AssetEvent, AssetHappening, ServiceCase, ServiceStatus
from hilum.canonical.organisation import Facility
from hilum.canonical.papers import Document
from hilum.canonical.parties import BankAccount, Customer
from hilum.canonical.patients import Address, Encounter, EncounterStatus, PatientAccount, PersonName
from hilum.canonical.purchasing import (
    DocumentStatus,
    OrderLine,
    PurchaseOrder,
    PurchaseOrderCancelled,
    Requisition,
    RequisitionLine,
    Supplier,
)
from hilum.canonical.receiving import GoodsReceipt, ReceiptLine, ReturnLine, SupplierReturn
from hilum.canonical.revenue import Charge
from hilum.canonical.supplies import (
    Item,
    ItemCategory,
    Location,
    Lot,
    StockLevel,
    StockTransfer,
    SupplyConsumed,
    Tracking,
    TransferLine,
    Unit,
    Warehouse,
)
from hilum.canonical.workforce import EmployeeShift, ShiftStatus

__all__ = [
    "BY_NAME",
    "AcknowledgedLine",
    "Address",
    "Adjustment",
    "AgreementEnded",
    "AgreementLine",
    "Appointment",
    "AppointmentStatus",
    "AssetEvent",
    "AssetHappening",
    "Authorisation",
    "AuthorisationStatus",
    "BankAccount",
    "BlanketAgreement",
    "BusinessObject",
    "Charge",
    "Claim",
    "ClaimLine",
    "ClinicalOrder",
    "CloudEvent",
    "Contract",
    "ContractStatus",
    "Customer",
    "Denial",
    "Document",
    "DocumentStatus",
    "Eligibility",
    "EmployeeShift",
    "Encounter",
    "EncounterStatus",
    "Facility",
    "GoodsReceipt",
    "Item",
    "ItemCategory",
    "Kind",
    "LineAnswer",
    "Location",
    "Lot",
    "Money",
    "OrderAcknowledgement",
    "OrderControl",
    "OrderLine",
    "PaidClaim",
    "PatientAccount",
    "PersonName",
    "PriceLine",
    "PriceTier",
    "PurchaseOrder",
    "PurchaseOrderCancelled",
    "QualityIndicator",
    "ReceiptLine",
    "Referral",
    "Remittance",
    "Requisition",
    "RequisitionLine",
    "ReturnLine",
    "ScreeningOutcome",
    "ScreeningResult",
    "ServiceCase",
    "ServiceStatus",
    "ShiftStatus",
    "StockLevel",
    "StockTransfer",
    "Supplier",
    "SupplierPrice",
    "SupplierReturn",
    "SupplyConsumed",
    "Tracking",
    "TransferLine",
    "Unit",
    "Warehouse",
    "cloud_event",
    "event_type",
    "example",
    "read",
    "schema",
    "write",
]
