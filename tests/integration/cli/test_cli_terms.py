"""`hilum terms` as a buyer uses it: what is agreed, what a line should cost, what leaked, and what if."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from cli_calls import Cli

from hilum.canonical import Contract, PurchaseOrder, SupplierBill
from hilum.canonical.catalogue import write
from hilum.masterdata import terms
from hilum.message import new_id
from hilum.packs.contracts import Comparison
from hilum.postgres import Database

pytestmark = pytest.mark.req("NEW-4")

DAY = date(2026, 3, 10)


def contract(price: str) -> Contract:
    prices = [
        {"item": "GLV", "unit": "BX", "tiers": [{"unit_price": price}, {"unit_price": "30", "from_quantity": 99}]}
    ]
    return Contract(
        number="C-7", title="Gloves", supplier="V1", currency="EUR", valid_from=date(2026, 1, 1), prices=prices
    )


async def prepare(url: str) -> None:
    """A contract, and an order that asks for two euros more a box."""
    database = Database(url)
    await database.open()
    lines = [{"number": 1, "item": "GLV", "quantity": 10, "unit": "BX", "unit_price": 40}]
    order = PurchaseOrder(number="PO-1", supplier="V1", currency="EUR", lines=lines)
    async with database.transaction() as connection:
        await terms.keep_contract(connection, contract("38"), terms.Origin(flow="clm", message_id=new_id()))
        book = await terms.book(connection)
        checks = Comparison(prices=book, on=DAY).order(order)
        await terms.note(connection, [(check, new_id()) for check in checks])
    await database.close()


async def prepare_rebates(url: str) -> None:
    """A contract with two steps, and bills of 4 000 and 96 EUR less a credit note of 40."""
    database = Database(url)
    await database.open()
    steps = [{"from_amount": "1000", "percent": "1"}, {"from_amount": "5000", "percent": "2.5"}]
    agreed = Contract.model_validate(contract("40").model_dump() | {"rebates": steps})
    async with database.transaction() as connection:
        await terms.keep_contract(connection, agreed, terms.Origin(flow="clm", message_id=new_id()))
        compare = Comparison(prices=await terms.book(connection), on=DAY)
        for name, quantity, credit in (("B-1", 100, False), ("B-2", "2.4", False), ("B-3", 1, True)):
            line = {"number": 1, "item": "GLV", "quantity": quantity, "unit": "BX", "unit_price": 40}
            bill = SupplierBill.model_validate(
                {
                    "number": name,
                    "supplier": "V1",
                    "currency": "EUR",
                    "billed_on": DAY,
                    "lines": [line],
                    "credit": credit,
                }
            )
            await terms.note(connection, [(check, new_id()) for check in compare.bill(bill)])
    await database.close()


@pytest.mark.req("SYS-11")
def test_what_suppliers_owe_by_rebates_is_told_to_the_cent(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    (tmp_path / "hilum.toml").touch()
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    asyncio.run(prepare_rebates(postgres_url))
    (owed,) = cli("terms", "rebates", "--json").json
    assert (Decimal(owed["bought"]), Decimal(owed["accrued"]), Decimal(owed["missing"])) == (
        4056,
        Decimal("40.56"),
        944,
    )
    assert owed["words"].endswith("1 % from 1000.00 EUR on, 40.56 EUR are accrued; 944.00 EUR more reach 2.5 %")
    assert "40.56" in cli("terms", "rebates", "--contract", "C-7").out
    (early,) = cli("terms", "rebates", "--on", "2026-03-09", "--json").json
    assert (Decimal(early["bought"]), early["percent"]) == (0, None)
    assert "No contract has rebates" in cli("terms", "rebates", "--contract", "C-8").out


def test_a_buyer_sees_what_is_agreed_what_leaks_and_what_another_contract_would_have_cost(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    (tmp_path / "hilum.toml").touch()
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    asyncio.run(prepare(postgres_url))
    days = ("--from", "2026-03-01", "--to", "2026-04-01")
    (listed,) = cli("terms", "list", "--json").json["contracts"]
    assert (listed["contract"], listed["status"], listed["prices"]) == ("C-7", "active", 2)
    assert "Gloves" in cli("terms", "list").out
    answer = cli("terms", "price", "V1", "GLV", "100", "--unit", "BX", "--on", "2026-03-10").out
    assert "30 EUR: contract C-7, from 99 BX on, since 2026-01-01" in answer
    before = cli("terms", "price", "V1", "GLV", "--known", "2020-01-01", "--json").json
    assert before["expected"]["words"] == "V1 has no price for GLV"
    (leak,) = cli("terms", "leaks", *days, "--json").json
    assert (leak["document"], Decimal(leak["leak"])) == ("PO-1", 20)
    assert "contract C-7" in cli("terms", "leaks", *days).out
    assert "cost what was agreed" in cli("terms", "leaks", "--from", "2026-04-01", "--to", "2026-05-01").out
    offer = tmp_path / "offer.json"
    offer.write_bytes(write(contract("35")))
    (found,) = cli("terms", "what-if", *days, "--contract", str(offer), "--json").json
    assert (Decimal(found["leak"]), Decimal(found["leak_then"]), Decimal(found["difference"])) == (20, 50, 30)
    assert "would be saved" in cli("terms", "what-if", *days, "--without", "C-7").out


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("price", "V1", "GLV", "many"), "'many' is not a number."),
        (("leaks", "--from", "yesterday"), "--from: 'yesterday' is not a day; write 2026-03-31."),
        (("leaks", "--from", "2026-03-01", "--to", "2026-03-01"), "--to must be after --from."),
        (("what-if", "--without", "C-9"), "There is no contract C-9."),
        (("what-if", "--contract", "hilum.toml"), "hilum.toml:"),
    ],
)
def test_what_is_wrong_is_said(
    call: tuple[str, ...], words: str, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    (tmp_path / "hilum.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HILUM_PROJECT", str(tmp_path))
    monkeypatch.setenv("HILUM_DATABASE_URL", postgres_url)
    assert words in cli("terms", *call).complaint
