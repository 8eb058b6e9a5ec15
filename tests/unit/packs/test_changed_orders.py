"""What becomes of an order that is changed or cancelled, by us or by its supplier, in every format."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import LineAnswer, OrderAcknowledgement, OrderLine, PurchaseOrder, PurchaseOrderCancelled
from hilum.errors import Invalid
from hilum.flow import Lookup
from hilum.formats import cxml, edifact, x12
from hilum.formats.x12 import documents
from hilum.packs.procurement.answers import as_answered, differences
from hilum.packs.procurement.beside import beside_answer
from hilum.packs.procurement.partner_documents import Reading, draft_for, from_cxml, from_edifact, from_x12
from hilum.partners import Profile, Settled, load_partners
from hilum.partners.contents import of_cxml, of_edifact, of_x12

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]

AT = datetime(2026, 3, 4, 10, tzinfo=UTC)
DAY = date(2026, 3, 4)
LINES = (
    OrderLine(number=1, item="GLV", quantity=Decimal(3), unit="BX", unit_price=Decimal("8.20")),
    OrderLine(number=2, item="MSK", quantity=Decimal(5), unit="EA", unit_price=Decimal(1)),
)
ORDER = PurchaseOrder(number="PO-1", supplier="S-200", currency="EUR", ordered_at=AT, revision=1, lines=LINES)
CANCELLED = PurchaseOrderCancelled.of(ORDER, "not needed")
PROFILE = """
name = "Gloves Ltd"
supplier = "S-200"
format = "{format}"
[{format}]
ours = {{ {id} = "HILLTOP" }}
theirs = {{ {id} = "GLOVECO" }}
"""


def profile_in(folder: Path, format: str) -> Profile:
    id = "identity" if format == "cxml" else "id"
    (folder / "gloveco.toml").write_text(PROFILE.format(format=format, id=id))
    return load_partners(folder)["gloveco"]


def sent_x12(profile: Profile, draft: x12.Draft) -> x12.TransactionSet:
    assert profile.x12 is not None
    made = x12.build(profile.x12, [draft], numbers=x12.Numbers(1, 1), at=AT)
    assert x12.judge(made.groups[0]).verdict is x12.Verdict.ACCEPTED
    (found,) = x12.transaction_sets([made.encode()])
    return found


def sent_edifact(profile: Profile, draft: edifact.Draft) -> edifact.Interchange:
    assert profile.edifact is not None
    return edifact.build(profile.edifact, [draft], reference="1", at=AT)


# What we cancel


def test_an_860_cancels_and_says_which_change_it_is(tmp_path: Path) -> None:
    profile = profile_in(tmp_path, "x12")
    found = sent_x12(profile, draft_for(profile, CANCELLED, today=date(2026, 3, 9)))
    change = documents.read_change(found)
    assert (change.number, change.purpose, change.sequence, change.ordered_on) == ("PO-1", "01", "2", DAY)
    assert profile.x12 is not None
    made = x12.build(profile.x12, [draft_for(profile, CANCELLED, today=DAY)], numbers=x12.Numbers(1, 1), at=AT)
    (content,) = of_x12(made)
    assert (content.document, content.change) == ("PO-1", "2")


def test_an_ordchg_cancels_and_is_about_its_order(tmp_path: Path) -> None:
    profile = profile_in(tmp_path, "edifact")
    made = sent_edifact(profile, draft_for(profile, CANCELLED, today=DAY))
    assert edifact.judge(made).accepted
    assert b"BGM+230+PO-1/X+1'DTM+137:20260304:102'RFF+ON:PO-1'" in made.encode()
    (content,) = of_edifact(made)
    assert (content.code, content.document, content.change) == ("ORDCHG", "PO-1", "PO-1/X")


def test_an_order_request_is_deleted_and_names_the_document_before(tmp_path: Path) -> None:
    profile = profile_in(tmp_path, "cxml")
    body = cxml.request(draft_for(profile, CANCELLED, today=DAY), test=False)
    (content,) = of_cxml(body)
    assert (content.document, content.change) == ("PO-1", "3")
    party = cxml.Identity("NetworkId", "HILLTOP")
    sent = [
        cxml.addressed(
            each, sender=party, receiver=party, secret="", user_agent="Hilum", payload_id="9.x@hilum", at=AT,
            former="8.x@hilum",
        )
        for each in (body, cxml.request(draft_for(profile, ORDER, today=DAY), test=False),
                     cxml.request(draft_for(profile, ORDER.model_copy(update={"revision": 0}), today=DAY), test=False))
    ]  # fmt: skip
    headers = [cxml.read(each).body.need("OrderRequestHeader") for each in sent]
    assert [header.attribute("type") for header in headers] == ["delete", "update", "new"]
    former = [header.first("DocumentReference") for header in headers]
    assert [each.attribute("payloadID") if each is not None else "" for each in former] == [
        "8.x@hilum", "8.x@hilum", "",
    ]  # fmt: skip
    with pytest.raises(Invalid, match="does not say what was ordered"):
        draft_for(profile, PurchaseOrderCancelled(number="PO-1", supplier="S-200"), today=DAY)


# What the supplier says to that


def x12_answer(profile: Profile, **more: Any) -> list[Any]:
    facts = {"order": "PO-1", "ordered_on": DAY, "change": True, "number": "SO-9", "acknowledged_on": DAY, **more}
    found = sent_x12(profile, documents.draft_answer(documents.OrderAnswer(**facts)))
    return list(from_x12(found, Reading(profile, Lookup())))


def test_an_865_settles_the_cancellation_or_says_no_to_it(tmp_path: Path) -> None:
    profile = profile_in(tmp_path, "x12")
    (settled,) = x12_answer(profile, purpose="01", type="AT", sequence="2")
    assert settled == Settled(partner="gloveco", by="865", document="PO-1", change="2", others="accepted")
    (refused,) = x12_answer(profile, purpose="01", type="RJ", sequence="2")
    assert (refused.others, refused.words) == ("rejected", "the supplier does not accept that the order is cancelled")
    (refused,) = x12_answer(profile, purpose="04", type="RJ", sequence="1")
    assert (refused.others, refused.words) == ("rejected", "the supplier does not accept the change")


def test_an_ordrsp_that_names_our_cancellation_settles_it(tmp_path: Path) -> None:
    profile = profile_in(tmp_path, "edifact")

    def answered(function: str, change: str) -> list[Any]:
        rows = [("BGM", "231", "A-9", function), ("RFF", ["ON", "PO-1"]), ("RFF", ["PP", change]), ("UNS", "S")]
        made = sent_edifact(profile, edifact.Draft("ORDRSP:D:96A:UN", rows))
        return list(from_edifact(made.messages[0], Reading(profile, Lookup())))

    (settled,) = answered("29", "PO-1/X")
    assert settled == Settled(partner="gloveco", by="ORDRSP", document="PO-1", change="PO-1/X", others="accepted")
    assert [each.others for each in answered("27", "PO-1/X")] == ["rejected"]
    assert [each.words for each in answered("27", "PO-1/1")] == ["the supplier does not accept the change"]
    answer, settled = answered("29", "PO-1/1")
    assert (answer.rest, answer.lines, settled.change) == (LineAnswer.ACCEPTED, (), "PO-1/1")


# What the supplier cancels


def whole(found: Any) -> None:
    """Nothing of the order is delivered, and the buyer reads so."""
    assert isinstance(found, OrderAcknowledgement)
    assert (found.order, found.lines, found.rest) == ("PO-1", (), LineAnswer.REJECTED)
    assert differences(ORDER, found) == ["line 1, GLV: it is not delivered", "line 2, MSK: it is not delivered"]
    assert as_answered(ORDER, found) is None
    told = beside_answer(ORDER, found, {})
    assert [(each.values, each.marked) for each in told.members] == [(("", "rejected", ""), (1,))] * 2


def test_an_855_that_rejects_without_lines_rejects_all(tmp_path: Path) -> None:
    answer, settled = x12_answer(profile_in(tmp_path, "x12"), change=False, type="RJ")
    whole(answer)
    assert (settled.by, settled.others) == ("855", "accepted")  # it shows that the order came


def test_an_865_of_the_suppliers_own_cancels(tmp_path: Path) -> None:
    answer, _ = x12_answer(profile_in(tmp_path, "x12"), purpose="01", type="")
    whole(answer)


@pytest.mark.parametrize("purpose", ["01", "03"])
def test_an_860_of_a_marketplace_cancels(tmp_path: Path, purpose: str) -> None:
    profile = profile_in(tmp_path, "x12")
    change = documents.OrderChange(number="PO-1", ordered_on=DAY, purpose=purpose, sequence="1")
    (found,) = from_x12(sent_x12(profile, documents.draft_change(change)), Reading(profile, Lookup()))
    whole(found)


def test_an_860_says_line_by_line_what_is_otherwise(tmp_path: Path) -> None:
    profile = profile_in(tmp_path, "x12")
    lines = (
        documents.ChangedLine(number="1", change="DI"),
        documents.ChangedLine(
            number="2", change="QD", quantity=Decimal(4), open_quantity=Decimal(4), unit="EA", price=Decimal(1),
            ids=(("IN", "MSK"),),
        ),
    )  # fmt: skip
    change = documents.OrderChange(number="PO-1", ordered_on=DAY, changed_on=DAY, lines=lines)
    (found,) = from_x12(sent_x12(profile, documents.draft_change(change)), Reading(profile, Lookup()))
    assert differences(ORDER, found) == [
        "line 1, GLV: it is not delivered", "line 2, MSK: 4 come, 5 were ordered",
    ]  # fmt: skip
    left = as_answered(ORDER, found)
    assert left is not None
    assert [(line.number, line.quantity) for line in left.lines] == [(2, 4)]
    only = documents.OrderChange(number="PO-1", ordered_on=DAY, purpose="05", lines=lines[1:])
    (found,) = from_x12(sent_x12(profile, documents.draft_change(only)), Reading(profile, Lookup()))
    assert differences(ORDER, found)[0] == "line 1, GLV: it is not delivered"  # the replaced order does not name it
    again = documents.OrderChange(number="PO-1", ordered_on=DAY, purpose="07")
    with pytest.raises(Invalid, match="BCH-01"):
        list(from_x12(sent_x12(profile, documents.draft_change(again)), Reading(profile, Lookup())))


@pytest.mark.parametrize(("kind", "code", "function"), [("ORDCHG", "230", "1"), ("ORDRSP", "231", "27")])
def test_an_ordchg_that_cancels_and_an_ordrsp_that_says_no(tmp_path: Path, kind: str, code: str, function: str) -> None:
    profile = profile_in(tmp_path, "edifact")
    rows = [("BGM", code, "A-9", function), ("RFF", ["ON", "PO-1"]), ("UNS", "S")]
    made = sent_edifact(profile, edifact.Draft(f"{kind}:D:96A:UN", rows))
    answer, *_ = from_edifact(made.messages[0], Reading(profile, Lookup()))
    whole(answer)


def test_an_ordrsp_that_deletes_a_line_without_a_quantity(tmp_path: Path) -> None:
    profile = profile_in(tmp_path, "edifact")
    rows: list[Any] = [
        ("BGM", "231", "A-9", "4"),
        ("RFF", ["ON", "PO-1"]),
        ("LIN", 1, "2"),
        ("PIA", "5", ["GLV", "IN"]),
    ]
    made = sent_edifact(profile, edifact.Draft("ORDRSP:D:96A:UN", [*rows, ("UNS", "S")]))
    answer, _ = from_edifact(made.messages[0], Reading(profile, Lookup()))
    assert differences(ORDER, answer) == ["line 1, GLV: it is not delivered"]


@pytest.mark.parametrize(("type", "rest"), [("reject", LineAnswer.REJECTED), ("backordered", LineAnswer.BACKORDERED)])
def test_a_confirmation_of_the_whole_order(tmp_path: Path, type: str, rest: LineAnswer) -> None:
    profile = profile_in(tmp_path, "cxml")
    sent = (
        '<cXML payloadID="c-1@g"><Header><From><Credential domain="NetworkId"><Identity>GLOVECO</Identity></Credential>'
        '</From><To><Credential domain="NetworkId"><Identity>HILLTOP</Identity></Credential></To></Header><Request>'
        f'<ConfirmationRequest><ConfirmationHeader type="{type}" confirmID="C-9" noticeDate="2026-03-05T10:00:00Z"/>'
        '<OrderReference orderID="PO-1"/></ConfirmationRequest></Request></cXML>'
    )
    answer, _ = from_cxml(cxml.read(sent.encode()), Reading(profile, Lookup()))
    assert (answer.lines, answer.rest) == ((), rest)
    left = as_answered(ORDER, answer)
    assert (left is None) is (rest is LineAnswer.REJECTED)
