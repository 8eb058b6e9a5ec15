"""What Odoo can be asked to do, one small file for each: every one safe to repeat at any time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hilum.connectors.odoo.operations.acknowledgement import AcknowledgeOrder
from hilum.connectors.odoo.operations.agreement import AgreePrices
from hilum.connectors.odoo.operations.assets import UpsertAsset, UpsertWork
from hilum.connectors.odoo.operations.attachment import FileDocument
from hilum.connectors.odoo.operations.bank_transaction import RecordTransaction
from hilum.connectors.odoo.operations.base import Operation
from hilum.connectors.odoo.operations.bill import PostBill, PostInvoice
from hilum.connectors.odoo.operations.charge import PostCharge
from hilum.connectors.odoo.operations.companies import UpsertCustomer, UpsertSupplier
from hilum.connectors.odoo.operations.consignment import MoveConsignment
from hilum.connectors.odoo.operations.cost_centre import UpsertCostCentre
from hilum.connectors.odoo.operations.encounter import CheckEncounter
from hilum.connectors.odoo.operations.endings import CancelOrder, EndAgreement
from hilum.connectors.odoo.operations.grouping import UpsertCategory, UpsertLot, UpsertWarehouse
from hilum.connectors.odoo.operations.item import UpsertItem
from hilum.connectors.odoo.operations.journal_entry import PostEntry
from hilum.connectors.odoo.operations.ledger_account import UpsertLedgerAccount
from hilum.connectors.odoo.operations.location import UpsertLocation
from hilum.connectors.odoo.operations.patient_account import UpsertPatientAccount
from hilum.connectors.odoo.operations.payment import RegisterPayment
from hilum.connectors.odoo.operations.people import UpsertDepartment, UpsertEmployee
from hilum.connectors.odoo.operations.purchase_order import PlaceOrder
from hilum.connectors.odoo.operations.receipt import ReceiveGoods
from hilum.connectors.odoo.operations.requests import UpsertCase, UpsertLead
from hilum.connectors.odoo.operations.reversal import ReverseDocument
from hilum.connectors.odoo.operations.status_note import NoteStatus
from hilum.connectors.odoo.operations.stock_consumption import ConsumeStock
from hilum.connectors.odoo.operations.stock_level import SetStockLevel
from hilum.connectors.odoo.operations.stock_transfer import TransferStock
from hilum.connectors.odoo.operations.supplier_return import ReturnToSupplier
from hilum.connectors.odoo.operations.unit import UpsertUnit
from hilum.connectors.odoo.operations.upsert import UpsertRecord
from hilum.connectors.odoo.operations.vendor_prices import PriceItem

__all__ = ["OPERATIONS", "Operation"]

# In this order within a batch: what others refer to comes first.
OPERATIONS: Final[Mapping[str, Operation]] = {
    operation.name: operation
    for operation in (
        UpsertRecord(),
        UpsertSupplier(),
        UpsertCustomer(),
        UpsertPatientAccount(),
        UpsertWarehouse(),
        UpsertLocation(),
        UpsertUnit(),
        UpsertCategory(),
        UpsertItem(),
        UpsertLot(),
        PriceItem(),
        UpsertCostCentre(),
        UpsertLedgerAccount(),
        UpsertDepartment(),
        UpsertEmployee(),
        UpsertAsset(),
        UpsertWork(),
        UpsertLead(),
        UpsertCase(),
        CheckEncounter(),
        SetStockLevel(),
        AgreePrices(),
        EndAgreement(),
        PlaceOrder(),
        AcknowledgeOrder(),
        CancelOrder(),
        NoteStatus(),
        MoveConsignment(),
        ReceiveGoods(),
        TransferStock(),
        ConsumeStock(),
        ReturnToSupplier(),
        PostCharge(),
        PostInvoice(),
        PostBill(),
        PostEntry(),
        ReverseDocument(),
        RegisterPayment(),
        RecordTransaction(),
        FileDocument(),
    )
}
