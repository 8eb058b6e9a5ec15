"""The commands, listed. Each is in the file of its noun, which is loaded when the command is asked for."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import traceback
from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from hilum import __version__
from hilum.cli.output import fail, say
from hilum.errors import HilumError

COMMANDS = {
    "init": "project:init",
    "serve": "serve:serve",
    "demo": "demo:demo",
    "status": "status:status",
    "flows": "flow_switches:app",
    "test": "flows:try_file",
    "schedule": "schedules:schedule",
    "run": "schedules:run",
    "destinations": "destinations:app",
    "messages": "messages:messages",
    "trace": "messages:trace",
    "replay": "replays:replay",
    "replays": "replays:app",
    "retry": "retry:app",
    "approvals": "approvals:app",
    "processes": "processes:app",
    "desk": "desk:app",
    "exceptions": "exceptions:app",
    "check": "check:check",
    "crosswalk": "crosswalk:app",
    "match": "matching:app",
    "master": "master:app",
    "onboard": "onboard:app",
    "quality": "quality:app",
    "catalog": "catalog:app",
    "ownership": "ownership:app",
    "edi": "edi:app",
    "lookups": "lookups:app",
    "terms": "terms:app",
    "indicators": "indicators:app",
    "implants": "implants:app",
    "reconcile": "reconcile:app",
    "contract": "contract:app",
    "odoo": "odoo:app",
    "send": "send:send",
    "simulate": "simulate:app",
    "keys": "keys:app",
    "retention": "retention:app",
    "db": "database:app",
    "users": "users:app",
    "audit": "audit:app",
    "doctor": "doctor:doctor",
}
"""Each command, and the function or group of commands in `hilum.cli` that it is."""

TRACEBACK = "HILUM_TRACEBACK"
"""Environment variable: with any value, an error that nobody foresaw is shown with its traceback."""

STOPPED = 130
"""Exit code after Ctrl-C, as shells expect it: 128 + SIGINT."""


class _Loaded(MutableMapping[str, Any]):
    """The commands by name, each loaded when it is looked up.

    The server, the simulator and the console's libraries take seconds to load, and `hilum status`, which people and
    monitors call every few seconds, needs none of them.
    """

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._found:
            module, _, attribute = COMMANDS[name].partition(":")
            self._found[name] = _command(name, getattr(importlib.import_module(f"hilum.cli.{module}"), attribute))
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in COMMANDS

    def __setitem__(self, name: str, command: Any) -> None:
        self._found[name] = command

    def __delitem__(self, name: str) -> None:
        del self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _command(name: str, made: Any) -> Any:
    """A function or a group as the command line wants it."""
    if not isinstance(made, typer.Typer):
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(name)(made)
        made = single
    command = typer.main.get_command(made)
    command.name = name
    return command


class _Group(TyperGroup):
    """The group of all commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Loaded()


app = typer.Typer(
    name="hilum",
    cls=_Group,
    help="Hilum: the integration hub between healthcare systems and Odoo.",
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback(invoke_without_command=True)
def _begin(
    context: typer.Context, version: bool = typer.Option(False, "--version", help="Print the version and end.")
) -> None:
    if version:
        print(__version__)  # noqa: T201 - the one line that is asked for
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())  # noqa: T201 - what `--help` would say


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. What is wrong is said in one line, and the exit code is 1; after Ctrl-C it is 130."""
    try:
        code = typer.main.get_command(app)(args=arguments, prog_name="hilum", standalone_mode=False)
    except HilumError as error:
        fail(str(error))
    except typer.TyperException as error:
        fail(_usage(error))
    except (KeyboardInterrupt, typer.Abort, asyncio.CancelledError):
        say("Stopped.")
        sys.exit(STOPPED)
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        fail(_system_words(error))
    except Exception as error:  # noqa: BLE001 - the last place: whatever it is, one line and no payload
        fail(_defect_words(error))
    sys.exit(code if isinstance(code, int) else 0)


def _usage(error: typer.TyperException) -> str:
    """What is wrong with the words that were typed, and where the right ones are."""
    context = getattr(error, "ctx", None)
    words = " ".join(str(getattr(error, "format_message", lambda: error)()).split())
    return f"{words} See: {context.command_path if context is not None else 'hilum'} --help"


def _system_words(error: OSError) -> str:
    """What the operating system said, of which file or address."""
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}"


def _defect_words(error: Exception) -> str:
    """Where an unforeseen error came from. Its own text may quote a payload or a secret, so it is not shown."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"Something that was not foreseen: {type(error).__name__}{place}. {TRACEBACK}=1 shows the whole traceback."
