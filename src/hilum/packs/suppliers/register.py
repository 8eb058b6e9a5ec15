"""What the hub keeps for screening: lists as they were published, verdicts, and fingerprints of registrations.

Who is screened takes the lock of the lists together with others, who loads a list takes it alone: so a new entry is
compared with every registration that was noted before, and a registration with every entry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Any, Final, cast
from uuid import UUID

import orjson

from hilum.canonical import Address, BankAccount, Supplier, SupplierRegistration
from hilum.journal.columns import Int8s
from hilum.journal.text import storable
from hilum.masterdata.matching import Matcher, Pair, Record, Verdict, kind_for, known, values_of, weigh
from hilum.masterdata.sync import secret_key
from hilum.packs.suppliers.layouts import Entry, Subject
from hilum.packs.suppliers.numbers import compact
from hilum.packs.suppliers.screening import Hit, blocks_of, hits, subjects
from hilum.postgres import Connection

_LOCK: Final = 0x48494C53  # "HILS": of the screening lists

PORTAL: Final = "registrations"
"""What the crosswalk calls the numbers of registrations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One publication of a list."""

    list: str
    issued_on: date
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What loading came to."""

    words: str
    added: int = 0
    removed: int = 0
    registrations: Sequence[str] = ()  # those that may be somebody who was added or removed


