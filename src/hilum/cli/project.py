"""`hilum init`: a project folder of one's own."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.output import AsJson, emit_json, out, plain
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
    sample = "hilum test supply.consumption samples/supplies-used.hl7"
    steps = {
        f"cd {shlex.quote(str(folder))}": "",
        sample: "see what its flow makes of a sample",
        "hilum serve": "run it; it says where it listens and where the console is",
        "hilum doctor": "look whether anything is wrong with the set-up",
    }
    out.print(f"[bold]{plain(str(folder))}[/] is ready ({len(written)} files). Next:", soft_wrap=True)
    for words, meaning in steps.items():
        out.print(f"  {plain(words):{len(sample)}}  {meaning}".rstrip(), soft_wrap=True)
