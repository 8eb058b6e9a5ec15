"""One bar for each day, as inline SVG, beside the number that it explains; in words for readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hilum.console.markup import Html, tag

_STEP = 10
_MOST = 900
"""The widest that a chart is, in pixels of its own."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A day; without a value it is only a place on the line."""

    label: str
    value: float | None
    words: str
    href: str = ""


def bars(days: Sequence[Bar], what: str, *, height: int = 48) -> Html:
    """From the first day at the left to the last; the highest fills the height, and nothing is below zero."""
    told = [each for each in days if each.value is not None]
    if not told:
        return tag("p", "No day yet.", class_="empty")
    peak = max(max((each.value or 0.0 for each in told), default=0.0), 1e-9)
    step = max(2, min(_STEP, _MOST // len(days)))
    width = len(days) * step
    drawn = [_bar(each, at, step, height, peak) for at, each in enumerate(days) if each.value is not None]
    base = tag("rect", x=0, y=height - 1, width=width, height=1, class_="base")
    last = told[-1]
    words = f"{what} by day, from {days[0].label} to {days[-1].label}; last {last.label}: {last.words}"
    return tag("svg", tag("title", words), base, drawn, class_="sparkline", role="img", aria_label=words,
               viewBox=f"0 0 {width} {height}", width=width, height=height)  # fmt: skip


def _bar(each: Bar, at: int, step: int, height: int, peak: float) -> Html:
    tall = max(1, round(max(each.value or 0.0, 0.0) / peak * height))
    drawn = tag("rect", tag("title", f"{each.label}: {each.words}"), x=at * step, y=height - tall,
                width=max(1, step - 2), height=tall)  # fmt: skip
    return tag("a", drawn, href=each.href, tabindex=-1) if each.href else drawn
