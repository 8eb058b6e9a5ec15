"""Bills are paid once: approved by one, released by another, instructed, answered, on a statement, in the books."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.errors import Refused
from hilum.formats import iso20022
from hilum.formats.banking import Party
from hilum.formats.iso20022 import Transfer
from hilum.packs import finance
from hilum.postgres import Database
from hilum.simulator.bank import StatementForm, Trouble
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.looks import noted, rows
from support.payments import DAY, IBANS, Paying, bill
from support.waits import Start

pytestmark = pytest.mark.req("SYS-15", "WF-12")

Begin = Callable[..., Awaitable[Paying]]
FORMS = [
    StatementForm.CAMT_053,
    pytest.param(StatementForm.MT940, marks=pytest.mark.long),
    pytest.param(StatementForm.BAI2, marks=pytest.mark.long),
]
BILLS = {"B-1", "B-2", "CN-1", "B-3"}


@pytest.fixture
async def paying(hub: Start, database: Database, tmp_path: Path) -> AsyncIterator[Begin]:
    """`await paying(form, box, **rules)`: a hub, a bank, and maybe an Odoo."""
    made: list[Paying] = []

    async def begin(
        form: StatementForm = StatementForm.CAMT_053, box: SandboxOdoo | None = None, **more: Any
    ) -> Paying:
        one = Paying(database, tmp_path, form)
        made.append(one)
        await one.begin(hub, box, **more)
        return one

    yield begin
    for one in made:
        await one.end()


def transfers(order: bytes) -> dict[str, Decimal]:
    """By account of the receiver."""
    found = iso20022.read(order)
    assert isinstance(found, iso20022.Initiation)
    assert not found.problems()
    return {each.creditor.account: each.amount for each in found.transfers}


@pytest.mark.parametrize("form", FORMS)
async def test_from_bills_to_the_books_to_the_cent(paying: Begin, form: StatementForm) -> None:
    async with SandboxOdoo("19.0") as box:
        work = await paying(form, box)
        await work.owes(
            bill("B-1", "100.10"), bill("B-2", "50.05"), bill("CN-1", "20.15", credit=True), bill("B-3", "7.77", "V2")
        )
        order = await work.released()
        assert transfers(order) == {IBANS["V1"]: Decimal("130.00"), IBANS["V2"]: Decimal("7.77")}
        work.mail()
        work.bank.end_of_day(DAY, times=2)  # the statement comes twice
        assert await work.ended() == "settled: 2 booked; 2 payments, 137.77 EUR"
        await eventually(lambda: len(box.records("account.payment")) == 2)
        await eventually(lambda: len(box.records("account.bank.statement.line")) == 2)

        def settled() -> bool:
            return all(not move["amount_residual"] for move in box.records("account.move") if move["ref"] in BILLS)

        await eventually(settled, lambda: [(m["ref"], m["amount_residual"]) for m in box.records("account.move")])
        lines = box.records("account.bank.statement.line")
        paid = sum(Decimal(str(each["amount"])) for each in box.records("account.payment"))
        assert paid == -sum(Decimal(str(each["amount"])) for each in lines) == Decimal("137.77")
        assert work.bank.balance == Decimal(10_000) - paid
        await eventually(lambda: len(work.told.bodies) == 2)
        assert sorted(map(sorted, (each["payment"]["documents"] for each in work.told.bodies))) == [
            ["B-1", "B-2", "CN-1"], ["B-3"],
        ]  # fmt: skip
        parts = {part["number"]: Decimal(part["amount"]) for each in work.told.bodies for part in each["parts"]}
        assert parts == {
            "B-1": Decimal("100.10"), "B-2": Decimal("50.05"), "CN-1": Decimal("-20.15"), "B-3": Decimal("7.77"),
        }  # fmt: skip
        assert sorted(await noted(work.database, "payments", "state", "booked", "bills")) == [
            ("booked", "130.00", "3"), ("booked", "7.77", "1"),
        ]  # fmt: skip


@pytest.mark.long
async def test_who_asks_or_approves_does_not_release(paying: Begin, database: Database) -> None:
    work = await paying()
    await work.owes(bill("B-1", "100.10"))
    await work.run()
    asked = await work.task("Approve payment run RUN-1: 1 payment, 100.10 EUR")
    assert asked.words == "V1: 100.10 EUR for B-1"
    with pytest.raises(Refused):
        await work.answer(asked, by="carla", approve=True)
    await work.answer(asked, by="ada", approve=True)
    release = await work.task("Release")
    for nobody in ("carla", "ada"):
        with pytest.raises(Refused):
            await work.answer(release, by=nobody, release=True)
    await work.answer(release, by="bob", release=False)
    assert await work.ended() == "refused: not released"
    assert not list(work.bank.orders.iterdir())
    assert await rows(database, "SELECT count(*) FROM payable WHERE payment IS NULL") == [(1,)]


async def test_whoever_is_left_out_is_in_the_run_or_the_question_comes_again(paying: Begin) -> None:
    work = await paying()
    await work.owes(bill("B-1", "100.10"), bill("B-2", "7.77", "V2"))
    await work.run()
    first = await work.task("Approve")
    await work.answer(first, by="ada", approve=True, leave_out=["v2", "V1"])
    words: list[str] = []

    async def asked_again() -> bool:
        words[:] = [(await work.task("Approve")).words]
        return words[0].startswith("no payment of this run is to v2: ")

    await eventually(asked_again, lambda: words)
    await work.answer(await work.task("Approve"), by="ada", approve=True, leave_out=["V2"])
    release = await work.task("Release")
    assert release.words == "V1: 100.10 EUR for B-1"


async def test_what_the_bank_rejects_comes_back_to_the_desk_and_is_paid_by_the_next_run(paying: Begin) -> None:
    work = await paying()
    work.bank.trouble(IBANS["V1"], Trouble.REJECT)
    await work.owes(bill("B-1", "100.10"), bill("B-2", "7.77", "V2"))
    first = await work.released()
    work.mail()
    task = await work.task("The bank rejects a payment: V1")
    assert task.team == "Payables"
    assert task.words.endswith("100.10 EUR to V1, rejected: the account is closed (AC04)")
    await work.run("RUN-2")  # while the desk thinks, the bill is taken
    assert await work.ended("RUN-2") == "empty: nothing is due"
    await work.know({**IBANS, "V1": IBANS["V3"]})
    await work.answer(task, decision="again")
    work.bank.end_of_day(DAY)
    assert await work.ended() == "settled: 1 rejected; 1 booked; 2 payments, 107.87 EUR"
    second = await work.released("RUN-3")
    assert transfers(second) == {IBANS["V3"]: Decimal("100.10")}
    assert not ids(first) & ids(second)
    work.mail()
    work.bank.end_of_day(DAY)
    assert await work.ended("RUN-3") == "settled: 1 booked; 1 payment, 100.10 EUR"
    await work.are_booked(("sent", Decimal("7.77"), ("B-2",)), ("sent", Decimal("100.10"), ("B-1",)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.long
async def test_what_comes_back_is_owed_again_and_the_books_agree(paying: Begin, form: StatementForm) -> None:
    async with SandboxOdoo("19.0") as box:
        work = await paying(form, box)
        work.bank.trouble(IBANS["V1"], Trouble.RETURN)
        await work.owes(bill("B-1", "100.10"))
        await work.released()
        work.mail()
        work.bank.end_of_day(DAY)
        work.bank.end_of_day(DAY + timedelta(days=1))
        task = await work.task("A payment to V1 came back")
        if form is StatementForm.CAMT_053:
            assert "the account is closed (AC04)" in task.words
        await work.answer(task, decision="again")
        await work.lines_done(2)
        await work.know({"V1": IBANS["V3"]})
        await work.released("RUN-2")
        work.mail()
        work.bank.end_of_day(DAY + timedelta(days=2))
        assert await work.ended("RUN-2") == "settled: 1 booked; 1 payment, 100.10 EUR"
        await work.are_booked(
            ("received", Decimal("100.10"), ()), ("sent", Decimal("100.10"), ()), ("sent", Decimal("100.10"), ("B-1",))
        )
        await eventually(lambda: len(box.records("account.payment")) == 3)
        sides = {"outbound": 1, "inbound": -1}
        paid = sum(Decimal(str(x["amount"])) * sides[x["payment_type"]] for x in box.records("account.payment"))
        assert paid == Decimal("100.10") == Decimal(10_000) - work.bank.balance


async def test_another_amount_and_a_stranger_are_asked_of_treasury(paying: Begin) -> None:
    work = await paying()
    work.bank.trouble(IBANS["V1"], Trouble.PARTIAL)
    await work.owes(bill("B-1", "100.10"))
    await work.released()
    work.mail()
    work.bank.end_of_day(DAY)
    task = await work.task("A line of BNK1")
    assert task.team == "Treasury"
    assert "of which 100.10 EUR was open, and 50.05 EUR was paid" in task.words
    await work.answer(task, decision="book")
    await work.are_booked(("sent", Decimal("50.05"), ("B-1",)))
    await work.lines_done(1)
    stranger = Transfer(end_to_end_id="X-1", amount=Decimal("3.20"), currency="EUR", creditor=Party(name="Somebody"))
    work.bank.book(DAY, stranger)
    work.bank.end_of_day(DAY)
    task = await work.task("A line of BNK1")
    assert task.words.endswith("it is of no instructed payment")
    await work.answer(task, decision="leave")
    await work.lines_done(2)
    assert len(work.payments()) == 1


async def test_a_file_that_is_sent_again_and_a_hub_that_starts_again_pay_nothing_twice(paying: Begin) -> None:
    work = await paying()
    await work.owes(bill("B-1", "100.10"), bill("B-2", "7.77", "V2"))
    await work.run()
    asked = await work.task("Approve")
    await work.again()
    await work.answer(asked, by="ada", approve=True)
    release = await work.task("Release")
    await work.again()
    await work.answer(release, by="bob", release=True)
    await eventually(lambda: any(work.bank.orders.glob("*.xml")))
    order = next(work.bank.orders.glob("*.xml")).read_bytes()
    work.mail()
    await work.again()
    (work.bank.orders / "again.xml").write_bytes(order)
    work.mail()  # answered: the file came before
    await work.answers_heard(2)
    assert work.bank.balance == Decimal(10_000)
    work.bank.end_of_day(DAY, times=3)
    await work.again()
    assert await work.ended() == "settled: 2 booked; 2 payments, 107.87 EUR"
    await work.are_booked(("sent", Decimal("7.77"), ("B-2",)), ("sent", Decimal("100.10"), ("B-1",)))
    assert work.bank.balance == Decimal(10_000) - Decimal("107.87")


@pytest.mark.long
async def test_a_line_without_the_id_is_known_by_amount_day_and_account(paying: Begin) -> None:
    work = await paying()
    work.bank.trouble(IBANS["V1"], Trouble.NAMELESS)
    await work.owes(bill("B-1", "100.10"), bill("B-2", "100.10", "V2"))
    await work.released()
    work.mail()
    work.bank.end_of_day(DAY)
    assert await work.ended() == "settled: 2 booked; 2 payments, 200.20 EUR"


@pytest.mark.long
async def test_a_payment_that_is_on_no_statement_is_looked_for(paying: Begin) -> None:
    work = await paying(expect_within="PT1S")
    work.bank.trouble(IBANS["V1"], Trouble.SILENT)
    await work.owes(bill("B-1", "100.10"))
    await work.released(execute_on=date(2020, 1, 2))
    work.mail()
    task = await work.task("A payment is on no statement: V1")
    assert task.team == "Treasury"
    assert task.words.endswith("of which the bank says nothing; 100.10 EUR of it is on no statement until now")
    await work.answer(task, decision="again")
    assert await work.ended() == "settled: 1 given up; 1 payment, 100.10 EUR"
    await work.are("SELECT count(*) FROM payable WHERE payment IS NULL AND closed = ''", 1)


@pytest.mark.long
async def test_an_account_that_was_changed_after_the_approval_is_not_paid(paying: Begin) -> None:
    work = await paying()
    await work.owes(bill("B-1", "100.10"), bill("B-2", "7.77", "V2"))
    await work.run()
    await work.answer(await work.task("Approve"), by="ada", approve=True)
    await work.know({**IBANS, "V1": IBANS["V4"]})
    await work.answer(await work.task("Release"), by="bob", release=True)
    await eventually(lambda: any(work.bank.orders.glob("*.xml")))
    assert transfers(next(work.bank.orders.glob("*.xml")).read_bytes()) == {IBANS["V2"]: Decimal("7.77")}
    work.mail()
    work.bank.end_of_day(DAY)
    assert "V1: the account was changed after the approval" in await work.ended()


@pytest.mark.long
async def test_suppliers_can_be_told_when_the_bank_is_instructed_and_are_not_told_again(paying: Begin) -> None:
    work = await paying(advise="sent")
    await work.owes(bill("B-1", "100.10"))
    await work.released()
    await eventually(lambda: len(work.told.bodies) == 1)
    assert work.payments() == []
    work.mail()
    work.bank.end_of_day(DAY)
    await work.ended()
    await work.lines_done(1)
    assert [each["payment"]["documents"] for each in work.told.bodies] == [["B-1"]]


async def test_a_pain_002_is_an_object_with_its_reasons_in_words() -> None:
    told = (
        iso20022.Status(level="message", number="RUN-1", code="PART"),
        iso20022.Status(
            level="payment", number="E-1", run="RUN-1", code="RJCT", reasons=(iso20022.Reason(code="AC01"),)
        ),
        iso20022.Status(level="run", number="RUN-1", code="ACSP"),
    )
    made = iso20022.StatusReport(
        number="S-1", created_at=None, original="RUN-1", original_kind="pain.001.001.09", statuses=told
    )
    read = iso20022.read(iso20022.write_status(made))
    assert isinstance(read, iso20022.StatusReport)
    found = finance.status_of(read)
    assert (found.order, found.business_key) == ("RUN-1", "RUN-1:S-1")
    rejected, other = found.of("E-1"), found.of("E-2")
    assert rejected is not None
    assert other is not None
    assert (rejected.standing.value, rejected.reasons) == ("rejected", ("AC01",))
    assert rejected.words == "rejected: the account number is wrong (AC01)"
    assert other.standing.value == "accepted"


def ids(order: bytes) -> set[str]:
    """The end-to-end ids of a file."""
    found = iso20022.read(order)
    assert isinstance(found, iso20022.Initiation)
    return {each.end_to_end_id for each in found.transfers}
