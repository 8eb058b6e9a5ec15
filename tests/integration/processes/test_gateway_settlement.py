"""Payments by a gateway: each booked once in whatever order webhooks come, and settled with the bank to the cent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hilum.canonical import BankTransaction, JournalEntry, Payment
from hilum.canonical.catalogue import read, write
from hilum.connectors import http
from hilum.packs import finance
from hilum.postgres import Database
from hilum.processes import Commands, handle, store
from hilum.processes.engine import Engine
from hilum.simulator.gateway import Gateway, GatewayTroubles, Payout
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.inbox import People
from support.looks import states
from support.projects import OWNERS, make_flow, target
from support.waits import Start

pytestmark = pytest.mark.req("SYS-15", "WF-12")

SECRET = "a secret of a test"
DAY = date(2026, 3, 14)
ACCOUNTS = finance.GatewayAccounts(
    journal="BNK1", moves_journal="CARDS", clearing="1015", fees="6560", transfer="1017", payouts=r"\bCARDS\b"
)


class Cashier(People):
    """A hub between a gateway and a bank."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, [])
        self.lines = Feed("lines")
        self.booked, self.entries = Receiver(), Receiver()
        self.listener = http.Listener(
            host="127.0.0.1", port=0, path="/cards", hmac_secret=SECRET, hmac_header="X-Signature",
            hmac_timestamp="X-Signature-Timestamp",
        )  # fmt: skip
        self._engine: Engine | None = None

    async def begin(self, start: Start, **more: Any) -> None:
        given = {"expect_moves": "P1D", "expect_line": "P3650D", "look_every": timedelta(seconds=0.3), **more}
        rules = finance.GatewayRules(gateways={"CARDS": ACCOUNTS}, **given)
        process = finance.gateway_process(rules, owners=OWNERS)
        self.processes = [process]
        events = finance.gateway_events(
            source=self.listener, gateway="CARDS", rules=rules, to=handle(process), odoo=None,
            also=[replace(target(self.booked, "memory.booked"), accepts=(Payment,))],
        )  # fmt: skip
        lines = make_flow(self.lines, name="test.lines", format="bytes", translate=lambda body, _: read(body),
                          order_by=None, dedup_by=None)  # fmt: skip
        lines.deliver_to(*handle(process))
        entries = make_flow(Commands("receivables.entries", poll=0.05), name="test.entries", order_by=None,
                            translate=lambda parsed, _: parsed["content"], dedup_by=None)  # fmt: skip
        entries.deliver_to(target(self.entries, "memory.entries"))
        hub = await start(events, lines, entries)
        assert hub.share is not None
        self._engine = Engine(hub.project, self.database, self.processes, hub.share.leases.id)
        await self._engine.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.port}/cards"

    async def end(self) -> None:
        if self._engine is not None:
            await self._engine.stop()

    async def statement(self, *payouts: Payout, named: bool = True, day: date = DAY) -> None:
        """The bank tells of them; `named`: with their reference."""
        for each in payouts:
            words = f"payout {each.reference}" if named else "transfer of CARDS payments"
            line = BankTransaction(
                journal="BNK1", number=f"B-{each.id}", booked_on=day, amount=each.amount, currency="EUR", words=words
            )
            await self.lines.send(write(line))

    def payments(self) -> list[tuple[str, Decimal, str]]:
        return sorted((x["direction"], Decimal(x["amount"]), x["customer"] or x["account"]) for x in self.booked.bodies)

    def balances(self) -> dict[str, Decimal]:
        """Of each account, of all entries: debit less credit."""
        found: dict[str, Decimal] = {}
        for body in self.entries.bodies:
            for line in JournalEntry.model_validate(body).lines:
                found[line.account] = found.get(line.account, Decimal(0)) + line.debit - line.credit
        return found

    async def ended(self, key: str) -> str:
        found: list[Any] = []

        async def over() -> bool:
            async with self.database.cold() as connection:
                found[:] = [await store.run_of(connection, "receivables.settlement", key)]
            return found[0] is not None and not found[0].open

        await eventually(over, lambda: f"{key}: {found}")
        return f"{found[0].state}: {found[0].outcome}"


@pytest.fixture
async def cashier(database: Database) -> AsyncIterator[Cashier]:
    made = Cashier(database)
    yield made
    await made.end()


def day_of_a_shop(cards: Gateway) -> Sequence[str]:
    """Two pay; one gets something back, the other one's bank takes all back and gives it again."""
    first = cards.pay(Decimal("120.00"), customer="C-1", documents=["INV-1"])
    second = cards.pay(Decimal("49.99"), account="A-7", documents=["INV-2"])
    cards.refund(first, Decimal("30.00"))
    cards.charge_back(second, Decimal("49.99"))
    cards.win(second, Decimal("49.99"))
    cards.charge_fee(Decimal("0.40"))
    return [first, second]


