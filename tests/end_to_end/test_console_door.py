"""Who comes in: the first set-up, the login, the session's end, and what is answered without one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import console_support as support
import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from hilum import security
from hilum.journal.audit import ActSearch, search
from hilum.security import Role, shown_name
from support.servers import Databases

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Stand:
    """What the tests of this file share: an empty hub with two users, its console, and a browser."""

    scene: support.Scene
    address: str
    browser: Browser


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stand(
    browser: Browser, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stand]:
    folder: Path = tmp_path_factory.mktemp("door") / "project"
    with databases.migrated() as url:
        async with (
            support.scene(url, folder, working=False) as scene,
            support.served(url, scene.project) as address,
        ):
            await scene.user("ada", Role.ADMIN)
            await scene.user("omar", Role.OPERATOR)
            yield Stand(scene, address, browser)


async def acts_of(stand: Stand, actor: str) -> list[str]:
    async with stand.scene.database.cold() as connection:
        return [act.action for act in await search(connection, ActSearch()) if act.actor == actor]


@pytest.mark.req("SEC-4")
async def test_login_leads_to_the_overview_and_both_ways_are_audited(stand: Stand) -> None:
    async with support.visit(stand.browser, stand.address) as page:
        await page.goto("/")
        await support.log_in(page, "ada")
        await expect(page.get_by_text("Nothing is stuck.")).to_be_visible()
        cookies = await page.context.cookies()
        assert [(c["name"], c["httpOnly"], c["sameSite"]) for c in cookies] == [("hilum_session", True, "Lax")]
        await page.get_by_role("button", name="Log out").click()
        await page.get_by_role("button", name="Log in").wait_for()
        await page.goto("/")
        await expect(page).to_have_url(re.compile("/login$"))
    assert {"login", "logout"} <= set(await acts_of(stand, "ada"))


@pytest.mark.req("SEC-4")
async def test_wrong_password_is_refused_then_delayed_and_audited(stand: Stand) -> None:
    await stand.scene.user("wilma", Role.VIEWER)
    async with support.visit(stand.browser, stand.address) as page:
        await page.goto("/login")
        for name in ("wilma", "nobody"):  # whether there is such a user cannot be told from the answers
            async with page.expect_response(lambda answer: answer.request.method == "POST"):
                await support.log_in(page, name, "a wrong password")
            await expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
        async with stand.scene.database.cold() as connection:
            await connection.execute("UPDATE login_failure SET failures = 12")
        for name in ("wilma", "nobody"):
            await support.log_in(page, name)  # the right password of wilma: the delay holds for it too
            await expect(page.get_by_role("alert")).to_contain_text("Too many failed logins. Try again in 2")
        async with stand.scene.database.cold() as connection:
            await connection.execute("UPDATE login_failure SET last_at = now() - interval '1 hour'")
        await support.log_in(page, "wilma")
        await page.get_by_role("heading", name="Overview").wait_for()
    async with stand.scene.database.cold() as connection:
        nobody = await shown_name(connection, "nobody")
    # what came too early is counted, and audited once when it has ended
    assert await acts_of(stand, nobody) == ["login_failed"]
    assert await acts_of(stand, "wilma") == ["login", "login_failed"]


@pytest.mark.req("SEC-4")
async def test_an_ended_session_leads_to_the_login_and_back_to_the_page(stand: Stand) -> None:
    async with support.visit(stand.browser, stand.address, "omar") as page:
        await page.goto("/messages?flow=supply.consumption")
        await page.get_by_role("heading", name="Messages").wait_for()
        async with stand.scene.database.cold() as connection:
            await connection.execute("UPDATE user_session SET expires_at = now() - interval '1 s' WHERE name = 'omar'")
        await page.reload()
        await support.log_in(page, "omar")
        await expect(page).to_have_url(re.compile(r"/messages\?flow=supply\.consumption$"))


@pytest.mark.req("SEC-4")
async def test_a_live_page_notices_that_its_login_has_ended(stand: Stand) -> None:
    await stand.scene.user("lena", Role.VIEWER)
    async with support.visit(stand.browser, stand.address, "lena") as page:
        await page.goto("/")
        await page.get_by_role("heading", name="Overview").wait_for()
        async with stand.scene.database.transaction() as connection:
            await security.set_disabled(connection, "lena", True)
        await expect(page).to_have_url(re.compile("/login"))
        await support.log_in(page, "lena")
        await expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")


@pytest.mark.req("SEC-4")
async def test_a_user_changes_the_password_and_an_admin_makes_users(stand: Stand) -> None:
    new = "six round blue stones"
    async with support.visit(stand.browser, stand.address, "ada") as page:
        await page.goto("/users")
        await page.get_by_label("Name").fill("newt")
        await page.get_by_role("combobox").select_option("operator")
        await page.get_by_label("Password").fill(support.PASSWORD)
        await page.get_by_role("button", name="Make the user").click()
        await expect(page.get_by_role("status")).to_have_text("newt may log in as operator.")
        await page.get_by_role("button", name="Lock ada out").click()
        await page.get_by_role("dialog").get_by_label("Reason").fill("to try it")
        await page.get_by_role("dialog").get_by_role("button", name="Do it").click()
        await expect(page.get_by_role("alert")).to_contain_text("last administrator")
    async with support.visit(stand.browser, stand.address, "newt") as page:
        await page.goto("/account")
        for now, answer in (("not my password", "The name or the password is wrong."), (support.PASSWORD, "")):
            await page.get_by_label("Password now").fill(now)
            await page.get_by_label("New password", exact=True).fill(new)
            await page.get_by_label("New password again").fill(new)
            await page.get_by_role("button", name="Change the password").click()
            if answer:
                await expect(page.get_by_role("alert")).to_have_text(answer)
        await expect(page.get_by_role("status")).to_contain_text("The password is changed")
        await page.goto("/")
        await support.log_in(page, "newt", new)
        await page.get_by_role("heading", name="Overview").wait_for()
    assert "password_changed" in await acts_of(stand, "newt")


async def test_without_a_session_only_the_door_and_the_health_are_answered(stand: Stand) -> None:
    async with httpx.AsyncClient(base_url=stand.address) as client:
        health = await client.get("/healthz")
        assert (health.status_code, health.json()) == (200, {"status": "ok"})
        assert (await client.get("/api/status")).status_code == 401
        for path in ("/", "/messages", "/exceptions/1", "/users", "/_nicegui_ws/socket.io/?transport=polling&EIO=4"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login"), path
        page = await client.get("/login")
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["cache-control"] == "no-store"


async def test_a_live_connection_without_a_session_is_refused(stand: Stand) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"{stand.address}/_nicegui_ws/socket.io/?EIO=4&transport=websocket")


async def test_status_answers_machines_that_are_logged_in(stand: Stand) -> None:
    async with httpx.AsyncClient(base_url=stand.address) as client:
        answer = await client.post("/login", data={"name": "ada", "password": support.PASSWORD})
        assert answer.status_code == 303
        found = (await client.get("/api/status")).json()
        assert found["hub"] == "St Example"
        assert {flow["flow"] for flow in found["flows"]} == {
            "supply.consumption",
            "purchasing.orders",
            "finance.statements",
        }
        assert found["cases"] == []


@pytest.mark.parametrize("target", ["//elsewhere.test/", "https://elsewhere.test/", "/\\elsewhere.test"])
async def test_the_login_leads_nowhere_else(stand: Stand, target: str) -> None:
    async with httpx.AsyncClient(base_url=stand.address) as client:
        form = {"name": "ada", "password": support.PASSWORD, "next": target}
        answer = await client.post("/login", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_form_of_another_site_is_refused(stand: Stand) -> None:
    async with httpx.AsyncClient(base_url=stand.address) as client:
        form = {"name": "ada", "password": support.PASSWORD}
        answer = await client.post("/login", data=form, headers={"origin": "https://elsewhere.test"})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


@pytest.mark.req("SEC-4")
async def test_the_first_administrator_is_made_by_a_link_that_works_once(
    databases: Databases, stand: Stand, tmp_path: Path
) -> None:
    with databases.migrated() as url:
        async with support.scene(url, tmp_path / "project", working=False) as scene, support.served(url) as address:
            link = await security.ensure_first_user(scene.database)
            assert link is not None
            async with support.visit(stand.browser, address) as page:
                await page.goto(link)
                for password, answer in (("short", "at least 12"), (support.PASSWORD, "")):
                    await page.get_by_label("Name").fill("grace")
                    await page.get_by_label("Password", exact=False).first.fill(password)
                    await page.get_by_label("Password again").fill(password)
                    await page.get_by_role("button", name="Make the administrator").click()
                    if answer:
                        await expect(page.get_by_role("alert")).to_contain_text(answer)
                await page.get_by_role("heading", name="Overview").wait_for()
                await expect(page.get_by_role("link", name="Users")).to_be_visible()
                response = await page.goto(link)
                assert response is not None
                assert response.status == 410
            assert await security.ensure_first_user(scene.database) is None


@pytest.mark.req("SEC-6")
async def test_every_response_says_what_a_browser_may_do_with_it(stand: Stand) -> None:
    async with support.visit(stand.browser, stand.address, "omar") as page:
        nonces = []
        for path in ("/", "/login", "/audit", "/nothing-here", "/api/status", "/healthz", "/console/console.css"):
            answer = await page.request.get(path)
            found = answer.headers
            rules = dict(rule.strip().partition(" ")[::2] for rule in found["content-security-policy"].split(";"))
            assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'", path
            assert "unsafe-inline" not in rules["script-src"], path
            assert (found["x-content-type-options"], found["x-frame-options"]) == ("nosniff", "DENY"), path
            assert found["referrer-policy"] == "same-origin", path
            assert "camera=()" in found["permissions-policy"], path
            nonces.append(rules["script-src"])
        assert len(set(nonces)) == len(nonces), "a nonce is used once"


@pytest.mark.req("SEC-6")
async def test_a_script_that_got_into_a_page_does_not_run(stand: Stand) -> None:
    """Locks what the policy is for: markup that escaped the escaping is not run."""
    context = await stand.browser.new_context(base_url=stand.address)
    page = await context.new_page()
    await page.request.post("/login", form={"name": "omar", "password": support.PASSWORD}, max_redirects=0)
    blocked: list[str] = []
    page.on("console", lambda said: blocked.append(said.text))
    await page.goto("/")
    await page.get_by_role("heading", name="Overview").wait_for()
    await page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.stolen = 1';"
        " document.body.append(s); const i = document.createElement('div');"
        " i.innerHTML = '<img src=x onerror=\"window.stolen = 1\">'; document.body.append(i); }"
    )
    await page.evaluate("() => new Promise(done => setTimeout(done, 50))")
    assert await page.evaluate("() => window.stolen") is None
    assert any("Content Security Policy" in text for text in blocked)
    await context.close()
