"""What becomes of one order of a requisition, and what its requester is told of that. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from pydantic import BaseModel

from hilum.canonical import GoodsReceipt, OrderAcknowledgement, PurchaseOrder, PurchaseOrderCancelled, SupplierBill
from hilum.canonical.conversions import plain, six_places
from hilum.packs.contracts import PacksOf
from hilum.packs.procurement.answers import differences
from hilum.packs.procurement.three_way import Papers


@dataclass(frozen=True, slots=True)
class News:
    """What is new; without a status nobody need be told."""

    status: str = ""
    words: str = ""


@dataclass(slots=True)
class Ordered:
    """One order, and the papers about it; the same paper again says nothing new."""

    order: PurchaseOrder
    packs_of: PacksOf
    cancelled: bool = False
    answers: dict[str, OrderAcknowledgement] = field(default_factory=dict)
    receipts: dict[str, GoodsReceipt] = field(default_factory=dict)
    bills: dict[str, SupplierBill] = field(default_factory=dict)

    @property
    def acknowledged(self) -> bool:
        """Has the supplier answered?"""
        return bool(self.answers)

    @property
    def received(self) -> bool:
        """Has all of it come, or will nothing more come?"""
        return bool(self.receipts) and not self._papers().open_to_receive()

    @property
    def untouched(self) -> bool:
        """Nothing of it has come or was billed: it can be cancelled."""
        return not self.cancelled and not self.receipts and not self.bills

    @property
    def over(self) -> bool:
        """Is nothing more to come of it?"""
        return self.cancelled or (self.received and not self._papers().open_to_bill())

    def unbilled(self) -> dict[int, Decimal]:
        """By line: the money that will still be billed. Nothing of an order that was cancelled."""
        left = {} if self.cancelled else self._papers().open_to_bill()
        return {
            line.number: six_places(left.get(line.number, Fraction(0)) * Fraction(line.unit_price or 0))
            for line in self.order.lines
        }

    def take(self, paper: BaseModel) -> News | None:
        """What is new by this paper; none: it was told before."""
        match paper:
            case PurchaseOrder():
                return self._revise(paper)
            case PurchaseOrderCancelled():
                return self._cancel(paper)
            case OrderAcknowledgement():
                return self._answer(paper)
            case GoodsReceipt():
                return self._receive(paper)
            case SupplierBill():
                return self._bill(paper)
        return None

    def _revise(self, order: PurchaseOrder) -> News | None:
        if order.revision <= self.order.revision:
            return None
        self.order = order
        lines = (f"{plain(line.quantity)} {line.unit} {line.item}" for line in order.lines)
        return News("changed", f"{order.number} is now: {', '.join(lines)}")

    def _cancel(self, cancelled: PurchaseOrderCancelled) -> News | None:
        if self.cancelled:
            return None
        self.cancelled = True
        return News("cancelled", f"{cancelled.number}{f': {cancelled.reason}' if cancelled.reason else ''}")

    def _answer(self, answer: OrderAcknowledgement) -> News | None:
        if answer.number in self.answers:
            return None
        self.answers[answer.number] = answer
        told = [*differences(self.order, answer), *_days(answer)]
        return News("acknowledged", "; ".join([f"{answer.order}, {answer.supplier}", *dict.fromkeys(told)]))

    def _receive(self, receipt: GoodsReceipt) -> News | None:
        if receipt.number in self.receipts:
            return None
        self.receipts[receipt.number] = receipt
        came = ", ".join(f"{plain(line.quantity)} {line.unit} {line.item}" for line in receipt.lines)
        return News("received" if self.received else "partly received", f"{receipt.order}: {came}")

    def _bill(self, bill: SupplierBill) -> News | None:
        """A credit note gives money back to the ledger, and binds nothing anew."""
        if bill.credit or bill.number in self.bills:
            return None
        self.bills[bill.number] = bill
        return News()

    def _papers(self) -> Papers:
        return Papers(
            order=self.order, receipts=[*self.receipts.values()], bills=[*self.bills.values()], packs_of=self.packs_of
        )


def _days(answer: OrderAcknowledgement) -> Iterable[str]:
    for line in answer.lines:
        if line.delivery_date is not None:
            yield f"line {line.number} comes on {line.delivery_date}"


def state_of(orders: Collection[Ordered]) -> str | None:
    """The state of a requisition that its orders make; none: it stays."""
    standing = [each for each in orders if not each.cancelled]
    if standing and all(each.received for each in standing):
        return "received"
    heard = any(each.acknowledged for each in standing)
    return "acknowledged" if heard and not any(each.received for each in standing) else None


def outcome_of(orders: Collection[Ordered]) -> str:
    """What came of a requisition, in words."""
    cancelled = sum(each.cancelled for each in orders)
    return f"{len(orders)} orders{f', {cancelled} cancelled' if cancelled else ''}"