@pytest.mark.parametrize("statement_first", [False, True])
async def test_whatever_order_webhooks_and_statement_come_in_everything_is_booked_once(
    hub: Start, cashier: Cashier, statement_first: bool
) -> None:
    await cashier.begin(hub)
    troubles = GatewayTroubles(doubled=0.5, forged=0.3, shuffled=True)
    async with Gateway(webhook=cashier.url, secret=SECRET, troubles=troubles) as cards:
        day_of_a_shop(cards)
        held = cards.held
        payout = cards.pay_out(DAY)
        assert payout.amount == held and cards.held == 0
        if statement_first:
            await cashier.statement(payout)
        await cards.post_all()
        if not statement_first:
            await cashier.statement(payout)
        assert await cashier.ended(f"CARDS:{payout.id}") == (
            f"booked: {payout.amount} EUR on 2026-03-14, 6 moves, fees {payout.fees} EUR"
        )
        assert cards.answers.keys() <= {202, 401}
        await cashier.statement(payout)  # told again
    await eventually(lambda: len(cashier.entries.bodies) == 1 and len(cashier.booked.bodies) == 5)
    assert cashier.payments() == [
        ("received", Decimal("49.99"), "A-7"), ("received", Decimal("49.99"), "A-7"),
        ("received", Decimal("120.00"), "C-1"), ("sent", Decimal("30.00"), "C-1"), ("sent", Decimal("49.99"), "A-7"),
    ]  # fmt: skip
    moved = Decimal("120.00") + Decimal("49.99") - Decimal("30.00") - Decimal("49.99") + Decimal("49.99")
    assert cashier.balances() == {"1017": payout.amount, "6560": payout.fees, "1015": -moved}
    assert [x["documents"] for x in cashier.booked.bodies if x["amount"] == "120.00"] == [["INV-1"]]
    await cashier.nothing_is_asked()


async def test_a_line_that_may_be_of_two_payouts_is_of_none_until_somebody_has_said_so(
    hub: Start, cashier: Cashier
) -> None:
    await cashier.begin(hub, expect_line="PT0S")
    async with Gateway(webhook=cashier.url, secret=SECRET) as cards:
        payouts = []
        for number in range(2):
            cards.pay(Decimal("10.00"), customer=f"C-{number}")
            payouts.append(cards.pay_out(DAY))
        await cards.post_all()
    titles = [f"Settlement CARDS:{each.id} is not on the statement" for each in payouts]
    first, second = [await cashier.task(title) for title in titles]
    assert (first.team, second.team) == ("Treasury", "Treasury")
    await cashier.statement(payouts[1], named=False)
    await cashier.task("CARDS has told of no settlement for a payout")
    await cashier.answer(first, decision="close")
    assert await cashier.ended(f"CARDS:{payouts[0].id}") == "left: left to be settled by hand, by ada"
    assert "booked" in await cashier.ended(f"CARDS:{payouts[1].id}"), "now there is only one that it may be of"
    await eventually(lambda: len(cashier.entries.bodies) == 1)
    await cashier.nothing_is_asked()


async def test_a_webhook_that_is_lost_is_found_by_the_settlement(hub: Start, cashier: Cashier) -> None:
    await cashier.begin(hub, expect_moves="PT0S")
    async with Gateway(webhook=cashier.url, secret=SECRET, troubles=GatewayTroubles(lost=1)) as cards:
        paid = cards.pay(Decimal("120.00"), customer="C-1")
        payout = cards.pay_out(DAY)
        await cards.post_all()
        await cashier.statement(payout)
        task = await cashier.task(f"Settlement CARDS:{payout.id} is not what was told before")
        assert f"payment {paid} of 120.00 EUR was never told" in task.words
        await cashier.answer(task, decision="book")
        assert "booked" in await cashier.ended(f"CARDS:{payout.id}")


async def test_money_that_the_gateway_never_told_of_is_asked(hub: Start, cashier: Cashier) -> None:
    await cashier.begin(hub, expect_line="PT0S")
    stranger = Payout(id="po_x", amount=Decimal("3.20"), day=DAY, reference="CARDS PO_X", fees=Decimal(0))
    await cashier.statement(stranger)
    task = await cashier.task("CARDS has told of no settlement for a payout")
    assert task.words.startswith("3.20 EUR came in on BNK1 on 2026-03-14")
    await cashier.answer(task, decision="leave")
    await cashier.nothing_is_asked()


async def test_who_paid_must_be_known_and_forged_webhooks_book_nothing(hub: Start, cashier: Cashier) -> None:
    await cashier.begin(hub)
    async with Gateway(webhook=cashier.url, secret="another") as cards:
        cards.pay(Decimal("5.00"), customer="C-1")
        await cards.post_all()
        assert cards.answers == {401: 1}
    async with Gateway(webhook=cashier.url, secret=SECRET, seed=2) as cards:
        cards.pay(Decimal("5.00"))
        await cards.post_all()
    seen: dict[str, int] = {}

    async def held() -> bool:
        seen.clear()
        seen.update(await states(cashier.database))
        return seen == {"held": 1}

    await eventually(held, lambda: seen)
    assert cashier.booked.bodies == []
