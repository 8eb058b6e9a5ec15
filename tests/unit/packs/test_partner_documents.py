"""What partners send that is no answer: orders that somebody makes for us, uses out of a supplier's stock, changes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import LineAnswer, OrderAcknowledgement, OrderLine, PurchaseOrder, SupplyConsumed
from hilum.flow import Lookup
from hilum.formats import edifact, x12
from hilum.formats.x12 import documents
from hilum.packs.procurement import edifact_answers, x12_orders, x12_shipping
from hilum.packs.procurement.partner_documents import Reading, from_edifact, from_x12
from hilum.partners import Profile, Settled, load_partners

pytestmark = pytest.mark.req("SYS-10", "SYS-9")

AT = datetime(2026, 3, 4, 10, tzinfo=UTC)
PROFILE = """
name = "Gloves Ltd"
supplier = "S-200"
format = "{format}"
items = "as_sent"
[{format}]
ours = {{ id = "HILLTOP" }}
theirs = {{ id = "GLOVECO" }}
"""
ORDER = PurchaseOrder(
    number="PO-1", supplier="S-200", currency="EUR", deliver_to="W7",
    lines=(OrderLine(number=1, item="GLV", quantity=Decimal(3), unit="BX", unit_price=Decimal("8.20")),),
)  # fmt: skip


def reading(folder: Path, format: str) -> tuple[Profile, Reading]:
    (folder / "gloveco.toml").write_text(PROFILE.format(format=format))
    profile = load_partners(folder)["gloveco"]
    return profile, Reading(profile, Lookup())


def x12_read(folder: Path, draft: Any) -> list[Any]:
    profile, found = reading(folder, "x12")
    assert profile.x12 is not None
    sent = x12.build(profile.x12, [draft(profile.x12)], numbers=x12.Numbers(1, 1), at=AT)
    (transaction,) = x12.transaction_sets([sent.encode()])
    return list(from_x12(transaction, found))


def test_an_850_is_an_order_that_somebody_makes_for_us(tmp_path: Path) -> None:
    def draft(partner: x12.Partner) -> x12.Draft:
        made = x12_orders.order_to_x12(ORDER, partner, ordered_on=date(2026, 3, 4))
        assert isinstance(made, documents.Order)
        return documents.draft_order(made)

    (found,) = x12_read(tmp_path, draft)
    assert isinstance(found, PurchaseOrder)
    assert found.model_copy(update={"ordered_at": None}) == ORDER


def test_an_867_is_what_was_used_where(tmp_path: Path) -> None:
    use = SupplyConsumed(transaction="T-1", item="GLV", quantity=Decimal(2), unit="BX", location="W7", used_at=AT)

    def draft(partner: x12.Partner) -> x12.Draft:
        made = x12_shipping.used_to_x12([use], partner, number="R-1", reported_on=date(2026, 3, 4))
        return documents.draft_resale_report(made)

    (found,) = x12_read(tmp_path, draft)
    assert isinstance(found, SupplyConsumed)
    assert (found.item, found.quantity, found.unit, found.location) == ("GLV", 2, "BX", "W7")


def edifact_read(folder: Path, order: PurchaseOrder) -> list[Any]:
    profile, found = reading(folder, "edifact")
    assert profile.edifact is not None
    draft = edifact_answers.order_to_edifact(order, profile.edifact, ordered_on=date(2026, 3, 4))
    sent = edifact.build(profile.edifact, [draft], reference="1", at=AT)
    assert edifact.judge(sent).accepted
    return list(from_edifact(sent.messages[0], found))


def test_orders_in_edifact_too(tmp_path: Path) -> None:
    (found,) = edifact_read(tmp_path, ORDER)
    assert isinstance(found, PurchaseOrder)
    assert found.lines == ORDER.lines


def test_a_change_that_the_supplier_makes_goes_to_the_running_order_as_its_answer_would(tmp_path: Path) -> None:
    (found,) = edifact_read(tmp_path, ORDER.model_copy(update={"revision": 1}))
    assert isinstance(found, OrderAcknowledgement)
    assert (found.order, [(each.number, each.item, each.quantity) for each in found.lines]) == ("PO-1", [(1, "GLV", 3)])


ANSWER = "UNB+UNOC:3+GLOVECO+HILLTOP+260304:1011+1'UNH+1+ORDRSP:D:96A:UN'BGM+231+A-9+{}'DTM+137:20260305:102'"
ANSWER += "RFF+ON:PO-1'{}UNS+S'UNT+1+1'UNZ+1+1'"


def answered(folder: Path, function: str, named: str = "") -> tuple[list[OrderAcknowledgement], Settled]:
    """What an ORDRSP without lines becomes: for the order, and for the register."""
    message = edifact.read(ANSWER.format(function, named).encode())
    *objects, settled = from_edifact(message, reading(folder, "edifact")[1])
    assert isinstance(settled, Settled)
    return objects, settled


@pytest.mark.parametrize("named", ["RFF+PP:PO-1/X'", "RFF+ACW:PO-1/X'"])
def test_an_answer_to_a_cancellation_is_for_the_register_alone(tmp_path: Path, named: str) -> None:
    for function, others in (("29", "accepted"), ("27", "rejected")):
        objects, settled = answered(tmp_path, function, named)
        assert objects == []
        assert (settled.document, settled.change, settled.others) == ("PO-1", "PO-1/X", others)


def test_a_no_that_names_nothing_is_told_to_the_order_and_to_the_register(tmp_path: Path) -> None:
    [said], settled = answered(tmp_path, "27")
    assert (said.order, said.rest) == ("PO-1", LineAnswer.REJECTED)
    assert (settled.change, settled.others) == ("", "rejected")
    assert "does not say whether" in settled.words
    [said], settled = answered(tmp_path, "29")
    assert (said.rest, settled.others, settled.words) == (LineAnswer.ACCEPTED, "accepted", "")
