"""DFT messages become charges, and consumption of what is stocked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from packs_support import things

from hilum.canonical import Charge, PatientAccount, SupplyConsumed
from hilum.connectors import mllp
from hilum.errors import Invalid, Refused, Unmapped
from hilum.formats import hl7v2 as hl7
from hilum.packs import inventory

LISTENER = mllp.Listener(port=0, accepts=["DFT^P03"])


@pytest.fixture
def flow(anything):
    return inventory.consumption(source=LISTENER, odoo=None, also=[anything], accounts=False)


def of(kind, made):
    return [thing for thing in made if isinstance(thing, kind)]


@pytest.mark.req("SYS-3")
@pytest.mark.req("MOD-1")
def test_every_line_is_charged_and_stocked_items_leave_the_stock(flow, sample, lookup):
    made = things(flow, sample("charges.hl7"), lookup)
    used = of(SupplyConsumed, made)
    assert [(one.item, one.quantity, one.location, one.unit) for one in used] == [
        ("SUT-3-0", Decimal(2), "STORE-OR", "EA"),
        ("GLOVE-M", Decimal(3), "STORE-OR", "EA"),
        ("SUT-3-0", Decimal(3), "STORE-OR", "EA"),
        ("SUT-3-0", Decimal(-1), "STORE-OR", "EA"),
    ]
    assert {(one.account, one.encounter) for one in made} == {("AC20031", "V30031")}
    assert used[0].used_at == datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
    charges = of(Charge, made)
    assert [(one.item, one.quantity, one.unit_price, one.currency) for one in charges] == [
        ("SUT-3-0", Decimal(2), Decimal("4.25"), "EUR"),
        ("GLOVE-M", Decimal(3), Decimal("0.15"), "EUR"),  # nobody sent a price: that of the table
        ("THEATRE", Decimal(1), Decimal("150.00"), "EUR"),
        ("SUT-3-0", Decimal(3), Decimal("4.25"), "EUR"),  # an extended amount, divided
        ("SUT-3-0", Decimal(-1), Decimal("4.25"), "EUR"),
    ]
    assert {one.service_date for one in charges} == {date(2026, 3, 2)}


def test_a_line_and_its_reversal_are_different_transactions(flow, sample, lookup):
    made = things(flow, sample("charges.hl7"), lookup)
    keys = [one.transaction for one in of(Charge, made)]
    assert keys[0] == "HILLSIDE:OR441-1" and keys[4] == "HILLSIDE:OR441-1:credit"
    assert len(set(keys)) == len(keys)
    assert {one.transaction for one in of(SupplyConsumed, made)} < set(keys)


def test_without_a_transaction_id_account_message_and_line_make_one(flow, edited, lookup):
    made = things(flow, edited("charges.hl7", {"FT1[2]-2": ""}), lookup)
    assert "AC20031:OR000441:2" in [one.transaction for one in made]


def test_the_account_is_written_first_so_that_charges_find_it(anything, sample, lookup):
    flow = inventory.consumption(source=LISTENER, odoo=None, also=[anything])
    made = things(flow, sample("charges.hl7"), lookup)
    assert isinstance(made[0], PatientAccount)
    assert made[0].number == "AC20031" and made[0].person.family == "Fennick"
    # nothing but number, name and facility: an address that the admission wrote stays
    assert made[0].model_dump(exclude_defaults=True).keys() == {"number", "person", "facility"}


@pytest.mark.req("MOD-4")
@pytest.mark.parametrize(
    ("changes", "table", "code"),
    [
        ({"FT1[2]-7": "MESH9"}, "items", "MESH9"),
        ({"FT1-13": "OR9"}, "locations", "OR9"),
        ({"FT1[2]-7": "NOPRICE"}, "items.price", "NOPRICE"),
        ({"FT1[2]-7": "BLANK"}, "items.stocked", "BLANK"),
    ],
)
def test_a_code_without_a_row_is_never_guessed(flow, edited, lookup, changes, table, code):
    with pytest.raises(Unmapped) as caught:
        things(flow, edited("charges.hl7", changes), lookup)
    assert (caught.value.table, caught.value.code) == (table, code)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"FT1[2]-10": "three"}, "FT1[2]-10"),
        ({"FT1[2]-10": ""}, "FT1[2]-10"),
        ({"FT1-10": "0"}, "FT1-10"),
        ({"FT1-12.1.1": "4,25"}, "FT1-12.1.1"),
        ({"FT1-12.1.2": "EURO"}, "FT1"),
        ({"FT1-4": "02/03/2026"}, "FT1-4.1"),
        ({"FT1[3]-7": ""}, "FT1[3]-7"),
        ({"PID-18": "", "PV1-19": ""}, "PID-18"),
    ],
)
def test_what_is_wrong_is_named(flow, edited, lookup, changes, where):
    with pytest.raises(Invalid) as caught:
        things(flow, edited("charges.hl7", changes), lookup)
    assert caught.value.where == where


@pytest.mark.parametrize("kind", ["PY", "AJ", "CO"])
def test_payments_and_adjustments_are_not_charges(flow, edited, lookup, kind):
    with pytest.raises(Refused, match=r"FT1\[2\]-6"):
        things(flow, edited("charges.hl7", {"FT1[2]-6": kind}), lookup)


def test_other_messages_and_empty_ones_are_refused(flow, edited, sample, lookup):
    with pytest.raises(Refused, match="charges only"):
        things(flow, sample("admit.hl7"), lookup)
    msg = hl7.parse(sample("charges.hl7"))
    for line in msg.segments("FT1"):
        msg.remove(line)
    with pytest.raises(Invalid, match="no FT1 segment"):
        things(flow, msg.encode(), lookup)


def test_the_currency_may_be_that_of_the_flow(anything, edited, lookup):
    body = edited("charges.hl7", {"FT1-12": "4.25", "FT1-7": "SUT30"})
    flow = inventory.consumption(source=LISTENER, odoo=None, also=[anything], currency="CHF", accounts=False)
    assert of(Charge, things(flow, body, lookup))[0].currency == "EUR"  # the row of the item has one
    with pytest.raises(Invalid, match="no currency"):
        things(
            inventory.consumption(source=LISTENER, odoo=None, also=[anything], accounts=False),
            edited("charges.hl7", {"FT1-12": "4.25", "FT1-7": "NOPRICE"}),
            lookup,
        )
    flow_chf = things(flow, edited("charges.hl7", {"FT1-12": "4.25", "FT1-7": "NOPRICE"}), lookup)
    assert of(Charge, flow_chf)[0].currency == "CHF"


@pytest.mark.req("MOD-5")
@pytest.mark.parametrize(
    ("pieces", "total", "quantity", "unit_price"),
    [("3", "12.75", "3", "4.25"), ("7", "10.00", "1", "10.00"), ("8", "10", "1", "10"), ("8", "10.00", "8", "1.25")],
)
def test_an_extended_amount_is_charged_to_the_cent(flow, edited, lookup, pieces, total, quantity, unit_price):
    body = edited("charges.hl7", {"FT1[4]-10": pieces, "FT1[4]-11.1.1": total})
    made = things(flow, body, lookup)
    charge = of(Charge, made)[3]
    assert charge.unit_price * charge.quantity == Decimal(total)
    assert (charge.quantity, charge.unit_price) == (Decimal(quantity), Decimal(unit_price))
    assert of(SupplyConsumed, made)[2].quantity == Decimal(pieces)  # the stock goes by pieces all the same
    assert charge.description.startswith(f"{pieces} × ") == (quantity == "1")


def test_the_place_may_be_the_ward_of_the_visit(flow, edited, lookup):
    body = edited("charges.hl7", {"FT1-16.1": "W3"})
    assert things(flow, body, lookup)[0].location == "STORE-W3"
