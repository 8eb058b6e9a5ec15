"""ISO 20022: hostile XML, what is wrong and where, pain.001 as banks take it, and what a bank writes read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from bank_support import STATEMENT, statements
from hypothesis import given, settings
from lxml import etree

from hilum.errors import Invalid
from hilum.formats import iso20022
from hilum.formats.banking import Entry, EntryStatus, Party, Remittance, Report, StatementKind
from hilum.formats.iso20022 import Initiation, PaymentRun, Reason, Status, StatusReport, Transfer

pytestmark = [pytest.mark.req("SYS-15"), pytest.mark.req("MOD-3")]

AT = datetime(2026, 3, 4, 10, 11, tzinfo=UTC)
TRANSFER = Transfer(
    end_to_end_id="PR-88/0003",
    amount=Decimal("151.25"),
    currency="EUR",
    creditor=Party(name="Müller & Söhne GmbH", account="DE89 3704 0044 0532 0130 00", bank="COBADEFFXXX"),
    remittance=Remittance(texts=("Facture 4711 – payée",)),
)
RUN = PaymentRun(
    number="RUN-88",
    execute_on=date(2026, 3, 5),
    debtor=Party(name="General Hospital", account="BE68539007547034"),
    transfers=(TRANSFER, replace(TRANSFER, end_to_end_id="PR-88/0004", amount=Decimal("0.7"))),
    service_level="SEPA",
)
ORDERS = Initiation(number="MSG-88", created_at=AT, initiator="General Hospital", runs=(RUN,))


def camt(inner: str, kind: str = "camt.053.001.08") -> bytes:
    text = f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}"><BkToCstmrStmt>{inner}</BkToCstmrStmt></Document>'
    return text.encode()


ENTRY = "<Ntry><Amt Ccy='EUR'>1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts></Ntry>"
HEAD = "<GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>1</Id><Acct><Id><IBAN>BE68539007547034</IBAN></Id></Acct>"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not well formed"),
        (b"<a>", "not well formed"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "c">]><a/>'.encode("utf-16"), "document type"),
        (b"<a/>", "there is no Document"),
        (b"<Document/>", "the namespace names no message"),
        (b"<x><Document/><Document/></x>", "several documents"),
        (camt("<a>" * 60 + "</a>" * 60), "nested deeper than 40"),
        (camt("", "camt.055.001.08"), "camt.055 is not read here"),
        (camt(""), "the element GrpHdr is missing"),
        (camt(HEAD + ENTRY.replace("1.00", "-1") + "</Stmt>"), "Stmt/Ntry/Amt (line 1): an amount has digits"),
        (camt(HEAD + ENTRY.replace("Ccy='EUR'", "") + "</Stmt>"), "has no currency"),
        (camt(HEAD + ENTRY + ENTRY.replace("CRDT", "X") + "</Stmt>"), "Stmt/Ntry[2]/CdtDbtInd (line 1): CRDT or DBIT"),
        (camt(HEAD + ENTRY.replace("BOOK", "GONE") + "</Stmt>"), "the status of the entry"),
        (camt(HEAD.replace("<IBAN>BE68539007547034</IBAN>", "") + "</Stmt>"), "neither an IBAN nor another number"),
        (camt(HEAD + "<FrToDt><FrDtTm>soon</FrDtTm></FrToDt></Stmt>"), "FrDtTm (line 1): this is not a date"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(data: bytes, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        iso20022.read(data)
    assert words in str(caught.value)


def test_totals_and_balances_are_compared() -> None:
    summary = "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries><Sum>3</Sum></TtlNtries></TxsSummry>"
    found = iso20022.read(camt(HEAD + summary + ENTRY + "</Stmt>"))
    assert [problem.where for problem in found.problems()] == [
        "Stmt/TxsSummry/TtlNtries/NbOfNtries (line 1)",
        "Stmt/TxsSummry/TtlNtries/Sum (line 1)",
    ]
    wrong = replace(STATEMENT, entries=STATEMENT.entries[:-1])
    assert [problem.words for problem in wrong.problems()] == [
        "the opening balance and the booked entries do not come to the closing balance"
    ]
    pending = replace(STATEMENT.entries[0], status=EntryStatus.PENDING)
    assert not replace(STATEMENT, entries=(*STATEMENT.entries, pending)).problems()
    dollars = replace(STATEMENT.entries[0], currency="USD")
    assert (
        replace(STATEMENT, entries=(dollars,)).problems()[0].words == "the entry is not in the currency of the account"
    )


@pytest.mark.parametrize("version", [3, 9])
def test_orders_are_written_as_banks_take_them(version: int) -> None:
    data = iso20022.write_initiation(ORDERS, version=version)
    root = etree.fromstring(data)
    ns = {"p": f"urn:iso:std:iso:20022:tech:xsd:pain.001.001.{version:02d}"}
    assert root.xpath("string(//p:GrpHdr/p:NbOfTxs)", namespaces=ns) == "2"
    assert root.xpath("string(//p:GrpHdr/p:CtrlSum)", namespaces=ns) == "151.95"
    assert root.xpath("string(//p:CdtTrfTxInf/p:Cdtr/p:Nm)", namespaces=ns) == "Muller + Sohne GmbH"
    assert root.xpath("string(//p:CdtTrfTxInf[2]/p:Amt/p:InstdAmt)", namespaces=ns) == "0.70"
    assert root.xpath("string(//p:CdtrAgt//p:BIC | //p:CdtrAgt//p:BICFI)", namespaces=ns) == "COBADEFFXXX"
    order = [etree.QName(child).localname for child in root.find(".//p:PmtInf", ns)]
    assert order == [
        *("PmtInfId", "PmtMtd", "NbOfTxs", "CtrlSum", "PmtTpInf", "ReqdExctnDt", "Dbtr", "DbtrAcct", "DbtrAgt"),
        *("CdtTrfTxInf", "CdtTrfTxInf"),
    ]
    again = iso20022.read(data)
    assert isinstance(again, Initiation)
    assert not again.problems()
    assert [transfer.end_to_end_id for transfer in again.transfers] == ["PR-88/0003", "PR-88/0004"]
    assert again.transfers[0].creditor.account == "DE89370400440532013000"
    assert again.transfers[0].remittance.texts == ("Facture 4711 - payee",)
    assert again.runs[0].execute_on == RUN.execute_on


def changed(**members: object) -> Initiation:
    return replace(ORDERS, runs=(replace(RUN, transfers=(replace(TRANSFER, **members),)),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        (replace(ORDERS, runs=()), "at least one payment"),
        (replace(ORDERS, number="M" * 36), "GrpHdr/MsgId: an identifier has 1 to 35"),
        (replace(ORDERS, runs=(RUN, replace(RUN, number="RUN-89"))), "EndToEndId PR-88/0003: the same identifier"),
        (replace(ORDERS, runs=(replace(RUN, charges="ME"),)), "PmtInf[1]/ChrgBr"),
        (changed(end_to_end_id="Übergabe"), "EndToEndId: an identifier has letters without accents"),
        (changed(end_to_end_id="a//b"), "two in a row"),
        (changed(amount=Decimal(0)), "PmtInf[1]/CdtTrfTxInf[1]/Amt: the amount must be above 0"),
        (changed(amount=Decimal("1.234")), "more than 2 decimals"),
        (changed(amount=Decimal("0.5"), currency="JPY"), "more than 0 decimals"),
        (changed(creditor=replace(TRANSFER.creditor, account="DE88370400440532013000")), "check digits of the IBAN"),
        (changed(creditor=replace(TRANSFER.creditor, account="")), "CdtrAcct: the account is missing"),
        (changed(creditor=replace(TRANSFER.creditor, name="")), "Cdtr: a name is missing"),
        (changed(remittance=Remittance(texts=("x" * 141,))), "more than 140 characters"),
    ],
)
def test_what_a_bank_would_refuse_is_not_written(orders: Initiation, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        iso20022.write_initiation(orders)
    assert words in str(caught.value)


def test_a_status_holds_for_the_payment_or_its_run_or_the_message() -> None:
    report = StatusReport(
        number="S-1",
        created_at=AT,
        original="MSG-88",
        original_kind="pain.001.001.09",
        statuses=(
            Status(level="message", number="MSG-88", code="PART"),
            Status(level="run", number="RUN-88", code="ACSP"),
            Status(level="payment", number="E-1", run="RUN-88", code="RJCT", reasons=(Reason(code="AC04"),)),
            Status(level="run", number="RUN-89", code="PART"),
        ),
    )
    again = iso20022.read(iso20022.write_status(report))
    assert isinstance(again, StatusReport)
    rejected, others = again.of("E-1", "RUN-88"), again.of("E-2", "RUN-88")
    assert rejected is not None and others is not None
    assert rejected.words == "rejected: the account is closed (AC04)"
    assert (others.level, others.standing) == ("run", iso20022.Standing.ACCEPTED)
    assert again.of("E-1", "RUN-89") is None
    assert Status(level="payment", number="x", code="XX99").standing is iso20022.Standing.UNKNOWN


@pytest.mark.parametrize("version", [2, 4, 8])
@pytest.mark.parametrize("kind", list(StatementKind))
def test_what_a_bank_writes_is_read_again(version: int, kind: StatementKind) -> None:
    report = Report(number="M-1", created_at=AT, statements=(replace(STATEMENT, kind=kind),))
    found = iso20022.read(iso20022.write_statements(report, version=version))
    assert isinstance(found, Report)
    again = found.statements[0]
    assert again.kind is kind
    assert (again.opening, again.closing) == (STATEMENT.opening, STATEMENT.closing)
    assert [replace(entry, where="") for entry in again.entries] == list(STATEMENT.entries)


@given(statements())
@settings(max_examples=25, deadline=None)
def test_any_statement_is_read_as_it_was_written(entries: tuple[Entry, ...]) -> None:
    told = replace(STATEMENT, balances=(), entries=entries)
    found = iso20022.read(iso20022.write_statements(Report(number="M", created_at=AT, statements=(told,))))
    assert isinstance(found, Report)
    assert tuple(replace(entry, where="") for entry in found.statements[0].entries) == entries


def test_names_and_accounts_are_in_no_repr() -> None:
    assert "Payer" not in repr(STATEMENT) and "DE89" not in repr(STATEMENT) and "Bill" not in repr(STATEMENT)
    assert "ller" not in repr(ORDERS) and "0532" not in repr(ORDERS)
