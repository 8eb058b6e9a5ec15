"""Workflows in the console: a task is taken and decided, its run goes on before one's eyes, a held one is a case."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import console_support as support
import pytest
import pytest_asyncio
from console_stand import give_reason
from playwright.async_api import Browser, Page, expect

from hilum.flow import load_project
from hilum.message import new_id
from hilum.processes import engine, processes_of, store
from hilum.security import Role
from support.servers import Databases

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.req("UX-1"), pytest.mark.req("WF-2")]

PROCESS = """
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from hilum.flow import Owners
from hilum.processes import Process, Run, States, Task

class Requisition(BaseModel):
    number: str

class Acknowledged(BaseModel):
    number: str

class Approval(BaseModel):
    approved: bool
    boxes: int = Field(ge=1, description="As many as the contract allows")
    route: Literal["normal", "urgent"] = "normal"
    comment: str = ""

order = Process(
    "procurement.order", version="1.0", summary="An order", forms=[Approval],
    owners=Owners(business="Purchasing", technical="Integration"),
    states=States("order", {
        "requisition": ("approved", "refused", "ordered"), "approved": ("ordered", "requisition"),
        "ordered": ("acknowledged", "cancelled"), "acknowledged": (), "refused": (), "cancelled": (),
    }),
)
order.starts_on(Requisition, key=lambda requisition: requisition.number)
order.hears(Acknowledged, key=lambda acknowledged: acknowledged.number)

@order.run
async def follow(run: Run, requisition: Requisition) -> str:
    async def stock() -> bool:
        return Path(MENDED).read_text() == "yes"

    if requisition.number.startswith("DEFECT"):
        await run.step("stock", stock)
        return "mended"
    answer, by = await run.asked(
        Task("Approve the requisition", Approval, team="Purchasing", words="12 boxes of gloves", not_by=["stan"])
    )
    await run.move("approved")
    await run.send("orders", requisition)
    await run.move("ordered")
    await run.wait(Acknowledged, within="P5D")
    await run.move("acknowledged")
    return f"approved by {by}, {answer.route}"
