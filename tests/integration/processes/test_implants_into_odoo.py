"""From the bytes of a DFT on an MLLP socket to order, stock, bill and charge in Odoo; and what does not close."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.postgres import Database
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.theatre import ImplantSupplier, Theatre, Troubles
from support.implants import STORE, Hospital, case_of
from support.looks import rows
from support.waits import Start, replay

pytestmark = pytest.mark.req("NEW-6", "SYS-3", "WF-12")


@pytest.fixture
async def box() -> AsyncIterator[SandboxOdoo]:
    async with SandboxOdoo("19.0", "hilum") as made:
        yield made


def sums(box: SandboxOdoo, model: str, field: str, **where: Any) -> Decimal:
    found = [row for row in box.records(model) if all(row[name] == value for name, value in where.items())]
    return sum((Decimal(str(row[field])) for row in found), Decimal(0))


@pytest.mark.parametrize("replayed", [False, pytest.param(True, marks=pytest.mark.long)])
async def test_implants_are_ordered_billed_and_charged_once(
    hub: Start, database: Database, box: SandboxOdoo, tmp_path: Path, replayed: bool
) -> None:
    theatre = Theatre(seed=15, operations=3, troubles=Troubles(doubled=0.5))
    hospital = Hospital(database, box, tmp_path / "lookups")
    async with ImplantSupplier(bills="http://127.0.0.1:1/bills") as supplier:
        await hospital.begin(hub, supplier.url)
        supplier.bills = f"http://127.0.0.1:{hospital.bills.port}/bills"
        try:
            await hospital.know()
            await hospital.stock(theatre)
            before = sums(box, "stock.quant", "quantity", location_id=place(box, STORE))
            await hospital.send(theatre)
            for case in {case_of(use) for use in theatre.used}:
                await hospital.is_in(case, "closed")
            await hospital.quiet()
            everything = await rows(database, "SELECT id FROM message") if replayed else []
            assert await replay(database, *(row[0] for row in everything)) == len(everything)
            await hospital.quiet()
        finally:
            await hospital.end()
    consigned = sum(use.implant.consigned for use in theatre.used)
    assert consigned and consigned < len(theatre.used), "the seed has both kinds"
    orders = box.records("purchase.order")
    assert {order["partner_ref"] for order in orders} == {f"BILL ONLY {case_of(use)}" for use in theatre.used}
    assert {order["state"] for order in orders} == {"purchase"}
    lines = box.records("purchase.order.line")
    cost = sum((use.implant.cost for use in theatre.used), Decimal(0))
    assert sum(Decimal(str(line["product_qty"])) * Decimal(str(line["price_unit"])) for line in lines) == cost
    assert sums(box, "account.move", "amount_untaxed", move_type="in_invoice", state="posted") == cost
    charged = sum((use.implant.price for use in theatre.used), Decimal(0))
    assert sums(box, "account.move", "amount_untaxed", move_type="out_invoice", state="posted") == charged
    # what was bought was used, the suppliers' own is less on the shelf, and nothing else moved
    assert sums(box, "stock.quant", "quantity", location_id=place(box, STORE)) == before - consigned == 0
    assert sums(box, "stock.quant", "quantity", location_id=place(box, "Stock")) == 0
    lots = {row["name"]: row for row in box.records("stock.lot")}
    assert set(lots) == {use.lot for use in theatre.used}
    customers = next(row["id"] for row in box.records("stock.location") if row["usage"] == "customer")
    for lot in lots.values():
        assert sums(box, "stock.quant", "quantity", location_id=customers, lot_id=lot["id"]) == 1
    register = await hospital.registered()
    assert {row.standing for row in register} == {"closed"}
    billed = await rows(database, "SELECT sum(quantity * unit_price), min(contract) <> '' FROM price_check"
                                  " WHERE document_type = 'bill' AND basis = 'contract' AND leak = 0")  # fmt: skip
    assert billed == [(cost, True)], "what rebates accrue from"
    assert all(row.order_number and row.bills and row.charge and row.account for row in register)


def place(box: SandboxOdoo, name: str) -> int:
    """The location of this name in Odoo."""
    return next(int(row["id"]) for row in box.records("stock.location") if name in (row["name"], row["barcode"]))
