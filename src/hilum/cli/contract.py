"""`hilum contract`: does the project keep what its interfaces have promised?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.flows import declared
from hilum.cli.opening import HERE, ProjectFolder, project_of
from hilum.cli.output import AsJson, emit_json, fail, out, plain
from hilum.flow import Flow
from hilum.governance import Verdict, accept, accepted, contract_of, gaps, verdicts

app = typer.Typer(help="Contracts of the interfaces: show, check, accept.", no_args_is_help=True)


@app.command()
def show(
    flow: Annotated[str, typer.Argument(help="The flow.")], project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Show the contract of a flow as it is now; with --json, as its file has it."""
    contract = contract_of(declared(project_of(project), flow), project)
    if as_json:
        emit_json(contract)
        return
    given = contract["input"]
    takes = ", ".join(given["accepts"]) or "every kind of message"
    model = given["schema"]["title"] if given["schema"] else "no schema"
    out.print(plain(f"{flow} {contract['version']}"), soft_wrap=True)
    out.print(plain(f"input      {given['format']}, {takes}, {model}"), soft_wrap=True)
    for name, each in contract["output"].items():
        out.print(plain(f"output     {name} {each['version']}".rstrip()), soft_wrap=True)
    for each in contract["deliveries"]:
        out.print(plain(f"delivery   {each['endpoint']} {each['operation']}".rstrip()), soft_wrap=True)


def _verdicts(folder: Path, flows: Mapping[str, Flow]) -> list[Verdict]:
    return verdicts(accepted(folder), {name: contract_of(flow, folder) for name, flow in flows.items()})


@app.command()
def check(
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Also refuse what is not accepted yet, and interfaces without a schema; for CI."),
    ] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Compare the flows with the accepted contracts; exit code 1 where one is broken without a new major version."""
    flows = project_of(project).flows
    found = _verdicts(project, flows)
    without = {name: gaps(flow) for name, flow in flows.items()}
    refused = [each for each in found if _refused(each, without.get(each.flow, []), strict=strict)]
    if as_json:
        emit_json([_as_json(each, without.get(each.flow, []), strict=strict) for each in found])
    else:
        for each in found:
            _tell(each, without.get(each.flow, []), strict=strict)
    if refused:
        raise typer.Exit(1)


def _open(verdict: Verdict) -> bool:
    """Is there something to accept?"""
    return not verdict.was or verdict.was != verdict.now or bool(verdict.differences)


def _refused(verdict: Verdict, without: Sequence[str], *, strict: bool) -> bool:
    return bool(verdict.refusal) or (strict and (_open(verdict) or bool(without)))


def _as_json(verdict: Verdict, without: Sequence[str], *, strict: bool) -> dict[str, Any]:
    refused = _refused(verdict, without, strict=strict)
    return asdict(verdict) | {"refusal": verdict.refusal, "without_schema": without, "refused": refused}


def _tell(verdict: Verdict, without: Sequence[str] = (), *, strict: bool = False) -> None:
    versions = verdict.now if verdict.was == verdict.now else f"{verdict.was or 'new'} → {verdict.now or 'gone'}"
    state = (
        "[red]✗[/]" if verdict.refusal or (strict and without) else "[yellow]•[/]" if _open(verdict) else "[green]✓[/]"
    )
    out.print(f"{state} [bold]{plain(verdict.flow)}[/] {plain(versions)}", soft_wrap=True)
    for each in sorted(verdict.differences, key=lambda difference: not difference.breaking):
        sign = "breaks" if each.breaking else "keeps"
        out.print(plain(f"    {sign}  {each.where}: {each.words}"), soft_wrap=True)
    for words in without:
        out.print(plain(f"    {words}"), soft_wrap=True)
    if verdict.refusal:
        out.print(plain(f"    {verdict.refusal}"), soft_wrap=True)
    elif _open(verdict):
        out.print(plain("    Not accepted yet: hilum contract accept"), soft_wrap=True)


@app.command("accept")
def accept_contracts(
    flow: Annotated[list[str] | None, typer.Argument(help="The flows; without any: all.")] = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write the contracts into contracts/ of the project; what breaks one without a new major version is refused."""
    loaded = project_of(project)
    chosen = {declared(loaded, name).name for name in flow or loaded.flows}
    found = [each for each in _verdicts(project, loaded.flows) if each.flow in chosen]
    if refused := [each for each in found if each.refusal]:
        for each in refused:
            _tell(each)
        fail(f"Nothing was accepted: {', '.join(each.flow for each in refused)}.")
    files = [accept(project, contract_of(loaded.flows[each.flow], project)) for each in found if _open(each)]
    if as_json:
        emit_json([str(file) for file in files])
    else:
        out.print(
            plain(f"{len(files)} accepted: {', '.join(f.name for f in files)}" if files else "Nothing has changed.")
        )
