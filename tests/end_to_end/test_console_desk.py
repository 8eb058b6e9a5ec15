"""The desk in a browser: a buyer finds a price mismatch, sees the documents side by side, decides, and Odoo has it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import console_support as support
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from hilum import cases
from hilum.canonical import BusinessObject, Contract, GoodsReceipt, Item, PurchaseOrder, Supplier, SupplierBill
from hilum.canonical.catalogue import write
from hilum.cases import Finding, views
from hilum.cases.classify import ARRIVAL
from hilum.flow import load_project
from hilum.masterdata import ownership, sync, terms
from hilum.masterdata.matching import KINDS, Matcher, Record, asking, known, weigh
from hilum.masterdata.sync import Decision, Noted, Verdict
from hilum.message import new_id
from hilum.postgres import Database
from hilum.processes import processes_of
from hilum.processes.engine import Engine
from hilum.runtime import Hub
from hilum.security import Role
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.projects import MASTER_KEY
from support.servers import Databases

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.req("UX-1", "UX-2", "WF-2")]

FLOWS = """
from hilum.canonical import SupplierBill
from hilum.canonical.catalogue import read
from hilum.connectors import odoo
from hilum.flow import Criticality, Flow, Owners, Pattern
from hilum.packs.procurement.following import order_process
from hilum.packs.procurement.order_rules import OrderRules
from hilum.processes import Commands, handle

OWNERS = Owners(business="Procurement", technical="Integration")


def criticality(item):
    return Criticality.HIGH if item == "GLV" else None


follow = order_process(OrderRules(criticality_of=criticality), owners=OWNERS)

papers = Flow("procurement.papers", version="1.0", summary="Papers come to their order", owners=OWNERS, format="bytes",
              pattern=Pattern.MASTER_DATA, order_by=lambda body: "one")


@papers.translate
def paper(body, hub):
    return read(body)


for target in handle(follow):
    papers.deliver_to(target)
papers.deliver_to(odoo.supplier("odoo.main"), odoo.item("odoo.main"), odoo.purchase_order("odoo.main"))

bills = Flow("payables.bills", version="1.0", summary="Bills are posted in Odoo", owners=OWNERS,
             pattern=Pattern.MASTER_DATA, source=Commands("payables.bills", poll=0.05))


@bills.translate
def to_post(parsed, hub):
    return SupplierBill.model_validate(parsed["content"])


bills.deliver_to(odoo.supplier_bill("odoo.main"))
"""

SETTINGS = """
[encryption]
key = "{key}"

[endpoints.odoo.main]
url = "{url}"
database = "{database}"
login = "{login}"
api_key = "{api_key}"

