"""Three-way match: a bill line by line against its order, what was received, and what was agreed. Pure.

Quantities and prices are compared in the unit of the order's line, exactly; only amounts are rounded, as both sides
would be invoiced. What was billed and credited before counts, so partial deliveries and several bills come together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from hilum.canonical import GoodsReceipt, InvoiceLine, OrderLine, PurchaseOrder, SupplierBill, SupplierReturn
from hilum.canonical.conversions import plain, priced, six_places, to_decimal
from hilum.canonical.currencies import invoiced
from hilum.canonical.matching import BillMatch, MatchCause, MatchedLine, MatchFinding
from hilum.canonical.units import factor
from hilum.errors import Invalid
from hilum.packs.contracts import PacksOf
from hilum.packs.contracts.checking import no_packs
from hilum.packs.procurement.tolerances import Tolerances, TolerancesOf, strict

NONE: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """What is known of an order when a bill of it comes."""

    order: PurchaseOrder | None
    receipts: Sequence[GoodsReceipt] = ()
    returns: Sequence[SupplierReturn] = ()
    bills: Sequence[SupplierBill] = ()  # that were matched or accepted before, and credit notes
    agreed: Mapping[str, Fraction] = field(default_factory=dict)  # by item: for one of the unit of the order's line
    taxes: Mapping[str, Decimal] = field(default_factory=dict)  # by item: the tax that it should have, in percent
    packs_of: PacksOf = no_packs
    came: str = "received"  # what the receipts tell, for people

    def billed(self) -> dict[int, Fraction]:
        """Of each line of the order how much was billed and not credited, in the line's unit."""
        return _Tally(self, self.order).billed if self.order is not None else {}

    def open_to_bill(self) -> dict[int, Fraction]:
        """Of which lines of the order how much is not billed yet, in the line's unit; billed ones are left out."""
        if self.order is None:
            return {}
        tally = _Tally(self, self.order)
        left = {number: Fraction(line.quantity) - tally.billed[number] for number, line in tally.lines.items()}
        return {number: rest for number, rest in left.items() if rest > 0}

    def open_to_receive(self) -> dict[int, Fraction]:
        """Of which lines of the order how much has not come yet; what nobody waits for any more is left out."""
        if self.order is None or any(receipt.final for receipt in self.receipts):
            return {}
        tally = _Tally(self, self.order)
        left = {number: Fraction(line.quantity) - tally.received[number] for number, line in tally.lines.items()}
        return {number: rest for number, rest in left.items() if rest > 0}


def match(bill: SupplierBill, papers: Papers, tolerances_of: TolerancesOf = strict, *, round: int = 1) -> BillMatch:
    """Compare a bill or a credit note. What does not match is a finding with its cause, its money and words."""
    findings = list(_whole(bill, papers.order, tolerances_of(bill.supplier, "")))
    lines: list[MatchedLine] = []
    if papers.order is not None and not any(f.cause in (MatchCause.SUPPLIER, MatchCause.CURRENCY) for f in findings):
        tally = _Tally(papers, papers.order)
        for line in bill.lines:
            if line.item is not None:
                compared = _Line(bill, line, tally, tolerances_of(bill.supplier, line.item))
                findings += compared.findings
                lines += compared.matched
    return BillMatch(
        bill=bill.business_key,
        supplier=bill.supplier,
        order=bill.order,
        currency=bill.currency,
        round=round,
        amount=invoiced(sum((_amount(line) for line in bill.lines), NONE), bill.currency),
        findings=tuple(findings),
        lines=tuple(lines),
    )


def _whole(bill: SupplierBill, order: PurchaseOrder | None, allowed: Tolerances) -> Iterable[MatchFinding]:
    """What is wrong with the bill as a whole."""
    if order is None:
        named = f"order {bill.order} is not known" if bill.order else "the bill names no order"
        yield MatchFinding(cause=MatchCause.NO_ORDER, words=named)
    elif order.supplier != bill.supplier:
        words = f"order {order.number} is with {order.supplier}, the bill is of {bill.supplier}"
        yield MatchFinding(cause=MatchCause.SUPPLIER, words=words)
    elif order.currency and order.currency != bill.currency:
        words = f"ordered in {order.currency}, billed in {bill.currency}"
        yield MatchFinding(cause=MatchCause.CURRENCY, words=words)
    yield from _extras(bill, allowed)
    yield from wrong_total(bill, allowed)


def _extras(bill: SupplierBill, allowed: Tolerances) -> Iterable[MatchFinding]:
    goods = sum((_amount(line) for line in bill.lines if line.item is not None), NONE)
    extras = sum((_amount(line) for line in bill.lines if line.item is None), NONE)
    limit = max(Fraction(allowed.extras_amount), goods * Fraction(allowed.extras_percent) / 100)
    if extras > limit and not bill.credit:
        names = ", ".join(line.description or f"line {line.number}" for line in bill.lines if line.item is None)
        over = invoiced(extras - limit, bill.currency)
        words = f"charges beside the goods ({names}): {_show(extras, bill)}, allowed are {_show(limit, bill)}"
        yield MatchFinding(cause=MatchCause.EXTRAS, amount=over, words=words)


