"""What a gateway collects, gives back and keeps is in Odoo's ledger to the cent; what was taken back has an owner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum import cases
from hilum.canonical import BankTransaction, Customer, CustomerInvoice, JournalEntry
from hilum.canonical.catalogue import read, write
from hilum.connectors import files, http, odoo
from hilum.packs import finance
from hilum.postgres import Database
from hilum.processes import Commands, handle, inbox
from hilum.processes.engine import Engine
from hilum.simulator.files import put
from hilum.simulator.gateway import Gateway, GatewayTroubles, Payout
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.doubles import Feed
from support.projects import OWNERS, make_flow
from support.waits import Start

pytestmark = pytest.mark.req("SYS-15", "WF-12")

SECRET = "a secret of a test"
BANK, SUSPENSE, CLEARING, FEES, OWED, INCOME = "101401", "101402", "101500", "656000", "121000", "400000"
RULES = finance.GatewayRules(
    gateways={
        "CARDS": finance.GatewayAccounts(
            journal="BNK1", moves_journal="CARDS", clearing=CLEARING, fees=FEES, transfer=SUSPENSE, payouts=r"\bCARDS\b"
        )
    },
    expect_moves="P1D",
    expect_line="P3650D",
    look_every=timedelta(seconds=0.3),
)


@pytest.fixture
async def box() -> AsyncIterator[SandboxOdoo]:
    async with SandboxOdoo("19.0", "hilum") as made:

        def books(env: Any) -> None:
            def account(code: str, name: str, kind: str) -> int:
                return int(env["account.account"].create({"code": code, "name": name, "account_type": kind}).id)

            account(FEES, "Fees of gateways", "expense")
            journal = {"code": "CARDS", "name": "Cards", "type": "bank", "sequence": 20}
            clearing = account(CLEARING, "Cards, not paid out", "asset_current")
            env["account.journal"].create({**journal, "default_account_id": clearing})

        made.change(books)
        yield made


class Books:
    """What is in the ledger of a sandbox, of posted entries."""

    def __init__(self, box: SandboxOdoo) -> None:
        self._box = box

    def balances(self) -> dict[str, Decimal]:
        """By account, debit less credit; what is owed by customer, as `121000 C-1`."""
        codes = {row["id"]: row["code"] for row in self._box.records("account.account")}
        partners = {row["id"]: row["ref"] for row in self._box.records("res.partner")}
        posted = {row["id"] for row in self._box.records("account.move") if row["state"] == "posted"}
        found: dict[str, Decimal] = defaultdict(Decimal)
        for line in self._box.records("account.move.line"):
            if line["move_id"] in posted and line["account_id"]:
                code = codes[line["account_id"]]
                name = f"{code} {partners[line['partner_id']]}" if code == OWED else code
                found[name] += Decimal(f"{line['debit']:.2f}") - Decimal(f"{line['credit']:.2f}")
        return {name: amount for name, amount in found.items() if amount}


def invoice(number: str, customer: str, amount: str) -> CustomerInvoice:
    line = {"number": 1, "description": "Treatment", "unit_price": amount, "tax_percent": "0"}
    return CustomerInvoice.model_validate(
        {"number": number, "customer": customer, "currency": "EUR", "billed_on": "2026-03-10", "lines": [line]}
    )


def of_the_bank(payout: Payout) -> BankTransaction:
    return BankTransaction(
        journal="BNK1", number=f"B-{payout.id}", booked_on=payout.day, amount=payout.amount, currency="EUR",
        words=f"payout {payout.reference}",
    )  # fmt: skip


async def test_what_a_gateway_moves_is_in_the_ledger_to_the_cent_by_webhook_and_by_file(
    hub: Start, database: Database, box: SandboxOdoo, tmp_path: Path
) -> None:
    feed, books = Feed("papers"), Books(box)
    process = finance.gateway_process(RULES, owners=OWNERS)
    listener = http.Listener(
        host="127.0.0.1", port=0, path="/cards", hmac_secret=SECRET, hmac_header="X-Signature",
        hmac_timestamp="X-Signature-Timestamp",
    )  # fmt: skip
    events = finance.gateway_events(source=listener, gateway="CARDS", rules=RULES, to=handle(process))
    (tmp_path / "cards").mkdir()
    folder = files.Folder(url=str(tmp_path / "cards"), split="none", stable_for=0, poll=0.05)
    reports = finance.gateway_reports(source=folder, gateway="CARDS", rules=RULES, to=handle(process))
    papers = make_flow(feed, name="test.papers", format="bytes", translate=lambda body, _: read(body),
                       order_by=lambda _: "one after the other", dedup_by=None)  # fmt: skip
    makes = (odoo.customer, odoo.customer_invoice, odoo.bank_transaction)
    papers.deliver_to(*(make("odoo.main") for make in makes), *handle(process))
    entries = make_flow(Commands("receivables.entries", poll=0.05), name="test.entries", order_by=None, dedup_by=None,
                        translate=lambda parsed, _: JournalEntry.model_validate(parsed["content"]))  # fmt: skip
    entries.deliver_to(odoo.journal_entry("odoo.main"))
    endpoints = {"odoo": {"main": {"url": box.url, "database": box.database, "api_key": box.api_key}}}
    started = await hub(events, reports, papers, entries, endpoints=endpoints)
    assert started.share is not None
    engine = Engine(started.project, database, [process], started.share.leases.id)
    await engine.start()
    try:
        billed = {"C-1": Decimal("120.00"), "C-2": Decimal("49.99"), "C-3": Decimal("80.00")}
        for number, (customer, amount) in enumerate(billed.items(), 1):
            await feed.send(write(Customer(code=customer, title=f"Payer {number}")))
            await feed.send(write(invoice(f"INV-{number}", customer, str(amount))))
        await eventually(lambda: books.balances().get(INCOME) == -sum(billed.values()), books.balances)

        troubles = GatewayTroubles(doubled=0.5, forged=0.3, shuffled=True)
        url = f"http://127.0.0.1:{listener.port}/cards"
        async with Gateway(webhook=url, secret=SECRET, troubles=troubles) as cards:
            first, second, third = (
                cards.pay(amount, customer=customer, documents=[f"INV-{number}"])
                for number, (customer, amount) in enumerate(billed.items(), 1)
            )
            cards.refund(first, Decimal("30.00"))
            cards.charge_back(second, Decimal("49.99"))
            cards.win(second, Decimal("49.99"))
            cards.charge_back(third, Decimal("80.00"))
            cards.charge_fee(Decimal("0.40"))
            payouts = [cards.pay_out(date(2026, 3, 14))]
            await cards.post_all()
            cards.troubles = GatewayTroubles(lost=1)  # only the file tells of the last one
            cards.pay(Decimal("33.33"), customer="C-1")
            payouts.append(cards.pay_out(date(2026, 3, 15)))
            await cards.post_all()
            assert cards.answers.keys() <= {202, 401}
            put(tmp_path / "cards" / "settled.csv", cards.report())
            for payout in payouts:
                await feed.send(write(of_the_bank(payout)))

            paid_out = sum((each.amount for each in payouts), Decimal(0))
            kept = sum((each.fees for each in payouts), Decimal(0))
            expected = {
                INCOME: Decimal("-249.99"),
                BANK: paid_out,
                FEES: kept,
                f"{OWED} C-1": Decimal("-3.33"),  # 120.00 billed and paid, 30.00 given back, 33.33 paid on account
                f"{OWED} C-3": Decimal("80.00"),  # taken back: it owes it again
            }  # nothing is left on the accounts of the gateway and between the journals; C-2 has paid
            assert paid_out + kept == Decimal("249.99") - 30 - Decimal("80.00") + Decimal("33.33")
            await eventually(lambda: books.balances() == expected, lambda: (books.balances(), expected))
            states = {row["payment_reference"]: row["state"] for row in box.records("account.payment")}
            assert len(states) == 8 and set(states.values()) == {"in_process"}
            async with database.cold() as connection:
                assert await inbox(connection) == [], "the file has told what webhooks did not"
            found: list[cases.Case] = []

            async def are(count: int) -> bool:
                async with database.cold() as connection:
                    found[:] = await cases.conditions(connection)
                return len(found) == count

            await eventually(lambda: are(1), lambda: found)
            assert (found[0].category, found[0].owner) == ("gateway.chargeback", "Treasury")
            assert found[0].title == "80.00 EUR were taken back at CARDS"
            # it is won after all: the case ends, and what was owed again is paid
            cards.win(third, Decimal("80.00"))
            cards.troubles = GatewayTroubles()
            await cards.post_all()
            expected |= {CLEARING: Decimal("80.00")}
            del expected[f"{OWED} C-3"]
            await eventually(lambda: books.balances() == expected, lambda: (books.balances(), expected))

            await eventually(lambda: are(0), lambda: found)
    finally:
        await engine.stop()
