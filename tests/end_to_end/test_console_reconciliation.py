"""Reconciliation in the console: do the systems agree, what differs, since when, and the file of it."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import console_support as support
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from hilum.flow import load_project
from hilum.postgres import Database
from hilum.reconcile import comparisons_of, run
from hilum.security import Role
from support.servers import Databases

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.req("REC-1", "UX-1")]

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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stand(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, Browser]]:
    """The console's address, and a browser; one comparison has run once."""
    folder: Path = tmp_path_factory.mktemp("reconciliation") / "project"
    with databases.migrated() as url:
        async with support.browser() as browser, support.scene(url, folder) as scene:
            (scene.project / "flows" / "compared.py").write_text(DECLARED)
            await scene.user("vera", Role.VIEWER)
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
