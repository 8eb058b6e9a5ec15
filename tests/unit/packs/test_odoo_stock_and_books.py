"""Captured transfers and entries of Odoo become receipts, moves, bills and invoices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from odoo_changes import EACH, EUR, GLOVE, VENDOR, envelope, told

from hilum.canonical import (
    CustomerInvoice,
    GoodsReceipt,
    JournalEntry,
    StockTransfer,
    SupplierBill,
    WorkOrder,
    WorkStatus,
)
from hilum.connectors.odoo import external_id
from hilum.errors import Invalid

# ---- stock


def picking(code: str, xml_id: str = "", **values: Any) -> dict[str, Any]:
    place = {"id": 8, "name": "WH/Stock", "external_id": "", "code": ""}
    other = {"id": 9, "name": "WH/Theatre", "external_id": "hilum.location_OR1", "code": "OR1"}
    details = [
        {"id": 71, "external_id": "", "quantity": 2.0, "product_uom_id": EACH, "lot_id": {"id": 4, "name": "L1"}},
        {"id": 72, "external_id": "", "quantity": 1.0, "product_uom_id": EACH, "lot_id": None, "lot_name": "L2"},
    ]
    bought = {"id": 31, "name": "P00012 - Glove", "external_id": external_id("orderline", "PO-7/20"), "code": ""}
    move = {"id": 61, "external_id": "", "product_id": GLOVE, "quantity": 3.0, "product_uom": EACH}
    move |= {"purchase_line_id": bought, "move_line_ids": details, "state": "done"}
    made = {"name": "WH/IN/00012", "state": "done", "origin": "P00012 · GR-1", "picking_type_code": code}
    made |= {"location_id": place, "location_dest_id": other, "date_done": "2026-11-21T09:00:00Z", "move_ids": [move]}
    return envelope("stock.picking", xml_id, **made | values)


def test_a_receipt_names_order_line_and_lots() -> None:
    (found,) = told(picking("incoming"))
    assert isinstance(found, GoodsReceipt)
    assert (found.number, found.order) == ("GR-1", "PO-7")
    assert [(each.lot, each.quantity, each.order_line) for each in found.lines] == [("L1", 2, 20), ("L2", 1, 20)]


def test_a_receipt_that_people_booked_has_odoos_numbers() -> None:
    change = picking("incoming", origin="P00012")
    change["values"]["move_ids"][0]["purchase_line_id"] = {"id": 31, "name": "x", "external_id": "", "code": ""}
    (found,) = told(change)
    assert isinstance(found, GoodsReceipt)
    assert (found.number, found.order) == ("WH/IN/00012", "P00012")
    assert [each.order_line for each in found.lines] == [None, None]


def test_a_receipt_of_an_order_with_an_awkward_number_names_that_order() -> None:
    xml_id, bought = external_id("order", "PO 7/2026"), external_id("orderline", "PO 7/2026/20")
    head = {"id": 12, "name": "P00012 (their offer)", "external_id": xml_id, "code": "PO 7/2026 rev. 2"}
    change = picking("incoming", purchase_id=head)
    change["values"]["move_ids"][0]["purchase_line_id"]["external_id"] = bought
    (found,) = told(change)
    assert isinstance(found, GoodsReceipt)
    assert found.order == "PO 7/2026"
    assert [each.order_line for each in found.lines] == [20, 20]
    with pytest.raises(Invalid, match=r"stock\.picking 12, purchase_id: was changed in Odoo"):
        told(picking("incoming", purchase_id=head | {"code": "by hand"}, move_ids=change["values"]["move_ids"]))


def test_a_transfer_is_what_it_is() -> None:
    assert told(picking("incoming", state="assigned")) == []
    (moved,) = told(picking("internal", "hilum.transfer_TR-1"))
    assert isinstance(moved, StockTransfer)
    assert (moved.number, moved.source, moved.target) == ("TR-1", "WH/Stock", "OR1")
    assert [each.number for each in moved.lines] == [1, 2]


# ---- the ledger


def entry(kind: str, xml_id: str = "", **values: Any) -> dict[str, Any]:
    tax = {"id": 3, "name": "21%", "external_id": "account.1_tax", "code": "21.0"}
    account = {"id": 6, "name": "600000 Expenses", "external_id": "account.1_expense", "code": "600000"}
    centre = {"id": 7, "name": "Theatre", "external_id": "hilum.costcentre_CC-1", "code": "CC-1"}
    product_line = {"id": 91, "external_id": "", "display_type": "product", "product_id": GLOVE, "name": "Glove"}
    product_line |= {"product_uom_id": EACH, "quantity": 2.0, "price_unit": 10.0, "discount": 10.0, "tax_ids": [tax]}
    product_line |= {"account_id": account, "analytic_accounts": [centre], "debit": 18.0, "credit": 0.0}
    other = {"id": 92, "external_id": "", "display_type": "payment_term", "debit": 0.0, "credit": 18.0, "name": ""}
    other |= {"account_id": account | {"code": "211000"}}
    made = {"name": "BILL/1", "ref": "R-1", "state": "posted", "move_type": kind, "date": "2026-11-21"}
    made |= {"invoice_date": "2026-11-20", "invoice_date_due": "2026-12-20", "partner_id": VENDOR, "currency_id": EUR}
    made |= {"journal_id": {"id": 1, "name": "Bills", "external_id": "", "code": "BILL"}, "amount_total": 21.78}
    made |= {"invoice_origin": "P00012", "narration": "<p>Two <b>weeks</b></p><p>late &amp; wet</p>"}
    return envelope(
        "account.move", xml_id, **made | {"reversed_entry_id": None, "line_ids": [product_line, other]} | values
    )


def test_a_bill_comes_back_with_tax_discount_and_cost_centre() -> None:
    (found,) = told(entry("in_invoice"))
    assert isinstance(found, SupplierBill)
    assert (found.number, found.supplier, found.order, found.total) == ("R-1", "V1", "P00012", Decimal("21.78"))
    (billed,) = found.lines
    assert (billed.unit_price, billed.tax_percent, billed.account) == (Decimal(9), Decimal(21), "600000")
    assert billed.cost_centre == "CC-1"


@pytest.mark.parametrize(
    ("net", "gross", "percent"), [(18.0, 21.78, 21), (0.05, 0.06, 21), (105.0, 127.0, 21), (18.0, 39.0, None)]
)
def test_a_tax_of_a_fixed_amount_is_no_percentage(net: float, gross: float, percent: int | None) -> None:
    change = entry("in_invoice")
    change["values"]["line_ids"][0] |= {"price_subtotal": net, "price_total": gross}
    (found,) = told(change)
    assert isinstance(found, SupplierBill)
    assert found.lines[0].tax_percent == percent


def test_an_entry_is_told_once_as_what_it_is() -> None:
    (found,) = told(entry("entry", name="MISC/1"))
    assert isinstance(found, JournalEntry)
    assert (found.number, found.words, len(found.lines)) == ("MISC/1", "Two weeks\nlate & wet", 2)
    payment = {"id": 4, "name": "PAY/1", "external_id": "", "code": ""}
    assert told(entry("entry", origin_payment_id=payment)) == []
    assert told(entry("entry", state="draft")) == []
    assert told(entry("in_invoice", state="cancel")) == []
    account = {"id": 9, "name": "Ada Sample", "external_id": "hilum.account_A-1", "code": "A-1"}
    (invoice,) = told(entry("out_invoice", partner_id=account))
    assert isinstance(invoice, CustomerInvoice)
    assert (invoice.account, invoice.customer) == ("A-1", None)


def test_a_bill_of_an_address_of_a_supplier_is_the_suppliers() -> None:
    address = {"id": 83, "name": "Gloves Ltd, Invoices", "external_id": "", "code": ""}
    (found,) = told(entry("in_invoice", partner_id=address, commercial_partner_id=VENDOR))
    assert isinstance(found, SupplierBill)
    assert found.supplier == "V1"


@pytest.mark.parametrize(
    ("done", "stage", "status"),
    [(True, 3, WorkStatus.DONE), (False, 0, WorkStatus.OPEN), (False, 1, WorkStatus.STARTED)],
)
def test_a_request_without_a_number_is_known_by_odoos_id(done: bool, stage: int, status: WorkStatus) -> None:
    values: dict[str, Any] = {"name": "Pump leaks", "equipment_id": None, "maintenance_type": "corrective"}
    values |= {"maintenance_team_id": None, "priority": "3", "schedule_date": None, "description": None, "done": done}
    values["stage_id"] = {"id": 1, "name": "x", "external_id": f"maintenance.stage_{stage}", "code": ""}
    (found,) = told(envelope("maintenance.request", "", **values))
    assert isinstance(found, WorkOrder)
    assert (found.number, found.status, found.urgent) == ("odoo-12", status, True)
