"""External identifiers: stable, readable, different for different keys, and always something that Odoo takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.connectors.odoo import external_id

KEYS = st.text(min_size=1, max_size=200)


def test_a_plain_key_stays_readable_with_its_case() -> None:
    assert external_id("item", "GLV-01_b") == "hilum.item_GLV-01_b"
    assert external_id("item", "glv-01_B") == "hilum.item_glv-01_B"
    assert external_id("order", "4711", prefix="clinic") == "clinic.order_4711"


def test_an_identifier_never_changes() -> None:
    # records in customers' databases carry these for ever
    assert external_id("account", "A 4711/01") == "hilum.account_A_4711_01__f1fca12854347890"


@pytest.mark.parametrize(
    ("one", "other"),
    [("A B", "A_B"), ("A/B", "A.B"), ("a", "A"), ("é", "e"), ("x" * 200, "x" * 201), ("A B", "A  B")],
)
def test_awkward_keys_do_not_collide(one: str, other: str) -> None:
    assert external_id("item", one) != external_id("item", other)


def test_a_key_that_looks_like_a_hashed_one_does_not_meet_it() -> None:
    hashed = external_id("item", "A B")
    assert external_id("item", hashed.removeprefix("hilum.item_")) != hashed


@given(KEYS, KEYS)
def test_different_keys_have_different_identifiers(one: str, other: str) -> None:
    assert (external_id("charge", one) == external_id("charge", other)) == (one == other)


@given(KEYS)
def test_odoo_takes_every_identifier(key: str) -> None:
    xml_id = external_id("charge", key)
    assert re.fullmatch(r"hilum\.charge_[A-Za-z0-9_-]+", xml_id)
    assert len(xml_id) < 100


@pytest.mark.parametrize(("kind", "key"), [("order_line", "1"), ("", "1"), ("Item", "1"), ("item", "")])
def test_kind_and_key_cannot_run_into_each_other(kind: str, key: str) -> None:
    with pytest.raises(ValueError, match="external identifier needs"):
        external_id(kind, key)
