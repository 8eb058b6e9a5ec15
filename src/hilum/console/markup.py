"""HTML from Python, escaped by default: what is not `Html` already is text and is shown as text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any


class Html(str):
    """Text that is HTML already: made by `tag` and `join`, never from what others sent."""

    __slots__ = ()


Child = Any
"""Text, `Html`, a number, a list of these, or nothing (`None`, `False`, empty)."""

_VOID = frozenset({"input", "br", "hr", "meta", "link", "img"})


def join(*children: Child) -> Html:
    """These, one after the other."""
    return Html("".join(_flat(children)))


def tag(name: str, /, *children: Child, **attributes: Any) -> Html:
    """One element: `tag("a", "Open", href="/x", class_="quiet", data_row=True)`.

    A trailing underscore is dropped, others become dashes. `True` is an attribute without a value; `None` and `False`
    leave it out.
    """
    parts = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        plain = key.rstrip("_").replace("_", "-")
        parts.append(f" {plain}" if value is True else f' {plain}="{escape(str(value))}"')
    head = f"<{name}{''.join(parts)}>"
    return Html(head) if name in _VOID else Html(f"{head}{''.join(_flat(children))}</{name}>")


def _flat(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if child is None or child is False or child == "":
            continue
        if isinstance(child, Html):
            yield child
        elif isinstance(child, str):
            yield escape(child)
        elif isinstance(child, Iterable):
            yield from _flat(child)
        else:
            yield escape(str(child))
