"""A file of the goods-in desk becomes a goods receipt for each delivery, and fills Odoo's receipts of the orders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from hilum.canonical import GoodsReceipt, ReceiptLine
from hilum.connectors import files, odoo
from hilum.errors import Invalid
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import read_delimited

Row = dict[str, str]

receipts = Flow(
    "procurement.receipts",
    version="1.0",
    summary="Deliveries that the goods-in desk counted are received in Odoo, in part or in full",
    owners=Owners(business="Supply chain", technical="Integration"),
    data_class=DataClass.INTERNAL,
    criticality=Criticality.HIGH,
    slo=Slo(percent=99, within="5m"),
    retention="P1Y",
    source=files.Folder(url=os.environ.get("RECEIPTS_IN", "in/receipts"), pattern="*.csv", split="none"),
    order_by=lambda body: next((row.get("order", "") for _, row in read_delimited(body)), ""),
)


@receipts.translate
def deliveries(body: bytes, hub: Lookup) -> Iterator[GoodsReceipt]:
    """Rows `receipt,order,item,quantity`, and where wanted `unit,line,lot,note,final`, grouped by receipt."""
    found: dict[str, list[tuple[int, Row]]] = {}
    for number, row in read_delimited(body):
        found.setdefault(_text(row, "receipt", number), []).append((number, dict(row)))
    for receipt, rows in found.items():
        first, head = rows[0]
        yield GoodsReceipt(
            number=receipt,
            order=_text(head, "order", first),
            delivery_note=head.get("note", "").strip(),
            final=any(row.get("final", "").strip().lower() == "yes" for _, row in rows),
            lines=tuple(_line(row, number) for number, row in rows),
        )


def _line(row: Row, number: int) -> ReceiptLine:
    try:
        quantity = Decimal(_text(row, "quantity", number))
    except InvalidOperation:
        raise Invalid("the quantity is no number", where=f"row {number}, quantity") from None
    line = row.get("line", "").strip()
    return ReceiptLine(
        item=_text(row, "item", number),
        quantity=quantity,
        unit=row.get("unit", "").strip() or "EA",
        order_line=int(line) if line.isdigit() else None,
        lot=row.get("lot", "").strip() or None,
    )


def _text(row: Row, column: str, number: int) -> str:
    value = row.get(column, "").strip()
    if not value:
        raise Invalid(f"the column '{column}' is empty or missing", where=f"row {number}, {column}")
    return value


receipts.deliver_to(odoo.receipt("odoo.main"))
