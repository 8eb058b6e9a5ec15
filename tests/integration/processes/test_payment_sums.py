"""However payments are split, returned, rejected and told: what was owed is what left the account, and what is open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hilum.canonical import (
    BankTransaction,
    Payment,
    PaymentDirection,
    PaymentRun,
    PaymentStatus,
    PaymentStatusReport,
    SupplierBill,
)
from hilum.message import new_id
from hilum.packs.finance import instructed, payables
from hilum.packs.finance.settlement import settle_line
from hilum.packs.finance.settling import EXPECTED, Instructed
from hilum.postgres import Database
from hilum.testing import eventually
from support.looks import rows
from support.payments import confirm

pytestmark = pytest.mark.req("SYS-15", "WF-12")

DAY = date(2026, 3, 20)
CENTS = st.integers(1, 50_000).map(lambda cents: Decimal(cents) / 100)
FATES = st.sampled_from(["paid", "part", "two parts", "returned", "part returned", "rejected", "silent", "too much"])
FATE = st.tuples(FATES, st.booleans(), st.booleans())
"""What becomes of a payment; is each line told twice; does a desk say: again (otherwise it is closed)?"""


def bill(number: int, supplier: int, amount: Decimal, credit: bool) -> SupplierBill:
    return SupplierBill.model_validate(
        {"number": f"B-{number}", "supplier": f"V{supplier}", "currency": "EUR", "billed_on": DAY, "total": amount,
         "credit": credit, "lines": [{"number": 1, "unit_price": amount}]}
    )  # fmt: skip


class Books:
    """Payment runs and statements over real tables, and what was booked of them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.booked: dict[str, Payment] = {}
        self._numbers = count(1)

    async def pay(self) -> list[Instructed]:
        """A run takes what is due, and the bank is instructed."""
        run = new_id()
        number = f"RUN-{next(self._numbers)}"
        asked = PaymentRun(number=number, account="MAIN", due_until=DAY, execute_on=DAY)
        await confirm(self.database, {f"V{number}": f"ACCOUNTV{number}" for number in range(5)})
        async with self.database.transaction() as connection:
            for _ in range(2):  # as after a crash: nothing is taken twice
                await payables.propose(connection, asked, currencies=["EUR"], journal="BNK1", run=run)
            await instructed.instruct(connection, run)
            return await instructed.payments_of(connection, run)

    async def line(self, payment: Instructed, amount: Decimal, *, twice: bool, forced: bool = False) -> None:
        """A line of a statement; each telling is a run of its own, and may be repeated."""
        line = BankTransaction(
            journal="BNK1", number=f"N-{next(self._numbers)}", booked_on=DAY + timedelta(days=1), amount=amount,
            currency="EUR", words=f"paid {payment.end_to_end_id}", bank_reference=f"R-{next(self._numbers)}",
        )  # fmt: skip
        for telling in range(2 if twice else 1):
            run = new_id()
            told = line.model_copy(update={"number": f"{line.number}-{telling}"})  # another statement: another number
            for _ in range(2):
                async with self.database.transaction() as connection:
                    found = await settle_line(connection, told, run)
                    if found["asks"] and forced:
                        found = await settle_line(connection, told, run, forced=payment.end_to_end_id)
                if found["moved"] is not None:
                    made = Payment.model_validate(found["moved"]["payment"])
                    assert self.booked.setdefault(made.number, made) == made

    async def decide(self, payment: Instructed, *, again: bool) -> None:
        async with self.database.transaction() as connection:
            for _ in range(2):
                await instructed.give_up(connection, payment.end_to_end_id, again=again, words="by hand")

    async def reject(self, payment: Instructed) -> None:
        told = PaymentStatusReport(
            number="S", order=payment.run,
            statuses=(PaymentStatus(level="payment", number=payment.end_to_end_id, standing="rejected", code="RJCT"),),
        )  # fmt: skip
        [(run,)] = await rows(
            self.database, "SELECT run_id FROM supplier_payment WHERE end_to_end_id = %s", [payment.end_to_end_id]
        )
        async with self.database.transaction() as connection:
            assert await instructed.report(connection, run, told) == [payment.end_to_end_id]
            assert await instructed.report(connection, run, told) == [payment.end_to_end_id]

    async def meets(self, payment: Instructed, fate: str, twice: bool, again: bool) -> None:
        """What the bank does, and what desks decide."""
        half = max(round(payment.amount / 2, 2), Decimal("0.01"))
        if fate == "rejected":
            await self.reject(payment)
        elif fate in ("part", "two parts"):
            await self.line(payment, -half, twice=twice, forced=True)
            if fate == "two parts" and payment.amount > half:
                await self.line(payment, half - payment.amount, twice=twice, forced=True)
        elif fate == "too much":
            await self.line(payment, -payment.amount - 1, twice=twice, forced=True)
        elif fate != "silent":
            await self.line(payment, -payment.amount, twice=twice)
            back = {"returned": payment.amount, "part returned": half}.get(fate)
            if back is not None:
                await self.line(payment, back, twice=twice)
        if fate not in ("paid", "too much"):
            await self.decide(payment, again=again)

    def moved(self) -> Decimal:
        """What left the account, less what came back."""
        return sum(
            (x.amount if x.direction is PaymentDirection.SENT else -x.amount for x in self.booked.values()), Decimal(0)
        )

    async def sums(self) -> dict[str, Decimal]:
        [(instructed, net, reopened)] = await rows(
            self.database,
            "SELECT coalesce(sum(amount), 0), coalesce(sum(booked - returned), 0), coalesce(sum(reopened), 0)"
            " FROM supplier_payment",
        )
        [(owed, closed)] = await rows(
            self.database,
            "SELECT coalesce(sum(amount) FILTER (WHERE payment IS NULL AND closed = ''), 0),"
            " coalesce(sum(amount) FILTER (WHERE closed <> ''), 0) FROM payable",
        )
        return {"instructed": instructed, "net": net, "reopened": reopened, "owed": owed, "closed": closed}


