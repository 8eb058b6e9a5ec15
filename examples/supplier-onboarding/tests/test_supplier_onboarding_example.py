"""What the portal shows and posts becomes registrations and changes of bank accounts."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import orjson
import pytest

from hilum.canonical import DocumentStatus, ScreeningResult, Supplier, SupplierBankChange, SupplierRegistration, example
from hilum.canonical.catalogue import write
from hilum.errors import Invalid
from hilum.packs.suppliers import LEIE, checks
from hilum.packs.suppliers.layouts import entries
from hilum.simulator.supplier_portal import INSURANCE, PortalTroubles, SupplierPortal
from hilum.testing.flows import translate, translate_file

PROJECT = Path(__file__).parent.parent
PORTAL = SupplierPortal(hub="", secret="", count=10, troubles=PortalTroubles(incomplete=0.3, listed=0.3))


def test_a_registration_is_read() -> None:
    (made,) = translate_file(PROJECT, "suppliers.registrations", "registration.json")
    assert isinstance(made, SupplierRegistration)
    assert (made.number, made.title, made.revision) == ("REG-1", "Acorn Linen", 1)


@pytest.mark.parametrize("company", PORTAL.companies, ids=lambda each: f"{each.number} {each.trouble}")
def test_what_the_simulated_portal_shows_is_whole_but_for_its_troubles(company) -> None:
    shown = orjson.dumps({"changed_at": company.changed_at, "registration": company.registration})
    (made,) = translate(PROJECT, "suppliers.registrations", shown)
    found = checks.serious(checks.findings(made, needed=[INSURANCE], on=date(2026, 3, 2), soon=timedelta(days=30)))
    wanted = ["the document “liability-insurance” is missing"] if company.trouble == "incomplete" else []
    assert found == wanted


def test_its_list_can_be_loaded_and_names_those_that_are_listed() -> None:
    listed = [each for each in PORTAL.companies if each.trouble == "listed"]
    assert 0 < len(listed) < len(PORTAL.companies)
    assert len(entries(LEIE, PORTAL.leie())) == len(listed) + 1


def test_a_change_of_bank_details_is_read_and_nothing_else() -> None:
    (made,) = translate(PROJECT, "suppliers.bank_changes", write(example(SupplierBankChange)))
    assert isinstance(made, SupplierBankChange)
    with pytest.raises(Invalid, match="no change"):
        translate(PROJECT, "suppliers.bank_changes", write(example(Supplier)))


def test_what_a_look_at_the_lists_came_to_is_kept() -> None:
    looked = example(ScreeningResult)
    told = {"type": ScreeningResult.name, "content": looked.model_dump(mode="json")}
    assert translate(PROJECT, "suppliers.screenings", orjson.dumps(told)) == [looked]


def test_the_supplier_hears_what_became_of_it() -> None:
    told = example(DocumentStatus).model_dump(mode="json")
    (made,) = translate(PROJECT, "suppliers.answers", orjson.dumps({"type": DocumentStatus.name, "content": told}))
    assert isinstance(made, DocumentStatus)