"""


@dataclass
class Stand:
    """A console and an engine over one database."""

    scene: support.Scene
    address: str
    browser: Browser

    async def told(self, key: str, topic: str = "Requisition") -> None:
        """Something comes for a process."""
        item = store.NewItem(process="procurement.order", key=key, kind=store.EVENT, topic=topic,
                             content={"number": key}, message_id=new_id())  # fmt: skip
        async with self.scene.database.transaction() as connection:
            await store.put(connection, item)

    async def run(self, key: str) -> UUID:
        """Its run, when it is there and waits."""

        async def waits() -> bool:
            async with self.scene.database.cold() as connection:
                found = await store.run_of(connection, "procurement.order", key)
            return found is not None and bool(found.waits_for)

        await support.until(waits, f"a run of {key} waits")
        async with self.scene.database.cold() as connection:
            found = await store.run_of(connection, "procurement.order", key)
        assert found is not None
        return found.id

    async def cases(self, category: str) -> object:
        """How many cases of this category are open."""
        return await self.scene.value(
            "SELECT count(*) FROM exception_case WHERE closed_at IS NULL AND category = %s", category
        )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stand(
    browser: Browser, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stand]:
    folder: Path = tmp_path_factory.mktemp("workflows") / "project"
    with databases.migrated() as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_TELL", 0.2)
        async with support.scene(url, folder) as scene:
            process = PROCESS.replace("MENDED", repr(str(folder / "mended")))
            (folder / "flows" / "order.py").write_text(process, encoding="utf-8")
            async with support.served(url, folder) as address:
                for name, role in (("vera", Role.VIEWER), ("omar", Role.OPERATOR), ("stella", Role.STEWARD),
                                   ("stan", Role.STEWARD)):  # fmt: skip
                    await scene.user(name, role)
                project = load_project(folder)
                assert scene.hub.share is not None
                works = engine.Engine(project, scene.database, processes_of(project), scene.hub.share.leases.id)
                await works.start()
                yield Stand(scene, address, browser)
                await works.stop()


async def row_of(page: Page, table: str, key: str) -> None:
    """The list shows it."""
    await expect(page.get_by_role("table", name=table).get_by_role("row").filter(has_text=key)).to_be_visible()


async def test_a_task_is_taken_answered_and_its_run_goes_on(stand: Stand) -> None:
    await stand.told("REQ-7")
    run = await stand.run("REQ-7")
    async with support.visit(stand.browser, stand.address, "stella") as page:
        await page.goto("/workflows/tasks")
        await page.get_by_role("link", name="Approve the requisition").click()
        await expect(page.locator(".answer")).to_contain_text("12 boxes of gloves")
        await expect(page.locator(".facts")).to_contain_text("stan")
        await page.get_by_role("button", name="Take it").click()
        await expect(page.locator(".answer")).to_contain_text("Waits for stella")
        await page.get_by_label("Boxes").fill("none")
        await page.get_by_role("button", name="Decide").click()
        await expect(page.get_by_role("alert").filter(has_text="this has to be answered")).to_be_visible()
        await expect(page.get_by_role("alert").filter(has_text="valid integer")).to_be_visible()
        await page.get_by_label("Approved").select_option("yes")
        await page.get_by_label("Boxes").fill("12")
        await page.get_by_label("Route").select_option("urgent")
        await page.get_by_role("button", name="Decide").click()
        await expect(page.locator(".answer")).to_contain_text("stella decided it")
        await page.goto(f"/workflows/runs/{run}")
        await expect(page.locator(".answer")).to_contain_text("It is in the state ordered")
        await expect(page.locator(".answer")).to_contain_text("It waits for acknowledged; its time is over in")
        model = page.get_by_role("img", name="It is in the state ordered")
        await expect(model).to_have_attribute("aria-label", re.compile("requisition → approved; approved → ordered"))
        assert await model.locator(".move.gone").count() == 2
        await expect(page.get_by_role("list", name="History")).to_contain_text("By stella")
        await expect(page.get_by_role("list", name="History")).to_contain_text("Waits to be taken from orders")
        await stand.told("REQ-7", "Acknowledged")  # the page follows by itself
        await expect(page.locator(".answer")).to_contain_text("Completed")
        await expect(page.locator(".answer")).to_contain_text("approved by stella, urgent")


@pytest.mark.long
async def test_who_may_not_is_told_why_and_who_can(stand: Stand) -> None:
    await stand.told("REQ-8")
    run = await stand.run("REQ-8")
    async with support.visit(stand.browser, stand.address, "vera") as page:
        await page.goto(f"/workflows/runs/{run}")
        await expect(page.get_by_role("button", name="Cancel…")).to_be_disabled()
        await expect(page.locator(".why").first).to_contain_text("Cancel: needs the role steward or admin.")
        await page.get_by_role("link", name="Approve the requisition").click()
        await expect(page.get_by_role("button", name="Decide")).to_be_disabled()
        await expect(page.get_by_text("needs the role steward or admin.")).to_be_visible()
    async with support.visit(stand.browser, stand.address, "stan") as page:
        await page.goto("/workflows/tasks?whose=mine")  # where the list of tasks was
        await expect(page).to_have_url(re.compile(r"/desk\?what=task&with=me$"))
        await expect(page.get_by_text("Nothing here fits the filters.")).to_be_visible()
        await page.goto(f"/workflows/runs/{run}")
        await page.get_by_role("link", name="Approve the requisition").click()
        await expect(page.get_by_text("you had a part in what it is about")).to_be_visible()
        await page.get_by_role("button", name="Give…").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("option", name="stan", exact=True)).to_have_count(0)
        await give_reason(page, "on leave", "Give")
        await expect(page.locator(".answer")).to_contain_text("Waits for stella")
        await page.goto(f"/workflows/runs/{run}")
        await page.get_by_role("button", name="Cancel…").click()
        await give_reason(page, "ordered by telephone", "Cancel the run")
        await expect(page.locator(".answer")).to_contain_text("ordered by telephone")
        await expect(page.locator(".answer")).to_contain_text("Cancelled")


async def test_a_held_run_is_a_case_until_it_goes_on(stand: Stand) -> None:
    await stand.told("DEFECT-1")
    run = await stand.run("DEFECT-1")

    async def known() -> bool:
        return await stand.cases("process.held") == 1

    await support.until(known, "the held run is a case")
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto("/exceptions?category=process.held")
        await page.get_by_role("table", name="Open cases").get_by_role("link", name="is held").click()
        await expect(page.locator(".answer")).to_contain_text("Waits for Integration")
        await page.get_by_role("table", name="What waits").get_by_role("link", name="DEFECT-1").click()
        await row_of(page, "Runs", "DEFECT-1")
        assert "process=procurement.order" in page.url
        await page.goto("/workflows/runs?status=completed&q=DEFECT")
        await expect(page.get_by_text("No run fits.")).to_be_visible()
        await page.goto("/workflows/runs?status=held")
        await page.get_by_role("table", name="Runs").get_by_role("link", name="DEFECT-1").click()
        await expect(page.locator(".answer")).to_contain_text("A defect of the process: FileNotFoundError")
        (stand.scene.project / "mended").write_text("yes")
        await page.get_by_role("button", name="Repeat…").click()
        await give_reason(page, "the file is there", "Repeat")
        await expect(page.locator(".answer")).to_contain_text("mended")
        assert page.url.endswith(str(run))

    async def over() -> bool:
        return await stand.cases("process.held") == 0

    await support.until(over, "the case ends by itself")
