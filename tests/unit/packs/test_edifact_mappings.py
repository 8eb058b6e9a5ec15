"""ORDERS and INVOIC become business objects, or the reason is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from hilum.canonical import TradeNumbers
from hilum.errors import Invalid
from hilum.formats import edifact
from hilum.packs.procurement import edifact_documents as mapping

pytestmark = [pytest.mark.req("SYS-10")]

HEAD = "UNB+UNOC:3+A+B+260304:1011+1'UNH+1+{}:D:96A:UN'"
ORDER = "BGM+220+PO-1+9'DTM+137:20260304:102'DTM+2:20260310:102'NAD+DP+WARD7::9'CUX+2:EUR:9'LIN+1++S1:SA'PIA+1+GLV:IN'"
ORDER += "QTY+21:40:BX'PRI+AAA:820::NTP:100'LIN+2++MSK:IN'QTY+21:2'DTM+2:20260312:102'UNS+S'"
BILL = "BGM+380+INV-7+9'DTM+137:20260401:102'RFF+ON:PO-1'DTM+171:20260304:102'NAD+SU+S::9'RFF+VA:1'CUX+2:EUR:4'"
BILL += "PAT+1'DTM+13:20260430:102'LIN+1++GLV:IN'QTY+47:40:BX'MOA+203:328'PRI+AAA:8.20'TAX+7+VAT+++:::21'"
BILL += "UNS+S'MOA+77:409'ALC+C++++FC:::Freight'MOA+8:10'"


def document(kind: str, body: str) -> edifact.Document:
    return edifact.read_document(edifact.read((HEAD.format(kind) + body + "UNT+1+1'UNZ+1+1'").encode()))


def test_an_order() -> None:
    order = mapping.order_from_edifact(document("ORDERS", ORDER), supplier="S-200")
    assert (order.number, order.deliver_to, order.currency) == ("PO-1", "WARD7", "EUR")
    first, second = order.lines
    assert (first.item, first.quantity, first.unit, first.unit_price) == ("GLV", 40, "BX", Decimal("8.2"))
    assert (first.needed_by, second.needed_by) == (date(2026, 3, 10), date(2026, 3, 12))
    assert (second.item, second.unit, second.unit_price) == ("MSK", "EA", None)


def test_a_bill() -> None:
    bill = mapping.bill_from_edifact(document("INVOIC", BILL), supplier="S-200")
    assert (bill.number, bill.credit, bill.order, bill.total) == ("INV-7", False, "PO-1", 409)
    assert (bill.billed_on, bill.due_on) == (date(2026, 4, 1), date(2026, 4, 30))
    goods, freight = bill.lines
    assert (goods.item, goods.quantity, goods.unit_price, goods.tax_percent) == ("GLV", 40, Decimal("8.20"), 21)
    assert (freight.item, freight.description, freight.unit_price) == (None, "Freight", 10)
    assert mapping.bill_from_edifact(document("INVOIC", BILL.replace("+380+", "+381+")), supplier="S").credit


@pytest.mark.parametrize(
    ("kind", "old", "new", "words"),
    [
        ("ORDERS", "PO-1+9", "PO-1+1", "BGM-03: only originals"),
        ("ORDERS", "MSK:IN", "MSK:SA", r"LIN\[2\].*no item number"),
        ("ORDERS", "QTY+21:2'", "", r"LIN\[2\].*quantity is missing"),
        ("ORDERS", "21:40", "21:4O", "QTY-01.2.*not a number"),
        ("INVOIC", "+380+", "+325+", "BGM-01"),
        ("INVOIC", "PRI+AAA", "PRI+AAB", "price .* is missing"),
        ("INVOIC", "PRI+AAA:8.20'", "PRI+INV:8.20'ALC+A'MOA+8:1'", "has charges"),
    ],
)
def test_what_cannot_be_known_is_told(kind: str, old: str, new: str, words: str) -> None:
    body = ORDER if kind == "ORDERS" else BILL
    assert old in body
    make = mapping.order_from_edifact if kind == "ORDERS" else mapping.bill_from_edifact
    with pytest.raises(Invalid, match=words):
        make(document(kind, body.replace(old, new)), supplier="S")


def test_numbers_of_trade_are_told_beside_the_item() -> None:
    ids = "LIN+1++5412345000044:SRV'PIA+1+GLV:IN+S1:SA+NX-7:MF'PIA+1+A123BX1:AC+42132203:TST'"
    order = mapping.order_from_edifact(
        document("ORDERS", ORDER.replace("LIN+1++S1:SA'PIA+1+GLV:IN'", ids)), supplier="S-200"
    )
    first, second = order.lines
    assert first.item == "GLV"
    assert first.numbers == TradeNumbers(
        gtin="05412345000044", supplier_item="S1", manufacturer_item="NX-7", hibc="A123BX1", unspsc="42132203"
    )
    assert second.numbers is None
    bill = mapping.bill_from_edifact(
        document("INVOIC", BILL.replace("LIN+1++GLV:IN'", "LIN+1++5412345000045:EN'PIA+1+GLV:IN'")), supplier="S-200"
    )
    assert (bill.lines[0].item, bill.lines[0].numbers) == ("GLV", None), "a wrong check digit makes no GTIN"
