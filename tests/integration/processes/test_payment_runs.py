"""Bills are paid once: approved by one, released by another, instructed, answered, on a statement, in the books."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.formats import iso20022
from hilum.postgres import Database
from hilum.simulator.bank import StatementForm
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.payments import DAY, IBANS, Paying, bill
from support.waits import Start

pytestmark = pytest.mark.req("SYS-15", "WF-12")

Begin = Callable[..., Awaitable[Paying]]


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


@pytest.mark.parametrize("form", StatementForm)
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


BILLS = {"B-1", "B-2", "CN-1", "B-3"}
