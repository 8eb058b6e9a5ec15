"""The count: takes in what was noted since the last one, and works out anew the days that it belongs to.

One hub counts at a time, in one transaction: a count that is cut short never was, and is made again. A late fact
changes the figures of its own day. A figure is always worked out of all facts of its day, never added to.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final
from zoneinfo import ZoneInfo

from hilum.canonical import Rebate
from hilum.masterdata.terms.book import Head
from hilum.masterdata.terms.store import latest, rebates
from hilum.observe.indicators.catalogue import INDICATORS, NOTHING, Indicator
from hilum.observe.indicators.stored import Contribution, contributions
from hilum.postgres import Connection, Database

LOCK: Final = 0x48494C49  # "HILI": who counts, or makes a version of a fact table of what was counted
AT_ONCE: Final = 5_000
"""Facts that one count takes in."""

TERMS: Final = "terms"
CLOSED: Final = "closed"
_REBATES: Final = "rebate-accrual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When days are. A day is closed so long after its end; what comes later corrects it."""

    zone: str = "UTC"
    closes_after: timedelta = timedelta(hours=6)

    def today(self, now: datetime | None = None) -> date:
        """The day that it is."""
        return (now or datetime.now(UTC)).astimezone(ZoneInfo(self.zone)).date()

    def first_open(self, now: datetime | None = None) -> date:
        """The first day that is not closed."""
        return self.today((now or datetime.now(UTC)) - self.closes_after)


@dataclass(slots=True)
class _Changed:
    """Which days are to be worked out anew."""

    days: dict[str, set[date]] = field(default_factory=lambda: defaultdict(set))  # by kind
    contracts: dict[str, date] = field(default_factory=dict)  # by number: since which day

    def see(self, rows: Iterable[Sequence[Any]]) -> int:
        """Rows of kind, day and contract; how many they were."""
        number = 0
        for kind, day, contract in rows:
            number += 1
            self.days[kind].add(day)
            if contract:
                self.contracts[contract] = min(day, self.contracts.get(contract, day))
        return number


async def count(database: Database, calendar: Calendar) -> int:
    """Take in all that is new; how many facts that were. 0 also while another hub counts. May be cut short."""
    total = 0
    while True:
        async with database.transaction() as connection:
            found = await count_once(connection, calendar)
        total += found
        if found < AT_ONCE:
            return total
        await asyncio.sleep(0)


async def count_once(connection: Connection, calendar: Calendar, *, at_once: int = AT_ONCE) -> int:
    """Within a transaction: take in what is new, at most so much; how many facts that were."""
    if not await locked(connection):
        return 0
    await set_mark(connection, CLOSED, calendar.first_open().toordinal())
    found = _Changed()
    contracts = await _changed_terms(connection)
    if not contracts and not await _anything(connection):
        return 0
    number = await _take_in(connection, found, calendar, at_once)
    for kind, days in found.days.items():
        for indicator in INDICATORS.values():
            if indicator.kind == kind and indicator.part is not None:
                for day in sorted(days):
                    await _work_out(connection, indicator, day)
    for contract in contracts:
        found.contracts[contract] = date.min
    if found.contracts:
        await _work_out_rebates(connection, found)
    return number


async def forget(connection: Connection, before: date) -> None:
    """Within a transaction: facts and figures of days before this one go. What no count has taken in stays."""
    if await locked(connection):
        for table in ("business_fact", "business_figure", "business_day", "business_table"):
            await connection.execute(f"DELETE FROM {table} WHERE day < %s".encode(), [before])


async def locked(connection: Connection) -> bool:
    """Whether nobody else counts just now; then nobody does until the end of the transaction."""
    cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
    row = await cursor.fetchone()
    return bool(row and row[0])


async def mark(connection: Connection, name: str) -> int:
    """A number that the count keeps; 0: none yet."""
    cursor = await connection.execute("SELECT value FROM business_mark WHERE name = %s", [name])
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def set_mark(connection: Connection, name: str, value: int) -> None:
    """Keep it, where it is another one."""
    await connection.execute(
        "INSERT INTO business_mark (name, value) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE"
        " SET value = excluded.value WHERE business_mark.value <> excluded.value",
        [name, value],
    )


