"""`hilum flows` and `hilum test`: what a project declares, and what a flow makes of a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from pydantic import BaseModel

from hilum.canonical import BusinessObject
from hilum.cases import classify
from hilum.cli.opening import HERE, ProjectFolder
from hilum.cli.output import AsJson, emit_json, fail, out, table
from hilum.errors import HilumError
from hilum.flow import Flow, load_project
from hilum.formats import hl7v2
from hilum.runtime.retry import in_words


def flows(
    name: Annotated[str | None, typer.Argument(help="One flow, with everything about it.")] = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the flows of the project, or show one."""
    found = load_project(project).flows
    if name is not None and name not in found:
        fail(f"There is no flow '{name}'. There are: {', '.join(sorted(found)) or 'none'}.")
    shown = [_describe(flow) for key, flow in sorted(found.items()) if name in (None, key)]
    if as_json:
        emit_json(shown if name is None else shown[0])
        return
    if name is None:
        rows = [[f["name"], f["version"], f["source"], ", ".join(f["targets"]), f["summary"]] for f in shown]
        table(["flow", "version", "source", "targets", "summary"], rows, empty="This project has no flows.")
        return
    for key, value in shown[0].items():
        out.print(f"[bold]{key:14}[/] {', '.join(value) if isinstance(value, list) else value}", soft_wrap=True)


def _describe(flow: Flow) -> dict[str, Any]:
    return {
        "name": flow.name,
        "version": flow.version,
        "summary": flow.summary,
        "business owner": flow.owners.business,
        "technical owner": flow.owners.technical,
        "data class": flow.data_class.value,
        "criticality": flow.criticality.value,
        "slo": f"{flow.slo.percent} % within {flow.slo.within}",
        "retention": flow.retention,
        "priority": flow.priority.value,
        "source": flow.source.address if flow.source else "",
        "format": flow.format,
        "on held": "the later ones of its key wait" if flow.on_held == "hold_key" else "the later ones pass it",
        "retry": in_words(flow.criticality),
        "targets": [f"{t.endpoint} {t.operation}".strip() for t in flow.targets],
        "reports": [t.endpoint for t in flow.report_targets],
    }


def try_file(
    flow: Annotated[str, typer.Argument(help="The flow.")],
    file: Annotated[Path, typer.Argument(help="A sample: one message, or a file of several HL7 messages.")],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what a flow makes of a sample file. Nothing is stored or sent."""
    loaded = load_project(project)
    if flow not in loaded.flows:
        fail(f"There is no flow '{flow}'. There are: {', '.join(sorted(loaded.flows)) or 'none'}.")
    declared = loaded.flows[flow]
    try:
        data = file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    bodies = list(hl7v2.split(data)) if declared.format == "hl7v2" else [data]
    results = []
    for body in bodies:
        result: dict[str, Any] = {"objects": []}
        try:
            parsed = declared.read(body)
            result |= {"key": declared.ordering_key(parsed), "dedup_key": declared.dedup_key(parsed)}
            for yielded in declared.run(parsed, loaded.lookup):
                places = [f"{t.endpoint} {t.operation}".strip() for t in yielded.targets]
                result["objects"].append({"to": places, "what": _kind(yielded.thing), "data": _data(yielded.thing)})
        except HilumError as error:
            finding = classify(error)
            result["held"] = {"title": finding.title, "words": finding.words, "next_step": finding.next_step}
        results.append(result)
    if as_json:
        emit_json(results)
        return
    for result in results:
        _show(result)


def _kind(thing: Any) -> str:
    return thing.name if isinstance(thing, BusinessObject) else type(thing).__name__


def _data(thing: Any) -> Any:
    if isinstance(thing, BaseModel):
        return thing.model_dump(mode="json", exclude_defaults=True)
    return thing if isinstance(thing, dict | list | str) else repr(thing)


def _show(result: dict[str, Any]) -> None:
    out.print(f"[bold]key[/] {result.get('key', '') or '—'}")
    for made in result["objects"]:
        out.print(f"  [bold]{made['what']}[/] → {', '.join(made['to'])}")
        text = orjson.dumps(made["data"], option=orjson.OPT_INDENT_2).decode()
        out.print("    " + text.replace("\n", "\n    "), markup=False, soft_wrap=True)
    if held := result.get("held"):
        out.print(f"  [yellow]would be held:[/] {held['title']}\n  {held['words']}\n  Next: {held['next_step']}")
