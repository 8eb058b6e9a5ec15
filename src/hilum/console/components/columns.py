"""Tables whose columns people choose: the same ones on the page and in the CSV file; the choice is in the address."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hilum.console.components.table import row, table
from hilum.console.markup import Child, Html, tag

T = TypeVar("T")

# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection); a quote before it makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[T]):
    """One column: how it looks on the page, and what stands in the file."""

    key: str
    head: str  # a trailing `>` aligns right
    cell: Callable[[T], Child]
    text: Callable[[T], str]
    shown: bool = True  # without a choice
    fixed: bool = False  # cannot be left out: it leads to the row's own page


def chosen(columns: Sequence[Column[T]], keys: Sequence[str]) -> list[Column[T]]:
    """The columns of a choice; without one, those that are shown anyway."""
    if not keys:
        return [column for column in columns if column.shown]
    return [column for column in columns if column.fixed or column.key in keys]


def column_table(
    columns: Sequence[Column[T]],
    rows: Iterable[T],
    *,
    empty: Child,
    label: str,
    before: Callable[[T], Html] | None = None,
) -> Html:
    """The table on the page. `before`: a cell in front of each row, for ticking."""
    heads = [*([""] if before else []), *(column.head for column in columns)]
    lines = [
        row(*([before(each)] if before else []), *(column.cell(each) for column in columns), data_row=True)
        for each in rows
    ]
    return table(heads, lines, empty=empty, label=label)


def to_csv(columns: Sequence[Column[T]], rows: Iterable[T]) -> str:
    """The same as a file (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.head.rstrip(">") for column in columns])
    for each in rows:
        writer.writerow([_harmless(column.text(each)) for column in columns])
    return out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def picker(path: str, columns: Sequence[Column[T]], keys: Sequence[str], filters: Mapping[str, str]) -> Html:
    """The choice of columns, folded away; it keeps the filters."""
    on = {column.key for column in chosen(columns, keys)}
    boxes = [
        tag(
            "label",
            tag("input", type="checkbox", name="columns", value=column.key, checked=column.key in on),
            " ",
            column.head.rstrip(">"),
        )
        for column in columns
        if not column.fixed
    ]
    hidden = [tag("input", type="hidden", name=name, value=value) for name, value in filters.items() if value]
    fixed = [tag("input", type="hidden", name="columns", value=column.key) for column in columns if column.fixed]
    form = tag("form", hidden, fixed, boxes, tag("button", "Show these", type="submit"), action=path, method="get",
               class_="columns")  # fmt: skip
    return tag("details", tag("summary", "Columns"), form, class_="tool")
