"""`hilum flows` and `hilum test`: what a project declares, and what a flow makes of a sample."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from pydantic import BaseModel

from hilum.canonical import BusinessObject
from hilum.canonical.applied import Applied, listening, summed
from hilum.cases import classify
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run
from hilum.cli.output import AsJson, emit_json, fail, out, plain, table
from hilum.errors import HilumError, Invalid
from hilum.flow import Flow, Project
from hilum.formats import edifact, hl7v2, x12
from hilum.masterdata.lookups import LiveLookups
from hilum.runtime.retry import in_words
from hilum.settings import RetryTable


def list_flows(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the flows of the project."""
    loaded = project_of(project)
    shown = [_describe(flow, loaded.settings.retry) for _, flow in sorted(loaded.flows.items())]
    if as_json:
        emit_json(shown)
        return
    rows = [[f["name"], f["version"], f["source"], ", ".join(f["targets"]), f["summary"]] for f in shown]
    columns = ["flow", "version", "source", "targets", "summary"]
    table(columns, rows, empty=f"There are no flows in {loaded.folder / 'flows'}.", wrap=["targets", "summary"])


def show_flow(
    name: Annotated[str, typer.Argument(help="The flow.")], project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Show one flow, with everything about it. `hilum flows NAME` does the same."""
    loaded = project_of(project)
    shown = _describe(declared(loaded, name), loaded.settings.retry)
    if as_json:
        emit_json(shown)
        return
    for key, value in shown.items():
        words = ", ".join(value) if isinstance(value, list) else str(value)
        out.print(f"[bold]{key:16}[/]{plain(words) or '—'}", soft_wrap=True)


def declared(project: Project, name: str) -> Flow:
    """The flow of this name; where there is none, says which there are and ends."""
    if name not in project.flows:
        fail(f"There is no flow '{name}'. There are: {', '.join(sorted(project.flows)) or 'none'}.")
    return project.flows[name]


def _describe(flow: Flow, retries: RetryTable) -> dict[str, Any]:
    return {
        "name": flow.name,
        "version": flow.version,
        "summary": flow.summary,
        "business owner": flow.owners.business,
        "technical owner": flow.owners.technical,
        "pattern": flow.pattern.value,
        "data class": flow.data_class.value,
        "criticality": flow.criticality.value,
        "slo": f"{flow.slo.percent} % within {flow.slo.within}",
        "retention": flow.retention,
        "priority": flow.priority.value,
        "source": ", ".join(each.address for each in flow.sources),
        "when": flow.source.schedule.words() if flow.source and flow.source.schedule else "",
        "format": flow.format,
        "on held": "the later ones of its key wait" if flow.on_held == "hold_key" else "the later ones pass it",
        "retry": in_words(flow, retries),
        "targets": [f"{t.endpoint} {t.operation}".strip() for t in flow.targets],
        "reports": [t.endpoint for t in flow.report_targets],
    }


def try_file(
    flow: Annotated[str, typer.Argument(help="The flow.")],
    file: Annotated[Path, typer.Argument(help="A sample: one message, or a file of several HL7 messages.")],
    tables: Annotated[
        bool, typer.Option("--database", help="Also ask the lookup tables that are in the database.")
    ] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what a flow makes of a sample file. Nothing is stored or sent."""
    loaded = project_of(project)
    chosen = declared(loaded, flow)
    if tables:
        run(_load_tables(project, loaded))
    try:
        data = file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    bodies = _bodies(chosen.format, data)
    if not bodies:
        fail(f"There is no message in {file}.")
    results = [_try(loaded, chosen, body) for body in bodies]
    if as_json:
        emit_json(results)
        return
    for result in results:
        _show(result)


def _bodies(format: str, data: bytes) -> list[bytes]:
    """The messages of a sample file, as a source would hand them over."""
    try:
        match format:
            case "hl7v2":
                return list(hl7v2.split(data))
            case "x12":
                return [each.encode() for each in x12.transaction_sets(data)]
            case "edifact":
                return [each.encode() for each in edifact.messages(data)]
            case "edifact-interchange":
                return [each.encode() for each in edifact.interchanges(data)]
            case "x12-interchange":
                return [each.encode() for each in x12.interchanges(data)]
            case _:
                return [data]
    except Invalid as error:
        fail(f"The file cannot be taken apart: {error}")


async def _load_tables(folder: Path, project: Project) -> None:
    async with journal(folder) as database:
        await LiveLookups(database, project.lookup).load()


def _try(project: Project, flow: Flow, body: bytes) -> dict[str, Any]:
    """What the flow makes of one body: keys and objects, or why the hub would hold it."""
    with listening() as heard:
        result = _translated(project, flow, body)
    result["rules"] = [Applied(**each).words for each in summed(heard, values=True)]
    return result


def _translated(project: Project, flow: Flow, body: bytes) -> dict[str, Any]:
    result: dict[str, Any] = {"objects": []}
    try:
        parsed = flow.read(body)
        result |= {"key": flow.ordering_key(parsed), "dedup_key": flow.dedup_key(parsed)}
        for yielded in flow.run(parsed, project.lookup):
            takers = [t for t in yielded.targets if t.encode(yielded.thing) is not None]
            places = [f"{t.endpoint} {t.operation}".strip() for t in takers]
            result["objects"].append({"to": places, "what": _kind(yielded.thing), "data": _data(yielded.thing)})
    except HilumError as error:
        result["held"] = _held(error)
    except Exception as error:  # noqa: BLE001 - a defect of the flow; it is the author who looks, at a sample of theirs
        result["held"] = _held(error) | {"words": f"{type(error).__name__}: {error}{_place(error, project)}"}
    return result


def _held(error: Exception) -> dict[str, str]:
    finding = classify(error)
    return {"title": finding.title, "words": finding.words, "next_step": finding.next_step}


def _place(error: Exception, project: Project) -> str:
    """The last line of the project's own files that the error passed through."""
    own = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(project.folder)]
    return f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""


def _kind(thing: Any) -> str:
    return thing.name if isinstance(thing, BusinessObject) else type(thing).__name__


def _data(thing: Any) -> Any:
    if isinstance(thing, BaseModel):
        return thing.model_dump(mode="json", exclude_defaults=True)
    return thing if isinstance(thing, dict | list | str) else repr(thing)


def _show(result: dict[str, Any]) -> None:
    out.print(f"[bold]key[/] {plain(result.get('key', '')) or '—'}", soft_wrap=True)
    for made in result["objects"]:
        out.print(f"  [bold]{plain(made['what'])}[/] → {plain(', '.join(made['to']))}", soft_wrap=True)
        text = orjson.dumps(made["data"], option=orjson.OPT_INDENT_2, default=str).decode()
        out.print(plain("    " + text.replace("\n", "\n    ")), soft_wrap=True)
    for rule in result["rules"]:
        out.print(plain(f"  by {rule}"), soft_wrap=True)
    if held := result.get("held"):
        lines = [held["title"], held["words"], f"Next: {held['next_step']}"]
        out.print("  [yellow]would be held:[/] " + "\n  ".join(plain(line) for line in lines), soft_wrap=True)
    elif not result["objects"]:
        out.print("  Nothing would be delivered.")
