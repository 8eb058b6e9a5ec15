"""Odoo on its worst days: random faults under load, an upgrade, `kill -9`; nothing is lost, nothing doubled."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from hilum.canonical import (
    BusinessObject,
    Charge,
    Item,
    Location,
    OrderLine,
    PatientAccount,
    PersonName,
    PurchaseOrder,
    Supplier,
    SupplyConsumed,
)
from hilum.connector import Target
from hilum.connectors import odoo
from hilum.connectors.odoo import Odoo
from hilum.errors import Down, Failure, Rejected, TryAgain, Unsure
from hilum.message import Delivery, Outcome, new_id
from hilum.simulator.odoo import FaultKind, Faults, SandboxOdoo

TARGETS: dict[type, Target] = {
    PatientAccount: odoo.patient_account("odoo"),
    Supplier: odoo.supplier("odoo"),
    Item: odoo.item("odoo"),
    Location: odoo.location("odoo"),
    SupplyConsumed: odoo.stock_consumption("odoo"),
    PurchaseOrder: odoo.purchase_order("odoo"),
    Charge: odoo.charge("odoo"),
}
MASTER: Sequence[BusinessObject] = (
    Supplier(code="S1", title="Sample Supplies Ltd"),
    Item(code="I1", title="Gloves"),
    Location(code="L1", title="Ward 1"),
    PatientAccount(number="A1", person=PersonName(family="Sample")),
)
STORM = (
    FaultKind.LOST_REPLY,
    FaultKind.CLOSE,
    FaultKind.SERIALIZATION,
    FaultKind.BAD_GATEWAY,
    FaultKind.UNAVAILABLE,
    FaultKind.HTML,
)


def documents(count: int, name: str = "D") -> list[BusinessObject]:
    """Uses, charges and orders in turn."""
    line = OrderLine(number=1, item="I1", quantity=Decimal(3), unit_price=Decimal("1.25"))
    day = date(2026, 11, 20)
    kinds = [
        lambda n: SupplyConsumed(transaction=f"{name}{n}", item="I1", location="L1", quantity=Decimal(2)),
        lambda n: Charge(
            transaction=f"{name}{n}",
            account="A1",
            description="Care",
            quantity=Decimal(1),
            unit_price=Decimal("9.5"),
            currency="EUR",
            service_date=day,
        ),
        lambda n: PurchaseOrder(number=f"{name}{n}", supplier="S1", lines=(line,)),
    ]
    return [kinds[n % 3](n) for n in range(count)]


def delivery(thing: BusinessObject, attempt: int) -> Delivery:
    target = TARGETS[type(thing)]
    outgoing = target.encode(thing)
    assert outgoing is not None
    return Delivery(
        message_id=new_id(),
        ordinal=0,
        flow="test",
        destination="odoo",
        operation=target.operation,
        body=outgoing.body,
        key=thing.business_key,
        idempotency_key=thing.business_key,
        attempt=attempt,
    )


async def attempt_all(hub: Odoo, things: Sequence[BusinessObject], attempt: int) -> list[Outcome]:
    try:
        return list(await hub.deliver([delivery(thing, attempt) for thing in things]))
    except (TryAgain, Unsure, Down) as failure:
        return [failure] * len(things)


async def until_delivered(hub: Odoo, things: Sequence[BusinessObject], attempts: int = 300) -> Counter[str]:
    """Deliver, and again what was not delivered, as the runtime does. How often each outcome was seen."""
    left, seen = list(things), Counter[str]()
    for attempt in range(1, attempts + 1):
        outcomes = await attempt_all(hub, left, attempt)
        assert not [outcome for outcome in outcomes if isinstance(outcome, Rejected)], outcomes
        seen.update(type(outcome).__name__ for outcome in outcomes)
        left = [thing for thing, outcome in zip(left, outcomes, strict=True) if isinstance(outcome, Failure)]
        if not left:
            return seen
        if isinstance(outcomes[-1], Down):
            await asyncio.sleep(0)  # the runtime would wait here; another batch may run
    raise AssertionError(f"{len(left)} not delivered in {attempts} attempts: {seen}")


def check_books(records: dict[str, list[dict[str, Any]]], things: Sequence[BusinessObject]) -> None:
    """Each document once, finished, and the stock exactly what was used."""
    uses = sorted(thing.business_key for thing in things if isinstance(thing, SupplyConsumed))
    charges = sorted(thing.business_key for thing in things if isinstance(thing, Charge))
    orders = sorted(thing.business_key for thing in things if isinstance(thing, PurchaseOrder))
    ours = [row for row in records["stock.picking"] if row["origin"] in set(uses)]
    assert sorted(row["origin"] for row in ours) == uses
    assert {row["state"] for row in ours} == ({"done"} if uses else set())
    invoices = [row for row in records["account.move"] if row["ref"] in set(charges)]
    assert sorted(row["ref"] for row in invoices) == charges
    assert {row["state"] for row in invoices} == ({"posted"} if charges else set())
    bought = [row for row in records["purchase.order"] if row["origin"] in set(orders)]
    assert sorted(row["origin"] for row in bought) == orders
    assert {row["state"] for row in bought} == ({"purchase"} if orders else set())
    assert len(records["purchase.order.line"]) == len(orders)
    (place,) = [row["id"] for row in records["stock.location"] if "hilum.location_L1" in row["external_ids"]]
    quants = [row["quantity"] for row in records["stock.quant"] if row["location_id"] == place]
    assert sum(quants) == -2 * len(uses)


BOOKS = ("stock.picking", "account.move", "purchase.order", "purchase.order.line", "stock.location", "stock.quant")


def settings(box: SandboxOdoo, protocol: str = "auto") -> dict[str, Any]:
    return {
        "url": box.url,
        "database": box.database,
        "login": box.login,
        "api_key": box.api_key,
        "protocol": protocol,
        "timeout": 20.0,
        "short_timeout": True,
    }


async def storm(version: str, protocol: str, seed: int, count: int, hubs: int) -> None:
    """Random faults of every kind on every call while several hubs deliver the same documents, some of them twice."""
    faults = Faults(seed=seed)
    async with SandboxOdoo(version=version, faults=faults) as box:
        crew = [Odoo(**settings(box, protocol)) for _ in range(hubs)]
        for hub in crew:
            await hub.open()
        await until_delivered(crew[0], MASTER)
        for kind in STORM:
            faults.add(kind, probability=0.02)
        things = documents(count)
        shares = [things[n * count // (hubs + 1) : (n + 2) * count // (hubs + 1)] for n in range(hubs)]
        results = await asyncio.gather(*(until_delivered(hub, some) for hub, some in zip(crew, shares, strict=True)))
        faults.clear()
        assert sum(results, Counter())["Unsure"] > 0, "the storm was too weak to prove anything"
        check_books({model: box.records(model) for model in BOOKS}, things)
        for hub in crew:
            await hub.close()


@pytest.mark.req("MSG-3")
@pytest.mark.parametrize(("version", "protocol"), [("19.0", "json2"), ("18.0", "jsonrpc")])
async def test_random_faults_lose_and_double_nothing(version: str, protocol: str) -> None:
    await storm(version, protocol, seed=1, count=45, hubs=2)


@pytest.mark.long
@pytest.mark.req("MSG-3")
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("version", "protocol"), [("19.0", "json2"), ("19.0", "jsonrpc"), ("18.0", "jsonrpc")])
async def test_random_faults_lose_and_double_nothing_for_long(version: str, protocol: str, seed: int) -> None:
    await storm(version, protocol, seed=seed, count=150, hubs=3)


async def test_odoo_may_be_upgraded_while_the_hub_runs(tmp_path: Path) -> None:
    """Down, then another version at the same address: the hub finds out and goes on by the other protocol."""
    first = SandboxOdoo(version="18.0", api_key="a-key-of-the-test")
    await first.start()
    hub = Odoo(**settings(first))
    await hub.open()
    await until_delivered(hub, MASTER)
    port = int(first.url.rpartition(":")[2])
    await first.stop()
    (outcome,) = await attempt_all(hub, MASTER[:1], 1)
    assert isinstance(outcome, Down)
    async with SandboxOdoo(version="19.0", port=port, api_key="a-key-of-the-test") as second:
        await until_delivered(hub, MASTER)
        assert "19.0 by json2" in await hub.check()
        assert len([row for row in second.records("res.partner") if row["ref"] == "A1"]) == 1
        await hub.close()


async def start(state: Path, port: int) -> tuple[asyncio.subprocess.Process, dict[str, Any]]:
    """A sandbox in a process of its own; what it says of itself once it listens."""
    command = [sys.executable, "-m", "hilum.simulator.odoo", "--version", "19.0", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        *command,
        "--database",
        "hilum",
        "--state",
        str(state),
        "--key-file",
        str(state.with_suffix(".key")),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    return process, orjson.loads(await process.stdout.readline())


async def books_of(url: str) -> dict[str, list[dict[str, Any]]]:
    async with httpx.AsyncClient() as client:
        replies = {model: await client.get(f"{url}/sandbox/records", params={"model": model}) for model in BOOKS}
    return {model: reply.json() for model, reply in replies.items()}


async def killed(state: Path, kills: int) -> None:
    process, far = await start(state, 0)
    port = int(far["url"].rpartition(":")[2])
    known = {"url": far["url"], "database": far["database"], "api_key": far["key"], "login": far["login"]}
    hub = Odoo(**known, timeout=20.0, short_timeout=True)
    await hub.open()
    await until_delivered(hub, MASTER)
    things: list[BusinessObject] = []
    for n in range(kills):
        some = documents(9, name=f"K{n}-")
        things += some
        work = asyncio.create_task(attempt_all(hub, some, 1))
        # somewhere in the middle: after so many turns of the loop, which differ from kill to kill
        for _ in range(20 + 37 * n):
            await asyncio.sleep(0)
        process.kill()
        await process.wait()
        await work
        process, far = await start(state, port)
        await until_delivered(hub, some)
    check_books(await books_of(far["url"]), things)
    await hub.close()
    process.kill()
    await process.wait()


@pytest.mark.req("MSG-3")
async def test_odoo_is_killed_in_the_middle_of_the_work(tmp_path: Path) -> None:
    await killed(tmp_path / "state", kills=3)


@pytest.mark.long
@pytest.mark.req("MSG-3")
async def test_odoo_is_killed_again_and_again(tmp_path: Path) -> None:
    await killed(tmp_path / "state", kills=30)
