"""A hub whose console is looked at in a browser: its project, its messages, the console's process, and a Chromium."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal
from uuid import UUID
from weakref import WeakKeyDictionary

import pytest
from playwright.async_api import Browser, ConsoleMessage, Error, Page, ViewportSize, async_playwright, expect

from hilum import security
from hilum.flow import load_project
from hilum.journal import Draft, receive
from hilum.message import Priority
from hilum.postgres import Database
from hilum.runtime import Hub
from support.forking import CONSOLE, forked
from support.projects import MASTER_KEY
from support.servers import LANES

PASSWORD = "four small grey boats"
WAIT_SECONDS = 60.0

expect.set_options(timeout=WAIT_SECONDS * 1000)

CHROMIUM = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # one process shows all pages: each start of one costs as much as a page
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
)

FLOWS = """
from hilum.canonical import SupplyConsumed
from hilum.connectors import calendar, files, http, mllp
from hilum.errors import Invalid
from hilum.flow import Calendar, Criticality, DataClass, Flow, Owners, Slo
from hilum.formats import hl7v2 as hl7

consumption = Flow(
    "supply.consumption", version="1.2", summary="Supplies used on a patient leave the stock of the theatre",
    owners=Owners(business="Supply chain", technical="Integration"), data_class=DataClass.PHI,
    criticality=Criticality.HIGH, slo=Slo(percent=99.5, within="30s"), retention="P7Y",
    source=mllp.Listener(host="127.0.0.1", port=0, accepts=["DFT^P03"]),
    order_by=hl7.field("PID-18.1"), dedup_by=hl7.field("MSH-10"), identify_by=(hl7.field("PV1-19.1"),),
    runbook="An unknown code: add its row to lookups/items.csv, then replay.",
)


@consumption.translate
def used(msg, hub):
    for number, ft1 in enumerate(msg.segments("FT1"), start=1):
        quantity = ft1.decimal("10")
        if quantity is None:
            raise Invalid("the quantity is missing", where=f"FT1[{number}]-10")
        yield SupplyConsumed(
            transaction=f"{msg['MSH-4.1']}:{ft1['2.1']}", item=hub.item(ft1["7.1"]), quantity=quantity,
            location=hub.location(msg["PV1-3.1"]), account=msg["PID-18.1"] or None, used_at=ft1.timestamp("4.1"),
        )


consumption.deliver_to(files.write(url=OUT, name="{key}-{message_id}-{ordinal}.json"))

orders = Flow(
    "purchasing.orders", version="1.0", summary="Confirmed orders reach the supplier portal",
    owners=Owners(business="Procurement", technical="Integration"), data_class=DataClass.INTERNAL,
    slo=Slo(percent=99, within="5m"), retention="P1Y", format="json", order_by=lambda order: order["number"],
)


@orders.translate
def confirmed(order, hub):
    yield order


orders.deliver_to(http.post(url="http://127.0.0.1:9/orders"))

