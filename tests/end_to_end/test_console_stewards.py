"""What stewards do in the console: answer a match, approve and publish a change set, look at the quality of data."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import console_support as support
import pytest
import pytest_asyncio
from openpyxl import load_workbook
from playwright.async_api import Browser, FilePayload, Page, expect

from hilum.masterdata import crosswalk, matching, onboarding, ownership, publishing, sync
from hilum.masterdata.matching import KINDS, Matcher, Record, asking, known, weigh
from hilum.masterdata.quality import Meter, Rule
from hilum.masterdata.sync import Decision, Noted, Verdict
from hilum.message import new_id
from hilum.postgres import Database
from hilum.security import Role
from support.looks import rows
from support.servers import Databases

pytestmark = pytest.mark.asyncio(loop_scope="session")

Stand = tuple[Database, str, Browser]

OWNERSHIP = """[systems]
ERP = []
SRM = []
[[owned]]
object = "hilum.supplier"
owner = "SRM"
others = "ignore"
[[owned]]
object = "hilum.supplier"
fields = ["phone"]
owner = "ERP"
others = "accept_if_empty"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stand(
    browser: Browser, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stand]:
    folder: Path = tmp_path_factory.mktemp("stewards") / "project"
    with databases.migrated() as url:
        async with (
            support.scene(url, folder) as scene,
            support.served(url, scene.project) as address,
        ):
            (scene.project / "ownership.toml").write_text(OWNERSHIP)
            for name, role in (("vera", Role.VIEWER), ("stella", Role.STEWARD), ("stan", Role.STEWARD)):
                await scene.user(name, role)
            yield scene.database, address, browser


async def act(page: Page, button: str, do: str) -> None:
    """Press a button and answer its dialog."""
    await page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("looked into it")
    await dialog.get_by_role("button", name=do, exact=True).click()
    await dialog.wait_for(state="hidden")


@pytest.mark.req("MD-3")
async def test_two_patients_side_by_side_are_masked_and_told_apart(stand: Stand) -> None:
    database, address, browser = stand
    anna = {"family_name": "Novak", "given_name": "Annalena", "birth_date": "2020-02-02", "postal_code": "20095"}
    records = [
        Record(system="EHR", identifier="P1", values=anna | {"phone": "+49 40 1234567"}),
        Record(system="LAB", identifier="P2", values=anna | {"given_name": "Anna-Lena", "phone": "+49 40 1234567"}),
    ]
    matcher = Matcher(KINDS["patient_account"])
    async with database.transaction() as connection:
        pairs = list(matcher.between(records[:1], records[1:]))
        filed = await matching.file(connection, matcher, pairs, actor="stan", reason="merger")
    assert filed.asked == 1
    async with support.visit(browser, address, "vera") as page:
        await page.goto("/master/matches")
        await expect(page.get_by_text("•••").first).to_be_visible()
        await expect(page.get_by_role("button", name="The same…")).to_be_disabled()
    async with support.visit(browser, address, "stella") as page:
        await page.goto("/master/matches")
        assert "Novak" not in await page.content()
        await act(page, "Show the values…", "Show")
        await expect(page.get_by_text("Anna-Lena")).to_be_visible()
        await act(page, "Different…", "Decide")
        await expect(page.get_by_text("Nothing waits for an answer.")).to_be_visible()