def wrong_total(bill: SupplierBill, allowed: Tolerances) -> Iterable[MatchFinding]:
    """The total is not what the lines come to.

    Where some lines leave the tax to the receiver and others do not, nobody can tell what the total should be.
    """
    untold = sum(1 for line in bill.lines if line.tax_percent is None)
    if bill.total is None or 0 < untold < len(bill.lines):
        return
    taxed = sum((_amount(line) * (1 + Fraction(line.tax_percent or 0) / 100) for line in bill.lines), NONE)
    difference = Fraction(bill.total) - taxed
    if abs(difference) > Fraction(allowed.total):
        words = f"the total says {priced(bill.total)} {bill.currency}, its lines come to {_show(taxed, bill)} with tax"
        yield MatchFinding(cause=MatchCause.TOTAL, amount=invoiced(difference, bill.currency), words=words)


class _Tally:
    """What was ordered, received and billed of each line of the order, in its unit; grows line by line of the bill."""

    def __init__(self, papers: Papers, order: PurchaseOrder) -> None:
        self.papers = papers
        self.order = order
        self.lines = {line.number: line for line in order.lines}
        self.received = dict.fromkeys(self.lines, NONE)
        self.billed = dict.fromkeys(self.lines, NONE)
        for receipt in papers.receipts:
            for came in receipt.lines:
                self._spread(self.received, came.order_line, came.item, came.quantity, came.unit, self._open)
        for back in papers.returns:
            for gone in back.lines:
                self._spread(self.received, None, gone.item, -gone.quantity, gone.unit, lambda number: NONE)
        for bill in papers.bills:
            for line in bill.lines:
                if line.item is not None:
                    quantity = -line.quantity if bill.credit else line.quantity
                    self._spread(self.billed, line.order_line, line.item, quantity, line.unit, self._unbilled)

    def candidates(self, order_line: int | None, item: str) -> list[OrderLine]:
        """The lines of the order that a line of another paper may be about."""
        if order_line is not None:
            line = self.lines.get(order_line)
            return [line] if line is not None and line.item == item else []
        return [line for line in self.order.lines if line.item == item]

    def of(self, line: InvoiceLine) -> OrderLine | None:
        """The line of the order that this one bills: the first of which something is not billed yet."""
        found = self.candidates(line.order_line, line.item or "")
        return next((each for each in found if self._unbilled(each.number) > 0), found[0] if found else None)

    def in_unit(self, quantity: Decimal, unit: str, line: OrderLine) -> Fraction:
        """The quantity in the unit of the order's line. Raises `Invalid` where nothing leads there."""
        return Fraction(quantity) * factor(unit, line.unit, packs=self.papers.packs_of(line.item))[0]

    def _open(self, number: int) -> Fraction:
        return Fraction(self.lines[number].quantity) - self.received[number]

    def _unbilled(self, number: int) -> Fraction:
        return Fraction(self.lines[number].quantity) - self.billed[number]

    def _spread(
        self,
        tally: dict[int, Fraction],
        order_line: int | None,
        item: str,
        quantity: Decimal,
        unit: str,
        room: Callable[[int], Fraction],
    ) -> None:
        """Add a quantity to the lines that it is about: as much as there is room for each, the rest to the last one.

        What is of no line of the order, or in a unit that leads nowhere, counts for none: it was not ordered so.
        """
        found = self.candidates(order_line, item)
        if not found:
            return
        try:
            left = self.in_unit(quantity, unit, found[0])
        except Invalid:
            return
        for line in found[:-1]:
            part = min(left, max(room(line.number), NONE)) if left > 0 else NONE
            tally[line.number] += part
            left -= part
        tally[found[-1].number] += left


