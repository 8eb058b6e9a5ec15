"""`hilum schedule` and `hilum run`: with a hub that serves, and with none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cli_calls import Cli

pytestmark = pytest.mark.req("MSG-12")

FLOWS = """
from hilum.connectors import calendar, files, mllp
from hilum.flow import Calendar, DataClass, Flow, Owners, Slo, Windows

common = dict(
    version="1.0", owners=Owners(business="Finance", technical="Integration"), data_class=DataClass.INTERNAL,
    slo=Slo(percent=99, within="5m"), retention="P1Y", format="json",
)
statements = Flow(
    "finance.statements", summary="Statements are asked for", **common,
    source=calendar.Runs(when=Calendar("0 6 1 1 *", zone="Europe/Berlin", holidays="holidays"), poll=0.1),
)
prices = Flow(
    "supply.prices", summary="Price lists are read", **common,
    source=files.Folder(url=IN, pattern="*.json", stable_for=0, poll=0.1, when=Windows(CLOSED, zone="UTC")),
)
orders = Flow("supply.orders", summary="Orders come", **common, source=mllp.Listener(host="127.0.0.1", port=0))
for flow in (statements, prices, orders):
    flow.translate(lambda parsed, hub: parsed)
    flow.deliver_to(files.write(url=OUT, name="{flow}-{message_id}.json"))
"""


@pytest.fixture
def project(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a calendar, a folder whose window is not open today, and a listener."""
    folder = tmp_path / "my-hub"
    for name in ("flows", "lookups", "in", "out"):
        (folder / name).mkdir(parents=True)
    (folder / "hilum.toml").write_text("[worker]\nlease_seconds = 2.0\n")
    (folder / "lookups" / "holidays.csv").write_text("date,name\n2027-01-01,New Year\n")
    day = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")[(datetime.now(UTC).weekday() + 3) % 7]
    head = f'IN = "{folder / "in"}"\nOUT = "{folder / "out"}"\nCLOSED = "{day} 06:00-18:00"\n'
    (folder / "flows" / "flows.py").write_text(head + FLOWS)
    monkeypatch.setenv("HILUM_PROJECT", str(folder))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    return folder


def out(project: Path, flow: str) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted((project / "out").glob(f"{flow}-*.json"))]


def asked(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, options="-c search_path=hilum") as connection:
        return connection.execute("SELECT flow, words FROM audit WHERE action = 'run' ORDER BY id").fetchall()


def test_without_a_hub_the_command_runs_the_calendar_itself(project: Path, cli: Cli, postgres_url: str) -> None:
    span = ("--since", "2026-11-01T06:00", "--until", "2026-11-02T06:00")
    answered = cli("run", "finance.statements", *span, "--reason", "month end", "--json").json
    assert (answered["state"], answered["message_state"], answered["words"][:9]) == ("made", "completed", "completed")
    [body] = out(project, "finance.statements")
    assert (body["since"], body["until"], body["by_hand"]) == ("2026-11-01T06:00:00Z", "2026-11-02T06:00:00Z", True)
    assert asked(postgres_url) == [("finance.statements", "month end")]
    [entry] = [e for e in cli("schedule", "--json").json if e["flow"] == "finance.statements"]
    assert entry["last"].endswith(": completed")
    assert entry["message_id"] == answered["message_id"]
    assert entry["covered"].startswith("2026-11-02T06:00")


def test_without_a_hub_the_command_reads_the_folder_itself(project: Path, cli: Cli) -> None:
    (project / "in" / "a.json").write_text('{"n": 1}')
    answered = cli("run", "supply.prices", "--reason", "late list", "--json").json
    assert (answered["state"], answered["words"]) == ("made", "1 file taken")
    assert out(project, "supply.prices") == [{"n": 1}]
    assert not (project / "in" / "a.json").exists()


