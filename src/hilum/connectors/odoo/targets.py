"""The lines that a flow writes to deliver to Odoo: `flow.deliver_to(odoo.stock_consumption("odoo.main"))`.

Each names an endpoint of hilum.toml, or is given the settings of one (`url=…, api_key=…`). A flow may yield several
kinds of objects; each target takes its own kind.
"""

from __future__ import annotations

from typing import Any

from hilum import canonical
from hilum.canonical import BusinessObject
from hilum.connector import Outgoing, Target
from hilum.connectors.declaring import target
from hilum.connectors.odoo.destination import Odoo
from hilum.connectors.odoo.operations import OPERATIONS
from hilum.connectors.odoo.operations.base import Upsert


def patient_account(endpoint: str = "", **settings: Any) -> Target:
    """A `PatientAccount` becomes a customer."""
    return _target("patient_account", endpoint, settings)


def supplier(endpoint: str = "", **settings: Any) -> Target:
    """A `Supplier` becomes a vendor, with its bank accounts; a blocked one is blocked."""
    return _target("supplier", endpoint, settings)


def customer(endpoint: str = "", **settings: Any) -> Target:
    """A `Customer` becomes a company that is invoiced, with its bank accounts."""
    return _target("customer", endpoint, settings)


def item_category(endpoint: str = "", **settings: Any) -> Target:
    """An `ItemCategory` becomes a product category."""
    return _target("item_category", endpoint, settings)


def item_lot(endpoint: str = "", **settings: Any) -> Target:
    """A `Lot` of a tracked item becomes a lot or serial number."""
    return _target("item_lot", endpoint, settings)


def supplier_price(endpoint: str = "", **settings: Any) -> Target:
    """A `SupplierPrice` becomes a vendor price: one for each supplier, item, quantity step and first day."""
    return _target("supplier_price", endpoint, settings)


def warehouse(endpoint: str = "", **settings: Any) -> Target:
    """A `Warehouse` becomes a warehouse with its stock location."""
    return _target("warehouse", endpoint, settings)


def item(endpoint: str = "", **settings: Any) -> Target:
    """An `Item` becomes a product, with the supplier's price where there is one."""
    return _target("item", endpoint, settings)


def location(endpoint: str = "", **settings: Any) -> Target:
    """A `Location` becomes a stock location."""
    return _target("location", endpoint, settings)


def encounter(endpoint: str = "", **settings: Any) -> Target:
    """An `Encounter`: its account is in Odoo, or the delivery is held."""
    return _target("encounter", endpoint, settings)


def stock_consumption(endpoint: str = "", **settings: Any) -> Target:
    """`SupplyConsumed` takes stock off at its location, exactly once."""
    return _target("stock_consumption", endpoint, settings)


def stock_level(endpoint: str = "", **settings: Any) -> Target:
    """A `StockLevel` (a count) sets the stock on hand, once."""
    return _target("stock_level", endpoint, settings)


def purchase_order(endpoint: str = "", **settings: Any) -> Target:
    """A `PurchaseOrder` becomes an order to a vendor, confirmed where it says so; a later revision changes it."""
    return _target("purchase_order", endpoint, settings)


def purchase_order_cancel(endpoint: str = "", **settings: Any) -> Target:
    """`PurchaseOrderCancelled` cancels an order that the hub has written, with its open receipts."""
    return _target("purchase_order_cancel", endpoint, settings)


def agreement(endpoint: str = "", **settings: Any) -> Target:
    """A `BlanketAgreement` becomes a blanket order; its prices count once it is confirmed, each once."""
    return _target("agreement", endpoint, settings)


def agreement_end(endpoint: str = "", **settings: Any) -> Target:
    """`AgreementEnded` closes or cancels a blanket order; its prices go."""
    return _target("agreement_end", endpoint, settings)


def receipt(endpoint: str = "", **settings: Any) -> Target:
    """A `GoodsReceipt` fills in and validates the receipt of an order, in part or in full, once."""
    return _target("receipt", endpoint, settings)


def supplier_return(endpoint: str = "", **settings: Any) -> Target:
    """A `SupplierReturn` sends goods of an order back to the supplier, once."""
    return _target("supplier_return", endpoint, settings)


def stock_transfer(endpoint: str = "", **settings: Any) -> Target:
    """A `StockTransfer` moves stock from one location to another, once."""
    return _target("stock_transfer", endpoint, settings)


