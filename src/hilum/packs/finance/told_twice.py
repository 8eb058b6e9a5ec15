"""A bank tells one movement twice: at once by a notification (camt.054), and by the statement of the day.

Whichever comes first is settled, the other one is its twin and changes nothing. They are twins when both name the same
end-to-end id, or have the bank's reference of the entry in common, or when one is without an id and goes to the account
or names a document of the payment that the other one is of; always with the same amount. A statement may also tell a
batch in one sum whose payments were notified one by one: then the sum is the twin of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from hilum.canonical import BankTransaction
from hilum.packs.finance.settling import identity, ids_in, print_of, words_in
from hilum.postgres import Connection

NEAR: Final = timedelta(days=3)
"""A statement books at most so much before or after the day that the notification said, over a weekend."""

STATEMENT, NOTIFICATION = "statement", "notification"


@dataclass(frozen=True, slots=True)
class Noted:
    """A line that was looked at before."""

    run: UUID
    movement: Any  # what it moved; none: nothing
    twin: str


async def lock(connection: Connection, journal: str) -> None:
    """Within a transaction: lines of a journal are looked at one after the other, so that twins see each other."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('payment_line'), hashtext(%s))", [journal])


async def noted(connection: Connection, line: BankTransaction) -> Noted | None:
    """What is noted of this very line."""
    cursor = await connection.execute(
        "SELECT run_id, movement, twin FROM payment_line WHERE line = %s", [identity(line)]
    )
    row = await cursor.fetchone()
    return Noted(*row) if row is not None else None


async def note(
    connection: Connection, line: BankTransaction, run: UUID, *, payment: str | None = None, movement: Any = None,
    twin: str = "",
) -> None:  # fmt: skip
    """The line is this run's; and what it has moved, once that is known."""
    await connection.execute(
        "INSERT INTO payment_line AS l (line, run_id, payment, movement, told_by, journal, amount, currency,"
        " booked_on, ids, reference, twin) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (line) DO UPDATE SET payment = coalesce(excluded.payment, l.payment),"
        " movement = coalesce(excluded.movement, l.movement), twin = coalesce(nullif(excluded.twin, ''), l.twin)",
        [identity(line), run, payment, Jsonb(movement) if movement is not None else None, told_by(line), line.journal,
         line.amount, line.currency, line.booked_on, ids_in(line), line.bank_reference, twin],
    )  # fmt: skip


async def twins_of(connection: Connection, line: BankTransaction) -> list[str]:
    """The lines of the other kind that have told this movement already; none: it is new."""
    cursor = await connection.execute(
        "SELECT l.line, l.amount, l.ids, l.reference, l.booked_on, p.payee, p.documents FROM payment_line l"
        " LEFT JOIN supplier_payment p ON p.end_to_end_id = l.payment WHERE l.twin = '' AND l.journal = %(journal)s"
        " AND l.currency = %(currency)s AND l.told_by = %(other)s AND l.line <> %(line)s"
        " AND l.booked_on BETWEEN %(day)s - %(near)s::interval AND %(day)s + %(near)s::interval"
        " ORDER BY l.booked_on, l.line",
        {"journal": line.journal, "currency": line.currency, "line": identity(line), "day": line.booked_on,
         "near": NEAR, "other": STATEMENT if line.notified else NOTIFICATION},
    )  # fmt: skip
    rows = await cursor.fetchall()
    for row in rows:
        if row[1] == line.amount and _same(line, row):
            return [row[0]]
    return [] if line.notified or ids_in(line) else _batch(line, rows)


async def pair(connection: Connection, line: BankTransaction, run: UUID, twins: Sequence[str]) -> None:
    """Within a transaction: they tell one movement."""
    await note(connection, line, run, twin=twins[0])
    await connection.execute("UPDATE payment_line SET twin = %s WHERE line = ANY(%s)", [identity(line), list(twins)])


def told_by(line: BankTransaction) -> str:
    """Which kind of message."""
    return NOTIFICATION if line.notified else STATEMENT


def _same(line: BankTransaction, row: Sequence[Any]) -> bool:
    _, _, other_ids, reference, _, payee, documents = row
    ids = ids_in(line)
    if ids and other_ids:
        return bool(set(ids) & set(other_ids))
    if line.bank_reference and line.bank_reference == reference:
        return True
    to_payee = bool(payee) and print_of(line.party_account) == payee
    return to_payee or bool(words_in(line) & set(documents or ()))


def _batch(line: BankTransaction, rows: Sequence[Sequence[Any]]) -> list[str]:
    """The notified payments of one entry that come to the sum of this line: of its reference, else of one day."""
    groups: dict[Any, list[Sequence[Any]]] = {}
    for row in rows:
        groups.setdefault((row[4], row[3]), []).append(row)
    exact = [
        [row[0] for row in group]
        for (_, reference), group in groups.items()
        if sum(row[1] for row in group) == line.amount and reference in ("", line.bank_reference)
    ]
    alike = [[row[0] for row in group] for group in groups.values() if sum(row[1] for row in group) == line.amount]
    found = exact or alike
    return found[0] if len(found) == 1 else []
