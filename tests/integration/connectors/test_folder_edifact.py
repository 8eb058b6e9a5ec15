"""EDIFACT files: a message or an interchange is a unit, and what is incomplete is named."""

from __future__ import annotations

from typing import Any

import pytest

from hilum.connectors.encoding import encode
from hilum.connectors.files.splitting import Shape, splitter
from hilum.connectors.files.units import Flaw, Unit
from hilum.formats import FORMATS

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]

DATA = (
    b"UNA:+.? '\nUNB+UNOC:3+A+B+260304:1011+1'\nUNH+1+ORDERS:D:96A:UN'\nBGM+220+P1+9'\nUNT+3+1'\n"
    b"UNH+2+ORDERS:D:96A:UN'\nBGM+220+P2+9'\nUNT+8+2'\nUNZ+2+1'\n"
    b"UNB+UNOC:3+A+B+260304:1011+2'\nUNH+1+ORDERS:D:96A:UN'\nBGM+220+P3+9'\nUNT+3+1'\n"
)


def parts(split: Any, chunk: int) -> list[Unit | Flaw]:
    own = splitter(Shape(split=split, max_unit=1 << 20, max_file=1 << 20))
    found = [part for at in range(0, len(DATA), chunk) for part in own.feed(DATA[at : at + chunk])]
    return [*found, *own.finish()]


@pytest.mark.parametrize("chunk", [1, 100, 1 << 20])
def test_messages_are_units_and_faults_are_flaws(chunk: int) -> None:
    found = parts("edifact", chunk)
    read = [FORMATS["edifact"](each.body) for each in found if isinstance(each, Unit)]
    assert [(each["BGM-02"], each.envelope.interchange) for each in read] == [("P1", "1"), ("P3", "2")]
    assert [(each.number, each.reason.partition(":")[0]) for each in found if isinstance(each, Flaw)] == [
        (2, "UNT-01 (segment 3)"),
        (0, "UNZ"),
    ]
    assert encode(read[0]).content_type == "application/edifact"


@pytest.mark.parametrize("chunk", [1, 100, 1 << 20])
def test_interchanges_are_units(chunk: int) -> None:
    found = parts("edifact-interchange", chunk)
    read = [FORMATS["edifact-interchange"](each.body) for each in found if isinstance(each, Unit)]
    assert [len(each.messages) for each in read] == [2, 1]
    assert b"".join(each.encode() for each in read).strip() == DATA.strip()
