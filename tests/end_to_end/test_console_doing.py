"""What people do on the pages: take cases, replay, edit, discard, run, stop and link, each with a reason."""

from __future__ import annotations

import re
from uuid import UUID

import console_support as support
import pytest
from console_stand import FLOW, Stand, give_reason
from playwright.async_api import expect

from hilum.masterdata import crosswalk
from hilum.masterdata.crosswalk import Identifier
from support.waits import left_alone

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.req("UX-2")
@pytest.mark.req("MSG-6")
async def test_a_case_says_what_to_do_and_can_be_taken_given_and_given_back(stand: Stand) -> None:
    message = await stand.held("AC7400")
    behind = await stand.scene.receive(FLOW, "AC7400", support.charge("AC7400", "CTRL-7401"))

    async def waits() -> bool:
        return await stand.scene.value("SELECT count(*) FROM parked WHERE message_id = %s", behind) == 1

    await support.until(waits, "the second message of the account waits")
    case = await stand.scene.case_of(message)
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto(f"/exceptions/{case}")
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "The code 'MESH9' is not known in the table 'items'"
        )
        await expect(page.get_by_text("Add the code 'MESH9' to the table 'items', then replay.")).to_be_visible()
        await expect(page.get_by_text("1 message of the same key waits behind it.")).to_be_visible()
        await page.get_by_role("button", name="Take it").click()
        await expect(page.get_by_text("The case is yours.")).to_be_visible()
        await page.get_by_role("link", name="Exceptions").click()
        await page.get_by_role("combobox", name="Assigned to").select_option("me")
        await expect(page).to_have_url(re.compile("assigned=me"))
        await expect(page.get_by_role("table", name="Open cases").locator("tbody tr")).to_have_count(1)
        await page.goto(f"/exceptions/{case}")
        await page.get_by_role("button", name="Assign…").click()
        await page.get_by_role("dialog").get_by_label("To").select_option("stella")
        await page.get_by_role("dialog").get_by_role("button", name="Assign", exact=True).click()
        await expect(page.get_by_text("The case is with stella now.")).to_be_visible()
        await page.goto(f"/messages/{behind}")
        await expect(page.get_by_text("which is earlier in the order of its key")).to_be_visible()
    assert [act[1] for act in await stand.scene.acts(message)] == ["assign", "assign"]


@pytest.mark.req("MSG-7")
async def test_replay_shows_first_what_it_would_do_then_does_it(stand: Stand) -> None:
    message = await stand.held("AC7500", item="NEW-ITEM")
    with (stand.scene.project / "lookups" / "items.csv").open("a", encoding="utf-8") as table:
        table.write("NEW-ITEM,ITEM-NEW\n")
    stand.scene.look_up_again()
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto(f"/messages/{message}")
        await page.get_by_role("button", name="Replay…").click()
        await expect(page.get_by_role("dialog")).to_contain_text("Translate it again and deliver it.")
        assert await stand.scene.state(message) == "held"  # a dry run changes nothing
        await give_reason(page, "the row is there now", "Replay")
        await expect(page.get_by_text("1 message goes on the way again.")).to_be_visible()
        await stand.scene.settle(message, "completed")
        story = page.get_by_role("list", name="Story")
        await expect(story).to_contain_text("omar replayed")
        await expect(story).to_contain_text("Delivered to")  # the page follows by itself
    assert ("omar", "replay", "the row is there now") in await stand.scene.acts(message)


@pytest.mark.req("MSG-6")
async def test_edit_and_resubmit_sends_a_new_message_and_keeps_the_old_one(stand: Stand) -> None:
    body = support.charge("AC7600", "CTRL-7600", quantity="x4")
    message = await stand.scene.receive(FLOW, "AC7600", body)
    await stand.scene.settle(message, "held")
    async with support.visit(stand.browser, stand.address, "stella") as page:
        await page.goto(f"/exceptions/{await stand.scene.case_of(message)}")
        await page.get_by_role("button", name="Edit and resubmit…").click()
        dialog = page.get_by_role("dialog")
        editor = dialog.get_by_label("Payload")
        text = await editor.input_value()
        assert text.splitlines()[3].startswith("FT1|1|")  # one segment a line
        await dialog.get_by_label("Reason").fill("the quantity was mistyped")
        await dialog.get_by_role("button", name="Resubmit").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("Nothing was changed")
        await editor.fill("not HL7")
        await dialog.get_by_role("button", name="Resubmit").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("It still cannot be read")
        await editor.fill(text.replace("|x4", "|4"))
        await dialog.get_by_role("button", name="Resubmit").click()
        await expect(page.get_by_text("Resubmitted as a new message")).to_be_visible()
    assert await stand.scene.state(message) == "discarded"
    new = await stand.scene.value("SELECT id FROM message WHERE cause_id = %s", message)
    assert isinstance(new, UUID)
    await stand.scene.settle(new, "completed")
    actions = [(actor, action) for actor, action, _ in await stand.scene.acts(message)]
    assert actions == [("stella", "view_payload"), ("stella", "resubmit")]


