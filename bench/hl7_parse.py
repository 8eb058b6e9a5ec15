"""How long parsing an HL7 v2 message of 1 KB and reading ten of its fields takes, beside python-hl7.

    python -m bench.hl7_parse

Both do the same: bytes in, ten values out, nothing kept from the round before. Processor time, and medians of repeats
that alternate between the two, so that what else runs on the machine weighs little and on both alike.
"""

from __future__ import annotations

import json
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import hl7 as peer

from hilum.formats import hl7v2 as hl7

TARGET_MICROSECONDS = 12.0
TARGET_RATIO = 25.0

REPEATS = 15
ROUNDS = 1000  # of ours in one repeat
PEER_ROUNDS = 40  # fewer, for it takes longer

MESSAGE = (
    "\r".join(
        (
            "MSH|^~\\&|OR|HILLTOP|HILUM|HUB|20260304101112+0100||DFT^P03^DFT_P03|OR-000001|P|2.5.1|||AL|NE",
            "EVN|P03|20260304101110|||317^Brandt^Ingrid",
            "PID|1||70001^^^HILLTOP^MR~A-55^^^NATIONAL^NI||Okafor^Lena^Q^^Ms||19840229|F|||12 Quarry Lane^^Northfield"
            "^^4711^DE||^PRN^PH^^^555^0100|||M||ACC-900^^^HILLTOP^AN",
            "PV1|1|I|OR2^T1^1^HILLTOP||||317^Brandt^Ingrid^^^Dr|||SUR||||1|||317^Brandt^Ingrid^^^Dr|IN|V-4711^^^HILLTOP^VN"
            "|||||||||||||||||||||||||20260304060000",
            "FT1|1|||20260304094500||CG|SUT-40^Suture 4-0 absorbable^L|||4|12.50&EUR|||||OR2^T1|||||317^Brandt^Ingrid",
            "FT1|2|||20260304095000||CG|GLV-M^Gloves, sterile, M^L|||2|1.20&EUR|||||OR2^T1|||||317^Brandt^Ingrid",
            "FT1|3|||20260304100500||CG|MSH-15^Hernia mesh 15 cm^L|||1|310.00&EUR|||||OR2^T1|||||317^Brandt^Ingrid",
            "NTE|1||Mesh trimmed to 12 by 10 cm; the rest was discarded.|RE",
            "DG1|1||K40.90^Inguinal hernia, unilateral^I10||20260301|A",
            "PR1|1||49505^Repair inguinal hernia^C4||20260304091500||55|GEN^General|||317^Brandt^Ingrid",
            "ZFT|3|LOT-2291^20280131|SN-000118|(01)04012345678901(17)280131(10)LOT-2291",
        )
    )
    + "\r"
).encode()

# Path for ours; segment, occurrence, field, repetition, component for the peer.
PATHS: tuple[tuple[str, tuple[str, int, int, int, int]], ...] = (
    ("MSH-10", ("MSH", 1, 10, 1, 1)),
    ("MSH-9.2", ("MSH", 1, 9, 1, 2)),
    ("PID-3.1", ("PID", 1, 3, 1, 1)),
    ("PID-5.1", ("PID", 1, 5, 1, 1)),
    ("PID-5.2", ("PID", 1, 5, 1, 2)),
    ("PID-18.1", ("PID", 1, 18, 1, 1)),
    ("PV1-3.1", ("PV1", 1, 3, 1, 1)),
    ("FT1-7.1", ("FT1", 1, 7, 1, 1)),
    ("FT1-10", ("FT1", 1, 10, 1, 1)),
    ("FT1[3]-7.1", ("FT1", 3, 7, 1, 1)),
)
FIELDS = tuple(hl7.field(path) for path, _ in PATHS)


def ours() -> list[str]:
    """Parse and read ten fields."""
    message = hl7.parse(MESSAGE)
    return [field(message) for field in FIELDS]


def theirs() -> list[str]:
    """The same with python-hl7."""
    message = peer.parse(MESSAGE.decode())
    return [message.extract_field(*place) for _, place in PATHS]


def parse_only() -> object:
    """Parse alone."""
    return hl7.parse(MESSAGE)


def answer() -> bytes:
    """Parse and make the acknowledgement."""
    return hl7.acknowledge(hl7.parse(MESSAGE), "AA").encode()


def _microseconds(function: Callable[[], object], rounds: int) -> float:
    start = time.process_time_ns()
    for _ in range(rounds):
        function()
    return (time.process_time_ns() - start) / rounds / 1000


def run() -> list[dict[str, Any]]:
    """Measure; one row for each figure, times in microseconds."""
    warnings.simplefilter("ignore", DeprecationWarning)
    if ours() != theirs():
        raise AssertionError("the two do not read the same values")
    taken: dict[Callable[[], object], list[float]] = {ours: [], theirs: [], parse_only: [], answer: []}
    for function in taken:
        _microseconds(function, PEER_ROUNDS)
    for _ in range(REPEATS):
        for function, times in taken.items():
            times.append(_microseconds(function, PEER_ROUNDS if function is theirs else ROUNDS))
    median = {function: statistics.median(times) for function, times in taken.items()}
    ratio = median[theirs] / median[ours]
    common = {"unit": "µs", "bytes": len(MESSAGE)}
    return [
        {
            "name": "HL7 v2 parse and 10 fields, 1 KB",
            "median": round(median[ours], 2),
            "peer median": round(median[theirs], 1),
            "ratio": round(ratio, 1),
            "target": f"≤ {TARGET_MICROSECONDS:g} µs and ≥ {TARGET_RATIO:g} × python-hl7",
            "reached": median[ours] <= TARGET_MICROSECONDS and ratio >= TARGET_RATIO,
            **common,
        },
        {"name": "HL7 v2 parse alone", "median": round(median[parse_only], 2), **common},
        {"name": "HL7 v2 parse, acknowledge, encode", "median": round(median[answer], 2), **common},
    ]


def _table(rows: Sequence[dict[str, Any]]) -> str:
    columns = ("name", "median", "unit", "peer median", "ratio", "target")
    lines = [[str(row.get(column, "")) for column in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in (columns, *lines))


if __name__ == "__main__":
    results = run()
    print(json.dumps(results, ensure_ascii=False))
    print(_table(results))
