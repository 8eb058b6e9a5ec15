"""cXML documents: read, written, their secrets kept out of what is stored, hostile ones refused."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from hilum.canonical import LineAnswer, OrderLine, PurchaseOrder
from hilum.errors import Invalid
from hilum.formats import cxml
from hilum.packs.procurement import cxml_documents
from hilum.partners import CxmlPartner

SAMPLES = Path(__file__).parents[2] / "samples" / "cxml"
GIVEN = Path(os.environ.get("HILUM_SAMPLES", "")) / "cxml" / "cxml-php"
PARTNER = CxmlPartner.model_validate(
    {"ours": {"identity": "HILLTOP"}, "theirs": {"domain": "DUNS", "identity": "123456789"}}
)
AT = datetime(2026, 3, 4, 10, 11, 12, tzinfo=UTC)

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.xml").read_bytes()


def item_of(buyer: str, supplier: str, where: str) -> str:
    return cxml_documents.items_as_sent(buyer, supplier, where)


def test_who_sends_and_the_secret_that_nobody_sees() -> None:
    found = cxml.read(sample("confirmation"))
    assert (found.kind, found.payload_id, found.secret) == ("ConfirmationRequest", "c-1@gloveco", "their-word")
    assert (found.sender, found.receiver) == (("DUNS", "123456789"), ("NetworkId", "HILLTOP"))
    assert "their-word" not in repr(found)
    stored = found.encode()
    assert b"their-word" not in stored
    again = cxml.read(stored)
    assert (again.secret, again.payload_id, again.body.text("OrderReference")) == ("", "c-1@gloveco", "")
    assert len(cxml.read_confirmation(again).items) == 2


def test_an_order_leaves_with_its_header_and_is_kept_without() -> None:
    line = OrderLine(number=1, item="GLV-M", quantity=Decimal("2.5"), unit="BX", unit_price=Decimal("8.20"))
    order = PurchaseOrder(number="PO-7", supplier="S-200", currency="EUR", deliver_to="WARD7", lines=(line,))
    kept = cxml.request(cxml.order_request(cxml_documents.order_to_cxml(order, PARTNER, now=AT)), test=True)
    assert b"SharedSecret" not in kept
    sent = cxml.addressed(
        kept, sender=cxml.Identity("NetworkId", "HILLTOP"), receiver=cxml.Identity("DUNS", "123456789"),
        secret="our-word", user_agent="Hilum", payload_id="17.x@hilum", at=AT,
    )  # fmt: skip
    found = cxml.read(sent)
    assert (found.kind, found.payload_id, found.secret) == ("OrderRequest", "17.x@hilum", "our-word")
    header, item = found.body.need("OrderRequestHeader"), found.body.need("ItemOut")
    assert (header.attribute("orderID"), header.text("Total/Money"), header.attribute("type")) == (
        "PO-7",
        "20.50",
        "new",
    )
    assert (item.attribute("quantity"), item.text("ItemID/BuyerPartID")) == ("2.5", "GLV-M")
    assert item.text("ItemDetail/UnitPrice/Money") == "8.20"
    assert header.need("ShipTo/Address").attribute("addressID") == "WARD7"
    again = cxml.addressed(
        sent, sender=found.sender, receiver=found.receiver, secret="our-word", user_agent="Hilum",
        payload_id="17.x@hilum", at=AT,
    )  # fmt: skip
    assert again == sent  # another attempt has the same bytes


def test_a_changed_order_is_an_update_that_says_all_of_it() -> None:
    line = OrderLine(number=1, item="GLV-M", quantity=Decimal(1), unit_price=Decimal(1))
    order = PurchaseOrder(number="PO-7", revision=2, supplier="S", lines=(line,))
    root = cxml.order_request(cxml_documents.order_to_cxml(order, PARTNER, now=AT))
    header = root.find("OrderRequestHeader")
    assert header is not None
    assert [header.get(name) for name in ("orderID", "type", "orderVersion")] == ["PO-7", "update", "3"]
    assert len(root.findall("ItemOut")) == 1


def test_orders_that_cxml_cannot_say_are_told() -> None:
    line = OrderLine(number=1, item="GLV-M", quantity=Decimal(1))  # without a price
    order = PurchaseOrder(number="PO-7", supplier="S", lines=(line,))
    with pytest.raises(Invalid, match="PO-7"):
        cxml_documents.order_to_cxml(order, PARTNER, now=AT)


def test_a_confirmation_becomes_an_answer() -> None:
    answer = cxml_documents.answer_from_cxml(
        cxml.read_confirmation(cxml.read(sample("confirmation"))), supplier="S-200", item_of=item_of
    )
    assert (answer.number, answer.order, answer.currency) == ("C-9", "PO-7", "EUR")
    now, later, other = answer.lines
    assert (now.number, now.answer, now.quantity, now.delivery_date) == (1, LineAnswer.ACCEPTED, 30, date(2026, 3, 10))
    assert (later.answer, later.quantity) == (LineAnswer.BACKORDERED, 10)
    assert (other.answer, other.substitute, other.unit_price) == (LineAnswer.CHANGED, "MSK-2", Decimal("1230.50"))
    assert (other.item, other.words) == (None, "New model")


def test_a_ship_notice() -> None:
    notice = cxml_documents.ship_notice_from_cxml(
        cxml.read_ship_notice(cxml.read(sample("ship_notice"))), supplier="S-200", item_of=item_of
    )
    assert (notice.number, notice.carrier, notice.waybill) == ("S-1", "Swift Parcels", "8202 1194")
    (line,) = notice.lines
    assert (line.order, line.order_line, line.item, line.quantity) == ("PO-7", 1, "GLV-M", 30)
    assert (line.lot, line.expires_on, line.package) == ("L42", date(2028, 1, 31), "003456789012345675")


def test_a_bill() -> None:
    bill = cxml_documents.bill_from_cxml(
        cxml.read_invoice(cxml.read(sample("invoice"))), supplier="S-200", item_of=item_of
    )
    assert (bill.number, bill.credit, bill.order, bill.total) == ("INV-7", False, "PO-7", Decimal("309.66"))
    assert (bill.billed_on, bill.due_on, bill.currency) == (date(2026, 3, 12), date(2026, 4, 11), "EUR")
    goods, freight = bill.lines
    assert (goods.item, goods.unit_price, goods.tax_percent, goods.order_line) == ("GLV-M", Decimal("8.2"), 21, 1)
    assert (freight.description, freight.unit_price) == ("Shipping", 12)


def test_a_credit_memo_gives_back() -> None:
    made = sample("invoice").replace(b'purpose="standard"', b'purpose="creditMemo"').replace(b'="30">\n', b'="-30">\n')
    for number in (b"246.00", b"51.66", b"12.00", b"309.66"):
        made = made.replace(b">" + number, b">-" + number)
    bill = cxml_documents.bill_from_cxml(cxml.read_invoice(cxml.read(made)), supplier="S-200", item_of=item_of)
    assert (bill.credit, bill.total) == (True, Decimal("309.66"))
    assert [line.unit_price for line in bill.lines] == [Decimal("8.2"), 12]


@pytest.mark.parametrize(
    ("name", "old", "new", "where"),
    [
        ("invoice", b">246.00</Money></SubtotalAmount>\n          <", b">247.00</Money></SubtotalAmount>\n          <",
         "InvoiceDetailItem/SubtotalAmount"),
        ("invoice", b">309.66</Money></NetAmount>", b">310.66</Money></NetAmount>", "InvoiceDetailSummary/NetAmount"),
        ("invoice", b'<Money currency="EUR">820.00', b'<Money currency="EUR">8x', "UnitPrice/Money"),
        ("invoice", b'quantity="30"', b'quantity=""', "InvoiceDetailItem/@quantity"),
        ("confirmation", b'lineNumber="2"', b'lineNumber="0"', r"ConfirmationItem\[2\]/@lineNumber"),
        ("confirmation", b'type="detail"', b'type="perhaps"', "ConfirmationStatus.*does not know"),
        ("confirmation", b'type="except"', b'type="requestToPay"', "ConfirmationHeader/@type"),
        ("ship_notice", b'orderID="PO-7"', b"", "ShipNoticePortion.*which order"),
        ("ship_notice", b"<Batch ", b"<Batch><SupplierBatchID>X</SupplierBatchID></Batch><Batch ", "several lots"),
        ("ship_notice", b"<cXML ", b"<!DOCTYPE cXML [<!ENTITY a 'b'>]><cXML ", "DOCTYPE"),
        ("confirmation", b".dtd\">", b".dtd\" [<!ENTITY a \"b\">]>", "DOCTYPE"),
        ("confirmation", b"New model", b"&model;", "entity"),
        ("confirmation", b"<Header>", b"<Head>", "not well formed"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_element(name: str, old: bytes, new: bytes, where: str) -> None:
    assert old in sample(name)
    with pytest.raises(Invalid, match=where):
        document = cxml.read(sample(name).replace(old, new))
        match name:
            case "invoice":
                cxml.read_invoice(document)
            case "confirmation":
                cxml_documents.answer_from_cxml(cxml.read_confirmation(document), supplier="S", item_of=item_of)
            case _:
                cxml.read_ship_notice(document)


def test_the_type_of_a_confirmation_is_that_of_the_lines_that_it_does_not_name() -> None:
    for said, rest in (("reject", "rejected"), ("backordered", "backordered"), ("except", "accepted")):
        made = sample("confirmation").replace(b'type="except"', f'type="{said}"'.encode())
        answer = cxml_documents.answer_from_cxml(
            cxml.read_confirmation(cxml.read(made)), supplier="S-200", item_of=item_of
        )
        assert answer.lines
        assert answer.rest == rest


def test_responses_say_what_became_of_it() -> None:
    made = cxml.answer_to(406, "Not acceptable", payload_id="x@hilum", at=AT)
    assert cxml.read_response(made) == cxml.Status("406", "Not acceptable")
    assert cxml.read_response(cxml.answer_to(201, "Accepted", payload_id="x@hilum", at=AT)).accepted
    with pytest.raises(Invalid, match="three digits"):
        cxml.read_response(made.replace(b'"406"', b'"x"'))
    with pytest.raises(Invalid, match="Response is expected"):
        cxml.read_response(sample("invoice"))


@pytest.mark.skipif(not GIVEN.is_dir(), reason="set HILUM_SAMPLES to the folder of the sample collection")
def test_given_samples_are_read_and_keep_no_secret() -> None:
    kinds = set()
    for path in sorted(GIVEN.glob("*.xml")):
        try:
            found = cxml.read(path.read_bytes())
        except Invalid as error:
            assert "Request, Message or Response" in str(error) or "exactly one" in str(error), (path.name, str(error))
            continue
        kinds.add(found.kind)
        assert not found.secret or found.secret.encode() not in found.encode()
    assert {"OrderRequest", "ShipNoticeRequest", "StatusUpdateRequest"} <= kinds
    with pytest.raises(Invalid, match="does not say what was sent"):
        notice = cxml.read_ship_notice(cxml.read((GIVEN / "ShipNoticeRequest.xml").read_bytes()))
        cxml_documents.ship_notice_from_cxml(notice, supplier="S", item_of=item_of)
