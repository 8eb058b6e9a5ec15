"""What a procurement portal posts, and which of its decisions count."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from hilum.canonical import Requisition, RequisitionDecision, RequisitionWithdrawn
from hilum.connectors import http
from hilum.errors import HilumError, Invalid, Unmapped
from hilum.flow import Lookup
from hilum.formats.spreadsheets import write_xlsx
from hilum.packs import procurement
from hilum.packs.procurement.approval_rules import Step
from hilum.packs.procurement.portal import event_id, number_of
from hilum.packs.procurement.portal_decisions import Place, why_not
from support.doubles import Receiver
from support.projects import target, write_lookup

pytestmark = pytest.mark.req("SYS-9")

LINE = {"line": 1, "item": "GLV-M", "quantity": "10", "unit": "BX"}
ASKED = {"number": "REQ-7", "department": "CC-1", "requested_by": "eve", "deliver_to": "WARD-3", "lines": [LINE]}


@pytest.fixture
def lookups(tmp_path: Any) -> Lookup:
    write_lookup(tmp_path, "items", "code,item,unit\nGLV-M,GLV,EA\n")
    return Lookup(tmp_path / "lookups")


def read(told: Any, hub: Lookup) -> Any:
    flow = procurement.portal(source=http.Listener(port=0, path="/p"), also=[target(Receiver())])
    (made,) = flow.run(flow.read(orjson.dumps(told)), hub)
    return made.thing


def test_what_is_asked_is_told_in_the_codes_of_the_hub(lookups: Lookup) -> None:
    made = read({"id": "1", "event": "submitted", "requisition": ASKED | {"urgent": True}, "shown": "more"}, lookups)
    assert isinstance(made, Requisition)
    assert (made.number, made.requested_by, made.deliver_to, made.urgent) == ("REQ-7", "eve", "WARD-3", True)
    assert [(line.item, line.quantity, line.unit, line.supplier) for line in made.lines] == [("GLV", 10, "BX", None)]


@pytest.mark.parametrize(("event", "approved"), [("approved", True), ("refused", False)])
def test_a_decision_and_a_withdrawal_are_told(event: str, approved: bool, lookups: Lookup) -> None:
    made = read({"id": "2", "event": event, "number": "REQ-7", "step": "head", "by": "ada", "comment": "ok"}, lookups)
    assert made == RequisitionDecision(requisition="REQ-7", step="head", approved=approved, by="ada", comment="ok")
    gone = read({"id": "3", "event": "withdrawn", "number": "REQ-7", "by": "eve"}, lookups)
    assert gone == RequisitionWithdrawn(number="REQ-7", by="eve")


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({"id": "1", "event": "eaten", "number": "R"}, "event"),
        ({"id": "1", "event": "approved", "number": "R"}, "by"),
        ({"id": "1", "event": "submitted", "requisition": ASKED | {"lines": []}}, "lines"),
        ({"id": "1", "event": "submitted", "requisition": ASKED | {"lines": [LINE | {"quantity": "-1"}]}}, "quantity"),
        ({"id": "1", "event": "submitted", "requisition": ASKED | {"lines": [LINE, LINE]}}, "requisition"),
        ([], "event"),
    ],
)
def test_what_is_wrong_is_named_and_its_value_is_not(told: Any, where: str, lookups: Lookup) -> None:
    with pytest.raises(Invalid) as caught:
        read(told, lookups)
    assert where in str(caught.value)
    assert "eaten" not in str(caught.value)


def test_an_unknown_item_is_a_stewards_work(lookups: Lookup) -> None:
    with pytest.raises(Unmapped):
        read({"id": "1", "event": "submitted", "requisition": ASKED | {"lines": [LINE | {"item": "X"}]}}, lookups)


def test_events_of_one_requisition_are_in_order_and_each_is_one() -> None:
    both = [{"id": 1, "requisition": ASKED}, {"id": "2", "number": "REQ-7"}, {"event": "?"}, []]
    assert [number_of(each) for each in both] == ["REQ-7", "REQ-7", "", ""]
    assert [event_id(each) for each in both] == ["1", "2", "", ""]


def test_who_may_decide_in_the_portal() -> None:
    told = RequisitionDecision(requisition="R", approved=True, by="Ada")
    assert why_not(told, Step(team="Heads", portal=("ada",)), ["eve"]) == ""
    assert why_not(told, Step(team="Heads", portal=("*",)), []) == ""
    assert "had a part in it" in why_not(told, Step(team="Heads", portal=("*",)), ["ADA"])
    assert "may not decide it" in why_not(told, Step(team="Heads"), [])


def test_a_decision_belongs_to_its_desk() -> None:
    told = RequisitionDecision(requisition="R", approved=True, by="ada", step="finance")
    first, second = Place(("head", "finance"), 0), Place(("head", "finance"), 1)
    assert not first.is_for_now(told) and first.is_for_later(told) and not first.early([told])
    assert second.is_for_now(told) and second.early([told]) == [told]
    assert Place((), 0).is_for_now(told.model_copy(update={"step": ""}))


def test_a_workbook_is_read_as_other_spreadsheets(lookups: Lookup) -> None:
    flow = procurement.requisitions_csv(
        source=http.Listener(port=0, path="/p"), odoo=None, orders=False, also=[target(Receiver())]
    )
    head = ["requisition", "line", "item", "quantity", "requested_by"]
    rows = [dict(zip(head, ("REQ-9", place, "GLV-M", 2.5 * place, "eve"), strict=True)) for place in (1, 2)]
    book = write_xlsx(rows, head)
    (made,) = flow.run(flow.read(book), lookups)
    assert [(line.item, str(line.quantity)) for line in made.thing.lines] == [("GLV", "2.5"), ("GLV", "5")]
    with pytest.raises(HilumError, match="XLSX"):
        list(flow.run(flow.read(book[: len(book) // 2]), lookups))


def test_the_contract_has_the_events_and_a_wrong_one_keeps_its_place() -> None:
    flow = procurement.portal(source=http.Listener(port=0, path="/p"), also=[target(Receiver())])
    assert flow.input is not None and flow.order_by is not None
    told = flow.input.model_json_schema()["discriminator"]["mapping"]
    assert set(told) == {"submitted", "changed", "approved", "refused", "withdrawn"}
    assert flow.order_by(flow.read(b'{"id": "1", "event": "eaten", "number": "REQ-7"}')) == "REQ-7"
