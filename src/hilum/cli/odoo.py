"""`hilum odoo sandbox`: a simulated Odoo to try flows against."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.guards import taken
from hilum.cli.logs import configure_logs
from hilum.cli.opening import run
from hilum.cli.output import AsJson, emit_json, out
from hilum.cli.serve import stop_on_signals
from hilum.errors import SettingsError
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo import serve as serve_sandbox
from hilum.simulator.odoo.orm.registry import VERSIONS

app = typer.Typer(help="Odoo: a sandbox that behaves like version 18 or 19.", no_args_is_help=True)


@app.callback()
def _odoo() -> None:
    """Keeps `sandbox` a command of its own."""


@app.command()
def sandbox(
    version: Annotated[str, typer.Option(help="18.0 or 19.0.")] = "19.0",
    port: Annotated[int, typer.Option(help="Port on this machine; 0: any free one.", min=0, max=65535)] = 8069,
    database: Annotated[str, typer.Option(help="Name of its database.")] = "hilum",
    state: Annotated[Path | None, typer.Option(help="File that keeps what it is told; none: it forgets.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="File with its API key; made where there is none.")] = None,
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
            out.print(
                f"ODOO_URL={server.url} ODOO_DB={server.database} ODOO_LOGIN={server.login} ODOO_KEY={server.api_key}"
            )

    async def until_stopped() -> None:
        stop = stop_on_signals()
        serving = asyncio.create_task(
            serve_sandbox(
                version=version, port=port, database=database, key_file=key_file, state_file=state, ready=ready
            )
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    run(until_stopped())
