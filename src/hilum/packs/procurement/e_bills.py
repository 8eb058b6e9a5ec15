"""An invoice or credit note of EN 16931, as UBL or as CII, becomes a `SupplierBill`."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from hilum.canonical import InvoiceLine, SupplierBill
from hilum.errors import Invalid
from hilum.formats.en16931 import Bill, BillLine, Charge
from hilum.packs.building import make
from hilum.packs.procurement.x12_items import EACH, besides, gtin_in, line_number, trade_numbers

ItemOf = Callable[[BillLine], str]
"""The hub's number of the item of a line; empty: it has none, and the words count. Raises `Unmapped`."""

_TAKEN = frozenset(
    ["380", "381", "383", "388", "389", "393", "396", "261", "262", "80", "81", "82", "83", "84", "308", "420",
     "458", "532"]
)  # fmt: skip
"""UNCL1001 of what is a bill or credit note by itself. Not 386 (prepaid), 326 (partial)."""

_CORRECTED = "384"
"""UNCL1001 of a bill that takes the place of another one, which it must name."""


_TAX_ROUNDING = Decimal("0.05")
"""So far the amount to pay is from the total by rounding of tax: ledgers round it line by line, UBL once (BR-CO-17)."""


def items_as_sent(line: BillLine) -> str:
    """Our own number where it is told, else that of a standard (GTIN), else the supplier's."""
    return line.ids[0][1] if line.ids else ""


def bill_from_en16931(bill: Bill, *, supplier: str, item_of: ItemOf = items_as_sent) -> SupplierBill:
    """Units are as sent; charges and allowances become lines of their own. One of less than nothing turns around.

    The total is what is owed with the seller's own rounding of tax (PayableRoundingAmount), as its ledger has it; what
    was paid before, and a rounding to whole coins, are no part of it.

    Raises `Invalid` for a kind that changes another bill or takes part of one: somebody decides what it means.
    """
    corrected = bill.type == _CORRECTED and len(bill.corrects) == 1
    if bill.type not in _TAKEN and not corrected:
        raise Invalid(
            f"a bill of the kind {bill.type or '(none)'} changes or takes part of another one: decide what it means",
            where="type of the bill (BT-3)",
        )
    sign = -1 if bill.total < 0 else 1
    lines: list[InvoiceLine] = []
    for line in bill.lines:
        lines.append(_line(line, len(lines) + 1, sign, item_of))
        lines += [_charge(each, len(lines) + n, sign, line.tax_percent) for n, each in enumerate(line.charges, 1)]
    lines += [_charge(each, len(lines) + n, sign, None) for n, each in enumerate(bill.charges, 1)]
    credit = bill.credit if sign > 0 else not bill.credit
    return make(
        SupplierBill,
        "bill",
        number=bill.number,
        supplier=supplier,
        credit=credit,
        order=bill.order,
        corrects=bill.corrects[0] if (credit or corrected) and len(bill.corrects) == 1 else "",
        currency=bill.currency,
        billed_on=bill.issued_on,
        due_on=bill.due_on,
        total=sign * (bill.payable if abs(bill.payable - bill.total) <= _TAX_ROUNDING else bill.total),
        lines=tuple(lines),
    )


def _line(line: BillLine, number: int, sign: int, item_of: ItemOf) -> InvoiceLine:
    """A negative quantity is a negative price: a bill's line has something of it."""
    if not line.quantity and line.amount:
        raise Invalid("nothing of it is billed, and the line has an amount", where=line.where)
    price = line.price if line.quantity >= 0 else -line.price
    item, known = item_of(line), dict(line.ids)
    return make(
        InvoiceLine,
        line.where,
        number=number,
        item=item,
        numbers=trade_numbers(
            gtin=gtin_in(known.get("0160", "")), supplier_item=besides(item, known.get("seller", ""))
        ),
        description=line.description[:2000],
        quantity=abs(line.quantity) or Decimal(1),
        unit=line.unit or EACH,
        unit_price=sign * round(price, 6) if line.quantity else Decimal(0),
        tax_percent=line.tax_percent,
        order_line=line_number(line.order_line, 0) or None,
    )


def _charge(charge: Charge, number: int, sign: int, tax: Decimal | None) -> InvoiceLine:
    return make(
        InvoiceLine,
        charge.where,
        number=number,
        description=charge.words[:2000],
        unit_price=sign * charge.amount,
        tax_percent=charge.tax_percent if charge.tax_percent is not None else tax,
    )
