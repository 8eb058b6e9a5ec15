"""How commands answer: a table for people, JSON for machines, one clear line for what is wrong."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn

import orjson
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

_GAP = 2
"""Columns of the terminal between two columns of a table."""

_YEAR = 365.25 * 86_400
"""Seconds."""

_REASON = 160
"""Characters of a reason in a list; all of it is shown where one thing is."""

_LEAST = 24
"""Columns that a text which may be broken into lines gets at least."""

# Control characters of foreign data (a patient's name, a code) would move the cursor or colour the terminal.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def fail(words: str, code: int = 1) -> NoReturn:
    """Say what is wrong, and end."""
    err.print(f"[bold red]✗[/] {plain(words)}", soft_wrap=True)
    sys.exit(code)


def say(words: str) -> None:
    """A remark that is no part of the answer: on the standard error."""
    err.print(plain(words), soft_wrap=True)


def emit_json(value: Any) -> None:
    """JSON on the standard output, whatever the terminal is."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str)
    sys.stdout.write(text.decode() + "\n")
    sys.stdout.flush()


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    empty: str,
    right: Sequence[str] = (),
    wrap: Sequence[str] = (),
) -> None:
    """A table, or one kind sentence where there is nothing. `right`: columns of numbers; `wrap`: columns of sentences.

    Only sentences are broken into lines: a name or an id that is torn apart can be neither read nor copied. Where a
    terminal is too narrow for that, each row becomes a few lines of its own. In a file or a pipe it is always one line.
    """
    if not rows:
        out.print(empty)
        return
    cells = [[_CONTROLS.sub("·", _text(value)) for value in row] for row in rows]
    found = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    least = widest = -_GAP
    for number, column in enumerate(columns):
        width = max(cell_len(row[number]) for row in [columns, *cells])
        broken = column in wrap
        found.add_column(column, justify="right" if column in right else "left", no_wrap=not broken, overflow="fold")
        least += _GAP + (min(width, _LEAST) if broken else width)
        widest += _GAP + width
    if out.is_terminal and least > out.width:
        _records(columns, cells)
        return
    for row in cells:
        found.add_row(*(Text(cell) for cell in row))
    width = min(out.width, widest) if out.is_terminal else widest
    # a console of that width, because rich takes no table to be wider than its console
    Console(highlight=False, file=out.file, force_terminal=out.is_terminal, width=width).print(found)


def _records(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Each row as a line with its first value, and below it the others with their names, as many in a line as fit."""
    for row in rows:
        out.print(Text(row[0], style="bold"), soft_wrap=True)
        line = ""
        for column, cell in zip(columns[1:], row[1:], strict=True):
            pair = f"{column} {cell}"
            if cell and line and cell_len(f"  {line}, {pair}") > out.width:
                out.print(Text(f"  {line}"), soft_wrap=True)
                line = ""
            if cell:
                line = f"{line}, {pair}" if line else pair
        out.print(Text(f"  {line}"), soft_wrap=True)


def ago(at: datetime | None) -> str:
    """How long ago, as people say it."""
    if at is None:
        return "—"
    seconds = max((datetime.now(UTC) - at).total_seconds(), 0)
    if seconds >= 2 * _YEAR:
        return f"{seconds / _YEAR:.0f} years ago"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def with_reason(title: str, words: str) -> str:
    """What a line of a list says of a case or a task: what is wrong or asked, and the beginning of why."""
    why = " ".join(words.split())
    if not why or why in title:
        return title
    return f"{title}: {why if len(why) <= _REASON else why[: _REASON - 1] + '…'}"


def number(value: int) -> str:
    """A number with a space between the thousands."""
    return f"{value:,}".replace(",", " ")


def plain(text: str) -> str:
    """A text that came from elsewhere, safe to print: no markup of ours, no control character."""
    return escape(_CONTROLS.sub("·", text))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return ago(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return number(value)
    return str(value)


def plural(count: int, one: str) -> str:
    """`1 flow`, `3 flows`."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"
