"""Codes of X12, EDIFACT and ISO 20022 mean what the standards say, each tried where a wrong meaning costs most."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from hilum.canonical import ContractStatus, InvoiceLine, LineAnswer, OrderLine, PurchaseOrder, SupplierBill, units
from hilum.errors import Invalid
from hilum.formats import edifact, x12
from hilum.formats.iso20022 import RETURNS, reason_words
from hilum.formats.iso20022.codes import Standing, standing_of
from hilum.formats.x12 import documents as docs
from hilum.packs.procurement import (
    edifact_answers,
    edifact_documents,
    x12_bills,
    x12_changes,
    x12_items,
    x12_orders,
    x12_prices,
    x12_shipping,
    x12_units,
)
from hilum.partners import answered

pytestmark = pytest.mark.req("SYS-10")

PARTNER = x12.Partner(name="Gloveco", ours=x12.Party(id="HILLTOP"), theirs=x12.Party(id="GLOVECO"))
DAY = date(2026, 3, 4)
GLOVES = (("IN", "GLV-M"),)
BILLED = docs.InvoicedLine(number="9", quantity=Decimal(1), unit="EA", price=Decimal(5), ids=GLOVES)


def through(draft: x12.Draft) -> x12.TransactionSet:
    """Over the wire, and checked."""
    data = x12.build(PARTNER, [draft], numbers=x12.Numbers(1, 1), at=datetime(2026, 3, 4, 10, 11)).encode()
    transaction = x12.read(data)
    assert [str(problem) for problem in x12.check(transaction)] == []
    return transaction


@pytest.mark.parametrize(
    ("sent", "unit"),
    [("ML", "MLT"), ("LT", "LTR"), ("LB", "LBR"), ("PC", "H87"), ("TH", "MIL"), ("HU", "CEN"), ("GS", "GRO"),
     ("GR", "GRM"), ("GA", "GLL"), ("FT", "FOT"), ("BX", "BX"), ("CA", "CA"), ("DZ", "DZ"), ("", "EA")],
)  # fmt: skip
def test_units_of_x12_are_those_of_the_hub(sent: str, unit: str) -> None:
    assert x12_units.unit_of(sent) == unit
    assert x12_units.unit_for(unit) == (sent or "EA")
    units.meaning(unit)


def test_a_millilitre_is_no_megalitre_on_the_way_out_or_in() -> None:
    line = OrderLine(number=1, item="NACL", quantity=Decimal(500), unit="MLT")
    order = PurchaseOrder(number="PO-1", supplier="S", currency="USD", lines=(line,))
    document = x12_orders.order_to_x12(order, PARTNER, ordered_on=DAY)
    assert isinstance(document, docs.Order)
    sent = through(docs.draft_order(document))
    assert sent["PO1-03"] == "ML"
    again = x12_orders.order_from_x12(docs.read_order(sent), PARTNER, supplier="S")
    assert units.convert(again.lines[0].quantity, again.lines[0].unit, "LTR").quantity == Decimal("0.5")


def test_two_packs_and_tablets_are_counted() -> None:
    assert [units.convert(Decimal(3), code, "EA").quantity for code in ("OP", "P3", "P6", "TP", "U2")] == [
        6, 9, 18, 30, 3,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("basis", "price"),
    [("PE", "120"), ("CT", "120"), ("PD", "10"), ("WD", "10"), ("PN", "12"), ("HP", "1.2"), ("TC", "1.2"),
     ("WM", "0.12"), ("TT", "0.012"), ("HT", "0.0012")],
)  # fmt: skip
def test_a_price_of_a_dozen_or_hundred_is_not_that_of_one(basis: str, price: str) -> None:
    assert x12_items.price_of_one(Decimal(120), basis) == Decimal(price)


@pytest.mark.parametrize(
    ("kind", "answer"),
    [("AD", LineAnswer.ACCEPTED), ("AE", LineAnswer.ACCEPTED), ("AH", LineAnswer.BACKORDERED),
     ("RO", LineAnswer.CHANGED), ("RD", LineAnswer.REJECTED), ("RF", LineAnswer.REJECTED),
     ("RN", LineAnswer.REJECTED), ("RV", LineAnswer.REJECTED)],
)  # fmt: skip
def test_a_line_without_status_is_answered_as_the_order_is(kind: str, answer: LineAnswer) -> None:
    line = docs.AnsweredLine(number="1", quantity=Decimal(4), unit="BX", ids=GLOVES)
    document = docs.OrderAnswer(order="PO-1", ordered_on=DAY, type=kind, lines=(line,))
    read = docs.read_answer(through(docs.draft_answer(document)))
    found = x12_orders.answer_from_x12(read, PARTNER, supplier="S")
    assert found.lines[0].answer is answer
    assert (found.rest is LineAnswer.REJECTED) == (answer is LineAnswer.REJECTED)
    assert x12_orders.refuses(replace(document, lines=())) == (answer is LineAnswer.REJECTED)


def test_an_order_that_is_held_without_a_word_on_lines_is_for_a_person() -> None:
    with pytest.raises(Invalid, match="BAK-02"):
        x12_orders.answer_from_x12(docs.OrderAnswer(order="PO-1", ordered_on=DAY, type="AH"), PARTNER, supplier="S")


@pytest.mark.parametrize(
    ("status", "answer"),
    [("AA", LineAnswer.ACCEPTED), ("AC", LineAnswer.ACCEPTED), ("IW", LineAnswer.BACKORDERED),
     ("SP", LineAnswer.CHANGED), ("ID", LineAnswer.REJECTED), ("R4", LineAnswer.REJECTED)],
)  # fmt: skip
def test_a_line_status(status: str, answer: LineAnswer) -> None:
    line = docs.AnsweredLine(
        number="1", quantity=Decimal(4), unit="BX", ids=GLOVES, answers=(docs.LineAnswer(status=status),)
    )
    document = docs.OrderAnswer(order="PO-1", ordered_on=DAY, type="AC", lines=(line,))
    assert x12_orders.answer_from_x12(document, PARTNER, supplier="S").lines[0].answer is answer


@pytest.mark.parametrize("code", ["DI", "CF", "RC"])
def test_what_a_seller_takes_out_of_an_order_is_not_delivered(code: str) -> None:
    line = docs.AnsweredLine(number="1", change=code, quantity=Decimal(4), unit="BX", ids=GLOVES)
    document = docs.OrderAnswer(order="PO-1", ordered_on=DAY, change=True, sequence="1", lines=(line,))
    read = docs.read_answer(through(docs.draft_answer(document)))
    assert x12_orders.answer_from_x12(read, PARTNER, supplier="S").lines[0].answer is LineAnswer.REJECTED
    if code != "RC":
        change = docs.OrderChange(number="PO-1", ordered_on=DAY, lines=(docs.ChangedLine(number="1", change=code),))
        found = x12_changes.change_by_supplier(change, PARTNER, supplier="S")
        assert found.lines[0].answer is LineAnswer.REJECTED


def test_a_bin_is_no_agreement() -> None:
    order = docs.Order(
        number="PO-1", ordered_on=DAY, references=(docs.Reference(qualifier="BO", id="BIN-7"),),
        lines=(docs.OrderedLine(number="1", quantity=Decimal(1), unit="EA", ids=GLOVES),),
    )  # fmt: skip
    assert x12_orders.order_from_x12(order, PARTNER, supplier="S").agreement in ("", None)
    for code in ("CT", "BC", "VC"):
        named = replace(order, references=(docs.Reference(qualifier=code, id="C-9"),))
        assert x12_orders.order_from_x12(named, PARTNER, supplier="S").agreement == "C-9"


@pytest.mark.parametrize(("kind", "credit"), [("CR", True), ("CN", True), ("CG", True), ("MC", True), ("DI", False)])
def test_credits_are_known_by_their_type(kind: str, credit: bool) -> None:
    invoice = docs.Invoice(number="B-1", invoiced_on=DAY, type=kind, total=Decimal(5), lines=(BILLED,))
    assert x12_bills.bill_from_x12(invoice, PARTNER, supplier="S").credit is credit


@pytest.mark.parametrize("how", ["PL", "BV", "LI"])
def test_a_billed_line_names_the_line_of_the_order(how: str) -> None:
    line = BILLED
    named = {"PL": {"ids": (*GLOVES, ("PL", "3"))}}.get(how, {"references": (docs.Reference(qualifier=how, id="3"),)})
    invoice = docs.Invoice(number="B-1", invoiced_on=DAY, total=Decimal(5), lines=(replace(line, **named),))  # type: ignore[arg-type]
    bill = x12_bills.bill_from_x12(docs.read_invoice(through(docs.draft_invoice(invoice))), PARTNER, supplier="S")
    assert bill.lines[0].order_line == 3


def test_a_bill_is_written_with_the_buyers_line() -> None:
    line = InvoiceLine(number=1, item="GLV-M", quantity=Decimal(1), unit_price=Decimal(5), order_line=3)
    bill = SupplierBill(number="B-1", supplier="S", currency="USD", billed_on=DAY, total=Decimal(5), lines=(line,))
    sent = through(docs.draft_invoice(x12_bills.bill_to_x12(bill, PARTNER)))
    assert (sent["REF-01"], sent["REF-02"]) == ("BV", "3")


@pytest.mark.parametrize(
    ("code", "status"),
    [("VA", ContractStatus.ACTIVE), ("CR", ContractStatus.ACTIVE), ("PR", ContractStatus.DRAFT),
     ("GS", ContractStatus.SUSPENDED), ("EX", ContractStatus.ENDED), ("CC", ContractStatus.ENDED)],
)  # fmt: skip
def test_a_contract_is_in_the_state_that_846_says(code: str, status: ContractStatus) -> None:
    given = docs.PriceAuthorisation(status_on=DAY, contracts=(docs.AuthorisedContract(number="K-1", status=code),))
    (found,) = x12_prices.contracts_from_x12(given, PARTNER, supplier="S")
    assert found.status is status


def test_a_change_of_address_is_no_state_of_a_contract() -> None:
    given = docs.PriceAuthorisation(status_on=DAY, contracts=(docs.AuthorisedContract(number="K-1", status="AC"),))
    with pytest.raises(Invalid, match="CON-03"):
        x12_prices.contracts_from_x12(given, PARTNER, supplier="S")


@pytest.mark.parametrize(("code", "used"), [("32", 4), ("39", 4), ("76", -4), ("17", None), ("77", None)])
def test_what_is_on_hand_was_not_used(code: str, used: int | None) -> None:
    item = docs.ReportedItem(
        qualifier=code, quantity=Decimal(4), unit="EA", ids=GLOVES, parties=(docs.NamedParty(role="ST", id="OR-1"),)
    )
    report = docs.ResaleReport(number="R-1", reported_on=DAY, items=(item,))
    if used is None:
        with pytest.raises(Invalid, match="QTY-01"):
            x12_shipping.used_from_x12(report, PARTNER)
    else:
        assert [each.quantity for each in x12_shipping.used_from_x12(report, PARTNER)] == [used]


def test_a_commodity_code_in_td1_may_be_long() -> None:
    transaction = x12.read(
        b"ISA*00*          *00*          *ZZ*GLOVECO        *ZZ*HILLTOP        *260304*1011*^*00501*000000001*0*P*>~"
        b"GS*SH*GLOVECO*HILLTOP*20260304*1011*1*X*005010~ST*856*0001~BSN*00*S-1*20260304*1011*0001~HL*1**S~"
        b"TD1*CTN25*4*T*9018390000~SE*5*0001~GE*1*1~IEA*1*000000001~"
    )
    assert x12.check(transaction) == []


def test_an_order_may_have_accounting_additional_names_and_specifications() -> None:
    draft = x12.Draft(
        "850",
        [("BEG", "00", "SA", "PO-1", None, DAY), ("FA1", "DZ"), ("FA2", "58", "4100"), ("N1", "ST", "HILLTOP"),
         ("IN2", "05", "Smith"), ("SPI", "00"), ("CB1", "1"), ("PO1", "1", 1, "EA")],
    )  # fmt: skip
    data = x12.build(PARTNER, [draft], numbers=x12.Numbers(1, 1), at=datetime(2026, 3, 4, 10, 11)).encode()
    assert [str(each) for each in x12.check(x12.read(data)) if each.level == "segment"] == []


def test_a_999_names_implementation_codes_in_words() -> None:
    draft = x12.Draft(
        "999",
        [("AK1", "PO", "17", "005010"), ("AK2", "850", "0001"), ("IK3", "REF", 4, None, "I6"), ("IK5", "R", "I5"),
         ("AK9", "R", 1, 1, 0)],
        "005010X231A1",
    )  # fmt: skip
    (verdict,) = x12.read_acknowledgement(through(draft)).sets
    assert sorted(each.words.split()[0] for each in verdict.problems) == ["segments", "the"]
    assert not [each for each in verdict.problems if each.words.startswith("code ")]


HEAD = "UNB+UNOC:3+GLOVECO+HILLTOP+260304:1011+1'UNH+1+{}:D:96A:UN'"
ANSWER = "BGM+231+A-9+{}'DTM+137:20260305:102'RFF+ON:PO-1'{}UNS+S'"
LINE = "LIN+1+{}+GLV:IN'QTY+21:4'"
BILL = "BGM+{}+INV-7+9'DTM+137:20260401:102'{}CUX+2:EUR:4'LIN+1++GLV:IN'QTY+47:1'PRI+AAA:8'UNS+S'MOA+77:8'"


def document(kind: str, body: str) -> edifact.Document:
    return edifact.read_document(edifact.read((HEAD.format(kind) + body + "UNT+1+1'UNZ+1+1'").encode()))


@pytest.mark.parametrize(
    ("function", "answer"),
    [("29", LineAnswer.ACCEPTED), ("9", LineAnswer.ACCEPTED), ("44", LineAnswer.ACCEPTED),
     ("27", LineAnswer.REJECTED), ("10", LineAnswer.REJECTED), ("48", LineAnswer.REJECTED), ("12", None),
     ("23", None)],
)  # fmt: skip
def test_the_function_of_an_ordrsp(function: str, answer: LineAnswer | None) -> None:
    found = document("ORDRSP", ANSWER.format(function, ""))
    if answer is None:
        with pytest.raises(Invalid, match="BGM-03"):
            edifact_answers.answer_from_edifact(found, supplier="S")
    else:
        assert edifact_answers.answer_from_edifact(found, supplier="S").rest is answer
        assert edifact_answers.refuses(found) == (answer is LineAnswer.REJECTED)


@pytest.mark.parametrize(
    ("action", "answer"),
    [("11", LineAnswer.ACCEPTED), ("24", LineAnswer.CHANGED), ("21", LineAnswer.REJECTED),
     ("37", LineAnswer.REJECTED), ("38", LineAnswer.CHANGED)],
)  # fmt: skip
def test_the_action_of_a_line(action: str, answer: LineAnswer) -> None:
    found = document("ORDRSP", ANSWER.format("4", LINE.format(action)))
    assert edifact_answers.answer_from_edifact(found, supplier="S").lines[0].answer is answer


@pytest.mark.parametrize(
    ("code", "before", "credit", "corrects"),
    [("383", "", False, None), ("388", "", False, None), ("81", "RFF+IV:INV-6'", True, "INV-6"),
     ("396", "", True, None), ("384", "RFF+IV:INV-6'", False, "INV-6")],
)  # fmt: skip
def test_kinds_of_bills(code: str, before: str, credit: bool, corrects: str | None) -> None:
    bill = edifact_documents.bill_from_edifact(document("INVOIC", BILL.format(code, before)), supplier="S")
    assert (bill.credit, bill.corrects or None) == (credit, corrects)


def test_a_corrected_bill_names_the_one_before() -> None:
    with pytest.raises(Invalid, match="BGM-01"):
        edifact_documents.bill_from_edifact(document("INVOIC", BILL.format("384", "")), supplier="S")


def test_a_contrl_says_in_words_what_is_wrong_and_where() -> None:
    bill = HEAD.format("INVOIC") + BILL.format("380", "")
    partner = edifact.Partner(name="G", ours=edifact.Party(id="HILLTOP"), theirs=edifact.Party(id="GLOVECO"))
    for end, words in (
        ("UNT+99+1'UNZ+1+1'", "UNT-01: the count is not what was received"),
        ("UNT+10+1'UNZ+1+2'", "UNZ-02: the references of header and trailer differ"),
        ("UNT+10+1'", "UNZ: something is missing"),
    ):
        made = edifact.answer(edifact.parse((bill + end).encode()), partner, reference="5", at=datetime(2026, 3, 4))
        assert made is not None
        (settled,) = answered("gloveco", made.messages[0])
        assert words in (settled.words, *(each.words for each in settled.parts))


def test_reasons_of_banks_are_those_of_the_code_sets() -> None:
    assert "signed by hand" in reason_words("TS04")
    assert "no data" in reason_words("TD01")
    assert "kind of the sender's account" in reason_words("AC13")
    assert "name of the sender" in reason_words("BE08")
    assert "bank has made an error" in reason_words("BE08", RETURNS)
    assert [standing_of(code) for code in ("RVNM", "RVCM", "ACPD", "ACFW")] == [
        Standing.PENDING, Standing.PENDING, Standing.ACCEPTED, Standing.PENDING,
    ]  # fmt: skip
