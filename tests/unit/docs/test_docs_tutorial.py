"""The tutorial, done as it stands: every command in its order, against a hub that really runs."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from documents import examples

BIN = Path(sys.executable).parent
PATIENCE = 60.0  # seconds


def _commands() -> list[str]:
    """The commands in the order of the page, one line each."""
    blocks = [each.code for each in examples("sh") if each.place.startswith("docs/tutorial.md")]
    return [line for block in blocks for line in block.splitlines()]


def _run(command: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; only a failing test waits to the end."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _serving(command: str, folder: Path, environment: dict[str, str]) -> Iterator[Path]:
    """The hub of the folder; gives the file that its output goes to. Its console is on a free port."""
    output = folder.parent / "serve.txt"
    with output.open("w") as file:
        hub = subprocess.Popen(
            [*command.split(), "--console-port", "0"], cwd=folder, env=environment, stdout=file, stderr=file
        )
        try:
            yield output
        finally:
            hub.send_signal(signal.SIGTERM)
            assert hub.wait(timeout=60) == 0, output.read_text()


@pytest.mark.long
@pytest.mark.req("UX-6")
@pytest.mark.timeout(300)
def test_the_tutorial_works_as_it_stands(tmp_path: Path) -> None:
    commands = _commands()
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"}
    environment.pop("HILUM_DATABASE_URL", None)
    assert commands[:2] == ["hilum init my-hub", "cd my-hub"]
    _run(commands[0], tmp_path, environment)
    project, port = tmp_path / "my-hub", _free_port()
    flow = project / "flows/consumption.py"
    flow.write_text(flow.read_text().replace("port=2575", f"port={port}"))

    assert "hilum.supply.consumed" in _run(commands[2], project, environment)
    assert commands[3] == "hilum serve"
    with _serving(commands[3], project, environment) as output:
        _until(lambda: "hub is up" in output.read_text())
        steps = iter(commands[4:])

        def step(beginning: str) -> str:
            command = next(steps)
            assert command.startswith(beginning)
            here = f" --port {port}" if command.startswith("hilum send") else ""
            return _run(command + here, project, environment)

        assert "AA  OR000441" in step("hilum send samples/supplies-used.hl7")
        _until(lambda: len(list((project / "out").glob("*.json"))) >= 2)
        assert "supply.consumption" in step("hilum trace OR000441")
        assert "AA  OR000442" in step("hilum send samples/unknown-item.hl7")
        _until(lambda: "MESH9" in _run("hilum exceptions list", project, environment))
        assert "MESH9" in step("hilum exceptions list")
        assert "Supply chain" in step("hilum exceptions show 1")
        read = output.read_text().count("lookup tables read")
        step("echo ")
        _until(lambda: output.read_text().count("lookup tables read") > read)
        assert "Dry run" in step("hilum replay --category unmapped --dry-run")
        assert "1 messages are on their way" in step("hilum replay --category unmapped")
        trace = next(steps)
        _until(lambda: "completed" in _run(trace, project, environment))
        assert "replayed" in _run(trace, project, environment)
        assert list(steps) == []
    assert re.search(r"console +http://\S+/setup\?token=", output.read_text())