@pytest.mark.req("MSG-6")
async def test_discard_of_several_needs_one_reason_and_lets_those_behind_go_on(stand: Stand) -> None:
    first, second = await stand.held("AC7700", item="GONE-1"), await stand.held("AC7701", item="GONE-1")
    behind = await stand.scene.receive(FLOW, "AC7700", support.charge("AC7700", "CTRL-7702"))
    async with support.visit(stand.browser, stand.address, "stella") as page:
        await page.goto("/exceptions")
        for box in await page.get_by_role("row", name="GONE-1").get_by_role("checkbox").all():
            await box.check()
        await expect(page.get_by_text("2 selected")).to_be_visible()
        await page.get_by_role("button", name="Discard selected…").click()
        await expect(page.get_by_role("dialog")).to_contain_text("What is held of 2 messages ends here")
        await give_reason(page, "test charges of the vendor", "Discard")
        await expect(page.get_by_role("row", name="GONE-1")).to_have_count(0)
    for message in (first, second):
        assert await stand.scene.state(message) == "discarded"
        assert await stand.scene.acts(message) == [("stella", "discard", "test charges of the vendor")]
    await stand.scene.settle(behind, "completed")


@pytest.mark.req("MSG-12")
async def test_a_flow_that_runs_by_calendar_is_shown_and_run_by_hand_with_a_reason(stand: Stand) -> None:
    path = "/flows/finance.statements"
    async with support.visit(stand.browser, stand.address, "vera") as page:
        await page.goto(path)
        await expect(page.get_by_text("at 06:00 on Monday to Friday (Europe/Berlin)")).to_be_visible()
        await expect(page.get_by_text("no hub is there that has this source")).to_be_visible()
        await expect(page.get_by_role("button", name="Run now…")).to_be_disabled()
        await expect(page.get_by_text("Run by hand: needs the role operator or steward or admin.")).to_be_visible()
        await page.goto("/flows/purchasing.orders")
        await expect(page.get_by_role("heading", name="Schedule")).to_have_count(0)
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto(path)
        await page.get_by_role("button", name="Run now…").click()
        await give_reason(page, "the bank was late", "Run")
        await expect(page.get_by_role("status").first).to_contain_text("The run is asked for")
        await expect(page.get_by_text("(omar): waits for a hub to begin with it")).to_be_visible()
        await page.get_by_role("button", name="Run now…").click()
        await give_reason(page, "again", "Run")
        await expect(page.get_by_role("alert")).to_contain_text("waiting already")
    assert await stand.scene.value("SELECT actor || ': ' || words FROM audit WHERE action = 'run'") == (
        "omar: the bank was late"
    )


async def test_a_list_under_the_hand_is_not_redrawn_but_says_that_it_has_changed(stand: Stand) -> None:
    first = await stand.held("AC7850", item="STAYS")
    async with support.visit(stand.browser, stand.address, "stella") as page:
        await page.goto("/exceptions?flow=supply.consumption")
        box = page.get_by_role("row", name="STAYS").get_by_role("checkbox")
        await box.check()
        await stand.held("AC7851", item="COMES")
        await expect(page.get_by_role("status").first).to_contain_text("Cases have come or gone")
        await expect(box).to_be_checked()
        await page.get_by_role("link", name="Show the new list").click()
        await expect(page.get_by_role("row", name="COMES")).to_be_visible()
        await page.goto("/nothing/here")
        await expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    assert await stand.scene.state(first) == "held"


