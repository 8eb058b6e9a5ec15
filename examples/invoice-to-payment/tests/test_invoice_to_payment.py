"""Each form of a bill is read as the same bill, and a PDF and what was read of it find each other."""

from __future__ import annotations

import runpy
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from hilum.canonical import BillReading, Document, SupplierBill
from hilum.flow import load_project
from hilum.testing.flows import translate

PROJECT = Path(__file__).parent.parent
SIMULATED = runpy.run_path(str(PROJECT / "simulate.py"), run_name="simulate")
BILLS = SIMULATED["BILLS"]
billing = SIMULATED["billing"]


def test_an_810_is_the_bill_of_gloves() -> None:
    data = billing.as_x12(BILLS[0], ours="GLOVECO", theirs="HILLSIDE", number=1)
    (found,) = translate(PROJECT, "procurement.from_gloveco", data)
    assert isinstance(found, SupplierBill)
    assert (found.business_key, found.order, found.total) == ("V-GLOVE:G-100", "PO-1", Decimal("125.00"))


def test_a_ubl_invoice_is_the_bill_of_medix() -> None:
    data = billing.as_ubl(BILLS[2], seller=SIMULATED["MEDIX"], buyer=SIMULATED["WE"])
    (found,) = translate(PROJECT, "procurement.from_medix", data)
    assert isinstance(found, SupplierBill)
    assert (found.business_key, found.order, found.total) == ("V-MEDIX:M-7", "PO-3", Decimal("240.30"))
    assert [(line.item, line.quantity, line.unit_price) for line in found.lines] == [("GLV", 3, Decimal("80.10"))]


def test_a_pdf_and_its_metadata_find_each_other() -> None:
    pdf, told = billing.as_pdf(BILLS[3], confidence={"lines.1.quantity": 0.6})
    (paper,) = translate(PROJECT, "payables.bill_pdfs", pdf)
    (reading,) = translate(PROJECT, "payables.bill_metadata", told)
    assert isinstance(paper, Document) and isinstance(reading, BillReading)
    assert paper.number == reading.business_key == f"PDF:{sha256(pdf).hexdigest()}"
    assert {each.field: each.confidence for each in reading.fields}["lines.1.quantity"] == Decimal("0.6")


def test_each_advice_to_a_supplier_has_a_file_of_its_own() -> None:
    """A second payment to the same supplier does not meet the file of the first one."""
    flow = load_project(PROJECT).flows["finance.remittances"]
    (told,) = [each.connector for each in flow.every_target if each.endpoint == "out/remittances"]
    assert "{message_id}" in told.settings.name
