"""The commands, listed. Each is in the file of its noun."""

from __future__ import annotations

import sys

import typer

from hilum import __version__
from hilum.cli import database, demo, doctor, exceptions, flows, messages, odoo, project, serve, simulate, status, users
from hilum.cli.output import fail
from hilum.errors import HilumError

app = typer.Typer(
    name="hilum",
    help="Hilum: the integration hub between healthcare systems and Odoo.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("init")(project.init)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("status")(status.status)
app.command("flows")(flows.flows)
app.command("test")(flows.try_file)
app.command("messages")(messages.messages)
app.command("trace")(messages.trace)
app.command("replay")(messages.replay)
app.add_typer(exceptions.app, name="exceptions")
app.add_typer(odoo.app, name="odoo")
app.command("simulate")(simulate.simulate)
app.add_typer(database.app, name="db")
app.add_typer(users.app, name="users")
app.command("doctor")(doctor.doctor)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and end.")) -> None:
    if version:
        print(__version__)  # noqa: T201 - the one line that is asked for
        raise typer.Exit


def main() -> None:
    """Run the command line. What is wrong is said in one line, and the exit code is 1."""
    try:
        app()
    except HilumError as error:
        fail(str(error))
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        sys.stderr.close()
        sys.exit(0)
