"""A file of a bank is taken from a folder, read by the format of the flow, and its entries are booked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from hilum.canonical import BankTransaction
from hilum.connector import Outgoing, Target
from hilum.connectors import files
from hilum.flow import Lookup
from hilum.formats import iso20022
from hilum.formats.banking import Balance, BalanceKind, Entry, Report, Statement, StatementKind
from hilum.packs import finance
from hilum.testing import take
from hilum.testing.source_suite import accept_all, opened

pytestmark = [pytest.mark.req("SYS-15"), pytest.mark.req("WF-12")]

DAY = date(2026, 3, 20)
STATEMENT = Statement(
    kind=StatementKind.STATEMENT, where="", account="BE68539007547034", currency="EUR", number="17",
    balances=(
        Balance(kind=BalanceKind.OPENING, code="OPBD", amount=Decimal("1.00"), currency="EUR", day=DAY),
        Balance(kind=BalanceKind.CLOSING, code="CLBD", amount=Decimal("0.25"), currency="EUR", day=DAY),
    ),
    entries=(
        Entry(position=1, where="", amount=Decimal("-0.75"), currency="EUR", booked_on=DAY, reference="B1",
              words="fee"),
    ),
)  # fmt: skip


async def test_a_file_of_a_bank_is_booked(tmp_path: Path) -> None:
    report = Report(number="M-1", created_at=datetime(2026, 3, 20, tzinfo=UTC), statements=(replace(STATEMENT),))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "17.xml").write_bytes(iso20022.write_statements(report))
    (tmp_path / "lookups").mkdir()
    (tmp_path / "lookups" / "bank_accounts.csv").write_text("code,value\nBE68539007547034,BNK1\n")
    source = files.Folder(url=str(tmp_path / "in"), pattern="*.xml", split="none", stable_for=0, poll=0.01)
    target = Target(endpoint="books", encode=lambda thing: Outgoing(body=b"{}"), accepts=(BankTransaction,))
    flow = finance.bank_statements(source=source, odoo=None, also=[target])
    assert flow.problems() == []
    async with opened(source):
        received = await take(source, 1)
        made = [one.thing for one in flow.run(flow.read(received[0].body), Lookup(tmp_path / "lookups"))]
        await accept_all(received)
    assert [(one.business_key, one.amount, one.words) for one in made] == [
        ("BNK1:20260320-17-B1", Decimal("-0.75"), "fee")
    ]
