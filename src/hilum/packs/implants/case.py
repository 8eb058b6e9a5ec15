"""One operation: its uses, its bill-only orders, the bills of these, and what is missing. Pure.

case.take(used, at); case.bill(bill, alike, at); case.learn(known); case.decide(of, answer, at)
for thing in case.advance(at): …     # what is to be sent now
case.breaks(at)                      # what is missing, whose it is, in words
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from pydantic import BaseModel

from hilum.canonical import (
    BusinessObject,
    ConsignmentReplenishment,
    GoodsReceipt,
    ImplantUsed,
    PurchaseOrder,
    ReceiptLine,
    ReplenishedLine,
    SupplierBill,
    SupplierReturn,
)
from hilum.canonical.conversions import plain
from hilum.packs.implants.bills import Bills
from hilum.packs.implants.knowing import Known
from hilum.packs.implants.missing import Break, missing_of
from hilum.packs.implants.rules import (
    ChargeDecision,
    DeviceDecision,
    ImplantRules,
    PatienceDecision,
    PriceDecision,
    SafetyDecision,
    order_number,
)
from hilum.packs.implants.uses import NONE, Price, Use
from hilum.packs.inventory.implant_lines import CONSIGNED
from hilum.processes.periods import duration

Of = tuple[str, str]
"""What a break is of: its kind, and the name of the use, the order or the bill."""

LOOKED_UP: Final = ("device", "price", "charge")
"""Breaks that end by themselves when somebody tells the hub what it did not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A use of this operation that an earlier run has closed."""

    quantity: Decimal
    called: str  # for people
    order: str = ""


@dataclass(slots=True)
class Order:
    """A bill-only order, and the uses that it orders."""

    head: PurchaseOrder
    uses: list[Use]
    until: datetime  # so long its bill is waited for
    waived: bool = False  # nothing more of it is waited for
    arrivals: int = 0
    returns: int = 0


@dataclass(slots=True)
class Case:
    """One operation. What it comes to depends on nothing but what it was told."""

    number: str
    rules: ImplantRules
    earlier: Mapping[str, Earlier] = field(default_factory=dict)  # by transaction
    first_order: int = 1  # the number of the next order
    uses: dict[str, Use] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    strays: dict[str, tuple[ImplantUsed, datetime]] = field(default_factory=dict)  # taken back, and never told
    late: dict[str, str] = field(default_factory=dict)  # told otherwise after the end, in words
    gathered: datetime | None = None  # the orders of what was told are made then
    bills: Bills = field(init=False)

    def __post_init__(self) -> None:
        """The bills are compared with the orders of this operation."""
        self.bills = Bills(self.rules, self._papers)

    # What it is told

    def take(self, used: ImplantUsed, at: datetime) -> None:
        """A use, a correction of one, or one that is taken back; what is told again changes nothing."""
        if used.quantity < 0:
            self._take_back(used, at)
            return
        former = self._named(used.transaction)
        if former is not None:
            if former.told == used:
                return
            former.backs[f"{former.name}:corrected"] = former.left
        elif used.transaction in self.earlier:
            before = self.earlier[used.transaction]
            if before.quantity != used.quantity:
                told = f"now {plain(used.quantity)} are told to be used"
                self.late[used.transaction] = f"{before.called}: {told}; correct order and charge by hand"
            return
        revision = sum(use.told.transaction == used.transaction for use in self.uses.values()) + 1
        name = used.transaction if revision == 1 else f"{used.transaction}:r{revision}"
        self.uses[name] = Use(name, used)
        self.gathered = at + duration(self.rules.gather)
        for stray, _ in [*self.strays.values()]:
            self._take_back(stray, at)

    def _take_back(self, used: ImplantUsed, at: datetime) -> None:
        """Of the use that it names; else of one of the same thing and lot."""
        if any(used.transaction in use.backs for use in self.uses.values()):
            return
        named = self._named(used.takes_back or "")
        use = named if named is not None else next((each for each in self.uses.values() if _alike(each, used)), None)
        if use is not None:
            use.backs[used.transaction] = min(-used.quantity, use.left)
            self.strays.pop(used.transaction, None)
        elif (used.takes_back or "") in self.earlier:
            before = self.earlier[used.takes_back or ""].called
            self.late[used.transaction] = f"{before}: taken back; credit the account and ask for a credit note"
        else:
            self.strays.setdefault(used.transaction, (used, at + duration(self.rules.wait_for_usage)))

    def _named(self, transaction: str) -> Use | None:
        """The last that was told under this transaction."""
        return next((each for each in reversed(self.uses.values()) if each.told.transaction == transaction), None)

    def unknown(self) -> list[Use]:
        """What is to be looked up: whatever is not bought and charged yet."""
        return [use for use in self.uses.values() if not use.is_closed and not use.stopped]

    def learn(self, found: Mapping[str, Known]) -> None:
        """What is known now; of what was sent already nothing changes."""
        for name, known in found.items():
            use = self.uses[name]
            if not (use.ordered or use.charged or use.moved):
                use.known = known
                continue
            kept: dict[str, Any] = {"item": use.known.item, "whose": use.known.whose}
            if use.ordered or use.charged:  # a recall that comes later undoes nothing: it is asked of the register
                kept["recalls"] = use.known.recalls
            use.known = known.model_copy(update=kept)

    def decide(self, of: Of, answer: BaseModel, at: datetime) -> None:
        """What somebody said about a break."""
        kind, name = of
        use = self.uses.get(name)
        match answer:
            case DeviceDecision() if use is not None:
                use.item, use.whose = answer.item, answer.whose or use.whose
            case SafetyDecision() if use is not None:
                use.cleared, use.stopped = answer.decision == "proceed", answer.decision == "stop"
            case PriceDecision() if use is not None:
                use.price = Price(answer.supplier, answer.unit_price, answer.currency)
            case ChargeDecision() if use is not None:
                use.amount, use.amount_currency = answer.amount, answer.currency
            case PatienceDecision():
                self._wait_or_close(kind, name, close=answer.decision == "close", at=at)

    def _wait_or_close(self, kind: str, name: str, *, close: bool, at: datetime) -> None:
        if kind in ("unbilled", "unused"):
            order = self.orders[name]
            order.waived, order.until = close, at + duration(self.rules.wait_for_bill)
        elif kind == "late":
            self.late.pop(name, None)
        elif close:
            self.strays.pop(name, None)
        else:
            self.strays[name] = (self.strays[name][0], at + duration(self.rules.wait_for_usage))

    # What is sent

    def advance(self, at: datetime) -> Iterator[BusinessObject]:
        """Everything that can be done now, in the order in which it must reach Odoo."""
        for use in self.uses.values():
            yield from use.leave_shelf()
        for order in self.orders.values():
            yield from self._revise(order)
        if self.gathered is not None and at >= self.gathered:
            yield from self._order(at)
        for use in self.uses.values():
            if use.is_own:
                yield from use.use(use.told.location)
            yield from use.back_to_shelf()
            yield from use.charge()

    def _order(self, at: datetime) -> Iterator[BusinessObject]:
        """One order for each supplier and currency, of all that can be bought and is on none."""
        groups: dict[tuple[str, str], list[Use]] = {}
        for use in self.uses.values():
            price = use.buying()
            if not use.order and use.to_order > 0 and price is not None:
                groups.setdefault((price.supplier, price.currency), []).append(use)
        for (supplier, currency), uses in groups.items():
            number = order_number(self.number, self.first_order + len(self.orders))
            for line, use in enumerate(uses, start=1):
                use.order, use.line, use.bought_at, use.ordered = number, line, use.buying(), use.to_order
            head = PurchaseOrder(
                number=number,
                supplier=supplier,
                currency=currency,
                requisition=self.number,
                deliver_to=self.rules.bought_into(uses[0].told),
                ordered_at=at,
                bill_only=True,
                lines=tuple(use.order_line() for use in uses),
            )
            order = self.orders[number] = Order(head, uses, at + duration(self.rules.wait_for_bill))
            yield head
            yield from self._arrived(order, [use.received(use.ordered) for use in uses])
            yield from self._replenishment(order)

    def _revise(self, order: Order) -> Iterator[BusinessObject]:
        """What is used less or more than it orders: returned or received, and ordered anew."""
        changed = [use for use in order.uses if use.to_order != use.ordered]
        if not changed:
            return
        less = [(use, use.ordered - use.to_order) for use in changed if use.to_order < use.ordered]
        more = [(use, use.to_order - use.ordered) for use in changed if use.to_order > use.ordered]
        for use in changed:
            use.ordered = use.to_order
        for use, _ in less:
            yield from use.use(self.rules.bought_into(use.told))
        if less:
            order.returns += 1
            yield SupplierReturn(
                number=f"{order.head.number}-T{order.returns}",
                order=order.head.number,
                location=self.rules.bought_into(less[0][0].told),
                reason="its use was taken back",
                lines=tuple(use.returned(quantity) for use, quantity in less),
            )
        lines = tuple(use.order_line() for use in order.uses)
        order.head = order.head.model_copy(update={"revision": order.head.revision + 1, "lines": lines})
        yield order.head
        if more:
            yield from self._arrived(order, [use.received(quantity) for use, quantity in more])

    def _arrived(self, order: Order, lines: list[ReceiptLine]) -> Iterator[BusinessObject]:
        """Nothing arrives: the order is received by what was used, which then leaves the stock."""
        order.arrivals += 1
        yield GoodsReceipt(number=f"{order.head.number}-U{order.arrivals}", order=order.head.number, lines=tuple(lines))
        for use in order.uses:
            yield from use.use(self.rules.bought_into(use.told))

    def _replenishment(self, order: Order) -> Iterator[BusinessObject]:
        used = [use for use in order.uses if use.known.whose == CONSIGNED]
        if not used:
            return
        lines = tuple(
            ReplenishedLine(
                number=use.line, item=use.known.item, quantity=use.ordered, unit=use.told.unit, used_lot=use.told.lot,
                used_on=use.told.used_on,
            )
            for use in used
        )  # fmt: skip
        yield ConsignmentReplenishment(
            number=order.head.number, supplier=order.head.supplier, location=used[0].told.location, lines=lines
        )

    # Bills

    def _papers(self, number: str) -> tuple[PurchaseOrder | None, GoodsReceipt | None, dict[str, Fraction]]:
        """An order, its uses in the form of a receipt, and the contract prices of its items."""
        order = self.orders.get(number)
        if order is None:
            return None, None, {}
        lines = [use.received(use.ordered) for use in order.uses if use.ordered]
        used = GoodsReceipt(number=f"{number}-U", order=number, lines=tuple(lines)) if lines else None
        prices = {use.known.item: use.bought_at for use in order.uses}
        agreed = {item: Fraction(price.unit_price) for item, price in prices.items() if price and price.contract}
        return order.head, used, agreed

    def bought(self, bill: SupplierBill) -> tuple[PurchaseOrder | None, date, str | None]:
        """What a bill bills: its order, the day whose prices count, and the facility for which contracts must hold."""
        order = self.orders.get(bill.order or "")
        if order is None or not order.uses:
            return None, bill.billed_on, None
        used = order.uses[0].told
        return order.head, used.used_on, self.rules.facility_of(used)

    def _unbilled(self, order: Order) -> bool:
        return bool(self.bills.open_of(order.head.number)) and not order.waived

    def is_settled(self, number: str) -> bool:
        """Is all billed that this order orders, and no more? What is on none needs no bill."""
        order = self.orders.get(number)
        pending = any(each.bill.order == number for each in self.bills.pending)
        return order is None or not (pending or self._unbilled(order) or self._unused(order))

    def _unused(self, order: Order) -> list[str]:
        """What was billed beyond what was used, in words."""
        if order.waived:
            return []
        over = self.bills.beyond_use(order.head.number)
        return [f"{plain(quantity)} of {use.called()}" for use in order.uses if (quantity := over.get(use.line, NONE))]

    # What is missing

    def breaks(self, at: datetime) -> dict[Of, Break]:
        """Everything that stands between this operation and its end, and whose it is."""
        found: dict[Of, Break] = {}
        for use in self.uses.values():
            for kind, title, words, form in missing_of(use):
                found[kind, use.name] = self._break(kind, title, words, form)
        for number, order in self.orders.items():
            supplier = order.head.supplier
            if at >= order.until and self._unbilled(order):
                used = "; ".join(use.words() for use in order.uses if use.ordered)
                title = f"{supplier} has not billed order {number}"
                found["unbilled", number] = self._break("unbilled", title, f"used: {used}", PatienceDecision)
            if over := self._unused(order):
                title = f"{supplier} has billed what was taken back, order {number}"
                words = f"billed and not used: {'; '.join(over)}; a credit note is missing"
                found["unused", number] = self._break("unused", title, words, PatienceDecision)
        for name, (stray, until) in self.strays.items():
            if at >= until:
                what = stray.item or stray.code or "an implant"
                words = f"{plain(-stray.quantity)} {stray.unit} of {what}: taken back, and nobody told that it was used"
                found["taken back", name] = self._break("taken back", "Which use is taken back?", words,
                                                        PatienceDecision)  # fmt: skip
        for name, words in self.late.items():
            title = f"Operation {self.number} was closed, and is told otherwise now"
            found["late", name] = self._break("late", title, words, PatienceDecision)
        for key, (team, title, words, form) in self.bills.breaks(at).items():
            found["bill", key] = Break(self.rules.teams.get("bill") or team, title, words, form)
        return found

    def _break(self, kind: str, title: str, words: str, form: type[BaseModel]) -> Break:
        return Break(self.rules.owner_of(kind), title, words, form)

    # Where it is

    @property
    def is_closed(self) -> bool:
        """Is there, for every use, all that must be?"""
        uses = all(use.is_closed and self.is_settled(use.order) for use in self.uses.values())
        return uses and not self.bills.pending and not self.strays and not self.late

    def state(self, breaks: Collection[Of]) -> str:
        """In the words of the state model."""
        if breaks:
            return "break"
        if self.bills.pending:
            return "billed"
        if self.is_closed:
            return "closed" if any(use.left for use in self.uses.values()) or not self.uses else "taken back"
        return "ordered" if self.orders else "used"

    def next_look(self, at: datetime) -> datetime | None:
        """When something happens by itself; none: it waits for what comes."""
        found = [order.until for order in self.orders.values() if self._unbilled(order) and order.until > at]
        found += [until for _, until in self.strays.values() if until > at]
        found += [until for until in self.bills.waits() if until > at]
        if self.gathered is not None and self.gathered > at:
            found.append(self.gathered)
        if any(kind in LOOKED_UP for kind, _ in self.breaks(at)):
            found.append(at + duration(self.rules.look_again))
        return min(found, default=None)


def _alike(use: Use, used: ImplantUsed) -> bool:
    """May this use be the one that is taken back, where its transaction is not named?"""
    if used.takes_back or use.left < -used.quantity:
        return False
    same = bool(used.item and used.item == use.told.item) or bool(used.code and used.code == use.told.code)
    label, other = used.device, use.told.device
    same = same or (label is not None and other is not None and label.device == other.device)
    return same and (used.lot is None or used.lot == use.told.lot)
