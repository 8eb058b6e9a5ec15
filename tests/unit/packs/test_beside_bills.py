"""Order, receipt, bill and contract price side by side: what differs is marked, and nothing else."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hilum.canonical import GoodsReceipt, OrderAcknowledgement, PurchaseOrder, SupplierBill
from hilum.cases.side_by_side import Member, SideBySide, compared
from hilum.packs.procurement.beside import BILL, CONTRACT, ORDER, RECEIVED, beside_answer, beside_bill, items_of
from hilum.packs.procurement.three_way import Papers, match

pytestmark = pytest.mark.req("WF-2", "UX-2")

LINE = {"number": 1, "item": "GLV", "quantity": 12, "unit": "BX", "unit_price": "38"}


def order(**more: Any) -> PurchaseOrder:
    return PurchaseOrder.model_validate({"number": "PO-1", "supplier": "V1", "currency": "EUR", "lines": [LINE]} | more)


def bill(*lines: dict[str, Any], **more: Any) -> SupplierBill:
    said = {"number": "B-1", "supplier": "V1", "order": "PO-1", "currency": "EUR", "billed_on": date(2026, 3, 1)}
    return SupplierBill.model_validate(said | {"lines": lines or (LINE,)} | more)


def beside(told: SupplierBill, *, received: int = 12, agreed: str = "", **more: Any) -> SideBySide:
    wanted = order(**more)
    receipt = GoodsReceipt.model_validate(
        {"number": "R-1", "order": "PO-1", "lines": [{"item": "GLV", "quantity": received, "unit": "BX"}]}
    )
    papers = Papers(order=wanted, receipts=[receipt], agreed={"GLV": Fraction(agreed)} if agreed else {})
    return beside_bill(wanted, told, match(told, papers))


def marked(papers: SideBySide) -> dict[str, tuple[int, ...]]:
    return {each.name: each.marked for each in papers.members if each.differs}


def test_a_bill_that_matches_has_nothing_marked() -> None:
    found = beside(bill(total="456"))
    assert found.documents == ("Order PO-1", "Received", "Bill B-1", "Contract price")
    assert marked(found) == {}
    assert [(each.name, each.values) for each in found.members] == [
        ("Supplier", ("V1", "", "V1", "")),
        ("Currency", ("EUR", "", "EUR", "")),
        ("Total with tax", ("", "", "456.00", "")),
        ("Line 1, GLV: quantity, BX", ("12", "12", "12", "")),
        ("Line 1, GLV: price for one BX", ("38.00", "", "38.00", "")),
    ]


def test_each_cause_marks_the_documents_that_contradict_each_other() -> None:
    price, quantity = "Line 1, GLV: price for one BX", "Line 1, GLV: quantity, BX"
    dear = bill(LINE | {"unit_price": "41.20"})
    assert marked(beside(dear)) == {price: (ORDER, BILL)}
    assert marked(beside(dear, agreed="38")) == {price: (BILL, CONTRACT)}
    assert marked(beside(bill(), received=10)) == {quantity: (RECEIVED, BILL)}
    assert marked(beside(bill(LINE | {"quantity": 13}))) == {quantity: (ORDER, BILL)}
    assert marked(beside(bill(total="400"))) == {"Total with tax": (BILL,)}
    assert marked(beside(bill(), supplier="V2"))["Supplier"] == (ORDER, BILL)


def test_what_is_compared_with_nothing_stands_alone() -> None:
    found = beside(
        bill(LINE, {"number": 2, "description": "freight", "unit_price": "30"}, LINE | {"number": 3, "item": "X"})
    )
    assert marked(found) == {"Line 3, X": (BILL,)}
    assert {each.name: each.values[BILL] for each in found.members}["Line 2, freight"] == "1 at 30.00 EUR"
    assert items_of(order(), bill()) == ["GLV"]


def test_an_answer_stands_beside_its_order_and_the_contract() -> None:
    said = {"number": 1, "item": "GLV", "answer": "changed", "quantity": 10, "unit": "BX", "unit_price": "40",
            "delivery_date": "2026-03-09"}  # fmt: skip
    answer = OrderAcknowledgement.model_validate({"number": "A-1", "order": "PO-1", "supplier": "V1", "lines": [said]})
    found = beside_answer(order(lines=[LINE | {"needed_by": "2026-03-05"}]), answer, {"GLV": Fraction(38)})
    assert marked(found) == {
        "Line 1, GLV: answer": (1,),
        "Line 1, GLV: quantity": (0, 1),
        "Line 1, GLV: price for one BX": (0, 1),
        "Line 1, GLV: day": (0, 1),
    }
    assert found.members[3].values == ("38.00", "40.00", "38.00")


@given(st.lists(st.sampled_from(["", "a", "b"]), min_size=1, max_size=4))
def test_only_what_says_something_else_stands_out(values: list[str]) -> None:
    found = compared("x", values)
    assert found.differs == (len({each for each in values if each}) > 1)
    assert all(values[at] for at in found.marked)


def test_a_member_has_a_value_for_each_document() -> None:
    with pytest.raises(ValidationError):
        SideBySide(documents=("one", "two"), members=(Member(name="x", values=("1",)),))
    with pytest.raises(ValidationError):
        SideBySide(documents=("one",), members=(Member(name="x", values=("1",), marked=(1,)),))
