"""Reconciliation in the console: do the systems agree, what differs, since when, and the file of it."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import console_support as support
import pytest
import pytest_asyncio
from openpyxl import load_workbook
from playwright.async_api import Browser, Page, expect

from hilum.flow import load_project
from hilum.postgres import Database
from hilum.reconcile import comparisons_of, run
from hilum.security import Role
from support.servers import Databases

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.req("REC-1", "UX-1")]

SHOTS = os.environ.get("HILUM_SHOTS", "")
"""A folder in which pictures of the pages are kept."""

DECLARED = """
from decimal import Decimal

from hilum.canonical import Money
from hilum.flow import Owners
from hilum.reconcile import Comparison, Field, Row, Rows

PRICES = {"here": {"4711": "1240", "4712": "5", "4713": "1"}, "there": {"4711": "1204", "4713": "1", "<b>9": "3"}}


def side(name, called):
    def rows():
        for number, price in PRICES[name].items():
            amount = Money(amount=Decimal(price), currency="EUR")
            yield Row(key=number, title=f"Bill {number} of supplier V1", values={"amount": amount})

    return Rows(rows, called=called)


bills = Comparison(
    "ledger.bills", summary="The bills of the hub are in the ledger", case_after=1,
    owners=Owners(business="Payables", technical="Integration"),
    here=side("here", "the hub"), there=side("there", "Odoo"), fields=[Field("amount", summed=True)],
)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stand(
    browser: Browser, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, Browser]]:
    """The console's address, and a browser; one comparison has run once."""
    folder: Path = tmp_path_factory.mktemp("reconciliation") / "project"
    with databases.migrated() as url:
        async with support.scene(url, folder) as scene:
            (scene.project / "flows" / "compared.py").write_text(DECLARED)
            await scene.user("vera", Role.VIEWER)
            await scene.user("stan", Role.STEWARD)
            project = load_project(scene.project)
            database = Database(url, hot=1, cold=3)
            await database.open()
            done = await run(database, project, comparisons_of(project)[0])
            await database.close()
            assert (done.state, done.differences) == ("done", 3)
            async with support.served(url, scene.project) as address:
                yield address, browser


async def test_what_differs_is_seen_filtered_and_taken_as_a_file(stand: tuple[str, Browser], tmp_path: Path) -> None:
    address, browser = stand
    async with support.visit(browser, address, "vera") as page:
        await page.goto("/reconciliation")
        await expect(page.locator(".answer")).to_contain_text("3 things differ in 1 comparison")
        line = page.get_by_role("table", name="Comparisons").get_by_role("row").filter(has_text="ledger.bills")
        for told in ("1 missing in Odoo, 1 only in Odoo, 1 different; 1 agree", "by hand", "Payables"):
            await expect(line).to_contain_text(told)
        await line.get_by_role("link", name="ledger.bills").click()
        await expect(page.get_by_role("table", name="Sums")).to_contain_text("1\u2009246.00")
        table = page.get_by_role("table", name="Differences")
        apart = table.get_by_role("row").filter(has_text="Bill 4711")
        for told in ("Different", "1\u2009240.00 EUR", "1\u2009204.00 EUR"):
            await expect(apart).to_contain_text(told)
        await expect(table.get_by_role("row").filter(has_text="Bill <b>9")).to_contain_text("Extra")
        await page.get_by_label("What").select_option(label="Missing")
        await expect(table.locator("tbody tr")).to_have_count(1)
        async with page.expect_download() as downloading:
            await page.get_by_role("link", name="CSV file").click()
        file = tmp_path / "differences.csv"
        await (await downloading.value).save_as(file)
        (read,) = csv.DictReader(io.StringIO(file.read_text()))
        assert (read["key"], read["kind"], read["there"]) == ("4712", "missing", "—")
        await page.goto("/exceptions")
        cases = page.get_by_role("table", name="Open cases")
        await cases.get_by_role("link", name="Bill 4711 of supplier V1: the hub and Odoo differ").click()
        said = "amount 1\u2009240.00 EUR in the hub, 1\u2009204.00 EUR in Odoo"
        await expect(page.locator(".answer")).to_contain_text(said)
        await page.get_by_role("link", name="ledger.bills").click()
        await expect(page.get_by_role("heading", name="ledger.bills", level=1)).to_be_visible()
        await page.goto("/reconciliation/pills")
        await expect(page.get_by_role("heading", name="Reconciliation", level=1)).to_be_visible()


