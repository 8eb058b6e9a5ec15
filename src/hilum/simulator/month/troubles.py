"""What goes wrong in a month, how often, and as what it must be found."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

STRAIGHT: Final = "straight through"
"""Nobody was asked anything, and no message was held."""


class Trouble(StrEnum):
    """One story of an order. Some are troubles, some only look like one and must disturb nobody."""

    NONE = "none"
    PARTIAL = "two deliveries, two bills"
    LATE_NOTICE = "ship notice after the goods"
    BILL_FIRST = "bill before the goods"
    DISORDER = "papers in the wrong order"
    TWICE = "every message sent twice"
    CREDIT = "goods returned, credit note"
    PRICE = "billed above the contract"
    OVER_BILLED = "billed more than ordered"
    SHORT = "billed more than came"
    OVER_DELIVERED = "more came than was ordered"
    DUPLICATE = "the same bill again"
    NEAR_DUPLICATE = "the bill again, number written otherwise"
    WRONG_UNIT = "billed in another unit"
    UNKNOWN_ITEM = "billed an item that was not ordered"
    ANSWER_ITEM = "answered with a substitute"
    ANSWER_PRICE = "answered with a higher price"
    ANSWER_DATE = "answered with a later day"
    EXPIRED = "contract has run out"
    SUSPENDED = "contract is suspended"
    UNANSWERED = "order never acknowledged"
    BLOCKED = "supplier is blocked"
    OVER_BUDGET = "a cent more than the budget has"
    BUDGET_SPENT = "just what the budget has"
    URGENT = "urgent, critical and off contract"
    CHANGED = "changed by the buyer after sending"
    CANCELLED = "cancelled by the buyer after sending"
    FREIGHT = "freight and a levy on the bill, as allowed"
    FREIGHT_DEAR = "more freight than is allowed"


RATES: Mapping[Trouble, float] = MappingProxyType(
    {
        Trouble.PARTIAL: 0.05,
        Trouble.LATE_NOTICE: 0.03,
        Trouble.BILL_FIRST: 0.04,
        Trouble.DISORDER: 0.02,
        Trouble.TWICE: 0.03,
        Trouble.CREDIT: 0.02,
        Trouble.PRICE: 0.03,
        Trouble.OVER_BILLED: 0.02,
        Trouble.SHORT: 0.02,
        Trouble.OVER_DELIVERED: 0.01,
        Trouble.DUPLICATE: 0.02,
        Trouble.NEAR_DUPLICATE: 0.01,
        Trouble.WRONG_UNIT: 0.01,
        Trouble.UNKNOWN_ITEM: 0.01,
        Trouble.ANSWER_ITEM: 0.01,
        Trouble.ANSWER_PRICE: 0.01,
        Trouble.ANSWER_DATE: 0.02,
        Trouble.EXPIRED: 0.01,
        Trouble.SUSPENDED: 0.01,
        Trouble.UNANSWERED: 0.01,
        Trouble.BLOCKED: 0.01,
        Trouble.OVER_BUDGET: 0.02,
        Trouble.BUDGET_SPENT: 0.01,
        Trouble.URGENT: 0.01,
        Trouble.CHANGED: 0.02,
        Trouble.CANCELLED: 0.01,
        Trouble.FREIGHT: 0.03,
        Trouble.FREIGHT_DEAR: 0.01,
    }
)
"""Of all orders; the others are as they should be."""

RETURNED_RATE: Final = 0.05
"""Of all suppliers: the bank sends the first payment to them back."""

BLOCKED_RATE: Final = 0.05
"""For so many of all suppliers there is one more, that is blocked; at least one."""

FOUND_AS: Mapping[Trouble, str] = MappingProxyType(
    {
        Trouble.PRICE: "bill: price",
        Trouble.OVER_BILLED: "bill: over ordered",
        Trouble.SHORT: "bill: not received",
        Trouble.OVER_DELIVERED: "bill: over ordered",
        Trouble.DUPLICATE: "told before",
        Trouble.NEAR_DUPLICATE: "bill: duplicate",
        Trouble.WRONG_UNIT: "bill: unit",
        Trouble.UNKNOWN_ITEM: "bill: not ordered",
        Trouble.ANSWER_ITEM: "answer: item",
        Trouble.ANSWER_PRICE: "answer: price",
        Trouble.ANSWER_DATE: "answer: day",
        Trouble.EXPIRED: "approval: off contract",
        Trouble.SUSPENDED: "approval: off contract",
        Trouble.UNANSWERED: "not acknowledged",
        Trouble.BLOCKED: "held: supplier is blocked",
        Trouble.OVER_BUDGET: "approval: over budget",
        Trouble.URGENT: "review: ordered at once",
        Trouble.FREIGHT_DEAR: "bill: extras",
    }
)
"""What the hub must say of it; of those that are not here, nothing."""


def found_as(trouble: Trouble) -> str:
    """What must be in the hub's findings about an order of that kind."""
    return FOUND_AS.get(trouble, STRAIGHT)
