"""Requisitions, orders and bills against what was agreed: what each line should cost, why, and what leaks.

    comparison = Comparison(prices=hub.prices, on=today, facility="HILLSIDE")
    order = with_agreed_prices(order, comparison.order(order))
    checks = comparison.order(order)                   # of the order as it leaves: what it costs is known
    keep_to(checks, Tolerance(percent=Decimal(2)))     # holds an order that asks for too much, with the reason
    return [order, *checks]

A line that no contract covers has no leak; it is bought off contract, and its check says what is in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from hilum.canonical import (
    InvoiceLine,
    OrderLine,
    PriceBasis,
    PriceCheck,
    PricedDocument,
    PurchaseOrder,
    Requisition,
    RequisitionLine,
    SupplierBill,
)
from hilum.canonical.conversions import priced, six_places
from hilum.canonical.units import Pack, factor
from hilum.errors import Invalid, Refused
from hilum.flow.prices import Ask, Prices
from hilum.masterdata.terms import price_check

Line = RequisitionLine | OrderLine | InvoiceLine

PacksOf = Callable[[str], Sequence[Pack]]
"""What the packages of an item hold."""


def no_packs(_: str) -> Sequence[Pack]:
    """Nothing is known of packages: prices are compared where units have a fixed ratio."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How much above the agreed price a line may be, before it is too much: whichever of both is more."""

    percent: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)  # for the line, in its currency

    def covers(self, check: PriceCheck) -> bool:
        """Is the line cheap enough? One without an agreed price is."""
        if check.leak is None or check.expected_price is None or check.leak <= 0:
            return True
        return check.leak <= max(self.amount, abs(check.quantity) * check.expected_price * self.percent / 100)


NOBODY = "-"
"""Instead of a supplier, where a line names none and nobody has agreed a price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What documents are compared with, and for whom."""

    prices: Prices
    on: date  # the day whose prices count: of the order, also for its bills
    facility: str | None = None  # who buys
    packs_of: PacksOf = no_packs

    def requisition(self, requisition: Requisition, *, currency: str | None = None) -> list[PriceCheck]:
        """A check for each line. One without a supplier is compared with the cheapest that has agreed a price."""
        found = []
        for line in requisition.lines:
            ask = self._ask(line, supplier=line.supplier or NOBODY, item=line.item, currency=currency)
            if not line.supplier and (sources := self.prices.sources(ask)):
                ask = replace(ask, supplier=sources[0].supplier)
            found.append(self._check(ask, line, PricedDocument.REQUISITION, requisition.business_key))
        return found

    def order(self, order: PurchaseOrder) -> list[PriceCheck]:
        """A check for each line, by the contract that the order names where that has a price."""
        found = []
        for line in order.lines:
            ask = self._ask(line, supplier=order.supplier, item=line.item, currency=order.currency)
            ask = replace(ask, agreement=order.agreement)
            found.append(self._check(ask, line, PricedDocument.ORDER, order.business_key, order.revision))
        return found

    def bill(
        self, bill: SupplierBill, *, agreement: str | None = None, order: PurchaseOrder | None = None
    ) -> list[PriceCheck]:
        """A check for each line of goods; what a credit note gives back counts as negative.

        With its order, steps are reached by what was ordered, not by the part of it that this bill bills.
        """
        found = []
        for line in bill.lines:
            if line.item is None:
                continue
            ask = self._ask(line, supplier=bill.supplier, item=line.item, currency=bill.currency)
            ask = replace(ask, agreement=agreement, quantity=-ask.quantity if bill.credit else ask.quantity)
            ordered = self._ordered(order, line) if order is not None else None
            found.append(self._check(ask, line, PricedDocument.BILL, bill.business_key, ordered=ordered))
        return found

    def _ask(self, line: Line, *, supplier: str, item: str, currency: str | None) -> Ask:
        return Ask(
            supplier=supplier,
            item=item,
            quantity=line.quantity,
            unit=line.unit,
            on=self.on,
            facility=self.facility,
            currency=currency,
            packs=self.packs_of(item),
        )

    def _ordered(self, order: PurchaseOrder, line: InvoiceLine) -> Decimal | None:
        """How much was ordered of what a line bills, in the unit of that; none: nothing, or nothing leads there."""
        alike = [each for each in order.lines if each.item == line.item]
        found = next((each for each in alike if each.number == line.order_line), alike[0] if alike else None)
        if found is None:
            return None
        try:
            each = factor(found.unit, line.unit, packs=self.packs_of(found.item))[0]
        except Invalid:
            return None
        return six_places(Fraction(found.quantity) * each)

    def _check(
        self, ask: Ask, line: Line, kind: PricedDocument, document: str, revision: int = 0,
        ordered: Decimal | None = None,
    ) -> PriceCheck:  # fmt: skip
        return price_check(
            ask,
            self.prices.price(replace(ask, quantity=ordered) if ordered is not None else ask),
            unit_price=line.unit_price,
            document_type=kind,
            document=document,
            line=line.number,
            revision=revision,
        )


def with_agreed_prices(order: PurchaseOrder, checks: Iterable[PriceCheck]) -> PurchaseOrder:
    """The order with the agreed price in each line that has none."""
    agreed = {
        check.line: check.expected_price
        for check in checks
        if check.basis is PriceBasis.CONTRACT and check.unit_price is None
    }
    lines = tuple(
        line.model_copy(update={"unit_price": agreed[line.number]}) if agreed.get(line.number) is not None else line
        for line in order.lines
    )
    return order.model_copy(update={"lines": lines})


def keep_to(checks: Iterable[PriceCheck], tolerance: Tolerance, *, only_contract: bool = False) -> None:
    """Nothing dearer than agreed goes on, and with `only_contract` nothing that was not agreed.

    Nor does, with `only_contract`, what names a contract that does not count: suspended, ended, or without a price for
    it. That another contract has a price is not what was asked for. Raises `Refused` naming each such line, its
    prices, the contract and the money.
    """
    checks = list(checks)
    wrong = []
    for check in checks:
        if only_contract and check.basis is not PriceBasis.CONTRACT:
            wrong.append(f"line {check.line}, {check.item}: it is off contract ({check.words})")
        elif only_contract and check.agreement and check.contract != check.agreement:
            wrong.append(f"line {check.line}, {check.item}: it is not by the contract that it names ({check.words})")
        elif not tolerance.covers(check):
            wrong.append(words_of(check))
    if wrong:
        raise Refused(f"{checks[0].document_type.value} {checks[0].document}: {'; '.join(wrong)}")


def words_of(check: PriceCheck) -> str:
    """`line 2, GLOVE-M: 41.2 for one BX, agreed are 38 (contract C-7, since 2026-03-01): 38.4 EUR too much`."""
    if check.leak is None or check.unit_price is None or check.expected_price is None:
        return f"line {check.line}, {check.item}: {check.words}"
    side = "too much" if check.leak > 0 else "less"
    return (
        f"line {check.line}, {check.item}: {priced(check.unit_price)} for one {check.unit}, agreed are"
        f" {priced(check.expected_price)} ({check.words}): {priced(abs(check.leak))} {check.currency} {side}"
    )