@pytest.mark.req("MSG-8")
@pytest.mark.req("UX-2")
async def test_a_destination_is_stopped_and_let_go_on_with_a_reason(stand: Stand) -> None:
    name = await stand.scene.value("SELECT destination FROM delivery WHERE flow = 'supply.consumption' LIMIT 1")
    if name is None:
        message = await stand.scene.receive(FLOW, "AC7990", support.charge("AC7990", "CTRL-7990"))
        await stand.scene.settle(message, "completed")
        name = await stand.scene.value("SELECT destination FROM delivery WHERE flow = 'supply.consumption' LIMIT 1")
    async with support.visit(stand.browser, stand.address, "vera") as page:
        await page.goto("/operations")
        await expect(page.get_by_role("button", name=f"Stop {name}…")).to_be_disabled()
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto("/operations")
        table = page.get_by_role("table", name="Destinations")
        await expect(table.get_by_role("row", name=str(name))).to_contain_text("In order")
        await page.get_by_role("button", name=f"Stop {name}…").click()
        await expect(page.get_by_role("dialog")).to_contain_text("uses up no attempt")
        await page.get_by_role("dialog").get_by_label("For how long").select_option("2 hours")
        await give_reason(page, "the store room moves", "Stop")
        await expect(table.get_by_role("row", name=str(name))).to_contain_text("Stopped")
        await expect(page.locator(".answer")).to_contain_text("the store room moves (stopped by omar)")
        await left_alone(str(name), stand.scene.hub)
        waiting = await stand.scene.receive(FLOW, "AC7991", support.charge("AC7991", "CTRL-7991"))
        await stand.scene.settle(waiting, "routed")
        await page.get_by_role("button", name=f"Let {name} go on…").click()
        await give_reason(page, "it has moved", "Let it go on")
        await expect(table.get_by_role("row", name=str(name))).to_contain_text("In order")
        await stand.scene.settle(waiting, "completed")
        await page.goto("/audit?who=omar&act=destination_opened")
        await expect(page.get_by_role("row", name="the store room moves")).to_be_visible()
        await page.goto("/flows/supply.consumption")
        await expect(page.get_by_text("Up to 16 attempts within 6 h")).to_be_visible()


@pytest.mark.req("MD-2")
async def test_a_steward_links_identifiers_and_sees_what_did_not_count(stand: Stand) -> None:
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto("/master/crosswalk")
        await expect(page.get_by_role("button", name="Link it")).to_be_disabled()
        await page.goto("/master/ownership")
        await expect(page.locator(".answer")).to_contain_text("No change waits for a steward")
        await expect(page.get_by_text("Every change counted.")).to_be_visible()
    async with support.visit(stand.browser, stand.address, "stella") as page:
        await page.goto("/master/crosswalk")
        for label, value in (("Kind of thing", "item"), ("System", "EHR"), ("Identifier", "4711-X")):
            await page.get_by_role("textbox", name=label, exact=True).fill(value)
        await page.get_by_role("textbox", name="Reason").first.fill("catalogue of 2026")
        await page.get_by_role("button", name="Link it").click()
        await expect(page.get_by_text("The item 4711-X of EHR is item-")).to_be_visible()
        await page.goto("/master/crosswalk?find=4711")
        await expect(page.get_by_role("table", name="Identifiers")).to_contain_text("4711-X")
        await expect(page.get_by_role("table", name="History")).to_contain_text("catalogue of 2026")


@pytest.mark.req("MD-2")
async def test_two_things_are_merged_and_parted_again(stand: Stand) -> None:
    async with stand.scene.database.transaction() as connection:
        one, other = [
            await crosswalk.link(connection, Identifier(object="item", system="SAP", identifier=text), actor="stella",
                                 reason="catalogue of 2026")
            for text in ("G-1", "G-2")
        ]  # fmt: skip
    async with support.visit(stand.browser, stand.address, "stella") as page:
        await page.goto(f"/master/crosswalk/item-{other}")
        await page.get_by_role("button", name="Merge into…").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("SAP G-2")
        await dialog.get_by_role("textbox").first.fill(f"item-{one}")
        await dialog.get_by_label("Reason").fill("the same glove")
        await dialog.get_by_role("button", name="Merge", exact=True).click()
        await expect(page.locator(".answer")).to_contain_text(f"It was merged into item-{one}")
        await page.get_by_role("link", name=f"item-{one}").first.click()
        await expect(page.get_by_role("table", name="Identifiers")).to_contain_text("G-2")
        await page.get_by_role("button", name=f"Undo the merge of item-{other}…").click()
        await give_reason(page, "another size", "Part them")
        await expect(page.get_by_role("table", name="Identifiers")).not_to_contain_text("G-2")
        await expect(page.get_by_role("table", name="History")).to_contain_text("another size")
