"""Partial objects: what is left out is not told, on every way to a receiver."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest
from pydantic import ValidationError

from hilum import canonical
from hilum.canonical import Address, Item, Money, StockLevel, Supplier, identity_of, partial, partial_of, told
from hilum.connectors.encoding import encode

pytestmark = pytest.mark.req("MD-1")

SUPPLIER = Supplier(
    code="S-1", title="Gloves Ltd", phone="", email="a@example.test", address=Address(city="Northfield")
)


def test_what_identifies_an_object_is_what_its_key_reads() -> None:
    assert identity_of(SUPPLIER) == {"code"}
    level = StockLevel(count="C", item="I", location="L", quantity=Decimal(1))
    assert identity_of(level) == {"count", "item", "location", "lot"}


def test_told_is_what_the_maker_gave() -> None:
    assert told(SUPPLIER) == {
        "title": "Gloves Ltd",
        "phone": "",
        "email": "a@example.test",
        "address": {**Address(city="Northfield").model_dump(mode="json")},
    }


def test_a_partial_object_is_of_its_kind_and_says_only_what_is_kept() -> None:
    some = partial(SUPPLIER, {"phone"})
    assert isinstance(some, Supplier)
    assert some.business_key == "S-1"
    assert some.phone == ""
    assert some.title is None
    assert some.active is None
    assert dict(told(some)) == {"phone": ""}


def test_it_comes_through_writing_and_reading_as_it_was() -> None:
    some = partial(SUPPLIER, {"phone", "address"})
    again = canonical.read(canonical.write(some))
    assert again == some
    assert isinstance(again, Supplier)
    assert again.left_out == some.left_out
    assert again.address == SUPPLIER.address


def test_a_receiver_over_http_gets_only_what_is_told() -> None:
    assert orjson.loads(encode(partial(SUPPLIER, {"phone"})).body) == {"code": "S-1", "phone": ""}


def test_a_whole_object_is_written_as_before() -> None:
    assert "partial" not in orjson.loads(canonical.write(SUPPLIER))
    assert canonical.read(canonical.write(SUPPLIER)) == SUPPLIER


def test_values_in_force_make_an_object_again() -> None:
    item = Item(code="I-1", title="Glove", cost=Money(amount=Decimal("1.20"), currency="EUR"))
    made = partial_of(item, {"cost": told(item)["cost"]})
    assert made.cost == item.cost
    assert made.title is None
    with pytest.raises(ValidationError):
        partial_of(item, {"cost": "nothing"})


def test_a_part_of_a_part_is_a_part_of_the_whole() -> None:
    assert partial(partial(SUPPLIER, {"phone", "title"}), {"title"}) == partial(SUPPLIER, {"title"})
