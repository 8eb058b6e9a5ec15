"""How commands answer: a table for people, JSON for machines, one clear line for what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def fail(words: str, code: int = 1) -> NoReturn:
    """Say what is wrong, and end."""
    err.print(f"[bold red]✗[/] {_plain(words)}", soft_wrap=True)
    sys.exit(code)


def emit_json(value: Any) -> None:
    """JSON on the standard output, whatever the terminal is."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str).decode())
    sys.stdout.write("\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, empty: str, right: Sequence[str] = ()) -> None:
    """A table, or one kind sentence where there is nothing. `right`: columns of numbers."""
    if not rows:
        out.print(empty)
        return
    found = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        found.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        found.add_row(*(_plain(_text(value)) for value in row))
    out.print(found)


def ago(at: datetime | None) -> str:
    """How long ago, as people say it."""
    if at is None:
        return "—"
    seconds = max((datetime.now(UTC) - at).total_seconds(), 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return ago(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", " ")  # thin spaces, as the console shows them
    return str(value)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
