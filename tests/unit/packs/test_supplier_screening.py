"""Registrations against rules and published lists: who is clear, who is asked about, who is listed. Nothing is real."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from hilum.canonical import ScreeningOutcome, SupplierRegistration, example
from hilum.errors import Invalid
from hilum.packs.suppliers.checks import Trouble, findings, first_end
from hilum.packs.suppliers.layouts import LEIE, SAM, Layout, entries, newest
from hilum.packs.suppliers.screening import blocks_of, hits, subjects

pytestmark = pytest.mark.req("SYS-12", "WF-3")

DAY = date(2026, 3, 10)
NEEDED = ["liability-insurance"]


def registration(**more: Any) -> SupplierRegistration:
    """The example of the catalogue, with other members."""
    found = example(SupplierRegistration)
    assert isinstance(found, SupplierRegistration)
    return SupplierRegistration.model_validate(found.model_dump() | more)


def leie(*rows: str) -> bytes:
    return "\r\n".join([",".join(LEIE.columns), *rows]).encode()


HOUSE = (
    ",,,NORTHFIELD SURGICAL LLC,OTHER BUSINESS,DME COMPANY,,0000000000,,12 MILL LANE,NORTHFIELD,MN,55057,"
    "1128a1,20260120,00000000,00000000,"
)
PERSON = (
    "QUILLFEATHER,AMBROSE,J,,INDIVIDUAL,OWNER,,0000000000,19611203,7 ELM ST,NORTHFIELD,MN,55057,"
    "1128b4,20251118,00000000,00000000,"
)
BACK = (
    "RETURNED,ROSE,,,INDIVIDUAL,NURSE,,0000000000,19700101,1 OAK ST,NORTHFIELD,MN,55057,"
    "1128b4,20200101,20250101,00000000,"
)


def words(given: SupplierRegistration) -> dict[str, Trouble]:
    found = findings(given, needed=NEEDED, on=DAY, soon=timedelta(days=30))
    return {each.words: each.trouble for each in found}


def test_the_example_is_whole() -> None:
    assert words(registration()) == {}


def test_what_is_missing_is_said() -> None:
    told = words(registration(tax_numbers=(), bank_accounts=(), addresses=(), credentials=()))
    assert set(told.values()) == {Trouble.MISSING}
    assert [*told] == ["an address with its country is missing", "a tax number is missing",
                       "a bank account is missing", "the document “liability-insurance” is missing"]  # fmt: skip


@pytest.mark.parametrize(
    ("ends", "trouble"),
    [(date(2026, 3, 9), Trouble.WRONG), (DAY, Trouble.SOON), (date(2026, 4, 9), Trouble.SOON),
     (date(2026, 4, 10), None), (None, None)],
)  # fmt: skip
def test_a_document_holds_to_its_last_day(ends: date | None, trouble: Trouble | None) -> None:
    insured = {"credential_type": NEEDED[0], "number": "1", "valid_to": ends}
    told = words(registration(credentials=[insured]))
    assert [*told.values()] == ([trouble] if trouble else [])
    older = {**insured, "valid_to": date(2020, 1, 1)}
    both = registration(credentials=[older, insured])
    assert words(both) == told  # the one that holds longest counts
    assert first_end(both.credentials, NEEDED) == ends


def test_wrong_numbers_are_said_without_being_quoted() -> None:
    wrong = registration(
        tax_numbers=[{"country": "BE", "number": "BE0428759498"}, {"country": "US", "number": "07-1234567"}],
        bank_accounts=[{"number": "BE68539007547035", "bic": "GEBA"},
                       {"number": "12345678", "country": "US", "routing": "021000022"}, {"number": "771"}],
    )  # fmt: skip
    told = words(wrong)
    assert len(told) == 6
    assert set(told.values()) == {Trouble.WRONG}
    assert not any(number in each for each in told for number in ("0428759498", "1234567", "539007547", "02100002"))


def test_the_leie_is_read_without_those_who_were_reinstated() -> None:
    found = entries(LEIE, leie(HOUSE, PERSON, BACK, HOUSE))
    assert [(each.kind, each.since) for each in found] == [
        ("company", date(2026, 1, 20)), ("person", date(2025, 11, 18)),
    ]  # fmt: skip
    assert found[1].said["birth_date"] == "1961-12-03"
    assert newest(found) == date(2026, 1, 20)
    assert len({each.key for each in found}) == 2


SAM_LIST = (
    ",".join(SAM.columns)
    + '\nFirm,"Northfield Surgical, LLC",,,12 Mill Lane,Northfield,USA,55057,Ineligible,HHS,01/20/2026,Indefinite'
    + "\nIndividual,,Ambrose,Quillfeather,,Northfield,USA,55057,Ineligible,HHS,2026-02-01,02/01/2029\n"
).encode()


def test_a_list_in_the_manner_of_sam_is_read() -> None:
    found = entries(SAM, SAM_LIST)
    assert [each.kind for each in found] == ["company", "person"]
    assert found[1].words == "Ineligible, HHS, since 2026-02-01, until 2029-02-01"


@pytest.mark.parametrize(
    ("layout", "body"),
    [(LEIE, b""), (LEIE, SAM_LIST), (LEIE, leie()), (LEIE, leie(HOUSE + ",more")), (LEIE, leie(HOUSE[:40])),
     (LEIE, leie(HOUSE.replace("20260120", "20261320"))), (LEIE, b"\xff\xfe\x00<html>")],
)  # fmt: skip
def test_what_is_no_list_is_refused(layout: Layout, body: bytes) -> None:
    with pytest.raises(Invalid):
        entries(layout, body)


AT_HOME = {"street": "12 Mill Lane", "city": "Northfield", "postal_code": "55057", "country": "US"}
ELSEWHERE = {"street": "9 Harbour Road", "city": "Portsmouth", "postal_code": "03801", "country": "US"}
BOSS = {"family": "Quillfeather", "given": "Ambrose"}


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"title": "Northfield Surgical Inc.", "addresses": [AT_HOME]}, "listed"),
        ({"title": "Northfeild Surgical", "addresses": [AT_HOME]}, "listed"),
        ({"title": "Northfield Surgical", "addresses": [ELSEWHERE, AT_HOME]}, "listed"),
        ({"title": "Northfield Surgical", "addresses": [ELSEWHERE]}, "possible"),
        ({"title": "Northfield Surgical", "addresses": []}, "possible"),
        ({"title": "Northfield Catering", "addresses": [AT_HOME]}, "clear"),
        ({"title": "Southgate Medical", "addresses": [AT_HOME]}, "clear"),
        ({"principals": [{"person": BOSS, "birth_date": "1961-12-03"}]}, "listed"),
        ({"principals": [{"person": {"family": "Quilfeather", "given": "Ambrose"}, "birth_date": "1961-12-03"}]},
         "listed"),
        ({"principals": [{"person": BOSS}]}, "possible"),
        ({"principals": [{"person": BOSS, "birth_date": "1961-12-30"}]}, "possible"),
        ({"principals": [{"person": BOSS, "birth_date": "1984-05-06"}]}, "clear"),
        ({"principals": [{"person": {"family": "Quillfeather", "given": "Mona"}}]}, "clear"),
        ({}, "clear"),
    ],
)  # fmt: skip
def test_who_is_listed_and_who_is_asked_about(more: dict[str, Any], outcome: str) -> None:
    given = registration(**more)
    listed = [("OIG LEIE", entry) for entry in entries(LEIE, leie(HOUSE, PERSON))]
    found = hits(given, listed)
    assert ([each.outcome for each in found] or [ScreeningOutcome.CLEAR]) == [outcome], found
    for each in found:
        entry = next(entry for _, entry in listed if entry.key == each.key)
        assert each.who in each.words
        assert entry.words in each.words
        keys = [blocks_of(kind, record.values) for kind, record in subjects(given)]
        assert set().union(*keys) & blocks_of(entry.kind, entry.said), "the database finds it, too"
