"""How many megabytes of X12 a core takes apart: transaction sets out of chunks, opened, some elements of each read.

    python -m bench x12

Three kinds of files: invoices and orders of half a kilobyte each, orders of 100 lines, one claim file of 300 KB in
which every claim is read. Processor time, medians of repeats. Beside them, where it is installed, the reader of pyx12,
which does less: it splits segments and finds no transaction sets.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bench import reading
from hilum.formats import x12
from hilum.formats.x12 import documents

TARGET = 20.0  # megabytes in a second of one core
SIZE = 8_000_000  # bytes of each file
LARGE = 200_000_000  # bytes of the file whose memory is looked at

PARTNER = x12.Partner(name="bench", ours=x12.Party(id="US"), theirs=x12.Party(id="THEM"))
FIELDS = tuple(map(x12.field, ("ST-01", "ST-02", "BEG-03", "PO1-02", "PO1[2]-04", "GS-06")))


def order(lines: int) -> x12.Draft:
    """An order of so many lines, with a description each."""
    return documents.draft_order(
        documents.Order(
            number="PO-4711",
            ordered_on=date(2026, 3, 4),
            currency="USD",
            parties=(documents.NamedParty(role="ST", name="HILLTOP RECEIVING", qualifier="92", id="DOCK2"),),
            lines=tuple(
                documents.OrderedLine(
                    number=str(number),
                    quantity=Decimal(40),
                    unit="BX",
                    price=Decimal("12.50"),
                    ids=(("IN", f"GLV-{number}"), ("VN", f"GC-{number}")),
                    description="GLOVES, STERILE, SIZE M",
                )
                for number in range(1, lines + 1)
            ),
        )
    )


def chunks(draft: x12.Draft, size: int, each: int = 50) -> Iterator[bytes]:
    """A file of interchanges of `each` such transaction sets, at least `size` bytes."""
    numbers = x12.Numbers(1, 1)
    one = x12.build(PARTNER, [draft] * each, numbers=numbers, at=datetime(2026, 3, 4, 10, 11)).encode()
    return reading.chunks(one, size)


def read(data: list[bytes]) -> None:
    """Split into transaction sets, open each, read six elements."""
    for transaction in x12.transaction_sets(data):
        for field in FIELDS:
            field(transaction)


def read_lines(data: list[bytes]) -> None:
    """The same, and every line of each order."""
    for transaction in x12.transaction_sets(data):
        for line in transaction.segments("PO1"):
            line.decimal("02")


def split(data: list[bytes]) -> None:
    """Split into transaction sets alone."""
    for _ in x12.transaction_sets(data):
        pass


def judge(data: list[bytes]) -> None:
    """Check every segment and element, for a 997."""
    for interchange in x12.interchanges(data):
        for group in interchange.groups:
            x12.judge(group)


def peer(data: list[bytes]) -> None:
    """pyx12: its reader of segments."""
    from pyx12.x12file import X12Reader  # type: ignore[import-not-found]  # only where somebody installed it

    for segment in X12Reader(io.StringIO(b"".join(data).decode())):
        segment.get_value("02")


def hold(data: Iterable[bytes]) -> None:
    """Split, and look at all of each."""
    for transaction in x12.transaction_sets(data):
        _ = transaction.raw


def run() -> list[dict[str, Any]]:
    """Measure; one row for each figure, in megabytes a second."""
    small, large = list(chunks(order(4), SIZE)), list(chunks(order(100), SIZE))
    rows = []
    for name, function, data, target in (
        ("X12 orders of 4 lines: split, six elements", read, small, TARGET),
        ("X12 orders of 100 lines: split, six elements", read, large, TARGET),
        ("X12 orders of 100 lines: split, each line's quantity", read_lines, large, TARGET),
        ("X12 split into transaction sets alone", split, large, 0.0),
        ("X12 check of every segment and element", judge, large[: len(large) // 8], 0.0),
    ):
        rate = reading.rate(function, data)
        row: dict[str, Any] = {"name": name, "median": round(rate, 1), "unit": "MB/s"}
        rows.append(row | ({"target": f"≥ {target:g} MB/s", "reached": rate >= target} if target else {}))
    with suppress(ImportError):  # it is no dependency: `pip install pyx12` to compare
        rows.append({"name": "pyx12: segments alone", "median": round(reading.rate(peer, large, 1), 2), "unit": "MB/s"})
    rows.append(
        {
            "name": f"X12 file of {LARGE / 1e6:g} MB: memory at most",
            "median": round(reading.peak(hold, chunks(order(100), LARGE)), 2),
            "unit": "MB",
        }
    )
    return rows