[[desk.clocks]]
team = "Buyers"
criticality = ["high"]
due = "PT1H"
"""

DAY = date(2026, 3, 10)
LONG = f"PO-2{'0' * 60}"


@dataclass
class Stand:
    """A console, a hub that follows orders, and an Odoo."""

    database: Database
    address: str
    browser: Browser
    box: SandboxOdoo

    async def say(self, *things: BusinessObject) -> list[UUID]:
        """These come, one after the other; the ids of their messages."""
        ids = []
        for thing in things:
            draft = support.Draft(
                flow="procurement.papers", body=write(thing), content_type="application/json", key="one",
                correlation_id="", priority=support.Priority.NORMAL,
            )  # fmt: skip
            async with self.database.hot() as connection:
                await support.receive(connection, [draft], support.LANES)
            ids.append(draft.id)
        return ids

    async def case(self, message: UUID, finding: Finding) -> int:
        """A case of this message; its number."""
        async with self.database.transaction() as connection:
            await cases.open_case(
                connection, finding, flow="procurement.papers", declared=None, message_id=message, ordinal=-1
            )
            (case,) = await cases.cases(connection, message_id=message)
        return case.id

    async def waits(self, number: str) -> str:
        """The id of the task about this bill, when somebody is asked."""
        found: list[Any] = []

        async def asked() -> bool:
            async with self.database.cold() as connection:
                cursor = await connection.execute(
                    "SELECT id::text FROM process_task WHERE title LIKE %s AND decided_at IS NULL", [f"Bill {number} %"]
                )
                found[:] = await cursor.fetchall()
            return bool(found)

        await support.until(asked, f"somebody is asked about {number}")
        return str(found[0][0])

    async def bill_of(self, order: str, number: str, price: str) -> None:
        """An order, its receipt, and a bill that asks for another price."""
        line = {"number": 1, "item": "GLV", "quantity": 12, "unit": "EA", "unit_price": "38.00"}
        await self.say(
            PurchaseOrder.model_validate({"number": order, "supplier": "V1", "currency": "EUR", "lines": [line]}),
            GoodsReceipt.model_validate(
                {"number": f"R-{order}", "order": order, "lines": [{"item": "GLV", "quantity": 12, "unit": "EA"}]}
            ),
            SupplierBill.model_validate(
                {"number": number, "supplier": "V1", "order": order, "currency": "EUR", "billed_on": DAY,
                 "lines": [line | {"unit_price": price}]}
            ),
        )  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stand(
    browser: Browser, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stand]:
    folder: Path = tmp_path_factory.mktemp("desk") / "project"
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "flows.py").write_text(FLOWS, encoding="utf-8")
    with databases.migrated() as url:
        async with AsyncExitStack() as parts:
            box = await parts.enter_async_context(SandboxOdoo("19.0", "hilum"))
            there = {"url": box.url, "database": box.database, "login": box.login, "api_key": box.api_key}
            (folder / "hilum.toml").write_text(SETTINGS.format(key=MASTER_KEY, **there), encoding="utf-8")
            project = load_project(folder)
            database = Database(url, hot=4, cold=4)
            await database.open()
            parts.push_async_callback(database.close)
            hub = Hub(project, database, roles={"listener", "worker"})
            parts.push_async_callback(hub.stop)
            await hub.start()
            assert hub.share is not None
            engine = Engine(project, database, processes_of(project), hub.share.leases.id)
            parts.push_async_callback(engine.stop)
            await engine.start()
            address = await parts.enter_async_context(support.served(url, folder))
            made = Stand(database, address, browser, box)
            await _people(database)
            await made.say(Supplier(code="V1", title="Glove works"), Item(code="GLV", title="Gloves", unit="EA"))
            yield made


async def _people(database: Database) -> None:
    """A buyer, somebody who may only look, and what was agreed with the supplier."""
    prices = [{"item": "GLV", "unit": "EA", "tiers": [{"unit_price": "38"}]}]
    agreed = Contract.model_validate(
        {"number": "C-7", "title": "Gloves", "supplier": "V1", "currency": "EUR", "valid_from": "2026-01-01",
         "prices": prices}
    )  # fmt: skip
    async with database.transaction() as connection:
        await terms.keep_contract(connection, agreed, terms.Origin(flow="clm", message_id=new_id()))
        for name, role in (("bea", Role.STEWARD), ("vera", Role.VIEWER)):
            await support.security.create_user(connection, name, support.PASSWORD, role, created_by="test")
        await views.join_team(connection, "bea", "Buyers")


async def test_a_buyer_decides_a_price_mismatch_from_the_desk_and_the_bill_is_posted_in_odoo(stand: Stand) -> None:
    await stand.bill_of("PO-1", "B-1", "41.20")
    task = await stand.waits("B-1")
    async with support.visit(stand.browser, stand.address, "bea") as page:
        await page.goto("/")
        await page.get_by_role("link", name="Exceptions").click()
        await expect(page).to_have_url(re.compile("/desk$"))
        await page.get_by_role("combobox", name="Team").select_option("mine")
        await page.get_by_role("combobox", name="Sorted by").select_option("value")
        await page.get_by_role("searchbox", name="Search").fill("PO-1")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(r"/desk\?q=PO-1&team=mine&sort=value$"))  # can be sent to a colleague
        line = page.get_by_role("table", name="What waits").get_by_role("row").filter(has_text="Bill B-1")
        await expect(line).to_contain_text("494.40 EUR")
        await expect(line).to_contain_text("High")
        await expect(line).to_contain_text("Due soon")  # the clock of the settings: an hour for what is critical
        await expect(line).to_contain_text("billed 12 EA at 41.20, contract price 38.00")
        await expect(page.locator(".answer")).to_contain_text("494.40 EUR at stake")
        await page.locator("h1").click()  # out of the search
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(f"/workflows/tasks/{task}$"))
        beside = page.get_by_role("table", name="Documents side by side")
        for head in ("Order PO-1", "Received", "Bill B-1", "Contract price"):
            await expect(beside.get_by_role("columnheader", name=head)).to_be_visible()
        price = beside.get_by_role("row", name="Line 1, GLV: price for one EA")
        await expect(price.get_by_role("cell")).to_have_text(["38.00", "—", "≠differs: 41.20", "≠differs: 38.00"])
        quantity = beside.get_by_role("row", name="Line 1, GLV: quantity, EA")
        await expect(quantity.get_by_role("cell")).to_have_text(["12", "12", "12", "—"])
        await expect(page.get_by_role("list", name="History")).to_contain_text("Buyers: Bill B-1")
        await expect(page.get_by_text("is in the state exception")).to_be_visible()
        await expect(page.locator(".acts").last.get_by_role("button")).to_have_text(["Accept", "Refuse", "Wait"])
        await expect(page.get_by_text("post it as it is", exact=True)).to_be_visible()
        await page.get_by_label("Comment").fill("the gloves are needed")
        await page.get_by_role("button", name="Accept").click()
        await expect(page.locator(".answer")).to_contain_text("bea decided it")
        await page.go_back()
        await expect(page.get_by_text("Nothing here fits the filters.")).to_be_visible()
    await eventually(
        lambda: [(move["ref"], move["state"]) for move in stand.box.records("account.move")] == [("B-1", "posted")],
        lambda: stand.box.records("account.move"),
    )
    (posted,) = stand.box.records("account.move")
    assert float(posted["amount_untaxed"]) == pytest.approx(494.40)


async def test_who_may_not_decide_sees_the_moves_and_why_not(stand: Stand) -> None:
    await stand.bill_of(LONG, "B-2", "40.00")
    task = await stand.waits("B-2")
    far = "UPDATE process_run SET waits_until = now() + interval '26671 days' WHERE key = %s"
    async with stand.database.transaction() as connection:
        await connection.execute(far, [LONG])
    async with support.visit(stand.browser, stand.address, "vera") as page:
        for path, name in ((f"/desk?q={LONG}", "What waits"), (f"/workflows/runs?q={LONG}", "Runs")):
            await page.goto(path)
            await expect(page.get_by_role("table", name=name)).to_contain_text(LONG)
            wide = await page.evaluate(
                "[...document.querySelectorAll('.table')].map((e) => e.scrollWidth - e.clientWidth)"
            )
            assert max(wide) <= 0, "a long key leaves room for the columns beside it"
        await expect(page.get_by_role("table", name="Runs")).to_contain_text("its time is over in 73 years")
    async with support.visit(stand.browser, stand.address, "vera", narrow=True) as page:
        await page.goto("/desk?q=PO-2&criticality=high&value=480")
        await expect(page.get_by_role("table", name="What waits").get_by_role("row")).to_have_count(2)
        await expect(page.get_by_role("table", name="Teams")).to_contain_text("Buyers")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.goto("/desk?q=PO-2&value=481")
        await expect(page.get_by_text("Nothing here fits the filters.")).to_be_visible()
        await page.goto(f"/workflows/tasks/{task}")
        for move in ("Accept", "Refuse", "Wait"):
            await expect(page.get_by_role("button", name=move)).to_be_disabled()
        await expect(page.get_by_text("needs the role steward or admin.").last).to_be_visible()
        await expect(page.get_by_role("table", name="Documents side by side")).to_contain_text("40")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        answer = await page.request.get("/desk.csv?q=PO-2")
        assert "480.00 EUR" in await answer.text()


async def test_of_master_data_theirs_and_ours_are_side_by_side_with_the_answers(stand: Stand) -> None:
    changed, arrived = await stand.say(Supplier(code="V8", title="Meier AG"), Supplier(code="V9", title="Rosi"))
    decision = Decision(field="title", verdict=Verdict.HELD, rule=ownership.Rule(owner="SRM"), other="SRM")
    noted = Noted(message_id=changed, flow="procurement.papers", object="hilum.supplier", key="V8", system="ERP",
                  decision=decision, values={"old": "Meyer GmbH", "new": "Meier AG"})  # fmt: skip
    matcher = Matcher(KINDS["supplier"])
    ours = Record(system="ODOO", identifier="83", values={"name": "Rossi Textil Vertrieb", "city": "Kassel"})
    theirs = Record(system="ERP", identifier="4711", values={"name": "Rosi Textil Vertrieb", "city": "Kassel"})
    async with stand.database.transaction() as connection:
        await sync.note(connection, [noted])
        await known.learn(connection, matcher, [ours], actor="bea", reason="start", encrypted=False)
        things = await known.near(connection, await sync.secret_key(connection), matcher, theirs)
        found = weigh(matcher, theirs, things, set()).candidates
        number = await asking.ask(connection, matcher, theirs, found, flow="procurement.papers")
    undecided = await stand.case(changed, Finding(category="undecided", title="A steward decides", words="ERP, SRM"))
    cause = ARRIVAL.format(number=number)
    ambiguous = await stand.case(arrived, Finding(category="ambiguous", title="Known?", words="like 83", cause=cause))
    async with support.visit(stand.browser, stand.address, "bea") as page:
        await page.goto("/exceptions?category=undecided")
        await expect(page.get_by_role("table", name="Open cases")).to_contain_text("ERP, SRM")
        await page.goto("/desk?category=undecided")
        await expect(page.get_by_role("table", name="What waits")).to_contain_text("ERP, SRM")
        await page.get_by_role("table", name="What waits").get_by_role("link", name="A steward decides").click()
        beside = page.get_by_role("table", name="Documents side by side")
        await expect(beside.get_by_role("columnheader")).to_have_text(["What", "Theirs: ERP", "Ours: in force, of SRM"])
        title = beside.get_by_role("row", name="title (owner: SRM)")
        await expect(title.get_by_role("cell")).to_have_text(["≠differs: Meier AG", "≠differs: Meyer GmbH"])
        await expect(page.get_by_role("button", name="Let it through…")).to_be_enabled()
        assert page.url.endswith(f"/exceptions/{undecided}")
        await page.goto(f"/exceptions/{ambiguous}")
        await expect(page.get_by_role("table", name=f"Arrival {number}")).to_contain_text("Rossi Textil Vertrieb")
        await expect(page.get_by_role("button", name="It is new…")).to_be_enabled()
    async with support.visit(stand.browser, stand.address, "vera") as page:
        await page.goto(f"/exceptions/{undecided}")
        await expect(page.get_by_role("button", name="Let it through…")).to_be_disabled()
        await expect(page.get_by_text("needs the role steward or admin.").first).to_be_visible()
