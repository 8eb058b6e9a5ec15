"""`hilum demo`: everything on one machine, on free ports, ends by itself, and goes on where it was."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import pytest
import structlog

from hilum.cli import main
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo.serving import kept_key

PATIENCE = 90.0  # seconds; only a failing test waits so long
FREE = ["--mllp-port", "0", "--odoo-port", "0", "--console-port", "0"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the demo keeps what it has; outside pytest's folder, which is closed to a root user's embedded server."""
    with tempfile.TemporaryDirectory(prefix="hilum-demo-") as name:
        yield Path(name) / "demo"


def demo(folder: Path, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hilum", "demo", "--folder", str(folder), *more],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, **environment},
        check=False,
    )


def demo_until(folder: Path, met: Callable[[Any], bool], *more: str) -> str:
    """Run it until what its hub says of itself is as wanted, then stop it; what it said."""
    command = [sys.executable, "-m", "hilum", "demo", "--folder", str(folder), *more]
    said: list[str] = []
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True) as running,
    ):
        assert running.stdout is not None
        try:
            for line in running.stdout:
                said.append(line)
                if "hilum exceptions list" in line:  # the last of the first words: the hub is up
                    break
            until = time.monotonic() + PATIENCE
            while running.poll() is None and not met(status(folder)):
                assert time.monotonic() < until, status(folder)
                time.sleep(0.2)
        finally:
            running.terminate()
            said += running.stdout
        complaints.seek(0)
        assert running.wait(PATIENCE) == 0, complaints.read()
    return "".join(said)


def status(folder: Path) -> Any:
    """What `hilum status` says. It runs in this process: to start one takes longer than to answer."""
    with redirect_stdout(StringIO()) as said, pytest.raises(SystemExit) as ended:
        main(["status", "-p", str(folder), "--json"])
    assert not ended.value.code
    return json.loads(said.getvalue())


def admitted(found: Any) -> int:
    """How many admissions are through."""
    return int(found["messages"].get("clinical.admissions", {}).get("completed", 0))


def of(folder: Path) -> list[int]:
    """Processes that have to do with this folder."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in " ".join(process.info["cmdline"] or [])
    ]


async def records(folder: Path, model: str) -> int:
    """How many records of a model the sandbox Odoo has kept."""
    async with SandboxOdoo(
        "19.0", "hilum", state_file=folder / "odoo.state", api_key=kept_key(folder / "odoo.key")
    ) as odoo:
        return len(odoo.records(model))


@pytest.mark.req("UX-5")
@pytest.mark.timeout(180)
def test_the_demo_fills_an_odoo_stops_and_goes_on(folder: Path) -> None:
    said = demo_until(folder, lambda found: admitted(found) > 0, *FREE, "--rate", "20")
    for words in ("Console", "password", "Odoo", "http://127.0.0.1:", "hilum exceptions list", "The hospital sent"):
        assert words in said
    assert said.rstrip().splitlines()[-2:] == [
        "",
        "Everything is stopped. What was stored is kept; start again to go on.",
    ]
    assert of(folder) == []
    stored = status(folder)
    assert stored["destinations"]["odoo.main"]["delivered"] > 0
    assert asyncio.run(records(folder, "product.product")) > 10

    second = demo(folder, *FREE, "--rate", "20", "--seconds", "1")
    assert second.returncode == 0, second.stderr
    assert "Going on from what is stored." in second.stdout
    again = status(folder)
    assert admitted(again) >= admitted(stored) > 0
    # the spreadsheets came once only
    assert again["messages"]["inventory.items"] == stored["messages"]["inventory.items"]
    assert of(folder) == []


Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Refused]:
    """Starts the demo in this process, as it ends before it has begun; what it says then on the standard error."""
    monkeypatch.setenv("MLLP_PORT", "0")  # the command sets it
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def start(folder: Path, *more: str, **environment: str) -> str:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main(["demo", "--folder", str(folder), *more])
        assert ended.value.code == 1
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert "grey-otter" not in said.out + said.err
        return said.err

    yield start
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


WRONG_ODOO = {
    "nobody is there": ({"ODOO_URL": "http://127.0.0.1:1", "ODOO_DB": "x", "ODOO_KEY": "grey-otter"}, "cannot be used"),
    "no address": ({"ODOO_URL": "nonsense", "ODOO_DB": "x", "ODOO_KEY": "grey-otter"}, "http://"),
    "no key": ({"ODOO_URL": "http://127.0.0.1:1", "ODOO_DB": "x"}, "ODOO_KEY is not set"),
}


@pytest.mark.req("SEC-3")
@pytest.mark.parametrize("what", WRONG_ODOO)
def test_an_odoo_that_is_none_ends_the_demo_with_one_line(folder: Path, refused: Refused, what: str) -> None:
    environment, words = WRONG_ODOO[what]
    (line,) = [each for each in refused(folder, *FREE, **environment).splitlines() if each.startswith("✗")]
    assert words in line
    assert of(folder) == []


@pytest.mark.parametrize("option", ["--mllp-port", "--odoo-port", "--console-port"])
def test_a_port_that_is_taken_is_named_with_its_option(folder: Path, refused: Refused, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        complaint = refused(folder, *FREE, option, port)
    assert f"Port {port} for" in complaint
    assert f"choose another one with {option}." in complaint
    assert len(complaint.splitlines()) == 1
    assert not (folder / "hilum.toml").exists()


def test_a_project_of_ones_own_is_not_overwritten_by_the_demo(folder: Path, refused: Refused) -> None:
    folder.mkdir()
    (folder / "hilum.toml").write_text("")
    assert "is a project of another kind" in refused(folder, *FREE)
    assert [each.name for each in folder.iterdir()] == ["hilum.toml"]


@pytest.mark.long
def test_a_second_demo_in_the_same_folder_is_refused(folder: Path, refused: Refused) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "hilum", "demo", "--folder", str(folder), *FREE],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    try:
        assert "Starting" in running.stdout.readline()
        assert "A demo is running in" in refused(folder, *FREE)
    finally:
        running.terminate()
        running.communicate(timeout=PATIENCE)
    assert running.returncode == 0
    assert of(folder) == []
