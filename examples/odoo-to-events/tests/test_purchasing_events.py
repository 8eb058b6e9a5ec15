"""What a change in Odoo becomes, and what is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hilum.canonical import CloudEvent
from hilum.errors import Unmapped
from hilum.testing.flows import load_flow, translate, translate_file

PROJECT = Path(__file__).parent.parent
FLOW = "purchasing.events"


def test_an_order_becomes_an_event_with_the_codes_of_the_hub() -> None:
    (event,) = translate_file(PROJECT, FLOW, "order.json")
    assert isinstance(event, CloudEvent)
    assert (event.type, event.subject) == ("hilum.purchase.order.v1", "P00012")
    assert event.data is not None
    assert (event.data["supplier"], event.data["requisition"]) == ("SUP-1", "REQ-20411")
    (line,) = event.data["lines"]
    assert (line["item"], line["quantity"], line["unit"], line["unit_price"]) == ("GLOVE-M", "12", "BX", "6.25")


def test_a_contact_that_is_no_supplier_is_left_out() -> None:
    change = json.loads((PROJECT / "samples" / "private-contact.json").read_text())
    assert "none of the flow's objects" in load_flow(PROJECT, FLOW).left_out(change)


def test_a_unit_that_nobody_knows_holds_the_change() -> None:
    change = json.loads((PROJECT / "samples" / "order.json").read_text())
    change["values"]["order_line"][0]["product_uom_id"]["name"] = "Crate"
    with pytest.raises(Unmapped, match=r"purchase\.order\.line 31, product_uom_id: .* 'odoo_units' .* 'Crate'"):
        translate(PROJECT, FLOW, json.dumps(change).encode())
