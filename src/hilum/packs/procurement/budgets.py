"""Budgets of cost centres: what they may spend, and what requisitions have bound of that.

    flow.deliver_to(budgets.keep())     # objects `Budget`, from Odoo, the ledger or a spreadsheet

Available is the budget, less what is booked, less what is bound and not billed yet. What is waiting for its approval is
bound too: two requisitions never both fit into the same last money.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from hilum.canonical import Budget, BusinessObject
from hilum.canonical.conversions import priced
from hilum.connector import Target
from hilum.errors import Rejected
from hilum.masterdata.keeping import Keeper, kept
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a line of a requisition binds."""

    line: int
    amount: Decimal
    currency: str


class Budgets(Keeper):
    """Keeps budgets; of one period of a cost centre what the latest message said."""

    kind: ClassVar[str] = "procurement"
    needs: ClassVar[str] = "Budgets are kept"

    def __repr__(self) -> str:
        return "<budgets.keep()>"

    async def keep(self, connection: Connection, thing: BusinessObject, delivery: Delivery) -> Outcome:
        """Within the transaction of the batch."""
        if not isinstance(thing, Budget):
            return Rejected("invalid", "Only budgets can be kept here.")
        await note(connection, thing, delivery.message_id)
        return Delivered(reference=thing.business_key)


def keep() -> Target:
    """Budgets become what requisitions are held against."""
    return Target(endpoint="procurement.budgets", operation="keep", accepts=(Budget,), encode=kept, connector=Budgets())


async def note(connection: Connection, budget: Budget, message_id: UUID) -> None:
    """Within a transaction: this is the budget now, unless a later message has said otherwise."""
    await connection.execute(
        "INSERT INTO budget AS b (cost_centre, period_from, period_to, currency, amount, spent, message_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (cost_centre, period_from) DO UPDATE SET"
        " period_to = excluded.period_to, currency = excluded.currency, amount = excluded.amount,"
        " spent = excluded.spent, message_id = excluded.message_id, told_at = now()"
        " WHERE b.message_id <= excluded.message_id",
        [budget.cost_centre, budget.period_from, budget.period_to, budget.currency, budget.amount, budget.spent,
         message_id],
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a cost centre can still spend on a day."""

    available: Decimal
    currency: str
    words: str  # `CC-1: 1000 EUR budget, 300 spent, 200 bound: 500 available`


async def room(connection: Connection, cost_centre: str, on: date, *, apart_from: str = "") -> Room | None:
    """Within a transaction: what is available, without what the requisition `apart_from` binds. None: nobody told.

    The budget is locked until the transaction ends, so that whoever binds next sees what this one bound.
    """
    cursor = await connection.execute(
        "SELECT period_from, period_to, currency, amount, spent FROM budget WHERE cost_centre = %s"
        " AND period_from <= %s AND period_to > %s ORDER BY period_from DESC LIMIT 1 FOR UPDATE",
        [cost_centre, on, on],
    )
    found = await cursor.fetchone()
    if found is None:
        return None
    begin, end, currency, amount, spent = found
    cursor = await connection.execute(
        "SELECT coalesce(sum(open), 0) FROM budget_commitment WHERE cost_centre = %s AND on_day >= %s AND on_day < %s"
        " AND currency = %s AND open > 0 AND requisition <> %s",
        [cost_centre, begin, end, currency, apart_from],
    )
    row = await cursor.fetchone()
    bound = row[0] if row else Decimal(0)
    left = amount - spent - bound
    words = (
        f"{cost_centre}: {priced(amount)} {currency} budget, {priced(spent)} spent, {priced(bound)} bound:"
        f" {priced(left)} available"
    )
    return Room(available=left, currency=currency, words=words)


async def bind(connection: Connection, requisition: str, cost_centre: str, on: date, lines: Iterable[Bound]) -> None:
    """Within a transaction: this is all that the requisition binds; the same again changes nothing."""
    told = list(lines)
    await connection.execute(
        "DELETE FROM budget_commitment WHERE requisition = %s AND NOT line = ANY(%s)",
        [requisition, [each.line for each in told]],
    )
    await connection.cursor().executemany(
        "INSERT INTO budget_commitment (requisition, line, cost_centre, on_day, currency, amount, open)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (requisition, line) DO UPDATE SET"
        " cost_centre = excluded.cost_centre, on_day = excluded.on_day, currency = excluded.currency,"
        " amount = excluded.amount, open = excluded.open",
        [(requisition, each.line, cost_centre, on, each.currency, each.amount, each.amount) for each in told],
    )


async def leave(connection: Connection, requisition: str, lines: Mapping[int, Decimal]) -> None:
    """Within a transaction: so much of these lines stays bound, never more than was; 0 releases a line."""
    await connection.cursor().executemany(
        "UPDATE budget_commitment SET open = least(amount, %s) WHERE requisition = %s AND line = %s",
        [(rest, requisition, line) for line, rest in lines.items()],
    )


async def bound_by(connection: Connection, requisition: str) -> dict[int, Decimal]:
    """What each line of a requisition still binds; released lines are left out."""
    cursor = await connection.execute(
        "SELECT line, open FROM budget_commitment WHERE requisition = %s AND open > 0 ORDER BY line", [requisition]
    )
    return dict(await cursor.fetchall())
