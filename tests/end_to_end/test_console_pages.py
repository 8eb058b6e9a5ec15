"""What people see: search, trace, payloads, the audit; by role, wide and narrow, light and dark."""

from __future__ import annotations

import csv
import io
import os
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import console_support as support
import psycopg
import pytest
from console_stand import FLOW, Stand, give_reason
from playwright.async_api import expect

from hilum import facts
from hilum.observe.indicators import Calendar, count
from hilum.security import Role
from hilum.tracing import shown_trace_id
from support.business_history import DAYS, FIRST, ZONE, History
from support.looks import rows
from support.servers import Databases

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOTS = os.environ.get("HILUM_SHOTS", "")
"""A folder in which pictures of the pages are kept, for who wants to look at them."""


@pytest.mark.req("OBS-4")
@pytest.mark.req("UX-1")
async def test_a_message_is_found_by_any_identifier_and_tells_its_story(stand: Stand) -> None:
    message = await stand.scene.receive(FLOW, "AC7100", support.charge("AC7100", "CTRL-7100"))
    await stand.scene.settle(message, "completed")
    async with support.visit(stand.browser, stand.address, "omar") as page:
        for known_by in ("AC7100", "CTRL-7100", "VAC7100", "VAC71", str(message)):
            await page.goto("/messages")
            await page.keyboard.press("/")
            await page.keyboard.type(known_by)
            await page.keyboard.press("Enter")
            await expect(page.get_by_text(f"1 message known by “{known_by}”.")).to_be_visible()
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(f"/messages/{message}$"))
        story = page.get_by_role("list", name="Story")
        for told in ("Received from 10.20.0.7:50412: DFT^P03", "Translated: 1 delivery", "Delivered to", "Completed"):
            await expect(story).to_contain_text(told)
        trace = shown_trace_id(message, "corr-AC7100", None)
        await expect(page.get_by_text(trace, exact=True)).to_be_visible()
        await page.go_back()
        await expect(page.get_by_label("Any identifier")).to_have_value(str(message))


@pytest.mark.req("SEC-2")
@pytest.mark.req("SEC-7")
async def test_a_protected_payload_is_masked_until_a_reason_is_given_and_that_is_audited(stand: Stand) -> None:
    message = await stand.held("AC7200", name="Quillfeather^Una")
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto(f"/messages/{message}")
        await expect(page.get_by_text("MESH9^an item^L")).to_be_visible()  # which item it is may be seen
        assert "Quillfeather" not in await page.content()
        await page.get_by_role("button", name="Show payload").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Show", exact=True).click()
        await expect(dialog.get_by_role("alert")).to_contain_text("Say why")
        await give_reason(page, "the theatre asks what was charged", "Show")
        await expect(page.get_by_role("cell", name="Quillfeather^Una")).to_be_visible()
        await expect(page.get_by_role("row", name="PID-5 Name")).to_contain_text("Quillfeather^Una")
        assert await stand.scene.acts(message) == [("omar", "view_payload", "the theatre asks what was charged")]
        await page.goto("/audit?who=omar&act=view_payload")
        await expect(page.get_by_role("row", name="the theatre asks what was charged")).to_be_visible()


@pytest.mark.req("UX-1")
async def test_a_pdf_is_saved_to_be_looked_at_and_not_shown_as_text(stand: Stand) -> None:
    paper = b"%PDF-1.4 a bill, as it was scanned"
    message = await stand.scene.receive(FLOW, "AC7290", paper, "application/pdf")
    await stand.scene.settle(message, "held")
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto(f"/messages/{message}")
        await expect(page.get_by_role("button", name="Show payload")).to_be_visible()
        await expect(page.get_by_role("button", name="Save the PDF")).to_have_count(0)
        await page.get_by_role("button", name="Show payload").click()
        await give_reason(page, "is it 12 or 20?", "Show")
        await expect(page.get_by_text("A PDF of 34 B")).to_be_visible()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Save the PDF").click()
        assert (await (await download.value).path()).read_bytes() == paper
        assert await stand.scene.acts(message) == [("omar", "view_payload", "is it 12 or 20?")]


