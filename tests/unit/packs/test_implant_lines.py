"""What theatres tell of implants, in charges and records; and how suppliers are told that nothing is to be sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest
from packs_support import SAMPLES, Rows, things

from hilum.canonical import Charge, ConsignmentReplenishment, ImplantUsed, PurchaseOrder, SupplyConsumed
from hilum.connectors import mllp
from hilum.errors import Invalid, Unmapped
from hilum.flow import Lookup
from hilum.formats import edifact, x12
from hilum.packs import implants, inventory
from hilum.packs.inventory.implant_lines import operation_number
from hilum.packs.procurement import cxml_documents, edifact_answers, x12_orders
from hilum.packs.procurement.partner_documents import draft_for
from hilum.partners import Profile
from hilum.simulator.theatre import FACILITY, IMPLANTS, Theatre, catalogue_csv

pytestmark = pytest.mark.req("NEW-6", "SYS-3", "SYS-10")

LISTENER = mllp.Listener(port=0, accepts=["DFT^P03"])
STEM, CUP, _, PLATE = IMPLANTS
DAY = date(2026, 3, 2)


@pytest.fixture
def lookup(tmp_path: Any) -> Lookup:
    rows = catalogue_csv() + "SUT30,SUT-3-0,Suture,yes,,EA,,4.25,EUR,\n"
    (tmp_path / "items.csv").write_text(rows)
    (tmp_path / "locations.csv").write_text("code,location\nOR2,STORE-OR\n")
    return Lookup(tmp_path)


@pytest.fixture
def told(anything: Any, lookup: Lookup) -> Any:
    flow = inventory.consumption(source=LISTENER, odoo=None, implants=[anything], accounts=False)

    def read(*segments: str, head: str = "OR-1") -> list[Any]:
        start = (SAMPLES / "charges.hl7").read_bytes().decode().split("\r")[:4]
        return things(flow, "\r".join([*start, *segments, ""]).encode(), lookup)

    return read


def ft1(code: str = "", kind: str = "CG", amount: str = "", number: str = "88") -> str:
    return f"FT1|1|{number}||20260302102000||{kind}|{code}|||1||{amount}|OR2"


def label(implant: Any, lot: str = "L1") -> str:
    from datetime import UTC, datetime

    return str(implant.label(lot, datetime(2028, 1, 31, tzinfo=UTC)))


def test_a_consigned_item_is_an_implant_used_and_neither_stock_nor_charge(told: Any) -> None:
    (used,) = told(ft1(CUP.item, amount="760&EUR"), f"OBX|1|ST|74711-3||{label(CUP)}")
    assert isinstance(used, ImplantUsed)
    assert (used.item, used.consigned, used.lot, used.supplier, used.location) == (
        "HIP-CUP-52", True, "L1", "SUP-ORTHO", "STORE-OR",
    )  # fmt: skip
    assert used.amount is not None and used.amount.amount == 760
    assert used.device is not None and used.device.expires_on == date(2028, 1, 31)
    assert (used.transaction, used.account, used.encounter) == ("HILLSIDE:88", "AC20031", "V30031")
    assert used.case == operation_number("HILLSIDE", "V30031", DAY) and "V30031" not in used.case


@pytest.mark.parametrize("segment", ["OBX|1|ST|74711-3||{}", "PR1|1||{}", "PRT||UC||EQUIP||||||{}"])
def test_the_label_may_stand_behind_the_line(told: Any, segment: str) -> None:
    (used,) = told(ft1(STEM.item), segment.format(label(STEM)))
    assert (used.lot, used.consigned, used.device.device) == ("L1", False, STEM.device)


def test_a_hibc_label_is_read_too(told: Any) -> None:
    (used,) = told(ft1(PLATE.item), f"OBX|1|ST|74711-3||{label(PLATE)}")
    assert (used.item, used.lot, used.device.known_as) == ("PLATE-6", "L1", ("UDI", "H123PLATE60"))


def test_a_device_that_nobody_knows_is_told_and_not_held(told: Any) -> None:
    (used,) = told(ft1(), "OBX|1|ST|74711-3||(01)05412345009993(10)L1")
    assert (used.item, used.consigned, used.device.device, used.lot) == (None, None, "05412345009993", "L1")


def test_a_credit_takes_back_the_use_of_its_number(told: Any) -> None:
    (used,) = told(ft1(STEM.item, "CD"), f"OBX|1|ST|74711-3||{label(STEM)}")
    assert (used.quantity, used.transaction, used.takes_back) == (-1, "HILLSIDE:88:credit", "HILLSIDE:88")


def test_what_is_the_hospitals_own_goes_on_as_ever(told: Any) -> None:
    assert [type(thing) for thing in told(ft1("SUT30"))] == [SupplyConsumed, Charge]
    with pytest.raises(Unmapped):
        told(ft1("NOBODY"))


def test_without_a_process_nothing_is_an_implant(anything: Any, lookup: Lookup) -> None:
    flow = inventory.consumption(source=LISTENER, odoo=None, also=[anything], accounts=False)
    body = next(iter(Theatre(seed=1, operations=1).events())).body
    assert [type(thing) for thing in things(flow, body, lookup)] == [SupplyConsumed, Charge]


def test_an_unclear_word_in_the_list_of_items_is_said(anything: Any, lookup: Lookup, tmp_path: Any) -> None:
    (tmp_path / "items.csv").write_text("code,item,stocked,supplied\nX,X,yes,borrowed\n")
    flow = inventory.consumption(source=LISTENER, odoo=None, implants=[anything], accounts=False)
    start = (SAMPLES / "charges.hl7").read_bytes().decode().split("\r")[:4]
    with pytest.raises(Invalid, match="write consigned, bill only or own"):
        things(flow, "\r".join([*start, ft1("X"), ""]).encode(), Lookup(tmp_path))


ROW = {"transaction": "T-1", "case": "OP-1", "account": "A-1", "location": "OR2", "used_on": "2026-03-02"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"code": STEM.item}, {"item": "HIP-STEM-12", "consigned": False, "quantity": Decimal(1)}),
        ({"udi": "(01)05412345009993(10)L9"}, {"item": None, "lot": "L9", "consigned": None}),
        ({"code": CUP.item, "lot": "L3", "quantity": "-1", "takes_back": "T-0"}, {"lot": "L3", "takes_back": "T-0"}),
        ({"code": CUP.item, "consigned": "no", "supplier": "V9"}, {"consigned": False, "supplier": "V9"}),
    ],
)
def test_a_record_of_a_theatre_system_is_a_use(anything: Any, lookup: Lookup, more: Any, expected: Any) -> None:
    flow = implants.usage(source=Rows(), implants=[anything])
    (used,) = things(flow, orjson.dumps(ROW | more), lookup)
    assert {name: getattr(used, name) for name in expected} == expected
    assert (used.case, used.location, used.used_on) == ("OP-1", "STORE-OR", DAY)


@pytest.mark.parametrize(
    ("more", "where"), [({"case": ""}, "case"), ({"used_on": ""}, "used_on"), ({"udi": "(01)05412345009990"}, "udi")]
)
def test_a_wrong_record_names_its_column(anything: Any, lookup: Lookup, more: Any, where: str) -> None:
    flow = implants.usage(source=Rows(), implants=[anything])
    with pytest.raises(Invalid, match=where):
        things(flow, orjson.dumps(ROW | {"code": STEM.item} | more), lookup)


def test_the_simulated_theatre_tells_what_it_used(told: Any, anything: Any, lookup: Lookup) -> None:
    theatre = Theatre(seed=4, operations=8)
    flow = inventory.consumption(source=LISTENER, odoo=None, implants=[anything], accounts=False)
    read = [thing for event in theatre.events() for thing in things(flow, event.body, lookup)]
    assert [(used.item, used.lot) for used in read] == [(use.implant.item, use.lot) for use in theatre.used]
    assert {used.facility for used in read} == {FACILITY}


ORDER = PurchaseOrder.model_validate(
    {"number": "OP-1-B1", "supplier": "V1", "currency": "EUR", "bill_only": True, "ordered_at": "2026-03-02T10:00:00Z",
     "lines": [{"number": 1, "item": "HIP", "quantity": 1, "unit_price": "900"}]}
)  # fmt: skip
PARTNER = x12.Partner(name="Ortho", ours=x12.Party(id="HILLSIDE"), theirs=x12.Party(id="ORTHO"))


def test_suppliers_are_told_that_an_order_only_bills() -> None:
    made = x12_orders.order_to_x12(ORDER, PARTNER, ordered_on=DAY)
    assert made.type == "CN"
    assert x12_orders.order_to_x12(ORDER.model_copy(update={"revision": 1}), PARTNER, ordered_on=DAY).type == "CN"
    own = PARTNER.model_copy(update={"bill_only_type": "SO"})
    assert x12_orders.order_to_x12(ORDER, own, ordered_on=DAY).type == "SO"
    usual = ORDER.model_copy(update={"bill_only": False})
    assert x12_orders.order_to_x12(usual, PARTNER, ordered_on=DAY).type == "SA"
    party = edifact.Party(id="5412345000013", qualifier="14")
    draft = edifact_answers.order_to_edifact(ORDER, edifact.Partner(name="Ortho", ours=party, theirs=party),
                                             ordered_on=DAY)  # fmt: skip
    assert ("BGM", "227", "OP-1-B1", "9") in list(draft.rows)


def test_a_format_that_cannot_say_so_holds_the_order() -> None:
    with pytest.raises(Invalid, match="used already"):
        cxml_documents.order_to_cxml(ORDER, None, now=ORDER.ordered_at)  # type: ignore[arg-type]


def test_consigned_stock_is_filled_up_by_a_report_of_use() -> None:
    profile = Profile.model_validate(
        {"key": "ortho", "name": "Ortho", "supplier": "V1", "format": "x12", "x12": PARTNER.model_dump()}
    )
    lines = [{"number": 1, "item": "CUP", "quantity": 1, "used_lot": "L1", "used_on": "2026-03-02"}]
    asked = ConsignmentReplenishment.model_validate(
        {"number": "OP-1-B1", "supplier": "V1", "location": "STORE-OR", "lines": lines}
    )
    draft = draft_for(profile, asked, today=DAY)
    told = str(list(draft.rows))
    assert draft.code == "867" and "CUP" in told and "L1" in told
