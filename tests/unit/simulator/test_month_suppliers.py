"""The suppliers of a month read what the hub writes, in every language, and go by what they were told."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import PurchaseOrder, PurchaseOrderCancelled
from hilum.connectors.partners.wrapping import WRAPPINGS
from hilum.packs.procurement.partner_documents import draft_for
from hilum.partners import Profile
from hilum.partners.register import Drawn
from hilum.simulator.month import Month, Story, Trouble, month_of
from hilum.simulator.month.suppliers import Suppliers, profile_of

pytestmark = pytest.mark.req("WF-2", "SYS-15")

LANGUAGES = ("x12", "edifact", "cxml", "peppol")  # of the first four suppliers


class Mail:
    """A supplier with its folders, and the hub that writes to it."""

    def __init__(self, month: Month, folder: Path) -> None:
        self.month, self.folder = month, folder
        (self.story,) = (story for story in month.stories if story.trouble is not Trouble.NONE)
        vendor = self.story.vendor
        self.profile = Profile.model_validate({"key": vendor.key, **tomllib.loads(profile_of(vendor, folder))})
        self.suppliers = Suppliers(month, folder)
        self.sent = 0

    def tell(self, thing: PurchaseOrder | PurchaseOrderCancelled) -> None:
        """As the hub sends it."""
        self.sent += 1
        wrapping = WRAPPINGS[self.profile.format]
        body = wrapping.body(draft_for(self.profile, thing, today=self.month.begin), self.profile)
        data = wrapping.stamped(body, self.profile, Drawn(self.sent, self.sent, datetime.now(UTC)), "")
        ending = "xml" if self.profile.format == "cxml" else "edi"
        (self.folder / self.profile.key / "to" / f"{self.sent}.{ending}").write_bytes(data)

    def heard(self, day: int) -> str:
        """What the supplier has sent until that day; it is taken."""
        self.suppliers.work(day)
        told = ""
        for way in ("from", "bills"):
            for path in sorted((self.folder / self.profile.key / way).iterdir()):
                told += path.read_text(encoding="utf-8")
                path.unlink()
        return told


@pytest.fixture(params=range(4), ids=LANGUAGES)
def number(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def mail(trouble: Trouble, number: int, folder: Path) -> Mail:
    troubles = [trouble if place == number else Trouble.NONE for place in range(4)]
    made = Mail(month_of(6, orders=4, vendors=4, order_days=1, troubles=troubles), folder)
    assert made.story.vendor.speaks == LANGUAGES[number]
    return made


def order(story: Story, month: Month, **more: Any) -> PurchaseOrder:
    lines = [{"number": line.number, "item": line.item, "quantity": line.quantity, "unit_price": line.price}
             for line in more.pop("lines", story.wanted)]  # fmt: skip
    told = {"number": story.order, "supplier": story.vendor.code, "currency": "EUR", "ordered_at": month.at(0)}
    return PurchaseOrder.model_validate({**told, "lines": lines, **more})


def test_an_order_is_acknowledged_and_answered(tmp_path: Path, number: int) -> None:
    work = mail(Trouble.PARTIAL, number, tmp_path)
    assert work.heard(9) == "", "nothing is sent of an order that did not come"
    work.tell(order(work.story, work.month))
    told = work.heard(0)
    kinds = {"x12": ("ST*997", "ST*855"), "cxml": ("StatusUpdateRequest", "ConfirmationRequest")}
    assert all(kind in told for kind in kinds.get(LANGUAGES[number], ("CONTRL", "ORDRSP"))), told


def test_a_changed_order_is_sent_as_it_was_changed(tmp_path: Path, number: int) -> None:
    work = mail(Trouble.CHANGED, number, tmp_path)
    change = work.story.change
    assert change is not None
    work.tell(order(work.story, work.month))
    work.heard(0)
    work.tell(order(work.story, work.month, revision=1, lines=change.lines))
    told = work.heard(1)
    agreed = {"x12": "ST*865", "cxml": "ConfirmationRequest"}.get(LANGUAGES[number], "RFF+PP:")
    assert agreed in told, told
    sent = work.heard(9)
    (bill,) = work.story.bills
    assert sent.count(bill.number) == 1, "what was to be sent of the order as it was is not sent too"
    assert str(change.lines[0].quantity) in sent


def test_who_is_not_told_that_an_order_is_cancelled_sends_the_goods_and_bills_them(tmp_path: Path, number: int) -> None:
    work = mail(Trouble.CANCELLED, number, tmp_path)
    bill = work.story.untold[-1]
    first = order(work.story, work.month)
    work.tell(first)
    work.heard(0)
    assert bill.number in work.heard(9)  # type: ignore[union-attr]

    told = mail(Trouble.CANCELLED, number, tmp_path / "told")
    told.tell(first)
    told.heard(0)
    told.tell(PurchaseOrderCancelled.of(first))
    answer = told.heard(1)
    agreed = {"x12": "ST*865", "cxml": "StatusUpdateRequest"}.get(LANGUAGES[number], "RFF+PP:")
    assert agreed in answer, answer
    assert told.heard(9) == ""
