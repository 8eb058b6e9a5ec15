"""How many megabytes of EDIFACT a core takes apart: messages out of chunks, opened, some elements and each line read.

    python -m bench edifact

Orders of 4 and of 100 lines, with and without released characters. Processor time, medians of repeats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from bench import reading
from hilum.formats import edifact

SIZE = 2_000_000  # bytes of each file
LARGE = 20_000_000  # bytes of the file whose memory is looked at

PARTNER = edifact.Partner(name="bench", ours=edifact.Party(id="US"), theirs=edifact.Party(id="THEM"))
FIELDS = tuple(map(edifact.field, ("UNH-01", "BGM-02", "LIN[2]-03", "QTY[2]-01.2", "UNB-05")))


def order(lines: int, words: str = "GLOVES, STERILE, SIZE M") -> edifact.Draft:
    """An order of so many lines, with a description each."""
    rows: list[Any] = [("BGM", "220", "PO-4711", "9"), ("DTM", ["137", "20260304", "102"]), ("CUX", ["2", "EUR", "9"])]
    for number in range(1, lines + 1):
        rows += [
            ("LIN", number, None, [f"40000010{number:05d}", "EN"]), ("PIA", "1", [f"GLV-{number}", "IN"]),
            ("IMD", "F", None, [None, None, None, words]), ("QTY", ["21", Decimal(40), "BX"]),
            ("PRI", ["AAA", Decimal("12.50")]),
        ]  # fmt: skip
    return edifact.Draft("ORDERS:D:96A:UN", [*rows, ("UNS", "S")])


def chunks(draft: edifact.Draft, size: int, each: int = 50) -> Iterator[bytes]:
    """A file of interchanges of `each` such messages, at least `size` bytes."""
    one = edifact.build(PARTNER, [draft] * each, reference="1", at=datetime(2026, 3, 4, 10, 11)).encode()
    return reading.chunks(one, size)


def split(data: list[bytes]) -> None:
    """Split into messages alone."""
    for _ in edifact.messages(data):
        pass


def read(data: list[bytes]) -> None:
    """Split into messages, open each, read five elements."""
    for message in edifact.messages(data):
        for field in FIELDS:
            field(message)


def read_documents(data: list[bytes]) -> None:
    """The same, and quantity and price of every line, typed."""
    for message in edifact.messages(data):
        for line in edifact.read_document(message).lines:
            line.quantity("21"), line.price("AAA")


def hold(data: Iterable[bytes]) -> None:
    """Split, and look at all of each."""
    for message in edifact.messages(data):
        _ = message.raw


def run() -> list[dict[str, Any]]:
    """Measure; one row for each figure, in megabytes a second."""
    small, large = list(chunks(order(4), SIZE)), list(chunks(order(100), SIZE))
    typed = list(chunks(order(100), SIZE // 4))
    released = list(chunks(order(100, "GLOVES + MASKS, SIZE: 7'8"), SIZE // 4))
    rows: list[dict[str, Any]] = [
        {"name": name, "median": round(reading.rate(function, data), 1), "unit": "MB/s"}
        for name, function, data in (
            ("EDIFACT split into messages alone", split, large),
            ("EDIFACT orders of 4 lines: split, five elements", read, small),
            ("EDIFACT orders of 100 lines: split, five elements", read, large),
            ("EDIFACT orders of 100 lines: each line, typed", read_documents, typed),
            ("EDIFACT the same with released characters", read_documents, released),
        )
    ]
    name = f"EDIFACT file of {LARGE / 1e6:g} MB: memory at most"
    rows.append({"name": name, "median": round(reading.peak(hold, chunks(order(100), LARGE)), 2), "unit": "MB"})
    return rows
