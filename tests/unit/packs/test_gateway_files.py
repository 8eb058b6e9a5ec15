"""Settlement files of gateways: the same moves as by webhook; a file that does not add up is held by row and column."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from hilum.canonical import GatewayMove, GatewaySettlement, GatewayTransaction, Payment, PaymentDirection
from hilum.errors import Invalid
from hilum.packs import finance
from hilum.packs.finance.gateway import booked
from hilum.packs.finance.gateway_files import told_by_report
from hilum.simulator.gateway import Gateway

pytestmark = pytest.mark.req("SYS-15")

ACCOUNTS = finance.GatewayAccounts(
    journal="BNK1", moves_journal="CARDS", clearing="1015", fees="6560", transfer="1017", payouts=r"\bCARDS\b"
)
RULES = finance.GatewayRules(gateways={"CARDS": ACCOUNTS}, zone="Europe/Brussels")
HEAD = "payout,paid_on,paid_out,reference,currency,id,type,amount,fee,at,of,customer,account,documents"
PAID = "po_1,2026-03-14,88.32,CARDS PO_1,EUR,pay_1,payment,120.00,1.68,2026-03-12T09:30,,C-1,,INV-1 INV-2"
BACK = "po_1,2026-03-14,88.32,CARDS PO_1,EUR,re_1,refund,30.00,,2026-03-12T23:30,pay_1,C-1,,"


def read(*rows: str) -> list[object]:
    return list(told_by_report("CARDS", "\n".join((HEAD, *rows, "")).encode(), RULES))


def test_a_row_is_a_move_and_the_rows_of_a_payout_are_its_settlement() -> None:
    paid, back, settled = read(PAID, BACK)
    assert isinstance(paid, GatewayTransaction) and isinstance(back, GatewayTransaction)
    assert (paid.business_key, paid.net, paid.documents) == ("CARDS:pay_1", Decimal("118.32"), ("INV-1", "INV-2"))
    assert (back.move, back.of, back.fee) == (GatewayMove.REFUND, "pay_1", 0)
    assert isinstance(settled, GatewaySettlement)
    assert (settled.business_key, settled.amount, settled.fees) == ("CARDS:po_1", Decimal("88.32"), Decimal("1.68"))
    _, payment = booked(back, RULES)
    assert isinstance(payment, Payment)
    assert (payment.direction, payment.paid_on) == (PaymentDirection.SENT, date(2026, 3, 12)), "in the hospital's zone"


def test_a_row_without_a_time_is_only_settled() -> None:
    (settled,) = read(PAID.replace("2026-03-12T09:30", ""), BACK.replace("2026-03-12T23:30", ""))
    assert isinstance(settled, GatewaySettlement) and len(settled.moves) == 2


def test_the_simulated_gateway_says_the_same_by_file_as_by_webhook() -> None:
    cards = Gateway(webhook="", secret="")
    paid = cards.pay(Decimal("120.00"), customer="C-1", documents=["INV-1"])
    cards.charge_back(paid, Decimal("20.00"))
    cards.win(paid, Decimal("20.00"))
    cards.charge_fee(Decimal("0.40"))
    payout = cards.pay_out(date(2026, 3, 14))
    told = [each["data"] | {"type": each["type"]} for each in cards._events[:-1]]
    *moves, settled = told_by_report("CARDS", cards.report(), RULES)
    assert isinstance(settled, GatewaySettlement) and settled.amount == payout.amount
    by_webhook = [
        finance.told_by_gateway("CARDS", {"type": each["type"], "at": cards._events[place]["at"], "data": each})
        for place, each in enumerate(told)
    ]
    assert moves == by_webhook


@pytest.mark.parametrize(
    ("rows", "where", "words"),
    [
        ((PAID, BACK.replace("88.32", "88.31")), "row 2, paid_out", "not what row 1 says"),
        ((PAID, BACK.replace("PO_1", "PO_2")), "row 2, reference", "not what row 1 says"),
        ((PAID,), "payout of row 1", "do not come to the amount"),
        ((PAID, PAID), "payout of row 1", "do not come to the amount"),
        ((PAID.replace("payment", "gift"), BACK), "row 1, type", "write one of payment, refund"),
        ((PAID.replace("120.00", "120,00"), BACK), "row 1", "14 column names"),
        ((PAID.replace("120.00", "many"), BACK), "row 1, amount", "write a number"),
        ((PAID.replace("2026-03-14", ""), BACK.replace("2026-03-14", "")), "row 1, paid_on", "must not be empty"),
        ((PAID.replace("po_1", "", 1), BACK), "row 1, payout", "must not be empty"),
        ((PAID.replace("T09:30", "T99:30"), BACK), "row 1, at", "write a time"),
        ((), "row 1", "no payout"),
    ],
)
def test_what_is_wrong_is_said_by_row_and_column(rows: tuple[str, ...], where: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        read(*rows)
    assert caught.value.where == where
