"""Every indicator in one table: what it asks, what is counted above and below the line, and when. Pure.

The page of definitions, the console, the command line and the metrics take them from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from hilum.facts import (
    Acknowledgement,
    Approval,
    BilledPrice,
    BillLine,
    Fact,
    FirstDelivery,
    MatchedBill,
    Onboarding,
    OrderLine,
)

NOTHING: Final = Decimal(0)
ONE: Final = Decimal(1)


class Measure(StrEnum):
    """What its value is."""

    SHARE = "share"  # numerator / denominator
    DURATION = "duration"  # the mean: seconds / how many
    MONEY = "money"  # the numerator; the denominator is what it is of


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one fact adds to an indicator. The parts of a figure's facts come to the figure, exactly."""

    numerator: Decimal
    denominator: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator. Its texts are for people and stand in the reference."""

    name: str
    title: str
    question: str
    measure: Measure
    facts: type[Fact]
    numerator: str
    denominator: str
    counts: str  # what is in it, and what is not
    day: str  # the day that a fact belongs to
    high_is_good: bool | None  # none: neither
    of_money: bool  # told apart by currency, and never added over currencies
    part: Callable[[Any], Part | None] | None  # of a fact; none: it needs the facts before (`accruing`)

    @property
    def kind(self) -> str:
        """The table of its facts."""
        return self.facts.kind


def _off_contract(line: OrderLine) -> Part | None:
    if line.amount is None or line.cancelled:
        return None
    return Part(numerator=line.amount if line.basis != "contract" else NOTHING, denominator=line.amount)


def _too_dear(line: BilledPrice) -> Part | None:
    return Part(numerator=line.too_much, denominator=line.amount) if line.should_be is not None else None


def _matched(bill: MatchedBill) -> Part:
    return Part(numerator=ONE if bill.outcome == "matched" else NOTHING, denominator=ONE)


def _filled(line: FirstDelivery) -> Part:
    return Part(numerator=ONE if line.came >= line.ordered else NOTHING, denominator=ONE)


def _answered(answer: Acknowledgement) -> Part | None:
    return _took(answer.ordered_at, answer.at)


def _decided(approval: Approval) -> Part | None:
    return _took(approval.asked_at, approval.at)


def _taken_in(supplier: Onboarding) -> Part | None:
    return _took(supplier.registered_at, supplier.at) if supplier.outcome == "active" else None


def _took(since: datetime, until: datetime | None) -> Part | None:
    """Seconds to the microsecond; what has a later beginning than its end took no time."""
    if until is None:
        return None
    microseconds = max(until - since, timedelta()) // timedelta(microseconds=1)
    return Part(numerator=Decimal(microseconds) / 1_000_000, denominator=ONE)


INDICATORS: Final[Mapping[str, Indicator]] = {
    each.name: each
    for each in (
        Indicator(
            name="off-contract-spend", title="Off-contract spend",
            question="How much of what we order is covered by no contract?",
            measure=Measure.SHARE, facts=OrderLine,
            numerator="amounts of ordered lines whose price comes from no contract",
            denominator="amounts of all ordered lines",
            counts="Every line of the last revision of an order, before tax. Left out: lines without a price or a"
            " currency, and cancelled orders.",
            day="of the order", high_is_good=False, of_money=True, part=_off_contract,
        ),
        Indicator(
            name="price-mismatch", title="Price mismatch",
            question="How much are we billed above what was agreed?",
            measure=Measure.SHARE, facts=BilledPrice,
            numerator="what lines are billed above their contract or order price, beyond the tolerance",
            denominator="amounts of all billed lines that were compared",
            counts="Every line of goods of a bill, before tax, as it was when the bill was compared first: what the"
            " supplier corrects later is in it. Left out: lines for which neither contract nor order says a price,"
            " freight and charges, credit notes.",
            day="on which the bill was compared first", high_is_good=False, of_money=True, part=_too_dear,
        ),
        Indicator(
            name="match-rate", title="Match rate",
            question="How many bills go to payment without anybody looking?",
            measure=Measure.SHARE, facts=MatchedBill,
            numerator="bills that matched order, receipt and price, so that nobody had to decide",
            denominator="bills that were settled: matched, accepted by a person, or refused",
            counts="Every bill and credit note that names an order. One that waited for its goods and then matched"
            " counts as matched, also where somebody had been asked and did not answer before. Left out: bills that are"
            " still open.",
            day="on which the bill was settled", high_is_good=True, of_money=False, part=_matched,
        ),
        Indicator(
            name="onboarding-time", title="Onboarding time",
            question="How long does it take until a new supplier may be ordered from?",
            measure=Measure.DURATION, facts=Onboarding,
            numerator="time from the registration until the supplier was active for the first time, added up",
            denominator="suppliers that became active for the first time",
            counts="Calendar time, with all that the supplier was waited for. Left out: refused and open registrations,"
            " and later revisions.",
            day="on which the supplier became active", high_is_good=False, of_money=False, part=_taken_in,
        ),
        Indicator(
            name="approval-cycle-time", title="Approval cycle time",
            question="How long does a requisition wait for its approval?",
            measure=Measure.DURATION, facts=Approval,
            numerator="time from the requisition until the last person decided, added up",
            denominator="requisitions of which people decided, approved or refused",
            counts="Calendar time. Left out: requisitions that no rule gives to a person, withdrawn ones, and lines"
            " that were ordered at once and reviewed afterwards. Of a requisition that is decided again under the same"
            " number the last decision counts.",
            day="of the decision", high_is_good=False, of_money=False, part=_decided,
        ),
        Indicator(
            name="rebate-accrual", title="Rebate accrual",
            question="What do suppliers owe us by their rebates?",
            measure=Measure.MONEY, facts=BillLine,
            numerator="what the bills of the day added to the rebates of their contracts",
            denominator="what was bought by contracts with rebates",
            counts="Billed lines whose price was checked by a contract with rebates, in its currency, while it was"
            " valid; credit notes are taken off. Each line adds the difference between the rebate of all that was"
            " bought with it and without it, so a line that reaches a step adds that step for all before it. Added up"
            " from the contract's first day it is what `hilum terms rebates` says.",
            day="whose prices count: that of the order", high_is_good=True, of_money=True, part=None,
        ),
        Indicator(
            name="fill-rate", title="Fill rate",
            question="How many order lines come complete with the first delivery?",
            measure=Measure.SHARE, facts=FirstDelivery,
            numerator="order lines of which the first delivery of their order brought all that was ordered",
            denominator="order lines of orders of which something came",
            counts="The first receipt that names the order, lines with more than one counted in the order's unit. Left"
            " out: orders of which nothing has come.",
            day="of the first receipt", high_is_good=True, of_money=False, part=_filled,
        ),
        Indicator(
            name="acknowledgement-time", title="Acknowledgement time",
            question="How long do suppliers take to answer an order?",
            measure=Measure.DURATION, facts=Acknowledgement,
            numerator="time from the order until the supplier's first answer, added up",
            denominator="orders that were answered",
            counts="Calendar time, whatever the answer says. Left out: orders without an answer.",
            day="of the answer", high_is_good=False, of_money=False, part=_answered,
        ),
    )
}  # fmt: skip
"""All of them, by name, in the order in which pages show them."""
