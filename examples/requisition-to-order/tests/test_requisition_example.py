"""What comes in becomes requisitions, and what goes back is what the portal reads."""

from __future__ import annotations

import runpy
from decimal import Decimal
from pathlib import Path

import pytest

from hilum.canonical import Requisition, RequisitionDecision
from hilum.errors import Invalid, Unmapped
from hilum.flow import load_project
from hilum.testing.flows import translate, translate_file

PROJECT = Path(__file__).parent.parent


def test_what_the_portal_posts_is_a_requisition() -> None:
    (asked,) = translate_file(PROJECT, "buying.portal", "submitted.json")
    assert isinstance(asked, Requisition)
    assert (asked.number, asked.requested_by, asked.department) == ("REQ-1", "eve", "OR")
    assert [(line.item, line.quantity, line.unit) for line in asked.lines] == [("GLV-M", Decimal(10), "EA")]


def test_heads_decide_in_the_portal() -> None:
    told = b'{"id": "2", "event": "approved", "number": "REQ-1", "step": "head", "by": "ada"}'
    assert translate(PROJECT, "buying.portal", told) == [
        RequisitionDecision(requisition="REQ-1", step="head", by="ada", approved=True)
    ]
    with pytest.raises(Invalid):
        translate(PROJECT, "buying.portal", told.replace(b"approved", b"eaten"))


def test_a_spreadsheet_is_a_requisition() -> None:
    (asked,) = translate_file(PROJECT, "buying.sheets", "requisition.csv")
    assert (asked.number, asked.requested_by, asked.deliver_to) == ("WARD3-17", "mia", "STORE-OR")
    sheet = (PROJECT / "samples" / "requisition.csv").read_bytes()
    with pytest.raises(Unmapped):
        translate(PROJECT, "buying.sheets", sheet.replace(b"SUT-3", b"SUT-9"))


def test_what_is_made_up_around_the_hub_can_be_made_up() -> None:
    """Nobody else imports it in the quick tests: it uses what the simulated month uses."""
    names = runpy.run_path(str(PROJECT / "simulate.py"), run_name="simulate")
    assert [story.order for story in names["STORIES"]] == ["REQ-1-R1", "WARD3-17-R1"]
    assert isinstance(names["Suppliers"].missing, property), "what its loop asks"


def test_a_supplier_that_is_blocked_is_known_to_who_orders() -> None:
    master = load_project(PROJECT).flows["buying.master"]
    assert "terms.suppliers" in {target.endpoint for target in master.every_target}