async def _anything(connection: Connection) -> bool:
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM business_fact WHERE counted IS NULL)"
        " OR EXISTS (SELECT FROM business_fact WHERE replaced AND ended IS NULL)"
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _take_in(connection: Connection, found: _Changed, calendar: Calendar, at_once: int) -> int:
    cursor = await connection.execute("INSERT INTO business_count DEFAULT VALUES RETURNING number")
    row = await cursor.fetchone()
    this = int(row[0]) if row else 0
    cursor = await connection.execute(
        "UPDATE business_fact SET counted = %s, day = coalesce(on_day, (at AT TIME ZONE %s)::date) WHERE id IN"
        " (SELECT id FROM business_fact WHERE counted IS NULL ORDER BY id LIMIT %s)"
        " RETURNING kind, day, said ->> 'contract'",
        [this, calendar.zone, at_once],
    )
    number = found.see(await cursor.fetchall())
    cursor = await connection.execute(
        "UPDATE business_fact SET ended = %s WHERE replaced AND ended IS NULL AND counted IS NOT NULL"
        " RETURNING kind, day, said ->> 'contract'",
        [this],
    )
    found.see(await cursor.fetchall())
    rows = [(kind, day, this) for kind, days in sorted(found.days.items()) for day in sorted(days)]
    await connection.cursor().executemany(
        "INSERT INTO business_day (kind, day, count) VALUES (%s, %s, %s) ON CONFLICT (kind, day) DO UPDATE"
        " SET count = excluded.count, changed_at = now()",
        rows,
    )
    return number


async def _work_out(connection: Connection, indicator: Indicator, day: date) -> None:
    await _write(connection, indicator, day, await contributions(connection, indicator, day, day))


async def _work_out_rebates(connection: Connection, found: _Changed) -> None:
    """What a line adds depends on all before it: from the first day that changed on, all are worked out."""
    indicator = INDICATORS[_REBATES]
    since = min(found.contracts.values())
    cursor = await connection.execute(
        "SELECT DISTINCT day FROM business_fact WHERE kind = 'bill_lines' AND day >= %s"
        " AND said ->> 'contract' = ANY(%s)",
        [since, list(found.contracts)],
    )
    days = {row[0] for row in await cursor.fetchall()} | found.days.get(indicator.kind, set())
    if not days:
        return
    by_day: dict[date, list[Contribution]] = defaultdict(list)
    for each in await contributions(connection, indicator, min(days), max(days)):
        by_day[each.counted.day].append(each)
    for day in sorted(days):
        await _write(connection, indicator, day, by_day[day])


async def _changed_terms(connection: Connection) -> set[str]:
    """Contracts whose rebates are others than at the last count. Most changes of terms are of prices alone."""
    now = await latest(connection)
    if now == await mark(connection, TERMS):
        return set()
    await set_mark(connection, TERMS, now)
    said = {head.number: _digest(head, steps) for head, steps in await rebates(connection) if steps}
    cursor = await connection.execute("SELECT contract, said FROM business_rebate")
    before: dict[str, str] = dict(await cursor.fetchall())
    found = {number for number in said.keys() | before.keys() if said.get(number) != before.get(number)}
    if found:
        await connection.execute("DELETE FROM business_rebate WHERE contract = ANY(%s)", [list(found)])
        await connection.cursor().executemany(
            "INSERT INTO business_rebate (contract, said) VALUES (%s, %s)",
            [(number, said[number]) for number in sorted(found & said.keys())],
        )
    return found


def _digest(head: Head, steps: Sequence[Rebate]) -> str:
    words = [head.supplier, head.currency, head.valid_from, head.valid_to, *((s.from_amount, s.percent) for s in steps)]
    return blake2b("\n".join(map(str, words)).encode(), digest_size=16).hexdigest()


async def _write(connection: Connection, indicator: Indicator, day: date, found: Iterable[Contribution]) -> None:
    sums: dict[tuple[str, str, str, str], list[Any]] = {}
    for each in found:
        fact = each.counted.fact
        at = (fact.facility, fact.supplier, fact.category, fact.currency if indicator.of_money else "")
        total = sums.setdefault(at, [NOTHING, NOTHING, 0])
        total[0] += each.part.numerator
        total[1] += each.part.denominator
        total[2] += 1
    await connection.execute("DELETE FROM business_figure WHERE indicator = %s AND day = %s", [indicator.name, day])
    await connection.cursor().executemany(
        "INSERT INTO business_figure (indicator, day, facility, supplier, category, currency, numerator, denominator,"
        " facts) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [[indicator.name, day, *at, *total] for at, total in sorted(sums.items())],
    )