async def lock_alone(connection: Connection) -> None:
    """Nobody screens or loads until this transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


async def latest(connection: Connection, list_: str) -> tuple[Issue, int] | None:
    """The issue that counts, and how many are on it."""
    cursor = await connection.execute(
        "SELECT issued_on, digest, entries FROM screening_list WHERE list = %s"
        " ORDER BY issued_on DESC, loaded_at DESC LIMIT 1",
        [list_],
    )
    row = await cursor.fetchone()
    return None if row is None else (Issue(list=list_, issued_on=row[0], digest=row[1]), row[2])


async def was_loaded(connection: Connection, issue: Issue) -> bool:
    """Did this very file come before?"""
    cursor = await connection.execute(
        "SELECT FROM screening_list WHERE list = %s AND issued_on = %s AND digest = %s",
        [issue.list, issue.issued_on, issue.digest],
    )
    return await cursor.fetchone() is not None


async def replace(connection: Connection, issue: Issue, found: Sequence[Entry], message: UUID) -> Loaded:
    """Within a transaction that has the lock: these are on the list from this issue on, and no others."""
    cursor = await connection.execute("SELECT key FROM screening_entry WHERE list = %s AND gone IS NULL", [issue.list])
    before = {row[0] for row in await cursor.fetchall()}
    keyed = await asyncio.to_thread(lambda: {each.key: each for each in found})
    new, gone = {key: each for key, each in keyed.items() if key not in before}, sorted(before - keyed.keys())
    await _add(connection, issue, new)
    cursor = await connection.execute(
        "UPDATE screening_entry SET gone = %s WHERE list = %s AND gone IS NULL AND key = ANY(%s) RETURNING id",
        [issue.issued_on, issue.list, gone],
    )
    removed = [row[0] for row in await cursor.fetchall()]
    await connection.execute(
        "INSERT INTO screening_list (list, issued_on, digest, entries, added, removed, message_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [issue.list, issue.issued_on, issue.digest, len(found), len(new), len(gone), message],
    )
    words = f"{len(found)} on the list of {issue.issued_on}: {len(new)} came, {len(gone)} left"
    touched = await _touched(connection, issue, new.keys(), removed)
    return Loaded(words=words, added=len(new), removed=len(gone), registrations=touched)


async def _add(connection: Connection, issue: Issue, new: Mapping[str, Entry]) -> None:
    secret = await secret_key(connection)
    rows = await asyncio.to_thread(_rows, secret, issue, new)  # seconds, for 80 000: the hub goes on meanwhile
    columns = "COPY screening_entry (list, key, kind, said, words, blocks, since) FROM STDIN"
    async with connection.cursor() as cursor, cursor.copy(columns) as copy:
        for row in rows:
            await copy.write_row(row)


def _rows(secret: bytes, issue: Issue, new: Mapping[str, Entry]) -> list[Sequence[Any]]:
    return [
        (
            issue.list,
            key,
            each.kind,
            orjson.dumps(dict(each.said)).decode(),
            storable(each.words),
            _prints(secret, blocks_of(each.kind, each.said)),
            issue.issued_on,
        )
        for key, each in new.items()
    ]


async def _touched(connection: Connection, issue: Issue, new: Collection[str], removed: Sequence[int]) -> list[str]:
    """Open registrations that share a block with what came or left."""
    cursor = await connection.execute(
        "SELECT DISTINCT r.registration FROM screening_entry e JOIN supplier_register r ON r.blocks && e.blocks"
        " WHERE r.open AND e.list = %s AND (e.id = ANY(%s) OR e.gone IS NULL AND e.since = %s AND e.key = ANY(%s))"
        " ORDER BY 1",
        [issue.list, list(removed), issue.issued_on, list(new)],
    )
    return [row[0] for row in await cursor.fetchall()]


async def note(connection: Connection, registration: SupplierRegistration, supplier: str) -> list[str]:
    """Within a transaction: remember its fingerprints; says which others have the same tax number or account."""
    await lock_alone(connection)  # two of one company at once: the second sees the first
    secret = await secret_key(connection)
    numbers = _prints(secret, _numbers(registration))
    blocks = _prints(secret, {key for kind, record in subjects(registration) for key in blocks_of(kind, record.values)})
    await connection.execute(
        "INSERT INTO supplier_register (registration, supplier, open, numbers, blocks) VALUES (%s, %s, true, %s, %s)"
        " ON CONFLICT (registration) DO UPDATE SET supplier = excluded.supplier, open = true,"
        " numbers = excluded.numbers, blocks = excluded.blocks",
        [registration.number, supplier, Int8s(numbers), Int8s(blocks)],
    )
    return [f"registration {each} has the same tax number or bank account"
            for each in await same_numbers(connection, registration)]  # fmt: skip


async def same_numbers(connection: Connection, registration: SupplierRegistration) -> list[str]:
    """Other open registrations, and those that became suppliers, with one of its tax numbers or accounts."""
    numbers = _prints(await secret_key(connection), _numbers(registration))
    cursor = await connection.execute(
        "SELECT registration FROM supplier_register WHERE registration <> %s AND open AND numbers && %s ORDER BY 1",
        [registration.number, Int8s(numbers)],
    )
    return [row[0] for row in await cursor.fetchall()]


async def end(connection: Connection, registration: str) -> None:
    """Within a transaction: it was refused, nothing is compared with it any more."""
    await connection.execute("UPDATE supplier_register SET open = false WHERE registration = %s", [registration])


async def like_known(connection: Connection, registration: SupplierRegistration) -> list[str]:
    """Suppliers that the hub knows and that it may be, in words, the likeliest first."""
    return [_known_words(each.right, each.score) for each in await alike(connection, registration)]


async def alike(connection: Connection, registration: SupplierRegistration) -> list[Pair]:
    """It beside each supplier that the hub knows and that it may be, the likeliest first."""
    kind = kind_for(Supplier)
    matcher = Matcher(kind)
    arrival = arrival_of(registration)
    things = await known.near(connection, await secret_key(connection), matcher, arrival)
    others = {
        golden: kept
        for golden, records in things.items()
        if (kept := [each for each in records if (each.system, each.identifier) != (PORTAL, registration.number)])
    }
    weighed = weigh(matcher, arrival, others, ())
    if weighed.verdict is Verdict.DIFFERENT:
        return []
    return [each.pair for each in weighed.candidates]


def _known_words(record: Record, score: float) -> str:
    said = record.values
    place = " ".join(said[part] for part in ("street", "postal_code", "city", "country") if said.get(part))
    shown = ", ".join(part for part in (said.get("name", ""), place) if part)
    return f"{record.identifier} of {record.system}: {shown} (likeness {score:.2f})"


async def learn(connection: Connection, registration: SupplierRegistration) -> None:
    """Within a transaction: it is a supplier now, with whom later arrivals are compared."""
    matcher = Matcher(kind_for(Supplier))
    reason = "its registration was approved"
    await known.learn(connection, matcher, [arrival_of(registration)], actor="hub", reason=reason, encrypted=False)


def arrival_of(registration: SupplierRegistration) -> Record:
    """It as suppliers are matched."""
    values = values_of(as_supplier(registration, registration.number), {})
    return Record(system=PORTAL, identifier=registration.number, values=values)


def as_supplier(registration: SupplierRegistration, code: str) -> Supplier:
    """As the hospital's systems have it; of several addresses and tax numbers the first."""
    return Supplier(
        code=code,
        title=registration.title,
        tax_id=compact(registration.tax_numbers[0].number) if registration.tax_numbers else "",
        registry=registration.registry,
        email=registration.email,
        phone=registration.phone,
        address=registration.addresses[0] if registration.addresses else Address(),
        bank_accounts=tuple(
            BankAccount(number=each.compact, bic=each.bic, currency=each.currency)
            for each in registration.bank_accounts
        ),
    )


