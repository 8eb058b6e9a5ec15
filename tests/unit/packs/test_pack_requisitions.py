"""Requisitions from HL7 v2 orders and spreadsheets become one purchase order per supplier."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import orjson
import pytest
from packs_support import Rows, WholeFiles, things

from hilum.canonical import PurchaseOrder, Requisition
from hilum.connector import Outgoing, Target
from hilum.connectors import mllp
from hilum.errors import Invalid, Refused, Unmapped
from hilum.formats import read_delimited
from hilum.packs import procurement

LISTENER = mllp.Listener(port=0, accepts=["ORM^O01"])


@pytest.fixture
def anything(anything):
    """Takes orders only, as Odoo does."""
    return replace(anything, accepts=(PurchaseOrder,))


@pytest.fixture
def flow(anything):
    return procurement.requisitions(source=LISTENER, odoo=None, also=[anything], report_to=[anything])


@pytest.fixture
def files(anything):
    return procurement.requisitions_csv(source=WholeFiles(), odoo=None, also=[anything])


@pytest.mark.req("SYS-9")
@pytest.mark.req("MOD-1")
def test_an_order_message_becomes_an_order_per_supplier(flow, sample, lookup):
    gloves, sutures = things(flow, sample("requisition.hl7"), lookup)
    assert (gloves.number, gloves.supplier, gloves.requisition) == ("RQ7001-SUP-MEDQ", "SUP-MEDQ", "RQ7001")
    assert (sutures.number, sutures.supplier) == ("RQ7001-SUP-STITCH", "SUP-STITCH")
    assert gloves.deliver_to == "STORE-W3" and gloves.confirm
    assert gloves.ordered_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    (line,) = gloves.lines
    assert (line.number, line.item, line.quantity, line.unit) == (1, "GLOVE-M", Decimal(20), "BX")
    assert (line.unit_price, line.needed_by) == (Decimal("6.50"), date(2026, 3, 6))
    assert (sutures.lines[0].number, sutures.lines[0].unit) == (2, "EA")  # both groups say RQD-1 is 1


def test_the_sender_hears_what_became_of_it(flow):
    assert [target.endpoint for target in flow.report_targets] == ["test"]


@pytest.mark.req("MOD-1")
def test_a_target_that_takes_requisitions_gets_them_too(anything, sample, lookup):
    listening = Target(endpoint="events", encode=lambda thing: Outgoing(body=b"{}"), accepts=(Requisition,))
    flow = procurement.requisitions(source=LISTENER, odoo=None, also=[anything, listening])
    requisition, *orders = things(flow, sample("requisition.hl7"), lookup)
    assert (requisition.number, requisition.department, requisition.requested_by) == ("RQ7001", "W3", "88")
    assert requisition.urgent and len(requisition.lines) == len(orders) == 2


def test_a_spreadsheet_may_say_that_it_is_urgent(anything, sample, lookup):
    listening = Target(endpoint="events", encode=lambda thing: Outgoing(body=b"{}"))
    flow = procurement.requisitions_csv(source=WholeFiles(), odoo=None, also=[listening])
    body = b"".join(
        line + (b",urgent" if number == 0 else b",yes" if number == 3 else b",") + b"\n"
        for number, line in enumerate(sample("requisitions.csv").splitlines())
    )
    found = [thing for thing in things(flow, body, lookup) if isinstance(thing, Requisition)]
    assert [(one.number, one.urgent) for one in found] == [("RQ8001", False), ("RQ8002", True)]


@pytest.mark.parametrize("control", ["CA", "XO", "DC"])
def test_changes_and_cancellations_wait_for_a_buyer(flow, edited, lookup, control):
    with pytest.raises(Refused, match="A buyer does that"):
        things(flow, edited("requisition.hl7", {"ORC-1": control}), lookup)


def test_an_order_for_a_service_is_not_bought(flow, edited, sample, lookup):
    with pytest.raises(Refused, match="nothing to buy"):
        things(flow, sample("requisition.hl7").replace(b"RQD|", b"OBR|").replace(b"RQ1|", b"NTE|"), lookup)
    with pytest.raises(Refused, match="no supply order"):
        things(flow, sample("admit.hl7"), lookup)


@pytest.mark.req("MOD-4")
@pytest.mark.parametrize(
    ("changes", "table", "code"),
    [
        ({"RQD-2": "MESH9"}, "items", "MESH9"),
        ({"RQ1-4": "WHO"}, "suppliers", "WHO"),
        ({"RQD-6": "CRATE"}, "units", "CRATE"),
        ({"RQD-9": "OR9"}, "locations", "OR9"),
        ({"RQD[2]-2": "THEATRE"}, "items.supplier", "THEATRE"),
    ],
)
def test_a_code_without_a_row_is_never_guessed(flow, edited, lookup, changes, table, code):
    with pytest.raises(Unmapped) as caught:
        things(flow, edited("requisition.hl7", changes), lookup)
    assert (caught.value.table, caught.value.code) == (table, code)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"RQD[2]-5": "some"}, "RQD[2]-5"),
        ({"RQD[2]-5": ""}, "RQD[2]-5"),
        ({"RQD-5": "-2"}, "RQD"),
        ({"RQD-2": ""}, "RQD"),
        ({"RQD-10": "soon"}, "RQD-10"),
        ({"ORC[2]-4": "", "ORC[2]-2": ""}, "ORC[2]-2"),
    ],
)
def test_what_is_wrong_is_named(flow, edited, lookup, changes, where):
    with pytest.raises(Invalid) as caught:
        things(flow, edited("requisition.hl7", changes), lookup)
    assert caught.value.where == where


@pytest.mark.req("SYS-9")
def test_a_file_becomes_an_order_per_requisition_and_supplier(files, sample, lookup):
    made = things(files, sample("requisitions.csv"), lookup)
    assert [(order.number, [line.item for line in order.lines]) for order in made] == [
        ("RQ8001-SUP-MEDQ", ["GLOVE-M"]),
        ("RQ8001-SUP-STITCH", ["SUT-3-0"]),
        ("RQ8002-SUP-MEDQ", ["GLOVE-M"]),
    ]
    assert made[0].lines[0].unit == "BX"  # the unit in which the table says it is ordered
    assert made[0].lines[0].needed_by == date(2026, 3, 9)
    assert made[2].ordered_at == datetime(2026, 3, 2, 9, 5, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.req("SYS-9")
def test_a_row_becomes_an_order_of_its_own(anything, sample, lookup):
    flow = procurement.requisitions_csv(source=Rows(), odoo=None, also=[anything], confirm=False)
    rows = [row for _, row in read_delimited(sample("requisitions.csv"))]
    made = [order for row in rows for order in things(flow, orjson.dumps(row), lookup)]
    assert [order.number for order in made] == ["RQ8001-1", "RQ8001-2", "RQ8002-1"]
    assert not any(order.confirm for order in made)
    assert flow.ordering_key(rows[1]) == "RQ8001"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"RQ8001,2,", b"RQ8001,1,", "the same line number twice"),
        (b"RQ8001,2,", b"RQ8001,two,", "row 2, line: write a number"),
        (b"RQ8001,2,", b"RQ8001,2.5,", "row 2, line: write a whole number"),
        (b"RQ8001,2,", b",2,", "row 2, requisition: must not be empty"),
        (b"SUT30,4", b"SUT30,0", "row 2: the quantity must be more than 0"),
        (b"2026-03-09", b"09.03.2026", "row 1, needed_by: write a date"),
        (b"2026-03-02T09:05+01:00", b"morning", "row 3, requested_at: write a time"),
        (b"requisition,line", b"number,line", "row 1, requisition: the file has no such column"),
    ],
)
def test_a_wrong_row_is_named(files, sample, lookup, old, new, words):
    with pytest.raises(Invalid, match=words):
        things(files, sample("requisitions.csv").replace(old, new), lookup)


def test_a_file_without_rows_is_told(files, lookup):
    with pytest.raises(Invalid, match="no requisition"):
        things(files, b"requisition,line,item,quantity\n", lookup)
    assert files.ordering_key(b"") == ""
