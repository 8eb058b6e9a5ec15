"""What comes in becomes words on contracts, orders at agreed prices, and checks."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from hilum.canonical import Contract, PriceCheck, PurchaseOrder, SupplierBill
from hilum.canonical.catalogue import read, write
from hilum.errors import Invalid, Unmapped
from hilum.packs.contracts.contract_rules import ContractsListed, ContractTold, EnvelopeTold
from hilum.testing.flows import translate, translate_file

PROJECT = Path(__file__).parent.parent
LINE = {"number": 1, "item": "GLV", "quantity": "10", "unit_price": "40"}


def test_a_webhook_and_rest_say_the_same_of_a_contract() -> None:
    (told,) = translate_file(PROJECT, "clm.contracts", "contract.json")
    (read,) = translate_file(PROJECT, "clm.read", "contract_read.json")
    assert isinstance(told, ContractTold)
    assert (told.contract.number, told.state, told.owner) == ("C-7", "approved", "Gloves")
    assert read == told.model_copy(update={"seen": True})


def test_a_completed_envelope_is_a_signature() -> None:
    (told,) = translate_file(PROJECT, "esignature.envelopes", "envelope.json")
    assert isinstance(told, EnvelopeTold)
    assert (told.contract, told.state) == ("C-7", "active")


def test_a_list_is_one_thing_to_compare_with() -> None:
    shown = json.loads((PROJECT / "samples" / "contract_read.json").read_text())
    strange = shown | {"state": "melted", "contract": shown["contract"] | {"number": "C-8"}}
    body = json.dumps({"read_at": "2026-03-03T00:00:00Z", "items": [shown, strange]}).encode()
    (listed,) = translate(PROJECT, "clm.compared", body)
    assert isinstance(listed, ContractsListed)
    assert ([each.contract.number for each in listed.contracts], listed.unread) == (["C-7"], ("C-8",))


def test_a_state_that_nobody_mapped_is_not_guessed() -> None:
    said = json.loads((PROJECT / "samples" / "contract.json").read_text()) | {"state": "melted"}
    with pytest.raises(Unmapped):
        translate(PROJECT, "clm.contracts", json.dumps(said).encode())


def test_a_bill_is_told_what_it_should_cost() -> None:
    bill = SupplierBill.model_validate(
        {"number": "INV-1", "supplier": "SUP-GLOVES", "currency": "EUR", "billed_on": "2026-03-03", "lines": [LINE]}
    )
    (check,) = translate(PROJECT, "bills", write(bill))
    assert isinstance(check, PriceCheck)
    assert (check.unit_price, check.leak, check.basis) == (Decimal(40), None, "none"), "nothing is agreed in a test"


def test_what_is_no_order_is_refused() -> None:
    order = PurchaseOrder.model_validate(
        {"number": "PO-1", "supplier": "SUP-GLOVES", "currency": "EUR", "lines": [LINE]}
    )
    with pytest.raises(Invalid, match="no bill"):
        translate(PROJECT, "bills", write(order))


def test_the_offer_of_the_sample_can_be_read() -> None:
    offer = read((PROJECT / "samples" / "offer.json").read_bytes())
    assert isinstance(offer, Contract) and offer.number == "OFFER-1"
