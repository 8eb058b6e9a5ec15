"""The frame around every page: navigation, the line that says what happened, live parts, and how acts are answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request
from nicegui import ui
from starlette.responses import Response

from hilum.cases import classify
from hilum.console import assets, navigation
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import DESK
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages import door
from hilum.console.session import SessionEnded, Visit, visit_of
from hilum.errors import DatabaseUnavailable, HilumError
from hilum.security import User

LIVE_SECONDS = 2.0
"""How often a live part is read again."""

BUILD_SECONDS = 20.0
"""The longest that a page may take; a database that comes back may need it."""

log = logging.getLogger("hilum.console")

T = TypeVar("T")

Redraw = Callable[[], Awaitable[None]]
"""Draws a part of a page again, after an act."""


@dataclass(slots=True, kw_only=True)
class Lookout:
    """Who looks, and at what: the filters are in the address."""

    visit: Visit
    request: Request

    @property
    def context(self) -> Context:
        """What the console works with."""
        return self.visit.context

    @property
    def user(self) -> User:
        """Who looks, as they were when the page was opened."""
        return self.visit.user

    def query(self, name: str) -> str:
        """A filter in the address."""
        return self.request.query_params.get(name, "").strip()

    def masker(self, flow: str) -> Callable[[str], str]:
        """How identifiers of this flow are shown to this user."""
        return lambda value: self.context.identifier(flow, value, self.user)


@dataclass(slots=True, kw_only=True)
class Page(Lookout):
    """One opened page, while it is built and as long as it is looked at."""

    figures: Figures
    notice: ui.html  # what happened last, or that the database is away
    layer: ui.element  # where dialogs are put, so that redrawing the page does not close them

    def say(self, words: Child, *, hurt: bool = False) -> None:
        """Show in place what came of an act."""
        look = "alert" if hurt else "said"
        self.notice.set_content(tag("p", words, class_=look, role="alert" if hurt else "status") if words else "")


Build = Callable[[Page], Awaitable[Response | None]]


def add_page(path: str, title: str, context: Context, figures: Figures, build: Build) -> None:
    """A page at this path (path parameters are in `request.path_params`), inside the frame."""

    async def opened(request: Request) -> Response | None:
        try:
            return await _framed(request, title, context, figures, build)
        except DatabaseUnavailable as error:
            return door.database_away(str(error))
        except Exception as error:  # noqa: BLE001  # the last one to answer
            finding = classify(error)
            # No traceback: the texts of foreign errors may quote a payload. Places and kinds of error are enough.
            log.error("page %s failed: %s\n%s", path, finding.words, finding.detail)
            return door.failed()

    ui.page(path, response_timeout=BUILD_SECONDS)(opened)


async def _framed(request: Request, title: str, context: Context, figures: Figures, build: Build) -> Response | None:
    visit = visit_of(request)
    snapshot = await figures.snapshot()
    mine = sum(not request.why_not(visit.user) for request in snapshot.requests)
    counts = {DESK: snapshot.open_cases + snapshot.tasks, "/approvals": mine,
              f"{navigation.MASTER}/matches": snapshot.matches,
              f"{navigation.MASTER}/published": snapshot.reviews}  # fmt: skip
    ui.add_head_html(assets.HEAD)
    ui.page_title(f"{title} · {context.hub}")
    layer = ui.element("div")
    with ui.element("div").classes("shell"):
        ui.html(_side(context, visit.user, request.url.path, counts), sanitize=False, tag="header")
        with ui.element("main").props('id="main" tabindex="-1"'):
            ui.html(navigation.tabs(request.url.path, visit.user, counts), sanitize=False)
            notice = ui.html("", sanitize=False).props('aria-live="polite"')
            page = Page(visit=visit, figures=figures, request=request, notice=notice, layer=layer)
            answer = await build(page)
    ui.html(_help(), sanitize=False)
    return answer


def _side(context: Context, user: User, path: str, counts: Mapping[str, int]) -> Html:
    return join(
        tag("a", "Skip to the content", href="#main", class_="skip"),
        tag("a", tag("img", src=f"{assets.PATH}/mark.svg", alt="", width=24, height=24), tag("span", context.hub),
            href="/", class_="brand"),
        navigation.side(path, user, counts),
        tag(
            "div",
            tag("a", user.name, tag("small", user.role.value), class_="who", href="/account", title="Your account"),
            tag("button", "Light or dark", type="button", class_="quiet", data_theme_switch=True),
            tag("button", "Keys", type="button", class_="quiet", data_help=True, title="Keyboard: press ?"),
            tag("form", tag("button", "Log out", type="submit", class_="quiet"), method="post", action="/logout"),
            class_="foot",
        ),
    )  # fmt: skip


_KEYS = (("/", "search"), ("j k", "next, previous row"), ("Enter", "open the row"), ("?", "this help"))


def _help() -> Html:
    rows = [tag("tr", tag("td", [tag("kbd", key) for key in keys.split()]), tag("td", does)) for keys, does in _KEYS]
    close = tag("form", tag("button", "Close", type="submit", class_="quiet"), method="dialog")
    return tag("dialog", tag("h2", "Keyboard"), tag("table", rows), close, id="help", aria_label="Keyboard")


def heading(title: Child, *lead: Child) -> None:
    """The first thing on a page: what it is, and its answer in a sentence."""
    ui.html(join(tag("h1", title), lead and tag("div", lead, class_="answer")), sanitize=False).classes("heading")


def part(content: Html, classes: str = "") -> ui.html:
    """A piece of the page that the server may replace."""
    return ui.html(content, sanitize=False).classes(classes)


class Repeated(ui.timer):
    """Looks again every two seconds, as long as the page is open and its login lasts."""

    def __init__(self, page: Page, look: Callable[[], Awaitable[None]]) -> None:
        self._page = page
        self._look = look
        self._away = False
        super().__init__(LIVE_SECONDS, self._again, immediate=False)

    async def _again(self) -> None:
        try:
            await self._page.visit.still()
            await self._look()
        except DatabaseUnavailable as error:
            self._away = True
            older = "What you see is older; it goes on by itself. "
            self._page.say([tag("b", "The database does not answer. "), older, str(error)], hurt=True)
        except SessionEnded:
            ui.navigate.to("/login")
        else:
            if self._away:
                self._away = False
                self._page.say("The database answers again.")


def in_turn(draw: Redraw) -> Redraw:
    """The same, one at a time: an act and the clock may ask for it at once, and both would draw on the page."""
    lock = asyncio.Lock()

    async def drawing() -> None:
        async with lock:
            await draw()

    return drawing


async def follow(
    page: Page,
    content: ui.element,
    read: Callable[[], Awaitable[T | None]],
    show: Callable[[T, Redraw], Awaitable[None]],
) -> None:
    """A part of a page that is drawn again when what is read has changed, and whenever `show` asks for it after an act.

    What is gone (`None`) stays as it was drawn. Only a change draws it again by itself: somebody may be at a button.
    """
    drawn: list[T] = []

    async def put() -> None:
        found = await read()
        if found is not None:
            drawn[:] = [found]
            content.clear()
            with content:
                await show(found, draw)

    async def look() -> None:
        found = await read()
        if found is not None and [found] != drawn:
            await draw()

    draw = in_turn(put)
    await draw()
    Repeated(page, look)


def live(page: Page, read: Callable[[], Awaitable[T]], parts: Mapping[ui.html, Callable[[T], Html]]) -> None:
    """Parts of a page that are read again every two seconds; only what has changed is replaced."""

    async def look() -> None:
        found = await read()
        for place, render in parts.items():
            place.set_content(render(found))

    Repeated(page, look)


def acting(page: Page, act: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """A handler for a button: whatever keeps the act from being done is said in place."""

    async def handler() -> None:
        try:
            await act()
        except SessionEnded:
            ui.navigate.to("/login")
        except HilumError as error:
            page.say(str(error), hurt=True)

    return handler
