"""Evidence: a month's acts, links and checkpoints as JSON lines that anybody can verify elsewhere, without a database.

The first line says what it is. Then, for each month, come a line `month`, its checkpoints, its acts in the order of the
chain, and the acts that were not linked yet. Times are microseconds since 1970; hashes are hexadecimal.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from hilum.errors import SettingsError
from hilum.journal.audit.chain import VERSION, Act, Link
from hilum.journal.audit.checkpoints import Checkpoint, Trust, checkpoint_from, stored, with_file
from hilum.journal.audit.reading import linked_rows, months, reading, unlinked_acts
from hilum.journal.audit.sealing import as_micros
from hilum.journal.audit.verification import LATE_SECONDS, ChainCheck, MonthReport, Row
from hilum.postgres import Database

_KIND = "hilum.audit"

_PORTION = 1_000


async def export(database: Database, only: str = "") -> AsyncIterator[bytes]:
    """The lines, in portions. `only`: one month, as `2026-11`. Raises `DatabaseUnavailable`."""
    yield _line({"kind": _KIND, "version": VERSION, "at": as_micros(datetime.now(UTC))})
    async with reading(database) as connection:
        for month in await months(connection):
            if not month.startswith(only):
                continue
            yield _line({"kind": "month", "month": month})
            for checkpoint in await stored(connection, month):
                yield _line({"kind": "checkpoint", **checkpoint.as_json()})
            async for rows in linked_rows(connection, month):
                yield b"".join(_row_line(row) for row in rows)
            for act in await unlinked_acts(connection, month):
                yield _line({"kind": "unlinked", **act._asdict()})


def _row_line(row: Row) -> bytes:
    link = row.link._asdict() | {"hash": row.link.hash.hex()}
    return _line({"kind": "act", "link": link, "act": row.act._asdict() if row.act else None})


def _line(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value) + b"\n"


def verify_file(
    lines: BinaryIO, trusted: Iterable[bytes], *, checkpoints: Path | None = None, late: float = LATE_SECONDS
) -> list[MonthReport]:
    """Check an export, and a file of checkpoints if there is one. Raises `SettingsError`, `OSError`."""
    trust, reports = Trust(trusted), list[MonthReport]()
    parsed = _parsed(lines)
    if next(parsed, {}).get("kind") != _KIND:
        raise SettingsError("This is no export of an audit; make one with: hilum audit export")
    check: _Month | None = None
    try:
        for line in parsed:
            if line["kind"] == "month":
                if check is not None:
                    reports.append(check.end())
                check = _Month(str(line["month"]), trust, checkpoints, late)
            elif check is not None:
                check.take(line)
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError("The export has a line that is none of its kinds; it is damaged.") from error
    if check is not None:
        reports.append(check.end())
    return [report for report in reports if report.links or report.unlinked or report.first]


def _parsed(lines: BinaryIO) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise SettingsError(f"Line {number} of the export is no JSON; it is damaged.") from None
        if isinstance(found, dict):
            yield found


class _Month:
    """One month of an export while it is read: first its checkpoints, then its links."""

    def __init__(self, month: str, trust: Trust, file: Path | None, late: float) -> None:
        self._month, self._trust, self._file, self._late = month, trust, file, late
        self._checkpoints: list[Checkpoint] = []
        self._check: ChainCheck | None = None
        self._rows: list[Row] = []
        self._unlinked = 0

    def take(self, line: dict[str, Any]) -> None:
        """The next line. Raises `KeyError`, `TypeError` or `ValueError` where it is none."""
        if line["kind"] == "checkpoint":
            self._checkpoints.append(checkpoint_from(line))
        elif line["kind"] == "act":
            link = Link(**(line["link"] | {"hash": bytes.fromhex(line["link"]["hash"])}))
            self._rows.append(Row(link, Act(**line["act"]) if line["act"] is not None else None))
            if len(self._rows) >= _PORTION:
                self._feed()
        else:
            self._unlinked += 1

    def _feed(self) -> ChainCheck:
        if self._check is None:
            if self._file is not None:
                self._checkpoints = with_file(self._checkpoints, self._month, self._file)
            self._check = ChainCheck(self._month, self._checkpoints, self._trust, late_seconds=self._late)
        self._check.feed(self._rows)
        self._rows = []
        return self._check

    def end(self) -> MonthReport:
        """The month is over."""
        report = self._feed().end()
        report.unlinked = self._unlinked
        return report
