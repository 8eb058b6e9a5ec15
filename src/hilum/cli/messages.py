"""`hilum messages` and `hilum trace`: find a message, and its whole story."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from hilum.canonical.applied import Applied
from hilum.cases import cases
from hilum.cli.opening import HERE, ProjectFolder, journal, run, settings_of
from hilum.cli.options import Limit, Moment
from hilum.cli.output import AsJson, ago, emit_json, fail, out, plain, table
from hilum.errors import SettingsError
from hilum.journal import reading
from hilum.journal.reading import Search
from hilum.tracing import shown_trace_id


def messages(
    text: Annotated[str, typer.Argument(help="Any identifier, or the beginning of one.")] = "",
    flow: Annotated[str, typer.Option(help="Only of this flow.")] = "",
    state: Annotated[str, typer.Option(help="received, routed, completed, held or discarded.")] = "",
    since: Moment = "",
    until: Moment = "",
    limit: Limit = 50,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Find messages by any identifier, flow, state and time; the latest first."""
    search = Search(text=text, flow=flow, state=state_of(state), since=moment(since), until=moment(until), limit=limit)
    found = run(_find(project, search))
    if as_json:
        emit_json([asdict(row) for row in found])
        return
    rows = [[row.id, row.flow, row.state, row.key, ago(row.received_at), row.size] for row in found]
    table(["id", "flow", "state", "key", "received", "bytes"], rows, empty="Nothing fits.", right=["bytes"])


async def _find(folder: Path, search: Search) -> list[reading.MessageRow]:
    async with journal(folder) as database, database.cold() as connection:
        return await reading.find(connection, search)


def trace(
    text: Annotated[str, typer.Argument(help="The message's id, or any identifier of it (the latest is shown).")],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """The whole story of a message: received, translated, every delivery and attempt, cases, acts."""
    found = run(_trace(project, text))
    if found is None:
        fail(f"No message has the identifier '{text}', or one that begins so.")
    if as_json:
        emit_json(found)
        return
    _print_trace(found)


async def _trace(folder: Path, text: str) -> dict[str, Any] | None:
    async with journal(folder) as database, database.cold() as connection:
        rows = await reading.find(connection, Search(text=text, limit=1))
        if not rows:
            return None
        story = await reading.trace(connection, rows[0].id)
        if story is None:
            return None
        trace_id = shown_trace_id(story.message.id, story.message.correlation_id, story.message.headers)
        template = settings_of(folder).telemetry.trace_url
        return asdict(story) | {
            "trace_id": trace_id,
            "trace_url": template.replace("{trace_id}", trace_id),
            "cases": [asdict(case) for case in await cases(connection, only_open=False, message_id=rows[0].id)],
        }


def _print_trace(found: dict[str, Any]) -> None:
    message = found["message"]
    _line(f"[bold]{message['id']}[/]  {plain(message['flow'])}  [bold]{message['state']}[/]")
    received = f"{message['received_at']:%Y-%m-%d %H:%M:%S %Z} ({ago(message['received_at'])})"
    _line(f"received {received}, key {plain(message['key']) or '—'}")
    _line(plain(f"trace {found['trace_id']} {found['trace_url']}"))
    for name, value in (message["headers"] or {}).items():
        _line(plain(f"  {name}: {value}"))
    if repeats := found["repeats"]:
        times = "once" if repeats["count"] == 1 else f"{repeats['count']} times"
        last = f"{repeats['last_at']:%Y-%m-%d %H:%M:%S}"
        _line(plain(f"came again {times}, last {last} from {repeats['last_peer'] or 'an unknown sender'}"))
    if found["erased"]:
        _line(plain(f"payload erased on {found['erased']['at']:%Y-%m-%d} by {found['erased']['rule']}"))
    if found["on_hold"]:
        _line(plain(f"on legal hold: {found['on_hold']}"))
    for rule in found["rules"]:
        _line(plain(f"{rule['kind']}: {Applied(**rule).words}"))
    for delivery in found["deliveries"]:
        _print_delivery(delivery, found["attempts"])
        _print_proof([each for each in found["intents"] if each["ordinal"] == delivery["ordinal"]])
    for stage, head in found["waits_for"].items():
        _line(plain(f"waits at {stage} behind {head}"))
    for case in found["cases"]:
        mark = "open" if case["closed_at"] is None else case["resolution"]
        _line(plain(f"case {case['id']} ({mark}): {case['title']}. {case['next_step']}"))
    for act in found["audit"]:
        _line(plain(f"{act['at']:%Y-%m-%d %H:%M:%S} {act['actor']}: {act['action']} {act['words']}"))


def _print_delivery(delivery: dict[str, Any], attempts: list[dict[str, Any]]) -> None:
    place = f"{delivery['destination']} {delivery['operation']}".strip()
    result = f"{delivery['reference']} {delivery['words']}".strip()
    _line(f"→ {plain(place)}: [bold]{delivery['state']}[/] {plain(result)}")
    for attempt in attempts:
        if attempt["ordinal"] == delivery["ordinal"]:
            said = f"{attempt['outcome']} {attempt['words']}".strip()
            _line(plain(f"    attempt {attempt['number']} {attempt['at']:%H:%M:%S}: {said}"))


def _print_proof(intents: list[dict[str, Any]]) -> None:
    """What the destination said when it was asked whether an effect is there."""
    for intent in intents:
        _line(plain(f"    effect {intent['effect']}: {intent['state']}"))
        for one in intent["proof"]:
            said = " ".join(filter(None, (one["answer"], one.get("reference"), one.get("words"))))
            _line(plain(f"      asked {one['at']:.19}: {said}"))


def _line(words: str) -> None:
    """One line, however long: ids and references stay whole."""
    out.print(words.rstrip(), soft_wrap=True)


def actor() -> str:
    """Who is at the command line, for the audit."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (OSError, KeyError):  # a container without a user database
        return "command line"


def message_id(text: str) -> UUID:
    """The id that a person wrote. Raises `SettingsError`."""
    try:
        return UUID(text)
    except ValueError:
        raise SettingsError(f"'{text}' is not a message id; find it with: hilum messages {text}") from None


def state_of(text: str) -> str:
    """A state of a message. Raises `SettingsError`."""
    if text and text not in ("received", "routed", "completed", "held", "discarded"):
        raise SettingsError(f"'{text}' is not a state: received, routed, completed, held or discarded.")
    return text


def moment(text: str) -> datetime | None:
    """An ISO time (UTC where it has no zone), or an age such as `30m`, `2h`, `3d`. Raises `SettingsError`."""
    if not text:
        return None
    unit = {"m": "minutes", "h": "hours", "d": "days"}.get(text[-1])
    try:
        if unit and text[:-1].isdecimal():
            return datetime.now(UTC) - timedelta(**{unit: int(text[:-1])})
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise SettingsError(f"'{text}' is not a time: write 2026-11-21T08:00, or an age such as 2h or 3d.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
