"""Tables: the main instrument. A sticky head, right-aligned numbers, an empty state in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hilum.console.markup import Child, Html, join, tag


def table(heads: Sequence[str], rows: Iterable[Html], *, empty: Child, label: str) -> Html:
    """A table with these heads (a trailing `>` aligns right) and rows; `empty` is shown in place of no rows."""
    filled = list(rows)
    if not filled:
        return tag("div", empty, class_="empty")
    head = tag("tr", [tag("th", h.rstrip(">"), class_="num" if h.endswith(">") else None, scope="col") for h in heads])
    body = tag("table", tag("thead", head), tag("tbody", join(filled)), aria_label=label)
    return tag("div", body, class_="table")


def row(*cells: Child, **attributes: Child) -> Html:
    """One row; a cell that is `num(...)` is right-aligned."""
    return tag("tr", [c if isinstance(c, Html) and c.startswith("<td") else tag("td", c) for c in cells], **attributes)


def num(content: Child, *, title: str | None = None) -> Html:
    """A right-aligned cell with tabular figures."""
    return tag("td", content, class_="num", title=title)