async def shot(page: Page, name: str) -> None:
    """Pictures, for who wants to look at them: light, dark, narrow."""
    if not SHOTS:
        return
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 400)):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await page.set_viewport_size({"width": width, "height": 900})
        await page.screenshot(path=f"{SHOTS}/{name}-{scheme}-{width}.png", full_page=True)
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 1280, "height": 900})


async def reasoned(page: Page, reason: str, do: str) -> None:
    await page.get_by_label("Reason").fill(reason)
    await page.get_by_role("dialog").get_by_role("button", name=do, exact=True).click()


@pytest.mark.long
@pytest.mark.req("REC-3")
async def test_a_steward_asks_for_a_run_and_accepts_what_differs(stand: tuple[str, Browser], tmp_path: Path) -> None:
    address, browser = stand
    async with support.visit(browser, address, "vera") as page:
        await page.goto("/reconciliation/ledger.bills")
        await expect(page.get_by_role("button", name="Run now…")).to_be_disabled()
        async with page.expect_download() as downloading:
            await page.get_by_role("link", name="XLSX file").click()
        book = tmp_path / "differences.xlsx"
        await (await downloading.value).save_as(book)
        sheet = load_workbook(book).active
        assert sheet is not None
        assert sheet.max_row == 4
        await page.get_by_role("link", name="Bill 4711 of supplier V1").click()
        await expect(page.get_by_role("button", name="Accept…")).to_be_disabled()
    async with support.visit(browser, address, "stan") as page:
        await page.goto("/reconciliation/ledger.bills")
        await shot(page, "comparison")
        await page.get_by_role("button", name="Run now…").click()
        await reasoned(page, "month end", "Compare")
        await expect(page.locator("body")).to_contain_text("stan has asked for a run")
        await expect(page.get_by_role("button", name="Run now…")).to_be_disabled()
        await page.get_by_role("link", name="Bill 4711 of supplier V1").click()
        table = page.get_by_role("table", name="Both sides")
        for told in ("1\u2009240.00 EUR", "1\u2009204.00 EUR", "differs"):
            await expect(table).to_contain_text(told)
        await expect(page.get_by_role("button", name="Send again…")).to_be_disabled()
        await shot(page, "difference")
        await page.goto("/reconciliation/ledger.bills?kind=extra")
        await page.get_by_role("link", name="Bill <b>9 of supplier V1").click()
        await page.get_by_role("button", name="Odoo is right…").click()
        await reasoned(page, "the supplier has corrected it", "Accept")
        await expect(page.locator(".answer")).to_contain_text("stan accepted it (the other side is right)")
        await expect(page.get_by_role("button", name="Take back…")).to_be_enabled()
        await page.goto("/reconciliation")
        await expect(page.locator(".answer")).to_contain_text("3 things differ in 1 comparison, 1 of them accepted")
        await page.goto("/exceptions")
        cases = page.get_by_role("table", name="Open cases")
        await expect(cases).not_to_contain_text("Bill <b>9")
        await cases.get_by_role("link", name="Bill 4712 of supplier V1: the hub and Odoo differ").click()
        await expect(page.get_by_role("table", name="Both sides")).to_contain_text("Is there")
        await shot(page, "difference-case")
        await page.get_by_role("button", name="Accept…").click()
        await reasoned(page, "it is known", "Accept")
        await expect(page.locator(".answer")).to_contain_text("Closed")
