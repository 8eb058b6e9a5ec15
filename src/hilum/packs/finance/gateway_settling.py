"""Moves, settlements and lines of statements of payment gateways: all SQL over these tables, and who is whose.

A settlement has one line and a line one settlement. Whichever comes second finds the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from hilum.canonical import BankTransaction, GatewaySettlement, GatewayTransaction
from hilum.packs.finance.settling import money
from hilum.postgres import Connection

EARLY: Final = timedelta(days=1)
LATE: Final = timedelta(days=10)
"""A bank books a payout so near to the day that the gateway says."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement that may be a payout."""

    line: str
    amount: Decimal
    booked_on: date
    words: str

    def names(self, reference: str) -> bool:
        """Does the bank say the reference of the payout, however it is spelt?"""
        wanted = _plain(reference)
        return bool(wanted) and wanted in _plain(self.words)


def _plain(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", text.upper())


async def keep(connection: Connection, moved: GatewayTransaction) -> None:
    """Remember what moved; the same again changes nothing."""
    await connection.execute(
        "INSERT INTO gateway_move (move, gateway, number, kind, amount, fee, currency) VALUES (%s, %s, %s, %s, %s, %s,"
        " %s) ON CONFLICT (move) DO NOTHING",
        [moved.business_key, moved.gateway, moved.number, moved.move.value, moved.amount, moved.fee, moved.currency],
    )


async def moves_of(connection: Connection, told: GatewaySettlement) -> dict[str, tuple[str, Decimal, str]]:
    """What was told before of the moves of a settlement, by number: kind, amount, currency."""
    cursor = await connection.execute(
        "SELECT number, kind, amount, currency FROM gateway_move WHERE gateway = %s AND number = ANY(%s)",
        [told.gateway, [each.number for each in told.moves]],
    )
    return {number: (kind, amount, currency) for number, kind, amount, currency in await cursor.fetchall()}


async def unlike(connection: Connection, told: GatewaySettlement) -> list[str]:
    """Which moves of a settlement nobody told, or were told otherwise, in words. Fees need not be told beforehand."""
    known = await moves_of(connection, told)
    found = []
    for each in told.moves:
        said = f"{each.move.value} {each.number} of {money(each.amount, told.currency)}"
        if each.number not in known:
            found += [] if each.move.value in ("fee", "adjustment") else [f"{said} was never told"]
        elif known[each.number] != (each.move.value, each.amount, told.currency):
            kind, amount, currency = known[each.number]
            found.append(f"{said} was told as {kind} of {money(amount, currency)}")
    return found


async def begin(connection: Connection, told: GatewaySettlement, run: UUID) -> bool:
    """Note a settlement. False: it is another run's: it was told before."""
    await connection.execute(
        "INSERT INTO gateway_settlement (settlement, gateway, amount, currency, paid_on, reference, run_id) VALUES"
        " (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (settlement) DO NOTHING",
        [told.business_key, told.gateway, told.amount, told.currency, told.paid_on, told.reference or told.number, run],
    )
    return await _is_of(
        connection, "SELECT run_id FROM gateway_settlement WHERE settlement = %s", told.business_key, run
    )


async def begin_line(connection: Connection, line: BankTransaction, gateway: str, key: str, run: UUID) -> bool:
    """Note a line. False: it was told before."""
    await connection.execute(
        "INSERT INTO gateway_line (line, gateway, amount, currency, booked_on, words, run_id) VALUES (%s, %s, %s, %s,"
        " %s, %s, %s) ON CONFLICT (line) DO NOTHING",
        [key, gateway, line.amount, line.currency, line.booked_on, f"{line.words} {line.end_to_end_id}", run],
    )
    return await _is_of(connection, "SELECT run_id FROM gateway_line WHERE line = %s", key, run)


async def _is_of(connection: Connection, query: str, key: str, run: UUID) -> bool:
    cursor = await connection.execute(query.encode(), [key])
    row = await cursor.fetchone()
    return row is not None and bool(row[0] == run)


async def pair(connection: Connection, settlement: str) -> tuple[Line | None, str]:
    """Within a transaction: the line that a settlement is on, theirs from now on; or why there is none, in words."""
    cursor = await connection.execute(
        "SELECT gateway, amount, currency, paid_on, reference, line FROM gateway_settlement WHERE settlement = %s",
        [settlement],
    )
    row = await cursor.fetchone()
    if row is None:
        return None, "it is not noted"
    gateway, amount, currency, paid_on, reference, line = row
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('gateway_line'), hashtext(%s))", [gateway])
    lines = await _lines(connection, gateway, currency, paid_on, line)
    if line is not None:
        return lines[0], ""
    found, words = _chosen(lines, amount, currency, reference, alone=await _is_alone(connection, settlement))
    if found is not None:
        await connection.execute(
            "UPDATE gateway_settlement SET line = %s WHERE settlement = %s", [found.line, settlement]
        )
        await connection.execute("UPDATE gateway_line SET settlement = %s WHERE line = %s", [settlement, found.line])
    return found, words


