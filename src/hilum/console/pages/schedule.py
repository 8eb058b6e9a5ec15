"""The schedule of a flow on its page: when it runs, what the last run came to, and a run now, by hand."""

from __future__ import annotations

from nicegui import ui

from hilum.console import acts
from hilum.console.components.age import ago
from hilum.console.components.controls import Button, reasons
from hilum.console.components.dialogs import Question, ask, bullets
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages.moves import why_not
from hilum.console.shell import Page, acting, live, part
from hilum.flow import Flow
from hilum.flow.timetable import Entry, on_demand, timetable, why_no_run
from hilum.security import Permission


async def show_schedule(page: Page, flow: Flow) -> None:
    """Add the part to the page. Raises `DatabaseUnavailable`."""

    async def read() -> Entry:
        async with page.context.database.cold() as connection:
            [entry] = await timetable(connection, [flow])
            return entry

    async def run_now() -> None:
        answer = await ask(page, _question(flow))
        if answer is not None:
            page.say(await acts.run_now(page.visit, flow, answer.reason))
            place.set_content(_facts(await read()))

    place = part(_facts(await read()), "section")
    refused = why_not(page, Permission.RUN, why_no_run(flow))
    with ui.element("div").classes("acts"):
        Button("Run now…", acting(page, run_now), why_not=refused)
    ui.html(reasons([refused]), sanitize=False)
    live(page, read, {place: _facts})


def _question(flow: Flow) -> Question:
    what = (
        "What is in the folder now is taken, also outside its windows. A file that is still being written is not."
        if on_demand(flow) is not None
        else "A run begins now, for the time since the last one; if that one is still under way, it waits for it."
    )
    return Question(title=f"Run {flow.name} now", body=bullets([what, "The calendar goes on as it is."]), do="Run")


def _facts(entry: Entry) -> Html:
    last: Child = [entry.last, ", ", ago(entry.last_at)] if entry.last else "none yet"
    if entry.message_id is not None:
        last = [last, " ", tag("a", "its message", href=f"/messages/{entry.message_id}")]
    rows: list[tuple[str, Child]] = [
        ("When", entry.when),
        ("Next", entry.next),
        ("Waits now", entry.waiting),
        ("Last run", last),
        ("Watched", "" if entry.attended else "no hub is there that has this source"),
    ]
    listed = tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in rows if value], class_="facts")
    return join(tag("h2", "Schedule"), tag("div", listed, class_="card"))