@pytest.fixture
def served(project: Path) -> Iterator[Path]:
    """The project, with a hub that serves it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hilum", "serve", "--roles", "listener,worker"],
        stdout=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "hub is up" in line:
            break
    else:
        pytest.fail("".join(said))
    yield project
    process.terminate()
    assert process.wait(30) == 0
    process.stdout.close()


def test_a_hub_that_serves_does_what_is_asked(served: Path, cli: Cli) -> None:
    deadline = time.monotonic() + 20
    while not all(entry["attended"] for entry in cli("schedule", "--json").json):
        assert time.monotonic() < deadline, "the hub is not seen"
        time.sleep(0.1)
    (served / "in" / "a.json").write_text('{"n": 1}')
    for flow, words in (("finance.statements", "completed (message "), ("supply.prices", "1 file taken")):
        answered = cli("run", flow, "--reason", "audit")
        assert answered.code == 0, answered.err
        assert answered.out.startswith(words), answered.out
        assert "done here" not in answered.err
    assert len(out(served, "finance.statements")) == 1


def test_the_timetable_is_told_in_words(project: Path, cli: Cli) -> None:
    told = cli("schedule")
    assert "at 06:00 on January 1 (Europe/Berlin), not on holidays; missed runs are made up once" in (told.out)
    assert "Saturday 1 January 2028, 06:00" in told.out, "the one of 2027 is a holiday"
    assert "closed until " in told.out
    assert "supply.orders" not in told.out
    assert "No hub is there for: finance.statements, supply.prices" in told.err


def test_a_dry_run_changes_nothing(project: Path, cli: Cli) -> None:
    (project / "in" / "a.json").write_text('{"n": 1}')
    told = cli("run", "supply.prices", "--dry-run").out
    assert told.startswith("1 file of 8 bytes would be taken from")
    assert (project / "in" / "a.json").exists()
    told = cli("run", "finance.statements", "--dry-run", "--since", "2026-11-01", "--until", "2026-11-02").out
    assert told == (
        "finance.statements would run for the time from 2026-11-01 00:00 to 2026-11-02 00:00 (UTC). "
        "Dry run: nothing was changed.\n"
    )
    assert [entry["last"] for entry in cli("schedule", "--json").json] == ["", ""]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("no.flow", "--reason", "x"), "There is no flow 'no.flow'. There are: finance.statements"),
        (("supply.orders", "--reason", "x"), "there is nothing to run. To send a sample there: hilum send"),
        (("finance.statements",), "Say why with --reason"),
        (("supply.prices", "--until", "1h", "--reason", "x"), "--until is for a calendar"),
        (("finance.statements", "--since", "soon", "--reason", "x"), "'soon' is not a time"),
        (("finance.statements", "--since", "1h", "--until", "2h", "--reason", "x"), "before it begins"),
    ],
)
def test_what_cannot_be_run_is_told(project: Path, cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    assert words in cli("run", *arguments).complaint


def test_a_folder_that_is_away_is_told(project: Path, cli: Cli) -> None:
    (project / "in").rmdir()
    answered = cli("run", "supply.prices", "--reason", "late list")
    assert answered.code == 1
    assert "in" in answered.err


def test_since_leaves_older_files_in_the_folder(project: Path, cli: Cli) -> None:
    old = project / "in" / "old.json"
    old.write_text('{"n": 1}')
    yesterday = (datetime.now(UTC) - timedelta(days=1)).timestamp()
    os.utime(old, (yesterday, yesterday))
    (project / "in" / "new.json").write_text('{"n": 2}')
    cli("run", "supply.prices", "--since", "1h", "--reason", "only the new one")
    assert out(project, "supply.prices") == [{"n": 2}]
    assert old.exists()


def test_status_says_until_when_a_destination_waits(project: Path, cli: Cli) -> None:
    name = str(project / "out")
    day = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")[(datetime.now(UTC).weekday() + 3) % 7]
    with (project / "hilum.toml").open("a") as file:
        file.write(f'[destinations."{name}"]\nwindow = "{day} 06:00-18:00"\nzone = "Europe/Berlin"\n')
    (words,) = cli("status", "--json").json["closed"].values()
    assert words.startswith("until ")
    assert words.endswith(" 06:00 (Europe/Berlin)")
    assert f"{name} waits {words}" in cli("status").out
