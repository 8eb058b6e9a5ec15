"""What was agreed, in the database: contracts and prices come in, and are read as they are known now or were then.

All writing happens under one lock, held until the transaction ends, so that the numbers of the changes grow in the
order of the commits: whoever has read up to a number has missed nothing below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from hilum.canonical import Contract, ContractStatus, Rebate, SupplierPrice
from hilum.journal.audit import record
from hilum.journal.text import storable
from hilum.masterdata.terms.book import LIST, Book, Head, PriceFact
from hilum.postgres import Connection

_LOCK: Final = 0x48494C54  # "HILT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which message says so. Of two that say different things, that of the later message counts."""

    flow: str
    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of something that was told."""

    began: int = 0  # prices
    ended: int = 0
    words: str = ""

    @property
    def changed(self) -> bool:
        """Is anything known that was not before?"""
        return bool(self.began or self.ended)


async def lock(connection: Connection) -> None:
    """Nobody else changes the terms until this transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


async def keep_contract(connection: Connection, contract: Contract, origin: Origin) -> Kept:
    """Within a transaction that has the lock: this is the contract from now on, and these are all of its prices."""
    head, former = head_of(contract), await _former(connection, contract.number)
    if former is not None and (former.revision, former.message_id) > (contract.revision, origin.message_id):
        return Kept(words=f"revision {former.revision} of contract {contract.number}, which is later, is known")
    facts = facts_of(contract)
    there = await _facts(connection, "contract = %(contract)s", {"contract": contract.number})
    begins, ends = [f for f in facts if f not in there], [there[f] for f in there if f not in facts]
    extra = _extra(contract)
    if former is not None and not begins and not ends and (former.head, former.extra) == (head, extra):
        return Kept(words=f"contract {contract.number} is known like that")
    words = f"revision {contract.revision}, {contract.status.value}: {len(begins)} prices begin, {len(ends)} end"
    seq = await _note(connection, origin, contract.number, contract.supplier, len(begins) + len(ends), words)
    await _put_head(connection, head, extra, seq)
    await _end(connection, ends, seq)
    await _begin(connection, begins, seq)
    return Kept(began=len(begins), ended=len(ends), words=f"contract {contract.number}, {words}")


async def keep_price(connection: Connection, price: SupplierPrice, origin: Origin) -> Kept:
    """Within a transaction that has the lock: a price of a catalogue.

    It takes the place of the one of the same supplier, item, unit, step and first day; others stay until they end.
    """
    fact = list_fact(price)
    cursor = await connection.execute(
        "SELECT p.id, p.valid_to, p.unit_price, p.currency, p.supplier_item, c.message_id FROM terms_price p"
        " JOIN terms_change c ON c.seq = p.made_by WHERE p.ended_by IS NULL AND p.contract = '' AND p.supplier = %s"
        " AND p.item = %s AND p.unit = %s AND p.valid_from = %s AND p.from_quantity = %s",
        [fact.supplier, fact.item, fact.unit, fact.valid_from, fact.from_quantity],
    )
    rows = await cursor.fetchall()
    said = (fact.valid_to, fact.unit_price, fact.currency, fact.supplier_item)
    if any(tuple(row[1:5]) == said for row in rows):
        return Kept(words="known already")
    if any(row[5] is not None and row[5] > origin.message_id for row in rows):
        return Kept(words="a later message says something else")
    words = f"{fact.item}: {fact.unit_price} {fact.currency} for one {fact.unit}"
    seq = await _note(connection, origin, LIST, fact.supplier, 1 + len(rows), words)
    await _end(connection, [row[0] for row in rows], seq)
    await _begin(connection, [fact], seq)
    return Kept(began=1, ended=len(rows), words=words)


def head_of(contract: Contract) -> Head:
    """A contract without its prices."""
    return Head(
        number=contract.number, supplier=contract.supplier, title=contract.title, status=contract.status,
        currency=contract.currency, valid_from=contract.valid_from, valid_to=contract.valid_to,
        facilities=frozenset(contract.facilities), revision=contract.revision,
    )  # fmt: skip


def facts_of(contract: Contract) -> set[PriceFact]:
    """Each step of each item of its price schedule."""
    return {
        PriceFact(
            supplier=contract.supplier,
            item=line.item,
            contract=contract.number,
            unit=line.unit,
            valid_from=line.valid_from or contract.valid_from,
            valid_to=line.valid_to or contract.valid_to or date.max,
            from_quantity=tier.from_quantity,
            unit_price=tier.unit_price,
            currency=contract.currency,
            supplier_item=line.supplier_item,
        )
        for line in contract.prices
        for tier in line.tiers
    }


