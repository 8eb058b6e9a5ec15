"""Bills against orders, receipts and contracts: clean ones match however they are split, each trouble has its cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.canonical import GoodsReceipt, MatchCause, PurchaseOrder, SupplierBill, SupplierReturn
from hilum.canonical.units import Pack
from hilum.packs.procurement.same_bills import Alike, Billed, alike
from hilum.packs.procurement.three_way import Papers, match
from hilum.packs.procurement.tolerances import Tolerances

pytestmark = pytest.mark.req("WF-2", "WF-12")

DAY = date(2026, 3, 10)


def order(*lines: dict[str, Any], **more: Any) -> PurchaseOrder:
    lines = lines or ({},)
    whole = [{"number": n, "item": "GLV", "quantity": 12, "unit": "BX", "unit_price": 38} | line
             for n, line in enumerate(lines, 1)]  # fmt: skip
    return PurchaseOrder.model_validate({"number": "PO-1", "supplier": "V1", "currency": "EUR", "lines": whole} | more)


def receipt(quantity: Any, item: str = "GLV", unit: str = "BX", **more: Any) -> GoodsReceipt:
    return GoodsReceipt.model_validate(
        {"number": "R", "order": "PO-1", "lines": [{"item": item, "quantity": quantity, "unit": unit} | more]}
    )


def bill(*lines: dict[str, Any], **more: Any) -> SupplierBill:
    lines = lines or ({},)
    whole = [{"number": n, "item": "GLV", "quantity": 12, "unit": "BX", "unit_price": 38} | line
             for n, line in enumerate(lines, 1)]  # fmt: skip
    said = {"number": "B-1", "supplier": "V1", "order": "PO-1", "currency": "EUR", "billed_on": DAY, "lines": whole}
    return SupplierBill.model_validate(said | more)


def causes(bill: SupplierBill, papers: Papers, **tolerances: Decimal) -> list[tuple[MatchCause, Decimal | None]]:
    found = match(bill, papers, lambda _supplier, _item: Tolerances(**tolerances))
    return [(each.cause, each.amount) for each in found.findings]


def test_a_bill_of_what_was_ordered_and_came_matches() -> None:
    found = match(bill(), Papers(order=order(), receipts=[receipt(12)]))
    assert (found.matched, found.amount) == (True, 456)
    assert (found.lines[0].billed, found.lines[0].received, found.lines[0].price) == (12, 12, 38)


def test_the_words_say_what_was_billed_agreed_and_received() -> None:
    papers = Papers(order=order({"unit_price": 40}), receipts=[receipt(10)], agreed={"GLV": Fraction(38)})
    found = match(bill({"unit_price": Decimal("41.20")}), papers)
    assert [(each.cause.value, each.amount, each.words) for each in found.findings] == [
        ("not received", Decimal("82.40"), "line 1, GLV: billed 12 BX at 41.20, received 10"),
        ("price", Decimal("38.40"), "line 1, GLV: billed 12 BX at 41.20, contract price 38.00"),
    ]


@pytest.mark.parametrize(
    ("billed", "papers", "found"),
    [
        (bill(), Papers(order=None), [(MatchCause.NO_ORDER, None)]),
        (bill(), Papers(order=order(supplier="V2")), [(MatchCause.SUPPLIER, None)]),
        (bill(), Papers(order=order(currency="USD")), [(MatchCause.CURRENCY, None)]),
        (bill({"item": "GZE"}), Papers(order=order()), [(MatchCause.NOT_ORDERED, Decimal(456))]),
        (bill({"order_line": 2}), Papers(order=order({}, {"item": "GZE"})), [(MatchCause.NOT_ORDERED, Decimal(456))]),
        (bill({"unit": "EA"}), Papers(order=order(), receipts=[receipt(12)]), [(MatchCause.UNIT, None)]),
        (bill({"quantity": 13}), Papers(order=order(), receipts=[receipt(13)]),
         [(MatchCause.OVER_ORDERED, Decimal(38))]),
        (bill(), Papers(order=order({"unit_price": None}), receipts=[receipt(12)]), [(MatchCause.NO_PRICE, None)]),
        (bill(total=500), Papers(order=order(), receipts=[receipt(12)]), [(MatchCause.TOTAL, Decimal(44))]),
        (bill({"tax_percent": 20}, total=500), Papers(order=order(), receipts=[receipt(12)]),
         [(MatchCause.TOTAL, Decimal("-47.20"))]),
        (bill({"tax_percent": 20}), Papers(order=order(), receipts=[receipt(12)], taxes={"GLV": Decimal(10)}),
         [(MatchCause.TAX, Decimal("45.60"))]),
        (bill({}, {"item": None, "description": "freight", "quantity": 1, "unit_price": 25}),
         Papers(order=order(), receipts=[receipt(12)]), [(MatchCause.EXTRAS, Decimal(25))]),
        (bill(credit=True), Papers(order=order(), receipts=[receipt(12)]), [(MatchCause.OVER_CREDITED, None)]),
    ],
)  # fmt: skip
def test_each_trouble_has_its_cause_and_its_money(
    billed: SupplierBill, papers: Papers, found: list[tuple[MatchCause, Decimal | None]]
) -> None:
    assert causes(billed, papers) == found


def test_tolerances_let_small_differences_through_and_no_larger_ones() -> None:
    papers = Papers(order=order(), receipts=[receipt(12)])
    dear = bill({"unit_price": Decimal("38.38")})
    assert causes(dear, papers, price_percent=Decimal(1)) == []
    assert causes(bill({"unit_price": Decimal("38.39")}), papers, price_percent=Decimal(1)) == [
        (MatchCause.PRICE, Decimal("4.68"))
    ]
    assert causes(bill({"unit_price": Decimal("38.39")}), papers, price_amount=Decimal(5)) == []
    more = Papers(order=order(), receipts=[receipt(13)])
    assert causes(bill({"quantity": 13}), more, quantity_percent=Decimal(10)) == []
    freight = bill({}, {"item": None, "quantity": 1, "unit_price": 25})
    assert causes(freight, papers, extras_amount=Decimal(25)) == []
    assert causes(freight, papers, extras_percent=Decimal(5)) == [(MatchCause.EXTRAS, Decimal("2.20"))]


def test_credit_notes_and_returns_take_back_what_was_billed_and_received() -> None:
    papers = Papers(order=order(), receipts=[receipt(12)], bills=[bill()])
    assert causes(bill({"quantity": 2}, credit=True, number="C-1"), papers) == []
    credited = Papers(order=order(), receipts=[receipt(12)], bills=[bill(), bill({"quantity": 2}, credit=True)])
    assert causes(bill({"quantity": 2}, number="B-2"), credited) == []
    back = SupplierReturn.model_validate(
        {"number": "X", "order": "PO-1", "lines": [{"number": 1, "item": "GLV", "quantity": 2, "unit": "BX"}]}
    )
    returned = Papers(order=order(), receipts=[receipt(12)], returns=[back])
    assert causes(bill(), returned) == [(MatchCause.NOT_RECEIVED, Decimal(76))]


def test_units_are_converted_exactly_by_what_a_package_holds() -> None:
    packs = (Pack(unit="BX", holds=Decimal(3), of="EA"),)
    papers = Papers(order=order(), receipts=[receipt(36, unit="EA")], packs_of=lambda _: packs)
    third = bill({"quantity": 36, "unit": "EA", "unit_price": Decimal("12.6667")})
    assert causes(third, papers, price_amount=Decimal("0.01")) == []


def test_two_lines_of_one_item_are_billed_one_after_the_other() -> None:
    two = order({"quantity": 5, "unit_price": 38}, {"quantity": 7, "unit_price": 40})
    papers = Papers(order=two, receipts=[receipt(12)])
    split = bill({"quantity": 5}, {"quantity": 7, "unit_price": 40})
    assert [line.order_line for line in match(split, papers).lines] == [1, 2]
    assert causes(split, papers) == []


parts = st.lists(st.integers(1, 9), min_size=1, max_size=6)


@given(received=parts, billed=parts, price=st.integers(1, 5_000))
def test_deliveries_and_bills_match_however_they_are_split(received: list[int], billed: list[int], price: int) -> None:
    unit_price = Decimal(price) / 100
    ordered = max(sum(received), sum(billed))
    whole = order({"quantity": ordered, "unit_price": unit_price})
    receipts = [receipt(each) for each in received]
    earlier: list[SupplierBill] = []
    for number, each in enumerate(billed):
        now = bill({"quantity": each, "unit_price": unit_price}, number=f"B-{number}")
        found = match(now, Papers(order=whole, receipts=receipts, bills=earlier))
        short = sum(billed[: number + 1]) - sum(received)
        assert found.matched is (short <= 0)
        assert found.matched or found.findings[0].amount == unit_price * min(short, each)
        earlier.append(now)


def seen(number: str = "INV-00123", **more: Any) -> Billed:
    said: dict[str, Any] = {"supplier": "V1", "amount": Decimal(100), "currency": "EUR", "billed_on": DAY}
    return Billed(**{"number": number, **said, **more})


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (seen("inv 123"), seen(), "bill INV-00123 of 2026-03-10 has the same number, written otherwise"),
        (seen("INV-10123"), seen(), "nearly the same number"),
        (seen("INV-00213"), seen(), "nearly the same number"),
        (
            seen("INV-10123", order="PO-1", billed_on=DAY + timedelta(days=1)),
            seen(order="PO-1"),
            "nearly the same number",
        ),
        (seen("INV-10123"), seen(order="PO-1"), "nearly the same number"),
        (seen("inv 123", order="PO-2"), seen(order="PO-1"), "has the same number, written otherwise"),
        (seen("A7", order="PO-1"), seen(order="PO-1"), "bills the same amount of the same order"),
    ],
)
def test_a_bill_that_only_looks_otherwise_is_found(one: Billed, other: Billed, words: str) -> None:
    (found,) = alike(one, [other])
    assert words in found.words
    assert alike(replace(one, corrects=other.number), [other]) == []
    assert Alike.from_json(found.as_json()) == found


@pytest.mark.parametrize(
    "other",
    [
        seen(),  # the very same: told again
        seen("INV-00124"),  # the next one
        seen("INV-10123", amount=Decimal(99)),
        seen("INV-10123", currency="USD"),
        seen("inv123", supplier="V2"),
        seen("inv123", credit=True),
        seen("INV-10123", billed_on=DAY - timedelta(days=61)),
        seen("A7", order="PO-2"),
    ],
)
def test_two_bills_are_two(other: Billed) -> None:
    assert alike(seen(), [other]) == []


def test_equal_bills_of_two_orders_are_two_however_near_their_numbers_are() -> None:
    assert alike(seen("INV-10123", order="PO-2"), [seen(order="PO-1")]) == []
