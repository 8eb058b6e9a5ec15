"""What every reader promises, whatever comes: it reads, or tells in `Invalid` where and why, and never shows content.

Of each format a good document is given, one with a wrong value in its middle and the place that must be named; then it
is cut, sent in another encoding, with a mark, empty, and damaged at random.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from hilum import canonical
from hilum.errors import Invalid
from hilum.formats import (
    FORMATS,
    bai2,
    cii,
    cxml,
    edifact,
    fhir,
    hl7v2,
    iso20022,
    mt940,
    read_delimited,
    read_fixed,
    read_json,
    read_row,
    read_text,
    read_tree,
    ubl,
    x12,
)
from hilum.formats.parquet import read_parquet, write_parquet
from hilum.formats.spreadsheets import read_xlsx
from hilum.formats.x12 import documents

pytestmark = [pytest.mark.req("MOD-3")]

SAMPLES = Path(__file__).parents[1] / "samples"
MESSAGES = Path(canonical.__file__).parent / "examples" / "messages"
SECRET = "Quimbleton"
"""Stands in every document, and must stand in no error."""
WRONG = "Zyxwv77"
"""The wrong value: it must not be shown either."""


@dataclass(frozen=True)
class Case:
    """One format."""

    read: Callable[[bytes], object]  # reads all of it
    good: bytes
    bad: bytes  # a wrong value in the middle
    where: str  # what the error about it names
    empty: str = "Invalid"  # what an empty document is: Invalid, or what is read
    mark: bool = True  # is a byte-order mark taken?
    whole: bool = True  # does a cut show? Not where each line stands for itself


def _all(rows: Iterable[object]) -> object:
    return list(rows)


def _hl7(body: bytes) -> object:
    message = hl7v2.parse(body)
    return [message.timestamp("PID-7") if message["PID-7"] else None, message["PID-5"], message["MSH-10"]]


def _x12(body: bytes) -> object:
    interchange = x12.parse(body)
    return [documents.read_order(each) for each in interchange.sets if each.code == "850"], interchange.problems()


def _edifact(body: bytes) -> object:
    interchange = edifact.parse(body)
    found = [edifact.read_document(each) for each in interchange.messages if each.type == "ORDERS"]
    return [(each.issued_on, [line.quantity("21") for line in each.lines]) for each in found]


def _cxml(body: bytes) -> object:
    return cxml.read_confirmation(cxml.read(body))


def _sheet(price: object) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["item", "price"], [SECRET, 1], ["B", price], ["C", 3]):
        sheet.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _fixed(body: bytes) -> object:
    return _all(read_fixed(body, [("item", 10), ("count", 4)]))


X12 = (
    b"ISA*00*          *00*          *ZZ*HILLTOP        *ZZ*GLOVECO        *260304*1011*^*00501*000000017*0*P*>~"
    b"GS*PO*HILLTOP*GLOVECO*20260304*1011*17*X*005010~ST*850*0001~BEG*00*SA*PO-1**20260304~"
    b"PO1*1*40*BX*8.20**IN*Quimbleton~PO1*2*5*EA*1**IN*MSK~CTT*2~SE*6*0001~GE*1*17~IEA*1*000000017~"
)
EDIFACT = (
    b"UNA:+.? 'UNB+UNOC:3+HILLTOP+GLOVECO+260304:1011+17'UNH+1+ORDERS:D:96A:UN'BGM+220+PO-1+9'DTM+137:20260304:102'"
    b"NAD+BY+Quimbleton::9'LIN+1'PIA+5+GLV:IN'QTY+21:40:BX'LIN+2'PIA+5+MSK:IN'QTY+21:5:PCE'UNS+S'UNT+12+1'UNZ+1+17'"
)
HL7 = (
    b"MSH|^~\\&|EHR|HILL|HUB|HILL|20260304101112||ADT^A01^ADT_A01|M-1|P|2.5\rEVN|A01|20260304101112\r"
    b"PID|1||4711^^^HILL^MR||Quimbleton^Ada||19600229|F\rPV1|1|I|W7^1^A\r"
)
FHIR = json.dumps(
    {
        "resourceType": "Bundle", "type": "collection", "entry": [
            {"resource": {"resourceType": "Organization", "name": "Hill"}},
            {"resource": {"resourceType": "SupplyDelivery", "status": "completed",
                          "suppliedItem": {"quantity": {"value": 2.50, "unit": "BX"}}}},
            {"resource": {"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"},
                          "period": {"start": "2026-03-04T10:11:12+01:00"}}},
            {"resource": {"resourceType": "Patient", "name": [{"family": SECRET, "given": ["Ada"]}],
                          "birthDate": "1960-02-29", "gender": "female"}},
        ],
    }
).encode()  # fmt: skip
MT940 = (
    b":20:STMT-1\r\n:25:BE68539007547034\r\n:28C:64/1\r\n:60F:C260303EUR1000,00\r\n"
    b":61:2603040304D250,50NTRFPAY-1//B-1\r\n:86:Quimbleton\r\n:62F:C260304EUR749,50\r\n-\r\n"
)
BAI2 = (
    b"01,BANK,HILL,260304,1011,1,,,2/\r\n02,HILL,BANK,1,260304,1011,EUR,2/\r\n03,4711,EUR,010,100000,,/\r\n"
    b"16,475,25050,,B-1,PAY-1,Quimbleton/\r\n49,125050,3/\r\n98,125050,1,5/\r\n99,125050,1,7/\r\n"
)
CAMT = (
    b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M-1</MsgId>'
    b"<CreDtTm>2026-03-04T10:11:12Z</CreDtTm></GrpHdr><Stmt><Id>S-1</Id><ElctrncSeqNb>64</ElctrncSeqNb>"
    b"<CreDtTm>2026-03-04T10:11:12Z</CreDtTm><Acct><Id><IBAN>BE68539007547034</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    b'<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    b"<Dt><Dt>2026-03-03</Dt></Dt></Bal>"
    b'<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">749.50</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
    b"<Dt><Dt>2026-03-04</Dt></Dt></Bal>"
    b'<Ntry><Amt Ccy="EUR">250.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-04</Dt>'
    b"</BookgDt><ValDt><Dt>2026-03-04</Dt></ValDt><AcctSvcrRef>B-1</AcctSvcrRef><AddtlNtryInf>Quimbleton</AddtlNtryInf>"
    b"</Ntry></Stmt></BkToCstmrStmt></Document>"
)
CSV = b"item,title,price\nGLV,Quimbleton,8.20\nMSK,Mask,1.00\nSYR,Syringe,0.50\n"
FIXED = b"Quimbleton  40\nMSK          5\nSYR          7\n"
XML = b'<?xml version="1.0"?><orders><order id="1">Quimbleton</order><order id="2">5</order></orders>'
JSON = b'{"orders": [{"id": 1, "name": "Quimbleton"}, {"id": 2, "name": "Mask"}]}'
ROW = b'{"item": "GLV", "title": "Quimbleton", "price": "8.20"}'
OBJECT = canonical.write(canonical.Supplier(code="S-1", title=SECRET))
UBL = (SAMPLES / "ubl" / "invoice.xml").read_bytes()
CII = (SAMPLES / "cii" / "invoice.xml").read_bytes()
CONFIRMATION = (SAMPLES / "cxml" / "confirmation.xml").read_bytes()


def _put(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) >= 1, old
    return data.replace(old, new, 1)


W = WRONG.encode()
CASES = {
    "hl7v2": Case(_hl7, HL7, _put(HL7, b"19600229", W), "PID-7", whole=False),
    "x12": Case(_x12, X12, _put(X12, b"*5*EA", b"*" + W + b"*EA"), r"PO1\[2\]-02"),
    "edifact": Case(_edifact, EDIFACT, _put(EDIFACT, b"21:5:", b"21:" + W + b":"), r"QTY\[2\]-01\.2 \(segment 10\)"),
    "cxml": Case(_cxml, CONFIRMATION, _put(CONFIRMATION, b'quantity="', b'quantity="' + W), "quantity"),
    "fhir": Case(fhir.read, FHIR, _put(FHIR, b"1960-02-29", b"1961-02-29"), r"^Bundle\.entry\[3\]\.resource\.birthD"),
    "iso20022": Case(iso20022.read, CAMT, _put(CAMT, b">250.50<", b">" + W + b"<"), r"Ntry/Amt"),
    "mt940": Case(mt940.read, MT940, _put(MT940, b"D250,50", b"D" + W), r":61:"),
    "bai2": Case(bai2.read, BAI2, _put(BAI2, b",25050,", b"," + W + b","), "line 4, record 16"),
    "ubl": Case(ubl.read, UBL, _put(UBL, b"<cbc:IssueDate>", b"<cbc:IssueDate>" + W), "IssueDate"),
    "cii": Case(cii.read, CII, _put(CII, b'"102">2026', b'"102">' + W), "IssueDateTime"),
    "csv": Case(lambda b: _all(read_delimited(b)), CSV, _put(CSV, b"MSK,", W + b",MSK,"), "row 2", "[]", whole=False),
    "fixed width": Case(_fixed, FIXED, _put(FIXED, b"MSK  ", W + b"MSK        "), "row 2", "[]", whole=False),
    "xml": Case(read_tree, XML, _put(XML, b'id="2"', b"id=" + W), "line 1, column"),
    "json": Case(read_json, JSON, _put(JSON, b'"id": 2', b'"id": ' + W), "line 1, column", mark=False),
    "row": Case(read_row, ROW, _put(ROW, b'"price": "8.20"', b'"price": 8.20'), "column 3", mark=False),
    "object": Case(canonical.read, OBJECT, _put(OBJECT, b'"code":"S-1"', b'"code":7'), "code", mark=False),
    "text": Case(read_text, b"Quimbleton\n", b"Quim\xffbleton", "byte 5", "''", whole=False),
    "xlsx": Case(lambda b: _all(read_xlsx(b)), _sheet(2), _sheet("=" + WRONG), "row 3: price"),
    "parquet": Case(
        lambda b: _all(read_parquet(b)),
        write_parquet([{"item": SECRET, "price": Decimal(1)}, {"item": "B", "price": Decimal(2)}], ["item", "price"]),
        write_parquet([{"item": SECRET, "price": 1.0}, {"item": "B", "price": float("inf")}], ["item", "price"]),
        "row 2",
        mark=False,
    ),
}  # fmt: skip
each_format = pytest.mark.parametrize("case", CASES.values(), ids=[*CASES])


def outcome(case: Case, body: bytes) -> Invalid | None:
    """None: it was read. Any other exception than the declared one ends the test."""
    try:
        case.read(body)
    except Invalid as error:
        told(error)
        return error
    return None


def told(error: Invalid) -> None:
    """Where and why, and nothing of what was sent."""
    text = str(error)
    assert text[:1].isprintable()
    assert len(text) < 600
    for secret in (SECRET, WRONG):
        assert secret not in text
    cause = error.__cause__
    assert cause is None or (SECRET not in str(cause) and WRONG not in str(cause))


def test_no_format_is_forgotten() -> None:
    read_otherwise = {"x12-interchange", "edifact-interchange", "bytes"}  # the same readers; no reader
    assert set(FORMATS) - read_otherwise <= set(CASES)


@each_format
def test_what_is_well_formed_is_read(case: Case) -> None:
    case.read(case.good)


@each_format
def test_a_wrong_value_is_named_by_its_place(case: Case) -> None:
    with pytest.raises(Invalid, match=case.where) as caught:
        case.read(case.bad)
    told(caught.value)


@each_format
def test_cut_anywhere_it_is_read_or_invalid(case: Case) -> None:
    size = len(case.good.rstrip())
    errors = [outcome(case, case.good[:at]) for at in range(1, size, 10)]
    if case.whole:
        assert errors[len(errors) // 2] is not None
        assert all(error is None or error.where or "cannot be read" in str(error) for error in errors)


@each_format
def test_in_another_encoding_it_is_read_or_invalid(case: Case) -> None:
    middle = len(case.good) // 2
    outcome(case, case.good[:middle] + b"\xff\xfe\xfa" + case.good[middle:])
    outcome(case, case.good.decode("latin-1").encode("utf-16"))
    outcome(case, case.good.decode("latin-1").encode("utf-16-be"))
    outcome(case, bytes(byte ^ 0x80 for byte in case.good))
    outcome(case, b"\x00" * 200)


@each_format
def test_a_byte_order_mark(case: Case) -> None:
    error = outcome(case, b"\xef\xbb\xbf" + case.good)
    assert (error is None) is case.mark


@each_format
def test_nothing_is_no_document(case: Case) -> None:
    if case.empty == "Invalid":
        assert outcome(case, b"") is not None
        assert outcome(case, b" \r\n ") is not None
    else:
        assert repr(case.read(b"")) == case.empty


@each_format
def test_nesting_and_length_have_bounds(case: Case) -> None:
    for body in (b"[" * 100_000, b'{"a":' * 50_000, b"<a>" * 50_000, b"9" * 20_000, b"~" * 10_000, b"'" * 10_000):
        outcome(case, body)


@each_format
@settings(max_examples=25)
@given(data=st.data())
def test_damaged_at_random_it_is_read_or_invalid(case: Case, data: Any) -> None:
    body = bytearray(case.good)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(body) - 1, 0)))
        how = data.draw(st.sampled_from(("put", "cut", "twice", "set")))
        noise = data.draw(
            st.binary(min_size=1, max_size=6) | st.sampled_from([b"'", b"~", b"|", b'"', b"\r", b"-1e999"])
        )
        if how == "put":
            body[at:at] = noise
        elif how == "cut":
            del body[at : at + len(noise) * 3]
        elif how == "twice":
            body[at:at] = body[at : at + 40]
        else:
            body[at : at + len(noise)] = noise
    outcome(case, bytes(body))