def list_fact(price: SupplierPrice) -> PriceFact:
    """A price of a catalogue."""
    return PriceFact(
        supplier=price.supplier,
        item=price.item,
        unit=price.unit or "EA",
        valid_from=price.valid_from or date.min,
        valid_to=price.valid_to or date.max,
        from_quantity=price.from_quantity,
        unit_price=price.price.amount,
        currency=price.price.currency,
        supplier_item=price.supplier_item,
    )


async def latest(connection: Connection) -> int:
    """The number of the last change."""
    row = await (await connection.execute("SELECT max(seq) FROM terms_change")).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


async def changed(connection: Connection, after: int) -> tuple[set[str], set[tuple[str, str]]]:
    """Contracts, and pairs of supplier and item, of which something else is said since that change."""
    cursor = await connection.execute(
        "SELECT number FROM terms_contract WHERE made_by > %(after)s"
        " UNION SELECT contract FROM terms_change WHERE seq > %(after)s AND contract <> ''",
        {"after": after},
    )
    contracts = {row[0] for row in await cursor.fetchall()}
    cursor = await connection.execute(
        "SELECT supplier, item FROM terms_price WHERE made_by > %(after)s"
        " UNION SELECT supplier, item FROM terms_price WHERE ended_by > %(after)s",
        {"after": after},
    )
    return contracts, {(row[0], row[1]) for row in await cursor.fetchall()}


async def heads(
    connection: Connection, numbers: Iterable[str] | None = None, *, at: datetime | None = None
) -> list[Head]:
    """Contracts, all or some, as they are known now, or were known `at` a time."""
    where, values = _known(at)
    if numbers is not None:
        where, values = f"{where} AND number = ANY(%(numbers)s)", values | {"numbers": list(numbers)}
    cursor = await connection.execute(
        "SELECT number, supplier, title, status, currency, valid_from, valid_to, facilities, revision"
        f" FROM terms_contract t WHERE {where} ORDER BY number".encode(),
        values,
    )
    return [_head(row) for row in await cursor.fetchall()]


async def rebates(connection: Connection, number: str = "") -> list[tuple[Head, tuple[Rebate, ...]]]:
    """Contracts that were agreed, all or one, with the steps of their rebates, as they are known now."""
    cursor = await connection.execute(
        "SELECT number, supplier, title, status, currency, valid_from, valid_to, facilities, revision, rebates"
        " FROM terms_contract WHERE ended_by IS NULL AND status <> 'draft' AND (%(number)s = '' OR number = %(number)s)"
        " ORDER BY number",
        {"number": number},
    )
    return [
        (_head(row), tuple(Rebate(from_amount=Decimal(start), percent=Decimal(percent)) for start, percent in row[9]))
        for row in await cursor.fetchall()
    ]


async def facts(
    connection: Connection, pairs: Iterable[tuple[str, str]] | None = None, *, at: datetime | None = None
) -> list[PriceFact]:
    """Price facts, all or those of some suppliers and items, as they are known now, or were known `at` a time."""
    where, values = _known(at)
    if pairs is not None:
        suppliers, items = zip(*pairs, strict=True) if (pairs := list(pairs)) else ((), ())
        where += " AND (supplier, item) IN (SELECT * FROM unnest(%(suppliers)s::text[], %(items)s::text[]))"
        values |= {"suppliers": list(suppliers), "items": list(items)}
    return list(await _facts(connection, where, values, live=False))


async def book(connection: Connection, *, at: datetime | None = None) -> Book:
    """All that is known now, or was known `at` a time."""
    return Book.of(await heads(connection, at=at), await facts(connection, at=at))


async def book_for(connection: Connection, supplier: str, items: Iterable[str]) -> Book:
    """What is known now of these items with that supplier."""
    said = await facts(connection, [(supplier, item) for item in sorted(set(items))])
    return Book.of(await heads(connection, {fact.contract for fact in said}), said)


