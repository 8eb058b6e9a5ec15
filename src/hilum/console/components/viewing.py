"""The tools above a list: its columns, one's own views of it, and the list as a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import urlencode

from nicegui import ui

from hilum.cases import views
from hilum.console import small
from hilum.console.components.columns import Column, T, picker
from hilum.console.components.controls import Button
from hilum.console.components.dialogs import Question, ask
from hilum.console.markup import Html, join, tag
from hilum.console.shell import Lookout, Page, Redraw, acting, part


def address(page: Lookout, path: str, names: Sequence[str], *, columns: bool = True) -> str:
    """The path with the filters of this page, and the chosen columns."""
    pairs = [(name, page.query(name)) for name in names if page.query(name)]
    if columns:
        pairs += [("columns", key) for key in keys_of(page)]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def keys_of(page: Lookout) -> list[str]:
    """The columns that the address asks for."""
    return page.request.query_params.getlist("columns")


async def tools(page: Page, path: str, columns: Sequence[Column[T]], names: Sequence[str], redraw: Redraw) -> None:
    """Draw them. `names`: the filters of this page."""
    async with page.context.database.cold() as connection:
        mine = await views.views(connection, page.user.name, path)
    query = address(page, path, names).partition("?")[2]
    with ui.element("div").classes("tools"):
        part(picker(path, columns, keys_of(page), {name: page.query(name) for name in names}))
        part(tag("a", "Save as CSV", href=address(page, f"{path}.csv", names), class_="button", download=True))
        Button("Keep this view…", acting(page, partial(_keep, page, path, query, redraw)))
        if mine:
            part(_links(path, mine), "views")
            Button("Remove a view…", acting(page, partial(_remove, page, path, mine, redraw)), look="quiet")


def _links(path: str, mine: Sequence[views.View]) -> Html:
    links = [tag("a", view.name, href=f"{path}?{view.query}" if view.query else path, class_="view") for view in mine]
    return join(tag("small", "My views: "), links)


async def _keep(page: Page, path: str, query: str, redraw: Redraw) -> None:
    body = tag("p", "The filters and columns of this page, as they are now. Only you see it.")
    question = Question(title="Keep this view", body=body, do="Keep", reason="Name")
    answer = await ask(page, question)
    if answer is not None:
        page.say(await small.save_view(page.visit, path, answer.reason, query))
        await redraw()


async def _remove(page: Page, path: str, mine: Sequence[views.View], redraw: Redraw) -> None:
    options = {view.name: view.name for view in mine}
    question = Question(title="Remove a view", body=tag("p", "The list itself stays."), do="Remove", reason="",
                        options=options, choice="View")  # fmt: skip
    answer = await ask(page, question)
    if answer is not None:
        page.say(await small.remove_view(page.visit, path, answer.choice))
        await redraw()
