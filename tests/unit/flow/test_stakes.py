"""What is at stake: the amount of a document, what a flow says of a message, and how both travel with a delivery."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.canonical import Money, PurchaseOrder, SupplierBill, Unit
from hilum.canonical.worth import together, worth
from hilum.connector import Header
from hilum.flow import Criticality, Flow, Lookup, Stake
from hilum.flow.stakes import NOTHING, all_of, highest
from hilum.journal.work import ToDeliver, ToTranslate
from hilum.message import Priority, new_id
from hilum.runtime.outgoing import deliveries
from support.doubles import Receiver
from support.projects import make_flow, target

pytestmark = pytest.mark.req("UX-2")

EUR = Money(amount=Decimal("494.40"), currency="EUR")


def bill(**more: Any) -> SupplierBill:
    lines = [{"number": 1, "item": "GLV", "quantity": 12, "unit": "BX", "unit_price": "41.20"}]
    said = {"number": "B-1", "supplier": "V1", "currency": "EUR", "billed_on": date(2026, 3, 1), "lines": lines}
    return SupplierBill.model_validate(said | more)


def test_a_document_is_worth_its_printed_total_or_what_its_lines_come_to() -> None:
    assert worth(bill()) == EUR
    assert worth(bill(total="588.34")) == Money(amount=Decimal("588.34"), currency="EUR")
    lines = [
        {"number": 1, "item": "A", "quantity": 3, "unit_price": "1.105"},
        {"number": 2, "item": "B", "quantity": 9},
    ]
    order = PurchaseOrder.model_validate({"number": "PO-1", "supplier": "V1", "currency": "EUR", "lines": lines})
    assert worth(order) == Money(amount=Decimal("3.32"), currency="EUR")
    assert worth(order.model_copy(update={"currency": None})) is None
    assert worth(Unit(code="BX", title="Box")) is None
    assert worth("a text") is None


def test_an_amount_that_is_none_holds_nobody_up() -> None:
    line = {"number": 1, "quantity": "99999999999", "unit_price": "99999999999"}
    assert worth(bill(lines=[line])) is None


@given(st.decimals(min_value=0, max_value=10**11, places=2), st.sampled_from([None, *Criticality]))
def test_what_travels_with_a_delivery_is_read_again(amount: Decimal, criticality: Criticality | None) -> None:
    stake = Stake(value=Money(amount=amount, currency="EUR"), criticality=criticality)
    assert Stake.read(str(stake)) == stake
    assert Stake.read(str(Stake(criticality=criticality))) == Stake(criticality=criticality)


@given(st.text())
def test_a_text_of_others_says_nothing_and_breaks_nothing(text: str) -> None:
    assert str(Stake.read(text)) in ("", text.strip(), " ".join(text.split()))


def test_several_together_have_their_sum_in_one_currency_and_the_most_vital_criticality() -> None:
    two = Stake(value=EUR, criticality=Criticality.HIGH)
    assert all_of([two, Stake(value=EUR), NOTHING]) == Stake(
        value=Money(amount=Decimal("988.80"), currency="EUR"), criticality=Criticality.HIGH
    )
    assert together([EUR, Money(amount=Decimal(1), currency="USD")]) is None
    assert highest(None, Criticality.LOW) is Criticality.LOW
    assert highest() is Criticality.NORMAL


def made(flow: Flow, parsed: Any) -> list[Any]:
    taken = ToTranslate(
        id=new_id(), flow=flow.name, seq=1, lane=0, key="", dedup_key="", content_type="", headers={},
        correlation_id="", received_at=datetime.now(UTC), next_ordinal=0, size=1, head=None,
    )  # fmt: skip
    return [each for yielded in flow.run(parsed, Lookup(Path("lookups"))) for each in deliveries(taken, yielded)]


def test_the_hub_notes_with_each_delivery_what_is_at_stake_and_sends_it_to_nobody() -> None:
    flow = make_flow(None, translate=lambda parsed, _: [bill(), bill(number="B-2", total="1")])
    flow.deliver_to(target(Receiver(), "memory.bills"))
    assert [each.headers.get(Header.STAKE) for each in made(flow, {})] == ["494.40 EUR", "1.00 EUR"]
    flow.stake_by = lambda parsed: Stake(criticality=Criticality(parsed["how"]))
    assert [each.headers[Header.STAKE] for each in made(flow, {"how": "vital"})] == [
        "494.40 EUR vital",
        "1.00 EUR vital",
    ]
    assert [each.headers[Header.STAKE] for each in made(flow, {})] == ["494.40 EUR", "1.00 EUR"]  # it cannot be read
    taken = ToDeliver(
        message_id=new_id(), ordinal=0, seq=1, lane=0, flow="f", destination="d", operation="", key="",
        idempotency_key="k", content_type="", headers={Header.STAKE: "1 EUR", "row": "1"}, correlation_id="",
        attempts=0, head=None, waiting=False, priority=Priority.NORMAL,
    )  # fmt: skip
    assert taken.delivery(b"").headers == {"row": "1"}