async def book_of_items(connection: Connection, items: Iterable[str]) -> Book:
    """What is known now of these items with any supplier."""
    wanted = {"items": sorted(set(items))}
    said = list(await _facts(connection, "item = ANY(%(items)s)", wanted))
    return Book.of(await heads(connection, {fact.contract for fact in said}), said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Former:
    head: Head
    extra: tuple[Any, ...]
    revision: int
    message_id: UUID


async def _former(connection: Connection, number: str) -> _Former | None:
    cursor = await connection.execute(
        "SELECT number, t.supplier, title, status, currency, valid_from, valid_to, facilities, revision,"
        " bought_by, committed, rebates, c.message_id FROM terms_contract t JOIN terms_change c ON c.seq = t.made_by"
        " WHERE number = %s AND ended_by IS NULL",
        [number],
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return _Former(head=_head(row), extra=tuple(row[9:12]), revision=row[8], message_id=row[12] or UUID(int=0))


def _head(row: Sequence[Any]) -> Head:
    return Head(
        number=row[0], supplier=row[1], title=row[2], status=ContractStatus(row[3]), currency=row[4],
        valid_from=row[5], valid_to=row[6], facilities=frozenset(row[7]), revision=row[8],
    )  # fmt: skip


def _extra(contract: Contract) -> tuple[Any, ...]:
    """What is kept of a contract besides, as it comes back."""
    rebates = [[str(each.from_amount), str(each.percent)] for each in contract.rebates]
    return storable(contract.group), contract.committed_amount, rebates


def _known(at: datetime | None) -> tuple[str, dict[str, Any]]:
    if at is None:
        return "ended_by IS NULL", {}
    return (
        "made_by <= (SELECT coalesce(max(seq), 0) FROM terms_change WHERE at <= %(at)s)"
        " AND (ended_by IS NULL OR ended_by > (SELECT coalesce(max(seq), 0) FROM terms_change WHERE at <= %(at)s))",
        {"at": at},
    )


async def _facts(
    connection: Connection, where: str, values: Mapping[str, Any], *, live: bool = True
) -> dict[PriceFact, int]:
    cursor = await connection.execute(
        "SELECT id, supplier, item, contract, unit, valid_from, valid_to, from_quantity, unit_price, currency,"
        f" supplier_item FROM terms_price WHERE {where} {'AND ended_by IS NULL' if live else ''}".encode(),
        values,
    )
    return {
        PriceFact(
            supplier=row[1], item=row[2], contract=row[3], unit=row[4], valid_from=row[5], valid_to=row[6],
            from_quantity=row[7], unit_price=row[8], currency=row[9], supplier_item=row[10],
        ): row[0]
        for row in await cursor.fetchall()
    }  # fmt: skip


async def _put_head(connection: Connection, head: Head, extra: tuple[Any, ...], seq: int) -> None:
    await connection.execute(
        "UPDATE terms_contract SET ended_by = %s WHERE number = %s AND ended_by IS NULL", [seq, head.number]
    )
    await connection.execute(
        "INSERT INTO terms_contract (number, revision, supplier, title, status, currency, valid_from, valid_to,"
        " facilities, bought_by, committed, rebates, made_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [head.number, head.revision, head.supplier, storable(head.title), head.status.value, head.currency,
         head.valid_from, head.valid_to, sorted(head.facilities), extra[0], extra[1], Jsonb(extra[2]), seq],
    )  # fmt: skip


async def _end(connection: Connection, ids: Sequence[int], seq: int) -> None:
    if ids:
        await connection.execute("UPDATE terms_price SET ended_by = %s WHERE id = ANY(%s)", [seq, list(ids)])


async def _begin(connection: Connection, begins: Sequence[PriceFact], seq: int) -> None:
    await connection.cursor().executemany(
        "INSERT INTO terms_price (contract, supplier, item, unit, valid_from, valid_to, from_quantity, unit_price,"
        " currency, supplier_item, made_by) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [(f.contract, f.supplier, f.item, f.unit, f.valid_from, f.valid_to, f.from_quantity, f.unit_price, f.currency,
          storable(f.supplier_item), seq) for f in begins],
    )  # fmt: skip


async def _note(connection: Connection, origin: Origin, contract: str, supplier: str, prices: int, words: str) -> int:
    cursor = await connection.execute(
        "INSERT INTO terms_change (flow, message_id, contract, supplier, prices, words)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING seq",
        [origin.flow, origin.message_id, contract, supplier, prices, storable(words)],
    )
    row = await cursor.fetchone()
    if contract:  # a catalogue has too many prices for a line of the audit each; its messages are in it
        await record(
            connection, actor="hub", action="terms_changed", flow=origin.flow, message_id=origin.message_id,
            words=f"contract {contract}: {words}",
        )  # fmt: skip
    return int(row[0]) if row else 0
