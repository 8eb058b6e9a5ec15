"""One thing of the crosswalk: all that systems call it, what was merged into it, its history, and what may be done."""

from __future__ import annotations

from functools import partial

from nicegui import ui
from starlette.responses import Response

from hilum.console import curating
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask, bullets
from hilum.console.components.table import row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import thing_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages import door
from hilum.console.pages.crosswalk import changes_table
from hilum.console.pages.moves import why_not
from hilum.console.shell import Page, Redraw, acting, add_page, heading, part
from hilum.console.words import plural
from hilum.errors import SettingsError
from hilum.masterdata import crosswalk
from hilum.masterdata.crosswalk import Found, HistoryRow, Identifier, Thing, name_of, number_of
from hilum.security import Permission


def add(context: Context, figures: Figures) -> None:
    """The page at `/master/crosswalk/{thing}`, such as `item-17`."""

    async def build(page: Page) -> Response | None:
        name = str(page.request.path_params["thing"])
        try:
            object_, number = number_of(name)
        except SettingsError:
            return door.not_found("thing", "/master/crosswalk")
        async with context.database.cold() as connection:
            found = await crosswalk.thing(connection, number)
        if found is None or found.object != object_:
            return door.not_found("thing", "/master/crosswalk")
        content = ui.element("div")

        async def draw() -> None:
            async with context.database.cold() as connection:
                found = await crosswalk.thing(connection, number)
                changes = await crosswalk.history(connection, number=number)
            content.clear()
            if found is not None:
                with content:
                    _contents(page, found, changes, draw)

        await draw()
        return None

    add_page("/master/crosswalk/{thing}", "Thing of the crosswalk", context, figures, build)


def _contents(page: Page, found: Thing, changes: list[HistoryRow], draw: Redraw) -> None:
    heading(found.name, *(tag("p", line) for line in _answer(found)))
    part(_identifiers(page, found), "section")
    _acts(page, found, draw)
    part(changes_table(page, changes, "History"), "section")


def _answer(found: Thing) -> list[Child]:
    systems = len({each.system for each in found.identifiers})
    lines: list[Child] = [f"{plural(len(found.identifiers), 'identifier')} in {plural(systems, 'system')}."]
    if found.merged_into is not None:
        lines.append(
            ["It was merged into ", thing_link(found.object, found.merged_into), ": all of it names that one."]
        )
    if found.parts:
        lines.append(["Merged into it: ", join(*(join(thing_link(found.object, n), " ") for n in found.parts))])
    return lines


def _identifiers(page: Page, found: Thing) -> Html:
    shown = page.context.name_of_thing
    rows = [
        row(each.system, tag("span", shown(each.object, each.identifier, page.user), class_="mono"),
            "alias: known by it, not called so" if each.alias else "",
            thing_link(found.object, each.golden) if each.golden != found.number else "")
        for each in found.identifiers
    ]  # fmt: skip
    return table(("System", "Identifier", "", "From"), rows, empty="No system has a name for it.", label="Identifiers")


def _acts(page: Page, found: Thing, draw: Redraw) -> None:
    refusal = why_not(page, Permission.CURATE)
    merged = found.merged_into is not None
    own = [each for each in found.identifiers if each.golden == found.number]
    with ui.element("div").classes("section"):
        with ui.element("div").classes("acts"):
            no_merge = refusal or ("Merge: it is merged already." if merged else "")
            Button("Merge into…", acting(page, partial(_merge, page, found, draw)), why_not=no_merge)
            no_unlink = refusal or ("" if own else "Unlink: it has no identifier of its own.")
            Button("Unlink an identifier…", acting(page, partial(_unlink, page, own, draw)), why_not=no_unlink)
            undone = (*([found.number] if merged else ()), *found.parts)
            for number in undone:
                act = acting(page, partial(_unmerge, page, found.object, number, draw))
                Button(f"Undo the merge of {name_of(found.object, number)}…", act, why_not=refusal)
        ui.html(reasons([no_merge, no_unlink]), sanitize=False)


async def _merge(page: Page, found: Thing, draw: Redraw) -> None:
    named = [f"{each.system} {page.context.name_of_thing(each.object, each.identifier, page.user)}"
             for each in found.identifiers[:10]]  # fmt: skip
    rest = len(found.identifiers) - len(named)
    body = bullets([f"{plural(len(found.identifiers), 'identifier')} of {found.name} will name the other thing: "
                    f"{', '.join(named)}{f' and {rest} more' if rest else ''}.",
                    "It can be undone: everything then points where it pointed."])  # fmt: skip
    question = Question(title=f"Merge {found.name} into another one", body=body, do="Merge",
                        line=f"Into, such as {name_of(found.object, 17)}")  # fmt: skip
    answer = await ask(page, question)
    if answer is not None:
        page.say(await curating.merge_things(page.visit, found.name, answer.line, answer.reason))
        await draw()


async def _unmerge(page: Page, object_: str, number: int, draw: Redraw) -> None:
    name = name_of(object_, number)
    body = bullets([f"{name} stands for itself again, with the identifiers that it had.",
                    "What was linked to the other one after the merge stays there."])  # fmt: skip
    answer = await ask(page, Question(title=f"Undo the merge of {name}", body=body, do="Part them"))
    if answer is not None:
        page.say(await curating.unmerge_thing(page.visit, name, answer.reason))
        await draw()


async def _unlink(page: Page, own: list[Found], draw: Redraw) -> None:
    options = {
        str(n): f"{each.system} {page.context.name_of_thing(each.object, each.identifier, page.user)}"
        for n, each in enumerate(own)
    }
    body = bullets(["It names nothing any more: messages with it are held until it is linked again.",
                    "Its history stays."])  # fmt: skip
    answer = await ask(page, Question(title="Unlink an identifier", body=body, do="Unlink", look="danger",
                                      choice="Identifier", options=options))  # fmt: skip
    if answer is not None:
        chosen = own[int(answer.choice)]
        what = Identifier(object=chosen.object, system=chosen.system, identifier=chosen.identifier)
        page.say(await curating.unlink_identifier(page.visit, what, answer.reason))
        await draw()
