"""How much a case presses: its criticality and its due time, in words and a shape."""

from __future__ import annotations

from datetime import UTC, datetime

from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.markup import Html, join
from hilum.console.words import CRITICALITIES

_LOOKS = ("off", "off", "waiting", "hurt")


def criticality(rank: int) -> Html:
    """`Vital`, `High`, …"""
    at = max(0, min(rank, len(CRITICALITIES) - 1))
    return chip(CRITICALITIES[at].capitalize(), _LOOKS[at], "Criticality of the flow")


def due(moment: datetime | None) -> Html:
    """`in 12 min`, or that it is overdue; nothing where it has no due time."""
    if moment is None:
        return Html("")
    if moment < datetime.now(UTC):
        return join(chip("Overdue", "hurt"), " ", ago(moment))
    return ago(moment)
