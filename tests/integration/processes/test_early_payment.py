"""Discounts for early payment: taken within the terms, in the books to the cent, still owed where the bank was late."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import BankTransaction, PaymentRun, PaymentTerms, SupplierBill
from hilum.message import new_id
from hilum.packs.finance import instructed as bank
from hilum.packs.finance import payables
from hilum.packs.finance.advice import Settled
from hilum.packs.finance.settlement import settle_line
from hilum.packs.finance.settling import Instructed
from hilum.postgres import Database
from hilum.simulator.bank import Trouble
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.looks import rows
from support.payments import DAY, IBANS, Paying, bill, confirm
from support.waits import Start

pytestmark = pytest.mark.req("WF-12", "SYS-15")

Begin = Callable[..., Awaitable[Paying]]
TERMS = PaymentTerms.of("2/10 net 30")


@pytest.fixture
async def paying(hub: Start, database: Database, tmp_path: Path) -> AsyncIterator[Begin]:
    """`await paying(box)`: a hub, a bank and an Odoo."""
    made: list[Paying] = []

    async def begin(box: SandboxOdoo, **more: Any) -> Paying:
        made.append(Paying(database, tmp_path))
        await made[0].begin(hub, box, **more)
        return made[0]

    yield begin
    for one in made:
        await one.end()


def early(number: str, amount: str, **more: Any) -> SupplierBill:
    return bill(number, amount, terms=TERMS, **more)


async def test_a_discount_within_the_terms_is_in_the_books_to_the_cent(paying: Begin) -> None:
    async with SandboxOdoo("19.0") as box:
        work = await paying(box)
        await work.owes(early("B-1", "100.10"), bill("B-2", "50.05"))
        await work.released()
        work.mail()
        work.bank.end_of_day(DAY, times=2)
        assert await work.ended() == "settled: 1 booked; 1 payment, 148.15 EUR"  # 2 % of 100.10 less

        def settled() -> bool:
            moves = {each["ref"]: each["amount_residual"] for each in box.records("account.move")}
            return {"B-1", "B-2", "B-1-DISCOUNT"} <= moves.keys() and not any(
                moves[ref] for ref in ("B-1", "B-2", "B-1-DISCOUNT")
            )

        await eventually(settled, lambda: [(m["ref"], m["amount_residual"]) for m in box.records("account.move")])
        (note,) = [each for each in box.records("account.move") if each["ref"] == "B-1-DISCOUNT"]
        assert (note["move_type"], Decimal(str(note["amount_total"]))) == ("in_refund", Decimal("2.00"))
        assert work.bank.balance == Decimal(10_000) - Decimal("148.15")
        await eventually(lambda: len(work.told.bodies) == 1)
        (told,) = work.told.bodies
        assert told["payment"]["documents"] == ["B-1", "B-2"]
        assert [(each["number"], Decimal(each["amount"]), Decimal(each["discount"])) for each in told["parts"]] == [
            ("B-1", Decimal("98.10"), Decimal("2.00")), ("B-2", Decimal("50.05"), Decimal(0)),
        ]  # fmt: skip


@pytest.mark.long
async def test_what_the_bank_books_too_late_is_no_discount_and_the_rest_is_paid_by_the_next_run(paying: Begin) -> None:
    async with SandboxOdoo("19.0") as box:
        work = await paying(box)
        work.bank.trouble(IBANS["V1"], Trouble.LATE)  # three days after
        await work.owes(early("B-1", "100.00", billed_on=DAY - timedelta(days=9)))
        await work.released()
        work.mail()
        work.bank.end_of_day(DAY + timedelta(days=3))
        assert await work.ended() == "settled: 1 booked; 1 payment, 98.00 EUR"
        work.bank.trouble(IBANS["V1"], Trouble.PENDING)
        await work.lines_done(1)
        assert await rows(
            work.database, "SELECT amount, documents FROM payable WHERE payment IS NULL AND closed = ''"
        ) == [(Decimal("2.00"), ["B-1"])]  # fmt: skip
        await eventually(lambda: len(box.records("account.payment")) == 1)
        assert not [each for each in box.records("account.move") if each["ref"] == "B-1-DISCOUNT"]

        def open_() -> list[float]:
            return [each["amount_residual"] for each in box.records("account.move") if each["ref"] == "B-1"]

        await eventually(lambda: open_() == [2.0], open_)


# Which bills, which day, how much


async def proposed(database: Database, *bills: SupplierBill, until: date, on: date, **more: Any) -> list[Instructed]:
    await confirm(database, {"V1": IBANS["V1"]})
    run = new_id()
    asked = PaymentRun(number="RUN-1", account="MAIN", due_until=until, execute_on=on)
    async with database.transaction() as connection:
        for each in bills:
            await payables.keep(connection, each)
        for _ in range(2):
            await payables.propose(connection, asked, currencies=["EUR"], journal="BNK1", run=run, **more)
        return await bank.payments_of(connection, run)


FRIDAY = date(2026, 3, 6)


@pytest.mark.parametrize(
    ("on", "holidays", "amount"),
    [
        (FRIDAY, frozenset(), "98.00"),
        (FRIDAY + timedelta(days=1), frozenset(), "100.00"),  # Saturday: the bank pays on Monday
        (FRIDAY, frozenset({FRIDAY}), "100.00"),
    ],
)
async def test_the_bank_day_decides(database: Database, on: date, holidays: frozenset[date], amount: str) -> None:
    paper = early("B-1", "100.00", billed_on=FRIDAY - timedelta(days=10), due_on=FRIDAY)
    [payment] = await proposed(database, paper, until=FRIDAY, on=on, holidays=holidays)
    assert payment.amount == Decimal(amount)


async def test_a_run_takes_what_would_lose_its_discount_and_leaves_what_can_wait(database: Database) -> None:
    soon = early("B-1", "100.00", billed_on=FRIDAY - timedelta(days=8), due_on=None)
    later = early("B-2", "100.00", billed_on=FRIDAY, due_on=None)
    gone = early("B-3", "100.00", billed_on=FRIDAY - timedelta(days=12), due_on=None)
    [payment] = await proposed(database, soon, later, gone, until=FRIDAY + timedelta(days=6), on=FRIDAY)
    assert payment.documents == ("B-1", "B-1-DISCOUNT")


async def test_a_payment_that_is_not_made_takes_no_discount_and_the_note_is_no_credit_of_its_own(
    database: Database,
) -> None:
    paper = early("B-1", "100.00", due_on=DAY)
    [payment] = await proposed(database, paper, until=DAY, on=DAY)
    [(run,)] = await rows(database, "SELECT run_id FROM supplier_payment")
    note = SupplierBill.model_validate(
        {"number": "B-1-DISCOUNT", "supplier": "V1", "credit": True, "currency": "EUR", "billed_on": DAY,
         "total": "2.00", "lines": [{"number": 1, "unit_price": "2.00"}]}
    )  # fmt: skip
    async with database.transaction() as connection:
        assert not await payables.keep(connection, note), "the ledger tells of it: it is known"
        await bank.leave_out(connection, run)
    assert await rows(database, "SELECT bill, payment FROM payable") == [("V1:B-1", None)]
    [again] = await proposed(database, paper, until=DAY, on=DAY)
    assert again.end_to_end_id == payment.end_to_end_id


# What comes back


async def told(database: Database, payment: Instructed, amount: str, on: date) -> Settled:
    """A line of a statement; what is booked of it."""
    line = BankTransaction(
        journal="BNK1", number=f"N{amount}{on}", booked_on=on, amount=Decimal(amount), currency="EUR",
        words=f"about {payment.end_to_end_id}", bank_reference=f"R{amount}{on}",
    )  # fmt: skip
    run = new_id()
    async with database.transaction() as connection:
        await settle_line(connection, line, run)
        found = await settle_line(connection, line, run)  # as after a crash
    return Settled.model_validate(found["moved"])


async def instructed(database: Database, *bills: SupplierBill, on: date) -> Instructed:
    [payment] = await proposed(database, *bills, until=on, on=on)
    async with database.transaction() as connection:
        [(run,)] = await rows(database, "SELECT run_id FROM supplier_payment WHERE state = 'proposed'")
        await bank.instruct(connection, run)
    return payment


@pytest.mark.parametrize(("days", "amount"), [(3, "98.00"), (11, "100.00")])
async def test_the_discount_of_a_payment_that_returns_is_owed_again_and_taken_within_the_terms_only(
    database: Database, days: int, amount: str
) -> None:
    payment = await instructed(database, early("B-1", "100.00", billed_on=FRIDAY, due_on=FRIDAY), on=FRIDAY)
    [note] = (await told(database, payment, "-98.00", FRIDAY)).discounts
    back = await told(database, payment, "98.00", FRIDAY + timedelta(days=1))
    [bill_of_it] = back.discounts
    assert (bill_of_it.number, bill_of_it.credit, bill_of_it.total) == ("B-1-DISCOUNT-BACK", False, note.total)
    assert [line.unit_price for line in bill_of_it.lines] == [line.unit_price for line in note.lines]
    later = FRIDAY + timedelta(days=days)
    assert await proposed(database, until=later, on=later) == [], "a desk has not decided"
    async with database.transaction() as connection:
        await payables.keep(connection, bill_of_it)  # the ledger tells of it: it is known
        await bank.give_up(connection, payment.end_to_end_id, again=True, words="")
        await payables.keep(connection, bill_of_it, TERMS)
    [again] = await proposed(database, until=later, on=later)
    assert (again.amount, again.on_account) == (Decimal(amount), True)


async def test_a_part_that_returns_takes_its_share_of_the_discount_with_it(database: Database) -> None:
    lines = [
        {"number": n, "unit_price": price, "tax_percent": tax} for n, price, tax in ((1, "50", "21"), (2, "37.20", "6"))
    ]
    paper = early("B-1", "99.93", lines=lines, billed_on=FRIDAY, due_on=FRIDAY)
    payment = await instructed(database, paper, on=FRIDAY)
    [note] = (await told(database, payment, "-97.93", FRIDAY)).discounts
    first = (await told(database, payment, "30.01", FRIDAY + timedelta(days=1))).discounts
    rest = (await told(database, payment, "67.92", FRIDAY + timedelta(days=2))).discounts
    assert [each.total for each in first] == [Decimal("0.61")]
    assert sum(each.total or 0 for each in [*first, *rest]) == note.total == Decimal("2.00")
    assert len({each.number for each in [*first, *rest]}) == 2
    for each in [*first, *rest]:
        taxed = sum(round(x.unit_price * (100 + (x.tax_percent or 0)) / 100, 2) for x in each.lines)
        assert taxed == each.total, each.lines
    async with database.transaction() as connection:
        await bank.give_up(connection, payment.end_to_end_id, again=False, words="settled by hand")
    assert await rows(database, "SELECT count(*) FROM payable WHERE payment IS NULL AND closed = ''") == [(0,)]
