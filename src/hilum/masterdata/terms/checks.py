"""What lines cost and should have cost, kept line by line: what was checked, what leaked, and what if.

A what-if asks the same questions of another book: as it is known today, as it was known on a day, or with contracts
that were changed or left out. So a negotiation can be tried on the past before it is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from psycopg import AsyncCursor
from psycopg.types.json import Jsonb

from hilum import facts
from hilum.canonical import PriceBasis, PriceCheck, PricedDocument
from hilum.canonical.conversions import six_places
from hilum.canonical.currencies import invoiced
from hilum.canonical.units import Pack
from hilum.facts import BillLine, OrderLine
from hilum.flow.prices import Ask, Expected, Prices
from hilum.journal.text import storable
from hilum.postgres import Connection


def leak_of(quantity: Decimal, unit_price: Decimal, currency: str, expected: Expected) -> Decimal | None:
    """How much more the line costs than was agreed, in minor units; none: nothing was agreed, or in another currency.

    Both sides are rounded before they are compared, as both would be invoiced.
    """
    if not expected.is_agreed or expected.price is None or expected.currency != currency:
        return None
    charged = invoiced(Fraction(quantity) * Fraction(unit_price), currency)
    agreed = invoiced(Fraction(quantity) * expected.price, currency)
    return charged - agreed


def price_check(ask: Ask, expected: Expected, *, unit_price: Decimal | None, **document: Any) -> PriceCheck:
    """The line with its price, what it should be, and the leak. `document`: `document_type`, `document`, `line`, …"""
    known = unit_price is not None and ask.currency is not None
    return PriceCheck.model_validate(
        {
            "checked_on": ask.on,
            "supplier": ask.supplier,
            "item": ask.item,
            "quantity": ask.quantity,
            "unit": ask.unit,
            "packs": tuple({"unit": p.unit, "holds": p.holds, "of": p.of} for p in ask.packs),
            "facility": ask.facility,
            "agreement": ask.agreement,
            "currency": ask.currency or expected.currency,
            "unit_price": unit_price,
            "basis": expected.basis,
            "contract": expected.contract,
            "expected_price": six_places(expected.price) if expected.price is not None else None,
            "leak": leak_of(ask.quantity, unit_price or Decimal(0), ask.currency or "", expected) if known else None,
            "words": expected.words,
            **document,
        }
    )


async def note(
    connection: Connection, found: Sequence[tuple[PriceCheck, UUID | None]], **more: Callable[[PriceCheck], Any]
) -> None:
    """Keep these; of one line and revision that of the latest message stays. What stays is noted as a fact.

    A check of no message is one that whoever follows the document makes, once: it is kept where nothing is known of
    the line, and nothing takes its place. `more` of the facts, by the name of the field.
    """
    cursor = connection.cursor()
    await cursor.executemany(
        "INSERT INTO price_check AS p (document_type, document, line, revision, message_id, checked_on, supplier, item,"
        " quantity, unit, packs, facility, agreement, currency, unit_price, basis, contract, expected_price, leak,"
        " words)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (document_type, document, line, revision) DO UPDATE SET message_id = excluded.message_id,"
        " checked_on = excluded.checked_on, supplier = excluded.supplier, item = excluded.item,"
        " quantity = excluded.quantity, unit = excluded.unit, packs = excluded.packs, facility = excluded.facility,"
        " agreement = excluded.agreement, currency = excluded.currency, unit_price = excluded.unit_price,"
        " basis = excluded.basis, contract = excluded.contract, expected_price = excluded.expected_price,"
        " leak = excluded.leak, words = excluded.words WHERE p.message_id <= excluded.message_id"
        " RETURNING true",
        [
            (c.document_type.value, storable(c.document), c.line, c.revision, message_id, c.checked_on, c.supplier,
             c.item, c.quantity, c.unit, Jsonb([[p.unit, str(p.holds), p.of] for p in c.packs]), c.facility,
             c.agreement, c.currency, c.unit_price, c.basis.value, c.contract, c.expected_price, c.leak,
             storable(c.words))
            for c, message_id in found
        ],
        returning=True,
    )  # fmt: skip
    kept = [each for each in found if await _kept(cursor)]
    told = [fact_of(each, message, **{name: of(each) for name, of in more.items()}) for each, message in kept]
    await facts.note(connection, [fact for fact in told if fact is not None])


async def _kept(cursor: AsyncCursor[Any]) -> bool:
    """Whether the next of many statements wrote its row."""
    kept = await cursor.fetchone() is not None
    cursor.nextset()
    return kept


def fact_of(check: PriceCheck, message_id: UUID | None = None, **more: Any) -> OrderLine | BillLine | None:
    """What a check says of a line that was ordered or billed; none: it is of a requisition. `more` of the fact."""
    amount = None
    if check.unit_price is not None and check.currency:
        price = Fraction(check.quantity) * Fraction(check.unit_price)
        amount = invoiced(price, check.currency)
    said: dict[str, Any] = {
        "document": check.document, "line": check.line, "revision": check.revision, "on": check.checked_on,
        "followed": False, "facility": check.facility or "", "supplier": check.supplier,
        "currency": check.currency or "", "message_id": message_id, "item": check.item, "quantity": check.quantity,
        "unit": check.unit, "amount": amount, "leak": check.leak,
        "contract": check.contract or "" if check.basis is PriceBasis.CONTRACT else "",
    }  # fmt: skip
    match check.document_type:
        case PricedDocument.ORDER:
            said |= {"unit_price": check.unit_price, "basis": check.basis, "expected_price": check.expected_price}
            return OrderLine(**said | more)
        case PricedDocument.BILL:
            return BillLine(**said | more)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One line that was checked."""

    document_type: str
    document: str
    line: int
    ask: Ask
    unit_price: Decimal | None
    basis: PriceBasis
    contract: str | None
    expected_price: Decimal | None
    leak: Decimal | None
    words: str


