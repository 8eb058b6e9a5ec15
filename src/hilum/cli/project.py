"""`hilum init`: a project folder of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.output import AsJson, emit_json, out
from hilum.scaffold import write_project


def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make; its name is the hub's name.")],
    as_json: AsJson = False,
) -> None:
    """Make a project folder with one working flow, lookup tables, samples and a test that passes."""
    written = write_project(folder, folder.resolve().name)
    if as_json:
        emit_json({"folder": str(folder.resolve()), "files": [str(path) for path in written]})
        return
    out.print(f"[bold]{folder}[/] is ready ({len(written)} files). Next:")
    out.print(f"  cd {folder}")
    out.print("  hilum serve          run it; it says where it listens and where the console is")
    out.print("  pytest               run its test")
