"""Contract to procure: signed webhooks of a CLM and of signatures become prices and a blanket order in Odoo."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import orjson
import pytest

from hilum.canonical import (
    BusinessObject,
    Item,
    PriceBasis,
    PriceCheck,
    PricedDocument,
    PurchaseOrder,
    ScreeningOutcome,
    ScreeningResult,
    Supplier,
)
from hilum.canonical.catalogue import read, write
from hilum.cases import Case, cases
from hilum.connectors import http, odoo
from hilum.connectors.odoo import external_id
from hilum.flow import Flow, Lookup
from hilum.flow.prices import Ask
from hilum.masterdata import terms
from hilum.message import new_id
from hilum.packs.contracts import Comparison, Tolerance, clm, keep_to
from hilum.packs.contracts.contract_rules import DESK, ContractRules
from hilum.packs.contracts.lifecycle import contract_process
from hilum.packs.suppliers import standing
from hilum.postgres import Database
from hilum.processes import Commands, handle, inbox, store
from hilum.processes.engine import Engine
from hilum.runtime import Hub
from hilum.simulator.odoo import SandboxOdoo
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.inbox import People
from support.projects import OWNERS, make_flow, target
from support.waits import Start

pytestmark = pytest.mark.req("WF-1", "SYS-11", "SYS-13")

SECRET = "opensesame"
TODAY = datetime.now(UTC).date()
CONTRACT: dict[str, Any] = {
    "number": "C-7", "title": "Gloves", "supplier": "V1", "currency": "EUR", "valid_from": "2026-01-01",
    "prices": [{"item": "GLV", "tiers": [{"unit_price": "38"}, {"from_quantity": "100", "unit_price": "36"}]}],
}  # fmt: skip


class Offices(People):
    """The CLM, the provider of signatures, and the people of the desk, around one hub."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, [contract_process(ContractRules(), owners=OWNERS)])
        self.feed, self.orders, self.told = Feed("masters"), Feed("orders"), Receiver()
        self.commands = {name: Receiver() for name in ("terms", "prices", "agreements")}
        settings: dict[str, Any] = {"hmac_header": "X-Signature", "hmac_timestamp": "X-Signed-At"}
        self.clm = http.Listener(host="127.0.0.1", port=0, path="/clm", hmac_secret=SECRET, **settings)
        self.esign = http.Listener(host="127.0.0.1", port=0, path="/esignature", hmac_secret=SECRET, **settings)
        self.minute = 0
        self.hub: Hub

    async def post(self, listener: http.Listener, body: dict[str, Any], secret: str = SECRET) -> int:
        """What the webhook is answered."""
        sent, now = orjson.dumps(body), str(int(time.time()))
        mac = hmac.new(secret.encode(), f"{now}.".encode() + sent, hashlib.sha256).hexdigest()
        headers = {"X-Signature": mac, "X-Signed-At": now, "Content-Type": "application/json"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(listener.address, data=sent, headers=headers) as answer,
        ):
            return answer.status

    async def tells(self, state: str, **more: Any) -> int:
        """The CLM says of the contract that it is in this state now."""
        self.minute += 1
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=self.minute)
        contract = CONTRACT | more.pop("contract", {})
        body = {"id": f"evt-{self.minute}", "at": at.isoformat(), "state": state, "contract": contract}
        return await self.post(self.clm, body | more)

    async def signs(self, revision: int = 1, secret: str = SECRET) -> int:
        """Somebody has signed."""
        self.minute += 1
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=self.minute)
        body = {"id": f"env-{self.minute}", "at": at.isoformat(), "status": "completed", "envelope": f"E-{revision}",
                "contract": "C-7", "revision": revision}  # fmt: skip
        return await self.post(self.esign, body, secret)

    async def say(self, *things: BusinessObject) -> None:
        for thing in things:
            await self.feed.send(write(thing))

    async def in_order(self) -> None:
        """The supplier is known and screened."""
        await self.say(Supplier(code="V1", title="Glove Co"), Item(code="GLV", title="Gloves"), screening("clear"))

    async def is_in(self, state: str, status: str = "running") -> None:
        seen: list[tuple[str, str]] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                run = await store.run_of(connection, "contracts.contract", "C-7")
            seen[:] = [(run.status, run.state)] if run is not None else []
            return seen == [(status, state)]

        await eventually(there, lambda: f"{status} {state}, not {seen}")

    async def cases(self, category: str, count: int) -> list[Case]:
        """So many open cases of a category."""
        found: list[Case] = []

        async def there() -> bool:
            async with self.database.cold() as connection:
                found[:] = await cases(connection, category=category)
            return len(found) == count

        await eventually(there, lambda: [each.words for each in found])
        return found

    def sent(self, channel: str) -> list[Any]:
        return [each["content"] for each in self.commands[channel].bodies]


