"""What comes in becomes uses of implants and moves of consigned stock."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hilum.canonical import ConsignmentMoved, ImplantUsed, Lot, PatientAccount
from hilum.errors import Invalid
from hilum.simulator.theatre import IMPLANTS, Theatre, Troubles, catalogue_csv
from hilum.testing.flows import translate, translate_file

PROJECT = Path(__file__).parent.parent


def rows(sample: str) -> Iterator[bytes]:
    with (PROJECT / "samples" / sample).open(newline="") as file:
        yield from (json.dumps(row).encode() for row in csv.DictReader(file))


def test_a_charge_with_a_label_is_a_use() -> None:
    account, used = translate_file(PROJECT, "theatre.charges", "used.hl7")
    assert isinstance(account, PatientAccount) and isinstance(used, ImplantUsed)
    assert (used.item, used.lot, used.consigned, used.location) == ("HIP-STEM-12", "L0011", False, "STORE-OR")


@pytest.mark.parametrize("event", list(Theatre(operations=3, troubles=Troubles(unknown=0.5)).events()))
def test_whatever_the_simulated_theatre_tells_is_read(event) -> None:
    made = translate(PROJECT, "theatre.charges", event.body)
    assert [type(each) for each in made] == [PatientAccount, ImplantUsed]


def test_records_and_deliveries_are_read() -> None:
    used = [each for row in rows("usage.csv") for each in translate(PROJECT, "theatre.records", row)]
    assert [(each.case, each.item, each.consigned) for each in used] == [
        ("OP-4711", "HIP-STEM-12", False),
        ("OP-4711", "HIP-CUP-52", True),
    ]
    came = [each for row in rows("consigned.csv") for each in translate(PROJECT, "suppliers.consigned", row)]
    assert [type(each) for each in came] == [Lot, ConsignmentMoved] * 2
    assert (came[3].supplier, came[3].quantity, came[3].lot) == ("SUP-ORTHO", 2, "L0022")


def test_a_delivery_of_nothing_is_refused() -> None:
    row = {"delivery": "D", "supplier": "S", "location": "L", "item": "I", "lot": "1", "quantity": "0"}
    with pytest.raises(Invalid, match="quantity"):
        translate(PROJECT, "suppliers.consigned", json.dumps(row).encode())


def test_the_list_of_items_is_that_of_the_simulated_suppliers() -> None:
    assert (PROJECT / "lookups" / "items.csv").read_text() == catalogue_csv(IMPLANTS)
