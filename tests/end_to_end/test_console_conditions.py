"""What will make messages fail is on the pages Exceptions and Operations before one does; its case can be closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import console_support as support
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from hilum import cases
from hilum.connector import Condition, Effort, Misfit
from hilum.flow import load_project
from hilum.journal import efforts
from hilum.postgres import Database
from hilum.security import Role
from support.servers import Databases

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRIFT = Condition(
    category="endpoint.drift",
    subject="res.partner",
    title="Odoo's res.partner is not as the flows need it",
    misfits=(Misfit(what="res.partner.mobile", expected="char", found="not there", words="It has no field mobile."),),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stand(
    browser: Browser, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, str, Browser]]:
    """The database's and the console's address, and a browser; one condition is open."""
    folder: Path = tmp_path_factory.mktemp("conditions") / "project"
    with databases.migrated() as url:
        async with (
            support.scene(url, folder) as scene,
            support.served(url, scene.project) as address,
        ):
            for name, role in (("vera", Role.VIEWER), ("omar", Role.OPERATOR)):
                await scene.user(name, role)
            project = load_project(scene.project)
            flow, (place, *_) = project.flows["purchasing.orders"], sorted(project.destinations)
            database = Database(url, hot=1, cold=1)
            await database.open()
            async with database.transaction() as connection:
                await cases.settle(connection, "odoo.main", [DRIFT], {"supplier": [flow]})
                await efforts.add(connection, place, Effort(calls=30, records=360, alone=400, seconds=9.0))
            await database.close()
            yield url, address, browser


@pytest.mark.req("NEW-2")
async def test_calls_made_records_a_call_and_calls_saved_are_shown(stand: tuple[str, str, Browser]) -> None:
    _, address, browser = stand
    async with support.visit(browser, address, "vera") as page:
        await page.goto("/operations")
        table = page.get_by_role("table", name="Destinations")
        await expect(table).to_contain_text("30 calls, 12.0 records each, 370 calls saved")


@pytest.mark.req("NEW-9")
@pytest.mark.req("UX-1")
async def test_a_drift_is_found_read_taken_and_closed(stand: tuple[str, str, Browser]) -> None:
    _, address, browser = stand
    async with support.visit(browser, address, "omar") as page:
        await page.goto("/operations")
        unfit = page.get_by_role("table", name="What does not fit").get_by_role("row", name="res.partner.mobile")
        for told in ("odoo.main", "char", "not there", "purchasing.orders", "Integration"):
            await expect(unfit).to_contain_text(told)
        await page.goto("/exceptions?flow=purchasing.orders")
        row = page.get_by_role("table", name="Open cases").get_by_role("row", name=DRIFT.title)
        await expect(row).to_contain_text("odoo.main")
        await expect(row.get_by_role("checkbox")).to_have_count(0)  # there is nothing to replay or discard
        await row.get_by_role("link", name=DRIFT.title).click()
        await expect(page.locator(".answer")).to_contain_text("odoo.main: It has no field mobile.")
        await expect(page.get_by_role("row", name="res.partner.mobile")).to_contain_text("not there")
        await page.get_by_role("button", name="Take it").click()
        await expect(page.locator(".answer")).to_contain_text("Waits for omar")
        await page.get_by_role("button", name="Close…").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Reason").fill("the flow goes on Friday")
        await dialog.get_by_role("button", name="Close", exact=True).click()
        await expect(page.locator(".answer")).to_contain_text("omar closed it")
        await expect(page.locator(".answer")).to_contain_text("stays closed until something more is wrong")
        await page.goto("/operations")
        await page.get_by_role("heading", name="Destinations").wait_for()
        await expect(page.get_by_role("table", name="What does not fit")).to_have_count(0)
