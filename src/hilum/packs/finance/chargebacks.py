"""Chargebacks: a payer's bank takes a payment back, nobody here has asked for it, and days to object are few.

Each payment of which something was taken back is a case of the flow's business owner. It ends by itself when the
gateway says that the chargeback was won; else a person closes it: the loss is accepted, or the patient is billed again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from hilum import cases
from hilum.canonical import GatewayMove, GatewayTransaction
from hilum.connector import Condition, Misfit
from hilum.flow import Owners
from hilum.packs.finance.settling import money
from hilum.postgres import Connection

CATEGORY: Final = "gateway.chargeback"
DISPUTES: Final = frozenset({GatewayMove.CHARGEBACK, GatewayMove.CHARGEBACK_WON})


def place_of(gateway: str) -> str:
    """Where the cases of a gateway are."""
    return f"receivables.chargebacks.{gateway}"


async def keep(connection: Connection, moved: GatewayTransaction) -> None:
    """Remember it; the same again changes nothing. What is no chargeback is left out."""
    if moved.move not in DISPUTES:
        return
    await connection.execute(
        "INSERT INTO gateway_dispute (move, gateway, payment, kind, amount, currency, moved_at) VALUES (%s, %s, %s,"
        " %s, %s, %s, %s) ON CONFLICT (move) DO NOTHING",
        [moved.business_key, moved.gateway, moved.of or moved.number, moved.move.value, moved.amount, moved.currency,
         moved.moved_at],
    )  # fmt: skip


async def settle(
    connection: Connection, gateways: Collection[str], *, owners: Owners, answer_within: timedelta
) -> None:
    """Within a transaction: the cases of these gateways are as their chargebacks are now."""
    for gateway in sorted(gateways):
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('gateway_dispute'), hashtext(%s))", [gateway])
        found = [_condition(gateway, *row, answer_within) for row in await _open(connection, gateway)]
        await cases.settle(connection, place_of(gateway), found, {}, owners=owners, reason="The chargeback was won.")


async def _open(connection: Connection, gateway: str) -> list[tuple[str, Decimal, str, datetime]]:
    """Payments of which more was taken back than was won: how much, and since when."""
    cursor = await connection.execute(
        "SELECT payment, sum(CASE kind WHEN 'chargeback' THEN amount ELSE -amount END) AS lost, currency,"
        " min(moved_at) FILTER (WHERE kind = 'chargeback') AS since FROM gateway_dispute WHERE gateway = %s"
        " GROUP BY payment, currency HAVING sum(CASE kind WHEN 'chargeback' THEN amount ELSE -amount END) > 0"
        " ORDER BY payment",
        [gateway],
    )
    return await cursor.fetchall()


def _condition(
    gateway: str, payment: str, lost: Decimal, currency: str, since: datetime, answer_within: timedelta
) -> Condition:
    """Payers are not named: a case is seen by everybody, and the ledger has them under the payment."""
    words = (
        f"{money(lost, currency)} of payment {payment} at {gateway} were taken back by the payer's bank on"
        f" {since:%Y-%m-%d}. It is booked, and what was paid is owed again."
    )
    misfit = Misfit(what=payment, expected="paid", found=f"taken back: {money(lost, currency)}", words=words)
    return Condition(
        category=CATEGORY,
        subject=payment,
        title=f"{money(lost, currency)} were taken back at {gateway}",
        misfits=(misfit,),
        due=since + answer_within,
    )
