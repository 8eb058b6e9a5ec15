"""The command line as a caller sees it, and the projects that the tests of it use."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hilum.scaffold import write_project
from support.projects import MASTER_KEY

FLOW = "supply.consumption"
ABSENT = "01234567-89ab-7def-8123-456789abcdef"


@dataclass
class Answered:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line that says what is wrong."""
        assert self.code == 1, (self.code, self.out, self.err)
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("✗ ")
        return lines[0].removeprefix("✗ ")


Cli = Callable[..., Answered]


def new_project(folder: Path) -> Path:
    """What `hilum init` writes, with a listener on any free port."""
    write_project(folder, folder.name)
    flow = folder / "flows" / "consumption.py"
    flow.write_text(flow.read_text().replace("port=2575", "port=0"))
    with (folder / "hilum.toml").open("a") as settings:
        settings.write(f'\n[encryption]\nkey = "{MASTER_KEY}"\n')
    return folder


def held_id(cli: Cli) -> str:
    """The id of the held message."""
    (row,) = cli("messages", "--state", "held", "--json").json
    return str(row["id"])