async def screened(connection: Connection, registration: SupplierRegistration) -> list[Hit]:
    """Within a transaction: whom on the lists of today it may be, without those of whom somebody said that it is not.

    One that somebody confirmed is listed.
    """
    await connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])
    secret = await secret_key(connection)
    blocks = {key for kind, record in subjects(registration) for key in blocks_of(kind, record.values)}
    cursor = await connection.execute(
        "SELECT e.list, e.kind, e.said, e.words, v.same FROM screening_entry e LEFT JOIN screening_verdict v"
        " ON v.registration = %s AND v.list = e.list AND v.key = e.key WHERE e.gone IS NULL AND e.blocks && %s",
        [registration.number, Int8s(_prints(secret, blocks))],
    )
    listed = [
        (row[0], Entry(kind=cast("Subject", row[1]), said=row[2], words=row[3]))
        for row in await cursor.fetchall()
        if row[4] is not False
    ]
    return hits(registration, listed)


async def judge(
    connection: Connection, registration: str, found: Iterable[tuple[str, str]], *, same: bool, by: str
) -> None:
    """Within a transaction: a person said whether it is these (list and key)."""
    for list_, key in found:
        await connection.execute(
            "INSERT INTO screening_verdict (registration, list, key, same, decided_by) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (registration, list, key) DO UPDATE SET same = excluded.same,"
            " decided_by = excluded.decided_by, decided_at = now()",
            [registration, list_, key, same, storable(by)],
        )


async def lists(connection: Connection) -> list[tuple[str, date]]:
    """Which lists are loaded, and the day of each."""
    cursor = await connection.execute("SELECT list, max(issued_on) FROM screening_list GROUP BY 1 ORDER BY 1")
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def on_list(connection: Connection, list_: str, day: date) -> list[dict[str, Any]]:
    """Who was on a list on a day."""
    cursor = await connection.execute(
        "SELECT said, words, since, gone FROM screening_entry WHERE list = %s AND since <= %s"
        " AND (gone IS NULL OR gone > %s) ORDER BY id",
        [list_, day, day],
    )
    return [{"said": row[0], "words": row[1], "since": row[2], "gone": row[3]} for row in await cursor.fetchall()]


def _numbers(registration: SupplierRegistration) -> set[str]:
    taxes = {f"tax {compact(each.number)}" for each in registration.tax_numbers}
    return taxes | {f"account {each.routing} {each.compact}" for each in registration.bank_accounts}


def _prints(secret: bytes, keys: Iterable[str]) -> list[int]:
    """Keyed, so that names cannot be guessed from them without the database's key."""
    return sorted({_print(secret, key) for key in keys})


def _print(secret: bytes, text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), key=secret, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
