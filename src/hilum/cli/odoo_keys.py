"""`hilum odoo rotate-key`: a new API key in the place of the old one, while the hub is at work."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.logs import configure_logs
from hilum.cli.messages import actor
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run
from hilum.cli.output import AsJson, emit_json, fail, out, plain
from hilum.connector import Renewal
from hilum.connectors.odoo import Odoo
from hilum.connectors.odoo.api_key import read
from hilum.errors import SettingsError
from hilum.runtime.endpoints import build_endpoints
from hilum.runtime.inspecting import look, users_by_endpoint
from hilum.runtime.renewing import note
from hilum.runtime.server_turns import Servers


def rotate_key(
    name: Annotated[str, typer.Argument(help="Name of the endpoint, for example odoo.main.")],
    key_file: Annotated[
        Path | None, typer.Option("--from-file", help="File with the new key; none: it is asked for.")
    ] = None,
    ends: Annotated[str, typer.Option(help="Day on which the new key ends, for example 2027-02-18.")] = "",
    by_odoo: Annotated[bool, typer.Option("--by-odoo", help="Let Odoo make the new key (19, since 2026).")] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Put a new API key in the place of the old one: test it, store it, switch over while the hub is at work."""
    configure_logs(level="ERROR")
    last = _day(ends)
    secret = "" if by_odoo else _new_key(key_file)
    told = run(_rotate(project, name, secret, last))
    if not told.done:
        fail(told.words)
    if as_json:
        emit_json({"endpoint": name, "ends": told.ends, "words": told.words})
    else:
        out.print(plain(told.words), soft_wrap=True)


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError:
        raise SettingsError(f"--ends {text}: write a day as 2027-02-18.") from None


def _new_key(path: Path | None) -> str:
    if path is None:
        return str(typer.prompt("New API key", hide_input=True, err=True)).strip()
    return read(path).secret


async def _rotate(folder: Path, name: str, secret: str, ends: datetime | None) -> Renewal:
    loaded = project_of(folder)
    async with journal(folder) as database:
        endpoint = build_endpoints(loaded.settings, loaded.flows.values(), Servers(database)).get(name)
        if not isinstance(endpoint, Odoo):
            raise SettingsError(f"'{name}' is no Odoo of this project.")
        await endpoint.open()
        try:
            told = await (endpoint.set_key(secret, ends) if secret else endpoint.renew_key())
            await note(database, name, told, actor=actor())
            if told.done:
                await look(database, name, endpoint, users_by_endpoint(loaded.flows.values())[name])
        finally:
            await endpoint.close()
    return told
