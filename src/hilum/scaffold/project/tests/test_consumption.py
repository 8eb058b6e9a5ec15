"""What the consumption flow makes of the sample messages. Run it with: pytest"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from hilum.errors import Unmapped
from hilum.testing.flows import translate_file

PROJECT = Path(__file__).parent.parent


def test_each_stocked_item_becomes_a_consumption() -> None:
    made = translate_file(PROJECT, "supply.consumption", "supplies-used.hl7")
    assert [(used.item, used.quantity, used.location) for used in made] == [
        ("GLOVE-M", Decimal(4), "STORE-OR"),
        ("SUT-3-0", Decimal(2), "STORE-OR"),
        ("SUT-3-0", Decimal(-1), "STORE-OR"),
    ]


def test_an_item_that_nobody_mapped_holds_the_message() -> None:
    with pytest.raises(Unmapped, match=r"'items'.*'MESH9'"):
        translate_file(PROJECT, "supply.consumption", "unknown-item.hl7")
