"""What is known of an order that is followed, and what follows from it. Pure: `following` hears, asks and sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from hilum.canonical import (
    BillMatch,
    GoodsReceipt,
    MatchCause,
    MatchFinding,
    OrderLine,
    PurchaseOrder,
    SupplierBill,
    SupplierReturn,
)
from hilum.canonical.conversions import priced
from hilum.flow.prices import Ask
from hilum.packs.procurement.order_rules import OrderRules
from hilum.packs.procurement.same_bills import Alike, goods_of
from hilum.packs.procurement.three_way import Papers, match
from hilum.processes import Open


@dataclass(slots=True)
class Pending:
    """A bill that is not settled."""

    bill: SupplierBill
    alike: list[Alike]  # earlier bills that it may be
    came: datetime
    until: datetime  # so long it waits for its goods
    round: int = 0
    found: list[MatchFinding] = field(default_factory=list)
    asked: Open | None = None
    patient: bool = False  # somebody said: wait


@dataclass(slots=True)
class Followed:
    """One order with everything that came for it."""

    order: PurchaseOrder
    rules: OrderRules
    agreed: dict[str, Fraction] = field(default_factory=dict)  # what contracts say, by item
    acknowledged: bool = False
    cancelled: str = ""  # in words; empty: it is not
    receipts: dict[str, GoodsReceipt] = field(default_factory=dict)
    returns: dict[str, SupplierReturn] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)
    settled: list[SupplierBill] = field(default_factory=list)
    refused: int = 0  # bills

    def has(self, bill: SupplierBill) -> bool:
        """Did this very bill come before?"""
        known = [*self.settled, *(each.bill for each in self.pending)]
        return bill.business_key in {each.business_key for each in known}

    def compare(self, each: Pending, before: Sequence[SupplierBill]) -> BillMatch:
        """A bill with the order, its goods and the bills before it."""
        papers = Papers(
            order=self.order,
            receipts=[*self.receipts.values()],
            returns=[*self.returns.values()],
            bills=before,
            agreed=self.agreed,
            taxes=self._taxes(each.bill),
            packs_of=self.rules.packs_of,
        )
        found = match(each.bill, papers, self.rules.tolerances_of, round=each.round + 1)
        told = [*self.settled, *(other.bill for other in self.pending)]
        others = [
            MatchFinding(cause=MatchCause.DUPLICATE, words=one.words) for one in each.alike if not one.credited_by(told)
        ]
        if self.cancelled:
            others.append(MatchFinding(cause=MatchCause.NO_ORDER, words=f"order {self.order.number} is cancelled"))
        return found.model_copy(update={"findings": (*others, *found.findings)})

    def _taxes(self, bill: SupplierBill) -> dict[str, Decimal]:
        """What tax its goods should have, as far as the rules say."""
        said = {line.item: self.rules.tax_of(line.item) for line in bill.lines if line.item is not None}
        return {item: percent for item, percent in said.items() if percent is not None}

    def state(self, *, asked: bool) -> str:
        """In the words of the state model. `asked`: somebody has a question about it."""
        if asked:
            return "exception"
        if self.cancelled and not self.pending:
            return "cancelled"
        if self.pending:
            return "billed"
        if self.all_billed:
            return "matched"
        if self.receipts:
            return "received"
        return "acknowledged" if self.acknowledged else "ordered"

    @property
    def all_came(self) -> bool:
        """Nothing more is to come of the order: a receipt said that it was the last."""
        return any(receipt.final for receipt in self.receipts.values())

    @property
    def all_billed(self) -> bool:
        """Is every line billed in full?"""
        tally = Papers(order=self.order, bills=self.settled, packs_of=self.rules.packs_of).open_to_bill()
        return bool(self.settled) and not tally

    @property
    def one_is_credited(self) -> bool:
        """Has an open bill a look of one that is taken back by now?"""
        return any(one.credited_by(self.settled) for each in self.pending for one in each.alike)

    def outcome(self) -> str:
        """What it came to, in words; at least one bill is settled."""
        amount = sum((-goods_of(bill) if bill.credit else goods_of(bill) for bill in self.settled), Decimal(0))
        refused = f", {self.refused} refused" if self.refused else ""
        return f"{len(self.settled)} bills settled, {priced(amount)} {self.settled[0].currency}{refused}"

    def price_asked(self, line: OrderLine, on: date) -> Ask:
        """What contracts are asked about a line of it."""
        return Ask(
            supplier=self.order.supplier,
            item=line.item,
            quantity=line.quantity,
            unit=line.unit,
            on=on,
            facility=self.order.deliver_to,
            agreement=self.order.agreement,
            currency=self.order.currency,
            packs=self.rules.packs_of(line.item),
        )
