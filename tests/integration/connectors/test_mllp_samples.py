"""The MLLP listener with the HL7 v2 messages that real systems make."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mllp_wire import framed, hub, message, wire

SAMPLES = os.environ.get("HILUM_SAMPLES", "")

pytestmark = [
    pytest.mark.req("SYS-3"),
    pytest.mark.skipif(not SAMPLES, reason="HILUM_SAMPLES does not name a directory of sample messages"),
]


async def test_every_sample_is_taken_unchanged_or_refused_in_words() -> None:
    paths = sorted(path for path in (Path(SAMPLES) / "hl7v2").rglob("*") if path.is_file())
    assert paths
    taken = refused = 0
    for number, path in enumerate(paths):
        content = path.read_bytes()
        async with hub() as side, wire(side.listener) as line:
            await line.send(framed(content.replace(b"\x0b", b"").replace(b"\x1c", b""), message(number)))
            while (answer := await line.answer())[2:3] != [f"C{number}"]:
                assert answer[1] in ("AA", "CA") or answer[3], path.name
                refused += answer[1] in ("AR", "CR")
            assert all(each.body in content for each in side.taken[:-1]), path.name
            taken += len(side.taken) - 1
    assert taken > 100
    assert refused < taken / 10