async def _lines(connection: Connection, gateway: str, currency: str, paid_on: date, line: str | None) -> list[Line]:
    cursor = await connection.execute(
        "SELECT line, amount, booked_on, words FROM gateway_line WHERE gateway = %(gateway)s"
        " AND currency = %(currency)s AND CASE WHEN %(line)s::text IS NOT NULL THEN line = %(line)s"
        "  ELSE settlement IS NULL AND booked_on BETWEEN %(first)s AND %(last)s END"
        " ORDER BY booked_on, line FOR UPDATE",
        {"gateway": gateway, "currency": currency, "line": line, "first": paid_on - EARLY, "last": paid_on + LATE},
    )
    return [Line(*each) for each in await cursor.fetchall()]


async def near(connection: Connection, told: GatewaySettlement, *, most: int) -> list[Line]:
    """Lines about the day of a settlement that are of no other, the nearest in amount first; nothing is locked."""
    cursor = await connection.execute(
        "SELECT line, amount, booked_on, words FROM gateway_line WHERE gateway = %s AND currency = %s"
        " AND (settlement IS NULL OR settlement = %s) AND booked_on BETWEEN %s AND %s"
        " ORDER BY abs(amount - %s), booked_on, line LIMIT %s",
        [told.gateway, told.currency, told.business_key, told.paid_on - EARLY, told.paid_on + LATE, told.amount, most],
    )
    return [Line(*each) for each in await cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A settlement that is on no line of a statement yet."""

    settlement: str
    amount: Decimal
    currency: str
    paid_on: date
    reference: str


async def waiting(connection: Connection, gateway: str, line: BankTransaction, *, most: int) -> list[Waiting]:
    """Settlements that a line may be of, the nearest in amount first."""
    cursor = await connection.execute(
        "SELECT settlement, amount, currency, paid_on, reference FROM gateway_settlement WHERE gateway = %s"
        " AND line IS NULL AND closed = '' ORDER BY currency = %s DESC, abs(amount - %s), paid_on DESC, settlement"
        " LIMIT %s",
        [gateway, line.currency, line.amount, most],
    )
    return [Waiting(*each) for each in await cursor.fetchall()]


async def _is_alone(connection: Connection, settlement: str) -> bool:
    """Is there no other settlement of this amount that still waits for its line?"""
    cursor = await connection.execute(
        "SELECT FROM gateway_settlement o JOIN gateway_settlement s ON s.settlement = %s AND o.gateway = s.gateway"
        " AND o.amount = s.amount AND o.currency = s.currency AND o.settlement <> s.settlement WHERE o.line IS NULL"
        " AND o.closed = ''",
        [settlement],
    )
    return await cursor.fetchone() is None


def _chosen(
    lines: Sequence[Line], amount: Decimal, currency: str, reference: str, *, alone: bool
) -> tuple[Line | None, str]:
    """The line that names it; else the only one of its amount."""
    named = [each for each in lines if each.names(reference)]
    exact = [each for each in named or lines if each.amount == amount]
    if len(exact) == 1 and (named or alone):
        return exact[0], ""
    if named and not exact:
        told = ", ".join(money(each.amount, currency) for each in named)
        return None, f"the statement says {told} of it, not {money(amount, currency)}"
    return None, f"{len(exact)} lines of a statement may be of it" if exact else "it is on no statement"


async def settlement_of(connection: Connection, line: str) -> str | None:
    """What a line is of; none: nobody knows yet."""
    cursor = await connection.execute("SELECT settlement FROM gateway_line WHERE line = %s", [line])
    row = await cursor.fetchone()
    return row[0] if row is not None else None


async def close(connection: Connection, settlement: str, words: str) -> None:
    """It waits for no line any more."""
    await connection.execute("UPDATE gateway_settlement SET closed = %s WHERE settlement = %s", [words, settlement])


def as_json(line: Line | None) -> Any:
    """For a step of a run to remember."""
    return None if line is None else {"line": line.line, "booked_on": line.booked_on.isoformat()}
