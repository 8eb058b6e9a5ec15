"""The desk: everything that waits for people in one list, with clocks, money, who has it, and what may be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from nicegui import ui
from starlette.responses import RedirectResponse, Response

from hilum import desk
from hilum.cases import views
from hilum.cases.working_hours import Shift, shifts_of
from hilum.console import words
from hilum.console.components.age import ago, span
from hilum.console.components.chip import chip
from hilum.console.components.columns import Column, chosen, column_table
from hilum.console.components.controls import filter_form, number_field, search_box, select
from hilum.console.components.pressing import criticality, due, money
from hilum.console.components.table import num, row, table
from hilum.console.components.viewing import keys_of, tools
from hilum.console.context import MASKED, Context
from hilum.console.figures import Figures
from hilum.console.links import DESK, TASKS, case_link, desk_link, flow_link, run_link
from hilum.console.markup import Html, join, tag
from hilum.console.masking import note_seen
from hilum.console.shell import Lookout, Page, Redraw, Repeated, add_page, in_turn, part
from hilum.desk import CASE, TASK, Entry, Figure, Filter, Found

SHOWN: Final = 100
"""Entries of one page of the list; the address says which page it is."""

ME, NOBODY, MY_TEAM = "me", "nobody", "mine"
FILTERS: Final = (
    "team",
    "what",
    "with",
    "due",
    "older",
    "criticality",
    "value",
    "flow",
    "category",
    "q",
    "sort",
    "from",
)
"""What the address may say."""

_OLDER: Final = {"PT4H": "4 hours", "P1D": "1 day", "P3D": "3 days", "P7D": "7 days"}
_PERIODS: Final = {"PT4H": timedelta(hours=4), "P1D": timedelta(1), "P3D": timedelta(3), "P7D": timedelta(7)}
_DUE: Final = {"breached": "breached", "soon": "breached or due soon"}
_SORTS: Final = {"pressing": "most pressing", "due": "due first", "age": "waits longest", "value": "most money",
                 "newest": "newest"}  # fmt: skip
_LEAST: Final = {"vital": "vital", "high": "high or vital", "normal": "normal or above"}


@dataclass(frozen=True, slots=True)
class Listed:
    """What the page shows."""

    found: Found
    figures: list[Figure]
    shifts: dict[str, Shift]  # by team, of those that do not work around the clock
    team: str  # of whoever looks
    teams: list[str]
    start: int  # how many stand before


def add(context: Context, figures: Figures) -> None:
    """The page at `/desk`; all filters are in the address. The former list of tasks leads here."""

    async def build(page: Page) -> None:
        content = ui.element("div")
        drawn: list[object] = []

        async def put() -> None:
            found = await read(page)
            await _note(page, found.found.entries)
            drawn[:] = [_mark(found.found)]
            content.clear()
            with content:
                await _contents(page, found, draw)

        draw = in_turn(put)

        async def look() -> None:
            if [_mark(await seen(page))] != drawn:
                await draw()

        await draw()
        Repeated(page, look)

    async def moved(page: Page) -> Response:
        whose = {"mine": {"with": ME}, "team": {"team": MY_TEAM}}.get(page.query("whose"), {})
        return RedirectResponse(desk_link(what=TASK, **whose), status_code=303)

    add_page(DESK, "Desk", context, figures, build)
    add_page(TASKS, "Tasks", context, figures, moved)


async def read(page: Lookout) -> Listed:
    """What the page shows."""
    found = await seen(page)
    async with page.context.database.cold() as connection:
        team = await views.team_of(connection, page.user.name)
        figures, teams = await desk.figures(connection), await desk.teams(connection)
        shifts = await shifts_of(connection, teams)
    return Listed(found, figures, shifts, team, teams, _start(page))


async def seen(page: Lookout, limit: int = SHOWN) -> Found:
    """What fits the filters in the address, as this user may see it."""
    async with page.context.database.cold() as connection:
        team = await views.team_of(connection, page.user.name)
        found = await desk.find(connection, _wanted(page, team), limit=limit, skip=_start(page))
    shown = [shown_to(page, each) for each in found.entries]
    return Found(shown, found.total, found.breached, found.at_stake)


def shown_to(page: Lookout, entry: Entry) -> Entry:
    """An entry as this user may see it: what a case says may quote a protected payload."""
    about = page.context.identifier(entry.flow, entry.about, page.user)
    if entry.what == TASK or entry.message_id is None or page.context.may_see(entry.flow, page.user):
        return replace(entry, about=about)
    title = f"{words.category(entry.category)} {MASKED}"
    return replace(entry, title=title, words=MASKED, next_step="", about=about)


def _wanted(page: Lookout, team: str) -> Filter:
    asked = _clean(page, "team")
    who = page.query("with")
    context = page.context
    names = [*context.flows, *(each.name for each in context.processes)]
    return Filter(
        team=(team or "\ufffd") if asked == MY_TEAM else asked,
        what=_clean(page, "what"),
        person=page.user.name if who == ME else "",
        unassigned=who == NOBODY,
        flow=_clean(page, "flow"),
        category=_clean(page, "category"),
        older=_PERIODS.get(page.query("older")),
        due=page.query("due"),
        soon=soon_of(context),
        at_least=_amount(page.query("value")),
        criticality=words.CRITICALITIES.index(least) if (least := page.query("criticality")) in _LEAST else 0,
        text=_clean(page, "q"),
        readable=[name for name in names if context.may_see(name, page.user)],
        sort=page.query("sort") or "pressing",
    )


def soon_of(context: Context) -> timedelta:
    """So long before its due time something is shown as due soon."""
    return context.project.settings.desk.soon if context.project else Filter().soon


def _clean(page: Lookout, name: str) -> str:
    return page.query(name).replace("\x00", "")


def _amount(text: str) -> Decimal | None:
    try:
        found = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None


def _start(page: Lookout) -> int:
    text = page.query("from")
    return min(int(text), 1_000_000) if text.isdecimal() and len(text) < 8 else 0


def _mark(found: Found) -> object:
    """What is different when the list has changed."""
    return [(each.id, each.assigned_to, each.escalated_to, each.title) for each in found.entries], found.total


async def _note(page: Page, entries: Sequence[Entry]) -> None:
    await note_seen(
        page.context, page.user, [(int(e.id), e.flow) for e in entries if e.what == CASE and e.message_id is not None]
    )


async def _contents(page: Page, found: Listed, draw: Redraw) -> None:
    part(join(tag("h1", "Desk"), tag("div", tag("p", _answer(page, found.found)), class_="answer")), "heading")
    part(_filters(page, found))
    await tools(page, DESK, columns(page), FILTERS[:-1], draw)
    part(_table(page, found), "section")
    part(_teams(found.figures, found.shifts), "section")


def _answer(page: Page, found: Found) -> Html:
    if not found.total:
        return tag("strong", "Nothing waits for a person here.")
    late = tag("a", f"{words.number(found.breached)} past {'its' if found.breached == 1 else 'their'} due time",
               href=desk_link(**_filters_now(page) | {"due": "breached"}))  # fmt: skip
    sums = " and ".join(f"{words.amount(value)} {currency}" for currency, value in found.at_stake.items())
    return join(
        tag("strong", words.plural(found.total, "thing"), " waits" if found.total == 1 else " wait", " for a person"),
        [", ", late] if found.breached else None,
        f"; {sums} at stake" if sums else None,
        ".",
    )


def _filters_now(page: Page) -> dict[str, str]:
    return {name: page.query(name) for name in FILTERS[:-1] if page.query(name)}


def _filters(page: Page, found: Listed) -> Html:
    teams = {MY_TEAM: f"my team: {found.team}"} if found.team else {}
    teams |= {name: name for name in found.teams}
    flows = sorted({*page.context.flows, *(each.name for each in page.context.processes)})
    form = filter_form(
        DESK,
        search_box("Search", "q", page.query("q"), "Order, bill, supplier, words…"),
        select("Team", "team", teams, page.query("team"), every="all"),
        select("What", "what", {CASE: "cases", TASK: "tasks"}, page.query("what"), every="both"),
        select("With", "with", {ME: "me", NOBODY: "nobody yet"}, page.query("with"), every="anybody"),
        select("Clock", "due", _DUE, page.query("due")),
        select("Waits longer than", "older", _OLDER, page.query("older")),
        select("Criticality", "criticality", _LEAST, page.query("criticality")),
        number_field("At stake, at least", "value", page.query("value")),
        select("Flow or process", "flow", {name: name for name in flows}, page.query("flow")),
        select("Sorted by", "sort", _SORTS, page.query("sort") or "pressing", every="most pressing"),
        clear=bool(page.request.query_params),
    )
    note = not found.team and tag(
        "p", "Say which team is yours under ", tag("a", "Account", href="/account"), ".", class_="why"
    )
    return join(form, note)


def _table(page: Page, found: Listed) -> Html:
    filtered = any(page.query(name) for name in FILTERS)
    empty = (
        join("Nothing here fits the filters. ", tag("a", "Show all that waits", href=DESK))
        if filtered
        else "All clear: no case is open, and nobody is asked anything."
    )
    shown = column_table(chosen(columns(page), keys_of(page)), found.found.entries, empty=empty, label="What waits")
    return join(shown, _pages(page, found))


def _pages(page: Page, found: Listed) -> Html:
    """Links to the entries before and after these."""
    total, start, count = found.found.total, found.start, len(found.found.entries)
    if total <= SHOWN and not start:
        return Html("")
    here, links = _filters_now(page), []
    if start:
        links.append(tag("a", "Before these", href=desk_link(**here, **{"from": str(max(start - SHOWN, 0) or "")})))
    if start + count < total:
        links.append(tag("a", "After these", href=desk_link(**here, **{"from": str(start + count)})))
    told = f"{words.number(start + 1)} to {words.number(start + count)} of {words.number(total)}. "
    return tag("p", told, [[link, " "] for link in links], class_="why")


def _teams(figures: Sequence[Figure], shifts: Mapping[str, Shift]) -> Html:
    """How each team stands; every number leads to its rows."""
    rows = [
        row(
            tag("a", each.team, href=desk_link(team=each.team)),
            "cases" if each.what == CASE else "tasks",
            num(tag("a", words.number(each.open), href=desk_link(team=each.team, what=each.what))),
            num(_or_none(each.breached, desk_link(team=each.team, what=each.what, due="breached"), hurt=True)),
            num(_or_none(each.soon, desk_link(team=each.team, what=each.what, due="soon"))),
            num(_or_none(each.unassigned, desk_link(team=each.team, what=each.what, **{"with": NOBODY}))),
            num(words.number(each.escalated) if each.escalated else ""),
            num(words.duration(each.median_seconds)),
            num(span(each.oldest)),
            _works(shifts.get(each.team)),
        )
        for each in figures
    ]
    if not rows:
        return Html("")
    heads = ("Team", "What", "Open>", "Breached>", "Due within 2 h>", "With nobody>", "Escalated>", "Median age>",
             "Oldest>", "Clocks run")  # fmt: skip
    return join(tag("h2", "How the teams stand"), table(heads, rows, empty="", label="Teams"))


def _works(shift: Shift | None) -> Html:
    """When the clocks of a team run, and whether they stand still now."""
    if shift is None:
        return join("around the clock")
    still = shift.opens_at is not None and tag("small", "stand still now; go on ", ago(shift.opens_at))
    return join(tag("span", shift.words), still)


def _or_none(count: int, href: str, *, hurt: bool = False) -> Html:
    if not count:
        return Html("")
    link = tag("a", words.number(count), href=href)
    return tag("strong", link, class_="hurt") if hurt else link


def _what(entry: Entry) -> Html:
    link = tag("a", entry.title, href=case_link(int(entry.id)) if entry.what == CASE else f"{TASKS}/{entry.id}",
               data_open=True)  # fmt: skip
    return tag("td", link, tag("small", entry.words), entry.next_step and tag("small", entry.next_step), class_="wide")


def _about(entry: Entry) -> Html:
    if entry.run_id is not None:
        return join(tag("span", run_link(entry.run_id, entry.about), class_="key"), tag("small", entry.flow))
    return join(flow_link(entry.flow) if entry.flow and entry.message_id else entry.flow,
                tag("small", words.category(entry.category)))  # fmt: skip


def with_team(entry: Entry) -> Html:
    """The team; or who has it too since nobody acted."""
    if not entry.escalated_to:
        return join(entry.team)
    return join(chip("Escalated", "hurt"), " ", entry.escalated_to, tag("small", "from ", entry.team))


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def columns(page: Lookout) -> tuple[Column[Entry], ...]:
    """What can be shown of an entry, by the clock of this hub."""
    soon = soon_of(page.context)
    return (
        Column(key="what", head="What waits, and why", cell=_what, text=lambda e: e.title, fixed=True),
        Column(key="due", head="Due", cell=lambda e: due(e.due_at, soon), text=lambda e: _iso(e.due_at)),
        Column(key="criticality", head="Criticality", cell=lambda e: criticality(e.criticality),
               text=lambda e: words.CRITICALITIES[e.criticality]),
        Column(key="value", head="At stake>", cell=lambda e: num(money(e.at_stake, e.currency)),
               text=lambda e: f"{e.at_stake} {e.currency}" if e.at_stake is not None else ""),
        Column(key="team", head="Team", cell=with_team, text=lambda e: e.escalated_to or e.team),
        Column(key="with", head="With", cell=lambda e: e.assigned_to, text=lambda e: e.assigned_to),
        Column(key="about", head="About", cell=_about, text=lambda e: e.about or e.flow),
        Column(key="since", head="Waits for>", cell=lambda e: num(span(e.opened_at)), text=lambda e: _iso(e.opened_at)),
        Column(key="kind", head="What it is", cell=lambda e: e.what, text=lambda e: e.what, shown=False),
        Column(key="category", head="Category", cell=lambda e: tag("span", e.category, class_="mono"),
               text=lambda e: e.category, shown=False),
        Column(key="id", head="Number", cell=lambda e: tag("span", e.id, class_="mono"), text=lambda e: e.id,
               shown=False),
    )  # fmt: skip
