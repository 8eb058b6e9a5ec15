"""The meter: checks what passes a translation, counts in memory, and writes what it counted every few seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from hilum.journal.columns import Texts
from hilum.journal.text import key_of, storable
from hilum.masterdata.quality.rules import Codes, Rule, State, holds
from hilum.postgres import Connection, Database

MOST_FINDINGS: Final = 20_000
"""Records in memory of one process between two writes; more are counted and not listed."""

_Count = tuple[date, str, str, str, str]  # day, object, rule, source, facility
_Finding = tuple[str, str, str, str]  # object, key, rule, source


class Meter:
    """Counts of one process. `note` never fails: what is wrong with a rule is no fault of the message."""

    def __init__(self, rules: Mapping[str, Sequence[Rule]] | None = None, codes: Codes | None = None) -> None:
        self._rules = rules or {}
        self._state = State(codes)
        self._counts: dict[_Count, list[int]] = {}
        self._findings: dict[_Finding, tuple[str, bool]] = {}  # facility, and whether it is wrong now

    def note(self, source: str, object_: str, key: str, thing: Any) -> None:
        """One object, by its name (`hilum.item`) and business key."""
        kind = object_.removeprefix("hilum.")
        rules = self._rules.get(kind)
        if not rules:
            return
        facility = thing.get("facility", "") if isinstance(thing, Mapping) else getattr(thing, "facility", "")
        place = storable(str(facility or ""))[:200]
        day = datetime.now(UTC).date()
        record = key_of(key)
        for rule in rules:
            name = rule.name
            try:
                good = holds(rule, thing, key, self._state)
            except Exception:  # noqa: BLE001 - a table that was taken away since the start, a type that fits no check: it does not hold
                good = False
            count = self._counts.setdefault((day, kind, name, source, place), [0, 0])
            count[0] += 1
            count[1] += not good
            finding = (kind, record, name, source)
            if finding in self._findings or len(self._findings) < MOST_FINDINGS:
                self._findings[finding] = (place, not good)

    async def flush(self, database: Database) -> None:
        """Write what was counted since the last time. Raises `DatabaseUnavailable`, and keeps the counts then."""
        counts, findings = self._counts, self._findings
        if not counts:
            return
        self._counts, self._findings = {}, {}
        try:
            async with database.transaction() as connection:
                await _write(connection, counts, findings)
        except BaseException:
            for at, (checked, failed) in counts.items():
                there = self._counts.setdefault(at, [0, 0])
                there[0] += checked
                there[1] += failed
            self._findings = findings | self._findings
            raise


async def _write(
    connection: Connection, counts: Mapping[_Count, Sequence[int]], findings: Mapping[_Finding, tuple[str, bool]]
) -> None:
    await connection.cursor().executemany(
        "INSERT INTO quality_count AS q (day, object, rule, source, facility, checked, failed)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (day, object, rule, source, facility)"
        " DO UPDATE SET checked = q.checked + excluded.checked, failed = q.failed + excluded.failed",
        [[*at, *count] for at, count in sorted(counts.items())],
    )
    ordered = sorted(findings.items())  # two processes lock in one order
    wrong = [(*at, facility) for at, (facility, bad) in ordered if bad]
    right = [at for at, (_, bad) in ordered if not bad]
    # one statement each: there are as many findings as records, times their rules
    if wrong:
        await connection.execute(
            "INSERT INTO quality_finding AS q (object, key, rule, source, facility)"
            " SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"
            " ON CONFLICT (object, key, rule, source) DO UPDATE SET last_seen = now(), seen = q.seen + 1,"
            " facility = excluded.facility",
            [Texts(column) for column in zip(*wrong, strict=True)],
        )
    if right:
        await connection.execute(
            "WITH mended AS (SELECT q.object, q.key, q.rule, q.source FROM quality_finding q"
            "  JOIN unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS t (object, key, rule, source)"
            "  USING (object, key, rule, source) ORDER BY 1, 2, 3, 4 FOR UPDATE OF q)"
            " DELETE FROM quality_finding q USING mended m WHERE q.object = m.object AND q.key = m.key"
            " AND q.rule = m.rule AND q.source = m.source",
            [Texts(column) for column in zip(*right, strict=True)],
        )
