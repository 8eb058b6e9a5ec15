"""How the command line answers: tables in wide and narrow terminals, safe texts, and what it loads."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from rich.console import Console

from hilum.cli import app, guards, output
from hilum.cli.messages import moment
from hilum.cli.opening import migrations
from hilum.console.words import duration
from hilum.errors import SettingsError
from hilum.runtime import COMPONENTS

FLOW = "procurement.requisitions.of-the-northern-stores.status"
SENTENCE = "What a department asks for becomes a purchase order, one for each supplier that has the item"

Shown = Callable[..., list[str]]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """A table as a terminal of some width, or a pipe, shows it: its lines."""

    def show(*table: object, width: int, terminal: bool = True, **more: object) -> list[str]:
        file = io.StringIO()
        monkeypatch.setattr(
            output, "out", Console(file=file, width=width, force_terminal=terminal, no_color=True, highlight=False)
        )
        output.table(*table, empty="Nothing.", **more)  # type: ignore[arg-type]
        text = file.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "")
        return [line.rstrip() for line in text.splitlines()]

    return show


@pytest.mark.req("UX-3")
@pytest.mark.parametrize("width", [200, 120, 80, 60])
def test_a_long_name_is_never_torn_apart(shown: Shown, width: int) -> None:
    lines = shown(["flow", "held", "summary"], [[FLOW, 3, SENTENCE]], width=width, wrap=["summary"])
    assert sum(FLOW in line for line in lines) == 1
    assert " ".join(word for line in lines for word in line.split() if word in SENTENCE.split()).count("supplier") == 1


def test_a_table_that_fits_is_no_wider_than_the_terminal(shown: Shown) -> None:
    lines = shown(["flow", "summary"], [[FLOW, SENTENCE]], width=100, wrap=["summary"])
    assert max(map(len, lines)) <= 100
    assert lines[1].startswith(f"{FLOW}  What a department")


def test_in_a_pipe_each_row_is_one_line_whatever_the_width(shown: Shown) -> None:
    lines = shown(["flow", "summary"], [[FLOW, SENTENCE]] * 3, width=40, terminal=False, wrap=["summary"])
    assert lines[1:] == [f"{FLOW}  {SENTENCE}"] * 3


def test_a_narrow_terminal_gets_a_few_lines_for_each_row(shown: Shown) -> None:
    lines = shown(["flow", "held", "assigned"], [[FLOW, 3, None], ["a", 0, "eva"]], width=30)
    assert lines == [FLOW, "  held 3", "a", "  held 0, assigned eva"]


def test_foreign_text_neither_colours_nor_vanishes(shown: Shown) -> None:
    hostile = "[red]A[/] [hub] [1] \x1b[31m\x07\\"
    (_, line) = shown(["name", "n"], [[hostile, 1]], width=100, terminal=False)
    assert line == "[red]A[/] [hub] [1] ·[31m·\\  1"


def test_no_rows_are_one_sentence(shown: Shown) -> None:
    assert shown(["flow"], [], width=80) == ["Nothing."]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s ago"), (59, "59 s ago"), (60, "1 min ago"), (7200, "2 h ago"), (3 * 86400, "3 d ago")],
)
def test_ages_are_said_as_people_say_them(seconds: int, words: str) -> None:
    assert output.ago(datetime.now(UTC) - timedelta(seconds=seconds)) == words


def test_times_are_iso_or_an_age() -> None:
    assert moment("2026-11-21T08:00") == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert moment("2026-11-21T08:00+02:00") == datetime(2026, 11, 21, 6, tzinfo=UTC)
    assert moment("") is None
    for text, back in (("30m", timedelta(minutes=30)), ("2h", timedelta(hours=2)), ("3d", timedelta(days=3))):
        at = moment(text)
        assert at is not None
        assert timedelta() <= datetime.now(UTC) - back - at < timedelta(minutes=1)
    for text in ("soon", "h", "-2h", "9" * 30 + "d", "2026-13-01"):
        with pytest.raises(SettingsError, match="is not a time"):
            moment(text)


def test_one_holder_of_a_folder_at_a_time(tmp_path: Path) -> None:
    with (
        guards.alone(tmp_path, "A demo"),
        pytest.raises(SettingsError, match=r"A demo is running in .* already"),
        guards.alone(tmp_path, "A demo"),
    ):
        raise AssertionError("two hold it")
    with guards.alone(tmp_path, "A demo"):
        pass


def test_the_migrations_that_are_asked_for_are_those_that_are_applied() -> None:
    files = {f"{name}/{file.stem}" for name, folder in COMPONENTS for file in folder.glob("[0-9]*.sql")}
    assert migrations() == files


@pytest.mark.req("UX-3")
def test_every_command_that_answers_can_answer_in_json() -> None:
    talks_until_stopped = {"serve", "demo"}
    found = dict(_leaves(typer.main.get_command(app), ""))
    assert len(found) > 15
    for name, command in found.items():
        options = {option for parameter in command.params for option in parameter.opts}  # type: ignore[attr-defined]
        assert ("--json" in options) is (name not in talks_until_stopped), name


def _leaves(command: object, words: str) -> list[tuple[str, object]]:
    inner = getattr(command, "commands", None)
    if not inner:
        return [(words, command)]
    return [leaf for name, each in inner.items() for leaf in _leaves(each, f"{words} {name}".strip())]


def test_a_question_loads_neither_the_server_nor_the_simulator() -> None:
    code = "import atexit, sys; atexit.register(lambda: print(*sys.modules)); from hilum.cli import main; main()"
    said = subprocess.run([sys.executable, "-c", code, "status", "--help"], capture_output=True, text=True, check=True)
    loaded = set(said.stdout.split())
    assert "hilum.cli.status" in loaded
    heavy = {"aiohttp", "argon2", "fastapi", "lxml", "nicegui", "structlog", "hilum.flow", "hilum.runtime"}
    assert not heavy & loaded


def test_a_line_of_a_list_says_why_and_not_more_than_fits() -> None:
    assert output.with_reason("A rule forbids it", "order PO-2:\nC-3 is suspended") == (
        "A rule forbids it: order PO-2: C-3 is suspended"
    )
    assert output.with_reason("Approve it", "") == "Approve it"
    assert output.with_reason("The code 'X' is not known", "The code 'X' is not known") == "The code 'X' is not known"
    long = output.with_reason("A rule forbids it", "dear " * 100)
    assert long.endswith("…") and len(long) < len("dear " * 100)


def test_what_is_very_far_is_told_in_years() -> None:
    assert output.ago(datetime.now(UTC) - timedelta(days=26671)) == "73 years ago"
    assert output.ago(datetime.now(UTC) - timedelta(days=600)) == "600 d ago"
    assert duration(timedelta(days=3650).total_seconds()) == "10 years"
