"""The switches on a flow's page: what is stopped, by whom and why; stop, resume, hold a key, free it."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from hilum.cases import switches
from hilum.cases.switches import INTAKE, TRANSLATION, KeyHold, Switch
from hilum.console import small, words
from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask
from hilum.console.components.table import num, row, table
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages import moves
from hilum.console.shell import Page, Redraw, acting, follow, part
from hilum.security import Permission

_MEANING = {
    INTAKE: "Its senders are answered busy: they keep what they have, and send it again.",
    TRANSLATION: "What comes in is kept, in order, and waits.",
}


async def flow_switches(page: Page, flow: str) -> None:
    """Draw them; they follow what others do."""
    ui.html(tag("h2", "Switches"), sanitize=False)

    async def read() -> tuple[list[Switch], list[KeyHold]]:
        async with page.context.database.cold() as connection:
            return await switches.stopped(connection, flow), await switches.key_holds(connection, flow)

    async def show(found: tuple[list[Switch], list[KeyHold]], draw: Redraw) -> None:
        _contents(page, flow, *found, draw)

    await follow(page, ui.element("div").classes("section"), read, show)


def _contents(page: Page, flow: str, found: list[Switch], held: list[KeyHold], draw: Redraw) -> None:
    stopped = {each.what: each for each in found}
    part(_told(found))
    no_pause = moves.why_not(page, Permission.PAUSE)
    with ui.element("div").classes("acts"):
        for what in (INTAKE, TRANSLATION):
            how = "resume" if what in stopped else "pause"
            label = f"Resume {what}…" if what in stopped else f"Stop {what}…"
            Button(label, acting(page, partial(_switch, page, flow, what, how, draw)), why_not=no_pause,
                   look="danger" if how == "pause" else "primary")  # fmt: skip
        Button("Hold a key…", acting(page, partial(_hold, page, flow, draw)), why_not=no_pause)
    ui.html(reasons([no_pause]), sanitize=False)
    if held:
        part(_keys(page, held))
        with ui.element("div").classes("acts"):
            for each in held:
                shown = page.masker(flow)(each.key)
                Button(f"Free {shown}…", acting(page, partial(_free, page, flow, each, draw)), why_not=no_pause)


def _told(found: list[Switch]) -> Html:
    if not found:
        return tag("p", chip("On", "done"), " Intake and translation run.")
    lines: list[Child] = [
        tag("p", chip("Stopped", "hurt"), tag("strong", f" {each.what.capitalize()} is stopped"), f" by {each.by}, ",
            ago(each.since), f": {each.reason}. ", tag("small", _MEANING[each.what]))
        for each in found
    ]  # fmt: skip
    return join(lines)


def _keys(page: Page, held: list[KeyHold]) -> Html:
    rows = [
        row(tag("span", page.masker(each.stage.removeprefix("translate:"))(each.key), class_="mono"),
            num(words.number(each.waiting)), each.by, ago(each.since), each.reason)
        for each in held
    ]  # fmt: skip
    return table(("Key", "Waiting>", "Held by", "Since", "Why"), rows, empty="", label="Held keys")


async def _switch(page: Page, flow: str, what: str, how: str, draw: Redraw) -> None:
    verb = "Stop" if how == "pause" else "Resume"
    body = join(tag("p", _MEANING[what] if how == "pause" else "It goes on within a second."),
                tag("p", "It holds for all hubs here, until somebody resumes it.", class_="why"))  # fmt: skip
    look = "danger" if how == "pause" else "primary"
    question = Question(title=f"{verb} {what} of {flow}", body=body, do=verb, look=look)
    if (answer := await ask(page, question)) is not None:
        page.say(await small.switch(page.visit, how, flow, [what], answer.reason))
        await draw()


async def _hold(page: Page, flow: str, draw: Redraw) -> None:
    body = tag("p", "Messages of this key wait, in order, until it is freed. All other keys go on.")
    question = Question(title="Hold a key", body=body, do="Hold", line="Key")
    if (answer := await ask(page, question)) is not None:
        page.say(await small.key_switch(page.visit, flow, answer.line, answer.reason, hold=True))
        await draw()


async def _free(page: Page, flow: str, held: KeyHold, draw: Redraw) -> None:
    body = tag("p", f"What waits behind it goes on, in order: {words.plural(held.waiting, 'message')}.")
    if (answer := await ask(page, Question(title="Free the key", body=body, do="Free"))) is not None:
        page.say(await small.key_switch(page.visit, flow, held.key, answer.reason, hold=False))
        await draw()
