"""MT940 and BAI2: what is wrong and where, what is compared, and what a bank writes read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from bank_support import STATEMENT, statements
from hypothesis import given, settings

from hilum.errors import Invalid
from hilum.formats import bai2, mt940
from hilum.formats.banking import Balance, BalanceKind, Entry, EntryStatus, Report

pytestmark = [pytest.mark.req("SYS-15"), pytest.mark.req("MOD-3")]

HEAD = ":20:A\r\n:25:123\r\n:28C:1/1\r\n:60F:C260319EUR100,\r\n"
TAIL = ":62F:C260320EUR90,00\r\n-\r\n"


def mt(*lines: str, tail: str = TAIL) -> bytes:
    return (HEAD + "".join(line + "\r\n" for line in lines) + tail).encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "there is no statement"),
        (b":25:1", "line 1: a field stands outside of any statement"),
        (mt(":61:nothing"), "line 5, :61:: an entry is written as"),
        (mt(":61:261320D10,NTRFX"), "line 5, :61:: the date is none of the calendar"),
        (mt(":61:2603209999D10,NTRFX"), "the entry date is none of the calendar"),
        (mt(tail=""), "the closing balance (:62F:)"),
        (mt(tail=":62F:X"), "line 5, :62F:: a balance is written as"),
        (mt(tail=TAIL.removesuffix("-\r\n") + ":61:260320D1,NTRFX\r\n-"), "an entry stands behind the closing balance"),
        (mt(tail=TAIL + ":61:260320D1,NTRFX\r\n"), "a field stands outside of any statement"),
    ],
)
def test_what_is_no_mt940_is_said_with_its_place(data: bytes, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        mt940.read(data)
    assert words in str(caught.value)


def test_marks_and_dates_of_entries() -> None:
    data = mt(
        ":61:2512310102RD5,NTRFREF//BANK",
        ":86:?00 free",
        "second line",
        ":61:260101RC15,NMSCNONREF",
        ":86:/EREF/E-1/REMI/x/",
    )
    first, second = mt940.read(data).statements[0].entries
    assert (first.amount, first.reversal, first.value_on, first.booked_on) == (
        Decimal(5), True, date(2025, 12, 31), date(2026, 1, 2),
    )  # fmt: skip
    assert (first.customer_reference, first.reference) == ("REF", "BANK")
    assert first.words == "?00 free second line"
    assert (second.amount, second.customer_reference) == (Decimal(-15), "")
    assert (second.details[0].end_to_end_id, second.details[0].remittance.texts) == ("E-1", ("x",))
    assert not mt940.read(data).problems()


def test_balances_are_compared_in_mt940() -> None:
    assert [problem.where for problem in mt940.read(mt(":61:260320D9,NTRFX")).problems()] == ["line 1, :20:"]


@given(statements(("NTRF-051", "NMSC-020")))
@settings(max_examples=25, deadline=None)
def test_mt940_is_read_as_it_was_written(entries: tuple[Entry, ...]) -> None:
    balance = Decimal(7) + sum(entry.amount for entry in entries)
    closing = replace(STATEMENT.balances[1], amount=balance)
    opening = replace(STATEMENT.balances[0], amount=Decimal(7))
    told = replace(STATEMENT, entries=entries, balances=(opening, closing))
    found = mt940.read(mt940.write([told, told])).statements
    assert len(found) == 2 and not found[0].problems()
    assert [
        (e.amount, e.reference, e.customer_reference, e.code, e.booked_on, e.value_on) for e in found[1].entries
    ] == [(e.amount, e.reference, e.customer_reference, e.code, e.booked_on, e.value_on) for e in entries]
    for read, written in zip(found[0].entries, entries, strict=True):
        assert read.details[0].end_to_end_id == written.details[0].end_to_end_id
        assert read.details[0].party.account == written.details[0].party.account
        # Text is cut into subfields, whose ends may take a space with them.
        assert _solid(read.details[0].remittance.words) == _solid(written.details[0].remittance.words)
        assert _solid(read.details[0].party.name) == _solid(written.details[0].party.name)


def _solid(text: str) -> str:
    return "".join(text.split())


BAI = "01,BANK,US,260320,0800,1,,,2/\n02,US,BANK,1,260319,,USD,2/\n{}98,{},1,{}/\n99,{},1,{}/\n"
ACCOUNT = "03,123,USD,010,10000,,,015,9000,,/\n16,475,1000,V,260320,,B1,C1,CHECK/\n88,REMI: a, b/\n49,20000,4/\n"


def bai(account: str = ACCOUNT, total: str = "20000", lines: int = 6) -> bytes:
    return BAI.format(account, total, lines, total, lines + 2).encode()


def test_bai2_is_read() -> None:
    report = bai2.read(bai())
    assert not report.problems()
    entry = report.statements[0].entries[0]
    assert (entry.amount, entry.reference, entry.customer_reference) == (Decimal("-10.00"), "B1", "C1")
    assert (entry.value_on, entry.booked_on) == (date(2026, 3, 20), date(2026, 3, 19))
    assert entry.details[0].remittance.texts == ("a, b",)
    yen = bai2.read(bai(ACCOUNT.replace("USD", "JPY")))
    assert yen.statements[0].entries[0].amount == Decimal(-1000)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "there is no record"),
        (b"hello", "line 1: a line begins with a record code"),
        (b"03,1/", "the file begins with record 01"),
        (bai(ACCOUNT.replace("49,20000,4/\n", "")), "record 49 of the account is missing"),
        (bai(ACCOUNT.replace("03,123", "03,")), "line 3, record 03: the number of the account is missing"),
        (bai(ACCOUNT.replace(",1000,", ",10.00,")), "line 4, record 16: an amount has up to 18 digits"),
        (bai(ACCOUNT.replace("V,260320", "V,261399")), "the date is none of the calendar"),
        (bai(ACCOUNT.replace("V,260320,", "X")), "the funds type is none of"),
        (bai(ACCOUNT.replace("16,475", "16,abc")), "the type of the entry"),
        (bai()[: bai().index(b"99,")], "line 1, record 01: the file is cut off"),
        (bai() + b"99,1,1,1/", "behind the end of the file"),
    ],
)
def test_what_is_no_bai2_is_said_with_its_place(data: bytes, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        bai2.read(data)
    assert words in str(caught.value)


def test_totals_of_bai2_are_compared() -> None:
    found = [str(problem) for problem in bai2.read(bai(total="1", lines=9)).problems()]
    assert len(found) == 3 and all("record 98" in one or "record 99" in one for one in found)
    changed = bai2.read(bai(ACCOUNT.replace("49,20000,4", "49,20001,5")))
    assert [problem.where for problem in changed.problems()][-2:] == ["line 6, record 49"] * 2


def test_loans_and_messages_move_no_money() -> None:
    report = bai2.read(bai(ACCOUNT.replace("16,475", "16,890").replace("9000", "10000"), total="21000"))
    assert report.statements[0].entries[0].status is EntryStatus.INFORMATION
    assert report.statements[0].booked == []


@given(statements(("195", "495")))
@settings(max_examples=25, deadline=None)
def test_bai2_is_read_as_it_was_written(entries: tuple[Entry, ...]) -> None:
    balance = Balance(
        kind=BalanceKind.OPENING, code="010", amount=Decimal("-1.00"), currency="EUR", day=STATEMENT.to_day
    )
    told = replace(STATEMENT, entries=entries, balances=(balance,))
    report = Report(number="1", created_at=datetime(2026, 3, 21, tzinfo=UTC), statements=(told, told))
    again = bai2.read(bai2.write(report, sender="BANK", receiver="HOSPITAL"))
    assert not again.problems()
    for read, written in zip(again.statements[1].entries, entries, strict=True):
        assert (read.amount, read.reference, read.code, read.booked_on, read.value_on) == (
            written.amount, written.reference, written.code, written.booked_on, written.value_on,
        )  # fmt: skip
        assert read.details[0].party.account == written.details[0].party.account
        assert read.details[0].end_to_end_id == written.details[0].end_to_end_id
    assert again.statements[0].balances == (balance,)
