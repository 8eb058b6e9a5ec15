"""How much a case or a task presses: criticality, due time and money, in words and a shape."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hilum.cases.working_hours import Shift
from hilum.console.components.age import ago
from hilum.console.components.chip import chip
from hilum.console.markup import Html, join
from hilum.console.words import CRITICALITIES, amount

_LOOKS = ("off", "off", "waiting", "hurt")

SOON = timedelta(hours=2)
"""So long before its due time something is due soon, where the settings do not say otherwise."""


def criticality(rank: int) -> Html:
    """`Vital`, `High`, …"""
    at = max(0, min(rank, len(CRITICALITIES) - 1))
    return chip(CRITICALITIES[at].capitalize(), _LOOKS[at], "Criticality: of the flow, or of what it is about")


def due(moment: datetime | None, soon: timedelta = SOON) -> Html:
    """`in 12 h`, that it is due soon, or that its time is over; nothing where it has no due time."""
    if moment is None:
        return Html("")
    now = datetime.now(UTC)
    if moment < now:
        return join(chip("Breached", "hurt", "Its due time has passed"), " ", ago(moment))
    if moment < now + soon:
        return join(chip("Due soon", "waiting"), " ", ago(moment))
    return ago(moment)


def money(value: Decimal | None, currency: str) -> Html:
    """`494.40 EUR`; nothing where there is no amount."""
    return join(f"{amount(value)} {currency}") if value is not None else Html("")


def within(shift: Shift | None) -> Html:
    """The hours in which a clock runs; nothing where it runs around the clock."""
    if shift is None:
        return Html("")
    still = join("; it stands still now and goes on ", ago(shift.opens_at)) if shift.opens_at is not None else None
    return join(" (the clock runs ", shift.words, still, ")")
