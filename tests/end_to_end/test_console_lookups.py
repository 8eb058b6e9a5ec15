"""A steward keeps lookup tables in the console: adds what is missing, releases what waits, sets a row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path
from uuid import uuid4

import console_support as support
import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, expect

from hilum.flow.tables import read_csv
from hilum.masterdata import lookups
from hilum.security import Role
from support.servers import Databases

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.req("MOD-4")]

FLOW = "supply.consumption"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stand(
    browser: Browser, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[support.Scene, str, Browser]]:
    folder: Path = tmp_path_factory.mktemp("lookups") / "project"
    with databases.migrated() as url:
        async with (
            support.scene(url, folder) as scene,
            support.served(url, scene.project) as address,
        ):
            for name, role in {"omar": Role.OPERATOR, "stella": Role.STEWARD}.items():
                await scene.user(name, role)
            text = (folder / "lookups" / "items.csv").read_text(encoding="utf-8")
            async with scene.database.transaction() as connection:
                change = lookups.Change(actor="test", reason="stewards keep it")
                await lookups.import_table(connection, "items", read_csv(StringIO(text), "items"), change)
            yield scene, address, browser


async def test_what_is_missing_is_added_and_releases_all_that_wait(stand: tuple[support.Scene, str, Browser]) -> None:
    scene, address, browser = stand
    held = []
    for account in ("A1", "A2"):
        body = support.charge(account, f"CTRL-{uuid4().hex[:8]}", item="NEW-77")
        held.append(await scene.receive(FLOW, account, body))
    for message in held:
        await scene.settle(message, "held")
    async with support.visit(browser, address, "omar") as page:
        await page.goto("/master/lookups")
        missing = page.get_by_role("table", name="Missing codes").get_by_role("row", name="NEW-77")
        await expect(missing).to_contain_text("items")
        await page.goto("/exceptions")
        await page.get_by_role("table", name="Like cases").get_by_role("link", name="NEW-77").click()
        await expect(page.get_by_role("button", name="Add 'NEW-77' and release these…")).to_be_disabled()
    async with support.visit(browser, address, "stella") as page:
        await page.goto("/exceptions")
        await page.get_by_role("table", name="Like cases").get_by_role("link", name="NEW-77").click()
        await page.get_by_role("button", name="Add 'NEW-77' and release these…").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("2 messages wait for it")
        await dialog.get_by_label("item").fill("MESH-77")
        await dialog.get_by_label("Reason").fill("new item of the catalogue")
        await dialog.get_by_role("button", name="Add and release", exact=True).click()
        await expect(page.get_by_text("2 messages released")).to_be_visible()
    for message in held:
        await scene.settle(message, "completed")


@pytest.mark.long
async def test_a_row_is_set_and_its_history_is_shown(stand: tuple[support.Scene, str, Browser]) -> None:
    _, address, browser = stand
    async with support.visit(browser, address, "stella") as page:
        await page.goto("/master/lookups")
        await page.get_by_role("table", name="Lookup tables").get_by_role("link", name="items").click()
        await page.get_by_role("textbox", name="code").fill("GLV-M")
        await page.get_by_role("textbox", name="item").fill("GLOVE-M2")
        await page.get_by_role("textbox", name="Reason").fill("another size")
        await page.get_by_role("button", name="Set", exact=True).click()
        await expect(page.get_by_text("'GLV-M' is set")).to_be_visible()
        await expect(page.get_by_role("table", name="Rows")).to_contain_text("GLOVE-M2")
        history = page.get_by_role("table", name="History").get_by_role("row", name="another size")
        await expect(history).to_contain_text("stella")


async def test_a_file_is_imported_when_it_was_seen_what_changes(stand: tuple[support.Scene, str, Browser]) -> None:
    _, address, browser = stand
    text = "code;item;valid_from\nGLV-M;GLOVE-XL;2030-01-01\nMESH-1;MESH-15;\n"
    upload: FilePayload = {"name": "items.csv", "mimeType": "text/csv", "buffer": text.encode()}
    async with support.visit(browser, address, "omar") as page:
        await page.goto("/master/lookups/items")
        await expect(page.get_by_role("button", name="Show what changes…")).to_be_disabled()
    async with support.visit(browser, address, "stella") as page:
        await page.goto("/master/lookups/items")
        await page.get_by_label("CSV file").set_input_files({**upload, "buffer": b"code;item\nA;M\xfcll\n"})
        await page.get_by_role("button", name="Show what changes…").click()
        await expect(page.get_by_text("it is not in UTF-8")).to_be_visible()
        await page.get_by_label("CSV file").set_input_files(upload)
        await page.get_by_role("button", name="Show what changes…").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("1 added, 1 changed, none ended")
        await expect(dialog.get_by_role("row", name="GLV-M")).to_contain_text("GLOVE-XL (from 2030-01-01)")
        await expect(dialog.get_by_role("row", name="MESH-1")).to_contain_text("nothing")
        await dialog.get_by_label("Reason").fill("catalogue of 2030")
        await dialog.get_by_role("button", name="Import 2 changes").click()
        await expect(page.get_by_text("Imported: 1 added, 1 changed")).to_be_visible()
        await expect(page.get_by_role("table", name="Rows")).to_contain_text("2030-01-01")
        history = page.get_by_role("table", name="History").get_by_role("row", name="catalogue of 2030")
        await expect(history.first).to_contain_text("stella")
