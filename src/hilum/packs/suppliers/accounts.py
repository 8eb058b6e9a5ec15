"""Where suppliers are paid: accounts that somebody has confirmed by calling back, each from its day on.

Only the processes of onboarding and of bank changes write here. A payment goes to no other account.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from hilum.canonical import Payee
from hilum.canonical.onboarding import PayeeAccount
from hilum.journal.text import storable
from hilum.postgres import Connection

Paid = tuple[str, str]
"""Supplier and currency."""

_ACCOUNTS = TypeAdapter(tuple[PayeeAccount, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """All accounts of a supplier, as somebody there confirmed them."""

    supplier: str
    confirmation: str  # the registration or the change that told them
    holds_from: date
    accounts: Sequence[PayeeAccount]
    confirmed_by: str  # who called back
    spoke_with: str
    title: str = ""  # of the supplier; empty: as it was


async def confirm(connection: Connection, said: Confirmed) -> None:
    """Within a transaction: they hold from that day on, instead of what was confirmed before. Again: no change."""
    await connection.execute(
        "INSERT INTO supplier_account (supplier, confirmation, holds_from, title, accounts, confirmed_by, spoke_with)"
        " VALUES (%(supplier)s, %(confirmation)s, %(from)s, coalesce(nullif(%(title)s, ''), (SELECT title FROM"
        " supplier_account WHERE supplier = %(supplier)s ORDER BY confirmed_at DESC LIMIT 1), %(supplier)s),"
        " %(accounts)s, %(by)s, %(with)s) ON CONFLICT DO NOTHING",
        {
            "supplier": said.supplier,
            "confirmation": said.confirmation,
            "from": said.holds_from,
            "title": storable(said.title),
            "accounts": Jsonb(_ACCOUNTS.dump_python(tuple(said.accounts), mode="json")),
            "by": storable(said.confirmed_by),
            "with": storable(said.spoke_with),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Confirmed):
    """What was confirmed, and when."""

    confirmed_at: datetime


async def latest(connection: Connection, supplier: str) -> Kept | None:
    """What was confirmed last; none: nothing ever was."""
    cursor = await connection.execute(
        "SELECT supplier, confirmation, holds_from, accounts, confirmed_by, spoke_with, title, confirmed_at"
        " FROM supplier_account WHERE supplier = %s ORDER BY holds_from DESC, confirmed_at DESC LIMIT 1",
        [supplier],
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return Kept(supplier=row[0], confirmation=row[1], holds_from=row[2], accounts=_ACCOUNTS.validate_python(row[3]),
                confirmed_by=row[4], spoke_with=row[5], title=row[6], confirmed_at=row[7])  # fmt: skip


async def others_at(connection: Connection, supplier: str, number: str) -> list[str]:
    """Other suppliers for whom this account was ever confirmed. `number`: compact."""
    cursor = await connection.execute(
        "SELECT DISTINCT s.supplier FROM supplier_account s, jsonb_array_elements(s.accounts) a"
        " WHERE s.supplier <> %s AND upper(regexp_replace(a ->> 'number', '[^0-9A-Za-z]', '', 'g')) = %s ORDER BY 1",
        [supplier, number],
    )
    return [row[0] for row in await cursor.fetchall()]


async def payees(connection: Connection, paid: Collection[Paid], on: date) -> Mapping[Paid, Payee]:
    """Where each is paid on a day; one that is not there is not paid.

    Of several accounts the first in the currency counts, else the first that is said to be for no currency.
    """
    cursor = await connection.execute(
        "SELECT DISTINCT ON (supplier) supplier, title, accounts FROM supplier_account"
        " WHERE supplier = ANY(%s) AND holds_from <= %s ORDER BY supplier, holds_from DESC, confirmed_at DESC",
        [sorted({supplier for supplier, _ in paid}), on],
    )
    known = {row[0]: (row[1], _ACCOUNTS.validate_python(row[2])) for row in await cursor.fetchall()}
    found: dict[Paid, Payee] = {}
    for supplier, currency in paid:
        title, accounts = known.get(supplier, ("", ()))
        account = _for(accounts, currency)
        if account is not None:
            found[supplier, currency] = Payee(
                title=account.holder or title, account=account.compact, bank=account.bic or account.routing
            )
    return found


def _for(accounts: Sequence[PayeeAccount], currency: str) -> PayeeAccount | None:
    for wanted in (currency, None):
        for each in accounts:
            if each.currency == wanted:
                return each
    return None
