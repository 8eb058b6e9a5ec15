"""What a gateway tells: moves and settlements that add up, and the entry that each settlement makes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.canonical import GatewayMove, GatewaySettlement, GatewayTransaction, SettledMove
from hilum.errors import Invalid
from hilum.packs import finance
from hilum.packs.finance.gateway import payment_of, told_by_gateway
from hilum.packs.finance.gateway_process import entry_of

pytestmark = pytest.mark.req("SYS-15")

ACCOUNTS = finance.GatewayAccounts(
    journal="BNK1", moves_journal="CARDS", clearing="1015", fees="6560", transfer="1017", payouts="CARDS"
)
RULES = finance.GatewayRules(gateways={"CARDS": ACCOUNTS}, zone="Europe/Brussels")
CENTS = st.integers(1, 100_000).map(lambda cents: Decimal(cents) / 100)
FEES = st.integers(-100, 500).map(lambda cents: Decimal(cents) / 100)
MOVE = st.tuples(st.sampled_from(list(GatewayMove)), CENTS, FEES)


@given(st.lists(MOVE, min_size=1, max_size=8))
def test_the_entry_of_a_settlement_clears_what_its_moves_have_booked(
    told: list[tuple[GatewayMove, Decimal, Decimal]],
) -> None:
    moves = tuple(
        SettledMove(number=f"M-{n}", move=move, amount=amount, fee=fee) for n, (move, amount, fee) in enumerate(told)
    )
    net = sum((each.net for each in moves), Decimal(0))
    settlement = GatewaySettlement(
        gateway="CARDS", number="po_1", amount=net, currency="EUR", paid_on=date(2026, 3, 14), moves=moves
    )
    booked = sum(
        (each.move.sign * each.amount for each in moves
         if each.move not in (GatewayMove.FEE, GatewayMove.ADJUSTMENT)), Decimal(0),
    )  # fmt: skip
    entry = entry_of(settlement, ACCOUNTS, date(2026, 3, 15))
    balances = {line.account: line.debit - line.credit for line in entry.lines} if entry is not None else {}
    assert balances.get("1015", 0) == -booked, "nothing is left of it at the gateway"
    assert balances.get("1017", 0) == net


def test_a_settlement_whose_moves_do_not_come_to_it_is_invalid() -> None:
    data: dict[str, Any] = {"id": "po_1", "amount": "10.00", "currency": "EUR", "paid_on": "2026-03-14",
                            "moves": [{"id": "m", "type": "payment.succeeded", "amount": "10.01"}]}  # fmt: skip
    with pytest.raises(Invalid, match="do not come to the amount"):
        told_by_gateway("CARDS", {"type": "payout.paid", "data": data})
    for wrong in ({**data, "moves": [3]}, {**data, "moves": []}, {**data, "moves": [{"type": "payment.created"}]}, 3):
        with pytest.raises(Invalid):
            told_by_gateway("CARDS", {"type": "payout.paid", "data": wrong})


def test_where_no_money_moves_nothing_is_told() -> None:
    assert told_by_gateway("CARDS", {"type": "payment.failed", "data": {}}) is None


def test_the_day_of_a_payment_is_that_of_the_hospital() -> None:
    said = {"id": "pay_1", "amount": "5", "currency": "EUR", "customer": "C-1"}
    moved = told_by_gateway("CARDS", {"type": "payment.succeeded", "at": "2026-03-14T23:30:00Z", "data": said})
    assert isinstance(moved, GatewayTransaction)
    paid = payment_of(moved, RULES)
    assert (paid.paid_on, paid.number, paid.journal) == (date(2026, 3, 15), "CARDS-pay_1", "CARDS")
