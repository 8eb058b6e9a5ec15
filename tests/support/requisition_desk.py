"""A desk where requisitions are asked for, approved and ordered: a hub with the process, and people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hilum.canonical import Budget, BusinessObject, Requisition
from hilum.canonical.catalogue import read, write
from hilum.flow import Lookup
from hilum.packs.procurement import budgets
from hilum.packs.procurement.approval_rules import approvals_of
from hilum.packs.procurement.requesting import requisition_process
from hilum.packs.procurement.requisition_rules import RequisitionRules
from hilum.postgres import Database
from hilum.processes import Commands, Process, handle, store
from hilum.processes.engine import Engine
from hilum.testing import eventually
from support.agreed import agree
from support.doubles import Feed, Receiver
from support.inbox import People
from support.projects import OWNERS, make_flow, target
from support.waits import Start

TABLE = """
currency = "EUR"
[step.head]
team = "Heads"
[step.finance]
team = "Finance"
[[rule]]
name = "over budget"
over_budget = true
steps = ["head", "finance"]
[[rule]]
name = "off contract"
off_contract = true
steps = ["head"]
[[rule]]
name = "small"
amount_below = 100
steps = []
[[rule]]
name = "the rest"
steps = ["head"]
[order_first]
amount_below = 1000
review = "head"
"""


class Desk(People):
    """A hub with the process; what it sends by channel, and the people at it."""

    def __init__(self, database: Database, process: Process) -> None:
        super().__init__(database, [process])
        self.process = process
        self.feed = Feed()
        self.orders, self.status = Receiver(), Receiver()

    async def say(self, *things: BusinessObject) -> None:
        for thing in things:
            await self.feed.send(write(thing))

    def told(self) -> list[tuple[str, str]]:
        """What the requester was told."""
        return [(each["status"], each["words"]) for each in self.status.bodies]

    async def hears(self, *statuses: str) -> None:
        def there() -> bool:
            return [status for status, _ in self.told()] == [*statuses]

        await eventually(there, self.told)

    async def ordered(self, count: int) -> list[Any]:
        """What went to the orders' channel, once it is so many."""
        await eventually(lambda: len(self.orders.bodies) == count, lambda: self.orders.bodies)
        return self.orders.bodies

    async def is_in(self, state: str, status: str = "running") -> None:
        seen: list[Any] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                run = await store.run_of(connection, "procurement.requisition", "REQ-1")
            seen[:] = [(run.status, run.state, run.outcome)] if run is not None else []
            return [each[:2] for each in seen] == [(status, state)]

        await eventually(there, lambda: f"{status} {state}, not {seen}")

    async def bound(self) -> dict[int, Decimal]:
        async with self.database.transaction() as connection:
            return await budgets.bound_by(connection, "REQ-1")


Begin = Callable[..., Awaitable[Desk]]


@asynccontextmanager
async def desks(hub: Start, database: Database) -> AsyncIterator[Begin]:
    """Gives `await desk(rules)`: a hub with the process; V1 has agreed 38 for a box of GLV, and CC-1 has 1000 EUR."""
    engines: list[Engine] = []

    async def begin(**more: Any) -> Desk:
        rules = RequisitionRules(approvals=approvals_of(TABLE), **more)
        made = Desk(database, requisition_process(rules, owners=OWNERS))
        await agree(database, unit="BX")
        heard = make_flow(made.feed, name="test.heard", format="bytes", translate=lambda body, _: read(body),
                          order_by=lambda _: "all", dedup_by=None)  # fmt: skip
        heard.deliver_to(*handle(made.process), budgets.keep())
        flows = [heard]
        for name, receiver in (("orders", made.orders), ("status", made.status)):
            source = Commands(f"procurement.{name}", poll=0.02)
            flow = make_flow(source, name=f"test.{name}", translate=_passed_on, dedup_by=None)
            flow.deliver_to(target(receiver, f"memory.{name}"))
            flows.append(flow)
        started = await hub(*flows)
        assert started.share is not None
        engines.append(Engine(started.project, database, [made.process], started.share.leases.id))
        await engines[0].start()
        await made.say(budget("1000"))
        return made

    yield begin
    for engine in engines:
        await engine.stop()


def _passed_on(parsed: Any, _: Lookup) -> Any:
    content = parsed["content"]
    return {"key": content.get("number") or content["document"], **content}


def budget(amount: str, spent: str = "0") -> Budget:
    this = datetime.now(UTC).year
    return Budget(cost_centre="CC-1", period_from=date(this, 1, 1), period_to=date(this + 1, 1, 1), currency="EUR",
                  amount=Decimal(amount), spent=Decimal(spent))  # fmt: skip


def asked(*lines: tuple[str, int, str | None], **more: Any) -> Requisition:
    """Lines as (item, boxes, supplier)."""
    told = [
        {"number": place, "item": item, "quantity": quantity, "unit": "BX", "supplier": supplier}
        for place, (item, quantity, supplier) in enumerate(lines, 1)
    ]
    said = {"number": "REQ-1", "department": "CC-1", "requested_by": "eve", "deliver_to": "WARD-3", "lines": told}
    return Requisition.model_validate(said | more)