@pytest.mark.req("MD-3")
async def test_an_arrival_is_answered_beside_what_it_may_be(stand: Stand) -> None:
    database, address, browser = stand
    matcher = Matcher(KINDS["supplier"])
    rossi = Record(system="ODOO", identifier="83", values={"name": "Rossi Textil Vertrieb", "city": "Kassel"})
    arrived = Record(system="ERP", identifier="4711", values={"name": "Rosi Textil Vertrieb", "city": "Kassel"})
    async with database.transaction() as connection:
        await known.learn(connection, matcher, [rossi], actor="stan", reason="start", encrypted=False)
        things = await known.near(connection, await sync.secret_key(connection), matcher, arrived)
        found = weigh(matcher, arrived, things, set()).candidates
        number = await asking.ask(connection, matcher, arrived, found, flow="suppliers")
    name = f"supplier-{found[0].golden}"
    async with support.visit(browser, address, "vera") as page:
        await page.goto("/master/matches?object=supplier")
        await expect(page.get_by_role("button", name=f"The same as {name}…")).to_be_disabled()
    async with support.visit(browser, address, "stella") as page:
        await page.goto("/master/matches?object=supplier")
        beside = page.get_by_role("table", name=f"Arrival {number}")
        await expect(beside).to_contain_text("Rosi Textil Vertrieb")
        await expect(beside).to_contain_text("Rossi Textil Vertrieb")
        await act(page, f"The same as {name}…", "Decide")
        await expect(page.get_by_role("table", name="Answered")).to_contain_text("stella")
    async with database.cold() as connection:
        thing = await crosswalk.thing(connection, found[0].golden)
    assert thing is not None
    assert {each.identifier for each in thing.identifiers} == {"83", "4711"}


@pytest.mark.req("MD-4")
async def test_a_change_set_is_published_after_another_person_approved_it(stand: Stand) -> None:
    database, address, browser = stand
    async with database.transaction() as connection:
        content = {"GLV-01": {"code": "GLV-01", "title": "Glove M"}}
        number = await publishing.draft(connection, "items", "spring", content, author="stella")
    async with support.visit(browser, address, "stella") as page:
        await page.goto(f"/master/published/{number}")
        await expect(page.get_by_role("cell", name="Glove M")).to_be_visible()
        await act(page, "Submit for review…", "Submit for review")
        await expect(page.get_by_role("button", name="Approve…")).to_be_disabled()
    async with support.visit(browser, address, "stan") as page:
        await page.goto("/master/published")
        await page.get_by_role("link", name=str(number), exact=True).first.click()
        await act(page, "Approve…", "Approve")
        await act(page, "Publish…", "Publish")
        await expect(page.get_by_text("It is version 1.")).to_be_visible()


@pytest.mark.req("MD-8")
async def test_a_facility_is_taken_in_from_a_workbook_and_goes_back(stand: Stand) -> None:
    _, address, browser = stand
    wrong = workbook([["purchasing.orders", 2], ["no.such.flow", ""]])
    right = workbook([["purchasing.orders", 2]])
    async with support.visit(browser, address, "vera") as page:
        await page.goto("/master/onboarding")
        await expect(page.get_by_role("button", name="Check it")).to_be_disabled()
        answer = await page.request.post("/master/onboarding/files", multipart={"kind": "facility", "file": right})
        assert answer.status == 403
    async with support.visit(browser, address, "stella") as page:
        for each, told in (
            (wrong, "1 problem in 1 row"),
            (right, "South Hospital (SOUTH) can be taken in, in 2 phases"),
        ):
            await page.goto("/master/onboarding")
            await page.get_by_label("Workbook (XLSX)").set_input_files([each])
            await page.get_by_role("button", name="Check it").click()
            await expect(page.locator(".answer")).to_contain_text(told)
            if each is wrong:
                found = page.get_by_role("table", name="Problems").get_by_role("row").nth(1)
                await expect(found).to_contain_text("Flows3flowThere is no such flow.")
        await expect(page.get_by_role("table", name="Phase 1")).to_contain_text("linked to a new thing")
        await act(page, "Take it in…", "Take it in")
        await page.get_by_role("link", name="SOUTH").click()
        await act(page, "Begin phase 1…", "Begin phase 1")
        await expect(page.locator(".answer")).to_contain_text("Phase 1 of 2 has begun; phase 2 is next.")
        await expect(page.get_by_role("table", name="Phase 2")).to_contain_text("Waits")
        await act(page, "Undo phase 1…", "Undo phase 1")
        await expect(page.locator(".answer")).to_contain_text("No phase has begun; phase 1 is next.")


