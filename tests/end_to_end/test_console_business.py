"""The pages of indicators in a browser: figures, charts, whom they are of, down to the documents and their CSV file."""

from __future__ import annotations

import csv
import io
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import console_support as support
import pytest
from console_stand import Stand
from playwright.async_api import expect

from hilum import facts
from hilum.observe.indicators import Calendar, count
from support.business_history import DAYS, FIRST, ZONE, History
from support.looks import rows

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.req("OBS-2")]

SHOTS = os.environ.get("HILUM_SHOTS", "")
"""A folder in which pictures of the pages are kept, for who wants to look at them."""


def moved_to_now(history: History) -> History:
    """The same, so that its last day was yesterday."""
    by = datetime.now(UTC).date() - FIRST - timedelta(days=DAYS)
    for row in (row for rows_ in history.rows.values() for row in rows_):
        row["at"] += by
        if "since" in row:
            row["since"] += by
    return history


async def test_a_figure_leads_to_whom_it_is_of_and_to_its_documents(stand: Stand, tmp_path: Path) -> None:
    history = moved_to_now(History.of(21, size=80))
    async with stand.scene.database.transaction() as connection:
        await facts.note(connection, history.facts())
    await count(stand.scene.database, Calendar(zone=ZONE))
    bills = history.rows["bill"]
    matched = sum(row["outcome"] == "matched" for row in bills)
    async with support.visit(stand.browser, stand.address, "vera") as page:
        await page.goto("/business")
        table = page.get_by_role("table", name="Indicators")
        line = table.get_by_role("row").filter(has_text="Match rate")
        await expect(line).to_contain_text(f"{100 * matched / len(bills):.1f} %")
        await expect(line).to_contain_text(f"{matched} of {len(bills)}")
        await expect(line.get_by_role("img")).to_be_visible()
        if SHOTS:
            await page.screenshot(path=f"{SHOTS}/business.png", full_page=True)
        await line.get_by_role("link", name="Match rate").click()
        await expect(page.get_by_role("heading", name="Match rate", level=1)).to_be_visible()
        await expect(page.get_by_role("table", name="Definition")).to_contain_text("nobody had to decide")
        if SHOTS:
            await page.screenshot(path=f"{SHOTS}/indicator.png", full_page=True)
        await page.get_by_role("table", name="By supplier").get_by_role("link", name="V2").click()
        mine = [row for row in bills if row["supplier"] == "V2"]
        shown = page.get_by_role("table", name="Documents").locator("tbody tr")
        await expect(shown).to_have_count(len(mine))
        numbers = {row["number"] for row in mine}
        assert {await shown.nth(at).locator("td").nth(1).inner_text() for at in range(len(mine))} == numbers
        async with page.expect_download() as downloading:
            await page.get_by_role("link", name="CSV file").click()
        file = tmp_path / "figure.csv"
        await (await downloading.value).save_as(file)
        read = list(csv.DictReader(io.StringIO(file.read_text())))
        assert {each["document"] for each in read} == numbers
        assert sum(Decimal(each["numerator"]) for each in read) == sum(row["outcome"] == "matched" for row in mine)
        await page.goto("/business/off-contract-spend?currency=EUR&facility=NORTH")
        north = [r for r in history.rows["order"] if (r["facility"], r["currency"]) == ("NORTH", "EUR")]
        spent = sum(sum(row["amounts"]) for row in north if not row["cancelled"])
        await expect(page.locator(".answer")).to_contain_text(f"of {spent:,.2f} EUR".replace(",", "\u2009"))
        await page.goto("/business/pills")
        await expect(page.get_by_role("heading", name="Business", level=1)).to_be_visible()
    exported = "SELECT words FROM audit WHERE action = 'export' AND actor = 'vera'"
    assert await rows(stand.scene.database, exported) == [(f"{len(mine)} match-rate",)]


async def test_the_pages_of_indicators_fit_a_telephone(stand: Stand) -> None:
    async with support.visit(stand.browser, stand.address, "vera", narrow=True) as page:
        for path in ("/business", "/business/off-contract-spend", "/business/onboarding-time"):
            await page.goto(path)
            await page.get_by_role("heading", level=1).wait_for()
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390, path
