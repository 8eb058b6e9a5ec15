"""What people do with many messages in the console: like cases, jobs, second persons, edits, switches, views, files."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import console_support as support
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from hilum.security import Role
from support.servers import Databases

pytestmark = pytest.mark.asyncio(loop_scope="session")

FLOW = "supply.consumption"
RULES = """
[[approvals.rules]]
act = "discard"
more_than = 1
[[approvals.rules]]
act = "edit"
data_class = ["confidential"]
"""


@dataclass
class Stand:
    """What the tests of this file share: a working hub, its console, and a browser."""

    scene: support.Scene
    address: str
    browser: Browser

    async def held(self, account: str, item: str) -> UUID:
        body = support.charge(account, f"CTRL-{uuid4().hex[:8]}", item=item)
        message = await self.scene.receive(FLOW, account, body)
        await self.scene.settle(message, "held")
        return message

    async def completed(self, account: str) -> UUID:
        message = await self.scene.receive(FLOW, account, support.charge(account, f"CTRL-{uuid4().hex[:8]}"))
        await self.scene.settle(message, "completed")
        return message


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stand(
    browser: Browser, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stand]:
    folder: Path = tmp_path_factory.mktemp("acts") / "project"
    with databases.migrated() as url:
        async with (
            support.scene(url, folder, settings=RULES) as scene,
            support.served(url, scene.project) as address,
        ):
            people = {"vera": Role.VIEWER, "omar": Role.OPERATOR, "stella": Role.STEWARD, "sam": Role.STEWARD}
            for name, role in people.items():
                await scene.user(name, role)
            yield Stand(scene, address, browser)


async def answer(page: Page, reason: str, button: str) -> None:
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill(reason)
    await dialog.get_by_role("button", name=button, exact=True).click()
    await dialog.wait_for(state="hidden")


async def look(page: Page, name: str) -> None:
    """Keep a picture, for whoever wants to look: HILUM_TEST_PICTURES names the folder."""
    if folder := os.environ.get("HILUM_TEST_PICTURES"):
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.req("MSG-6")
@pytest.mark.req("MSG-7")
@pytest.mark.req("UX-1")
async def test_like_cases_are_replayed_together_and_the_job_is_followed(stand: Stand) -> None:
    held = [await stand.held(f"AG{n}", "LIKE-1") for n in range(3)]
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto("/exceptions")
        group = page.get_by_role("table", name="Like cases").get_by_role("row", name="LIKE-1")
        await expect(group).to_contain_text("The code 'LIKE-1' is not known in the table 'items'")
        await look(page, "exceptions")
        await group.get_by_role("link", name="The code").click()
        await expect(page.get_by_text("3 messages wait for this")).to_be_visible()
        await look(page, "group")
        with (stand.scene.project / "lookups" / "items.csv").open("a", encoding="utf-8") as table:
            table.write("LIKE-1,ITEM-LIKE\n")
        stand.scene.look_up_again()
        await page.get_by_role("button", name="Replay all…").click()
        await expect(page.get_by_role("dialog")).to_contain_text("3 messages of supply.consumption")
        await look(page, "dry-run")
        await answer(page, "the row is there", "Replay")
        await page.get_by_role("link", name="Follow it").click()
        await expect(page.locator(".answer")).to_contain_text("Done")
        await expect(page.get_by_role("table", name="What became of them")).to_contain_text("translated again")
        await look(page, "job")
        await page.goto("/replays")
        await expect(page.get_by_role("table", name="Jobs")).to_contain_text("3 of 3")
    for message in held:
        await stand.scene.settle(message, "completed")
        assert [act[:2] for act in await stand.scene.acts(message)] == [("omar", "replay")]


@pytest.mark.long
@pytest.mark.req("MSG-7")
async def test_a_new_replay_by_filter_warns_of_repetitions_before_it_begins(stand: Stand) -> None:
    await stand.completed("AF1")
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto("/replays")
        await page.get_by_role("combobox", name="Flow").select_option(FLOW)
        await page.get_by_role("combobox", name="State").select_option("completed")
        await page.get_by_role("textbox", name="Identifier").fill("AF1")
        await look(page, "replays")
        await page.get_by_role("button", name="Look what it would do…").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("1 message of supply.consumption")
        await expect(dialog).to_contain_text("recognises a repetition")
        await answer(page, "the stock was counted anew", "Replay")
        await expect(page.get_by_text("has begun: 1 message.")).to_be_visible()
        await expect(page.get_by_role("table", name="Jobs")).to_contain_text("with one identifier")
        assert "AF1" not in await page.get_by_role("table", name="Jobs").inner_text()


@pytest.mark.long
@pytest.mark.req("MSG-7")
@pytest.mark.req("UX-1")
async def test_a_discard_of_many_waits_for_a_second_person_in_the_console(stand: Stand) -> None:
    held = [await stand.held(f"AD{n}", "GONE-9") for n in range(2)]
    async with support.visit(stand.browser, stand.address, "stella") as page:
        await page.goto(f"/exceptions/{await stand.scene.case_of(held[0])}")
        await page.get_by_role("link", name="Like cases").click()
        await page.get_by_role("button", name="Discard all…").click()
        await expect(page.get_by_role("dialog")).to_contain_text("The policy asks for a second person (steward)")
        await answer(page, "test charges", "Discard")
        await expect(page.get_by_text("waits for a second person")).to_be_visible()
        await page.goto("/approvals")
        await expect(page.get_by_role("heading", name="Asked by you")).to_be_visible()
        await expect(page.get_by_role("button", name="Approve…")).to_have_count(0)  # nobody approves their own
    assert [await stand.scene.state(message) for message in held] == ["held", "held"]
    async with support.visit(stand.browser, stand.address, "sam") as page:
        await page.goto("/")
        await page.get_by_role("link", name="Approvals 1").click()
        await expect(page.get_by_role("heading", name="Waiting for your approval")).to_be_visible()
        await look(page, "approvals")
        await page.get_by_role("button", name="Approve…").click()
        await answer(page, "seen, they are tests", "Approve")
        await expect(page.get_by_text("Nothing waits for your approval.")).to_be_visible()
        await expect(page.get_by_role("table", name="Decided requests")).to_contain_text("seen, they are tests")
    for message in held:
        await stand.scene.settle(message, "discarded")


@pytest.mark.long
@pytest.mark.req("MSG-6")
@pytest.mark.req("UX-2")
async def test_an_edit_of_a_done_message_shows_the_difference_and_what_would_come_out(stand: Stand) -> None:
    message = await stand.completed("AE1")
    async with support.visit(stand.browser, stand.address, "stella") as page:
        await page.goto(f"/messages/{message}")
        await page.get_by_role("button", name="Edit and resubmit…").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("The original was done already and stays so.")
        editor = dialog.get_by_label("Payload")
        text = await editor.input_value()
        await editor.fill(text.replace("|4", "|7").replace("GLV-M", "NO-SUCH"))
        await dialog.get_by_role("button", name="Compare and try").click()
        await expect(dialog.get_by_role("table", name="Difference")).to_contain_text("FT1-10")
        await expect(dialog.get_by_role("table", name="Difference")).to_contain_text("Quantity")
        await expect(dialog).to_contain_text("It would be held again")
        await editor.fill(text.replace("|||4", "|||7"))
        await dialog.get_by_role("button", name="Compare and try").click()
        await expect(dialog).to_contain_text("This would be delivered (1, key AE1)")
        await look(page, "edit")
        await answer(page, "seven were used", "Resubmit")
        await expect(page.get_by_text("Resubmitted as a new message")).to_be_visible()
    assert await stand.scene.state(message) == "completed"
    new = await stand.scene.value("SELECT id FROM message WHERE cause_id = %s", message)
    assert isinstance(new, UUID)
    await stand.scene.settle(new, "completed")


@pytest.mark.req("MSG-6")
async def test_a_case_has_notes_and_is_handed_to_the_other_owner(stand: Stand) -> None:
    message = await stand.held("AN1", "NOTE-1")
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto(f"/exceptions/{await stand.scene.case_of(message)}")
        await page.get_by_label("New note").fill("The stores know of it.")
        await page.get_by_role("button", name="Write it down").click()
        await expect(page.get_by_text("Noted.")).to_be_visible()
        await expect(page.locator(".notes")).to_contain_text("The stores know of it.")
        await page.get_by_role("button", name="Hand over to Integration…").click()
        await answer(page, "it is the interface", "Hand over")
        await expect(page.get_by_text("The case is with Integration now.")).to_be_visible()
        await look(page, "case")
    assert [act[1] for act in await stand.scene.acts(message)] == ["note", "hand_over"]


@pytest.mark.req("RES-8")
async def test_a_flow_is_stopped_and_resumed_on_its_page(stand: Stand) -> None:
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto("/flows/purchasing.orders")
        await page.get_by_role("button", name="Stop translation…").click()
        await answer(page, "the portal moves", "Stop")
        await expect(page.get_by_text("Translation is stopped")).to_be_visible()
        await look(page, "flow")
        await page.get_by_role("button", name="Resume translation…").click()
        await answer(page, "it has moved", "Resume")
        await expect(page.get_by_text("Intake and translation run.")).to_be_visible()
    found = await stand.scene.value("SELECT count(*) FROM audit WHERE action LIKE 'flow_%%' AND actor = 'omar'")
    assert found == 2


@pytest.mark.req("UX-1")
async def test_columns_views_and_files_follow_the_filters(stand: Stand) -> None:
    await stand.held("AV1", "=HYPER")
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto(f"/exceptions?flow={FLOW}")
        await page.get_by_text("Columns", exact=True).click()
        await page.get_by_role("checkbox", name="Owner").uncheck()
        await page.get_by_role("checkbox", name="Message").check()
        await page.get_by_role("button", name="Show these").click()
        await expect(page).to_have_url(re.compile(r"flow=supply\.consumption.*columns=message"))
        heads = await page.get_by_role("table", name="Open cases").get_by_role("columnheader").all_inner_texts()
        assert "Message" in heads
        assert "Owner" not in heads
        await page.get_by_role("button", name="Keep this view…").click()
        await page.get_by_role("dialog").get_by_label("Name").fill("with ids")
        await page.get_by_role("dialog").get_by_role("button", name="Keep", exact=True).click()
        await page.goto("/exceptions")
        await page.get_by_role("link", name="with ids").click()
        await expect(page).to_have_url(re.compile(r"columns=message"))
        address = await page.get_by_role("link", name="Save as CSV").get_attribute("href")
        assert address is not None
        file = await page.request.get(address)
        assert file.headers["content-type"].startswith("text/csv")
        head, *lines = (await file.text()).splitlines()
        assert "Message" in head
        assert len(lines) >= 1
        for path in ("/messages.csv", "/exceptions.csv"):
            assert (await page.request.get(path)).ok
    assert await stand.scene.value("SELECT count(*) FROM audit WHERE action = 'export'") == 3


@pytest.mark.long
async def test_these_pages_fit_a_narrow_screen_and_every_field_has_a_name(stand: Stand) -> None:
    await stand.held("AX1", "NARROW")
    await stand.held("AX2", "NARROW")
    key = await stand.scene.value("SELECT group_key FROM exception_case WHERE title LIKE '%%NARROW%%' LIMIT 1")
    async with support.visit(stand.browser, stand.address, "omar", narrow=True, dark=True) as page:
        await page.set_viewport_size({"width": 360, "height": 740})
        for path in ("/exceptions", f"/exceptions/groups/{key}", "/replays", "/approvals", "/flows/purchasing.orders"):
            await page.goto(path)
            await page.get_by_role("heading", level=1).wait_for()
            await look(page, "narrow" + path.replace("/", "-"))
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
            nameless = await page.evaluate(
                "[...document.querySelectorAll('input:not([type=hidden]), select, textarea, button')]"
                ".filter((e) => !(e.labels?.length || e.ariaLabel || e.textContent.trim())).map((e) => e.outerHTML)"
            )
            assert nameless == [], path
