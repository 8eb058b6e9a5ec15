"""`hilum onboard`: take in a facility, a supplier or a finance entity from a workbook, phase by phase."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hilum.cases.phases import PhaseSwitches
from hilum.cli.acting import As, DryRun, Login, Reason, acting, login_of, policy_of, reasoned
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run
from hilum.cli.output import AsJson, ago, emit_json, fail, number, out, plain, table
from hilum.masterdata import onboarding
from hilum.masterdata.onboarding import Onboarding, Plan
from hilum.security import Permission

app = typer.Typer(help="Take in a facility, supplier or finance entity from a workbook.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="Workbook (XLSX) to read, or with --template to write.")]
Template = Annotated[bool, typer.Option("--template", help="Write an empty workbook there, to be filled in.")]
_TOLD = 20
"""Steps of a phase that a dry run names one by one."""

Kind = Annotated[str, typer.Argument(help="facility, supplier or entity.")]
Code = Annotated[str, typer.Argument(help="Its code.")]


@app.command()
def facility(
    file: File, template: Template = False, dry_run: DryRun = False, reason: Reason = "", as_user: As = "",
    project: ProjectFolder = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take in a facility: its locations, codes, identifiers and flows."""
    _take_in("facility", file, template, dry_run, reason, as_user, project, as_json)


@app.command()
def supplier(
    file: File, template: Template = False, dry_run: DryRun = False, reason: Reason = "", as_user: As = "",
    project: ProjectFolder = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take in a supplier: its record, codes, identifiers and flows."""
    _take_in("supplier", file, template, dry_run, reason, as_user, project, as_json)


@app.command()
def entity(
    file: File, template: Template = False, dry_run: DryRun = False, reason: Reason = "", as_user: As = "",
    project: ProjectFolder = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take in a finance entity: its cost centres, chart, codes, identifiers and flows."""
    _take_in("entity", file, template, dry_run, reason, as_user, project, as_json)


def _take_in(
    kind: str, file: Path, template: bool, dry_run: bool, reason: str, as_user: str, project: Path, as_json: bool
) -> None:
    if template:
        if file.exists():
            fail(f"{file} is there already.")
        onboarding.write_template(kind, file)
        out.print(plain(f"{file} is ready to be filled in. Then: hilum onboard {kind} {file.name} --dry-run"))
        return
    if not file.is_file():
        fail(f"There is no file {file}.")
    why = reason if dry_run else reasoned(reason)
    plan = run(_plan(project, kind, file, why, dry_run, None if dry_run else login_of(as_user)))
    if as_json:
        emit_json(asdict(plan))
    else:
        _told(plan, dry_run)
    if plan.problems:
        sys.exit(1)


async def _plan(folder: Path, kind: str, file: Path, reason: str, dry_run: bool, login: Login | None) -> Plan:
    book = onboarding.read(file)
    flows = project_of(folder).flows
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        plan = await onboarding.check(connection, kind, book, flows)
        if not dry_run and not plan.problems:
            await onboarding.file(connection, plan, PhaseSwitches(policy_of(folder)), by=who.name, reason=reason)
        return plan


def _told(plan: Plan, dry_run: bool) -> None:
    rows = [[each.sheet, each.row or "", each.column, each.why, each.do] for each in plan.problems]
    if rows:
        table(
            ["sheet", "row", "column", "why", "what to do"], rows, empty="", right=["row"], wrap=["why", "what to do"]
        )
        problems = "1 problem" if len(rows) == 1 else f"{number(len(rows))} problems"
        out.print(plain(f"{problems}: nothing was taken in."))
        return
    for phase in sorted({each.phase for each in plan.steps}):
        steps = [each for each in plan.steps if each.phase == phase]
        out.print(plain(f"Phase {phase}: {number(len(steps))} {'step' if len(steps) == 1 else 'steps'}"))
        for each in steps[:_TOLD] if dry_run else ():
            out.print(plain(f"  {each.words()}"), soft_wrap=True)
        if dry_run and len(steps) > _TOLD:
            out.print(plain(f"  and {number(len(steps) - _TOLD)} more"))
    rest = (
        "Nothing was changed: this was a dry run."
        if dry_run
        else f"Its flows are stopped. Next: hilum onboard activate {plan.kind} {plan.code}"
    )
    out.print(plain(f"{plan.title} ({plan.code}) can be taken in. {rest}"), soft_wrap=True)


@app.command("list")
def list_all(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List what is being taken in, and how far it is."""
    found = run(_list(project))
    if as_json:
        emit_json([asdict(each) for each in found])
        return
    rows = [[o.kind, o.code, o.title, f"{o.done} of {o.phases}", o.made_by, ago(o.made_at)] for o in found]
    table(["kind", "code", "title", "phases begun", "by", "since"], rows, empty="Nothing is being taken in.")


async def _list(folder: Path) -> list[Onboarding]:
    async with journal(folder) as database, database.cold() as connection:
        return await onboarding.onboardings(connection)


@app.command()
def activate(
    kind: Kind, code: Code, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Begin the next phase: codes and identifiers are added, master data is drafted, its flows go on."""
    _move("activate", kind, code, reason, as_user, project, as_json)


@app.command()
def revert(
    kind: Kind, code: Code, reason: Reason = "", as_user: As = "", project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Undo the last phase that has begun: what it added goes, its flows are stopped."""
    _move("revert", kind, code, reason, as_user, project, as_json)


def _move(act: str, kind: str, code: str, reason: str, as_user: str, project: Path, as_json: bool) -> None:
    phase, done = run(_moved(project, act, kind, code, reasoned(reason), login_of(as_user)))
    if as_json:
        emit_json({"phase": phase, "done": done})
        return
    for each in done:
        out.print(plain(each), soft_wrap=True)
    out.print(plain(f"Phase {phase} of {code} {'has begun' if act == 'activate' else 'is undone'}."))


async def _moved(
    folder: Path, act: str, kind: str, code: str, reason: str, login: Login | None
) -> tuple[int, list[str]]:
    async with acting(folder, login, Permission.CURATE) as (connection, who):
        who.permitted(Permission.PAUSE)
        move = onboarding.activate if act == "activate" else onboarding.revert
        return await move(connection, kind, code, PhaseSwitches(policy_of(folder)), by=who.name, reason=reason)
