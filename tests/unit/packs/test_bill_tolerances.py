"""How far bills may be off: a table by supplier and category, and what is wrong with a table."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from hilum.canonical import GoodsReceipt, MatchCause, PurchaseOrder, SupplierBill
from hilum.errors import SettingsError
from hilum.packs.procurement.followed import Followed, Pending
from hilum.packs.procurement.order_rules import OrderRules
from hilum.packs.procurement.three_way import Papers, match
from hilum.packs.procurement.tolerances import load_tolerances, tolerance_table

pytestmark = pytest.mark.req("WF-2")

TABLE = """
[[rule]]
supplier = "V1"
categories = ["implants"]

[[rule]]
supplier = "V1"
price_percent = 2
extras_amount = 30

[[rule]]
categories = ["gloves"]
price_percent = 5

[[rule]]
price_percent = 1
"""
CATEGORIES = {"HIP": "implants", "GLV": "gloves"}


def category_of(item: str) -> str:
    return CATEGORIES.get(item, "")


def causes(supplier: str, item: str, price: str, freight: str = "") -> list[MatchCause]:
    """What is found of a bill for ten, which were ordered at 100 and received."""
    line = {"number": 1, "item": item, "quantity": 10}
    extra = [{"number": 2, "item": None, "quantity": 1, "unit_price": freight}] if freight else []
    order = {"number": "PO-1", "supplier": supplier, "currency": "EUR", "lines": [{**line, "unit_price": 100}]}
    bill = {"number": "B-1", "supplier": supplier, "order": "PO-1", "currency": "EUR", "billed_on": "2026-03-01",
            "lines": [{**line, "unit_price": price}, *extra]}  # fmt: skip
    came = {"number": "R-1", "order": "PO-1", "lines": [{"item": item, "quantity": 10, "unit": "EA"}]}
    papers = Papers(order=PurchaseOrder.model_validate(order), receipts=[GoodsReceipt.model_validate(came)])
    found = match(SupplierBill.model_validate(bill), papers, tolerance_table(TABLE).tolerances_of(category_of))
    return [finding.cause for finding in found.findings]


@pytest.mark.parametrize(
    ("supplier", "item", "just", "over"),
    [
        ("V1", "HIP", "100", "100.01"),  # of both, strict
        ("V1", "GLV", "102", "102.01"),  # of the supplier, before that of the category
        ("V2", "GLV", "105", "105.01"),  # of the category
        ("V2", "HIP", "101", "101.01"),  # of all others
    ],
)
def test_the_first_rule_of_supplier_and_category_counts(supplier: str, item: str, just: str, over: str) -> None:
    assert causes(supplier, item, just) == []
    assert causes(supplier, item, over) == [MatchCause.PRICE]


def test_freight_is_of_the_supplier_whatever_was_bought() -> None:
    assert causes("V1", "HIP", "100", freight="30") == []
    assert causes("V1", "HIP", "100", freight="30.01") == [MatchCause.EXTRAS]
    assert causes("V2", "GLV", "100", freight="0.01") == [MatchCause.EXTRAS]


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("", "rule"),
        ('[[rule]]\nsupplier = "V1"', "the last rule must name no supplier"),
        ('[[rule]]\n[[rule]]\nsupplier = "V1"\n[[rule]]', "would never count"),
        ("[[rule]]\nprice_percent = -1", "price_percent"),
        ("[[rule]]\nprice = 1", "price"),
        ("[[rule", "no TOML"),
    ],
)
def test_a_table_says_what_is_wrong_with_it(tmp_path: Path, table: str, wrong: str) -> None:
    (tmp_path / "tolerances.toml").write_text(table)
    with pytest.raises(SettingsError, match=wrong) as caught:
        load_tolerances(tmp_path)
    assert "tolerances.toml" in str(caught.value)


def test_a_project_without_a_table_hears_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"tolerances\.toml cannot be read"):
        load_tolerances(tmp_path)


def test_goods_that_are_taxed_otherwise_than_the_hospital_says_are_found_in_an_order() -> None:
    line = {"number": 1, "item": "GLV", "quantity": 1, "unit_price": 100}
    order = PurchaseOrder.model_validate({"number": "PO-1", "supplier": "V1", "currency": "EUR", "lines": [line]})
    bill = SupplierBill.model_validate(
        {"number": "B-1", "supplier": "V1", "order": "PO-1", "currency": "EUR", "billed_on": "2026-03-01",
         "lines": [line | {"tax_percent": 19}]}
    )  # fmt: skip
    came = {"number": "R-1", "order": "PO-1", "lines": [{"item": "GLV", "quantity": 1, "unit": "EA"}]}
    now = datetime(2026, 3, 1, tzinfo=UTC)
    found = {}
    for percent in (Decimal(7), Decimal(19), None):
        rules = OrderRules(tax_of=lambda item, percent=percent: percent if item == "GLV" else None)  # type: ignore[misc]
        known = Followed(order, rules, receipts={"R-1": GoodsReceipt.model_validate(came)})
        findings = known.compare(Pending(bill, [], came=now, until=now), []).findings
        found[percent] = [(finding.cause, finding.amount) for finding in findings]
    assert found == {Decimal(7): [(MatchCause.TAX, Decimal("12.00"))], Decimal(19): [], None: []}


def test_without_rules_only_two_cents_of_the_total_may_be_off() -> None:
    allowed = OrderRules().tolerances_of("V1", "GLV")
    assert (allowed.price_percent, allowed.price_amount, allowed.total) == (0, 0, Decimal("0.02"))


def test_a_misspelled_setting_of_the_only_rule_is_named_and_nothing_that_follows_from_it() -> None:
    with pytest.raises(SettingsError) as wrong:
        tolerance_table("[[rule]]\nprice_precent = 1\n")
    assert str(wrong.value).endswith("rule.0.price_precent: there is no such setting")