def screening(outcome: str) -> ScreeningResult:
    return ScreeningResult(
        screening="S-1", subject_type="supplier", subject="V1", list_name="exclusions",
        outcome=ScreeningOutcome(outcome), screened_at=datetime.now(UTC),
    )  # fmt: skip


def read_order(parsed: Any, hub: Lookup) -> Any:
    order = PurchaseOrder.model_validate(parsed["order"])
    checks = Comparison(prices=hub.prices, on=TODAY).order(order)
    keep_to(checks, Tolerance(percent=Decimal(2)), only_contract=True)
    return {"number": order.number}


def order(number: str) -> dict[str, Any]:
    line = {"number": 1, "item": "GLV", "quantity": "10", "unit_price": "38"}
    return {"id": number, "order": {"number": number, "supplier": "V1", "currency": "EUR", "lines": [line]}}


Begin = Callable[..., Awaitable[Offices]]


@pytest.fixture
async def offices(hub: Start, database: Database) -> AsyncIterator[Begin]:
    """`await offices(box=None, **rules)`: a hub with the process; with a sandbox, its commands go to Odoo too."""
    engines: list[Engine] = []

    async def begin(box: SandboxOdoo | None = None, **rules: Any) -> Offices:
        made = Offices(database)
        made.process = contract_process(ContractRules(**rules), owners=OWNERS)
        flows = flows_of(made, box is not None)
        endpoints: dict[str, Any] = {}
        if box is not None:
            main = {"url": box.url, "database": box.database, "login": box.login, "api_key": box.api_key}
            endpoints = {"endpoints": {"odoo": {"main": main}}}
        started = await hub(*flows, **endpoints)
        assert started.share is not None
        made.hub = started
        engines.append(Engine(started.project, database, [made.process], started.share.leases.id))
        await engines[0].start()
        return made

    yield begin
    for engine in engines:
        await engine.stop()


def flows_of(made: Offices, to_odoo: bool) -> list[Flow]:
    ways: dict[str, Any] = {"order_by": None, "dedup_by": clm.event_id}
    contracts = make_flow(made.clm, name="clm.contracts", translate=clm.told_by_clm, **ways)
    envelopes = make_flow(made.esign, name="esignature.envelopes", translate=clm.told_by_esignature, **ways)
    for each in handle(made.process):
        contracts.deliver_to(each)
        envelopes.deliver_to(each)
    masters = make_flow(made.feed, name="test.masters", format="bytes", translate=lambda body, _: read(body),
                        order_by=None, dedup_by=None)  # fmt: skip
    masters.deliver_to(standing.keep())
    orders = make_flow(made.orders, made.told, name="portal.orders", translate=read_order, order_by=None)
    flows = [contracts, envelopes, masters, orders]

    def channel(name: str, translate: Callable[[Any, Lookup], Any], *targets: Any) -> None:
        flow = make_flow(Commands(f"contracts.{name}", poll=0.02), name=f"contracts.{name}", translate=translate,
                         dedup_by=None, order_by=None)  # fmt: skip
        for each in targets:
            flow.deliver_to(each)
        flows.append(flow)

    channel("terms", clm.contract_to_keep, terms.keep())
    if to_odoo:
        masters.deliver_to(odoo.supplier("odoo.main"))
        masters.deliver_to(odoo.item("odoo.main"))
        channel("prices", clm.supplier_prices, odoo.supplier_price("odoo.main"))
        channel("agreements", clm.blanket_order, odoo.agreement("odoo.main"), odoo.agreement_end("odoo.main"))
    else:
        for name in ("prices", "agreements"):
            channel(name, lambda parsed, _: parsed, target(made.commands[name], f"memory.{name}"))
    return flows


