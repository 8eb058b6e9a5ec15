"""The meter: checks what passes a translation, counts in memory, and writes what it counted every few seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from hilum.ending import Unbroken
from hilum.journal.columns import Texts
from hilum.journal.text import key_of, storable
from hilum.masterdata.quality.rules import EMPTY, UNIQUE, Codes, Rule, holds, value_of
from hilum.masterdata.quality.unique import Claim, taken
from hilum.postgres import Connection, Database

MOST_FINDINGS: Final = 20_000
"""Records in memory of one process between two writes; more are counted and not listed."""

MOST_CLAIMS: Final = 50_000
"""Records of rules `unique` in memory of one process between two writes; of more, nothing is said."""

_Count = tuple[date, str, str, str, str]  # day, object, rule, source, facility
_Finding = tuple[str, str, str, str]  # object, key, rule, source


@dataclass(slots=True)
class _Claimed:
    """A value that must be unique, until it has been compared."""

    value: str = field(repr=False)  # as text; empty: none
    counts: dict[_Count, int]  # how often it was seen, for each count that it belongs to


@dataclass(slots=True)
class _Counted:
    """What was counted since the last write."""

    counts: dict[_Count, list[int]] = field(default_factory=dict)
    findings: dict[_Finding, tuple[str, bool]] = field(default_factory=dict)  # facility, and whether it is wrong now
    claims: dict[Claim, _Claimed] = field(default_factory=dict)

    def count(self, at: _Count, *, checked: int, failed: int) -> None:
        """Add to a count."""
        found = self.counts.setdefault(at, [0, 0])
        found[0] += checked
        found[1] += failed

    def find(self, at: _Finding, facility: str, *, wrong: bool) -> None:
        """This record is wrong now, or is not."""
        if at in self.findings or len(self.findings) < MOST_FINDINGS:
            self.findings[at] = (facility, wrong)

    def claim(self, claim: Claim, value: str, at: _Count) -> None:
        """This record has this value now."""
        known = self.claims.get(claim)
        if known is None:
            if len(self.claims) >= MOST_CLAIMS:
                return
            known = self.claims[claim] = _Claimed(value, {})
        known.value = value
        known.counts[at] = known.counts.get(at, 0) + 1

    def after(self, earlier: _Counted) -> None:
        """What was counted earlier could not be written: it is in here again, and what is newer counts."""
        for at, (checked, failed) in earlier.counts.items():
            self.count(at, checked=checked, failed=failed)
        self.findings = earlier.findings | self.findings
        newer, self.claims = self.claims, dict(earlier.claims)  # whoever was first stays first
        for claim, known in newer.items():
            for at, times in known.counts.items():
                mine = self.claims.setdefault(claim, _Claimed(known.value, {}))
                mine.value = known.value
                mine.counts[at] = mine.counts.get(at, 0) + times


class Meter:
    """Counts of one process. `note` never fails: what is wrong with a rule is no fault of the message."""

    def __init__(self, rules: Mapping[str, Sequence[Rule]] | None = None, codes: Codes | None = None) -> None:
        self._rules = rules or {}
        self._codes = codes
        self._counted = _Counted()
        self._unbroken = Unbroken()

    def note(self, source: str, object_: str, key: str, thing: Any, *, facility: str = "") -> None:
        """One object, by its name (`hilum.item`) and business key; `facility` where it does not say its own."""
        kind = object_.removeprefix("hilum.")
        rules = self._rules.get(kind)
        if not rules:
            return
        said = thing.get("facility", "") if isinstance(thing, Mapping) else getattr(thing, "facility", "")
        place = storable(str(said or facility))[:200]
        day = datetime.now(UTC).date()
        record = key_of(key)
        for rule in rules:
            at = (day, kind, rule.name, source, place)
            value = value_of(rule, thing)
            if rule.check == UNIQUE:
                text = "" if value in EMPTY else str(value)
                self._counted.claim(Claim(kind, rule.field, record), text, at)
                continue
            good = self._holds(rule, value)
            self._counted.count(at, checked=1, failed=int(not good))
            self._counted.find((kind, record, rule.name, source), place, wrong=not good)

    def _holds(self, rule: Rule, value: Any) -> bool:
        try:
            return holds(rule, value, self._codes)
        except Exception:  # noqa: BLE001 - a table that was taken away since the start, a type that fits no check: it does not hold
            return False

    async def flush(self, database: Database) -> None:
        """Write what was counted since the last time, once. Raises `DatabaseUnavailable`, and keeps the counts then."""
        await self._unbroken.run(self._flush(database))

    async def _flush(self, database: Database) -> None:
        counted = self._counted
        if not counted.counts and not counted.claims:
            return
        self._counted = _Counted()
        try:
            async with database.transaction() as connection:
                await _write(connection, await _compared(connection, counted))
        except Exception:
            self._counted.after(counted)
            raise


async def _compared(connection: Connection, counted: _Counted) -> _Counted:
    """With what comes of comparing values that must be unique with those of all other records."""
    if not counted.claims:
        return counted
    twice = await taken(connection, {claim: known.value for claim, known in counted.claims.items()})
    made = _Counted()
    made.after(_Counted(counted.counts, counted.findings))
    for claim, known in counted.claims.items():
        wrong = claim in twice
        for at, times in known.counts.items():
            _, kind, rule, source, place = at
            made.count(at, checked=times, failed=times if wrong else 0)
            made.find((kind, claim.key, rule, source), place, wrong=wrong)
    return made


async def _write(connection: Connection, counted: _Counted) -> None:
    await connection.cursor().executemany(
        "INSERT INTO quality_count AS q (day, object, rule, source, facility, checked, failed)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (day, object, rule, source, facility)"
        " DO UPDATE SET checked = q.checked + excluded.checked, failed = q.failed + excluded.failed",
        [[*at, *count] for at, count in sorted(counted.counts.items())],
    )
    ordered = sorted(counted.findings.items())  # two processes lock in one order
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
