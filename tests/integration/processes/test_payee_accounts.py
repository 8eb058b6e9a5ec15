"""A payment goes to an account that was confirmed, from its day on, and to no other."""

from __future__ import annotations

from datetime import date

import pytest

from hilum.canonical import PaymentRun
from hilum.canonical.onboarding import PayeeAccount
from hilum.message import new_id
from hilum.packs.finance import instructed, payables
from hilum.packs.suppliers import accounts
from hilum.packs.suppliers.accounts import Confirmed
from hilum.postgres import Database
from support.payments import DAY, IBANS, bill, confirm

pytestmark = pytest.mark.req("SYS-15", "SYS-12")


async def paid_to(database: Database, on: date, supplier: str = "V1", currency: str = "EUR") -> str:
    async with database.cold() as connection:
        found = await accounts.payees(connection, [(supplier, currency)], on)
    return found[supplier, currency].account if found else ""


async def test_the_account_that_holds_on_the_day_counts(database: Database) -> None:
    await confirm(database, {"V1": IBANS["V1"]}, date(2026, 3, 1))
    await confirm(database, {"V1": IBANS["V3"]}, date(2026, 4, 1))
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)]
    assert [await paid_to(database, each) for each in days] == ["", IBANS["V1"], IBANS["V1"], IBANS["V3"]]
    await confirm(database, {"V1": IBANS["V4"]}, date(2026, 4, 1))
    assert await paid_to(database, date(2026, 4, 1)) == IBANS["V4"], "of one day the last that was confirmed"


async def test_each_currency_has_its_account_and_the_same_confirmation_counts_once(database: Database) -> None:
    said = Confirmed(
        supplier="V1", confirmation="BNK-1", holds_from=DAY, confirmed_by="ann", spoke_with="Lotte", title="Medquarry",
        accounts=[PayeeAccount(number=IBANS["V1"]),
                  PayeeAccount(number="021000021-7", routing="021000021", currency="USD")],
    )  # fmt: skip
    async with database.transaction() as connection:
        for _ in range(2):
            await accounts.confirm(connection, said)
        found = await accounts.payees(connection, [("V1", "EUR"), ("V1", "USD"), ("V2", "EUR")], DAY)
    assert {key: (each.account, each.bank, each.title) for key, each in found.items()} == {
        ("V1", "EUR"): (IBANS["V1"], "", "Medquarry"),
        ("V1", "USD"): ("0210000217", "021000021", "Medquarry"),
    }


async def test_who_has_confirmed_no_account_for_the_day_is_not_paid(database: Database) -> None:
    await confirm(database, {"V1": IBANS["V1"]})
    await confirm(database, {"V2": IBANS["V2"]}, date(2027, 1, 1))
    async with database.transaction() as connection:
        for each in (bill("B-1", "10"), bill("B-2", "20", "V2"), bill("B-3", "30", "V3")):
            await payables.keep(connection, each)
    run = new_id()
    asked = PaymentRun(number="RUN-1", account="MAIN", due_until=DAY, execute_on=DAY)
    async with database.transaction() as connection:
        left = await payables.propose(connection, asked, currencies=["EUR"], journal="BNK1", run=run)
        assert left == [
            "V2: 20.00 EUR, no account of theirs was confirmed for that day",
            "V3: 30.00 EUR, no account of theirs was confirmed for that day",
        ]
        known, _ = await instructed.instruct(connection, run)
    assert [each.account for each in known.values()] == [IBANS["V1"]]