async def _play(url: str, bills: list[SupplierBill], fates: Iterator[tuple[str, bool, bool]]) -> None:
    database = Database(url)
    await database.open()
    try:
        async with database.transaction() as connection:
            await connection.execute("TRUNCATE payable, supplier_payment, payment_line")
            for each in [*bills, *bills]:
                await payables.keep(connection, each)
        books = Books(database)
        for _ in range(4):
            for payment in await books.pay():
                await books.meets(payment, *next(fates))
        found = await books.sums()
        waiting = found["instructed"] - found["net"] - found["reopened"]
        assert books.moved() == found["net"]
        owed = sum((-(each.total or 0) if each.credit else each.total or 0 for each in bills), Decimal(0))
        assert owed == books.moved() + waiting + found["owed"] + found["closed"]
        [(expected,)] = await rows(
            database,
            "SELECT coalesce(sum(amount - booked + returned - reopened), 0) FROM supplier_payment"
            " WHERE state = ANY(%s)",
            [[each.value for each in EXPECTED]],
        )
        assert waiting == expected, "what is open is waited for, and nothing else is"
    finally:
        await database.close()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    amounts=st.lists(
        st.tuples(st.integers(1, 3), CENTS, st.integers(0, 4).map(lambda n: n == 0)), min_size=1, max_size=6
    ),
    fates=st.lists(FATE, min_size=24, max_size=24),
)
def test_what_was_owed_is_what_was_booked_and_what_is_open(
    postgres_url: str, amounts: list[tuple[int, Decimal, bool]], fates: list[tuple[str, bool, bool]]
) -> None:
    bills = [bill(number, supplier, amount, credit) for number, (supplier, amount, credit) in enumerate(amounts, 1)]
    asyncio.run(_play(postgres_url, bills, iter(fates)))


async def test_two_runs_at_one_time_take_no_bill_twice(database: Database) -> None:
    async with database.transaction() as connection:
        for number in range(1, 9):
            await payables.keep(connection, bill(number, number % 4, Decimal(10), credit=False))
    made = await asyncio.gather(*(Books(database).pay() for _ in range(4)))
    taken = [number for payments in made for payment in payments for number in payment.documents]
    assert sorted(taken) == sorted(f"B-{number}" for number in range(1, 9))


