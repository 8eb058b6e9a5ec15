"""The bills of one operation: each is compared with what was used instead of with what was received. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from pydantic import BaseModel

from hilum.canonical import (
    BillMatch,
    BusinessObject,
    DocumentStatus,
    GoodsReceipt,
    MatchCause,
    MatchFinding,
    PurchaseOrder,
    SupplierBill,
)
from hilum.canonical.conversions import to_decimal
from hilum.cases.side_by_side import SideBySide
from hilum.packs.implants.rules import BILLS, USAGE, ImplantRules
from hilum.packs.procurement.beside import beside_bill
from hilum.packs.procurement.beside_unordered import bill_and_earlier
from hilum.packs.procurement.order_rules import BillDecision
from hilum.packs.procurement.three_way import Papers, match
from hilum.processes.periods import duration

PapersOf = Callable[[str], tuple[PurchaseOrder | None, GoodsReceipt | None, dict[str, Fraction]]]
"""Of an order: the order, its uses in the form of a receipt, the contract prices by item."""


@dataclass(slots=True)
class Pending:
    """A bill that is not settled."""

    bill: SupplierBill
    alike: Sequence[str]  # earlier bills that it may be, in words
    until: datetime  # so long it waits for uses
    round: int = 0
    found: list[MatchFinding] = field(default_factory=list)

    def waits(self, at: datetime) -> bool:
        """Is there nothing wrong with it but that a use may still come?"""
        return at < self.until and {finding.cause for finding in self.found} <= USAGE


@dataclass(slots=True)
class Bills:
    """What was billed."""

    rules: ImplantRules
    papers_of: PapersOf
    pending: list[Pending] = field(default_factory=list)
    settled: list[SupplierBill] = field(default_factory=list)
    refused: int = 0

    def take(self, bill: SupplierBill, alike: Sequence[str], at: datetime) -> None:
        """A bill or a credit note came. The same again changes nothing."""
        if bill.business_key not in self.known():
            self.pending.append(Pending(bill, alike, at + duration(self.rules.wait_for_usage)))

    def known(self) -> set[str]:
        """The business keys of all that came, but for those that were refused."""
        return {bill.business_key for bill in [*self.settled, *(each.bill for each in self.pending)]}

    def compare(self) -> Iterable[BusinessObject]:
        """Hold every open bill against what is known now: what matches is posted, what is new about others is told."""
        before = [*self.settled]
        for each in [*self.pending]:
            found = self._compare(each, before)
            if found.matched or list(found.findings) != each.found:
                each.round, each.found = each.round + 1, list(found.findings)
                yield found
            if found.matched:
                yield from self._accept(each)
            before.append(each.bill)

    def _compare(self, each: Pending, before: Sequence[SupplierBill]) -> BillMatch:
        papers = self._papers(each.bill.order or "", [bill for bill in before if bill.order == each.bill.order])
        found = match(each.bill, papers, self.rules.tolerances_of, round=each.round + 1)
        others = [MatchFinding(cause=MatchCause.DUPLICATE, words=words) for words in each.alike]
        return found.model_copy(update={"findings": (*others, *found.findings)})

    def _papers(self, number: str, bills: Sequence[SupplierBill]) -> Papers:
        order, used, agreed = self.papers_of(number)
        receipts = [used] if used is not None else []
        return Papers(
            order=order, receipts=receipts, bills=bills, agreed=agreed, packs_of=self.rules.packs_of, came="used"
        )

    def decide(self, key: str, answer: BillDecision, at: datetime) -> Iterable[BusinessObject]:
        """What somebody said about a bill."""
        each = next((each for each in self.pending if each.bill.business_key == key), None)
        if each is None:
            return
        if answer.decision == "accept":
            yield from self._accept(each)
        elif answer.decision == "wait":
            each.until = at + duration(self.rules.wait_for_usage)
        else:
            yield self._refuse(each, answer, at)

    def _accept(self, each: Pending) -> Iterable[BusinessObject]:
        self.pending.remove(each)
        self.settled.append(each.bill)
        yield each.bill

    def _refuse(self, each: Pending, answer: BillDecision, at: datetime) -> DocumentStatus:
        self.pending.remove(each)
        self.refused += 1
        words = "; ".join(finding.words for finding in each.found)
        return DocumentStatus(
            document=each.bill.business_key,
            flow="implants.closing",
            status="refused",
            references=tuple(x for x in (each.bill.number, each.bill.order) if x),
            words=f"{words}{f' ({answer.comment})' if answer.comment else ''}"[:2000],
            at=at,
        )

    def open_of(self, number: str) -> dict[int, Fraction]:
        """Of which lines of an order how much is not billed and accepted yet."""
        return self._papers(number, [bill for bill in self.settled if bill.order == number]).open_to_bill()

    def beyond_use(self, number: str) -> dict[int, Decimal]:
        """Of which lines of an order how much more was billed and accepted than was used."""
        papers = self._papers(number, [bill for bill in self.settled if bill.order == number])
        ordered = {line.number: Fraction(line.quantity) for line in papers.order.lines} if papers.order else {}
        over = {line: billed - ordered[line] for line, billed in papers.billed().items()}
        return {line: to_decimal(quantity, 6)[0] for line, quantity in over.items() if quantity > 0}

    def breaks(self, at: datetime) -> dict[str, tuple[str, str, str, type[BaseModel]]]:
        """By business key: whose the bill is, title, words, and the form of the answer."""
        return {
            each.bill.business_key: (
                next(team for cause, team in BILLS.items() if cause in {finding.cause for finding in each.found}),
                f"Bill {each.bill.number} of {each.bill.supplier} does not match what was used",
                "; ".join(finding.words for finding in each.found),
                BillDecision,
            )
            for each in self.pending
            if each.found and not each.waits(at)
        }

    def beside(self, key: str) -> SideBySide | None:
        """An open bill beside its order and what was used of it, or beside nothing; none: it is not open."""
        each = next((each for each in self.pending if each.bill.business_key == key), None)
        if each is None:
            return None
        papers = self._papers(each.bill.order or "", self.settled)
        if papers.order is None:
            alone = bill_and_earlier(each.bill, [])
            heads = (alone.documents[0], "Neither a use nor an order is known")
            return SideBySide(documents=heads, members=alone.members)
        return beside_bill(papers.order, each.bill, self._compare(each, self.settled), came="Used")

    def waits(self) -> list[datetime]:
        """Until when open bills wait."""
        return [each.until for each in self.pending]
