"""Flows: what crosses, for whom, with what promise, and how it goes."""

from __future__ import annotations

from nicegui import ui
from starlette.responses import Response

from hilum.connector import Target
from hilum.console import words
from hilum.console.components.age import span
from hilum.console.components.chip import chip
from hilum.console.components.sparkline import sparkline
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import Figures, FlowFigures, Snapshot
from hilum.console.links import cases_link, flow_link, messages_link
from hilum.console.markup import Child, Html, join, tag
from hilum.console.pages import door
from hilum.console.pages.flow_switches import flow_switches
from hilum.console.pages.schedule import show_schedule
from hilum.console.shell import Page, add_page, heading, live, part
from hilum.flow import Flow
from hilum.flow.timetable import scheduled
from hilum.runtime.retry import in_words


def add(context: Context, figures: Figures) -> None:
    """The page at `/flows`."""

    async def build(page: Page) -> None:
        snapshot = await figures.snapshot()
        late = [flow.name for flow in snapshot.flows.values() if flow.late(snapshot.at)]
        told = f"{words.plural(len(late), 'flow')} late." if late else "Every flow is in time."
        heading("Flows", tag("p", f"{words.plural(len(context.flows), 'flow')} declared. {told}"))
        place = part(_table(snapshot, context), "section")
        part(_lookups(context), "section")
        live(page, figures.snapshot, {place: lambda found: _table(found, context)})

    add_page("/flows", "Flows", context, figures, build)


def add_one(context: Context, figures: Figures) -> None:
    """The page at `/flows/{name}`."""

    async def build(page: Page) -> Response | None:
        name = page.request.path_params["name"]
        snapshot = await figures.snapshot()
        if name not in snapshot.flows:
            return door.not_found("flow", "/flows")
        declared = context.flow(name)
        version = tag("small", f"version {declared.version}") if declared else None
        heading([name, version], tag("p", declared.summary if declared else _UNKNOWN))

        def counts(found: Snapshot) -> Html:
            return _counts(found.flows.get(name) or FlowFigures(name=name), found)

        with ui.element("div").classes("pair"):
            now = part(counts(snapshot), "section")
            if declared is not None:
                part(_declared(declared, context), "section")
        await flow_switches(page, name)
        live(page, figures.snapshot, {now: counts})
        if declared is not None and scheduled(declared):
            await show_schedule(page, declared)
        return None

    add_page("/flows/{name}", "Flow", context, figures, build)


_UNKNOWN = "The journal has messages of this flow, but this hub does not declare it (any more)."


def _table(snapshot: Snapshot, context: Context) -> Html:
    rows = [
        row(
            [
                flow_link(name),
                tag("small", declared.summary if (declared := context.flow(name)) else "not declared here"),
            ],
            _owners(declared),
            declared.criticality.value if declared else "",
            declared.data_class.value.upper() if declared and declared.data_class == "phi" else _class(declared),
            num(tag("a", words.number(flow.now.get("held", 0)), href=messages_link(flow=name, state="held"))),
            sparkline(flow.received, "Messages received"),
        )
        for name, flow in snapshot.flows.items()
    ]
    heads = ("Flow", "Owners", "Criticality", "Data", "Held now>", "Last hour")
    return table(
        heads, rows, empty="No flow is declared yet: put one into the folder flows of the project.", label="Flows"
    )


def _class(declared: Flow | None) -> str:
    return declared.data_class.value if declared else ""


def _owners(declared: Flow | None) -> Child:
    return [declared.owners.business, tag("small", declared.owners.technical)] if declared else ""


def _counts(flow: FlowFigures, snapshot: Snapshot) -> Html:
    states = [
        row(
            chip(state.word, state.look, state.meaning),
            num(tag("a", words.number(flow.now.get(key, 0)), href=messages_link(flow=flow.name, state=key))),
            num(words.number(flow.today.get(key, 0))),
        )
        for key, state in words.MESSAGE_STATES.items()
    ]
    heads = ("State", "Now>", "Entered it today>")
    return join(
        tag("h2", "Now"),
        _now(flow, snapshot),
        table(heads, states, empty="", label="Messages by state"),
        tag("p", tag("a", "Open cases of this flow", href=cases_link(flow=flow.name))),
    )


def _now(flow: FlowFigures, snapshot: Snapshot) -> Html:
    """In time or late, and the last hour."""
    late = chip("Late", "waiting") if flow.late(snapshot.at) else chip("In time", "done")
    figures = (
        ("promise kept now", late),
        *((f"in time, {_WINDOWS[w]}", f"{share:.2%}") for w, share in flow.kept.items() if w in _WINDOWS),
        *(("error budget left, 30 days", f"{left:.0%}") for w, left in flow.budget.items() if w == "30d"),
        ("oldest under way", span(flow.oldest) or "none"),
        ("duplicates today", words.number(flow.today.get("duplicate", 0))),
        ("received, last hour", sparkline(flow.received, "Messages received")),
        ("completed, last hour", sparkline(flow.done, "Messages completed")),
    )
    return tag("div", [tag("div", tag("b", value), tag("small", name)) for name, value in figures], class_="figures")


_WINDOWS = {"1h": "last hour", "1d": "last day", "30d": "30 days"}


def _target(target: Target, context: Context) -> str:
    """Where it goes, and in which hours, where not at all times."""
    said = f"{target.endpoint}: {target.operation}" if target.operation else target.endpoint
    hours = context.project.hours.get(target.endpoint) if context.project else None
    return f"{said}, {hours.words()}" if hours is not None else said


def _declared(flow: Flow, context: Context) -> Html:
    source = ", ".join(each.address for each in flow.sources) or "messages made by the hub itself"
    targets = [_target(t, context) for t in flow.targets]
    rows: list[tuple[str, Child]] = [
        ("Business owner", flow.owners.business),
        ("Technical owner", flow.owners.technical),
        ("Data", f"{flow.data_class.value}: {_DATA[flow.data_class.value]}"),
        ("Criticality", flow.criticality.value),
        ("Promise", f"{flow.slo.percent:g} % within {words.duration(flow.slo.seconds)}"),
        ("Payloads kept", f"{flow.retention} (ISO 8601 period)"),
        ("Priority", flow.priority.value),
        ("When one fails", in_words(flow, context.retries)),
        ("When one is held", _ON_HELD[flow.on_held]),
        ("Comes from", tag("span", source, class_="mono")),
        ("Goes to", [[tag("span", target, class_="mono"), tag("br")] for target in targets]),
        ("Runbook", flow.runbook),
    ]
    listed = tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in rows if value], class_="facts")
    return join(tag("h2", "Declared"), tag("div", listed, class_="card"))


_DATA = {
    "public": "may be seen by anybody",
    "internal": "may be seen by everybody who may log in",
    "confidential": "masked; prices, contracts, employees",
    "phi": "masked; protected health information",
}
_ON_HELD = {"hold_key": "later ones of its key wait", "pass": "later ones of its key pass it"}


def _lookups(context: Context) -> Html:
    tables = context.project.lookup.tables if context.project else {}
    rows = [row(name, num(words.number(len(found)))) for name, found in tables.items()]
    heads = ("Table", "Rows>")
    return join(
        tag("h2", "Lookup tables"), table(heads, rows, empty="There are no lookup tables.", label="Lookup tables")
    )
