"""`hilum contract`: does the project keep what its interfaces have promised?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.flows import declared
from hilum.cli.opening import HERE, ProjectFolder, project_of
from hilum.cli.output import AsJson, emit_json, fail, out, plain
from hilum.governance import Verdict, accept, accepted, contract_of, verdicts

app = typer.Typer(help="Contracts of the interfaces: show, check, accept.", no_args_is_help=True)


@app.command()
def show(
    flow: Annotated[str, typer.Argument(help="The flow.")], project: ProjectFolder = HERE, as_json: AsJson = False
) -> None:
    """Show the contract of a flow as it is now; with --json, as its file has it."""
    contract = contract_of(declared(project_of(project), flow))
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


def _verdicts(folder: Path) -> list[Verdict]:
    flows = project_of(folder).flows
    return verdicts(accepted(folder), {name: contract_of(flow) for name, flow in flows.items()})


@app.command()
def check(
    strict: Annotated[
        bool, typer.Option("--strict", help="Also refuse what is compatible and not accepted yet, as in CI.")
    ] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Compare the flows with the accepted contracts; exit code 1 where one is broken without a new major version."""
    found = _verdicts(project)
    refused = [each for each in found if each.refusal or (strict and _open(each))]
    if as_json:
        emit_json([_as_json(each, strict=strict) for each in found])
    else:
        for each in found:
            _tell(each)
    if refused:
        raise typer.Exit(1)


def _open(verdict: Verdict) -> bool:
    """Is there something to accept?"""
    return not verdict.was or verdict.was != verdict.now or bool(verdict.differences)


def _as_json(verdict: Verdict, *, strict: bool) -> dict[str, Any]:
    refused = bool(verdict.refusal) or (strict and _open(verdict))
    return asdict(verdict) | {"refusal": verdict.refusal, "refused": refused}


def _tell(verdict: Verdict) -> None:
    versions = verdict.now if verdict.was == verdict.now else f"{verdict.was or 'new'} → {verdict.now or 'gone'}"
    state = "[red]✗[/]" if verdict.refusal else "[yellow]•[/]" if _open(verdict) else "[green]✓[/]"
    out.print(f"{state} [bold]{plain(verdict.flow)}[/] {plain(versions)}", soft_wrap=True)
    for each in sorted(verdict.differences, key=lambda difference: not difference.breaking):
        sign = "breaks" if each.breaking else "keeps"
        out.print(plain(f"    {sign}  {each.where}: {each.words}"), soft_wrap=True)
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
    found = [each for each in _verdicts(project) if each.flow in chosen]
    if refused := [each for each in found if each.refusal]:
        for each in refused:
            _tell(each)
        fail(f"Nothing was accepted: {', '.join(each.flow for each in refused)}.")
    files = [accept(project, contract_of(loaded.flows[each.flow])) for each in found if _open(each)]
    if as_json:
        emit_json([str(file) for file in files])
    else:
        out.print(
            plain(f"{len(files)} accepted: {', '.join(f.name for f in files)}" if files else "Nothing has changed.")
        )
