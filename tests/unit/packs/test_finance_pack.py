"""Bank statements into the books, and payments to the bank and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from packs_support import WholeFiles, things

from hilum.canonical import BankStatement, BankTransaction, Payment
from hilum.connector import Target
from hilum.errors import Invalid, Refused, Unmapped
from hilum.flow import Lookup
from hilum.formats import iso20022, mt940
from hilum.formats.banking import (
    Balance,
    BalanceKind,
    Detail,
    Entry,
    EntryStatus,
    Party,
    Remittance,
    Report,
    Statement,
    StatementKind,
)
from hilum.packs import finance

pytestmark = [pytest.mark.req("SYS-15"), pytest.mark.req("WF-12")]

DAY = date(2026, 3, 20)
AT = datetime(2026, 3, 20, 8, tzinfo=UTC)


def entry(position: int, amount: str, reference: str, *details: Detail, code: str = "PMNT-RCDT-ESCT") -> Entry:
    return Entry(
        position=position, where="", amount=Decimal(amount), currency="EUR", booked_on=DAY, value_on=DAY,
        reference=reference, code=code, details=details,
    )  # fmt: skip


def detail(amount: str, name: str, text: str) -> Detail:
    return Detail(
        amount=Decimal(amount), currency="EUR", end_to_end_id="E-" + text,
        party=Party(name=name, account="DE89370400440532013000"), remittance=Remittance(texts=(text,)),
    )  # fmt: skip


STATEMENT = Statement(
    kind=StatementKind.STATEMENT, where="", account="BE68539007547034", currency="EUR", number="17", from_day=DAY,
    to_day=DAY,
    balances=(
        Balance(kind=BalanceKind.OPENING, code="OPBD", amount=Decimal("100.00"), currency="EUR", day=DAY),
        Balance(kind=BalanceKind.CLOSING, code="CLBD", amount=Decimal("65.00"), currency="EUR", day=DAY),
    ),
    entries=(
        entry(1, "30.00", "B1", detail("10.00", "One", "4711"), detail("20.00", "Two", "4712")),
        entry(2, "-50.00", "B2", detail("-50.00", "Medquarry", "Bill 5512")),
        entry(3, "-10.00", "B2"),
        entry(4, "-5.00", ""),
    ),
)  # fmt: skip


@pytest.fixture
def lookup(tmp_path: Path) -> Lookup:
    (tmp_path / "bank_accounts.csv").write_text("code,value\nBE68539007547034,BNK1\n")
    return Lookup(tmp_path)


def taking(*kinds: type) -> Target:
    return Target(endpoint="test", encode=lambda thing: None, accepts=kinds)  # type: ignore[arg-type, return-value]


def camt(statement: Statement = STATEMENT) -> bytes:
    return iso20022.write_statements(Report(number="M-1", created_at=AT, statements=(statement,)))


def test_each_booked_entry_is_a_transaction_of_its_journal(lookup: Lookup) -> None:
    flow = finance.bank_statements(source=WholeFiles(), odoo=None, also=[taking(BankTransaction)])
    made = things(flow, camt(), lookup)
    assert [(one.journal, one.number, one.amount) for one in made] == [
        ("BNK1", "20260320-17-B1", Decimal("30.00")),
        ("BNK1", "20260320-17-B2", Decimal("-50.00")),
        ("BNK1", "20260320-17-B2-2", Decimal("-10.00")),
        ("BNK1", "20260320-17-4", Decimal("-5.00")),
    ]
    assert (made[1].party_name, made[1].words) == ("Medquarry", "Bill 5512 E-Bill 5512")
    assert made[0].party_name == ""
    assert flow.ordering_key(flow.read(camt())) == "BE68539007547034"


def test_a_batch_is_split_where_its_payments_come_to_its_amount(lookup: Lookup) -> None:
    flow = finance.bank_statements(source=WholeFiles(), odoo=None, split_batches=True, also=[taking(BankTransaction)])
    made = things(flow, camt(), lookup)
    assert [(one.number, one.amount, one.party_name) for one in made[:2]] == [
        ("20260320-17-B1", Decimal("10.00"), "One"),
        ("20260320-17-B1-2", Decimal("20.00"), "Two"),
    ]
    assert sum(one.amount for one in made) == Decimal("-35.00")
    short = replace(STATEMENT.entries[0], details=STATEMENT.entries[0].details[:1] * 2)
    entries = (short, *STATEMENT.entries[1:])
    assert things(flow, camt(replace(STATEMENT, entries=entries)), lookup)[0].amount == Decimal("30.00")


def test_the_statement_itself_for_who_takes_it(lookup: Lookup) -> None:
    flow = finance.bank_statements(source=WholeFiles(), odoo=None, also=[taking(BankStatement)])
    pending = replace(STATEMENT.entries[0], status=EntryStatus.PENDING)
    (made,) = things(flow, camt(replace(STATEMENT, entries=(*STATEMENT.entries, pending))), lookup)
    assert (made.account, made.opening, made.closing, len(made.lines)) == (
        "BE68539007547034", Decimal("100.00"), Decimal("65.00"), 4,
    )  # fmt: skip


def test_mt940_gives_the_same_transactions(lookup: Lookup) -> None:
    entries = tuple(replace(one, code="NTRF-051", details=one.details[:1]) for one in STATEMENT.entries)
    body = mt940.write([replace(STATEMENT, entries=entries)])
    flow = finance.bank_statements(source=WholeFiles(), format="mt940", odoo=None, also=[taking(BankTransaction)])
    assert [one.amount for one in things(flow, body, lookup)] == [one.amount for one in STATEMENT.entries]


def test_no_two_entries_of_a_file_have_one_number(lookup: Lookup) -> None:
    report = Report(number="M-1", created_at=AT, statements=(STATEMENT, STATEMENT))
    flow = finance.bank_statements(source=WholeFiles(), odoo=None, also=[taking(BankTransaction, BankStatement)])
    made = things(flow, iso20022.write_statements(report), lookup)
    transactions = [one for one in made if isinstance(one, BankTransaction)]
    assert len({one.business_key for one in transactions}) == len(transactions) == 8
    told = [line.reference for one in made if isinstance(one, BankStatement) for line in one.lines]
    assert told == [one.number for one in transactions]
    again = things(flow, iso20022.write_statements(report), lookup)
    assert made == again


def test_what_cannot_be_booked_is_held_with_the_reason(lookup: Lookup) -> None:
    flow = finance.bank_statements(source=WholeFiles(), odoo=None, also=[taking(BankTransaction)])
    with pytest.raises(Invalid, match="do not come to the closing balance"):
        things(flow, camt(replace(STATEMENT, entries=STATEMENT.entries[:2])), lookup)
    with pytest.raises(Refused, match="would be booked twice"):
        things(flow, camt(replace(STATEMENT, kind=StatementKind.NOTIFICATION)), lookup)
    with pytest.raises(Unmapped, match="bank_accounts"):
        things(flow, camt(replace(STATEMENT, account="BE00")), lookup)


def payment(**members: object) -> Payment:
    given = {"number": "PR-88-3", "direction": "sent", "supplier": "V-100", "amount": "151.25", "currency": "EUR"}
    return Payment.model_validate({**given, "paid_on": DAY, "documents": ["4711", "4712"], **members})


CREDITORS = {"V-100": Party(name="Medquarry", account="DE89370400440532013000", bank="COBADEFFXXX")}
HOSPITAL = Party(name="General Hospital", account="BE68539007547034")


def orders(*payments: Payment) -> iso20022.Initiation:
    return finance.initiation_of(
        payments, number="RUN-88", created_at=AT, execute_on=DAY, debtor=HOSPITAL, creditors=CREDITORS
    )


def test_payments_go_to_the_bank_and_its_answer_names_them() -> None:
    read = iso20022.read(iso20022.write_initiation(orders(payment(), payment(number="PR-88-4"))))
    assert isinstance(read, iso20022.Initiation)
    assert [(one.end_to_end_id, one.amount, one.remittance.words) for one in read.transfers] == [
        ("PR-88-3", Decimal("151.25"), "4711 4712"),
        ("PR-88-4", Decimal("151.25"), "4711 4712"),
    ]
    assert read.runs[0].debtor.account == HOSPITAL.account


def test_payments_that_cannot_be_made() -> None:
    with pytest.raises(Unmapped, match="creditors"):
        orders(payment(supplier="V-200"))
    with pytest.raises(Invalid, match="payment PR-88-3: money that was received"):
        orders(payment(direction="received"))


def test_a_reference_that_the_bank_uses_again_in_another_statement_is_another_transaction() -> None:
    first, second = (replace(_statement_of_one(), number=number) for number in ("17", "18"))
    assert _numbers(first) == ["20260320-17-B1"]
    assert _numbers(second) == ["20260320-18-B1"]


def test_statements_without_a_number_are_told_apart_by_what_is_in_them() -> None:
    one = replace(_statement_of_one(), number="0")
    other = replace(one, entries=(replace(one.entries[0], amount=Decimal("31.00")),))
    assert _numbers(one) == _numbers(replace(one, where="another file")) != _numbers(other)


def _statement_of_one() -> Statement:
    entry = Entry(
        where="entry 1", position=1, amount=Decimal("30.00"), currency="EUR", status=EntryStatus.BOOKED,
        booked_on=date(2026, 3, 20), reference="B1",
    )  # fmt: skip
    return Statement(kind=StatementKind.STATEMENT, where="statement 1", account="A", number="17", entries=(entry,))


def _numbers(statement: Statement) -> list[str]:
    return [made.number for made in finance.transactions_of(statement, "BNK1")]