def workbook(flows: list[list[object]]) -> FilePayload:
    """A filled-in workbook of a facility, with these flows."""
    empty, filled = io.BytesIO(), io.BytesIO()
    onboarding.write_template("facility", empty)
    book = load_workbook(empty)
    book["Facility"].append(["SOUTH", "South Hospital"])
    book["Crosswalk"].append(["item", "SOUTH", "77-A", "", "", 1])
    for row in flows:
        book["Flows"].append(row)
    book.save(filled)
    return {"name": "south.xlsx", "mimeType": "application/octet-stream", "buffer": filled.getvalue()}


@pytest.mark.req("MD-1")
async def test_the_ownership_matrix_is_shown_as_it_is_written(stand: Stand) -> None:
    _, address, browser = stand
    async with support.visit(browser, address, "vera") as page:
        await page.goto("/master/ownership")
        matrix = page.get_by_role("table", name="Ownership matrix")
        for cells in (
            "supplierphoneallERPtaken where nothing is in force yet, else left outline 8",
            "supplierall other fieldsallSRMleft out: the rest of the message goes online 4",
        ):
            await expect(matrix).to_contain_text(cells)


@pytest.mark.req("MD-1")
async def test_what_a_refused_change_said_is_shown_with_a_reason_and_audited(stand: Stand) -> None:
    database, address, browser = stand
    decision = Decision(field="title", verdict=Verdict.REFUSED, rule=ownership.Rule(owner="SRM"), other="SRM")
    noted = Noted(message_id=new_id(), flow="purchasing.orders", object="hilum.supplier", key="S-1", system="ERP",
                  decision=decision, values={"old": "Meyer GmbH", "new": "Meier AG"})  # fmt: skip
    async with database.transaction() as connection:
        await sync.note(connection, [noted])
    async with support.visit(browser, address, "vera") as page:
        await page.goto("/master/ownership")
        await expect(page.get_by_role("table", name="Refused changes")).to_contain_text("S-1")
        await expect(page.get_by_role("button", name="Show the values…")).to_be_disabled()
    async with support.visit(browser, address, "stella") as page:
        await page.goto("/master/ownership")
        await expect(page.get_by_role("table", name="Refused changes")).not_to_contain_text("Meier AG")
        await act(page, "Show the values…", "Show")
        await expect(page.get_by_role("table", name="Refused changes")).to_contain_text("Meyer GmbHMeier AG")
    seen = "SELECT actor, words FROM audit WHERE message_id = %s AND action = 'view_payload'"
    assert await rows(database, seen, [noted.message_id]) == [("stella", "looked into it")]


@pytest.mark.req("MD-7")
async def test_the_quality_of_data_is_drawn_and_listed(stand: Stand) -> None:
    database, address, browser = stand
    meter = Meter({"item": [Rule(object="item", field="barcode", check="gtin")]})
    meter.note("erp.items", "hilum.item", "B-17", {"barcode": "4006381333932", "facility": "NORTH"})
    meter.note("erp.items", "hilum.item", "B-18", {"barcode": "4006381333932"}, facility="SOUTH")
    await meter.flush(database)
    async with support.visit(browser, address, "vera") as page:
        await page.goto("/master/quality")
        await expect(page.get_by_text("2 records to be put right.")).to_be_visible()
        await expect(page.get_by_role("table", name="By day and facility")).to_contain_text("NORTH")
        await page.get_by_role("table", name="Scores", exact=True).get_by_role("link", name="SOUTH").click()
        await expect(page.get_by_text("1 record to be put right.")).to_be_visible()
        await expect(page.get_by_role("table", name="Work list")).to_contain_text("B-18")
        await expect(page.get_by_role("table", name="Work list")).not_to_contain_text("B-17")
        await page.get_by_role("link", name="facility SOUTH: show all").click()
        await expect(page.get_by_text("2 records to be put right.")).to_be_visible()
