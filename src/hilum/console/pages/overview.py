"""Overview: is anything stuck, late or down, and what needs me?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import ui

from hilum.console import words
from hilum.console.components.age import ago, clock, span
from hilum.console.components.chip import chip
from hilum.console.components.sparkline import sparkline
from hilum.console.components.table import num, row, table
from hilum.console.context import Context
from hilum.console.figures import REFUSALS, Figures, FlowFigures, Snapshot
from hilum.console.links import DESK, cases_link, flow_link, messages_link
from hilum.console.markup import Html, join, tag
from hilum.console.shell import Page, add_page, live, part
from hilum.console.words import number, plural
from hilum.journal.breakers import BreakerRow


def add(context: Context, figures: Figures) -> None:
    """The page at `/`."""

    async def build(page: Page) -> None:
        snapshot = await figures.snapshot()
        with ui.element("div").classes("heading"):
            ui.html("<h1>Overview</h1>", sanitize=False)
            answers = part(answer(snapshot), "answer")
        parts: dict[ui.html, Callable[[Snapshot], Html]] = {answers: answer}
        for render in (_cases, _paused, _queues, _flows, _refusals, _workers):
            parts[part(render(snapshot), "section")] = render
        parts[part(_process(context), "section")] = lambda _: _process(context)
        live(page, figures.snapshot, parts)

    add_page("/", "Overview", context, figures, build)


def answer(snapshot: Snapshot) -> Html:
    """The answer in sentences: what hurts first, and "Nothing is stuck." where nothing does."""
    lines = [*_down(snapshot), *_waiting(snapshot), *_late(snapshot), *_unworked(snapshot)]
    if not lines:
        done = snapshot.resolved_today
        today = f" {plural(done, 'case')} resolved today." if done else ""
        lines = [join(chip("Fine", "done"), tag("strong", "Nothing is stuck."), today)]
    return join([tag("p", line) for line in (*lines, *_asked(snapshot))])


def _asked(snapshot: Snapshot) -> list[Html]:
    """What people are asked; nothing is stuck by it, but for what the answer is of."""
    asked = (
        (snapshot.tasks, "decision", "of processes, waiting for somebody", f"{DESK}?what=task"),
        (snapshot.matches, "question", "whether records are one thing", "/master/matches"),
        (snapshot.reviews, "change set", "of master data to review", "/master/published"),
    )
    return [
        join(chip("Asked", "waiting"), tag("a", plural(count, what), href=path), f" {words_}")
        for count, what, words_, path in asked if count
    ]  # fmt: skip


def _down(snapshot: Snapshot) -> list[Html]:
    return [
        join(chip("Down", "hurt"), tag("strong", pause.destination), " is down since ", clock(pause.since),
             f": {reason(pause)}")
        for pause in snapshot.down
    ]  # fmt: skip


def reason(pause: BreakerRow) -> str:
    """Why it is down, without its name, which stands beside it."""
    words = pause.words.removeprefix(f"{pause.destination}: ")
    return f"{words} (stopped by {pause.actor})" if pause.actor else words


def _waiting(snapshot: Snapshot) -> list[Html]:
    if not snapshot.open_cases:
        return []
    oldest = min(group.oldest for group in snapshot.cases)
    verb = "waits" if snapshot.open_cases == 1 else "wait"
    link = tag("a", plural(snapshot.open_cases, "case"), href=cases_link())
    return [join(chip("Held", "held"), tag("strong", link, f" {verb} for a person"), ", the oldest for ", span(oldest))]


def _late(snapshot: Snapshot) -> list[Html]:
    return [
        join(chip("Late", "waiting"), tag("strong", flow_link(flow.name), " is late"), ": its oldest has taken ",
             span(flow.oldest), f", the promise is {words.duration(flow.promise_seconds or 0)}")
        for flow in snapshot.flows.values() if flow.late(snapshot.at)
    ]  # fmt: skip


def _unworked(snapshot: Snapshot) -> list[Html]:
    pending = sum(queue.pending for queue in snapshot.queues)
    if not pending or snapshot.live_workers:
        return []
    verb = "waits" if pending == 1 else "wait"
    return [
        join(chip("No worker", "hurt"), tag("strong", "No worker runs"), f": {plural(pending, 'piece')} of work {verb}")
    ]


def _section(title: str, content: Html, note: str = "") -> Html:
    return join(tag("h2", title, note and tag("small", note)), content)


def _cases(snapshot: Snapshot) -> Html:
    rows = [
        row(
            tag("a", group.owner, href=cases_link(owner=group.owner)),
            tag("a", words.category(group.category), href=cases_link(owner=group.owner, category=group.category)),
            group.kind,
            num(tag("a", number(group.count), href=cases_link(owner=group.owner, category=group.category))),
            num(span(group.oldest)),
        )
        for group in snapshot.cases
    ]
    empty = f"No case is open. {plural(snapshot.resolved_today, 'case')} resolved today."
    heads = ("Owner", "What", "Kind", "Open>", "Oldest>")
    return _section("Cases", table(heads, rows, empty=empty, label="Open cases by owner"))


def _paused(snapshot: Snapshot) -> Html:
    if not snapshot.down:
        return Html("")
    rows = [
        row(chip("Down", "hurt"), tag("b", p.destination), reason(p), num(span(p.since)),
            num(clock(p.until) if p.until else "when a person lets it"), num(number(p.opened)))
        for p in snapshot.down
    ]  # fmt: skip
    heads = ("", "Destination", "Why", "For>", "Tried again at>", "Times>")
    note = "its deliveries wait and use up no attempt"
    return _section("Down", table(heads, rows, empty="", label="Destinations that are down"), note)


def _queues(snapshot: Snapshot) -> Html:
    rows = [
        row(
            "to be translated" if queue.place == "translate" else queue.place,
            num(number(queue.pending)),
            num(number(queue.waiting)),
            num(span(queue.oldest)),
        )
        for queue in sorted(snapshot.queues, key=lambda q: (q.place != "translate", q.place))
    ]
    heads = ("Place", "Pending>", "Waiting>", "Oldest>")
    empty = "All queues are empty: everything that came in is translated and delivered, or held."
    return _section("Queues", table(heads, rows, empty=empty, label="What waits where"))


_FLOW_HEADS: Sequence[str] = (
    "Flow", "Promise", "Oldest under way>", "Received>", "Completed>", "Held now>", "Duplicates>", "Last hour",
)  # fmt: skip


def _flow_row(flow: FlowFigures, snapshot: Snapshot) -> Html:
    """One flow: late or not, its counts of today, and its last hour."""
    promise = words.duration(flow.promise_seconds) if flow.promise_seconds else "not known here"
    state = chip("Late", "waiting") if flow.late(snapshot.at) else chip("In time", "done")
    return row(
        flow_link(flow.name),
        [state, tag("small", f"within {promise}" if flow.promise_seconds else promise)],
        num(span(flow.oldest) or "none"),
        num(tag("a", number(flow.today.get("received", 0)), href=messages_link(flow=flow.name))),
        num(tag("a", number(flow.today.get("completed", 0)), href=messages_link(flow=flow.name, state="completed"))),
        num(tag("a", number(flow.now.get("held", 0)), href=messages_link(flow=flow.name, state="held"))),
        num(number(flow.today.get("duplicate", 0))),
        sparkline(flow.received, "Messages received"),
    )


def _flows(snapshot: Snapshot) -> Html:
    rows = [_flow_row(flow, snapshot) for flow in snapshot.flows.values()]
    empty = "No flow is declared, and nothing was ever received."
    return _section("Flows", table(_FLOW_HEADS, rows, empty=empty, label="Flows"), "counts since midnight UTC")


def _refusals(snapshot: Snapshot) -> Html:
    if not snapshot.refusals:
        return Html("")
    rows = [row(ago(r.at), r.source, r.peer, r.reason, num(words.size(r.size))) for r in snapshot.refusals[:10]]
    count = f"{REFUSALS} or more" if len(snapshot.refusals) >= REFUSALS else number(len(snapshot.refusals))
    heads = ("When", "Source", "From", "Why", "Size>")
    return _section("Not taken in", table(heads, rows, empty="", label="Refusals"), f"{count} in the last hour")


def _process(context: Context) -> Html:
    """What the process that serves this page says of itself."""
    facts = [
        tag("div", tag("b", number(value) if isinstance(value, int) else str(value)), tag("small", name))
        for name, value in context.facts().items()
    ]
    return _section("This process", tag("div", facts, class_="figures")) if facts else Html("")


def _workers(snapshot: Snapshot) -> Html:
    live = {worker.id for worker in snapshot.live_workers}
    rows = [
        row(chip("Live", "done") if w.id in live else chip("Silent", "hurt"), w.name, w.roles, num(number(w.lanes)),
            num(span(w.started_at)), num(ago(w.seen_at)))
        for w in snapshot.workers
    ]  # fmt: skip
    heads = ("", "Worker", "Roles", "Lanes>", "Up for>", "Seen>")
    return _section("Workers", table(heads, rows, empty="No worker has been seen lately.", label="Workers"))
