"""`hilum odoo`: does it fit the flows, what is seen of its changes, and a simulated one to try flows against."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.cases.conditions import HUB
from hilum.cli.guards import taken
from hilum.cli.logs import configure_logs
from hilum.cli.messages import actor
from hilum.cli.odoo_keys import rotate_key
from hilum.cli.odoo_radar import radar
from hilum.cli.opening import HERE, ProjectFolder, journal, project_of, run
from hilum.cli.output import AsJson, ago, emit_json, out, plain, table
from hilum.cli.serve import stop_on_signals
from hilum.connectors.odoo import Odoo
from hilum.connectors.odoo.inspecting import of_key
from hilum.ending import cancel_all
from hilum.errors import SettingsError
from hilum.runtime.endpoints import build_endpoints, read_only_endpoints
from hilum.runtime.feeds import FeedRow, feeds
from hilum.runtime.inspecting import look, told, users_by_endpoint
from hilum.runtime.server_turns import Servers
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo import serve as serve_sandbox
from hilum.simulator.odoo.orm.versions import VERSIONS

app = typer.Typer(
    help="Odoo: does it fit the flows, its keys, what comes next, and a sandbox that behaves like version 16 to 19.",
    no_args_is_help=True,
)
app.command()(radar)
app.command("rotate-key")(rotate_key)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="Name of the endpoint, for example odoo.main; none: all.")] = "",
    accept: Annotated[bool, typer.Option(help="The models and fields as they are now are how they shall be.")] = False,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Look at the models and fields that the flows need: what is missing, what has changed, when the key ends.

    Exit code 1 where anything does not fit.
    """
    configure_logs(level="ERROR")
    found = run(_check(project, name, accept))
    if as_json:
        emit_json(found)
    for each in () if as_json else found:
        out.print(plain(f"{each['endpoint']}: {each['models']} models. {each['key']}".rstrip()), soft_wrap=True)
        for finding in each["findings"]:
            out.print(f"  [red]✗[/] {plain(finding)}", soft_wrap=True)
    if any(each["findings"] for each in found):
        raise SystemExit(1)


async def _check(folder: Path, name: str, accept: bool) -> list[dict[str, Any]]:
    loaded = project_of(folder)
    users = users_by_endpoint(loaded.flows.values())
    found = []
    async with journal(folder) as database:
        endpoints = build_endpoints(loaded.settings, loaded.flows.values(), Servers(database))
        endpoints |= read_only_endpoints(loaded.settings, loaded.flows.values(), Servers(database))
        chosen = {each: endpoint for each, endpoint in endpoints.items() if isinstance(endpoint, Odoo)}
        if name and name not in chosen:
            raise SettingsError(f"'{name}' is no Odoo of this project. There are: {', '.join(chosen) or 'none'}.")
        for each, endpoint in chosen.items():
            if name in ("", each):
                await endpoint.open()
                try:
                    seen = await look(
                        database, each, endpoint, users[each], anew=accept, actor=actor() if accept else HUB
                    )
                finally:
                    await endpoint.close()
                facts = {"endpoint": each, "models": len(seen.metadata), "findings": told(seen, users[each])}
                found.append(facts | {"key_ends": seen.key_ends, "key": of_key(seen.key_ends)})
    return found


@app.command("feeds")
def list_feeds(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the feeds out of Odoo: how each model is watched, the last look, how late changes are told, what came late.

    Exit code 1 where one is silent.
    """
    found = run(_feeds(project))
    if as_json:
        emit_json([_feed_facts(row) for row in found])
    else:
        rows = [
            [
                row.endpoint,
                row.model,
                row.word,
                row.figures.mode,
                ago(row.looked_at) if row.looked_at else "",
                row.lag,
                row.figures.changes,
                row.figures.late,
                row.figures.deletions,
                ago(row.compared_at) if row.compared_at else "",
            ]
            for row in found
        ]
        columns = ["endpoint", "model", "state", "by", "last look", "lag", "changes", "late", "deletions", "compared"]
        table(columns, rows, empty="No flow takes changes out of Odoo.", right=["changes", "late", "deletions"])
    if any(row.silent for row in found):
        raise SystemExit(1)


async def _feeds(folder: Path) -> list[FeedRow]:
    loaded = project_of(folder)
    async with journal(folder) as database, database.cold() as connection:
        return await feeds(connection, loaded.flows.values())


def _feed_facts(row: FeedRow) -> dict[str, Any]:
    figures = row.figures
    return {
        "endpoint": row.endpoint,
        "model": row.model,
        "state": row.word,
        "by": figures.mode,
        "looked_at": row.looked_at,
        "lag_seconds": figures.lag[0] if figures.lag else None,
        "longest_lag_seconds": figures.lag[1] if figures.lag else None,
        "changes": figures.changes,
        "late": figures.late,
        "deletions": figures.deletions,
        "compared_at": row.compared_at,
    }


@app.command()
def sandbox(
    version: Annotated[str, typer.Option(help="16.0, 17.0, 18.0 or 19.0.")] = "19.0",
    port: Annotated[int, typer.Option(help="Port on this machine; 0: any free one.", min=0, max=65535)] = 8069,
    database: Annotated[str, typer.Option(help="Name of its database.")] = "hilum",
    state: Annotated[Path | None, typer.Option(help="File that keeps what it is told; none: it forgets.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="File with its API key; made where there is none.")] = None,
    timings: Annotated[bool, typer.Option("--timings", help="Calls take as long as on a measured server.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a simulated Odoo until Ctrl-C. Its pages show what arrives."""
    configure_logs(level="WARNING")
    if version not in VERSIONS:
        raise SettingsError(f"--version {version}: the sandbox speaks as Odoo {' or '.join(VERSIONS)}.")
    if state is not None and not state.parent.is_dir():
        raise SettingsError(f"--state {state}: there is no folder {state.parent}.")
    taken(port, "the sandbox Odoo", "--port")

    def ready(server: SandboxOdoo) -> None:
        facts = {"url": server.url, "database": server.database, "login": server.login, "key": server.api_key}
        if as_json:
            emit_json(facts)
        else:
            out.print(f"Sandbox Odoo {version}: {server.url}  (database {server.database}, login {server.login})")
            out.print("For the terminal in which the hub is started:")
            out.print(
                f"export ODOO_URL={server.url} ODOO_DB={server.database} ODOO_LOGIN={server.login}"
                f" ODOO_KEY={server.api_key}",
                soft_wrap=True,  # whoever copies it copies one line
            )

    async def until_stopped() -> None:
        stop = stop_on_signals()
        serving = asyncio.create_task(
            serve_sandbox(
                version=version,
                port=port,
                database=database,
                key_file=key_file,
                state_file=state,
                timings=timings,
                ready=ready,
            )
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        await cancel_all([serving])

    run(until_stopped())
