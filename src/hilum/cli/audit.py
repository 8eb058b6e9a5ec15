"""`hilum audit`: who did what; is the record whole; evidence for others."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cli.messages import message_id, moment
from hilum.cli.opening import HERE, ProjectFolder, journal, run, settings_of
from hilum.cli.options import Limit, Moment
from hilum.cli.output import AsJson, emit_json, number, out, plain, say, table
from hilum.errors import SettingsError
from hilum.journal.audit import ActSearch, AuditRow, search
from hilum.journal.audit.checkpoints import stored_keys
from hilum.journal.audit.evidence import export as lines_of
from hilum.journal.audit.evidence import verify_file
from hilum.journal.audit.reading import verify as verify_database
from hilum.journal.audit.verification import MonthReport, answer
from hilum.security.signing import key_name, load_signing_key, public_from, public_text, trusted_keys

app = typer.Typer(help="Who did what: list, verify, export.", no_args_is_help=True)

Month = Annotated[str, typer.Option(help="Only this month, as 2026-11.")]


@app.command()
def verify(
    month: Month = "",
    file: Annotated[Path | None, typer.Option(help="An export to verify, in place of the database.")] = None,
    checkpoints: Annotated[
        Path | None, typer.Option(help="A file of checkpoints that was kept elsewhere; else the hub's own.")
    ] = None,
    public_key: Annotated[
        list[str] | None, typer.Option(help="Trust this key, as hilum audit key shows it, and no other.")
    ] = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Is every act there, as it was written? Names the first one that is not; the exit code is then 1."""
    _month(month)
    if file is not None:
        reports = _verify_file(file, checkpoints, public_key, project)
    else:
        reports = run(_verify(project, month, checkpoints, public_key))
    wrong = [report for report in reports if report.first is not None]
    if as_json:
        emit_json({"whole": not wrong, "months": [asdict(report) for report in reports]})
    else:
        for report in reports:
            out.print(plain(answer(report)), soft_wrap=True)
        out.print("The audit has no act yet." if not reports else "" if wrong else "The audit is whole.")
    if wrong:
        sys.exit(1)


def _verify_file(
    file: Path, checkpoints: Path | None, public_key: list[str] | None, project: Path
) -> list[MonthReport]:
    trusted = [public_from(key) for key in public_key] if public_key else trusted_keys(settings_of(project))
    with file.open("rb") as lines:
        return verify_file(lines, trusted, checkpoints=checkpoints)


async def _verify(
    folder: Path, month: str, checkpoints: Path | None, public_key: list[str] | None
) -> list[MonthReport]:
    settings = settings_of(folder)
    trusted = [public_from(key) for key in public_key] if public_key else trusted_keys(settings)
    file = checkpoints or settings.checkpoint_file
    async with journal(folder) as database:
        try:
            return await verify_database(database, trusted, file=file, only=month, late=settings.audit.late_seconds)
        except ValueError:
            raise SettingsError(f"{file} is damaged: it has a line that is no checkpoint.") from None


@app.command("list")
def list_acts(
    actor: Annotated[str, typer.Option(help="Only of this person, or of `hub`.")] = "",
    action: Annotated[str, typer.Option(help="Only this: login, view_payload, replay, discard …")] = "",
    flow: Annotated[str, typer.Option(help="Only of this flow.")] = "",
    message: Annotated[str, typer.Option(help="Only on the message with this id.")] = "",
    since: Moment = "",
    until: Moment = "",
    limit: Limit = 50,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List acts, the latest first."""
    wanted = ActSearch(
        actor=actor, action=action, flow=flow, message_id=message_id(message) if message else None,
        since=moment(since), until=moment(until), limit=limit,
    )  # fmt: skip
    found = run(_acts(project, wanted))
    if as_json:
        emit_json([asdict(act) for act in found])
        return
    rows = [[f"{a.at.astimezone():%Y-%m-%d %H:%M:%S}", a.actor, a.action, a.words, a.flow, _of(a)] for a in found]
    table(["when", "who", "did", "why", "flow", "message"], rows, empty="No act fits.", wrap=["why"])


def _of(act: AuditRow) -> str:
    return "" if act.message_id is None else f"{act.message_id}{'' if act.ordinal is None else f'.{act.ordinal}'}"


async def _acts(folder: Path, wanted: ActSearch) -> list[AuditRow]:
    async with journal(folder) as database, database.cold() as connection:
        return await search(connection, wanted)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    month: Month = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write acts, links and checkpoints as JSON lines; verify them anywhere with hilum audit verify --file."""
    _month(month)
    count = run(_export(project, file, month))
    if as_json:
        emit_json({"file": str(file), "bytes": count})
    else:
        out.print(plain(f"{number(count)} bytes in {file}. They name people and messages: keep them as such."))


async def _export(folder: Path, file: Path, month: str) -> int:
    count = 0
    async with journal(folder) as database:
        target = await asyncio.to_thread(file.open, "xb")
        with target:
            async for portion in lines_of(database, month):
                count += await asyncio.to_thread(target.write, portion)
    return count


@app.command()
def key(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show the public key with which others can verify checkpoints, and the ones that signed before."""
    settings = settings_of(project)
    own = load_signing_key(settings)
    signed = run(_keys(project))
    if as_json:
        found: list[dict[str, Any]] = [
            {"name": key_name(public), "public_key": public_text(public), "since": at} for public, at in signed
        ]
        emit_json({"name": own.name, "public_key": public_text(own.public), "signed": found})
        return
    out.print(public_text(own.public))
    say(f"Its name is {own.name}. Keep it apart from the hub: hilum audit verify --public-key …")
    for public, at in signed:
        if public != own.public:
            say(f"Another key has signed since {at:%Y-%m-%d %H:%M}: {public_text(public)} ({key_name(public)}). If it "
                "is yours, name it in [audit] trusted_keys.")  # fmt: skip


async def _keys(folder: Path) -> list[tuple[bytes, datetime]]:
    async with journal(folder) as database, database.cold() as connection:
        return await stored_keys(connection)


def _month(text: str) -> None:
    """Raises `SettingsError` where it is no month."""
    if text and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise SettingsError(f"'{text}' is no month: write {datetime.now(UTC):%Y-%m}.")