class _Line:
    """One line of goods against its line of the order."""

    def __init__(self, bill: SupplierBill, line: InvoiceLine, tally: _Tally, allowed: Tolerances) -> None:
        self.bill = bill
        self.line = line
        self.tally = tally
        self.allowed = allowed
        self.findings: list[MatchFinding] = []
        self.matched: list[MatchedLine] = []
        self._compare(line.item or "")

    def _compare(self, item: str) -> None:
        order_line = self.tally.of(self.line)
        if order_line is None:
            words = f"{item} is not on order {self.tally.order.number}"
            if self.line.order_line is not None and self.line.order_line in self.tally.lines:
                other = self.tally.lines[self.line.order_line].item
                words = f"line {self.line.order_line} of order {self.tally.order.number} is {other}, not {item}"
            self._find(MatchCause.NOT_ORDERED, _amount(self.line), words)
            return
        try:
            billed = self.tally.in_unit(self.line.quantity, self.line.unit, order_line)
        except Invalid:
            words = f"billed in {self.line.unit}, ordered in {order_line.unit}, and nothing says how many that is"
            self._find(MatchCause.UNIT, None, words)
            return
        number = order_line.number
        before, received = self.tally.billed[number], self.tally.received[number]
        self._beside(order_line, billed, before, received)
        if self.bill.credit:
            self._credit(order_line, billed, before)
        else:
            self._quantity(order_line, billed, before, received)
            self._price(order_line, billed)
        self._tax(item)
        self.tally.billed[number] += -billed if self.bill.credit else billed

    def _credit(self, order_line: OrderLine, billed: Fraction, before: Fraction) -> None:
        if billed > before:
            unit = order_line.unit
            words = f"{_number(billed)} {unit} are credited, {_number(before)} were billed"
            self._find(MatchCause.OVER_CREDITED, None, words)

    def _quantity(self, order_line: OrderLine, billed: Fraction, before: Fraction, received: Fraction) -> None:
        slack = 1 + Fraction(self.allowed.quantity_percent) / 100
        each = _amount(self.line) / billed if billed else NONE
        over = before + billed - Fraction(order_line.quantity) * slack
        if over > 0:
            words = f"{self._billed(order_line, billed, before)}, ordered {_number(Fraction(order_line.quantity))}"
            self._find(MatchCause.OVER_ORDERED, each * min(over, billed), words)
            return
        missing = before + billed - received * slack
        if missing > 0:
            words = f"{self._billed(order_line, billed, before)}, {self.tally.papers.came} {_number(received)}"
            self._find(MatchCause.NOT_RECEIVED, each * min(missing, billed), words)

    def _price(self, order_line: OrderLine, billed: Fraction) -> None:
        agreed = self.tally.papers.agreed.get(order_line.item)
        ordered = order_line.unit_price
        should, whose = (agreed, "contract price") if agreed is not None else (None, "")
        if should is None and ordered is not None:
            should, whose = Fraction(ordered), "ordered at"
        if should is None:
            words = "neither a contract nor the order says what it should cost"
            self._find(MatchCause.NO_PRICE, None, words)
            return
        right = invoiced(should * billed, self.bill.currency)
        difference = invoiced(_amount(self.line), self.bill.currency) - right
        limit = max(self.allowed.price_amount, right * self.allowed.price_percent / 100)
        if difference > limit:
            words = f"{self._billed(order_line, billed, NONE)}, {whose} {_price(should)}"
            self._find(MatchCause.PRICE, Fraction(difference), words)

    def _tax(self, item: str) -> None:
        wanted = self.tally.papers.taxes.get(item)
        if wanted is not None and self.line.tax_percent is not None and self.line.tax_percent != wanted:
            words = f"taxed at {plain(self.line.tax_percent)} %, it should be {plain(wanted)} %"
            over = _amount(self.line) * (Fraction(self.line.tax_percent) - Fraction(wanted)) / 100
            self._find(MatchCause.TAX, over, words)

    def _billed(self, order_line: OrderLine, billed: Fraction, before: Fraction) -> str:
        """`billed 12 BX at 41.20`, in the order's unit."""
        each = _amount(self.line) / billed if billed else NONE
        earlier = f" after {_number(before)} before" if before else ""
        return f"billed {_number(billed)} {order_line.unit} at {_price(each)}{earlier}"

    def _beside(self, order_line: OrderLine, billed: Fraction, before: Fraction, received: Fraction) -> None:
        agreed = self.tally.papers.agreed.get(order_line.item)
        self.matched.append(
            MatchedLine(
                number=self.line.number,
                order_line=order_line.number,
                item=order_line.item,
                unit=order_line.unit,
                billed=six_places(billed),
                billed_before=six_places(before),
                ordered=order_line.quantity,
                received=six_places(received),
                price=six_places(_amount(self.line) / billed) if billed else None,
                ordered_price=order_line.unit_price,
                agreed_price=six_places(agreed) if agreed is not None else None,
            )
        )

    def _find(self, cause: MatchCause, amount: Fraction | None, words: str) -> None:
        money = invoiced(amount, self.bill.currency) if amount is not None else None
        told = f"line {self.line.number}, {self.line.item}: {words}"
        self.findings.append(MatchFinding(cause=cause, line=self.line.number, amount=money, words=told))


def _amount(line: InvoiceLine) -> Fraction:
    return Fraction(line.quantity) * Fraction(line.unit_price)


def _show(amount: Fraction, bill: SupplierBill) -> str:
    return f"{priced(invoiced(amount, bill.currency))} {bill.currency}"


def _price(value: Fraction) -> str:
    return priced(to_decimal(value, 4)[0])


def _number(value: Fraction) -> str:
    return plain(to_decimal(value, 4)[0])
