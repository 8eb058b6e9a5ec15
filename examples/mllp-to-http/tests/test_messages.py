"""Each sample becomes the JSON document that lies beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hilum.testing.flows import load_flow, translate_file

PROJECT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["admit", "charge"])
def test_a_sample_becomes_its_document(name: str) -> None:
    made = translate_file(PROJECT, "messages.forward", f"{name}.hl7")
    assert made == [json.loads((PROJECT / "samples" / f"{name}.json").read_text())]


def test_order_and_repetition_are_recognised() -> None:
    flow = load_flow(PROJECT, "messages.forward")
    admit, charge = (flow.read((PROJECT / "samples" / f"{name}.hl7").read_bytes()) for name in ("admit", "charge"))
    assert flow.ordering_key(admit) == flow.ordering_key(charge) == "MR10007"
    assert flow.dedup_key(admit) and flow.dedup_key(admit) != flow.dedup_key(charge)
