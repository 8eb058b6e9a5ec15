"""Scheduled operations, laboratory orders and spreadsheets tell what stores will need; levels come as rows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from hilum.canonical import PlannedDemand, ReorderRule
from hilum.connectors import files, mllp
from hilum.errors import HilumError, Invalid, Refused
from hilum.flow import Lookup
from hilum.packs import inventory
from support.doubles import Receiver
from support.projects import target, write_lookup

pytestmark = pytest.mark.req("WF-4")

HEAD = "MSH|^~\\&|OR|HILLSIDE|HUB|HUB|20260301080000||{kind}|C-1|P|2.5.1\r"
SIU = HEAD + (
    "SCH|A-7^OR|OP-77^OR|||||||||^^^20260304083000\r"
    "PID|1||M1^^^HILLSIDE^MR||Sample^Ada\r"
    "RGS|1\rAIS|1||HIP^Hip replacement|20260304083000\rAIS|2||DRAPE^Set\rAIL|1||OR2\r"
)
OML = HEAD + (
    "PID|1||M1^^^HILLSIDE^MR||Sample^Ada\rPV1|1|I|LAB\r"
    "ORC|{control}|L-9\rTQ1|1||||||20260302\rOBR|1|L-9||CRP^C-reactive protein\r"
    "ORC|{control}|L-10\rOBR|1|L-10||XRAY^Thorax\r"
)


@pytest.fixture
def lookups(tmp_path: Any) -> Lookup:
    write_lookup(
        tmp_path, "demand", "code,items\nHIP,STEM-12=1; GLV-M=4 EA\nDRAPE,GLV-M=2; SET=1 BX\nCRP,REAGENT=0.5 ML\n"
    )
    write_lookup(tmp_path, "locations", "code,location\nOR2,STORE-OR\nLAB,STORE-LAB\nW3,WARD-3\n")
    return Lookup(tmp_path / "lookups")


def told(message: str, hub: Lookup, **values: str) -> list[PlannedDemand]:
    flow = inventory.planned(source=mllp.Listener(port=0, accepts=["SIU^S12"]), to=[target(Receiver())])
    body = message.format(**values).encode()
    return [made.thing for made in flow.run(flow.read(body), hub)]


def needs(found: list[PlannedDemand]) -> list[tuple[str, str, Decimal, str]]:
    return [(each.number, each.item, each.quantity, each.unit) for each in found]


def test_an_operation_takes_what_its_procedures_take_together(lookups: Lookup) -> None:
    found = told(SIU, lookups, kind="SIU^S12^SIU_S12")
    assert needs(found) == [("OP-77", "STEM-12", 1, "EA"), ("OP-77", "GLV-M", 6, "EA"), ("OP-77", "SET", 1, "BX")]
    assert {(each.location, each.needed_at) for each in found} == {
        ("STORE-OR", datetime(2026, 3, 4, 8, 30, tzinfo=UTC))
    }
    cancelled = told(SIU, lookups, kind="SIU^S15^SIU_S12")
    assert [each.quantity for each in cancelled] == [0, 0, 0]
    assert [each.business_key for each in cancelled] == [each.business_key for each in found]


def test_a_laboratory_order_takes_reagents_and_other_tests_nothing(lookups: Lookup) -> None:
    found = told(OML, lookups, kind="OML^O21^OML_O21", control="NW")
    assert needs(found) == [("L-9", "REAGENT", Decimal("0.5"), "ML")]
    assert found[0].location == "STORE-LAB"
    assert [each.quantity for each in told(OML, lookups, kind="OML^O21^OML_O21", control="CA")] == [0]


@pytest.mark.parametrize(
    ("message", "kind", "error", "words"),
    [
        (SIU, "SIU^S25^SIU_S12", Refused, "S25"),
        (SIU, "ADT^A01^ADT_A01", Refused, "plans nothing"),
        (SIU.replace("20260304083000", ""), "SIU^S12^SIU_S12", Invalid, "when it is planned"),
        (SIU.replace("A-7^OR|OP-77^OR", "|"), "SIU^S12^SIU_S12", Invalid, "SCH-1"),
        (SIU.replace("AIL|1||OR2", "AIL|1||"), "SIU^S12^SIU_S12", Invalid, "which store"),
    ],
)
def test_what_cannot_be_planned_is_said(
    message: str, kind: str, error: type[HilumError], words: str, lookups: Lookup
) -> None:
    with pytest.raises(error, match=words):
        told(message, lookups, kind=kind)


def test_a_wrong_row_of_the_table_is_named(tmp_path: Any) -> None:
    write_lookup(tmp_path, "demand", "code,items\nHIP,STEM-12 x 2\n")
    with pytest.raises(Invalid, match="lookup table demand, code HIP"):
        told(SIU, Lookup(tmp_path / "lookups"), kind="SIU^S12^SIU_S12")


def row(flow: Any, hub: Lookup, **cells: str) -> Any:
    (made,) = flow.run(flow.read(orjson.dumps(cells)), hub)
    return made.thing


def test_rows_of_plans_and_levels(lookups: Lookup) -> None:
    folder = files.Folder(url="in", split="rows")
    plans = inventory.planned_rows(source=folder, to=[target(Receiver())])
    plan = row(plans, lookups, number="P-1", location="W3", item="GLV", quantity="5", needed_at="2026-03-04T08:00")
    assert plan == PlannedDemand(number="P-1", location="WARD-3", item="GLV", quantity=Decimal(5),
                                 needed_at=datetime(2026, 3, 4, 8, tzinfo=UTC))  # fmt: skip
    levels = inventory.levels(source=folder, to=[target(Receiver())])
    level = row(levels, lookups, location="W3", item="GLV", critical="5", lead_days="2", up_to="", active="no")
    assert level == ReorderRule(location="WARD-3", item="GLV", critical=Decimal(5), lead_days=2, active=False)
    with pytest.raises(Invalid, match="whole days"):
        row(levels, lookups, location="W3", item="GLV", lead_days="1.5")
    with pytest.raises(Invalid, match="ordered at"):
        row(levels, lookups, location="W3", item="GLV", reorder_at="5", up_to="4")
