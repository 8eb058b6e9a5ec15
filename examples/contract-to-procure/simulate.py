"""A CLM with made-up contracts, some of whose webhooks get lost, and somebody who orders and bills by them.

Run it beside `hilum serve --project examples/contract-to-procure`; Ctrl-C ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from hilum.canonical import (
    BusinessObject,
    Item,
    PurchaseOrder,
    ScreeningOutcome,
    ScreeningResult,
    Supplier,
    SupplierBill,
)
from hilum.canonical.catalogue import write
from hilum.simulator.contracts import ContractOffice, SimulatedContract, Troubles

HUB = "http://127.0.0.1:8094"
SUPPLIERS = {"V1": "Hygea Care", "V2": "Nordmed Supply", "V3": "Vitalis Supply"}
ITEMS = {"GLV": "Examination gloves, box of 100", "GZE": "Gauze, sterile", "SUT": "Sutures 3-0"}
PRACTICE = "practice"  # secret and token of the simulated CLM
TODAY = datetime.now(UTC).date()


def master_data() -> list[BusinessObject]:
    """What Odoo and the hub must know before a contract counts."""
    now = datetime.now(UTC)
    clear = {"subject_type": "supplier", "list_name": "exclusions", "outcome": ScreeningOutcome.CLEAR}
    return [
        *(Supplier(code=code, title=title) for code, title in SUPPLIERS.items()),
        *(ScreeningResult(screening=f"S-{code}", subject=code, screened_at=now, **clear) for code in SUPPLIERS),
        *(Item(code=code, title=title) for code, title in ITEMS.items()),
    ]


def order(number: str, contract: SimulatedContract, quantity: int) -> PurchaseOrder:
    """An order of the first thing that the contract prices; the price is left to the contract."""
    said = contract.contract
    line = {"number": 1, "item": said["prices"][0]["item"], "quantity": quantity}
    return PurchaseOrder.model_validate(
        {"number": number, "supplier": said["supplier"], "currency": said["currency"],
         "ordered_at": datetime.now(UTC), "lines": [line]}
    )  # fmt: skip


def bill(number: str, contract: SimulatedContract, quantity: int, unit_price: str) -> SupplierBill:
    """A bill of the same."""
    said = contract.contract
    line = {"number": 1, "item": said["prices"][0]["item"], "quantity": quantity, "unit_price": unit_price}
    return SupplierBill.model_validate(
        {"number": number, "supplier": said["supplier"], "currency": said["currency"], "billed_on": TODAY,
         "lines": [line]}
    )  # fmt: skip


async def post(session: aiohttp.ClientSession, path: str, thing: BusinessObject) -> None:
    """Tell the hub, as soon as it is up."""
    while True:
        with contextlib.suppress(aiohttp.ClientConnectionError):
            async with session.post(f"{HUB}{path}", data=write(thing)) as answer:
                answer.raise_for_status()
                return
        await asyncio.sleep(0.5)


async def buy(session: aiohttp.ClientSession, office: ContractOffice) -> None:
    """Order gloves and bill them a little too high; order gauze by a contract that was just put on hold."""
    gloves = next(each for each in office.contracts if each.number == "C-1-5")
    gauze = next(each for each in office.contracts if each.number == "C-1-3")
    await post(session, "/orders", order("PO-1", gloves, 320))
    await post(session, "/bills", bill("INV-1", gloves, 320, "35.50"))
    await office.tell(gauze, "on_hold")
    await asyncio.sleep(15)
    await post(session, "/orders", order("PO-2", gauze, 10))  # it is held, with the reason


async def main() -> None:
    """Tell master data, let the contracts live, then buy."""
    office: Any = ContractOffice(
        clm=f"{HUB}/clm", esignature=f"{HUB}/esignature", secret=PRACTICE, token=PRACTICE, listen=8099,
        begins=datetime.now(UTC) - timedelta(days=70), troubles=Troubles(doubled=0.2, overtaken=0.2, lost=0.2),
    )  # fmt: skip
    office.contracts[0].contract["valid_to"] = (TODAY + timedelta(days=60)).isoformat()  # its owner is asked
    async with office, aiohttp.ClientSession() as session:
        for thing in master_data():
            await post(session, "/master", thing)
        for contract in office.contracts:
            await office.live(contract)
        await asyncio.sleep(20)  # what webhooks have lost is read by REST
        await buy(session, office)
        sys.stdout.write(
            f"{len(office.contracts)} contracts live; see the console, or what the README names. Ctrl-C ends.\n"
        )
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
