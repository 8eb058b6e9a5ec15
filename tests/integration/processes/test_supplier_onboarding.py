"""A supplier from the bytes of the portal to its contact in Odoo: checked, screened, approved by two, and watched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hilum.canonical import BusinessObject, SupplierBankChange, SupplierRegistration, example
from hilum.canonical.catalogue import read, write
from hilum.connectors import odoo
from hilum.errors import Refused
from hilum.masterdata.matching import KINDS, Matcher, Record, known
from hilum.packs.suppliers import (
    LEIE,
    SupplierRules,
    bank_change_process,
    onboarding_process,
    register,
    screening_list,
    supplier_changed,
)
from hilum.packs.suppliers.rules import COMPLIANCE, FINANCE, MASTER_DATA, PURCHASING
from hilum.postgres import Database
from hilum.processes import Commands, Process, cancel, decide, handle, inbox, store
from hilum.processes.engine import Engine
from hilum.processes.tasks import Asked, answer_of
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.projects import OWNERS, make_flow, target
from support.waits import Start

pytestmark = pytest.mark.req("WF-3", "SYS-12")

NEEDED = "liability-insurance"
TODAY = datetime.now(UTC).date()

OTHERS = [",,,FAR AWAY TRANSPORT INC,OTHER,AMBULANCE,,0000000000,,1 ELM ST,DOVER,DE,19901,1128a1,20260101,0,0,"]
LISTED = ",,,MEDQUARRY SUPPLIES,OTHER,DME,,0000000000,,11 INDUSTRY ROAD,GHENT,,9000,1128a1,20260201,0,0,"
NAMESAKE = "JANSSENS,LOTTE,,,INDIVIDUAL,NURSE,,0000000000,,5 OAK ST,DOVER,DE,19901,1128b4,20260201,0,0,"


def leie(*rows: str) -> bytes:
    return "\n".join([",".join(LEIE.columns), *OTHERS, *rows]).encode()


class Desk:
    """A hub that takes suppliers in, the Odoo that it writes to, and the people at it."""

    def __init__(self, database: Database, processes: list[Process], box: SandboxOdoo) -> None:
        self.database = database
        self.box = box
        self.feed, self.lists = Feed(), Feed("lists")
        self.answers, self.screenings = Receiver(), Receiver()
        self.forms = {name: form for each in processes for name, form in each.forms.items()}

    async def say(self, *things: BusinessObject) -> None:
        for thing in things:
            await self.feed.send(write(thing))

    async def publish(self, *rows: str) -> None:
        """The next issue of the list."""
        await self.lists.send(leie(*rows))

    async def is_in(self, state: str, status: str = "running", process: str = "suppliers.onboarding",
                    key: str = "REG-1042") -> None:  # fmt: skip
        seen: list[Any] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                run = await store.run_of(connection, process, key)
            seen[:] = [(run.status, run.state, run.outcome)] if run is not None else []
            return bool(seen) and seen[0][:2] == (status, state)

        await eventually(there, lambda: f"{status} {state}, not {seen}")

    async def task(self, team: str) -> Asked:
        """The one open task."""
        found: list[Asked] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                found[:] = await inbox(connection)
            return [each.team for each in found] == [team]

        await eventually(there, lambda: f"one task of {team}, not {[(e.team, e.title, e.words) for e in found]}")
        return found[0]

    async def answer(self, task: Asked, by: str, **content: Any) -> None:
        async with self.database.transaction() as connection:
            given = answer_of(self.forms[task.form], content)
            await decide(connection, task.id, given, actor=by, permissions={"approve"})

    async def approve(self) -> None:
        """By two people of two teams."""
        await self.answer(await self.task(PURCHASING), "ada", approved=True)
        await self.answer(await self.task(FINANCE), "ben", approved=True)

    async def told(self, *statuses: str) -> None:
        """What the supplier was told, all of it."""
        await eventually(lambda: self.statuses() == [*statuses], self.statuses)

    def statuses(self) -> list[str]:
        return [each["status"] for each in self.answers.bodies]

    def vendor(self, code: str = "SUP-REG-1042") -> dict[str, Any]:
        """As Odoo has it: its name, whether it is blocked, and its accounts."""
        found = next((each for each in self.box.records("res.partner") if each["ref"] == code), None)
        if found is None:
            return {}
        banks = self.box.records("res.partner.bank")
        mine = sorted(each["acc_number"] for each in banks if each["partner_id"] == found["id"] and each["active"])
        return {"name": found["name"], "blocked": found["purchase_warn"] == "block", "accounts": mine}

    async def in_odoo(self, **wanted: Any) -> None:
        def there() -> bool:
            return wanted.items() <= self.vendor().items()

        await eventually(there, self.vendor)


Begin = Callable[..., Awaitable[Desk]]


def _sent(parsed: Any, _: Any) -> Any:
    return {"key": "", **parsed["content"]}


@pytest.fixture
async def desk(hub: Start, database: Database) -> AsyncIterator[Begin]:
    """`await desk(credentials=…)`: a hub with both processes, its lists, and an Odoo that can block contacts."""
    engines: list[Engine] = []
    async with SandboxOdoo("18.0", "hilum") as box:

        async def begin(**more: Any) -> Desk:
            rules = SupplierRules(**{"credentials": [NEEDED], "lists": [LEIE.name], "look_again": "PT0.2S", **more})
            processes = [onboarding_process(rules, owners=OWNERS), bank_change_process(rules, owners=OWNERS)]
            made = Desk(database, processes, box)
            heard = make_flow(made.feed, name="test.portal", format="bytes", translate=lambda body, _: read(body),
                              order_by=None, dedup_by=None)  # fmt: skip
            for process in processes:
                for each in handle(process):
                    heard.deliver_to(each)
            changes = make_flow(Commands("suppliers.changes", poll=0.02), name="test.changes", dedup_by=None,
                                order_by=lambda m: m["content"]["code"], translate=supplier_changed)  # fmt: skip
            changes.deliver_to(
                odoo.supplier("odoo.main", url=box.url, database=box.database, login=box.login, api_key=box.api_key)
            )
            flows = [heard, changes, screening_list(LEIE, source=made.lists, name="test.leie", owners=OWNERS)]
            for name, receiver in (("answers", made.answers), ("screenings", made.screenings)):
                flow = make_flow(Commands(f"suppliers.{name}", poll=0.02), name=f"test.{name}", translate=_sent,
                                 order_by=lambda m: m["type"],
                                 dedup_by=None)  # fmt: skip
                flow.deliver_to(target(receiver, f"memory.{name}"))
                flows.append(flow)
            started = await hub(*flows)
            assert started.share is not None
            engines.append(Engine(started.project, database, processes, started.share.leases.id))
            await engines[0].start()
            return made

        yield begin
        for engine in engines:
            await engine.stop()


def registration(**more: Any) -> SupplierRegistration:
    found = example(SupplierRegistration)
    assert isinstance(found, SupplierRegistration)
    insured = [{"credential_type": NEEDED, "number": "P-1", "valid_to": TODAY + timedelta(days=400)}]
    return SupplierRegistration.model_validate(found.model_dump() | {"credentials": insured} | more)


def bank_change(number: str = "BNK-1", **more: Any) -> SupplierBankChange:
    accounts = [{"number": "DE89 3704 0044 0532 0130 00"}]
    said = {"number": number, "supplier": "SUP-REG-1042", "entered_by": "piet", "bank_accounts": accounts}
    return SupplierBankChange.model_validate(said | more)


async def test_a_registration_becomes_an_active_supplier_in_odoo(desk: Begin) -> None:
    work = await desk()
    await work.say(registration(registered_by="ada"), registration(registered_by="ada"))
    await work.is_in("screening")  # nobody is let in before the list is there
    await work.publish()
    first = await work.task(PURCHASING)
    with pytest.raises(Refused):
        await work.answer(first, "ada", approved=True)  # who registered it
    assert work.vendor() == {}
    await work.answer(first, "ben", approved=True)
    second = await work.task(FINANCE)
    with pytest.raises(Refused):
        await work.answer(second, "ben", approved=True)  # who approved it before
    assert work.vendor() == {}
    await work.answer(second, "cleo", approved=True)
    await work.is_in("active")
    await work.in_odoo(name="Medquarry Supplies", blocked=False, accounts=["BE68539007547034"])
    await work.told("active")
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
    await work.answer(await work.task(PURCHASING), "ada", approved=True)
    second = await work.task(FINANCE)
    await work.say(registration(revision=2, title="Medquarry Holding"))
    again = await work.task(PURCHASING)
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
    task = await work.task(MASTER_DATA)
    assert "V-7 of odoo: Medquary Supplies NV, 9000 Ghent" in task.words
    await work.answer(task, "mia", is_new=False, comment="the same house")
    await work.is_in("refused", "completed")


@pytest.mark.long
async def test_two_registrations_with_one_tax_number_are_seen_before_either_is_approved(desk: Begin) -> None:
    work = await desk()
    await work.publish()
    await work.say(registration())
    await work.task(PURCHASING)
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


async def test_compliance_sees_both_side_by_side_and_is_not_asked_again(desk: Begin) -> None:
    work = await desk()
    await work.publish(NAMESAKE)
    await work.say(registration())
    task = await work.task(COMPLIANCE)
    assert "may be on a list" in task.title
    assert "Lotte Janssens, born 1979 — OIG LEIE: LOTTE JANSSENS, 5 OAK ST 19901 DOVER" in task.words
    await work.answer(task, "carla", decision="other", comment="another birth date on the licence")
    await work.approve()
    await work.is_in("active")
    await work.publish(NAMESAKE, LISTED.replace("MEDQUARRY", "OTHERHOUSE"))  # nothing that concerns it
    await work.publish(NAMESAKE, LISTED.replace("20260201", "20260301"))
    await work.task(COMPLIANCE)
    await work.is_in("blocked")


@pytest.mark.long
async def test_who_is_listed_is_refused_by_compliance(desk: Begin) -> None:
    work = await desk()
    await work.publish(LISTED)
    await work.say(registration())
    task = await work.task(COMPLIANCE)
    assert "is on a list" in task.title
    assert "excluded 2026-02-01" in task.words
    await work.answer(task, "carla", decision="same", comment="address and name")
    await work.is_in("refused", "completed")
    assert {each["outcome"] for each in work.screenings.bodies} == {"listed"}
    assert work.vendor() == {}


async def test_an_active_supplier_that_is_listed_is_blocked_at_once_and_released_by_a_person(desk: Begin) -> None:
    work = await desk()
    await work.publish()
    await work.say(registration())
    await work.approve()
    await work.in_odoo(blocked=False)
    await work.publish(LISTED)
    task = await work.task(COMPLIANCE)
    await work.is_in("blocked")
    await work.in_odoo(blocked=True)
    await work.answer(task, "carla", decision="same", comment="the same house")
    await work.publish(NAMESAKE.replace("JANSSENS", "NOBODY"))  # it has left the list: nobody is released unasked
    left = await work.task(COMPLIANCE)
    assert "is no longer on a list" in left.title
    await work.is_in("blocked")
    await work.answer(left, "carla", decision="other", comment="reinstated")
    await work.is_in("active")
    await work.in_odoo(blocked=False, name="Medquarry Supplies", accounts=["BE68539007547034"])


@pytest.mark.long
async def test_a_revision_that_is_not_accepted_leaves_the_supplier_and_its_watch_as_they_were(desk: Begin) -> None:
    work = await desk()
    await work.publish()
    await work.say(registration())
    await work.approve()
    await work.in_odoo(blocked=False)
    await work.say(registration(revision=2, title="Quarry of Meds"))
    await work.answer(await work.task(PURCHASING), "ada", approved=False, comment="not heard of")
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
    await work.say(registration(revision=2, bank_accounts=[{"number": "NO9386011117947"}]))  # not that way
    await work.say(bank_change())
    task = await work.task(FINANCE)
    assert "…3000" in task.words
    assert "DE89" not in task.words
    with pytest.raises(Refused):
        await work.answer(task, "piet", confirmed=True, spoke_with="Lotte")
    await work.say(bank_change("BNK-2", entered_by="rosa"))

    async def asked_again() -> bool:
        return (await work.task(FINANCE)).id != task.id

    await eventually(asked_again)
    again = await work.task(FINANCE)
    with pytest.raises(Refused):
        await work.answer(again, "piet", confirmed=True, spoke_with="Lotte")  # who entered the first
    assert work.vendor()["accounts"] == ["BE68539007547034"]
    await work.answer(again, "ben", confirmed=True, spoke_with="Lotte Janssens")
    await work.is_in("changed", "completed", "suppliers.bank_change", "SUP-REG-1042")
    await work.in_odoo(accounts=["DE89370400440532013000"], blocked=False, name="Medquarry Supplies")


@pytest.mark.long
async def test_a_change_that_is_not_confirmed_or_wrong_changes_nothing(desk: Begin) -> None:
    work = await desk()
    await work.say(bank_change(bank_accounts=[{"number": "DE89370400440532013001"}]))
    await work.is_in("refused", "completed", "suppliers.bank_change", "SUP-REG-1042")
    await work.say(bank_change("BNK-2", supplier="SUP-B"))
    await work.answer(await work.task(FINANCE), "ben", confirmed=False)
    await work.is_in("refused", "completed", "suppliers.bank_change", "SUP-B")
    await work.told("refused", "refused")
