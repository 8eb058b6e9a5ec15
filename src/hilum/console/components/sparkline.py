"""A row of small bars beside the number that it explains, as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.console.markup import Html, tag
from hilum.console.words import number

_HEIGHT = 24
_STEP = 2


def sparkline(values: Sequence[int], what: str) -> Html:
    """One bar for each value, the latest at the right; `what` names one unit: `message received`. Words for readers."""
    peak = max(values, default=0)
    words = f"{what}: {number(sum(values))} in {len(values)} min, at most {number(peak)} in one minute"
    bars = [
        tag("rect", x=at * _STEP, y=_HEIGHT - height, width=_STEP - 0.5, height=height)
        for at, value in enumerate(values)
        if value and (height := max(2, round(value / peak * _HEIGHT)))
    ]
    base = tag("rect", x=0, y=_HEIGHT - 1, width=len(values) * _STEP, height=1, class_="base")
    return tag(
        "svg",
        tag("title", words),
        base,
        bars,
        class_="sparkline",
        role="img",
        aria_label=words,
        viewBox=f"0 0 {len(values) * _STEP} {_HEIGHT}",
        width=len(values) * _STEP,
        height=_HEIGHT,
    )
