"""Locked periods: dates on or before which nothing may be booked any more.

Odoo posts into a locked period without an error, on another date. So the locks are asked for before anything is
written, and the date is compared after posting, in case the period was locked in between.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.operations.base import Needs
from hilum.connectors.odoo.session import Session
from hilum.errors import Rejected

LOCKED: Final = "odoo.locked_period"
_ALWAYS: Final = ("fiscalyear_lock_date", "hard_lock_date", "period_lock_date")


def locks_needed(names: Dialect, *sides: str) -> Needs:
    """What is read of the company on a server that uses these names. `sides`: see `locked_until`."""
    return {"res.company": (*names.lock_dates, *(_of_side(side) for side in sides if names.side_locks))}


def _of_side(side: str) -> str:
    return f"{side}_lock_date"


async def locked_until(session: Session, *sides: str) -> date | None:
    """The last locked day for the hub's user. `sides`: `sale` and `purchase` have locks of their own since 18.

    None: nothing is locked, or there is no company to ask. Since 18 a lock may have exceptions for a user; the
    fields that begin with `user_` say what holds for the one who asks.
    """
    company = await session.company()
    if company is None:
        return None
    there = await session.fields("res.company")
    names = [*_ALWAYS, *(_of_side(side) for side in sides)]
    asked = [f"user_{name}" if f"user_{name}" in there else name for name in names]
    asked = [name for name in asked if name in there]
    rows = await session.client.read("res.company", [company], asked) if asked else []
    days = [row[name] for row in rows for name in asked if row[name]]
    return max((date.fromisoformat(day) for day in days), default=None)


def refusal(about: str, day: date, until: date) -> Rejected:
    """Words for what was not written."""
    words = (
        f"The {about} is for {day}, and the books are closed until {until} in Odoo. Open the period there, or send it "
        "with a later date; then replay."
    )
    return Rejected(LOCKED, words)


def moved(about: str, title: object, day: date, booked: object) -> Rejected:
    """Words for what Odoo booked on another day all the same."""
    words = (
        f"The {about} for {day} is in Odoo as {title}, but booked on {booked}: that period was locked meanwhile, or "
        "somebody has changed the date. Decide there whether that is right."
    )
    return Rejected(LOCKED, words)
