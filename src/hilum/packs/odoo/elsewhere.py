"""Which business objects have no record of their own in Odoo, and what becomes of them: the rest of the table. Data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hilum import canonical
from hilum.canonical import BusinessObject

_PAYERS: Final = "of the systems that bill payers: Odoo's community modules have no place for it"
_CARE: Final = "of clinical systems: Odoo's community modules have no place for it"
_FOUND: Final = "what the hub has found out: a case or an event"

ELSEWHERE: Final[Mapping[type[BusinessObject], str]] = {
    canonical.Appointment: _CARE,
    canonical.AssetEvent: "an asset and a work order are written, not what happened in between",
    canonical.Authorisation: _PAYERS,
    canonical.BankStatement: "its lines are bank transactions",
    canonical.BillApproval: "what is decided elsewhere: a bill is written, or refused",
    canonical.BillMatch: _FOUND,
    canonical.BillReading: "it becomes a bill",
    canonical.Budget: "Odoo's community modules keep no budgets",
    canonical.Claim: _PAYERS,
    canonical.ClinicalOrder: _CARE,
    canonical.ConsignmentReplenishment: "it goes to the supplier: what comes is a move of consigned stock",
    canonical.Contract: "its prices are agreements and supplier prices",
    canonical.Denial: _PAYERS,
    canonical.Eligibility: _PAYERS,
    canonical.EmployeeShift: "Odoo's community modules plan no shifts",
    canonical.Facility: "what Odoo knows of it is its warehouse",
    canonical.GatewaySettlement: "it becomes a journal entry",
    canonical.GatewayTransaction: "it becomes a payment",
    canonical.ImplantUsed: "it becomes an order, a receipt, a use and a charge",
    canonical.PaymentOrder: "it goes to the bank",
    canonical.PaymentRun: "what is asked of the hub: payments are what is written",
    canonical.PaymentStatusReport: "the answer of the bank: payments are what is written",
    canonical.PlannedDemand: "what will be used: what was used is written",
    canonical.PriceCheck: _FOUND,
    canonical.QualityIndicator: "Odoo's community modules have no place for it",
    canonical.ReadBill: "it becomes a bill with its document",
    canonical.Referral: _CARE,
    canonical.Remittance: _PAYERS,
    canonical.ReorderRule: "reordering rules of Odoo are read by `inventory.levels_in_odoo`, and never written",
    canonical.Requisition: "it becomes purchase orders; drafts of departments are read by `procurement.asked_in_odoo`",
    canonical.RequisitionDecision: "what follows from it is an order, or none",
    canonical.RequisitionWithdrawn: "what follows from it is no order",
    canonical.ScreeningResult: "what may follow from it is a supplier that is blocked",
    canonical.ShipNotice: "what is announced has not come: receipts are written",
    canonical.StockAlarm: _FOUND,
    canonical.SupplierBankChange: "what may follow from it is another account of the supplier",
    canonical.SupplierRegistration: "what may follow from it is a supplier",
}
"""Neither written into Odoo nor read there."""
