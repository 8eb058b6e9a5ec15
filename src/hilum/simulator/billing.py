"""Bills as suppliers send them: X12 810, UBL of Peppol, and a PDF with a file that says what is in it. All made up.

billing.as_x12(bill, ours="GLOVECO", theirs="HILLSIDE", number=7)
billing.as_ubl(bill, seller=…, buyer=…)
pdf, metadata = billing.as_pdf(bill)
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson

from hilum.canonical import SupplierBill
from hilum.formats import ubl_writing, x12
from hilum.formats.ubl_writing import Draft, DraftLine, TaxCategory, TradeParty
from hilum.formats.x12 import Numbers, Partner, Party, documents


def as_x12(bill: SupplierBill, *, ours: str, theirs: str, number: int) -> bytes:
    """An interchange with one 810. `ours`: the supplier's identifier, `number`: its control number."""
    partner = Partner(name=theirs, ours=Party(id=ours), theirs=Party(id=theirs), currency=bill.currency)
    invoice = documents.Invoice(
        number=bill.number,
        invoiced_on=bill.billed_on,
        order=bill.order or "",
        type="CR" if bill.credit else "",
        currency=bill.currency,
        references=(documents.Reference(qualifier="IV", id=bill.corrects),) if bill.corrects else (),
        due_on=bill.due_on,
        total=bill.total or Decimal(0),
        lines=tuple(
            documents.InvoicedLine(
                number=str(line.number), quantity=line.quantity, unit=line.unit, price=line.unit_price,
                ids=(("IN", line.item or ""),),
                references=(documents.Reference(qualifier="LI", id=str(line.order_line or line.number)),),
                allowances=(documents.Allowance(kind="T", code="TX", percent=line.tax_percent),)
                if line.tax_percent is not None
                else (),
            )
            for line in bill.lines
        ),
    )  # fmt: skip
    at = datetime.combine(bill.billed_on, time(9), UTC)
    return x12.build(partner, [documents.draft_invoice(invoice)], numbers=Numbers(number, number), at=at).encode()


def as_ubl(bill: SupplierBill, *, seller: TradeParty, buyer: TradeParty) -> bytes:
    """A Peppol invoice or credit note, which names our own numbers of items."""
    draft = Draft(
        number=bill.number,
        credit=bill.credit,
        issued_on=bill.billed_on,
        due_on=bill.due_on,
        currency=bill.currency,
        seller=seller,
        buyer=buyer,
        order=bill.order or "NA",
        corrects=bill.corrects or "",
        total=bill.total,
        lines=[
            DraftLine(
                id=str(line.number), quantity=line.quantity, unit=line.unit, price=line.unit_price,
                name=line.description or line.item or "Goods", item=line.item or "",
                tax=TaxCategory(code="S" if line.tax_percent else "Z", percent=line.tax_percent or Decimal(0)),
                order_line=str(line.order_line or ""),
            )
            for line in bill.lines
        ],
    )  # fmt: skip
    return ubl_writing.write(draft)


def as_pdf(bill: SupplierBill, *, confidence: dict[str, float] | None = None) -> tuple[bytes, bytes]:
    """A small PDF, and the JSON that says what was read of it, with its SHA-256."""
    pdf = _pdf([f"Invoice {bill.number}", f"Order {bill.order or '-'}", f"Total {bill.total} {bill.currency}"])
    told: dict[str, Any] = bill.model_dump(mode="json", exclude_defaults=True, exclude={"lines", "terms", "post"})
    told["lines"] = [
        line.model_dump(mode="json", exclude_defaults=True, exclude={"number", "numbers", "account", "cost_centre"})
        for line in bill.lines
    ]
    if confidence:
        told["confidence"] = confidence
    told["document"] = {"sha256": sha256(pdf).hexdigest()}
    return pdf, orjson.dumps(told)


def _pdf(lines: list[str]) -> bytes:
    """One page of text, with a table of offsets as readers want it."""
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    content = f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return made + end % (len(objects) + 1, table, len(objects) + 1, len(made))
