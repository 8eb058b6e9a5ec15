"""What the pharmacy dispenses leaves its stock."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from packs_support import things

from hilum.connectors import mllp
from hilum.errors import Invalid, Refused, Unmapped
from hilum.packs import inventory


@pytest.fixture
def flow(anything):
    source = mllp.Listener(port=0, accepts=["RDS^O13"])
    return inventory.dispensing(source=source, store="STORE-PHARM", odoo=None, also=[anything])


@pytest.mark.req("SYS-5")
def test_each_dispense_leaves_the_pharmacy(flow, sample, lookup):
    gloves, sutures = things(flow, sample("dispense.hl7"), lookup)
    assert (gloves.transaction, gloves.item, gloves.quantity) == ("HILLSIDE:RX-88:1", "GLOVE-M", Decimal(20))
    assert (gloves.location, gloves.unit, gloves.lot) == ("STORE-PHARM", "EA", None)
    assert (gloves.account, gloves.encounter) == ("AC20031", "V30031")
    assert gloves.used_at == datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
    # without a prescription number the filler's order number; with its lot
    assert (sutures.transaction, sutures.lot) == ("HILLSIDE:DSP9002:2", "LOT-44")


@pytest.mark.parametrize("control", ["CA", "DC", "XO"])
def test_a_cancelled_dispense_waits_for_a_person(flow, edited, lookup, control):
    with pytest.raises(Refused, match=r"ORC\[2\]-1"):
        things(flow, edited("dispense.hl7", {"ORC[2]-1": control}), lookup)


@pytest.mark.req("MOD-4")
def test_an_unknown_medicine_is_never_guessed(flow, edited, lookup):
    with pytest.raises(Unmapped, match="'items' has no row for the code 'XYZ'"):
        things(flow, edited("dispense.hl7", {"RXD-2": "XYZ"}), lookup)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"RXD-2": ""}, "RXD-2"),
        ({"RXD-4": ""}, "RXD-4"),
        ({"RXD-4": "-1"}, "RXD-4"),
        ({"RXD[2]-4": "one"}, "RXD[2]-4"),
        ({"RXD[2]-3": "now"}, "RXD[2]-3"),
        ({"ORC[2]-3": ""}, "RXD[2]-7"),
    ],
)
def test_what_is_wrong_is_named(flow, edited, lookup, changes, where):
    with pytest.raises(Invalid) as caught:
        things(flow, edited("dispense.hl7", changes), lookup)
    assert caught.value.where == where


def test_other_messages_are_refused(flow, sample, lookup):
    with pytest.raises(Refused, match="dispenses only"):
        things(flow, sample("charges.hl7"), lookup)
    with pytest.raises(Invalid, match="no order"):
        things(flow, sample("dispense.hl7").replace(b"RXD|", b"NTE|"), lookup)
