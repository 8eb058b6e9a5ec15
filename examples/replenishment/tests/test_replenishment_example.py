"""What comes in becomes levels, plans and facts."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

from hilum.canonical import PlannedDemand, ReorderRule
from hilum.testing.flows import translate, translate_file

PROJECT = Path(__file__).parent.parent


def test_a_planned_operation_takes_what_the_table_says() -> None:
    found = translate_file(PROJECT, "stores.planned", "planned.hl7")
    assert [(type(each), each.location, each.item, each.quantity) for each in found] == [
        (PlannedDemand, "STORE-OR", "STEM-12", Decimal(1)),
        (PlannedDemand, "STORE-OR", "GLV-M", Decimal(10)),
    ]


def test_rows_of_levels_are_read() -> None:
    with (PROJECT / "samples" / "levels.csv").open(newline="") as file:
        found = [
            each
            for row in csv.DictReader(file)
            for each in translate(PROJECT, "stores.levels", json.dumps(row).encode())
        ]
    assert [type(each) for each in found] == [ReorderRule] * 2
    assert [(each.item, each.reorder_at, each.critical) for each in found] == [
        ("GLV-M", Decimal(20), Decimal(5)),
        ("STEM-12", Decimal(1), Decimal(1)),
    ]


def test_a_run_has_a_name() -> None:
    (due,) = translate(PROJECT, "stores.runs", b'{"run": "2026-03-02"}')
    assert due.run == "2026-03-02"
