"""What becomes of an active supplier: lists, documents that end, and bank details that change."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hilum.errors import Refused
from hilum.packs.suppliers import (
    LEIE,
    register,
)
from hilum.packs.suppliers.rules import COMPLIANCE, FINANCE, PURCHASING
from hilum.postgres import Database
from hilum.processes import cancel
from hilum.testing import eventually
from support.looks import beside
from support.suppliers_desk import LISTED, NAMESAKE, NEEDED, TODAY, Begin, bank_change, registration

pytestmark = pytest.mark.req("WF-3", "SYS-12")


async def test_an_active_supplier_that_is_listed_is_blocked_at_once_and_released_by_a_person(desk: Begin) -> None:
    work = await desk()
    await work.publish()
    await work.say(registration())
    await work.approve()
    await work.in_odoo(blocked=False)
    await work.publish(LISTED)
    task = await work.only_task(COMPLIANCE)
    await work.is_in("blocked")
    await work.in_odoo(blocked=True)
    assert await work.stands() == [
        "supplier SUP-REG-1042 is blocked: It is on a list of excluded parties.",
        "supplier SUP-REG-1042 is on the list OIG LEIE",
    ]
    await work.answer(task, "carla", decision="same", comment="the same house")
    await work.publish(NAMESAKE.replace("JANSSENS", "NOBODY"))  # it has left the list: nobody is released unasked
    (left,) = await work.tasks(1)  # beside which there is nothing: no list has it
    assert left.team == COMPLIANCE
    assert "is no longer on a list" in left.title
    await work.is_in("blocked")
    await work.answer(left, "carla", decision="other", comment="reinstated")
    await work.is_in("active")
    await work.in_odoo(blocked=False, name="Medquarry Supplies", accounts=["BE68539007547034"])
    assert await work.stands() == []


@pytest.mark.long
async def test_a_revision_that_is_not_accepted_leaves_the_supplier_and_its_watch_as_they_were(desk: Begin) -> None:
    work = await desk()
    await work.publish()
    await work.say(registration())
    await work.approve()
    await work.in_odoo(blocked=False)
    await work.say(registration(revision=2, title="Quarry of Meds"))
    await work.answer(await work.only_task(PURCHASING), "ada", approved=False, comment="not heard of")
    await work.is_in("active")
    await work.say(registration(revision=3, phone="", tax_numbers=[]))
    await work.is_in("incomplete")
    await work.publish(LISTED)  # while it is asked for what is missing: blocked at once all the same
    await work.in_odoo(blocked=True, name="Medquarry Supplies")
    async with work.database.transaction() as connection:
        await cancel(connection, "suppliers.onboarding", "REG-1042", actor="ops", reason="gone")
    await work.is_in("incomplete", "cancelled")
    async with work.database.cold() as connection:
        cursor = await connection.execute("SELECT open FROM supplier_register")
        assert await cursor.fetchall() == [(False,)]


async def test_a_list_replaces_the_former_and_one_that_is_cut_off_does_not(desk: Begin, database: Database) -> None:
    work = await desk()
    await work.publish(LISTED, NAMESAKE)
    await work.publish(LISTED, NAMESAKE.replace("20260201", "20260301"), NAMESAKE.replace("LOTTE", "LISA"))

    async def days() -> list[int]:
        async with database.cold() as connection:
            on = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 1)]
            return [len(await register.on_list(connection, LEIE.name, each)) for each in on]

    found: list[int] = []

    async def loaded(wanted: list[int]) -> None:
        async def there() -> bool:
            found[:] = await days()
            return found == wanted

        await eventually(there, lambda: found)

    await loaded([0, 3, 4])
    await work.publish(LISTED.replace("20260201", "20260401"))  # two of four: held, the former one stays

    async def held() -> bool:
        async with database.cold() as connection:
            cursor = await connection.execute(
                "SELECT count(*) FROM delivery WHERE flow = 'test.leie' AND reference = ''"
            )
            row = await cursor.fetchone()
        return row is not None and row[0] == 1

    await eventually(held)
    assert await days() == [0, 3, 4]


@pytest.mark.long
async def test_a_document_that_ends_blocks_until_it_is_renewed(desk: Begin) -> None:
    work = await desk(remind_before="P3D")
    await work.publish()
    ends = [{"credential_type": NEEDED, "number": "P-1", "valid_to": TODAY + timedelta(days=2)}]
    await work.say(registration(credentials=ends))
    await work.approve()
    await work.told("active", "expiring")
    ended = [{"credential_type": NEEDED, "number": "P-1", "valid_to": TODAY - timedelta(days=1)}]
    await work.say(registration(revision=2, credentials=ended))
    await work.is_in("blocked")
    await work.in_odoo(blocked=True)
    await work.told("active", "expiring", "incomplete")
    await work.say(registration(revision=3))
    await work.is_in("active")
    await work.in_odoo(blocked=False)


async def test_bank_details_change_only_after_somebody_else_has_called_back(desk: Begin) -> None:
    work = await desk()
    await work.publish()
    await work.say(registration())
    await work.approve()
    await work.in_odoo(blocked=False, accounts=["BE68539007547034"])
    assert await work.paid_to() == "", "nobody has called them"
    await work.say(registration(revision=2, bank_accounts=[{"number": "NO9386011117947"}]))  # not that way
    await work.say(bank_change())
    task = await work.only_task(FINANCE)
    assert "…3000" in task.words
    assert "DE89" not in task.words
    shown = await beside(work.database, task)
    assert shown["Account 1: number"] == ("", "DE89370400440532013000")
    assert shown["Entered by"] == ("", "piet")
    assert shown["How it came"][1].startswith("test.")
    assert shown["Call back"] == ("", "not made yet")
    with pytest.raises(Refused):
        await work.answer(task, "piet", confirmed=True, spoke_with="Lotte")
    await work.say(bank_change("BNK-2", entered_by="rosa", holds_from=TODAY + timedelta(days=7)))

    async def asked_again() -> bool:
        return (await work.only_task(FINANCE)).id != task.id

    await eventually(asked_again)
    again = await work.only_task(FINANCE)
    with pytest.raises(Refused):
        await work.answer(again, "piet", confirmed=True, spoke_with="Lotte")  # who entered the first
    assert work.vendor()["accounts"] == ["BE68539007547034"]
    await work.answer(again, "ben", confirmed=True, spoke_with="Lotte Janssens")
    await work.is_in("changed", "completed", "suppliers.bank_change", "SUP-REG-1042")
    await work.in_odoo(accounts=["DE89370400440532013000"], blocked=False, name="Medquarry Supplies")
    assert await work.paid_to() == "", "they hold later"
    assert await work.paid_to(TODAY + timedelta(days=7)) == "DE89370400440532013000"


@pytest.mark.long
async def test_a_change_that_is_not_confirmed_or_wrong_changes_nothing(desk: Begin) -> None:
    work = await desk()
    await work.say(bank_change(bank_accounts=[{"number": "DE89370400440532013001"}]))
    await work.is_in("refused", "completed", "suppliers.bank_change", "SUP-REG-1042")
    await work.say(bank_change("BNK-2", supplier="SUP-B"))
    await work.answer(await work.only_task(FINANCE), "ben", confirmed=False)
    await work.is_in("refused", "completed", "suppliers.bank_change", "SUP-B")
    await work.told("refused", "refused")
