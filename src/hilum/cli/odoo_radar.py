"""`hilum odoo radar`: what will change at an Odoo: its key, its protocol, and the version that comes next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hilum.cli.logs import configure_logs
from hilum.cli.opening import HERE, ProjectFolder, project_of, run
from hilum.cli.output import AsJson, emit_json, out, plain
from hilum.connector import Inspection
from hilum.connectors.odoo import Odoo
from hilum.connectors.odoo.inspecting import of_key
from hilum.connectors.odoo.protocols import countdown
from hilum.errors import SettingsError
from hilum.flow import Flow, Project
from hilum.runtime.endpoints import build_endpoint
from hilum.runtime.inspecting import needs_of, users_by_endpoint


def radar(
    name: Annotated[str, typer.Argument(help="Name of the endpoint, for example odoo.main.")],
    following: Annotated[
        str, typer.Option("--next", help="Another endpoint of hilum.toml: the same Odoo, upgraded for a trial.")
    ] = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Say what ends at an Odoo and when, and what of the flows would not fit the version that comes next.

    Compares models and fields only; writes nothing, there or here. Exit code 1 where anything does not fit.
    """
    configure_logs(level="ERROR")
    found = run(_radar(project_of(project), name, following))
    if as_json:
        emit_json(found)
    for each in () if as_json else found:
        sentences = [
            f"{each['endpoint']}: Odoo {each['version']} by {each['protocol']}.",
            each["countdown"],
            each["key"],
        ]
        out.print(plain(" ".join(filter(None, sentences))), soft_wrap=True)
        for misfit in each["misfits"]:
            flows = ", ".join(misfit["flows"])
            words = f"{misfit['what']}: expected {misfit['expected']}, found {misfit['found']} ({flows})."
            out.print(f"  [red]✗[/] {plain(words)}", soft_wrap=True)
    if any(each["misfits"] for each in found):
        raise SystemExit(1)


async def _radar(loaded: Project, name: str, following: str) -> list[dict[str, Any]]:
    users = users_by_endpoint(loaded.flows.values()).get(name)
    if users is None:
        raise SettingsError(f"No flow uses '{name}'. There are: {', '.join(loaded.destinations) or 'none'}.")
    now, facts = await _seen(loaded, name, users, {})
    found = [facts]
    if following:
        _, then = await _seen(loaded, following, users, now.metadata)
        found.append(then)
    return found


async def _seen(
    loaded: Project, name: str, users: dict[str, list[Flow]], known: Any
) -> tuple[Inspection, dict[str, Any]]:
    endpoint = build_endpoint(loaded.settings, name)
    if not isinstance(endpoint, Odoo):
        raise SettingsError(f"'{name}' is no Odoo.")
    await endpoint.open()
    try:
        version, protocol = await endpoint.server()
        seen = await endpoint.inspect(users.keys(), known, needs_of(name, users))
    finally:
        await endpoint.close()
    misfits = [
        {
            "what": misfit.what,
            "expected": misfit.expected,
            "found": misfit.found,
            "flows": sorted({flow.name for each in misfit.operations or users for flow in users.get(each, ())}),
        }
        for condition in seen.conditions
        for misfit in condition.misfits
    ]
    return seen, {
        "endpoint": name,
        "version": ".".join(map(str, version)),
        "protocol": protocol,
        "countdown": countdown(version, protocol, datetime.now(UTC).date()),
        "key_ends": seen.key_ends,
        "key": of_key(seen.key_ends),
        "misfits": misfits,
    }
