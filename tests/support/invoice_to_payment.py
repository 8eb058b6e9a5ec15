"""The example `invoice-to-payment` in a process of its own: suppliers, a bank, an Odoo, and people who decide."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

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
from hilum.packs.finance.payment_rules import ProposalDecision, ReleaseDecision
from hilum.packs.payables.reading_process import ReadingDecision
from hilum.packs.procurement.order_rules import BillDecision
from hilum.packs.suppliers.rules import CallBack
from hilum.postgres import Database
from hilum.processes import decide, inbox, store
from hilum.processes.tasks import Asked, answer_of
from hilum.simulator import billing
from hilum.simulator.bank import Bank
from hilum.simulator.files import put
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.looks import states
from support.serving import HubProcess

EXAMPLE = Path(__file__).parents[2] / "examples" / "invoice-to-payment"
DAY = datetime.now(UTC).date() + timedelta(days=1)
"""When the bank pays: nothing is paid to an account on a day before it was confirmed."""
ACCOUNT = "BE68539007547034"
IBANS = {
    "V-GLOVE": "DE89370400440532013000", "V-MEDIX": "FR1420041010050500013M02606", "V-LINEN": "NL91ABNA0417164300",
}  # fmt: skip
FORMS = {each.__name__: each for each in (BillDecision, ReadingDecision, ProposalDecision, ReleaseDecision, CallBack)}
SELLER = TradeParty(name="Medix", endpoint=("0208", "0123456789"), country="BE", tax_id="BE0123456789")
BUYER = TradeParty(name="Hillside Hospital", endpoint=("0208", "0987654321"), country="BE")


def bill(supplier: str, order: str, number: str, quantity: int, price: str, **more: Any) -> SupplierBill:
    """Of one line, without tax."""
    line = {"number": 1, "item": "GLV", "quantity": quantity, "unit": "EA", "unit_price": price, "tax_percent": 0,
            "order_line": 1}  # fmt: skip
    said = {"number": number, "supplier": supplier, "order": order, "currency": "EUR",
            "billed_on": DAY - timedelta(days=10), "due_on": DAY, "total": quantity * Decimal(price),
            "lines": [line]}  # fmt: skip
    return SupplierBill.model_validate(said | more)


BILLS = (
    bill("V-GLOVE", "PO-1", "G-100", 10, "12.50"),
    bill("V-GLOVE", "PO-2", "G-205", 4, "13.75"),  # ordered at 12.50: somebody decides
    bill("V-MEDIX", "PO-3", "M-7", 3, "80.10"),
    bill("V-LINEN", "PO-4", "L-1", 20, "4.05"),
)
ORDERED = {"PO-1": (10, "12.50"), "PO-2": (4, "12.50"), "PO-3": (3, "80.10"), "PO-4": (20, "4.05")}


def free_port() -> int:
    """One that nobody has at this moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class PayablesHub:
    """The hub of the example; what its suppliers and its bank do, and what its people answer."""

    def __init__(self, database: Database, url: str, folder: Path, box: SandboxOdoo) -> None:
        self.database, self.box, self.folder = database, box, folder
        shutil.copytree(EXAMPLE, folder / "hub", ignore=shutil.ignore_patterns("in", "out", "bank", "edi", ".hilum"))
        settings = folder / "hub" / "hilum.toml"
        settings.write_text(settings.read_text() + "\n[worker]\nlease_seconds = 2.0\n")
        self.bank = Bank(folder / "bank", account=Party(name="Hillside Hospital", account=ACCOUNT), currency="EUR")
        told = ("out/matches", "out/refused", "out/results", "out/remittances", "out/accounts")
        for name in ("in/pdf", "edi/gloveco/from", "edi/gloveco/to", "edi/medix/from", *told):
            (folder / name).mkdir(parents=True)
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.hub = HubProcess(
            folder / "hub", url, PORT=str(port), IN_DIR=str(folder / "in"), OUT_DIR=str(folder / "out"),
            BANK_DIR=str(folder / "bank"), EDI_DIR=str(folder / "edi"), LOOK_EVERY="PT0.5S",
            ODOO_URL=box.url, ODOO_DB=box.database, ODOO_LOGIN=box.login, ODOO_KEY=box.api_key,
        )  # fmt: skip

    async def post(self, path: str, *things: BusinessObject) -> None:
        """Until the hub has each, also where it is killed in between."""
        async with aiohttp.ClientSession() as session:
            for thing in things:
                headers = {"Idempotency-Key": f"{thing.name} {thing.business_key}"}
                async with asyncio.timeout(60):
                    while not await self._posted(session, self.base + path, write(thing), headers):
                        await asyncio.sleep(0.2)

    @staticmethod
    async def _posted(session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> bool:
        try:
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status < 300 or answer.status >= 500, (answer.status, await answer.text())
                return answer.status < 300
        except aiohttp.ClientError:
            return False

    async def know(self) -> None:
        """Suppliers, items, and accounts that somebody has called back about."""
        await self.post("/master", *(Supplier(code=code, title=f"Supplier {code}") for code in IBANS))
        await self.post("/master", Item(code="GLV", title="Gloves"))
        await self.quiet()
        for code, iban in IBANS.items():
            change = {"number": f"BNK-{code}", "supplier": code, "entered_by": "paula", "holds_from": "2026-01-01",
                      "bank_accounts": [{"number": iban, "currency": "EUR", "holder": f"Supplier {code}"}]}  # fmt: skip
            await self.post("/master", SupplierBankChange.model_validate(change))

    async def order(self) -> None:
        """Orders go out, and all that was ordered comes."""
        suppliers = {each.order: each.supplier for each in BILLS}
        for number, (quantity, price) in ORDERED.items():
            line = {"number": 1, "item": "GLV", "quantity": quantity, "unit": "EA", "unit_price": price}
            said = {"number": number, "supplier": suppliers[number], "currency": "EUR", "lines": [line]}
            await self.post("/papers", PurchaseOrder.model_validate(said))
        for number, (quantity, _) in ORDERED.items():
            came = {"number": f"R-{number}", "order": number,
                    "lines": [{"item": "GLV", "quantity": quantity, "unit": "EA", "order_line": 1}]}  # fmt: skip
            await self.post("/papers", GoodsReceipt.model_validate(came))

    def bill(self) -> None:
        """Each supplier sends its bills in its own form, one of them twice."""
        gloves = [each for each in BILLS if each.supplier == "V-GLOVE"]
        for number, each in enumerate([*gloves, gloves[0]], 1):
            data = billing.as_x12(each, ours="GLOVECO", theirs="HILLSIDE", number=number)
            put(self.folder / "edi/gloveco/from" / f"{number}.edi", data)
        put(self.folder / "edi/medix/from/7.xml", billing.as_ubl(BILLS[2], seller=SELLER, buyer=BUYER))
        pdf, metadata = billing.as_pdf(BILLS[3], confidence={"lines.1.quantity": 0.6})
        put(self.folder / "in/pdf/scan.pdf", pdf)
        put(self.folder / "in/pdf/scan.json", metadata)

    async def decided(self, title: str, count: int, by: str, **content: Any) -> None:
        """So many tasks with such titles come, and are answered; an answer that is there already is one."""
        done: set[Any] = set()

        async def answered() -> bool:
            async with self.database.cold() as connection:
                cursor = await connection.execute(
                    "SELECT count(*) FROM process_task WHERE title LIKE %s AND decided_at IS NOT NULL", [f"{title}%"]
                )
                row = await cursor.fetchone()
                open_ = [each for each in await inbox(connection) if each.title.startswith(title)]
            for each in open_:
                await self._answer(each, by, content)
                done.add(each.id)
            return row is not None and int(row[0]) >= count

        await eventually(answered, lambda: f"{title}: {len(done)} of {count}; {self.hub.output[-8:]}")

    async def _answer(self, task: Asked, by: str, content: dict[str, Any]) -> None:
        async with self.database.transaction() as connection:
            given = answer_of(FORMS[task.form], content)
            await decide(connection, task.id, given, actor=by, permissions={task.permission})

    async def owed(self, count: int) -> None:
        """So many bills are known to be paid."""
        found: list[int] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                cursor = await connection.execute("SELECT count(*) FROM payable WHERE discount_of = ''")
                row = await cursor.fetchone()
            found[:] = [int(row[0]) if row is not None else 0]
            return found == [count]

        await eventually(there, lambda: f"{found} of {count} bills; {self.hub.output[-8:]}")

    async def ask_to_pay(self) -> None:
        """A run for everything that is due."""
        run = {"number": "RUN-1", "account": "MAIN", "due_until": DAY, "execute_on": DAY, "requested_by": "carla"}
        await self.post("/treasury", PaymentRun.model_validate(run))

    async def bank_works(self) -> None:
        """It takes the file, answers, books, and tells it twice."""
        await eventually(lambda: any(self.bank.orders.glob("*.xml")), lambda: self.hub.output[-8:])
        self.bank.open_mail(datetime.combine(DAY, time(9), UTC))
        self.bank.end_of_day(DAY, times=2)

    async def ended(self) -> str:
        """The run of payments is over."""
        found: list[Any] = []

        async def over() -> bool:
            async with self.database.cold() as connection:
                found[:] = [await store.run_of(connection, "payables.payment", "RUN-1")]
            return found[0] is not None and not found[0].open

        await eventually(over, lambda: f"{found}; {self.hub.output[-8:]}")
        return f"{found[0].state}: {found[0].outcome}"

    async def quiet(self) -> None:
        """Everything that came has arrived."""
        seen: dict[str, int] = {}

        async def there() -> bool:
            seen.clear()
            seen.update(await states(self.database))
            return set(seen) <= {"completed"}

        await eventually(there, lambda: f"{seen}; {self.hub.output[-8:]}")

    # What must be true at the end

    def books(self) -> dict[str, tuple[str, Decimal, Decimal]]:
        """By number: kind, total and what is open, of all that is posted in Odoo."""
        return {
            row["ref"]: (row["move_type"], Decimal(str(row["amount_total"])), Decimal(str(row["amount_residual"])))
            for row in self.box.records("account.move")
            if row["ref"] and row["state"] == "posted" and row["move_type"] in ("in_invoice", "in_refund")
        }

    async def everything_is_paid_once(self) -> None:
        """The same books, whatever was killed: computed from the bills alone."""
        wanted = {each.number: ("in_invoice", each.total or Decimal(0), Decimal(0)) for each in BILLS}
        await eventually(lambda: self.books() == wanted, lambda: f"{self.books()}, not {wanted}")
        numbers = [row["ref"] for row in self.box.records("account.move") if row["move_type"] == "in_invoice"]
        assert sorted(numbers) == sorted(wanted), "no bill twice"
        sums: dict[str, Decimal] = {}
        for each in BILLS:
            sums[each.supplier] = sums.get(each.supplier, Decimal(0)) + (each.total or 0)
        paid = sorted(Decimal(str(row["amount"])) for row in self.box.records("account.payment"))
        assert paid == sorted(sums.values())

        def left() -> list[Decimal]:
            return sorted(-Decimal(str(row["amount"])) for row in self.box.records("account.bank.statement.line"))

        await eventually(lambda: left() == paid, lambda: f"{left()} left the bank, not {paid}")
        assert self.bank.balance == Decimal(10_000) - sum(sums.values(), Decimal(0))
        told = self.folder / "edi/gloveco/to"
        await eventually(lambda: len(list(told.glob("*.edi"))) == 1, lambda: [*told.iterdir()])
        others = self.folder / "out/remittances"
        await eventually(lambda: len(list(others.glob("*.json"))) == len(sums) - 1, lambda: [*others.iterdir()])
        moves = {row["id"]: row["ref"] for row in self.box.records("account.move")}

        def filed() -> list[str]:
            rows = self.box.records("ir.attachment")
            return [moves[row["res_id"]] for row in rows if row["res_model"] == "account.move"]

        await eventually(lambda: filed() == ["L-1"], filed)
        async with self.database.cold() as connection:
            asked: Sequence[Asked] = await inbox(connection)
        assert not asked, [each.title for each in asked]