@pytest.mark.long
@pytest.mark.req("SEC-7")
async def test_who_is_shown_what_was_said_of_a_protected_message_is_in_the_audit(stand: Stand) -> None:
    message = await stand.held("AC7260")
    seen = "SELECT count(*) FROM audit WHERE action = %s AND actor = %s AND (message_id = %s OR message_id IS NULL)"
    for user, times in (("omar", 1), ("vera", 0)):  # a viewer is shown nothing of it
        async with support.visit(stand.browser, stand.address, user) as page:
            for path in (f"/messages/{message}", f"/exceptions/{await stand.scene.case_of(message)}", "/exceptions"):
                await page.goto(path)
                await page.get_by_role("heading", level=1).wait_for()
        assert await stand.scene.value(seen, "view_message", user, message) == times, "once an hour"
        assert bool(await stand.scene.value(seen, "view_cases", user, message)) is bool(times)


@pytest.mark.req("SEC-7")
async def test_the_audit_is_filtered_verified_and_exported(stand: Stand) -> None:
    message = await stand.held("AC7250")
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto("/audit")
        await page.get_by_role("searchbox", name="Message").fill(str(message))
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(f"message={message}"))
        await expect(page.get_by_role("row", name="hub held")).to_be_visible()
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Export these as CSV").click()
        lines = (await (await download.value).path()).read_text().splitlines()
        assert lines[0] == "id,at,who,did,flow,message,delivery,why"
        assert all(str(message) in line for line in lines[1:])
        assert len(lines) >= 2
        await page.goto("/audit?from=2019-01-01&to=2019-12-31")
        await expect(page.get_by_text("No act fits.")).to_be_visible()
        await expect(page.get_by_text("Sealed up to")).to_be_visible()
        await page.get_by_role("button", name="Verify now").click()
        await expect(page.get_by_text("unbroken up to")).to_be_visible()


@pytest.mark.req("SEC-2")
async def test_a_viewer_sees_no_payload_no_identifier_and_no_button_that_works(stand: Stand) -> None:
    message = await stand.held("AC7300", name="Quillfeather^Una")
    async with support.visit(stand.browser, stand.address, "vera") as page:
        await page.goto(f"/exceptions/{await stand.scene.case_of(message)}")
        for button in ("Take it", "Replay…", "Edit and resubmit…", "Discard…", "Show payload"):
            await expect(page.get_by_role("button", name=button)).to_be_disabled()
        await expect(page.get_by_text("Discard: needs the role steward or admin.")).to_be_visible()
        await expect(page.get_by_text("Replay: needs the role operator or steward or admin.")).to_be_visible()
        content = await page.content()
        assert "Quillfeather" not in content
        assert "AC7300" not in content
        assert "MESH9" not in await page.get_by_role("main").get_by_role("heading").first.inner_text()
        await expect(page.get_by_role("heading", name="Unknown code ••• (protected)")).to_be_visible()
        assert "Add the code" not in content
        await page.goto("/exceptions")
        await expect(page.get_by_text("Unknown code ••• (protected)").first).to_be_visible()
        await page.goto(f"/audit?message={message}")
        await expect(page.get_by_role("row", name="hub held ••• (protected)")).to_be_visible()
        assert "MESH9" not in await page.content()
        assert "MESH9" not in await (await page.request.get(f"/audit.csv?message={message}")).text()
        await page.goto("/messages?q=AC7300")
        await expect(page.get_by_role("row", name="Held")).to_be_visible()
        assert "AC7300" not in await page.get_by_role("table").inner_text()
        await page.goto("/messages?q=AC730")
        await expect(page.get_by_text("No message is known by “AC730”.")).to_be_visible()  # not letter by letter
        answer = await page.goto("/users")
        assert answer is not None
        assert answer.status == 403


@pytest.mark.req("UX-1")
async def test_the_overview_follows_what_happens(stand: Stand) -> None:
    async with support.visit(stand.browser, stand.address, "omar") as page:
        order = await stand.scene.receive("purchasing.orders", "P1", b'{"number": "P1"}', "application/json")
        await stand.scene.settle(order, "routed")
        await page.goto("/")
        await expect(page.locator(".answer")).to_contain_text("is down since")
        await expect(page.locator(".answer")).to_contain_text("no connection")
        message = await stand.held("AC7800", item="LIVE-1")
        await expect(page.locator(".answer")).to_contain_text("for a person")
        await expect(page.get_by_role("table", name="Open cases by owner")).to_contain_text("Unknown code")
        await page.goto("/flows/supply.consumption")
        await expect(page.get_by_text("99.5 % within 30 s")).to_be_visible()
        await page.goto(f"/messages/{order}")
        await expect(page.locator(".answer")).to_contain_text("is down since")
        assert await stand.scene.state(message) == "held"


