"""Orders become ORDERS; ORDRSP and DESADV become answers and ship notices, or the reason is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from hilum.canonical import LineAnswer, OrderLine, PurchaseOrder
from hilum.errors import Invalid
from hilum.formats import edifact
from hilum.packs.procurement import edifact_answers as mapping
from hilum.packs.procurement.edifact_documents import order_from_edifact

pytestmark = [pytest.mark.req("SYS-10")]

PARTNER = edifact.Partner(
    name="Medix", ours=edifact.Party(id="5412345000013", qualifier="14"), theirs=edifact.Party(id="MEDIX"), decimal=","
)
AT = datetime(2026, 3, 4, 10, 11, tzinfo=UTC)
HEAD = "UNB+UNOC:3+A+B+260304:1011+1'UNH+1+{}:D:96A:UN'"
ANSWER = "BGM+231+A-9+4'DTM+137:20260305:102'RFF+ON:PO-1'CUX+2:EUR:9'"
ANSWER += (
    "LIN+1+5+4000001000012:EN'PIA+1+GLV:IN'QTY+21:40:BX'QTY+113:30:BX'QTY+83:10:BX'DTM+67:20260310:102'PRI+AAA:8.20'"
)
ANSWER += "LIN+2+7'PIA+1+MSK:IN'QTY+21:5'LIN+3+3'PIA+1+SYR:IN'PIA+3+SYR-2:IN'QTY+21:7'UNS+S'"
NOTICE = (
    "BGM+351+S-1+9'DTM+11:20260308:102'DTM+17:20260310:102'RFF+AAS:W-77'NAD+SU+S::9'TDT+20++30++SWP:::Swift Parcels'"
)
NOTICE += "CPS+1'PAC+1++CT'GIN+BJ+003456789012345675'LIN+1'PIA+1+GLV:IN'QTY+12:30:BX'RFF+ON:PO-1:2'GIN+BX+L42'"
NOTICE += "DTM+36:20280131:102'"
NOTICE += "CPS+2'LIN+2'PIA+1+MSK:IN'QTY+12:5'RFF+ON:PO-2'RFF+BT:L7'"


def document(kind: str, body: str) -> edifact.Document:
    return edifact.read_document(edifact.read((HEAD.format(kind) + body + "UNT+1+1'UNZ+1+1'").encode()))


def test_an_order_is_read_as_it_was_written() -> None:
    line = OrderLine(
        number=1, item="GLV", quantity=Decimal("2.5"), unit="BX", unit_price=Decimal("8.2"), needed_by=date(2026, 3, 10)
    )
    order = PurchaseOrder(number="PO-1", supplier="S", agreement="C-4", currency="EUR", deliver_to="W7", lines=(line,))
    draft = mapping.order_to_edifact(order, PARTNER, ordered_on=AT.date())
    made = edifact.build(PARTNER, [draft], reference="7", at=AT)
    assert b"QTY+21:2,5:BX'" in made.encode()
    again = order_from_edifact(edifact.read_document(made.messages[0]), supplier="S")
    assert again.model_copy(update={"ordered_at": None}) == order


def test_a_changed_order_is_an_ordchg_that_replaces_it() -> None:
    line = OrderLine(number=3, item="GLV", quantity=Decimal(2), unit="BX", unit_price=Decimal("8.2"))
    order = PurchaseOrder(number="PO-1", revision=2, supplier="S", lines=(line,))
    draft = mapping.order_to_edifact(order, PARTNER, ordered_on=AT.date())
    made = edifact.build(PARTNER, [draft], reference="7", at=AT).messages[0]
    assert made.type == "ORDCHG"
    assert b"BGM+230+PO-1/2+5'" in made.raw
    found = edifact.read_document(made)
    assert (found.order, [each.action for each in found.lines], [each.number for each in found.lines]) == (
        "PO-1", ["3"], ["3"],
    )  # fmt: skip


def test_a_change_by_the_supplier_is_what_it_will_do_otherwise() -> None:
    answer = mapping.answer_from_edifact(document("ORDCHG", ANSWER), supplier="S-200")
    assert (answer.number, answer.order) == ("A-9", "PO-1")
    assert [line.answer for line in answer.lines] == [
        LineAnswer.ACCEPTED, LineAnswer.BACKORDERED, LineAnswer.REJECTED, LineAnswer.CHANGED,
    ]  # fmt: skip
    ended = mapping.answer_from_edifact(document("ORDCHG", ANSWER.replace("A-9+4", "A-9+1")), supplier="S")
    assert (ended.lines, ended.rest) == ((), LineAnswer.REJECTED)


def test_an_answer_line_by_line() -> None:
    answer = mapping.answer_from_edifact(document("ORDRSP", ANSWER), supplier="S-200")
    assert (answer.number, answer.order, answer.currency) == ("A-9", "PO-1", "EUR")
    found = [(line.number, line.item, line.answer, line.quantity) for line in answer.lines]
    assert found == [
        (1, "GLV", LineAnswer.ACCEPTED, 30),
        (1, "GLV", LineAnswer.BACKORDERED, 10),
        (2, "MSK", LineAnswer.REJECTED, 5),
        (3, "SYR", LineAnswer.CHANGED, 7),
    ]
    assert (answer.lines[0].delivery_date, answer.lines[0].unit_price) == (date(2026, 3, 10), Decimal("8.20"))
    assert [line.substitute for line in answer.lines] == [None, None, None, "SYR-2"]
    for function, said in (("29", LineAnswer.ACCEPTED), ("27", LineAnswer.REJECTED)):
        body = ANSWER.replace("A-9+4", f"A-9+{function}").replace("LIN+2+7'", "LIN+2'")
        assert mapping.answer_from_edifact(document("ORDRSP", body), supplier="S").lines[2].answer is said


def test_a_ship_notice_with_packages_and_lots() -> None:
    notice = mapping.ship_notice_from_edifact(document("DESADV", NOTICE), supplier="S-200")
    assert (notice.number, notice.carrier, notice.waybill) == ("S-1", "Swift Parcels", "W-77")
    assert (notice.expected_on, notice.shipped_at) == (date(2026, 3, 10), datetime(2026, 3, 8, tzinfo=UTC))
    first, second = notice.lines
    assert (first.order, first.order_line, first.item, first.quantity) == ("PO-1", 2, "GLV", 30)
    assert (first.lot, first.expires_on, first.package) == ("L42", date(2028, 1, 31), "003456789012345675")
    assert (second.order, second.order_line, second.lot, second.package) == ("PO-2", None, "L7", "")


@pytest.mark.parametrize(
    ("kind", "old", "new", "words"),
    [
        ("ORDRSP", "RFF+ON:PO-1'", "", "which order it answers"),
        ("ORDRSP", "LIN+1+5", "LIN+1+99", r"LIN \(segment.*LIN-02"),
        ("ORDRSP", "QTY+21:7'", "", r"LIN\[3\].*quantity is missing"),
        ("ORDRSP", "A-9+4", "A-9+1", "takes an answer back"),
        ("DESADV", "RFF+ON:PO-2'", "", r"LIN\[2\].*no order number"),
        ("DESADV", "S-1+9", "S-1+1", "BGM-03"),
        ("DESADV", "GIN+BX+L42'", "GIN+BX+L42'GIN+BX+L43'", "several lots"),
    ],
)
def test_what_cannot_be_known_is_told(kind: str, old: str, new: str, words: str) -> None:
    body = ANSWER if kind == "ORDRSP" else NOTICE
    assert old in body
    body = body.replace(old, new)
    with pytest.raises(Invalid, match=words):
        if kind == "ORDRSP":
            mapping.answer_from_edifact(document(kind, body), supplier="S")
        else:
            mapping.ship_notice_from_edifact(document(kind, body), supplier="S")


def test_another_message_is_refused() -> None:
    with pytest.raises(Invalid, match="no DESADV"):
        mapping.ship_notice_from_edifact(document("ORDRSP", ANSWER), supplier="S")
    with pytest.raises(Invalid, match="no ORDRSP"):
        mapping.answer_from_edifact(document("DESADV", NOTICE), supplier="S")
