"""What of an order and its bills is counted: facts, made of what the run of the order knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hilum.canonical import BillMatch, GoodsReceipt, MatchCause, PurchaseOrder, SupplierBill
from hilum.canonical.conversions import six_places
from hilum.canonical.currencies import invoiced
from hilum.facts import Acknowledgement, BilledPrice, Fact, FirstDelivery, MatchedBill, OrderLine
from hilum.flow.prices import Prices
from hilum.masterdata.terms.checks import fact_of
from hilum.packs.contracts.checking import Comparison
from hilum.packs.procurement.order_rules import OrderRules
from hilum.packs.procurement.three_way import Papers


def order_lines(
    order: PurchaseOrder, rules: OrderRules, prices: Prices, on: date, *, cancelled: bool = False, **more: Any
) -> list[Fact]:
    """Each line with the price that it should have on that day. `more` of the facts: `run_id`."""
    comparison = Comparison(prices=prices, on=on, facility=order.deliver_to, packs_of=rules.packs_of)
    found: list[Fact] = []
    for check in comparison.order(order):
        said: dict[str, Any] = {"on": None, "at": _aware(order.ordered_at), "followed": True}
        said |= {"category": rules.category_of(check.item), "facility": rules.facility_of(order)}
        fact = fact_of(check, **said, cancelled=cancelled, **more)
        if isinstance(fact, OrderLine):
            found.append(fact)
    return found


def acknowledgement(order: PurchaseOrder, rules: OrderRules, began: datetime, *, differs: bool) -> Acknowledgement:
    """The supplier has answered for the first time. `began`: when the run did."""
    return Acknowledgement(
        document=order.number,
        facility=rules.facility_of(order),
        supplier=order.supplier,
        ordered_at=_aware(order.ordered_at) or began,
        differs=differs,
    )


def first_deliveries(order: PurchaseOrder, receipt: GoodsReceipt, rules: OrderRules) -> Iterable[FirstDelivery]:
    """What of each line came with the first goods."""
    papers = Papers(order=order, receipts=[receipt.model_copy(update={"final": False})], packs_of=rules.packs_of)
    still = papers.open_to_receive()
    for line in order.lines:
        came = Fraction(line.quantity) - still.get(line.number, Fraction(0))
        yield FirstDelivery(
            document=order.number,
            line=line.number,
            facility=rules.facility_of(order),
            supplier=order.supplier,
            category=rules.category_of(line.item),
            item=line.item,
            unit=line.unit,
            ordered=line.quantity,
            came=six_places(max(came, Fraction(0))),
        )


def billed_prices(order: PurchaseOrder, bill: SupplierBill, found: BillMatch, rules: OrderRules) -> list[Fact]:
    """Each line of goods that was compared with its line of the order, when the bill was compared first."""
    if bill.credit:
        return []
    lines = {line.number: line for line in bill.lines}
    made: list[Fact] = []
    for beside in found.lines:
        line = lines[beside.number]
        price = beside.agreed_price if beside.agreed_price is not None else beside.ordered_price
        should_be = invoiced(Fraction(price) * Fraction(beside.billed), bill.currency) if price is not None else None
        dear = [each.amount or Decimal(0) for each in found.findings
                if each.cause is MatchCause.PRICE and each.line == line.number]  # fmt: skip
        made.append(
            BilledPrice(
                document=bill.business_key,
                line=line.number,
                facility=rules.facility_of(order),
                supplier=bill.supplier,
                category=rules.category_of(beside.item),
                currency=bill.currency,
                order=order.number,
                item=beside.item,
                amount=invoiced(Fraction(line.quantity) * Fraction(line.unit_price), bill.currency),
                should_be=should_be,
                too_much=sum(dear, Decimal(0)),
            )
        )
    return made


def settled(
    order: PurchaseOrder,
    bill: SupplierBill,
    rules: OrderRules,
    *,
    outcome: str,
    first_time: bool,
    causes: Sequence[MatchCause],
    came_at: datetime,
) -> MatchedBill:
    """A bill that matched, was accepted, or was refused."""
    categories = {rules.category_of(line.item) for line in bill.lines if line.item is not None}
    total = sum((Fraction(line.quantity) * Fraction(line.unit_price) for line in bill.lines), Fraction(0))
    return MatchedBill(
        document=bill.business_key,
        facility=rules.facility_of(order),
        supplier=bill.supplier,
        category=categories.pop() if len(categories) == 1 else "",
        currency=bill.currency,
        order=order.number,
        outcome=outcome,
        first_time=first_time,
        causes=tuple(dict.fromkeys(cause.value for cause in causes)),
        credit=bill.credit,
        amount=invoiced(-total if bill.credit else total, bill.currency),
        came_at=came_at,
    )


def _aware(moment: datetime | None) -> datetime | None:
    """Who names no zone means UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