async def test_what_others_sent_is_never_taken_for_markup(stand: Stand) -> None:
    evil = '<img src=x onerror="document.title=1">'
    message = await stand.scene.receive(FLOW, evil, support.charge("AC7900", evil, item=evil))
    await stand.scene.settle(message, "held")
    async with support.visit(stand.browser, stand.address, "stella") as page:
        for path in (
            f"/messages/{message}",
            f"/exceptions/{await stand.scene.case_of(message)}",
            "/exceptions",
            "/messages",
        ):
            await page.goto(path)
            await expect(page.get_by_text("<img src=x").first).to_be_visible()
            assert await page.locator("img:not([alt=''])").count() == 0
            assert await page.title() != "1"


async def test_pages_fit_a_narrow_screen_and_every_field_has_a_name(stand: Stand) -> None:
    async with support.visit(stand.browser, stand.address, "omar", narrow=True) as page:
        await page.set_viewport_size({"width": 360, "height": 740})
        for path in (
            "/",
            "/desk",
            "/exceptions",
            "/messages",
            "/flows",
            "/flows/purchasing.orders",
            "/business",
            "/business/off-contract-spend",
            "/operations",
            "/partners",
            "/reconciliation",
            "/audit",
            "/master/crosswalk",
            "/master/matches",
            "/master/ownership",
            "/master/lookups",
            "/master/published",
            "/master/quality",
            "/master/onboarding",
        ):
            await page.goto(path)
            await page.get_by_role("heading", level=1).wait_for()
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
            nameless = await page.evaluate(
                "[...document.querySelectorAll('input:not([type=hidden]), select, textarea, button')]"
                ".filter((e) => !(e.labels?.length || e.ariaLabel || e.textContent.trim())).map((e) => e.outerHTML)"
            )
            assert nameless == [], path


@pytest.mark.long
async def test_the_theme_follows_the_system_until_somebody_chooses(stand: Stand) -> None:
    async with support.visit(stand.browser, stand.address, "omar", dark=True) as page:
        await page.goto("/")
        await page.get_by_role("heading", name="Overview").wait_for()
        colour = "getComputedStyle(document.body).backgroundColor"
        dark = await page.evaluate(colour)
        await page.get_by_role("button", name="Light or dark").click()
        light = await page.evaluate(colour)
        assert light != dark
        await page.reload()
        await page.get_by_role("heading", name="Overview").wait_for()
        assert await page.evaluate(colour) == light


@pytest.mark.req("UX-1")
async def test_a_lost_database_is_said_and_the_page_goes_on_by_itself(
    databases: Databases, stand: Stand, tmp_path: Path
) -> None:
    with databases.migrated() as url:
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        async with support.scene(url, tmp_path / "project", working=False) as scene:
            await scene.user("omar", Role.OPERATOR)
            async with (
                support.served(url, scene.project) as address,
                support.visit(stand.browser, address, "omar") as page,
                await psycopg.AsyncConnection.connect(databases.url, autocommit=True) as admin,
            ):
                await page.goto("/")
                await page.get_by_role("heading", name="Overview").wait_for()
                await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
                await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
                await expect(page.get_by_role("alert")).to_contain_text("The database does not answer", timeout=30_000)
                answer = await page.request.get("/healthz")
                assert answer.status == 503
                await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
                await expect(page.get_by_text("The database answers again.")).to_be_visible(timeout=30_000)


def moved_to_now(history: History) -> History:
    """The same, so that its last day was yesterday."""
    by = datetime.now(UTC).date() - FIRST - timedelta(days=DAYS)
    for row in (row for rows_ in history.rows.values() for row in rows_):
        row["at"] += by
        if "since" in row:
            row["since"] += by
    return history


@pytest.mark.req("OBS-2")
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
        assert set(await shown.locator("td:nth-child(2)").all_inner_texts()) == numbers
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
        await page.goto("/business/onboarding-time")  # registrations are confidential, and vera is a viewer
        await expect(page.get_by_role("table", name="Documents")).to_contain_text("•••")
        await expect(page.get_by_role("table", name="Documents")).not_to_contain_text("REG-")
        await page.goto("/business/pills")
        await expect(page.get_by_role("heading", name="Business", level=1)).to_be_visible()
    exported = "SELECT words FROM audit WHERE action = 'export' AND actor = 'vera'"
    assert await rows(stand.scene.database, exported) == [(f"{len(mine)} match-rate",)]
