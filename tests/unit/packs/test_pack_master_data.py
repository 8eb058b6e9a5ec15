"""Spreadsheets of items, locations, suppliers and counts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest
from packs_support import Rows, things

from hilum.canonical import Money, Tracking
from hilum.errors import Invalid, Unmapped
from hilum.packs import inventory, procurement

ITEM = {"code": "GLOVE-M", "title": "Glove medium", "unit": "EA", "cost": "0.065", "price": "0.15", "currency": "eur"}
COUNT = {"count": "C1", "item": "GLV-M", "location": "W3", "quantity": "40", "counted_at": "2026-03-01T06:00"}


@pytest.fixture
def run(anything, lookup):
    def one(pack, row):
        (made,) = things(pack(source=Rows(), odoo=None, also=[anything]), orjson.dumps(row), lookup)
        return made

    return one


@pytest.mark.req("MOD-1")
def test_a_row_becomes_an_item(run):
    item = run(inventory.items, ITEM | {"tracking": "Lot", "stocked": "", "supplier": "SUP-MEDQ"})
    assert (item.code, item.unit, item.stocked, item.tracking) == ("GLOVE-M", "EA", True, Tracking.LOT)
    assert item.cost == Money(amount=Decimal("0.065"), currency="EUR")
    assert item.barcode is None and item.supplier == "SUP-MEDQ"
    assert run(inventory.items, ITEM | {"stocked": "no"}).stocked is False


@pytest.mark.req("MOD-1")
def test_a_row_becomes_a_location_a_supplier_a_count(run):
    location = run(inventory.locations, {"code": "STORE-OR", "title": "Theatre store", "facility": "HILLSIDE"})
    assert (location.code, location.parent) == ("STORE-OR", None)
    supplier = run(procurement.suppliers, {"code": "SUP-1", "title": "Medquarry", "country": "BE", "active": "no"})
    assert supplier.address is not None and supplier.address.country == "BE"
    assert supplier.active is False
    count = run(inventory.counts, COUNT)
    assert (count.item, count.location, count.quantity) == ("GLOVE-M", "STORE-W3", Decimal(40))
    assert count.counted_at == datetime(2026, 3, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pack", "row", "words"),
    [
        (inventory.items, ITEM | {"title": " "}, "item GLOVE-M, title: must not be empty"),
        (inventory.items, {"title": "Glove"}, "item, code: the file has no such column"),
        (inventory.items, ITEM | {"cost": "1,20"}, "item GLOVE-M, cost: write a number"),
        (inventory.items, ITEM | {"cost": "nan"}, "item GLOVE-M, cost: write a number"),
        (inventory.items, ITEM | {"currency": ""}, "item GLOVE-M, currency"),
        (inventory.items, ITEM | {"currency": "EURO"}, "item GLOVE-M, cost: currency"),
        (inventory.items, ITEM | {"stocked": "maybe"}, "item GLOVE-M, stocked: write yes or no"),
        (inventory.items, ITEM | {"tracking": "batch"}, "item GLOVE-M, tracking: write none, lot or serial"),
        (inventory.counts, COUNT | {"quantity": "-1"}, "count C1, quantity: a count cannot"),
        (inventory.counts, COUNT | {"quantity": ""}, "count C1, quantity: write a number"),
        (procurement.suppliers, {"code": "S", "title": "T", "country": "Belgium"}, "supplier S: country"),
    ],
)
def test_a_wrong_cell_is_named(run, pack, row, words):
    with pytest.raises(Invalid, match=words):
        run(pack, row)


@pytest.mark.req("MOD-4")
@pytest.mark.parametrize(("column", "table"), [("item", "items"), ("location", "locations")])
def test_a_count_of_something_unknown_is_never_guessed(run, column, table):
    with pytest.raises(Unmapped) as caught:
        run(inventory.counts, COUNT | {column: "WHO-KNOWS"})
    assert caught.value.table == table


@pytest.mark.req("MOD-1")
def test_a_row_carries_the_numbers_of_trade(run):
    item = run(
        inventory.items,
        ITEM
        | {"gtin": "5412345000044", "gtin2": "15412345000041", "unit2": "BX", "quantity2": "100"}
        | {"unspsc": "42132203", "manufacturer": "Nitrion", "manufacturer_item": "NX-7", "udi": "5412345000044"},
    )
    assert [(each.gtin, each.unit, each.quantity) for each in item.packings] == [
        ("05412345000044", "EA", Decimal(1)),
        ("15412345000041", "BX", Decimal(100)),
    ]
    assert item.known_as == (("GTIN", "05412345000044"), ("GTIN", "15412345000041"), ("MPN", "Nitrion:NX-7"))
    assert item.unspsc == "42132203"
    hibc = run(inventory.items, ITEM | {"udi": "A123BJC5D6E71", "udi_issuer": "hibcc"})
    assert hibc.known_as == (("UDI", "A123BJC5D6E71"),)
    place = {"code": "STORE", "title": "Store", "gln": "5412345000020"}
    assert run(inventory.locations, place).gln == run(procurement.suppliers, place).gln == "5412345000020"


@pytest.mark.req("MOD-1")
@pytest.mark.parametrize(
    ("pack", "row", "words"),
    [
        (inventory.items, ITEM | {"gtin": "5412345000045"}, "item GLOVE-M, gtin: gtin: .*check digit"),
        (inventory.items, ITEM | {"gtin2": "15412345000041"}, "item GLOVE-M, unit2"),
        (inventory.items, ITEM | {"gtin2": "15412345000041", "unit2": "BX", "quantity2": "0"}, "gtin2: quantity"),
        (inventory.items, ITEM | {"unspsc": "4213220"}, "item GLOVE-M: unspsc: .*8 digits"),
        (inventory.items, ITEM | {"udi": "123"}, "item GLOVE-M, udi: .*GTIN has"),
        (inventory.items, ITEM | {"udi": "1", "udi_issuer": "FDA"}, "item GLOVE-M, udi: issuer"),
        (inventory.locations, {"code": "S", "title": "T", "gln": "5412345000021"}, "location S: gln: .*check digit"),
    ],
)
def test_a_wrong_number_is_named_and_not_shown(run, pack, row, words):
    with pytest.raises(Invalid, match=words) as caught:
        run(pack, row)
    assert "4500" not in str(caught.value)
