"""Examples that a message exists for are what the real flows make of it; the others say that they are made by hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from hilum import canonical
from hilum.canonical import BusinessObject
from hilum.canonical.origins import BY_HAND

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.req("MOD-1")


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("derive_examples", ROOT / "scripts" / "derive_examples.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()
DERIVED: dict[str, BusinessObject] = {thing.name: thing for thing in SCRIPT.derived()}


@pytest.mark.parametrize("name", sorted(canonical.ORIGINS))
def test_the_message_makes_the_example(name: str) -> None:
    assert DERIVED[name] == canonical.example(canonical.BY_NAME[name]), "run scripts/derive_examples.py"
    origin = canonical.ORIGINS[name]
    assert origin.message in canonical.told_origin(name)
    assert origin.by in SCRIPT.OF
    assert origin.text().strip()


def test_every_message_is_used_and_every_other_example_is_made_by_hand() -> None:
    there = {path.name for path in SCRIPT.MESSAGES.iterdir() if path.is_file() and path.suffix}
    assert there == {origin.message for origin in canonical.ORIGINS.values()}
    assert set(canonical.ORIGINS) < set(canonical.BY_NAME)
    by_hand = {name for name in canonical.BY_NAME if canonical.told_origin(name) == BY_HAND}
    assert by_hand == canonical.BY_NAME.keys() - canonical.ORIGINS.keys()


def test_an_example_shows_the_numbers_of_trade() -> None:
    item = DERIVED["hilum.item"]
    used = DERIVED["hilum.supply.consumed"]
    assert isinstance(item, canonical.Item) and isinstance(used, canonical.SupplyConsumed)
    assert [system for system, _ in item.known_as] == ["GTIN", "GTIN", "MPN"]
    assert used.device is not None and used.lot == used.device.lot == "M771"
