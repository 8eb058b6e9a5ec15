"""Devices that are used are known by their labels: which item, which lot or serial number; two names must agree."""

from __future__ import annotations

from datetime import date

import pytest
from packs_support import SAMPLES, things

from hilum.canonical import Issuer, SupplyConsumed
from hilum.connectors import mllp
from hilum.errors import Invalid, Unmapped
from hilum.flow import Lookup
from hilum.formats import hl7v2 as hl7
from hilum.packs import inventory

LISTENER = mllp.Listener(port=0, accepts=["DFT^P03"])
GTIN = "05412345000068"
LABEL = f"(01){GTIN}(17)280131(10)LOT-7(21)SN-4711"

pytestmark = [pytest.mark.req("MOD-1")]


class Linked:
    """A crosswalk of one device."""

    def __init__(self, number: str = GTIN, item: str = "MESH-15", system: str = "GTIN") -> None:
        self.known = {("item", system, number, "HUB"): item}

    def golden(self, object_: str, system: str, identifier: str) -> str:
        raise Unmapped(f"crosswalk of {object_}: {system}", identifier)

    def id(self, object_: str, system: str, identifier: str, to: str) -> str:
        if (found := self.known.get((object_, system, identifier, to))) is None:
            raise Unmapped(f"crosswalk of {object_}: {system} to {to}", identifier)
        return found


@pytest.fixture
def lookup(tmp_path):
    for path in (SAMPLES / "lookups").glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    rows = "code,item,description,stocked,unit,price,currency,tracking\n"
    rows += "MESH-15,MESH-15,Hernia mesh,yes,EA,310.10,EUR,serial\nMESH-L,MESH-15,,yes,EA,1,EUR,lot\n"
    rows += f"SUT30,SUT-3-0,,yes,EA,1,EUR,\n{GTIN[:-1]}9,OTHER,,yes,EA,2,EUR,\n"
    (tmp_path / "items.csv").write_text(rows)
    made = Lookup(tmp_path)
    made.identifiers = Linked()
    return made


@pytest.fixture
def used(anything, lookup):
    flow = inventory.consumption(source=LISTENER, odoo=None, also=[anything], accounts=False)

    def run(code: str, *segments: str) -> SupplyConsumed:
        head = (SAMPLES / "charges.hl7").read_bytes().decode().split("\r")[:4]
        line = f"FT1|1|OR441-1||20260302102000||CG|{code}|||1|||OR2"
        made = things(flow, "\r".join([*head, line, *segments, ""]).encode(), lookup)
        return next(thing for thing in made if isinstance(thing, SupplyConsumed))

    return run


PRT = f"PRT|1|UC||EQUIP||||||{LABEL}"


@pytest.mark.parametrize(
    ("code", "segments"),
    [
        ("", [PRT]),
        ("", [f"OBX|1|ST|74711-3^Unique device identifier^LN||{LABEL}"]),
        (LABEL, []),
        ("MESH-15", [PRT, "OBX|1|NM|8867-4^Heart rate^LN||61"]),
    ],
)
def test_the_label_says_which_item_and_which_piece(used, code, segments):
    one = used(code, *segments)
    assert (one.item, one.lot) == ("MESH-15", "SN-4711")
    assert one.device is not None
    assert (one.device.issuer, one.device.device, one.device.lot) == (Issuer.GS1, GTIN, "LOT-7")
    assert one.device.expires_on == date(2028, 1, 31)
    assert {GTIN, "LOT-7", "SN-4711"} <= set(one.identifiers)


def test_the_table_says_what_the_stock_is_kept_by(used):
    assert used("MESH-L", PRT).lot == "LOT-7"


def test_a_device_may_be_a_row_of_the_table_too(used, lookup):
    number = GTIN[:-1] + "9"
    lookup.identifiers = Linked("+nothing")
    with pytest.raises(Unmapped) as caught:
        used("", PRT)
    assert (caught.value.table, caught.value.code) == ("crosswalk of item: GTIN to HUB", GTIN)
    assert lookup.item(number, by="GTIN") == "OTHER"


def test_hibc_and_isbt_labels_are_read_as_well(used, lookup):
    lookup.identifiers = Linked("A123BJC5D6E71", system="UDI")
    one = used("", "PRT|1|UC||EQUIP||||||+A123BJC5D6E71G")
    assert one.device is not None
    assert (one.item, one.device.issuer) == ("MESH-15", Issuer.HIBCC)


def test_code_and_label_must_name_one_item(used):
    with pytest.raises(Invalid, match="different items") as caught:
        used("SUT30", PRT)
    assert caught.value.where == "FT1-7"


def test_a_code_is_enough_where_nobody_numbered_the_device(used, lookup):
    lookup.identifiers = Linked("+nothing")
    assert used("SUT30", PRT).item == "SUT-3-0"


@pytest.mark.parametrize(
    ("segments", "words"),
    [
        ([PRT, PRT.replace("4711", "4712")], "several devices"),
        ([PRT.replace(GTIN, GTIN[:-1] + "1")], "check digit of the GTIN"),
    ],
)
def test_a_wrong_label_holds_the_message_and_is_not_shown(used, segments, words):
    with pytest.raises(Invalid, match=words) as caught:
        used("MESH-15", *segments)
    assert "4711" not in str(caught.value)


def test_a_sample_of_old_senders_is_read_as_before(used):
    one = used("SUT30")
    assert (one.item, one.lot, one.device) == ("SUT-3-0", None, None)
    assert hl7.parse((SAMPLES / "charges.hl7").read_bytes()).segments("PRT") == []
