"""Runs are shown in the words of those who read them."""

from __future__ import annotations

from typing import ClassVar

import pytest
from pydantic import BaseModel

from hilum.canonical import PurchaseOrder
from hilum.packs.contracts.contract_rules import ContractTold, EnvelopeTold
from hilum.processes.naming import called, told_in_words, waits_in_words

pytestmark = pytest.mark.req("WF-1", "UX-1")


class Confirmed(BaseModel):
    """A test's own."""

    name: ClassVar[str] = "test.confirmed"


def test_classes_are_called_by_their_words_or_as_they_say() -> None:
    assert [called(each) for each in (PurchaseOrder, ContractTold, Confirmed)] == [
        "purchase order", "news of the CLM", "confirmed",
    ]  # fmt: skip


def test_what_a_run_waits_for_names_no_class_and_leaves_titles_alone() -> None:
    heard = [ContractTold, EnvelopeTold]
    assert waits_in_words("ContractTold or EnvelopeTold", heard) == "news of the CLM or news of its signature"
    waits = "GoodsReceipt or SupplierBill or Buyers: McDermott or Sons answers PO-7 otherwise"
    assert waits_in_words(waits) == "goods receipt, supplier bill, or Buyers: McDermott or Sons answers PO-7 otherwise"
    assert waits_in_words("a person") == "a person"
    assert waits_in_words("") == ""


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("started", PurchaseOrder.name, "purchase order"),
        ("heard", "contracts.told", "news of the CLM"),
        ("heard", "Confirmed", "confirmed"),
        ("heard", "somebody.elses", "somebody.elses"),
        ("sent", "ContractPrices to contracts.prices", "contract prices to contracts.prices"),
        ("asked", "Buyers: PO-7", "Buyers: PO-7"),
        ("moved", "draft → active", "draft → active"),
    ],
)
def test_lines_of_a_history_name_no_class(kind: str, words: str, said: str) -> None:
    assert told_in_words(kind, words, [ContractTold]) == said
