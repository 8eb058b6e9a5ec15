"""An operation comes to the same whatever the order of what is told: what should be, less what was sent, is sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.canonical import (
    BusinessObject,
    Charge,
    ConsignmentMoved,
    ConsignmentReplenishment,
    DeviceLabel,
    GoodsReceipt,
    ImplantUsed,
    PurchaseOrder,
    SupplierBill,
    SupplierReturn,
    SupplyConsumed,
)
from hilum.packs.implants.case import Case, Earlier
from hilum.packs.implants.knowing import Known
from hilum.packs.implants.rules import (
    BILLING,
    MASTER_DATA,
    SAFETY,
    THEATRE,
    ChargeDecision,
    DeviceDecision,
    ImplantRules,
    PatienceDecision,
    PriceDecision,
    SafetyDecision,
    case_of_order,
)
from hilum.packs.procurement.order_rules import BUYER, PAYABLES, BillDecision

pytestmark = pytest.mark.req("NEW-6")

DAY = date(2026, 3, 4)
AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
LATER = AT + timedelta(days=20)
HIP = Known(item="HIP", title="Hip stem", whose="bill only", supplier="V1", unit_price=Decimal(900), currency="EUR",
            contract="C-1", charge=Decimal(1500), charge_currency="EUR")  # fmt: skip
SHELF = HIP.model_copy(update={"item": "CUP", "whose": "consigned", "unit_price": Decimal(400)})


def used(transaction: str = "T1", **more: Any) -> ImplantUsed:
    told = {"transaction": transaction, "case": "OP-7", "code": "HIP", "lot": "A-2", "quantity": 1, "account": "ACC",
            "location": "STORE-OR", "used_on": DAY}  # fmt: skip
    return ImplantUsed.model_validate(told | more)


def bill(number: str = "B-1", price: str = "900", quantity: int = 1, **more: Any) -> SupplierBill:
    lines = [{"number": 1, "item": "HIP", "quantity": quantity, "unit_price": price}]
    told = {"number": number, "supplier": "V1", "order": "OP-7-B1", "currency": "EUR", "billed_on": DAY, "lines": lines}
    return SupplierBill.model_validate(told | more)


class Told:
    """A case, and everything that was sent of it."""

    def __init__(self, known: Known = HIP, **rules: Any) -> None:
        self.case = Case("OP-7", ImplantRules(**{"gather": "PT0S", **rules}))
        self.known = known
        self.sent: list[BusinessObject] = []

    def tell(self, *things: ImplantUsed | SupplierBill, at: datetime = AT, alike: Iterable[str] = ()) -> Told:
        for thing in things:
            if isinstance(thing, ImplantUsed):
                self.case.take(thing, at)
            else:
                self.case.bills.take(thing, [*alike], at)
            self.go_on(at)
        return self

    def go_on(self, at: datetime = AT) -> Told:
        self.case.learn({use.name: self.known for use in self.case.unknown()})
        self.sent += [*self.case.advance(at), *self.case.bills.compare()]
        return self

    def of(self, kind: type[BusinessObject]) -> list[Any]:
        return [thing for thing in self.sent if type(thing) is kind]

    def kinds(self) -> list[str]:
        return [type(thing).__name__ for thing in self.sent]

    def breaks(self, at: datetime = AT) -> dict[str, str]:
        """Kind → owner: words."""
        return {kind: f"{each.team}: {each.words}" for (kind, _), each in self.case.breaks(at).items()}


def test_what_a_supplier_brought_is_ordered_received_against_its_use_and_charged() -> None:
    told = Told().tell(used())
    assert told.kinds() == ["PurchaseOrder", "GoodsReceipt", "SupplyConsumed", "Charge"]
    order, receipt, use, charge = told.sent
    assert isinstance(order, PurchaseOrder) and isinstance(receipt, GoodsReceipt)
    assert (order.number, order.bill_only, order.supplier, order.lines[0].unit_price) == ("OP-7-B1", True, "V1", 900)
    assert (receipt.order, receipt.lines[0].lot, receipt.lines[0].quantity) == ("OP-7-B1", "A-2", 1)
    assert isinstance(use, SupplyConsumed) and (use.transaction, use.lot, use.quantity) == ("T1", "A-2", 1)
    assert isinstance(charge, Charge) and (charge.transaction, charge.unit_price, charge.quantity) == ("T1", 1500, 1)
    assert told.case.state(told.case.breaks(AT)) == "ordered"
    told.tell(bill())
    assert told.of(SupplierBill) == [bill()]
    assert told.case.is_closed and told.case.state({}) == "closed"


def test_consigned_stock_leaves_its_owner_before_it_is_bought_and_is_to_be_filled_up() -> None:
    told = Told(SHELF).tell(used(code="CUP"))
    assert told.kinds() == ["ConsignmentMoved", "PurchaseOrder", "GoodsReceipt", "SupplyConsumed",
                            "ConsignmentReplenishment", "Charge"]  # fmt: skip
    (moved,), (asked,) = told.of(ConsignmentMoved), told.of(ConsignmentReplenishment)
    assert (moved.supplier, moved.quantity, moved.lot, moved.location) == ("V1", -1, "A-2", "STORE-OR")
    assert (asked.number, asked.supplier, asked.lines[0].item, asked.lines[0].used_lot) == (
        "OP-7-B1", "V1", "CUP", "A-2",
    )  # fmt: skip


def test_what_is_told_again_changes_nothing() -> None:
    told = Told().tell(used(), used(), bill(), bill(), used())
    assert sorted(told.kinds()) == ["BillMatch", "Charge", "GoodsReceipt", "PurchaseOrder", "SupplierBill",
                                    "SupplyConsumed"]  # fmt: skip


def test_uses_that_are_gathered_are_one_order_of_each_supplier() -> None:
    told = Told(gather="PT1H").tell(used("T1"), used("T2", lot="A-3"))
    assert told.of(PurchaseOrder) == []
    assert len(told.of(Charge)) == 2, "the patient's account does not wait for the order"
    told.go_on(AT + timedelta(hours=1))
    (order,) = told.of(PurchaseOrder)
    assert [line.number for line in order.lines] == [1, 2]
    told.tell(used("T3", lot="A-4"), at=AT + timedelta(hours=2)).go_on(AT + timedelta(hours=4))
    assert [order.number for order in told.of(PurchaseOrder)] == ["OP-7-B1", "OP-7-B2"]


@pytest.mark.parametrize(
    ("known", "more", "owner", "words"),
    [
        (Known(), {}, MASTER_DATA, "it is no item that the hub knows"),
        (HIP.model_copy(update={"whose": ""}), {}, MASTER_DATA, "nobody says whose it was"),
        (HIP.model_copy(update={"recalls": ("recalled: cracks",)}), {}, SAFETY, "HIP, lot A-2: recalled: cracks"),
        (HIP, {"device": DeviceLabel(device="05412345000075", lot="A-2", expires_on=date(2026, 2, 28))}, SAFETY,
         "expired on 2026-02-28, used on 2026-03-04"),
        (HIP.model_copy(update={"unit_price": None, "words": "contract C-1 ran out on 2026-01-01"}), {}, BUYER,
         "contract C-1 ran out on 2026-01-01"),
        (HIP.model_copy(update={"charge": None}), {}, BILLING, "what it is charged at"),
    ],
)  # fmt: skip
def test_what_is_missing_is_a_break_with_an_owner_and_words(
    known: Known, more: dict[str, Any], owner: str, words: str
) -> None:
    told = Told(known).tell(used(**more))
    (found,) = told.breaks().values()
    assert found.startswith(f"{owner}: ") and words in found
    assert "ACC" not in found
    assert not told.case.is_closed
    told.known = HIP
    if owner == SAFETY and "device" in more:
        return
    told.go_on()
    assert told.breaks() == {}
    assert {"PurchaseOrder", "Charge"} <= set(told.kinds())


def test_people_answer_breaks() -> None:
    told = Told(Known()).tell(used())
    told.case.decide(("device", "T1"), DeviceDecision(item="HIP", whose="bill only"), AT)
    assert told.case.unknown()[0].question().item == "HIP"
    told.known = HIP.model_copy(update={"unit_price": None, "charge": None, "recalls": ("recalled",)})
    told.go_on()
    assert set(told.breaks()) == {"safety", "price", "charge"}
    told.case.decide(("safety", "T1"), SafetyDecision(decision="proceed"), AT)
    price = PriceDecision(supplier="V2", unit_price=Decimal(950), currency="EUR")
    told.case.decide(("price", "T1"), price, AT)
    told.case.decide(("charge", "T1"), ChargeDecision(amount=Decimal(1200), currency="EUR"), AT)
    told.go_on()
    (order,), (charge,) = told.of(PurchaseOrder), told.of(Charge)
    assert (order.supplier, order.lines[0].unit_price, charge.unit_price) == ("V2", 950, 1200)
    assert told.breaks() == {}


def test_a_recalled_implant_that_is_stopped_is_neither_ordered_nor_charged() -> None:
    told = Told(SHELF.model_copy(update={"recalls": ("recalled",)})).tell(used())
    assert told.kinds() == ["ConsignmentMoved"], "it is not on the shelf any more, whatever is decided"
    told.case.decide(("safety", "T1"), SafetyDecision(decision="stop"), AT)
    told.go_on()
    assert told.kinds() == ["ConsignmentMoved"]
    assert told.case.is_closed and told.breaks() == {}


def test_a_use_that_is_taken_back_before_it_is_ordered_leaves_nothing() -> None:
    told = Told(SHELF, gather="PT1H").tell(used(), used("T1:credit", takes_back="T1", quantity=-1))
    assert told.kinds() == ["ConsignmentMoved", "Charge", "ConsignmentMoved", "Charge"]
    assert [moved.quantity for moved in told.of(ConsignmentMoved)] == [-1, 1]
    assert [charge.quantity for charge in told.of(Charge)] == [1, -1]
    told.go_on(LATER)
    assert told.of(PurchaseOrder) == []
    assert told.case.state(told.case.breaks(LATER)) == "taken back"


def test_a_use_that_is_taken_back_after_its_bill_asks_for_a_credit_note() -> None:
    told = Told().tell(used(), bill(), used("T1:credit", takes_back="T1", quantity=-1))
    order, changed = told.of(PurchaseOrder)
    assert (order.revision, changed.revision, changed.lines[0].quantity) == (0, 1, 0)
    (back,) = told.of(SupplierReturn)
    assert (back.order, back.lines[0].lot, back.lines[0].quantity) == ("OP-7-B1", "A-2", 1)
    assert [use.quantity for use in told.of(SupplyConsumed)] == [1, -1]
    assert sum(charge.quantity for charge in told.of(Charge)) == 0
    assert told.breaks() == {"unused": f"{PAYABLES}: billed and not used: 1 of HIP, lot A-2; a credit note is missing"}
    told.tell(bill("CN-1", credit=True, corrects="B-1"))
    assert [each.number for each in told.of(SupplierBill)] == ["B-1", "CN-1"]
    assert told.breaks() == {} and told.case.is_closed


def test_a_credit_finds_its_use_by_what_was_used_where_it_names_none() -> None:
    told = Told().tell(used("T1", lot="A-1"), used("T2", lot="A-2"), used("X9", lot="A-2", quantity=-1))
    assert [use.left for use in told.case.uses.values()] == [1, 0]


def test_a_credit_that_comes_first_waits_for_its_use_and_is_asked_about_in_the_end() -> None:
    told = Told().tell(used("T1:credit", takes_back="T1", quantity=-1))
    assert told.breaks() == {}
    assert told.breaks(LATER)["taken back"].startswith(f"{THEATRE}: ")
    told.tell(used())
    assert told.breaks(LATER) == {} and told.of(Charge) == []


def test_a_corrected_use_takes_the_place_of_the_former_one() -> None:
    told = Told().tell(used(lot="A-1"), used(lot="A-2"))
    assert [(use.name, use.left) for use in told.case.uses.values()] == [("T1", 0), ("T1:r2", 1)]
    assert sum(charge.quantity for charge in told.of(Charge)) == 1
    assert [use.lot for use in told.of(SupplyConsumed)] == ["A-1", "A-1", "A-2"]


def test_a_bill_waits_for_the_use_and_is_asked_of_the_theatre_in_the_end() -> None:
    told = Told().tell(bill())
    assert told.breaks() == {}
    assert told.breaks(LATER) == {"bill": f"{THEATRE}: order OP-7-B1 is not known"}
    told.tell(used(), at=LATER)
    told.go_on(LATER)
    assert told.breaks(LATER) == {} and told.of(SupplierBill) == [bill()]


def test_more_billed_than_used_is_no_match() -> None:
    told = Told().tell(used(), bill(quantity=2))
    words = told.breaks(LATER)["bill"]
    assert words.startswith(f"{THEATRE}: ") and "billed 2 EA at 900.00, ordered 1" in words
    told.case.bills.decide("V1:B-1", BillDecision(decision="wait"), LATER)


def test_a_dear_bill_is_the_buyers_with_the_contract_price() -> None:
    told = Told().tell(used(), bill(price="950"))
    assert told.breaks() == {"bill": f"{BUYER}: line 1, HIP: billed 1 EA at 950.00, contract price 900.00"}


def test_a_bill_that_was_billed_before_is_payables() -> None:
    told = Told().tell(used()).tell(bill(), alike=["bill B 1 of 2026-03-03 has the same number, written otherwise"])
    assert told.breaks()["bill"].startswith(f"{PAYABLES}: bill B 1 of 2026-03-03 has the same number")
    assert told.of(SupplierBill) == []


def test_a_second_bill_of_one_use_is_not_paid() -> None:
    told = Told().tell(used(), bill("B-1"), bill("X-9"))
    assert told.of(SupplierBill) == [bill("B-1")]
    assert "billed 1 EA at 900.00 after 1 before, ordered 1" in told.breaks(LATER)["bill"]


def test_a_use_whose_bill_does_not_come_is_asked_about() -> None:
    told = Told(wait_for_bill="P14D").tell(used())
    assert told.breaks(AT + timedelta(days=13)) == {}
    assert told.breaks(LATER) == {"unbilled": f"{BUYER}: used: 1 EA of HIP, lot A-2"}
    told.case.decide(("unbilled", "OP-7-B1"), PatienceDecision(decision="wait"), LATER)
    assert told.breaks(LATER) == {}
    told.tell(bill(), at=LATER)
    assert told.case.is_closed


def test_a_device_that_turns_out_to_be_the_hospitals_own_is_used_and_charged_only() -> None:
    told = Told(HIP.model_copy(update={"whose": "own"})).tell(used())
    assert told.kinds() == ["SupplyConsumed", "Charge"]
    assert told.case.is_closed


def test_what_was_closed_by_an_earlier_run_is_not_done_again() -> None:
    told = Told()
    told.case.earlier = {"T1": Earlier(quantity=Decimal(1), called="HIP, lot A-2", order="OP-7-B1")}
    told.case.first_order = 2
    told.tell(used())
    assert told.sent == [] and told.breaks() == {}
    told.tell(used("T1:credit", takes_back="T1", quantity=-1), used("T2"))
    assert told.breaks() == {
        "late": f"{PAYABLES}: HIP, lot A-2: taken back; credit the account and ask for a credit note"
    }
    assert [order.number for order in told.of(PurchaseOrder)] == ["OP-7-B2"]


def test_orders_name_their_operation() -> None:
    assert case_of_order("OP-7-B1") == "OP-7"
    assert case_of_order("V20077-20260304-B12") == "V20077-20260304"
    assert case_of_order("REQ-9-R1") is None and case_of_order(None) is None


EVENTS = [
    used("T1", lot="A-1"), used("T2", lot="A-2"), used("T3", lot="A-3"),
    used("T2:credit", takes_back="T2", quantity=-1, lot="A-2"), used("T3", lot="A-4"),
]  # fmt: skip


@given(st.lists(st.sampled_from(EVENTS), max_size=12), st.booleans())
def test_whatever_is_told_how_often_the_sums_are_those_of_what_was_used(
    told: list[ImplantUsed], consigned: bool
) -> None:
    case = Told(SHELF if consigned else HIP).tell(*told)
    left = sum((use.left for use in case.case.uses.values()), Decimal(0))
    assert sum(charge.quantity for charge in case.of(Charge)) == left
    assert sum(use.quantity for use in case.of(SupplyConsumed)) == left
    assert -sum(moved.quantity for moved in case.of(ConsignmentMoved)) == (left if consigned else 0)
    last = {order.number: order for order in case.of(PurchaseOrder)}
    assert sum(line.quantity for order in last.values() for line in order.lines) == left
    came = sum(line.quantity for receipt in case.of(GoodsReceipt) for line in receipt.lines)
    assert came - sum(line.quantity for back in case.of(SupplierReturn) for line in back.lines) == left
    names = [(type(thing), thing.business_key) for thing in case.sent if not isinstance(thing, PurchaseOrder)]
    assert len(names) == len(set(names))


def test_what_is_due_after_the_last_look_is_waited_for_however_late_it_is_asked() -> None:
    told = Told(gather="PT1S").tell(used())
    assert told.of(PurchaseOrder) == []
    assert told.case.next_look(AT) == AT + timedelta(seconds=1), "as of the look, not of a later moment"
    told.go_on(LATER)
    assert len(told.of(PurchaseOrder)) == 1
