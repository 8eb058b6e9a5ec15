"""Time told twice: how long ago, and exactly when in the viewer's own zone (console.js writes both)."""

from __future__ import annotations

from datetime import UTC, datetime

from hilum.console.markup import Html, tag


def exact(moment: datetime) -> str:
    """`2026-03-01 14:05:09 UTC`: what is shown where the browser runs no script."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def ago(moment: datetime | None) -> Html:
    """`4 min ago`; nothing where there is no such moment."""
    return _time(moment, "ago")


def span(moment: datetime | None) -> Html:
    """`4 min`: how long it has lasted since then."""
    return _time(moment, "span")


def clock(moment: datetime | None) -> Html:
    """`14:05:09`, with the day where it is not today."""
    return _time(moment, "clock")


def _time(moment: datetime | None, how: str) -> Html:
    if moment is None:
        return Html("")
    text = exact(moment)
    return tag("time", text, datetime=moment.astimezone(UTC).isoformat(), data_age=how, title=text)
