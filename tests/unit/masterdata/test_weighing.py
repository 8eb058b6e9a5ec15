"""One arrival against known things: joined alone only where one is ahead and nothing of it says otherwise."""

from __future__ import annotations

import pytest

from hilum.canonical import Address, BankAccount, Employee, Item, PatientAccount, PersonName, Supplier, partial
from hilum.masterdata.matching import KINDS, Matcher, Record, Verdict, values_of, weigh
from hilum.masterdata.matching.known import changed

pytestmark = pytest.mark.req("MD-3")

MEYER = {"name": "Meyer Medizintechnik", "tax_id": "DE123456789", "city": "Ulm"}


def of(system: str, identifier: str, **values: str) -> Record:
    return Record(system=system, identifier=identifier, values=values)


ARRIVAL = of("ERP", "4711", **MEYER)
MATCHER = Matcher(KINDS["supplier"])


def verdict(things: dict[int, list[Record]], *named: int, one_to_one: bool = False) -> tuple[Verdict, list[int]]:
    found = weigh(Matcher(KINDS["supplier"], one_to_one=one_to_one), ARRIVAL, things, named)
    return found.verdict, [each.golden for each in found.candidates]


def test_nothing_like_it_is_new() -> None:
    assert verdict({}) == (Verdict.DIFFERENT, [])
    assert verdict({1: [of("SRM", "1", name="Rossi", city="Kassel")]}) == (Verdict.DIFFERENT, [])


def test_the_only_one_that_is_the_same_is_it() -> None:
    assert verdict({1: [of("SRM", "1", **MEYER)]}) == (Verdict.SAME, [1])


def test_two_that_are_the_same_are_a_question() -> None:
    both = {1: [of("SRM", "1", **MEYER)], 2: [of("ODOO", "2", **MEYER)]}
    assert verdict(both) == (Verdict.ASK, [1, 2])


def test_a_record_that_says_little_is_not_against_and_one_that_contradicts_is() -> None:
    same, little = of("SRM", "1", **MEYER), of("ODOO", "82", name="Meyer Medizintechnik")
    other = of("ODOO", "82", name="Meyer Medizintechnik", tax_id="FR99887766554")
    assert verdict({1: [same, little]}) == (Verdict.SAME, [1])
    assert verdict({1: [same, other]}) == (Verdict.ASK, [1])


def test_a_second_name_of_one_system_is_a_question_or_with_one_to_one_another_thing() -> None:
    known = {1: [of("SRM", "1", **MEYER)]}
    assert verdict(known, 1) == (Verdict.ASK, [1])
    assert verdict(known, 1, one_to_one=True) == (Verdict.DIFFERENT, [])


def test_what_objects_say_is_read_by_kind_and_what_they_do_not_tell_is_missing() -> None:
    supplier = Supplier(code="1", title="Meyer", tax_id="", address=Address(city="Ulm"),
                        bank_accounts=(BankAccount(number="DE02 1203 0000 0000 2020 51"),))  # fmt: skip
    said = {"name": "Meyer", "tax_id": "", "iban": "DE02120300000000202051", "street": "", "postal_code": "",
            "city": "Ulm", "country": ""}  # fmt: skip
    assert values_of(supplier, {}) == said
    assert values_of(partial(supplier, ["title"]), {"phone": "1", "colour": "red"}) == {"name": "Meyer", "phone": "1"}
    item = Item(code="1", title="Glove", manufacturer="Ansell", manufacturer_item="A-1")
    assert values_of(item, {}) == {"title": "Glove", "maker": "Ansell", "part_number": "A-1"}
    account = PatientAccount(number="1", person=PersonName(family="Novak", given="Anna"))
    assert values_of(account, {"birth_date": "2020-02-02"}) == {
        "family_name": "Novak", "given_name": "Anna", "birth_date": "2020-02-02",
    }  # fmt: skip
    assert values_of(partial(account, ()), {}) == {}
    employee = Employee(number="1", title="Anna Maria Novak", department="OR")
    assert values_of(employee, {}) == {"family_name": "Novak", "given_name": "Anna Maria", "department": "OR"}


def test_what_is_known_changes_by_what_is_told() -> None:
    assert changed({"name": "Meyer", "phone": "1"}, {"phone": "2"}) == {"name": "Meyer", "phone": "2"}
    assert changed({"name": "Meyer", "phone": "1"}, {"phone": ""}) == {"name": "Meyer"}
    assert changed({"name": "Meyer"}, {"name": "Meyer", "phone": ""}) is None
