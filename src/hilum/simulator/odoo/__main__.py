"""`python -m hilum.simulator.odoo`: a sandbox in a process of its own.

Prints one JSON line with url, version, database, login and key once it listens, and runs until it is interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from hilum.simulator.odoo.orm.versions import VERSIONS
from hilum.simulator.odoo.server import SandboxOdoo
from hilum.simulator.odoo.serving import serve


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m hilum.simulator.odoo", description="A simulated Odoo server.")
    parser.add_argument("--version", choices=VERSIONS, default="19.0", help="the Odoo version to behave like")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on; 0: any free one")
    parser.add_argument("--database", default="hilum", help="the name of the database")
    parser.add_argument("--login", default="hub", help="the administrator's login")
    parser.add_argument("--key-file", type=Path, help="a file with the administrator's key; made if it is not there")
    parser.add_argument("--state", type=Path, help="a file to keep everything in; without it, memory only")
    parser.add_argument("--timings", action="store_true", help="calls take as long as on a measured server")
    return parser.parse_args()


def announce(sandbox: SandboxOdoo) -> None:
    """Say where it listens."""
    facts = {"url": sandbox.url, "version": sandbox.version, "database": sandbox.database}
    sys.stdout.write(json.dumps({**facts, "login": sandbox.login, "key": sandbox.api_key}) + "\n")
    sys.stdout.flush()


async def run(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    task = asyncio.ensure_future(
        serve(
            version=options.version,
            host=options.host,
            port=options.port,
            database=options.database,
            login=options.login,
            key_file=options.key_file,
            state_file=options.state,
            timings=options.timings,
            ready=announce,
        )
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        sys.stderr.write("stopped\n")


if __name__ == "__main__":
    asyncio.run(run(arguments()))
