"""What a bank notifies (camt.054) is settled at once, and never again by the statement of the day, in any form."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import BankTransaction, PaymentRun
from hilum.cases import cases
from hilum.message import new_id
from hilum.packs.finance import instructed, payables
from hilum.packs.finance.settlement import settle_line
from hilum.packs.finance.settling import Instructed
from hilum.postgres import Database
from hilum.processes.troubles import settle
from hilum.simulator.bank import StatementForm, Trouble
from support.looks import rows
from support.payments import DAY, IBANS, Paying, bill, confirm
from support.waits import Start

pytestmark = pytest.mark.req("SYS-15", "WF-12")

Begin = Callable[..., Awaitable[Paying]]
BOTH = [("sent", Decimal("7.77"), ("B-2",)), ("sent", Decimal("100.10"), ("B-1",))]


@pytest.fixture
async def paying(hub: Start, database: Database, tmp_path: Path) -> AsyncIterator[Begin]:
    """`await paying(form)`: a hub and a bank."""
    made: list[Paying] = []

    async def begin(form: StatementForm = StatementForm.CAMT_053, **more: Any) -> Paying:
        made.append(Paying(database, tmp_path, form))
        await made[0].begin(hub, **more)
        return made[0]

    yield begin
    for one in made:
        await one.end()


@pytest.mark.parametrize(
    "form",
    [
        StatementForm.CAMT_053,
        pytest.param(StatementForm.MT940, marks=pytest.mark.long),
        pytest.param(StatementForm.BAI2, marks=pytest.mark.long),
    ],
)
async def test_a_notification_settles_and_the_statement_of_the_day_changes_nothing(
    paying: Begin, form: StatementForm
) -> None:
    work = await paying(form)
    await work.owes(bill("B-1", "100.10"), bill("B-2", "7.77", "V2"))
    await work.released()
    work.mail()
    work.bank.notify(DAY)
    assert await work.ended() == "settled: 2 booked; 2 payments, 107.87 EUR"
    work.bank.end_of_day(DAY, times=2)
    await work.lines_done(4)
    await work.nothing_is_asked()
    async with work.database.transaction() as connection:
        await settle(connection, next(each for each in work.processes if each.name == "payables.settlement"))
        late = [each for each in await cases(connection) if each.category == "process.late"]
    assert late == [], "a line that is told again is no case"
    await work.are_booked(*BOTH)


@pytest.mark.long
async def test_a_batch_of_the_statement_is_what_was_notified_one_by_one_also_after_it(
    paying: Begin,
) -> None:
    work = await paying()
    await work.owes(bill("B-1", "100.10"), bill("B-2", "7.77", "V2"))
    await work.released()
    work.mail()
    late = work.folder / "late.xml"
    work.bank.notify(DAY, batch=True, to=late)
    work.bank.end_of_day(DAY, batch=True)
    await work.task("A line of BNK1")  # nobody has told of what it is made
    late.rename(work.bank.notifications / late.name)
    assert await work.ended() == "settled: 2 booked; 2 payments, 107.87 EUR"
    await work.lines_done(3)
    await work.nothing_is_asked()
    await work.are_booked(*BOTH)


@pytest.mark.long
async def test_a_return_is_notified_asked_about_once_and_booked_once(paying: Begin) -> None:
    work = await paying()
    work.bank.trouble(IBANS["V1"], Trouble.RETURN)
    await work.owes(bill("B-1", "100.10"))
    await work.released()
    work.mail()
    work.bank.end_of_day(DAY)
    await work.ended()
    work.bank.notify(DAY + timedelta(days=1))
    await work.answer(await work.task("A payment to V1 came back"), decision="close")
    work.bank.end_of_day(DAY + timedelta(days=1))
    await work.lines_done(3)
    await work.nothing_is_asked()
    await work.are_booked(("received", Decimal("100.10"), ()), ("sent", Decimal("100.10"), ("B-1",)))


# Line by line


class Told:
    """Payments that the bank was instructed to make, and lines about them."""

    def __init__(self, database: Database, payments: list[Instructed]) -> None:
        self.database = database
        self.payments = payments
        self._count = 0

    async def line(self, amount: str, of: int | None = None, *, notified: bool = False, **more: Any) -> str:
        """`booked`, `known` or `asks`."""
        self._count += 1
        words = self.payments[of].end_to_end_id if of is not None else "batch"
        said = {"journal": "BNK1", "number": f"L{self._count}", "booked_on": DAY, "amount": amount, "currency": "EUR"}
        line = BankTransaction.model_validate({**said, "words": words, "notified": notified, **more})
        run = new_id()
        found: list[dict[str, Any]] = []
        for _ in range(2):  # as after a crash
            async with self.database.transaction() as connection:
                found.append(await settle_line(connection, line, run))
        assert found[0] == found[1]
        return "asks" if found[0]["asks"] else "known" if found[0]["moved"] is None else "booked"

    async def booked(self) -> Decimal:
        [(amount,)] = await rows(self.database, "SELECT sum(booked - returned) FROM supplier_payment")
        return Decimal(amount)


@pytest.fixture
async def told(database: Database) -> Told:
    await confirm(database, IBANS)
    run = new_id()
    asked = PaymentRun(number="RUN-1", account="MAIN", due_until=DAY, execute_on=DAY)
    async with database.transaction() as connection:
        for number, supplier in enumerate(IBANS, 1):
            await payables.keep(connection, bill(f"B-{number}", "10.00", supplier))
        await payables.propose(connection, asked, currencies=["EUR"], journal="BNK1", run=run)
        await instructed.instruct(connection, run)
        return Told(database, await instructed.payments_of(connection, run))


@pytest.mark.parametrize("first", [True, False])
async def test_whichever_comes_first_is_settled(told: Told, first: bool) -> None:
    assert await told.line("-10", 0, notified=first) == "booked"
    assert await told.line("-10", 0, notified=not first, booked_on=DAY + timedelta(days=2)) == "known"
    assert await told.line("-10", 0, notified=not first) == "asks", "a third telling may be a second payment"
    assert await told.booked() == 10


async def test_one_without_an_id_is_known_by_reference_account_or_document(told: Told) -> None:
    accounts = [*IBANS.values()]
    for number in range(3):
        assert await told.line("-10", number, notified=True, bank_reference=f"R-{number}") == "booked"
    assert await told.line("-10", party_account=accounts[0]) == "known"
    assert await told.line("-10", words="transfer B-2") == "known"
    assert await told.line("-10", bank_reference="R-2") == "known"
    assert await told.line("-10", party_account=accounts[3]) == "booked", "of a payment that nobody has notified"
    assert await told.booked() == 40


@pytest.mark.parametrize("reference", ["E-1", ""])
async def test_a_sum_is_the_twin_of_the_payments_of_its_entry(told: Told, reference: str) -> None:
    for number in range(3):
        assert await told.line("-10", number, notified=True, bank_reference="E-1") == "booked"
    assert await told.line("-20", bank_reference=reference) == "asks"
    assert await told.line("-30", bank_reference=reference) == "known"
    assert await told.line("-30", bank_reference=reference) == "asks", "the payments were told once, as a sum, already"
    assert await told.booked() == 30
