"""Published master data: change sets and versions, and one change set with what it changes and who may move it on."""

from __future__ import annotations

from functools import partial

from nicegui import ui
from starlette.responses import Response

from hilum.console.acts import allowed, reasoned
from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask, bullets
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.markup import Html, join, tag
from hilum.console.pages import door
from hilum.console.pages.moves import why_not
from hilum.console.shell import Page, Redraw, acting, add_page, heading, part
from hilum.console.words import plural
from hilum.masterdata import publishing
from hilum.masterdata.publishing import Change, ChangeSet, Version
from hilum.security import Permission, why_no_second

MOST_CHANGES = 500
"""Changes of a set that are shown."""

_LOOKS = {"draft": "off", "review": "waiting", "approved": "flowing", "published": "done", "refused": "held",
          "withdrawn": "off"}  # fmt: skip


def add(context: Context, figures: Figures) -> None:
    """The page at `/master/published`."""

    async def build(page: Page) -> None:
        async with context.database.cold() as connection:
            sets = await publishing.change_sets(connection)
            versions = await publishing.versions(connection)
        waiting = sum(each.state == "review" for each in sets)
        told = f"{plural(waiting, 'change set')} to be reviewed." if waiting else "Nothing waits for a review."
        heading("Change sets", tag("p", tag("strong", told)))
        part(_sets(sets), "section")
        part(_versions(versions), "section")

    add_page("/master/published", "Change sets", context, figures, build)


def _sets(sets: list[ChangeSet]) -> Html:
    rows = [
        row(tag("a", each.id, href=f"/master/published/{each.id}", data_open=True),
            chip(each.state.capitalize(), _LOOKS[each.state]), each.object.replace("_", " "), each.title, each.author,
            each.reviewer, ago(each.made_at), data_row=True)
        for each in sets
    ]  # fmt: skip
    return table(("Set", "", "What", "Title", "By", "Reviewed by", "Made"), rows, label="Change sets",
                 empty="None yet. Begin with: hilum master draft items FILE.csv")  # fmt: skip


def _versions(versions: list[Version]) -> Html:
    rows = [
        row(v.object.replace("_", " "), num(v.version), tag("a", v.title, href=f"/master/published/{v.set_id}"),
            num(v.changes), v.author, v.reviewer, ago(v.published_at))
        for v in versions
    ]  # fmt: skip
    heads = ("What", "Version>", "Title", "Changes>", "By", "Approved by", "Published")
    return join(tag("h2", "Published versions"),
                table(heads, rows, empty="Nothing was published yet.", label="Versions"))  # fmt: skip


def add_one(context: Context, figures: Figures) -> None:
    """The page at `/master/published/{number}`."""

    async def build(page: Page) -> Response | None:
        text = str(page.request.path_params["number"])
        number = int(text) if text.isdigit() and len(text) < 18 else 0
        async with context.database.cold() as connection:
            if await publishing.change_set(connection, number) is None:
                return door.not_found("change set", "/master/published")
        content = ui.element("div")

        async def draw() -> None:
            async with context.database.cold() as connection:
                found = await publishing.change_set(connection, number)
                changes = await publishing.changes(connection, number, limit=MOST_CHANGES)
            content.clear()
            if found is not None:
                with content:
                    _one(page, found, changes, draw)

        await draw()
        return None

    add_page("/master/published/{number}", "Change set", context, figures, build)


def _one(page: Page, found: ChangeSet, changes: list[Change], draw: Redraw) -> None:
    what = found.object.replace("_", " ")
    state = chip(found.state.capitalize(), _LOOKS[found.state])
    version = f" It is version {found.version}." if found.version else ""
    why = f" Last said: {found.reason}" if found.reason else ""
    heading(
        f"Change set {found.id}: {found.title}",
        tag("p", state, f" {what}, {plural(len(changes), 'change')}.{version}"),
        tag("p", f"{found.author} made it ", ago(found.made_at), f".{why}"),
    )
    with ui.element("div").classes("section"):
        with ui.element("div").classes("acts"):
            refused = [_button(page, found, act, draw) for act in _MOVES.get(found.state, ())]
        ui.html(reasons(refused), sanitize=False)
    part(_changes(changes), "section")


_MOVES = {
    "draft": ("submit", "withdraw"),
    "review": ("approve", "refuse", "withdraw"),
    "approved": ("publish", "withdraw"),
}
_TOLD = {
    "submit": ("Submit for review", "Another person is asked to look at it."),
    "approve": ("Approve", "It may be published then."),
    "refuse": ("Refuse", "It ends unpublished; whoever made it sees your reason."),
    "publish": ("Publish", "It becomes the next version, and the flows that subscribe deliver it."),
    "withdraw": ("Withdraw", "It ends unpublished."),
}


def _button(page: Page, found: ChangeSet, act: str, draw: Redraw) -> str:
    """A button; returns why it is disabled."""
    why = why_not(page, Permission.CURATE)
    if act in ("approve", "refuse"):
        why = next((w for f in (found.author, found.submitted_by) if (w := why_no_second(page.user, asked_by=f))), "")
    look = "primary" if act in ("submit", "approve", "publish") else ""
    Button(f"{_TOLD[act][0]}…", acting(page, partial(_move, page, found, act, draw)), look=look, why_not=why)
    return why


async def _move(page: Page, found: ChangeSet, act: str, draw: Redraw) -> None:
    title, line = _TOLD[act]
    answer = await ask(page, Question(title=f"{title}: change set {found.id}", body=bullets([line]), do=title))
    if answer is None:
        return
    reason = reasoned(answer.reason)
    user = await allowed(page.visit, Permission.APPROVE if act in ("approve", "refuse") else Permission.CURATE)
    async with page.context.database.transaction() as connection:
        if act == "approve":
            await publishing.approve(connection, found.id, user=user, reason=reason)
        elif act == "refuse":
            await publishing.refuse(connection, found.id, user=user, reason=reason)
        elif act == "publish":
            await publishing.publish(connection, found.id, by=user.name, reason=reason)
        elif act == "submit":
            await publishing.submit(connection, found.id, by=user.name, reason=reason)
        else:
            await publishing.withdraw(connection, found.id, by=user.name, reason=reason)
    page.say(f"{title}: done.")
    await draw()


def _changes(changes: list[Change]) -> Html:
    rows = [
        row(each.key if n == 0 else "", name, tag("del", str((each.before or {}).get(name, ""))),
            tag("ins", str((each.after or {}).get(name, ""))))
        for each in changes
        for n, name in enumerate(each.fields)
    ]  # fmt: skip
    return join(tag("h2", "Changes"), table(("Code", "Field", "Before", "After"), rows, empty="None.", label="Changes"))