async def test_hubs_apart_give_the_same_bills_the_same_id(database: Database) -> None:
    async with database.transaction() as connection:
        await payables.keep(connection, bill(1, 1, Decimal("10.00"), credit=False))
    [first] = await Books(database).pay()
    async with database.transaction() as connection:
        await connection.execute("TRUNCATE payable, supplier_payment, payment_line")
        await payables.keep(connection, bill(1, 1, Decimal("10.0"), credit=False))
    [second] = await Books(database).pay()
    assert first.end_to_end_id == second.end_to_end_id
    await Books(database).decide(second, again=True)
    [third] = await Books(database).pay()
    assert third.end_to_end_id != second.end_to_end_id, "the bank would take it for a repetition"


async def test_a_status_that_comes_with_its_statement_does_not_undo_the_booking(database: Database) -> None:
    async with database.transaction() as connection:
        await payables.keep(connection, bill(1, 1, Decimal("10.00"), credit=False))
    books = Books(database)
    [payment] = await books.pay()
    [(run,)] = await rows(database, "SELECT run_id FROM supplier_payment")
    told = PaymentStatusReport(
        number="S", order=payment.run,
        statuses=(PaymentStatus(level="payment", number=payment.end_to_end_id, standing="accepted", code="ACSP"),),
    )  # fmt: skip

    async def report() -> None:
        async with database.transaction() as connection:
            await instructed.report(connection, run, told)

    async def waits() -> bool:
        return bool(await rows(database, "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))

    line = BankTransaction(journal="BNK1", number="N-1", booked_on=DAY, amount=Decimal(-10), currency="EUR",
                           words=payment.end_to_end_id)  # fmt: skip
    async with database.transaction() as connection:
        assert (await settle_line(connection, line, new_id()))["moved"] is not None
        reporting = asyncio.create_task(report())
        await eventually(waits)
    await reporting
    assert await rows(database, "SELECT state FROM supplier_payment") == [("booked",)]


async def test_what_others_paid_or_took_back_is_not_paid(database: Database) -> None:
    async with database.transaction() as connection:
        for number in (1, 2, 3):
            await payables.keep(connection, bill(number, 1, Decimal(10), credit=False))
        paid = Payment(number="P-9", direction="sent", supplier="V1", amount=Decimal(10), currency="EUR", paid_on=DAY,
                       documents=("B-1",))  # fmt: skip
        assert await payables.paid_otherwise(connection, paid) == ""
        half = paid.model_copy(update={"amount": Decimal(5), "documents": ("B-2",)})
        assert "still owed" in await payables.paid_otherwise(connection, half)
        assert await payables.taken_back(connection, "V1:B-3") == ""
    [payment] = await Books(database).pay()
    assert payment.documents == ("B-2",)
    async with database.transaction() as connection:
        whole = half.model_copy(update={"amount": Decimal(10)})
        assert "being instructed" in await payables.paid_otherwise(connection, whole)
        assert payment.end_to_end_id in await payables.taken_back(connection, "V1:B-2")


async def test_a_credit_note_is_paid_with_the_bill_that_it_corrects(database: Database) -> None:
    """Odoo matches the two when the note is posted: the bill's full amount would be more than is due then."""
    books, later = Books(database), DAY + timedelta(days=7)
    await confirm(database, {"V1": "DE89370400440532013000"})
    now, then = bill(1, 1, Decimal("10.00"), credit=False), bill(2, 1, Decimal("70.00"), credit=False)
    note, loose = bill(3, 1, Decimal("4.00"), credit=True), bill(4, 1, Decimal("1.00"), credit=True)
    async with database.transaction() as connection:
        await payables.keep(connection, now)
        await payables.keep(connection, then.model_copy(update={"due_on": later}))
        await payables.keep(connection, note.model_copy(update={"corrects": "B-2"}))
        await payables.keep(connection, loose)
    (first,) = await books.pay()
    assert (first.amount, set(first.documents)) == (Decimal("9.00"), {"B-1", "B-4"})
    async with database.transaction() as connection:
        await connection.execute("UPDATE payable SET due_on = %s WHERE number = 'B-2'", [DAY])
    (second,) = await books.pay()
    assert (second.amount, set(second.documents)) == (Decimal("66.00"), {"B-2", "B-3"})
