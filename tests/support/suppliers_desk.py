"""A hub that takes suppliers in, with lists of excluded parties and an Odoo, and the people who work at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hilum.canonical import BusinessObject, SupplierBankChange, SupplierRegistration, example
from hilum.canonical.catalogue import read, write
from hilum.connectors import odoo
from hilum.packs.suppliers import (
    LEIE,
    SupplierRules,
    accounts,
    bank_change_process,
    onboarding_process,
    screening_list,
    standing,
    supplier_changed,
)
from hilum.packs.suppliers.rules import FINANCE, PURCHASING
from hilum.postgres import Database
from hilum.processes import Commands, Process, handle, store
from hilum.processes.engine import Engine
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.inbox import People
from support.projects import OWNERS, make_flow, target
from support.waits import Start

NEEDED = "liability-insurance"
TODAY = datetime.now(UTC).date()

OTHERS = [",,,FAR AWAY TRANSPORT INC,OTHER,AMBULANCE,,0000000000,,1 ELM ST,DOVER,DE,19901,1128a1,20260101,0,0,"]
LISTED = ",,,MEDQUARRY SUPPLIES,OTHER,DME,,0000000000,,11 INDUSTRY ROAD,GHENT,,9000,1128a1,20260201,0,0,"
NAMESAKE = "JANSSENS,LOTTE,,,INDIVIDUAL,NURSE,,0000000000,,5 OAK ST,DOVER,DE,19901,1128b4,20260201,0,0,"


def leie(*rows: str) -> bytes:
    return "\n".join([",".join(LEIE.columns), *OTHERS, *rows]).encode()


class Desk(People):
    """A hub that takes suppliers in, the Odoo that it writes to, and the people at it."""

    def __init__(self, database: Database, processes: list[Process], box: SandboxOdoo) -> None:
        super().__init__(database, processes)
        self.box = box
        self.feed, self.lists = Feed(), Feed("lists")
        self.answers, self.screenings = Receiver(), Receiver()

    async def say(self, *things: BusinessObject) -> None:
        for thing in things:
            await self.feed.send(write(thing))

    async def publish(self, *rows: str) -> None:
        """The next issue of the list."""
        await self.lists.send(leie(*rows))

    async def is_in(self, state: str, status: str = "running", process: str = "suppliers.onboarding",
                    key: str = "REG-1042") -> None:  # fmt: skip
        seen: list[Any] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                run = await store.run_of(connection, process, key)
            seen[:] = [(run.status, run.state, run.outcome)] if run is not None else []
            return bool(seen) and seen[0][:2] == (status, state)

        await eventually(there, lambda: f"{status} {state}, not {seen}")

    async def approve(self) -> None:
        """By two people of two teams."""
        await self.answer(await self.only_task(PURCHASING), "ada", approved=True)
        await self.answer(await self.only_task(FINANCE), "ben", approved=True)

    async def paid_to(self, on: date = TODAY, code: str = "SUP-REG-1042") -> str:
        """The account that a payment of that day goes to; empty: none was confirmed."""
        async with self.database.cold() as connection:
            found = await accounts.payees(connection, [(code, "EUR")], on)
        return found[code, "EUR"].account if found else ""

    async def stands(self, code: str = "SUP-REG-1042") -> list[str]:
        """What is wrong with it, for contracts."""
        async with self.database.cold() as connection:
            return await standing.standing(connection, code)

    async def told(self, *statuses: str) -> None:
        """What the supplier was told, all of it."""
        await eventually(lambda: self.statuses() == [*statuses], self.statuses)

    def statuses(self) -> list[str]:
        return [each["status"] for each in self.answers.bodies]

    def vendor(self, code: str = "SUP-REG-1042") -> dict[str, Any]:
        """As Odoo has it: its name, whether it is blocked, and its accounts."""
        found = next((each for each in self.box.records("res.partner") if each["ref"] == code), None)
        if found is None:
            return {}
        banks = self.box.records("res.partner.bank")
        mine = sorted(each["acc_number"] for each in banks if each["partner_id"] == found["id"] and each["active"])
        return {"name": found["name"], "blocked": found["purchase_warn"] == "block", "accounts": mine}

    async def in_odoo(self, **wanted: Any) -> None:
        def there() -> bool:
            return wanted.items() <= self.vendor().items()

        await eventually(there, self.vendor)


Begin = Callable[..., Awaitable[Desk]]


def _sent(parsed: Any, _: Any) -> Any:
    return {"key": "", **parsed["content"]}


@asynccontextmanager
async def desk_over(hub: Start, database: Database) -> AsyncIterator[Begin]:
    """`await begin(credentials=…)`: a hub with both processes, its lists, and an Odoo that can block contacts."""
    engines: list[Engine] = []
    async with SandboxOdoo("18.0", "hilum") as box:

        async def begin(**more: Any) -> Desk:
            rules = SupplierRules(**{"credentials": [NEEDED], "lists": [LEIE.name], "look_again": "PT0.2S", **more})
            processes = [onboarding_process(rules, owners=OWNERS), bank_change_process(rules, owners=OWNERS)]
            made = Desk(database, processes, box)
            heard = make_flow(made.feed, name="test.portal", format="bytes", translate=lambda body, _: read(body),
                              order_by=None, dedup_by=None)  # fmt: skip
            for process in processes:
                for each in handle(process):
                    heard.deliver_to(each)
            changes = make_flow(Commands("suppliers.changes", poll=0.02), name="test.changes", dedup_by=None,
                                order_by=lambda m: m["content"]["code"], translate=supplier_changed)  # fmt: skip
            changes.deliver_to(
                odoo.supplier("odoo.main", url=box.url, database=box.database, login=box.login, api_key=box.api_key)
            )
            flows = [heard, changes, screening_list(LEIE, source=made.lists, name="test.leie", owners=OWNERS)]
            for name, receiver in (("answers", made.answers), ("screenings", made.screenings)):
                flow = make_flow(Commands(f"suppliers.{name}", poll=0.02), name=f"test.{name}", translate=_sent,
                                 order_by=lambda m: m["type"],
                                 dedup_by=None)  # fmt: skip
                flow.deliver_to(target(receiver, f"memory.{name}"))
                flows.append(flow)
            started = await hub(*flows)
            assert started.share is not None
            engines.append(Engine(started.project, database, processes, started.share.leases.id))
            await engines[0].start()
            return made

        yield begin
        for engine in engines:
            await engine.stop()


def registration(**more: Any) -> SupplierRegistration:
    found = example(SupplierRegistration)
    assert isinstance(found, SupplierRegistration)
    insured = [{"credential_type": NEEDED, "number": "P-1", "valid_to": TODAY + timedelta(days=400)}]
    return SupplierRegistration.model_validate(found.model_dump() | {"credentials": insured} | more)


def bank_change(number: str = "BNK-1", **more: Any) -> SupplierBankChange:
    accounts = [{"number": "DE89 3704 0044 0532 0130 00"}]
    said = {"number": number, "supplier": "SUP-REG-1042", "entered_by": "piet", "bank_accounts": accounts}
    return SupplierBankChange.model_validate(said | more)
