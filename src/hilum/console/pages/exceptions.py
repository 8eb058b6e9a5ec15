"""Exceptions: like cases together, which are mine or my team's, what each needs, and many done in one act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from nicegui import ui

from hilum import cases
from hilum.cases import BUSINESS, TECHNICAL, Case, Group, views
from hilum.console import words
from hilum.console.components.age import span
from hilum.console.components.columns import Column, chosen, column_table
from hilum.console.components.controls import Button, filter_form, reasons, select
from hilum.console.components.pressing import criticality, due
from hilum.console.components.table import num, row, table
from hilum.console.components.viewing import keys_of, tools
from hilum.console.context import Context
from hilum.console.figures import Figures, Snapshot
from hilum.console.links import case_link, comparison_link, flow_link, group_link, message_link, runs_link
from hilum.console.markup import Html, join, tag
from hilum.console.masking import case_for, group_for, note_cases_seen
from hilum.console.pages import moves
from hilum.console.shell import Lookout, Page, Redraw, Repeated, acting, add_page, part
from hilum.security import Permission

PATH = "/exceptions"
SHOWN = 200
"""Cases on the page, the most pressing first; filters find the others."""

_READ = 2000
"""Cases that are read at most."""

MINE, NOBODY, MY_TEAM = "me", "nobody", "mine"
FILTERS = ("owner", "category", "kind", "flow", "assigned", "group")


@dataclass(frozen=True, slots=True)
class Found:
    """What fits the filters."""

    cases: list[Case]
    groups: list[Group]
    team: str  # of whoever looks

    @property
    def ids(self) -> list[int]:
        """What is drawn."""
        return [case.id for case in self.cases]


def add(context: Context, figures: Figures) -> None:
    """The page at `/exceptions`."""

    async def build(page: Page) -> None:
        content = ui.element("div")
        drawn: list[int] = []

        async def draw() -> None:
            found, snapshot = await read(page), await figures.snapshot()
            await note_cases_seen(page.context, page.user, found.cases[:SHOWN])
            drawn[:] = found.ids
            content.clear()
            with content:
                await _contents(page, found, snapshot, draw)

        async def look() -> None:
            # The rows stay as they are under the hand of whoever is selecting.
            if (await read(page)).ids != drawn:
                again = tag("a", "Show the new list", href="")
                page.say(["Cases have come or gone since this list was drawn. ", again])

        await draw()
        Repeated(page, look)

    add_page(PATH, "Exceptions", context, figures, build)


async def read(page: Lookout, limit: int = _READ) -> Found:
    """The cases and groups that fit the filters in the address."""
    who = page.query("assigned")
    async with page.context.database.cold() as connection:
        team = await views.team_of(connection, page.user.name)
        owner = page.query("owner").replace("\x00", "")
        filters = {
            "flow": page.query("flow").replace("\x00", ""),
            "category": page.query("category").replace("\x00", ""),
            "owner": (team or "\ufffd") if owner == MY_TEAM else owner,
            "kind": page.query("kind").replace("\x00", ""),
            "assigned_to": page.user.name if who == MINE else "",
            "unassigned": who == NOBODY,
        }
        key = page.query("group").replace("\x00", "")
        found = await cases.cases(connection, group=key, limit=limit, **filters)  # type: ignore[arg-type]
        grouped = await cases.groups(connection, key=key, **filters)  # type: ignore[arg-type]
    shown = [case_for(page.context, case, page.user) for case in found]
    return Found(shown, [group_for(page.context, group, page.user) for group in grouped], team)


async def _contents(page: Page, found: Found, snapshot: Snapshot, draw: Redraw) -> None:
    part(join(tag("h1", "Exceptions"), tag("div", tag("p", _answer(found.cases)), class_="answer")), "heading")
    part(_filters(page, snapshot, found.team))
    await tools(page, PATH, COLUMNS, FILTERS, draw)
    part(_groups(found), "section")
    if found.cases:
        ui.html(tag("h2", "Case by case"), sanitize=False)
        _bulk(page, found.cases, draw)
    part(_table(page, found.cases[:SHOWN], snapshot))


def _answer(found: Sequence[Case]) -> Html:
    if not found:
        return join(tag("strong", "No case is open here."))
    waits = "waits" if len(found) == 1 else "wait"
    behind = sum(case.behind for case in found)
    more = f"; {words.plural(behind, 'message')} behind" if behind else ""
    cut = f" The {SHOWN} that press most are shown." if len(found) > SHOWN else ""
    count = f"{_READ} or more cases" if len(found) >= _READ else words.plural(len(found), "case")
    oldest = min(case.opened_at for case in found)
    return join(tag("strong", count, f" {waits} for a person"), ", the oldest for ", span(oldest), more, ".", cut)


def _filters(page: Page, snapshot: Snapshot, team: str) -> Html:
    owners = {MY_TEAM: f"my team: {team}"} if team else {}
    owners |= {group.owner: group.owner for group in sorted(snapshot.cases, key=lambda g: g.owner)}
    categories = sorted({group.category for group in snapshot.cases})
    return filter_form(
        PATH,
        select("Owner", "owner", owners, page.query("owner")),
        select("What", "category", {c: words.category(c) for c in categories}, page.query("category")),
        select("Kind", "kind", {BUSINESS: BUSINESS, TECHNICAL: TECHNICAL}, page.query("kind")),
        select("Flow", "flow", {f: f for f in snapshot.flows}, page.query("flow")),
        select("Assigned to", "assigned", {MINE: "me", NOBODY: "nobody yet"}, page.query("assigned"), every="anybody"),
        clear=bool(page.request.query_params),
    )


def _groups(found: Found) -> Html:
    """Causes that several cases have in common."""
    like = [group for group in found.groups if group.count > 1]
    if not like:
        return Html("")
    rows = [
        row(
            tag("td", tag("a", group.title, href=group_link(group.key)), tag("small", group.next_step), class_="wide"),
            num(tag("a", words.number(group.count), href=group_link(group.key))),
            num(words.number(group.behind) if group.behind else ""),
            num(span(group.oldest)),
            due(group.due_at),
            [flow_link(group.flow), tag("small", group.destination or words.category(group.category))],
            criticality(group.criticality),
            [group.owner, tag("small", group.kind)],
            ", ".join(group.assigned) or "",
        )
        for group in like
    ]
    heads = ("What they have in common", "Cases>", "Behind>", "Oldest>", "Due", "Flow", "Criticality", "Owner", "With")
    return join(tag("h2", "Like cases together"), table(heads, rows, empty="", label="Like cases"))


def _bulk(page: Page, found: Sequence[Case], draw: Redraw) -> None:
    messages = {str(case.id): case.message_id for case in found[:SHOWN] if case.message_id is not None}

    async def ticked() -> list[UUID]:
        numbers = await ui.run_javascript(
            "return [...document.querySelectorAll('input[data-tick]:checked')].map((box) => box.value)"
        )
        return [messages[number] for number in numbers if number in messages]

    async def replay() -> None:
        await moves.replay(page, await ticked(), draw)

    async def discard() -> None:
        await moves.discard(page, await _some(ticked), draw)

    no_replay = moves.why_not(page, Permission.REPLAY)
    no_discard = moves.why_not(page, Permission.DISCARD)
    with ui.element("div").classes("acts"):
        ui.html('<span data-ticked role="status">None selected</span>', sanitize=False)
        Button("Replay selected…", acting(page, replay), why_not=no_replay)
        Button("Discard selected…", acting(page, discard), why_not=no_discard)
    ui.html(reasons([no_replay, no_discard]), sanitize=False)


async def _some(ticked: moves.Ticked) -> list[UUID]:
    found = await ticked()
    if not found:
        raise cases.NotPossible("Nothing is selected.")
    return found


def _what(case: Case) -> Html:
    link = tag("a", case.title, href=case_link(case.id), data_open=True)
    return tag("td", link, tag("small", case.words), tag("small", case.next_step), class_="wide")


def _flow(case: Case) -> Html:
    """The flow, the process or the comparison that it concerns."""
    if case.process:
        return tag("a", case.process, href=runs_link(process=case.process))
    if case.comparison:
        return tag("a", case.comparison, href=comparison_link(case.comparison))
    return flow_link(case.flow) if case.flow else Html("")


def _place(case: Case) -> str:
    if case.process or case.comparison:
        return words.category(case.category)
    return case.destination if case.condition else words.category(case.category)


COLUMNS: tuple[Column[Case], ...] = (
    Column(key="since", head="Waits for>", cell=lambda c: num(span(c.opened_at)),
           text=lambda c: c.opened_at.isoformat()),
    Column(key="what", head="What is wrong, and what to do", cell=_what, text=lambda c: c.title, fixed=True),
    Column(key="due", head="Due", cell=lambda c: due(c.due_at),
           text=lambda c: c.due_at.isoformat() if c.due_at else ""),
    Column(key="flow", head="Flow", text=lambda c: c.flow,
           cell=lambda c: [_flow(c), tag("small", _place(c))]),
    Column(key="criticality", head="Criticality", cell=lambda c: criticality(c.criticality),
           text=lambda c: words.CRITICALITIES[c.criticality]),
    Column(key="owner", head="Owner", cell=lambda c: [c.owner, tag("small", c.kind)], text=lambda c: c.owner),
    Column(key="assigned", head="Assigned to", cell=lambda c: c.assigned_to or "", text=lambda c: c.assigned_to or ""),
    Column(key="behind", head="Behind it>", cell=lambda c: num(words.number(c.behind) if c.behind else ""),
           text=lambda c: str(c.behind)),
    Column(key="category", head="Category", cell=lambda c: tag("span", c.category, class_="mono"),
           text=lambda c: c.category, shown=False),
    Column(key="destination", head="Destination", cell=lambda c: c.destination, text=lambda c: c.destination,
           shown=False),
    Column(key="case", head="Case>", cell=lambda c: num(c.id), text=lambda c: str(c.id), shown=False),
    Column(key="message", head="Message", cell=lambda c: message_link(c.message_id) if c.message_id else "",
           text=lambda c: str(c.message_id or ""), shown=False),
)  # fmt: skip
"""What can be shown of a case. Its words may quote what a receiver said: they are hidden from who may not see them."""


def _table(page: Page, found: Sequence[Case], snapshot: Snapshot) -> Html:
    tick_all = tag("input", type="checkbox", data_tick_all=True, aria_label="Select all that are shown")
    done = f"{words.plural(snapshot.resolved_today, 'case')} resolved today."
    filtered = any(page.query(name) for name in FILTERS)
    empty = (
        join("Nothing here fits the filters. ", tag("a", "Show all open cases", href=PATH))
        if filtered
        else f"All clear. {done}"
    )
    shown = column_table(chosen(COLUMNS, keys_of(page)), found, empty=empty, label="Open cases", before=_tick)
    return Html(shown.replace('<th scope="col"></th>', f'<th scope="col">{tick_all}</th>', 1))


def _tick(case: Case) -> Html:
    if case.message_id is None:  # there is nothing to replay or discard
        return tag("td", class_="tick")
    box = tag("input", type="checkbox", value=case.id, data_tick=True, aria_label=f"Select case {case.id}")
    return tag("td", box, class_="tick")