async def checked(
    connection: Connection, *, since: date, until: date, document_type: str = "", supplier: str = ""
) -> list[Checked]:
    """Lines of documents of these days (`until` not included), their last revision, by document and line."""
    cursor = await connection.execute(
        "SELECT DISTINCT ON (document_type, document, line) document_type, document, line, supplier, item, quantity,"
        " unit, checked_on, facility, agreement, currency, packs, unit_price, basis, contract, expected_price, leak,"
        " words FROM price_check WHERE checked_on >= %(since)s AND checked_on < %(until)s"
        " AND (%(type)s = '' OR document_type = %(type)s) AND (%(supplier)s = '' OR supplier = %(supplier)s)"
        " ORDER BY document_type, document, line, revision DESC",
        {"since": since, "until": until, "type": document_type, "supplier": supplier},
    )
    return [_checked(row) for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """One supplier's lines in one currency under two books. Money is in that currency.

    Of one kind of document: what was ordered was billed, too, and would be saved once.
    """

    document_type: str
    supplier: str
    currency: str
    lines: int
    spent: Decimal  # what was asked for
    agreed: int  # lines with an agreed price, as it was
    leak: Decimal  # asked above agreed, as it was
    agreed_then: int  # … and under the other book
    leak_then: Decimal

    @property
    def difference(self) -> Decimal:
        """So much less would have been paid had the prices of the other book been kept to."""
        return self.leak_then - self.leak


def what_if(lines: Sequence[Checked], other: Prices) -> list[WhatIf]:
    """The same questions asked of another book, by kind of document, supplier and currency.

    Lines without price or currency are left.
    """
    sums: dict[tuple[str, str, str], list[Any]] = {}
    for line in lines:
        price, currency = line.unit_price, line.ask.currency
        if price is None or currency is None:
            continue
        key = (line.document_type, line.ask.supplier, currency)
        total = sums.setdefault(key, [0, Decimal(0), 0, Decimal(0), 0, Decimal(0)])
        then = leak_of(line.ask.quantity, price, currency, other.price(line.ask))
        total[0] += 1
        total[1] += invoiced(Fraction(line.ask.quantity) * Fraction(price), currency)
        for place, leak in ((2, line.leak), (4, then)):
            total[place] += leak is not None
            total[place + 1] += leak or Decimal(0)
    return [
        WhatIf(document_type=kind, supplier=supplier, currency=currency, lines=t[0], spent=t[1], agreed=t[2],
               leak=t[3], agreed_then=t[4], leak_then=t[5])
        for (kind, supplier, currency), t in sorted(sums.items())
    ]  # fmt: skip


def _checked(row: Sequence[Any]) -> Checked:
    ask = Ask(
        supplier=row[3], item=row[4], quantity=row[5], unit=row[6], on=row[7], facility=row[8], agreement=row[9],
        currency=row[10], packs=tuple(Pack(unit=p[0], holds=Decimal(p[1]), of=p[2]) for p in row[11]),
    )  # fmt: skip
    return Checked(
        document_type=row[0], document=row[1], line=row[2], ask=ask, unit_price=row[12], basis=PriceBasis(row[13]),
        contract=row[14], expected_price=row[15], leak=row[16], words=row[17],
    )  # fmt: skip