statements = Flow(
    "finance.statements", version="1.0", summary="Statements of the bank are asked for each morning",
    owners=Owners(business="Treasury", technical="Integration"), data_class=DataClass.INTERNAL,
    slo=Slo(percent=99, within="5m"), retention="P1Y",
    source=calendar.Runs(when=Calendar("0 6 * * MON-FRI", zone="Europe/Berlin")),
)
statements.translate(lambda run, hub: run)
statements.deliver_to(files.write(url=OUT, name="{flow}-{message_id}.json"))
"""


def make_project(folder: Path, settings: str = "") -> Path:
    """A project folder: supplies used on patients (protected), orders to a portal that is down, and a calendar."""
    (folder / "flows").mkdir(parents=True)
    (folder / "lookups").mkdir()
    (folder / "out").mkdir()
    (folder / "flows" / "flows.py").write_text(FLOWS.replace("OUT", repr(str(folder / "out"))), encoding="utf-8")
    (folder / "hilum.toml").write_text(f'[encryption]\nkey = "{MASTER_KEY}"\n{settings}', encoding="utf-8")
    (folder / "lookups" / "items.csv").write_text("code,item\nGLV-M,GLOVE-M\nSUT30,SUT-3-0\n", encoding="utf-8")
    (folder / "lookups" / "locations.csv").write_text("ward,location\nOR2,STORE-OR\n", encoding="utf-8")
    return folder


def charge(account: str, control: str, item: str = "GLV-M", quantity: str = "4", name: str = "Fennick^Odile") -> bytes:
    """A DFT^P03 of an invented patient."""
    lines = (
        rf"MSH|^~\&|OR|HILLSIDE|HUB|HILUM|20260302103000||DFT^P03^DFT_P03|{control}|P|2.5.1",
        f"PID|1||MR10007^^^HILLSIDE^MR||{name}||19610914|F||||||||||{account}^^^HILLSIDE^AN",
        f"PV1|1|I|OR2^^^HILLSIDE||||||||||||||||V{account}^^^HILLSIDE^VN",
        f"FT1|1|{control}-1||20260302102000|20260302103000|CG|{item}^an item^L|||{quantity}",
    )
    return "\r".join(lines).encode() + b"\r"


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until it is so; fails with `what` where it never is."""
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while not await condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"never happened: {what}")


