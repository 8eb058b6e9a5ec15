"""`hilum terms` as a buyer uses it: what is agreed, what a line should cost, what leaked, and what if."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from cli_calls import Cli

from hilum.canonical import Contract, PurchaseOrder
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