def prices_in(box: SandboxOdoo) -> list[tuple[float, float, Any, Any]]:
    """Step, price, first and last day of the vendor prices that belong to no agreement."""
    rows = [row for row in box.records("product.supplierinfo") if not row["purchase_requisition_line_id"]]
    return sorted((row["min_qty"], row["price"], str(row["date_start"]), str(row["date_end"] or "")) for row in rows)


def agreements_in(box: SandboxOdoo) -> list[tuple[str, str]]:
    """Which blanket orders there are, and their states."""
    names = {name: row for row in box.records("purchase.requisition") for name in row["external_ids"]}
    known = {external_id("agreement", number): number for number in ("C-7", "C-7/2", "C-7/3")}
    return sorted((known[name], names[name]["state"]) for name in names)


async def test_signed_webhooks_become_prices_and_a_blanket_order_until_it_is_suspended(offices: Begin) -> None:
    async with SandboxOdoo("19.0") as box:
        work = await offices(box)
        await work.in_order()
        await eventually(lambda: bool([row for row in box.records("product.product") if row["default_code"] == "GLV"]))
        commits = {"commitments": [{"item": "GLV", "quantity": "240"}]}
        for state in ("draft", "in_review", "approved"):
            assert await work.tells(state, **commits) == 202
        assert await work.signs(secret="guessed") == 401
        assert work.esign.refusals == {"401": 1}
        await work.is_in("approved")
        assert await work.signs() == 202
        await work.is_in("active")
        both = [(0, 38, "2026-01-01", ""), (100, 36, "2026-01-01", "")]
        await eventually(lambda: prices_in(box) == both, lambda: prices_in(box))
        await eventually(lambda: agreements_in(box) == [("C-7", "confirmed")], lambda: agreements_in(box))
        prices = work.hub.project.lookup.prices
        ask = Ask(supplier="V1", item="GLV", quantity=Decimal(10), on=TODAY)
        await eventually(lambda: prices.price(ask).price == 38)
        await work.orders.send(order("PO-1"))
        await eventually(lambda: [each["number"] for each in work.told.bodies] == ["PO-1"])

        assert await work.tells("on_hold", **commits) == 202
        await work.is_in("suspended")
        ended = str(TODAY - timedelta(days=1))
        over = [(0, 38, "2026-01-01", ended), (100, 36, "2026-01-01", ended)]
        await eventually(lambda: prices_in(box) == over, lambda: prices_in(box))
        await eventually(lambda: agreements_in(box) == [("C-7", "done")], lambda: agreements_in(box))
        await eventually(lambda: "suspended" in prices.price(ask).words)
        await work.orders.send(order("PO-2"))
        (held,) = await work.cases("refused", 1)
        assert "line 1, GLV: it is off contract (contract C-7 is suspended)" in held.words
        assert len(work.told.bodies) == 1

        assert await work.tells("executed", **commits) == 202
        await work.is_in("active")
        again = [(0, 38, str(TODAY), ""), (100, 36, str(TODAY), "")]
        await eventually(lambda: prices_in(box) == sorted([*over, *again]), lambda: prices_in(box))
        await eventually(lambda: agreements_in(box) == [("C-7", "done"), ("C-7/2", "confirmed")],
                         lambda: agreements_in(box))  # fmt: skip


async def test_a_supplier_that_is_not_in_order_is_asked_for_and_looked_at_again(offices: Begin) -> None:
    work = await offices(look_again="PT1S")
    await work.say(Supplier(code="V1", title="Glove Co", blocked=True, block_reason="in dispute"))
    await work.tells("approved")
    await work.signs()
    task = await work.only_task()
    assert (task.team, task.title) == (DESK, "The supplier of contract C-7 is not in order")
    await work.is_in("approved")
    assert work.sent("prices") == []
    await work.say(Supplier(code="V1", title="Glove Co"), screening("clear"))
    await work.is_in("active")
    async with work.database.cold() as connection:
        assert await inbox(connection) == []
        assert await standing.standing(connection, "V1") == []
        assert await standing.standing(connection, "V2") == ["supplier V2 is not known", "supplier V2 was not screened"]


