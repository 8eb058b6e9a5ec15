"""The real command in processes of its own: signals, ports, two of them at once; nothing is left running."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from cli_calls import FLOW, Cli, new_project

HILUM = [sys.executable, "-m", "hilum"]
PATIENCE = 60.0  # seconds; only a failing test waits so long

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the command; whatever still runs at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: object, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*HILUM, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen[str], words: str) -> list[str]:
    """Read what it says up to the line with these words."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line.rstrip())
        if words in line:
            return said
    raise AssertionError(f"it ended without saying '{words}': {said} {process.communicate()[1]}")


def servers_of(folder: Path) -> list[int]:
    """The embedded PostgreSQL servers of a project that run now."""
    place = str(folder / ".hilum" / "postgres")
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if words and "postgres" in Path(words[0]).name and place in words:
            found.append(process.pid)
    return found


@pytest.fixture
def embedded() -> Iterator[Path]:
    """A project on its own embedded PostgreSQL, of which nothing is left at the end.

    Not under pytest's folder: each pytest that starts closes that to other users, and the server of a root user is one.
    """
    with tempfile.TemporaryDirectory(prefix="hilum-cli-") as name:
        folder = new_project(Path(name) / "hub")
        yield folder
        assert servers_of(folder) == []


def serve(start: Start, folder: Path, *more: str) -> subprocess.Popen[str]:
    return start("serve", "-p", folder, "--roles", "listener,worker", "--log-text", "--log-level", "WARNING", *more)


@pytest.mark.req("UX-3", "UX-4")
def test_a_hub_takes_samples_and_its_status_is_asked_while_it_runs_and_after(
    embedded: Path, start: Start, cli: Cli, unused_tcp_port: int
) -> None:
    flow = embedded / "flows" / "consumption.py"
    flow.write_text(flow.read_text().replace("port=0", f"port={unused_tcp_port}"))
    samples = sorted((embedded / "samples").glob("*.hl7"))
    assert "Nobody listens" in cli("send", *samples, "--port", unused_tcp_port).complaint
    hub = serve(start, embedded)
    wait_for(hub, "hub is up")
    sent = cli("send", *samples, "--port", unused_tcp_port, "--json").json
    assert [(each["file"], each["code"]) for each in sent] == [(str(sample), "AA") for sample in samples]
    assert all(each["control_id"] for each in sent)
    other = embedded / "other.hl7"
    other.write_bytes(samples[0].read_bytes().replace(b"DFT^P03", b"ZZZ^Z01"))
    answer = cli("send", other, "--port", unused_tcp_port)
    assert (answer.code, answer.out[:2]) == (1, "AR")
    assert "ZZZ^Z01" in answer.out
    other.write_text("no message")
    assert "other.hl7" in cli("send", other, "--port", unused_tcp_port).complaint

    assert servers_of(embedded)
    running, _ = start("status", "-p", embedded).communicate(timeout=PATIENCE)
    assert "No worker is running" not in running
    assert servers_of(embedded), "a question must leave the hub's database alone"
    hub.send_signal(signal.SIGTERM)
    said, _ = hub.communicate(timeout=PATIENCE)
    assert (hub.returncode, said) == (0, "hub is down\n")
    assert servers_of(embedded) == []
    assert "No worker is running" in cli("status", "-p", embedded).out


@pytest.mark.parametrize(
    "signals",
    [
        pytest.param([signal.SIGINT], id="Ctrl-C"),
        pytest.param([signal.SIGTERM, signal.SIGTERM], id="SIGTERM twice", marks=pytest.mark.long),
    ],
)
def test_a_stop_during_the_start_leaves_nothing_running(
    embedded: Path, start: Start, signals: list[signal.Signals]
) -> None:
    hub = serve(start, embedded)
    # in the middle of the start: the database is being made
    while hub.poll() is None and not (embedded / ".hilum").exists():
        os.sched_yield()
    for number in signals:
        hub.send_signal(number)
    said, complaint = hub.communicate(timeout=PATIENCE)
    assert hub.returncode in (0, 130), complaint
    assert "Traceback" not in complaint
    assert "hub is up" not in said


@pytest.mark.long
def test_a_second_hub_at_the_same_port_says_so_and_leaves_the_first_alone(embedded: Path, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    flow = embedded / "flows" / "consumption.py"
    flow.write_text(flow.read_text().replace("port=0", f"port={port}"))
    first = serve(start, embedded)
    wait_for(first, "hub is up")
    second = serve(start, embedded)
    _, complaint = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    (line,) = [each for each in complaint.splitlines() if each.startswith("✗")]
    assert f"mllp://127.0.0.1:{port}" in line
    assert "Another hub or program has it" in line
    assert "Traceback" not in complaint
    first.send_signal(signal.SIGINT)
    said, complaint = first.communicate(timeout=PATIENCE)
    assert (first.returncode, said) == (0, "hub is down\n"), complaint


def test_a_console_port_that_is_taken_ends_the_start(project: Path, postgres_url: str, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        hub = start("serve", "-p", project, "--console-port", port, HILUM_DATABASE_URL=postgres_url)
        _, complaint = hub.communicate(timeout=PATIENCE)
    assert hub.returncode == 1
    (line,) = [each for each in complaint.splitlines() if each.startswith("✗")]
    assert f"127.0.0.1:{port}" in line
    assert "[console] port" in line
    assert "Traceback" not in complaint


@pytest.mark.req("OBS-1")
def test_a_worker_without_console_tells_its_metrics(project: Path, postgres_url: str, start: Start) -> None:
    hub = start(
        "serve", "-p", project, "--roles", "worker", "--telemetry-port", 0, HILUM_DATABASE_URL=postgres_url
    )  # fmt: skip
    said = wait_for(hub, "hub is up")
    (address,) = [line.split()[1] for line in said if line.startswith("telemetry")]
    with urlopen(f"{address}/metrics", timeout=PATIENCE) as answer:
        text = answer.read().decode()
    assert "hilum_lanes_held" in text
    assert "hilum_queue_depth" in text
    with urlopen(f"{address}/health/live", timeout=PATIENCE) as answer:
        assert answer.read() == b'{"status":"alive"}'


def test_a_reader_that_has_seen_enough_is_no_error(worked: Path) -> None:
    script = f'"{sys.executable}" -m hilum messages --json | head -c 1; echo " ${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert done.stdout.strip() in ("[ 0", "[ 1")
    assert "Traceback" not in done.stderr


def test_the_version_is_one_word(start: Start) -> None:
    said, _ = start("--version").communicate(timeout=PATIENCE)
    assert said.strip().count(".") == 2
    assert FLOW not in said
