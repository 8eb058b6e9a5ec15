"""Tasks: what runs ask of people, which are mine or my team's, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hilum.cases import views
from hilum.console import words
from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.components.controls import filter_form, select
from hilum.console.components.pressing import due
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures
from hilum.console.links import TASKS, run_link, task_link
from hilum.console.markup import Html, join, tag
from hilum.console.shell import Page, add_page, live, part
from hilum.processes.tasks import Asked, inbox

MINE, TEAM = "mine", "team"
"""Whose tasks, in the address; else all."""

SHOWN = 200
"""The most that are listed: the most urgent ones."""


@dataclass(frozen=True, slots=True)
class _Found:
    tasks: list[Asked]
    team: str


def add(context: Context, figures: Figures) -> None:
    """The page at `/workflows/tasks`; `?whose=mine` and `?whose=team` show some."""

    async def build(page: Page) -> None:
        async def read() -> _Found:
            async with context.database.cold() as connection:
                team = await views.team_of(connection, page.user.name)
                teams = {MINE: [], TEAM: [team] if team else []}.get(page.query("whose"))
                person = page.user.name if teams is not None else ""
                return _Found(await inbox(connection, teams=teams, person=person, limit=SHOWN), team)

        found = await read()
        top = part(_heading(page, found), "heading")
        part(_filters(page, found.team))
        listed = part(_table(page, found))
        live(page, read, {top: lambda now: _heading(page, now), listed: lambda now: _table(page, now)})

    add_page(TASKS, "Tasks", context, figures, build)


def _heading(page: Page, found: _Found) -> Html:
    return join(tag("h1", "Tasks"), tag("div", tag("p", _answer(page, found.tasks)), class_="answer"))


def _answer(page: Page, found: Sequence[Asked]) -> Html:
    if not found:
        return tag("strong", "Nothing waits for an answer here.")
    mine = sum(each.assigned_to == page.user.name for each in found)
    first = min((each.due_at for each in found if each.due_at), default=None)
    count = words.plural(len(found), "task")
    return join(
        tag("strong", count, " waits" if len(found) == 1 else " wait", " for an answer"),
        first and [", the first is due ", due(first)],
        bool(mine) and f"; {words.number(mine)} of them {'is' if mine == 1 else 'are'} with you",
        ".",
    )


def _filters(page: Page, team: str) -> Html:
    whose = {MINE: "given to me"} | ({TEAM: f"my team: {team}"} if team else {})
    note = not team and tag(
        "p", "Say which team is yours under ", tag("a", "Account", href="/account"), ".", class_="why"
    )
    form = filter_form(TASKS, select("Whose", "whose", whose, page.query("whose"), every="all"),
                       clear=bool(page.query("whose")))  # fmt: skip
    return join(form, note)


def _table(page: Page, found: _Found) -> Html:
    rows = [
        row(
            tag("td", task_link(each.id, each.title), tag("small", each.words), class_="wide"),
            [run_link(each.run_id, page.masker(each.process)(each.key)), tag("small", each.process)],
            due(each.due_at),
            with_whom(each),
            each.assigned_to,
            num(ago(each.asked_at)),
            data_row=True,
        )
        for each in found.tasks
    ]
    heads = ("What to decide", "About", "Due", "Team", "Given to", "Asked>")
    filtered = bool(page.query("whose"))
    empty = join("None of these. ", tag("a", "Show all tasks", href=TASKS)) if filtered else (
        "All answered. A task appears here when a run asks people something.")  # fmt: skip
    return table(heads, rows, empty=empty, label="Tasks")


def with_whom(found: Asked) -> Html:
    """The team that was asked; or who has it since nobody decided."""
    if found.escalated_at is None:
        return join(found.team, found.reminded_at and tag("small", "reminded"))
    return join(chip("Escalated", "hurt"), " ", found.escalate_to, tag("small", "from ", found.team))