@pytest.mark.long
async def test_somebody_answers_for_a_supplier_and_a_signature_on_paper(offices: Begin) -> None:
    work = await offices(wait_for_envelope="PT0S")
    await work.say(Supplier(code="V1", title="Glove Co"), screening("possible"))
    await work.tells("executed")
    seen = {each.form: each for each in await work.tasks(2)}
    await work.answer(seen["SignatureDecision"], signed=True)
    await work.answer(seen["SupplierDecision"], decision="accept")
    await work.is_in("active")
    await eventually(lambda: [len(each["prices"]) for each in work.sent("prices")] == [2])


async def test_what_cannot_be_is_a_case_until_something_fits(offices: Begin) -> None:
    work = await offices(late="PT0S")
    await work.in_order()
    await work.tells("draft")
    await work.tells("on_hold")
    (case,) = await work.cases("process.strange", 1)
    assert "it is “draft” and cannot become “suspended”" in case.words
    await work.is_in("draft")
    await work.tells("in_review")
    await work.is_in("legal review")
    await work.cases("process.strange", 0)


async def test_the_owner_is_reminded_in_time_with_volume_and_leak(offices: Begin, database: Database) -> None:
    end = TODAY + timedelta(days=60)
    soon = datetime(end.year, end.month, end.day, tzinfo=UTC) - datetime.now(UTC) - timedelta(seconds=4)
    work = await offices(reminders=(soon,))  # in four seconds
    await work.in_order()
    check = PriceCheck(
        document_type=PricedDocument.BILL, document="B-1", line=1, checked_on=date(2026, 3, 1), supplier="V1",
        item="GLV", quantity=Decimal(12), currency="EUR", unit_price=Decimal(40), basis=PriceBasis.CONTRACT,
        contract="C-7", expected_price=Decimal(38), leak=Decimal(24), words="contract C-7",
    )  # fmt: skip
    async with database.transaction() as connection:
        await terms.note(connection, [(check, new_id())])
    ends = {"contract": {"valid_to": end.isoformat()}, "owner": "Gloves"}
    await work.tells("approved", **ends)
    await work.signs()
    await work.is_in("active")
    first = await work.only_task()
    assert (first.team, first.title) == ("Gloves", f"Contract C-7 with V1 ends on {end}")
    told = "480.00 EUR were bought by contract C-7 in 1 line of bills, 24.00 EUR of that above what was agreed"
    assert first.words == told
    renewed = {"contract": {"revision": 2, "valid_to": str(end + timedelta(days=1000))}}
    await work.tells("approved", **renewed)
    await work.signs(2)
    await work.nothing_is_asked()


@pytest.mark.long
async def test_a_contract_whose_days_are_over_ends_and_its_amendment_takes_its_place_before(offices: Begin) -> None:
    work = await offices(linger="PT1S")
    await work.in_order()
    await work.tells("approved")
    await work.signs()
    await work.is_in("active")
    cheaper = [{"item": "GLV", "tiers": [{"unit_price": "35"}, {"from_quantity": "100", "unit_price": "36"}]}]
    second = {"contract": {"revision": 2, "prices": cheaper}}
    for state in ("draft", "in_review", "approved"):
        await work.tells(state, **second)
    await work.signs(2)
    await eventually(lambda: len(work.sent("prices")) == 2)
    changed = [(p["price"]["amount"], p["valid_from"], p["valid_to"]) for p in work.sent("prices")[1]["prices"]]
    assert changed == [("38", "2026-01-01", str(TODAY)), ("35", str(TODAY), None)]
    await work.is_in("active")
    await work.tells("terminated", **second)
    await work.is_in("expired", "completed")
    await eventually(lambda: [len(each["prices"]) for each in work.sent("prices")] == [2, 2, 2])

    async def ended() -> bool:
        async with work.database.cold() as connection:
            (head,) = await terms.store.heads(connection)
        return (head.status, head.revision) == ("ended", 2)

    await eventually(ended)
