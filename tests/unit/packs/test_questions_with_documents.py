"""Whoever is asked something by a pack sees the documents that it is about side by side."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import BankTransaction, SupplierBankChange, SupplierRegistration, example
from hilum.canonical.onboarding import PayeeAccount
from hilum.cases.side_by_side import SideBySide
from hilum.masterdata.matching import KINDS, Matcher, Record
from hilum.packs.finance.beside import line_and_payments
from hilum.packs.finance.settling import Instructed, PaymentState, print_of
from hilum.packs.suppliers import accounts, checks
from hilum.packs.suppliers.beside import bank_details, doubles, listed, sent_in
from hilum.packs.suppliers.layouts import Entry
from hilum.packs.suppliers.register import arrival_of
from hilum.packs.suppliers.screening import hits

pytestmark = pytest.mark.req("UX-2")

NOON = datetime(2025, 1, 2, 12, tzinfo=UTC)
PACKS = Path(__file__).parents[3] / "src" / "hilum" / "packs"


def said(papers: SideBySide | None) -> dict[str, tuple[str, ...]]:
    assert papers is not None
    return {each.name: each.values for each in papers.members}


def marked(papers: SideBySide | None) -> dict[str, tuple[int, ...]]:
    assert papers is not None
    return {each.name: each.marked for each in papers.members if each.differs}


def registration(**more: Any) -> SupplierRegistration:
    told = example(SupplierRegistration)
    assert isinstance(told, SupplierRegistration)
    return told.model_copy(update=more)


def test_no_pack_asks_without_documents() -> None:
    without, found = [], 0
    for path in sorted(PACKS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Task":
                found += 1
                if "papers" not in {each.arg for each in node.keywords}:
                    without.append(f"{path.relative_to(PACKS)}:{node.lineno}")
    assert found >= 15
    assert without == []


def test_a_supplier_stands_beside_each_that_it_may_be_with_the_likeness_of_each_field() -> None:
    told = registration(title="Medquarry Supplies")
    matcher = Matcher(KINDS["supplier"])
    values = {**arrival_of(told).values, "name": "Medquary Supply NV", "tax_id": "BE0000000097"}
    known = Record(system="odoo", identifier="V-7", values=values)
    pair = matcher.compare(arrival_of(told), known)
    other = registration(number="REG-2", title="Other Words")
    papers = doubles(told, [pair], [other])
    assert papers is not None
    assert papers.documents[0] == f"Registration {told.number}"
    assert papers.documents[1].startswith("V-7 of odoo (")
    assert papers.documents[2] == "Registration REG-2"
    row = said(papers)["Name"]
    assert row[0] == "Medquarry Supplies"
    assert row[1].startswith("Medquary Supply NV (")
    assert row[1].endswith("% alike)")
    assert row[2] == "Other Words"
    assert marked(papers)["Name"] == (1, 2)
    assert marked(papers)["Tax number"] == (1,)
    assert "Street" not in marked(papers)
    assert doubles(told, [], []) is None


def test_whom_a_list_names_stands_beside_whom_the_registration_names() -> None:
    told = registration()
    person = told.principals[0].person
    entry = Entry(kind="person", words="excluded 2026-02-01",
                  said={"family_name": person.family.upper(), "given_name": person.given, "city": "DOVER"})  # fmt: skip
    papers = listed(hits(told, [("OIG LEIE", entry)]))
    assert papers is not None
    assert papers.documents[1].startswith("OIG LEIE, entry 1 (")
    assert said(papers)["Person 1: family name"] == (person.family, f"{person.family.upper()} (100% alike)")
    assert said(papers)["Why it is listed"] == ("", "excluded 2026-02-01")
    assert "Person 1: family name" not in marked(papers)
    shown_to_all = " ".join([*papers.documents, *(each.name for each in papers.members)])
    assert person.family not in shown_to_all
    assert listed([]) is None


def test_each_document_that_is_needed_is_beside_what_was_sent_in() -> None:
    told = registration()
    (held,) = told.credentials[:1]
    findings = [checks.Finding(checks.Trouble.SOON, f"the document “{held.credential_type}” is valid to 2026-04-01")]
    papers = sent_in(told, None, needed=[held.credential_type, "iso-13485"], findings=findings,
                     lists=[("OIG LEIE", date(2026, 3, 1))])  # fmt: skip
    assert said(papers)[f"Document {held.credential_type}"][1] == findings[0].words
    assert marked(papers) == {f"Document {held.credential_type}": (1,)}
    assert said(papers)["List OIG LEIE"] == ("", "nobody of it is on the one of 2026-03-01")
    again = sent_in(told.model_copy(update={"title": "Another", "revision": 2}), told, needed=[], findings=[])
    assert again.documents[1] == f"Approved before, revision {told.revision}"
    assert marked(again) == {"Name": (0, 1)}


def test_old_and_new_account_stand_side_by_side_with_who_asked_and_the_call_back() -> None:
    new = PayeeAccount(number="BE68 5390 0754 7034", bic="GKCCBEBB", currency="EUR")
    change = SupplierBankChange(number="BC-1", supplier="V-1", entered_by="ada", requested_by="by mail: lotte",
                                bank_accounts=(new,))  # fmt: skip
    old = PayeeAccount(number="DE89370400440532013000", currency="EUR", holder="Medquarry")
    kept = accounts.Kept(supplier="V-1", confirmation="REG-1:1", holds_from=date(2025, 1, 1), accounts=[old],
                         confirmed_by="ben", spoke_with="Lotte", confirmed_at=NOON)  # fmt: skip
    papers = bank_details(change, kept, came="suppliers.portal, 2026-03-01 08:00 UTC", elsewhere=[["V-9"]])
    assert papers.documents == ("Paid to now", "Change BC-1")
    found = said(papers)
    assert found["Account 1: number"] == ("DE89370400440532013000", "BE68539007547034")
    assert found["Account 1: holder"] == ("Medquarry", "")
    assert found["Account 1 is also of"] == ("", "V-9")
    assert found["Entered by"] == ("", "ada")
    assert found["Asked for by"] == ("", "by mail: lotte")
    assert found["How it came"] == ("with REG-1:1", "suppliers.portal, 2026-03-01 08:00 UTC")
    assert found["Call back"] == ("ben, who spoke with Lotte, 2025-01-02", "not made yet")
    assert {"Account 1: number", "Account 1: holder", "Account 1 is also of"} <= marked(papers).keys()
    assert "Account 1: currency" not in marked(papers)
    first = bank_details(change, None, came="", elsewhere=[[]])
    assert first.documents[0] == "Paid to now: no account was confirmed"


def test_a_line_stands_beside_the_payments_that_it_may_be_with_amounts_and_days() -> None:
    line = BankTransaction(journal="BNK1", number="7", booked_on=date(2026, 3, 5), amount=Decimal("-99.10"),
                           currency="EUR", words="INV B-2", party_account="BE68539007547034")  # fmt: skip
    near = payment("H2AAAAAAAAAAAAAA", "100.10", documents=("B-1", "B-2"), payee=print_of("BE68 5390 0754 7034"))
    other = payment("H2BBBBBBBBBBBBBB", "99.10", execute_on=date(2026, 3, 6), payee=print_of("DE89370400440532013000"))
    papers = line_and_payments(line, [near, other])
    assert papers.documents == ("Line 7 of BNK1", "Payment H2AAAAAAAAAAAAAA of run R-1",
                                "Payment H2BBBBBBBBBBBBBB of run R-1")  # fmt: skip
    found = said(papers)
    assert found["Amount"] == ("-99.10 EUR", "-100.10 EUR", "-99.10 EUR")
    assert found["Day"] == ("2026-03-05", "2026-03-02: the line is 3 days later",
                            "2026-03-06: the line is 1 day earlier")  # fmt: skip
    assert found["Account of the other party"] == ("…7034", "the same as instructed", "another than instructed")
    assert found["Documents"] == ("", "B-1, B-2 (named by the line)", "")
    assert marked(papers) == {"Amount": (1,), "Still open": (1,), "Account of the other party": (2,)}
    assert "BE6853900754" not in papers.model_dump_json()
    alone = line_and_payments(line, [])
    assert alone.documents[1] == "No payment of this hub is near to it"


def payment(id: str, amount: str, **more: Any) -> Instructed:
    told = {"execute_on": date(2026, 3, 2), "state": PaymentState.INSTRUCTED, "currency": "EUR", **more}
    return Instructed(end_to_end_id=id, run="R-1", supplier="V-1", amount=Decimal(amount), **told)
