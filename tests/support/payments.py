"""A hospital that pays its suppliers: a hub with both processes, an Odoo, a simulated bank, and people at desks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from hilum.canonical import BusinessObject, Payee, PaymentRun, Supplier, SupplierBill
from hilum.canonical.catalogue import read, write
from hilum.canonical.finance import Payment
from hilum.canonical.onboarding import PayeeAccount
from hilum.connectors import files, odoo
from hilum.flow import Flow, Lookup, Owners
from hilum.formats.banking import Party
from hilum.packs import finance
from hilum.packs.suppliers import accounts as known_accounts
from hilum.packs.suppliers.accounts import Confirmed
from hilum.postgres import Database
from hilum.processes import Commands, handle, store
from hilum.processes.engine import Engine
from hilum.runtime import Hub
from hilum.simulator.bank import Bank, StatementForm
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.inbox import People
from support.looks import rows
from support.projects import make_flow, target
from support.waits import Start

OWNERS = Owners(business="Treasury", technical="Integration")
DAY = date(2026, 11, 20)
OURS = Payee(title="Hillside Hospital", account="BE68539007547034", bank="GKCCBEBB")
IBANS = {
    "V1": "DE89370400440532013000",
    "V2": "FR1420041010050500013M02606",
    "V3": "GB29NWBK60161331926819",
    "V4": "NL91ABNA0417164300",
}
EVER = date(2020, 1, 1)
_CHANGES = count(1)
FORMATS = {StatementForm.CAMT_053: "iso20022", StatementForm.MT940: "mt940", StatementForm.BAI2: "bai2"}


def rules(**more: Any) -> finance.PaymentRules:
    """One account, in euros; a run looks often."""
    main = finance.DebtorAccount(payer=OURS, journal="BNK1", currencies=("EUR",))
    return finance.PaymentRules(
        accounts={"MAIN": main}, **{"look_every": timedelta(seconds=0.4), "expect_within": "P3650D", **more}
    )


def bill(number: str, amount: str, supplier: str = "V1", **more: Any) -> SupplierBill:
    """Due on the day; of one line without tax."""
    line = {"number": 1, "description": "Gloves", "unit_price": amount}
    said = {"number": number, "supplier": supplier, "currency": "EUR", "billed_on": DAY, "due_on": DAY, "lines": [line]}
    return SupplierBill.model_validate({**said, "total": amount, **more})


async def confirm(database: Database, accounts: Mapping[str, str], holds_from: date = EVER) -> None:
    """What a call back comes to: these accounts, by supplier."""
    async with database.transaction() as connection:
        for code, account in accounts.items():
            said = Confirmed(
                supplier=code, confirmation=f"BNK-{next(_CHANGES)}", holds_from=holds_from, title=f"Supplier {code}",
                accounts=[PayeeAccount(number=account)], confirmed_by="ann", spoke_with="Lotte",
            )  # fmt: skip
            await known_accounts.confirm(connection, said)


class Paying(People):
    """The hub and those around it."""

    def __init__(self, database: Database, folder: Path, form: StatementForm = StatementForm.CAMT_053) -> None:
        super().__init__(database, [])
        self.folder = folder
        self.form = form
        self.feed, self.lines = Feed("papers"), Feed("lines")
        self.booked, self.told = Receiver(), Receiver()
        self.bank = Bank(
            folder / "bank", account=Party(name=OURS.title, account=OURS.account), currency="EUR", form=form
        )
        self.engine: Engine | None = None
        self._start: tuple[Hub, Any] | None = None

    async def begin(self, start: Start, box: SandboxOdoo | None = None, **more: Any) -> None:
        """Start hub and engine; without an Odoo, what is to be booked goes to `booked` only."""
        given = rules(**more)
        self.processes = [
            finance.payment_process(given, owners=OWNERS),
            finance.settlement_process(given, owners=OWNERS),
        ]
        await self.know(IBANS)
        endpoints = {}
        if box is not None:
            endpoints = {"odoo": {"main": {"url": box.url, "database": box.database, "api_key": box.api_key}}}
        hub = await start(
            *self._flows(box is not None),
            lookups={"bank_accounts": f"code,value\n{OURS.account},BNK1\n"},
            **({"endpoints": endpoints} if endpoints else {}),
        )
        assert hub.share is not None
        self._start = (hub, hub.share.leases.id)
        await self.again()

    async def again(self) -> None:
        """The engine ends where it stands, and another one goes on."""
        await self.end()
        assert self._start is not None
        hub, worker = self._start
        self.engine = Engine(hub.project, self.database, self.processes, worker)
        await self.engine.start()

    async def end(self) -> None:
        """Stop the engine."""
        if self.engine is not None:
            await self.engine.stop()
            self.engine = None

    def _flows(self, with_odoo: bool) -> Sequence[Flow]:
        paying, settling = self.processes
        papers = make_flow(self.feed, name="test.papers", format="bytes", translate=lambda body, _: read(body),
                           order_by=None, dedup_by=None)  # fmt: skip
        for each in [*handle(paying), finance.owed()]:
            papers.deliver_to(each)
        payments = make_flow(Commands("payables.payments", poll=0.02), name="test.payments", translate=_payment,
                             order_by=lambda parsed: parsed["content"]["supplier"], dedup_by=None)  # fmt: skip
        payments.deliver_to(target(self.booked, "memory.booked"))
        if with_odoo:
            papers.deliver_to(odoo.supplier("odoo.main"))
            papers.deliver_to(odoo.supplier_bill("odoo.main"))
            payments.deliver_to(odoo.payment("odoo.main"), odoo.supplier_bill("odoo.main"))
        advice = make_flow(Commands("payables.remittances", poll=0.02), name="test.advice", translate=_content,
                           order_by=None, dedup_by=None)  # fmt: skip
        advice.deliver_to(target(self.told, "memory.told"))
        out = finance.bank_orders(to=[files.write(url=str(self.bank.orders), name="{key}.xml")])
        answers = finance.bank_answers(source=_folder(self.bank.answers), to=handle(paying))
        statements = finance.bank_statements(
            source=_folder(self.bank.statements), format=FORMATS[self.form], also=handle(settling),
            odoo="odoo.main" if with_odoo else None,
        )  # fmt: skip
        told = finance.bank_notifications(source=_folder(self.bank.notifications), to=handle(settling))
        return [papers, payments, advice, out, answers, statements, told]

    # What happens

    async def know(self, accounts: dict[str, str], holds_from: date = EVER) -> None:
        """Suppliers confirm where they are paid."""
        await confirm(self.database, accounts, holds_from)

    async def say(self, *things: BusinessObject) -> None:
        """These come, one after the other."""
        for thing in things:
            await self.feed.send(write(thing))

    async def owes(self, *bills: SupplierBill) -> None:
        """They are posted, and known."""
        await self.say(
            *(Supplier(code=code, title=f"Supplier {code}") for code in dict.fromkeys(x.supplier for x in bills))
        )
        await self.say(*bills)
        await self.are("SELECT count(*) FROM payable WHERE kept_at IS NOT NULL", len(bills), at_least=True)

    async def run(self, number: str = "RUN-1", execute_on: date = DAY) -> None:
        """A payment run is asked for."""
        asked = {"number": number, "account": "MAIN", "due_until": DAY, "execute_on": execute_on}
        await self.say(PaymentRun(**asked, requested_by="carla"))

    async def released(self, number: str = "RUN-1", execute_on: date = DAY) -> bytes:
        """It is approved and released; the file for the bank."""
        await self.run(number, execute_on)
        await self.answer(await self.task("Approve"), by="ada", approve=True)
        await self.answer(await self.task("Release"), by="bob", release=True)
        await eventually(lambda: any(self.bank.orders.glob("*.xml")))
        return next(self.bank.orders.glob("*.xml")).read_bytes()

    def mail(self) -> None:
        """The bank opens its mail."""
        assert self.bank.open_mail(datetime(2026, 11, 20, 9, tzinfo=UTC)) > 0

    async def ended(self, number: str = "RUN-1", process: str = "payables.payment") -> str:
        """The run is over; its outcome."""
        found: list[Any] = []

        async def over() -> bool:
            async with self.database.cold() as connection:
                found[:] = [await store.run_of(connection, process, number)]
            return found[0] is not None and not found[0].open

        await eventually(over, lambda: str(found))
        return f"{found[0].state}: {found[0].outcome}"

    async def are(self, query: str, count: int, *, at_least: bool = False) -> None:
        """So many come of this query."""
        found: list[int] = []

        async def there() -> bool:
            found[:] = [int((await rows(self.database, query))[0][0])]
            return found[0] >= count if at_least else found[0] == count

        await eventually(there, lambda: f"{query}: {found}, not {count}")

    async def lines_done(self, count: int) -> None:
        """So many lines of statements were looked at to the end; none that was told again is waited for."""
        query = "SELECT count(*) FROM process_run WHERE process = 'payables.settlement' AND ended_at IS"
        await self.are(f"{query} NOT NULL", count, at_least=True)
        await self.are("SELECT count(*) FROM process_item WHERE state = 'new'", 0)
        await self.are(f"{query} NULL", 0)

    async def answers_heard(self, count: int) -> None:
        """So many answers of the bank came to their runs."""
        await self.are("SELECT count(*) FROM process_item WHERE topic = 'hilum.payment.status' AND step >= 0", count)

    async def nothing_is_asked(self) -> None:
        """No task is open."""
        await self.are("SELECT count(*) FROM process_task WHERE decided_at IS NULL AND withdrawn_at IS NULL", 0)

    async def are_booked(self, *expected: tuple[str, Decimal, tuple[str, ...]]) -> None:
        """These are booked, and nothing else."""
        await eventually(lambda: sorted(self.payments()) == sorted(expected), self.payments)

    def payments(self) -> list[tuple[str, Decimal, tuple[str, ...]]]:
        """What was booked: direction, amount, documents."""
        made = [
            Payment.model_validate(each["content"])
            for each in self.booked.bodies
            if "direction" in each.get("content", {})
        ]
        return [(each.direction.value, each.amount, each.documents) for each in made]


def _folder(path: Path) -> files.Folder:
    return files.Folder(url=str(path), pattern="*", split="none", stable_for=0, poll=0.02)


def _payment(parsed: Any, hub: Lookup) -> Any:
    yield {"content": parsed["content"]}
    yield finance.to_book(parsed, hub)


def _content(parsed: Any, _: Lookup) -> Any:
    return parsed["content"]
