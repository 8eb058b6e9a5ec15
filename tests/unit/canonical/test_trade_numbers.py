"""Numbers of trade: in one form, with the right check digit, and as the crosswalk has them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from hilum import canonical
from hilum.canonical import (
    Customer,
    DeviceIdentifier,
    Facility,
    Issuer,
    Item,
    Location,
    Packing,
    Supplier,
    Warehouse,
    partial,
    read_label,
)
from hilum.canonical.udi import is_udi

pytestmark = pytest.mark.req("MOD-1")

PIECE, BOX = "05412345000044", "15412345000041"
GLOVE = Item(
    code="GLOVE-M",
    title="Glove",
    packings=(Packing(gtin="5412345000044"), Packing(gtin=BOX, unit="BX", quantity=Decimal(100))),
    device=DeviceIdentifier(device="5412345000044"),
    unspsc="4213220300",
    manufacturer="Nitrion",
    manufacturer_item="NX-7",
)


def test_an_item_is_found_by_each_of_its_numbers() -> None:
    assert GLOVE.known_as == (("GTIN", PIECE), ("GTIN", BOX), ("MPN", "Nitrion:NX-7"))
    assert GLOVE.identifiers == ("GLOVE-M", PIECE, BOX, "NX-7")
    assert (GLOVE.gtin, GLOVE.unspsc) == (PIECE, "42132203")
    assert canonical.read(canonical.write(GLOVE)) == GLOVE


def test_an_item_of_a_former_version_is_read() -> None:
    old = b'{"type":"hilum.item","version":"1.0","data":{"code":"A","title":"B","barcode":"123"}}'
    found = canonical.read(old)
    assert isinstance(found, Item)
    assert (found.packings, found.known_as, found.identifiers) == ((), (), ("A", "123"))


def test_a_part_of_an_item_has_the_numbers_that_are_told() -> None:
    assert partial(GLOVE, ["title"]).known_as == ()
    assert partial(GLOVE, ["device"]).known_as == (("GTIN", PIECE),)


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        (Packing, {"gtin": "5412345000045"}),
        (Packing, {"gtin": PIECE, "quantity": "0"}),
        (Packing, {"gtin": 5412345000044}),
        (DeviceIdentifier, {"device": "A123BJC5D6E71"}),
        (DeviceIdentifier, {"device": PIECE, "issuer": "FDA"}),
        (Item, {"code": "A", "title": "B", "unspsc": "42002203"}),
    ],
)
def test_a_number_that_is_none_is_refused_and_not_shown(kind: type[Any], members: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        kind(**members)
    assert "450" not in str(caught.value).replace("https://", "")


@pytest.mark.parametrize("kind", [Customer, Facility, Location, Supplier, Warehouse])
def test_places_and_parties_have_a_gln_whose_check_digit_is_right(kind: type[Any]) -> None:
    zone = {"zone": "Europe/Brussels"} if kind is Facility else {}
    made = kind(code="HILL", title="Hillside", gln="541-2345-00001-3", **zone)
    assert made.gln == "5412345000013"
    assert made.identifiers == ("HILL", "5412345000013")
    with pytest.raises(ValidationError, match="check digit"):
        kind(code="HILL", title="Hillside", gln="5412345000014", **zone)


@pytest.mark.parametrize(
    ("text", "known", "tracked"),
    [
        (f"(01){PIECE}(17)280131(10)L1(21)S9", ("GTIN", PIECE), "S9"),
        (f"]d201{PIECE}1728013110L1", ("GTIN", PIECE), "L1"),
        ("+A123BJC5D6E71G", ("UDI", "A123BJC5D6E71"), ""),
        ("=/A9999XYZ100T0944=,000025", ("UDI", "A9999XYZ100T0944"), "000025"),
    ],
)
def test_a_label_says_which_device_and_which_piece(text: str, known: tuple[str, str], tracked: str) -> None:
    assert is_udi(text)
    label = read_label(text, year=2026)
    assert (label.known_as, label.tracked_as) == (known, tracked)
    if "17" in text[:24]:
        assert label.expires_on == date(2028, 1, 31)
    again = canonical.SupplyConsumed(transaction="T", item="I", quantity=Decimal(1), location="L", device=label)
    assert canonical.read(canonical.write(again)) == again


@pytest.mark.parametrize("code", ["GLV-M", "4711", "0105", "+32 2 555", "(01)", "=SUM(A1)", ""])
def test_a_code_of_a_hospital_is_no_label(code: str) -> None:
    assert not is_udi(code)


def test_all_issuers_are_known() -> None:
    assert [each.value for each in Issuer] == ["GS1", "HIBCC", "ICCBBA"]