class Scene:
    """A database with messages, and what a test may do to it beside the console."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self.database = database
        self.hub = hub
        self.project = hub.project.folder

    def look_up_again(self) -> None:
        """Read changed lookup tables now, as the hub does by itself every few seconds."""
        self.hub.project.lookup.refresh()

    async def user(self, name: str, role: security.Role) -> None:
        """Make a user with the password of all test users."""
        async with self.database.transaction() as connection:
            await security.create_user(connection, name, PASSWORD, role, created_by="test")

    async def receive(self, flow: str, key: str, body: bytes, kind: str = "application/hl7-v2") -> UUID:
        """A message as a source would hand it over."""
        headers = {"peer": "10.20.0.7:50412", "message-type": "DFT^P03"} if b"DFT" in body else {"peer": "erp.test"}
        draft = Draft(flow=flow, body=body, content_type=kind, headers=headers, key=key,
                      correlation_id=f"corr-{key}", priority=Priority.NORMAL)  # fmt: skip
        async with self.database.hot() as connection:
            await receive(connection, [draft], LANES)
        return draft.id

    async def value(self, statement: str, *values: object) -> object:
        """The first column of the first row."""
        async with self.database.cold() as connection:
            row = await (await connection.execute(statement.encode(), list(values))).fetchone()
        return row[0] if row else None

    async def state(self, message_id: UUID) -> object:
        """Where a message is."""
        return await self.value("SELECT state::text FROM message WHERE id = %s", message_id)

    async def settle(self, message_id: UUID, state: str) -> None:
        """Wait until a message is in this state."""

        async def there() -> bool:
            return await self.state(message_id) == state

        await until(there, f"message {message_id} is {state}")

    async def case_of(self, message_id: UUID) -> int:
        """The number of its open case."""
        found = await self.value(
            "SELECT id FROM exception_case WHERE message_id = %s AND closed_at IS NULL", message_id
        )
        assert isinstance(found, int), "there is no open case"
        return found

    async def acts(self, message_id: UUID) -> list[tuple[str, str, str]]:
        """Actor, action and reason of all acts on a message, without those of the hub and without looking at it."""
        async with self.database.cold() as connection:
            cursor = await connection.execute(
                "SELECT actor, action, words FROM audit WHERE message_id = %s AND actor <> 'hub'"
                " AND action <> 'view_message' ORDER BY id",
                [message_id],
            )
            return await cursor.fetchall()


@asynccontextmanager
async def scene(url: str, folder: Path, *, working: bool = True, settings: str = "") -> AsyncIterator[Scene]:
    """A project over this database, worked on by a real worker."""
    project = make_project(folder, settings)
    database = Database(url, hot=4, cold=4)
    await database.open()
    hub = Hub(load_project(project), database, roles={"worker"})
    try:
        if working:
            await hub.start()
        yield Scene(database, hub)
    finally:
        if working:
            await hub.stop()
        await database.close()


@asynccontextmanager
async def served(url: str, project: Path | None = None, *, hours: float = 10.0) -> AsyncIterator[str]:
    """The console over this database in a process of its own; yields its address, and ends it as a hub ends."""
    program = str(Path(__file__).with_name("console_process.py"))
    arguments = (url, str(project or ""), str(hours))
    process = await forked(program, arguments, os.environ, loaded=CONSOLE, complains=False, warnings=["error"])
    try:
        first = (await asyncio.wait_for(process.stdout.readline(), WAIT_SECONDS)).decode().strip()
        assert first.startswith("http://127.0.0.1:"), "the console did not start; its errors are above"
        yield first
        await _close_windows(first)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), WAIT_SECONDS) == 0, "the console did not stop as it should"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def chromium() -> str:
    """Path of the browser; skips the test where there is none, but not in CI."""
    for name in (os.environ.get("HILUM_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        if name and (found := shutil.which(name)):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("CI needs a Chromium on PATH, or HILUM_CHROMIUM naming one")
    pytest.skip("no Chromium on PATH: install it, or set HILUM_CHROMIUM")


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium that stays on this machine."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=chromium(), args=list(CHROMIUM), ignore_default_args=["--headless"]
        )
        try:
            yield running
        finally:
            await running.close()


_left: WeakKeyDictionary[Browser, dict[tuple[object, ...], list[Page]]] = WeakKeyDictionary()
"""Windows that a visit has left, by what they show and how. To make one costs a second of the processor."""


@asynccontextmanager
async def visit(browser: Browser, address: str, user: str = "", *, dark: bool = False, narrow: bool = False
                ) -> AsyncIterator[Page]:  # fmt: skip
    """A window that remembers nothing, logged in as `user` where one is named.

    Fails on any error of the page's script, and on anything that the page's own policy forbids it.
    """
    size = ViewportSize(width=390, height=844) if narrow else ViewportSize(width=1440, height=900)
    left = _left.setdefault(browser, {}).setdefault((address, dark, narrow), [])
    if left:
        page = left.pop()
        await page.set_viewport_size(size)
    else:
        scheme: Literal["dark", "light"] = "dark" if dark else "light"
        context = await browser.new_context(viewport=size, color_scheme=scheme, base_url=address)
        page = await context.new_page()
        page.set_default_timeout(WAIT_SECONDS * 1000)
    problems: list[str] = []

    def failed(error: Error) -> None:
        problems.append(str(error))

    def said(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            problems.append(message.text)

    page.on("pageerror", failed)
    page.on("console", said)
    if user:
        answer = await page.request.post("/login", form={"name": user, "password": PASSWORD}, max_redirects=0)
        assert answer.status == 303, "the login was refused"
    yield page
    await _forget(page)
    page.remove_listener("pageerror", failed)
    page.remove_listener("console", said)
    assert not problems, f"the page's script failed: {problems}"
    left.append(page)


async def _close_windows(address: str) -> None:
    """Those that visits have left there: nobody comes again."""
    for left in _left.values():
        for key in [key for key in left if key[0] == address]:
            for page in left.pop(key):
                await page.context.close()


async def _forget(page: Page) -> None:
    """Nobody was here: no login, no choice of a theme, no other window."""
    for other in page.context.pages:
        if other is not page:
            await other.close()
    if page.url.startswith("http"):
        await page.evaluate("localStorage.clear(); sessionStorage.clear()")
    await page.goto("about:blank")
    await page.context.clear_cookies()


async def log_in(page: Page, user: str, password: str = PASSWORD) -> None:
    """Fill the login form and send it."""
    await page.get_by_label("Name").fill(user)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in").click()