def consignment(endpoint: str = "", **settings: Any) -> Target:
    """`ConsignmentMoved` brings stock of a supplier to a location, or takes it away, once."""
    return _target("consignment", endpoint, settings)


def charge(endpoint: str = "", **settings: Any) -> Target:
    """A `Charge` becomes a posted customer invoice, or a credit note when its quantity is negative."""
    return _target("charge", endpoint, settings)


def customer_invoice(endpoint: str = "", **settings: Any) -> Target:
    """A `CustomerInvoice` becomes a posted invoice, or credit note."""
    return _target("customer_invoice", endpoint, settings)


def supplier_bill(endpoint: str = "", **settings: Any) -> Target:
    """A `SupplierBill` becomes a posted vendor bill, or credit note, linked to the order that it bills."""
    return _target("supplier_bill", endpoint, settings)


def journal_entry(endpoint: str = "", **settings: Any) -> Target:
    """A `JournalEntry` is booked in the general ledger."""
    return _target("journal_entry", endpoint, settings)


def ledger_reversal(endpoint: str = "", **settings: Any) -> Target:
    """A `LedgerReversal` takes a booked document back, once."""
    return _target("ledger_reversal", endpoint, settings)


def payment(endpoint: str = "", **settings: Any) -> Target:
    """A `Payment` is booked once, and matched with the bills or invoices that it pays."""
    return _target("payment", endpoint, settings)


def bank_transaction(endpoint: str = "", **settings: Any) -> Target:
    """A `BankTransaction` becomes a line of the bank statement."""
    return _target("bank_transaction", endpoint, settings)


def cost_centre(endpoint: str = "", **settings: Any) -> Target:
    """A `CostCentre` becomes an analytic account."""
    return _target("cost_centre", endpoint, settings)


def ledger_account(endpoint: str = "", **settings: Any) -> Target:
    """A `LedgerAccount` becomes an account of the chart."""
    return _target("ledger_account", endpoint, settings)


def unit(endpoint: str = "", **settings: Any) -> Target:
    """A `Unit` becomes a unit of measure, as a multiple of one that Odoo brings."""
    return _target("unit", endpoint, settings)


def order_acknowledgement(endpoint: str = "", **settings: Any) -> Target:
    """An `OrderAcknowledgement` sets the days of the order's lines and its reference, and is noted in its chatter."""
    return _target("order_acknowledgement", endpoint, settings)


def status_note(endpoint: str = "", **settings: Any) -> Target:
    """A `DocumentStatus` is noted in the chatter of the request that it is about."""
    return _target("status_note", endpoint, settings)


def document(endpoint: str = "", **settings: Any) -> Target:
    """A `Document` becomes an attachment of the record that it belongs to."""
    return _target("document", endpoint, settings)


def department(endpoint: str = "", **settings: Any) -> Target:
    """A `Department` becomes a department."""
    return _target("department", endpoint, settings)


def employee(endpoint: str = "", **settings: Any) -> Target:
    """An `Employee` becomes an employee."""
    return _target("employee", endpoint, settings)


def asset(endpoint: str = "", **settings: Any) -> Target:
    """An `Asset` becomes equipment."""
    return _target("asset", endpoint, settings)


def work_order(endpoint: str = "", **settings: Any) -> Target:
    """A `WorkOrder` becomes a maintenance request, closed when the work is done."""
    return _target("work_order", endpoint, settings)


def lead(endpoint: str = "", **settings: Any) -> Target:
    """A `Lead` becomes a lead of the sales team."""
    return _target("lead", endpoint, settings)


def service_case(endpoint: str = "", **settings: Any) -> Target:
    """A `ServiceCase` becomes a task of the project that the endpoint names."""
    return _target("service_case", endpoint, settings)


def _target(operation: str, endpoint: str, settings: dict[str, Any]) -> Target:
    made = OPERATIONS[operation]
    overwrites = () if isinstance(made, Upsert) else made.accepts  # only an upsert looks before it fills a field
    return target(
        endpoint,
        Odoo,
        settings,
        _encode,
        accepts=made.accepts,
        operation=operation,
        adopts=True,
        overwrites=overwrites,
    )


def _encode(thing: BusinessObject) -> Outgoing:
    return Outgoing(body=canonical.write(thing))
