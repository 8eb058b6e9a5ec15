"""An Odoo, master data, orders, receipts, bills of three suppliers, a payment run and a bank: all made up.

Run it beside `hilum serve --project examples/invoice-to-payment`; Ctrl-C ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import aiohttp

from hilum.canonical import (
    BusinessObject,
    GoodsReceipt,
    Item,
    PaymentRun,
    PurchaseOrder,
    Supplier,
    SupplierBankChange,
    SupplierBill,
)
from hilum.canonical.catalogue import write
from hilum.formats.banking import Party
from hilum.formats.ubl_writing import TradeParty
from hilum.simulator import billing
from hilum.simulator.bank import Bank
from hilum.simulator.files import put
from hilum.simulator.odoo import SandboxOdoo

HUB: Final = f"http://127.0.0.1:{os.environ.get('PORT', '8096')}"
IN, EDI, BANK, OUT = (Path(os.environ.get(f"{name}_DIR", name.lower())) for name in ("IN", "EDI", "BANK", "OUT"))
KEY: Final = "key-of-the-sandbox"
# The bank pays tomorrow: nothing is paid to an account on a day before it was confirmed.
DAY: Final = datetime.now(UTC).date() + timedelta(days=1)
BILLED: Final = DAY - timedelta(days=10)
IBANS: Final = {
    "V-GLOVE": "DE89370400440532013000",
    "V-MEDIX": "FR1420041010050500013M02606",
    "V-LINEN": "NL91ABNA0417164300",
}
MEDIX: Final = TradeParty(name="Medix", endpoint=("0208", "0123456789"), country="BE", tax_id="BE0123456789")
WE: Final = TradeParty(name="Hillside Hospital", endpoint=("0208", "0987654321"), country="BE")


def bill(supplier: str, order: str, number: str, quantity: int, price: str) -> SupplierBill:
    """Of one line, without tax."""
    line: dict[str, Any] = {"number": 1, "item": "GLV", "quantity": quantity, "unit_price": price, "tax_percent": 0}
    return SupplierBill.model_validate(
        {"number": number, "supplier": supplier, "order": order, "currency": "EUR", "billed_on": BILLED,
         "due_on": DAY, "total": quantity * Decimal(price), "lines": [line | {"order_line": 1}]}
    )  # fmt: skip


BILLS: Final = (
    bill("V-GLOVE", "PO-1", "G-100", 10, "12.50"),
    bill("V-GLOVE", "PO-2", "G-205", 4, "13.75"),
    bill("V-MEDIX", "PO-3", "M-7", 3, "80.10"),
    bill("V-LINEN", "PO-4", "L-1", 20, "4.05"),
)
PRICES: Final = {"PO-1": "12.50", "PO-2": "12.50", "PO-3": "80.10", "PO-4": "4.05"}


def known() -> list[BusinessObject]:
    """Who sells what, and where they are paid, as somebody entered it."""
    return [
        *(Supplier(code=code, title=code) for code in IBANS),
        Item(code="GLV", title="Gloves"),
        *(
            SupplierBankChange.model_validate(
                {"number": f"BNK-{code}", "supplier": code, "entered_by": "paula", "holds_from": "2026-01-01",
                 "bank_accounts": [{"number": iban, "currency": "EUR", "holder": code}]}
            )
            for code, iban in IBANS.items()
        ),
    ]  # fmt: skip


def bought() -> list[BusinessObject]:
    """The order of each bill, and all of it came."""
    found: list[BusinessObject] = []
    for each in BILLS:
        line = {"item": "GLV", "quantity": each.lines[0].quantity, "unit": "EA"}
        ordered = {"number": each.order, "supplier": each.supplier, "currency": "EUR",
                   "lines": [{**line, "number": 1, "unit_price": PRICES[each.order or ""]}]}  # fmt: skip
        came = {"number": f"R-{each.order}", "order": each.order, "lines": [{**line, "order_line": 1}]}
        found += [PurchaseOrder.model_validate(ordered), GoodsReceipt.model_validate(came)]
    return found


def send_bills() -> None:
    """Each supplier in its own form."""
    for number, each in enumerate([x for x in BILLS if x.supplier == "V-GLOVE"], 1):
        data = billing.as_x12(each, ours="GLOVECO", theirs="HILLSIDE", number=number)
        put(EDI / "gloveco/from" / f"{each.number}.edi", data)
    put(EDI / "medix/from/M-7.xml", billing.as_ubl(BILLS[2], seller=MEDIX, buyer=WE))
    pdf, told = billing.as_pdf(BILLS[3], confidence={"lines.1.quantity": 0.6})
    put(IN / "pdf/L-1.pdf", pdf)
    put(IN / "pdf/L-1.json", told)


async def post(session: aiohttp.ClientSession, path: str, *things: BusinessObject) -> None:
    """One after the other, as soon as the hub is up."""
    for thing in things:
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with session.post(HUB + path, data=write(thing)) as answer:
                    answer.raise_for_status()
                    break
            await asyncio.sleep(0.5)


async def main() -> None:
    """Tell everything, ask for a payment run, and work at the bank."""
    told = (OUT / name for name in ("matches", "refused", "results", "remittances", "accounts"))
    for folder in (EDI / "gloveco/from", EDI / "gloveco/to", EDI / "medix/from", IN / "pdf", *told):
        folder.mkdir(parents=True, exist_ok=True)
    bank = Bank(BANK, account=Party(name=WE.name, account="BE68539007547034"), currency="EUR")
    async with SandboxOdoo("19.0", port=8069, api_key=KEY) as odoo, aiohttp.ClientSession() as session:
        sys.stdout.write(f"Odoo: {odoo.url}. Now start the hub: hilum serve --project examples/invoice-to-payment\n")
        await post(session, "/master", *known())
        await post(session, "/papers", *bought())
        send_bills()
        sys.stdout.write("Bills are on their way: answer the tasks, then press Enter for a payment run.\n")
        await asyncio.to_thread(sys.stdin.readline)
        run = {"number": "RUN-1", "account": "MAIN", "due_until": DAY, "execute_on": DAY, "requested_by": "carla"}
        await post(session, "/treasury", PaymentRun.model_validate(run))
        sys.stdout.write("Approve and release it; the bank looks every second. Ctrl-C ends.\n")
        while True:
            if bank.open_mail(datetime.combine(DAY, time(9), UTC)):
                bank.end_of_day(DAY)
            await asyncio.sleep(1)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
