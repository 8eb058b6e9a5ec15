"""What becomes of business objects that a test delivers: all of them delivered, or one refused and why."""

from __future__ import annotations

from typing import Any

from odoo_far_side import delivery

from hilum.connectors.odoo import Odoo
from hilum.errors import Rejected
from hilum.message import Delivered, Outcome


async def settle(hub: Odoo, *things: Any, attempt: int = 1) -> list[Outcome]:
    """The outcomes of these, delivered together."""
    return list(await hub.deliver([delivery(thing, attempt=attempt) for thing in things]))


async def delivered(hub: Odoo, *things: Any, attempt: int = 1) -> list[Delivered]:
    """The same, where nothing may go wrong."""
    outcomes = await settle(hub, *things, attempt=attempt)
    good = [outcome for outcome in outcomes if isinstance(outcome, Delivered)]
    assert len(good) == len(things), outcomes
    return good


async def refused(hub: Odoo, thing: Any, category: str = "", *words: str, attempt: int = 1) -> Rejected:
    """Why this one is refused. It must be, for this reason and in these words, where they are given."""
    (outcome,) = await settle(hub, thing, attempt=attempt)
    assert isinstance(outcome, Rejected), outcome
    assert category in ("", outcome.category), outcome
    assert all(word in str(outcome) for word in words), outcome
    return outcome
