"""A supplier from the bytes of the portal to its contact in Odoo: checked, screened, approved by two, and watched."""

from __future__ import annotations

import pytest

from hilum.errors import Refused
from hilum.masterdata.matching import KINDS, Matcher, Record, known
from hilum.packs.suppliers.rules import COMPLIANCE, FINANCE, MASTER_DATA, PURCHASING
from hilum.postgres import Database
from hilum.processes import inbox
from hilum.processes.tasks import Asked
from hilum.testing import eventually
from support.looks import beside, noted
from support.suppliers_desk import LISTED, NAMESAKE, NEEDED, Begin, registration

pytestmark = pytest.mark.req("WF-3", "SYS-12")


async def test_a_registration_becomes_an_active_supplier_in_odoo(desk: Begin) -> None:
    work = await desk()
    await work.say(registration(registered_by="ada"), registration(registered_by="ada"))
    await work.is_in("screening")  # nobody is let in before the list is there
    await work.publish()
    first = await work.only_task(PURCHASING)
    shown = await beside(work.database, first)
    assert shown[f"Document {NEEDED}"][1] == "holds"
    assert "List OIG LEIE" in shown
    with pytest.raises(Refused):
        await work.answer(first, "ada", approved=True)  # who registered it
    assert work.vendor() == {}
    await work.answer(first, "ben", approved=True)
    second = await work.only_task(FINANCE)
    with pytest.raises(Refused):
        await work.answer(second, "ben", approved=True)  # who approved it before
    assert work.vendor() == {}
    await work.answer(second, "cleo", approved=True, spoke_with="Lotte Janssens")
    await work.is_in("active")
    await work.in_odoo(name="Medquarry Supplies", blocked=False, accounts=["BE68539007547034"])
    await work.told("active")
    assert await work.paid_to() == "BE68539007547034"
    assert await noted(work.database, "onboardings", "outcome") == [("active",)]
    assert await work.stands() == []
    assert {each["outcome"] for each in work.screenings.bodies} == {"clear"}


async def test_what_is_missing_is_asked_of_the_supplier_and_waited_for(desk: Begin) -> None:
    work = await desk()
    await work.publish()
    wrong = [{"number": "BE68539007547035"}]
    await work.say(registration(credentials=[], bank_accounts=wrong))
    await work.is_in("incomplete")
    await work.told("incomplete")
    words = work.answers.bodies[0]["words"]
    assert "the document “liability-insurance” is missing" in words
    assert "bank account 1: the check digits of the IBAN are wrong" in words
    assert "BE68" not in words
    await work.say(registration(revision=2))
    await work.approve()
    await work.is_in("active")


@pytest.mark.long
async def test_a_supplier_that_sends_nothing_is_refused(desk: Begin) -> None:
    work = await desk(wait_for_supplier="PT0.5S")
    await work.say(registration(credentials=[]))
    await work.is_in("refused", "completed")
    await work.told("incomplete", "refused")
    assert work.vendor() == {}


@pytest.mark.long
async def test_a_new_revision_is_approved_anew(desk: Begin) -> None:
    work = await desk()
    await work.publish()
    await work.say(registration())
    await work.answer(await work.only_task(PURCHASING), "ada", approved=True)
    second = await work.only_task(FINANCE)
    await work.say(registration(revision=2, title="Medquarry Holding"))
    again = await work.only_task(PURCHASING)
    with pytest.raises(Refused):
        await work.answer(second, "ben", approved=True)
    assert "Medquarry Holding" in again.title
    await work.answer(again, "ada", approved=False, comment="who is that?")
    await work.is_in("refused", "completed")
    assert work.vendor() == {}


@pytest.mark.long
async def test_a_supplier_that_is_there_already_is_asked_about(desk: Begin, database: Database) -> None:
    values = {"name": "Medquary Supplies NV", "city": "Ghent", "postal_code": "9000", "tax_id": "BE0428759497"}
    async with database.transaction() as connection:
        there = Record(system="odoo", identifier="V-7", values=values)
        await known.learn(connection, Matcher(KINDS["supplier"]), [there], actor="x", reason="x", encrypted=False)
    work = await desk()
    await work.publish()
    await work.say(registration())
    task = await work.only_task(MASTER_DATA)
    assert "V-7 of odoo: Medquary Supplies NV, 9000 Ghent" in task.words
    name = (await beside(database, task))["Name"]
    assert name[1].startswith("Medquary Supplies NV (")
    await work.answer(task, "mia", is_new=False, comment="the same house")
    await work.is_in("refused", "completed")


@pytest.mark.long
async def test_two_registrations_with_one_tax_number_are_seen_before_either_is_approved(desk: Begin) -> None:
    work = await desk()
    await work.publish()
    await work.say(registration())
    await work.only_task(PURCHASING)
    await work.say(
        registration(number="REG-2", title="Other Words", bank_accounts=[{"number": "DE89370400440532013000"}])
    )
    found: list[Asked] = []

    async def asked() -> bool:
        async with work.database.cold() as connection:
            found[:] = [each for each in await inbox(connection) if each.team == MASTER_DATA]
        return len(found) == 1

    await eventually(asked)
    task = found[0]
    assert task.words == "registration REG-1042 has the same tax number or bank account"
    assert (await beside(work.database, task))["Name"] == ("Other Words", "Medquarry Supplies")


async def test_compliance_sees_both_side_by_side_and_is_not_asked_again(desk: Begin) -> None:
    work = await desk()
    await work.publish(NAMESAKE)
    await work.say(registration())
    task = await work.only_task(COMPLIANCE)
    assert "may be on a list" in task.title
    assert "Lotte Janssens, born 1979 — OIG LEIE: LOTTE JANSSENS, 5 OAK ST 19901 DOVER" in task.words
    assert (await beside(work.database, task))["Person 1: city"] == ("", "DOVER")
    await work.answer(task, "carla", decision="other", comment="another birth date on the licence")
    await work.approve()
    await work.is_in("active")
    await work.publish(NAMESAKE, LISTED.replace("MEDQUARRY", "OTHERHOUSE"))  # nothing that concerns it
    await work.publish(NAMESAKE, LISTED.replace("20260201", "20260301"))
    await work.only_task(COMPLIANCE)
    await work.is_in("blocked")


@pytest.mark.long
async def test_who_is_listed_is_refused_by_compliance(desk: Begin) -> None:
    work = await desk()
    await work.publish(LISTED)
    await work.say(registration())
    task = await work.only_task(COMPLIANCE)
    assert "is on a list" in task.title
    assert "excluded 2026-02-01" in task.words
    await work.answer(task, "carla", decision="same", comment="address and name")
    await work.is_in("refused", "completed")
    assert {each["outcome"] for each in work.screenings.bodies} == {"listed"}
    assert work.vendor() == {}
