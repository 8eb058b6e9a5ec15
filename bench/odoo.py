"""Records a second into Odoo: packed by the connector, against one `create` call for each record.

The sandbox charges what calls and records cost on real servers (`--timings`), so its ratios are like a server's as far
as the calls are those that were measured. Set HILUM_TEST_ODOO_URL, _DB, _LOGIN and _KEY to measure a real server; the
targets are for those (what such a server allows: 22, 8 to 10 and 3.9 times). Records stay there under names that begin
with BENCH. HILUM_BENCH_ODOO_VERSION: another version of the sandbox.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import orjson

from hilum.canonical import BusinessObject, Item, OrderLine, PatientAccount, PersonName, PurchaseOrder, Supplier
from hilum.connector import Effort, Target
from hilum.connectors import odoo
from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.probe import connect
from hilum.connectors.odoo.transport import Transport
from hilum.message import Delivered, Delivery, new_id

ROUNDS = 3
SECONDS = 20  # for which one call a second is measured, for each kind of record
PACKED = {"partners": 300, "products": 200, "orders of three lines": 100}
CONFIRMED = "orders of three lines, confirmed"
SINGLE = {"partners": 40, "products": 25, "orders of three lines": 15}
GOAL = {"partners": 15, "products": 7, "orders of three lines": 3.5}
TARGETS: dict[type, Target] = {
    PatientAccount: odoo.patient_account("odoo"),
    Item: odoo.item("odoo"),
    PurchaseOrder: odoo.purchase_order("odoo"),
    Supplier: odoo.supplier("odoo"),
}


@asynccontextmanager
async def server() -> AsyncIterator[tuple[dict[str, Any], str]]:
    """The settings of the server that is measured, and what it is."""
    if os.environ.get("HILUM_TEST_ODOO_URL"):
        names = {"url": "URL", "database": "DB", "login": "LOGIN", "api_key": "KEY"}
        yield {name: os.environ[f"HILUM_TEST_ODOO_{suffix}"] for name, suffix in names.items()}, "real server"
        return
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hilum.simulator.odoo", "--timings"),
        *("--version", os.environ.get("HILUM_BENCH_ODOO_VERSION", "19.0")),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    told = orjson.loads(await process.stdout.readline())
    settings = {"url": told["url"], "database": told["database"], "login": told["login"], "api_key": told["key"]}
    try:
        yield settings, "sandbox with the costs of a server"
    finally:
        process.kill()
        await process.wait()


def things(what: str, count: int, run_id: str) -> list[BusinessObject]:
    """New objects, as a flow would yield them."""
    if what == "partners":
        name = PersonName(family="Sample")
        return [
            PatientAccount(number=f"BENCH-{run_id}-{n}", person=name, phone="1", email="a@b.example")
            for n in range(count)
        ]
    if what == "products":
        return [Item(code=f"BENCH-{run_id}-{n}", title="Sample item") for n in range(count)]
    lines = tuple(OrderLine(number=n, item="BENCH", quantity=Decimal(n), unit_price=Decimal("1.25")) for n in (1, 2, 3))
    return [
        PurchaseOrder(number=f"BENCH-{run_id}-{n}", supplier="BENCH", lines=lines, confirm=what == CONFIRMED)
        for n in range(count)
    ]


def deliveries(some: Sequence[BusinessObject]) -> list[Delivery]:
    """The deliveries of these objects."""
    made = []
    for thing in some:
        target = TARGETS[type(thing)]
        outgoing = target.encode(thing)
        assert outgoing is not None
        made.append(
            Delivery(
                message_id=new_id(),
                ordinal=0,
                flow="bench",
                destination="odoo",
                operation=target.operation,
                body=outgoing.body,
                idempotency_key=thing.business_key,
            )
        )
    return made


async def packed(hub: odoo.Odoo, what: str, limit: int = 0) -> int:
    """Deliver in full batches, as the runtime does with a backlog; with `limit` one batch of so many."""
    batch = deliveries(things(what, limit or PACKED[what], uuid.uuid4().hex[:8]))
    limit = limit or hub.traits.batch_limit
    for start in range(0, len(batch), limit):
        outcomes = await hub.deliver(batch[start : start + limit])
        assert all(isinstance(outcome, Delivered) for outcome in outcomes), outcomes
    return len(batch)


async def single(client: OdooClient, what: str, product: int, vendor: int) -> int:
    """One `create` for each record, one after the other: no external identifier, not safe to repeat."""
    run_id = uuid.uuid4().hex[:8]
    for n in range(SINGLE[what]):
        name = f"BENCH-{run_id}-{n}"
        line = {"product_id": product, "product_qty": 1, "price_unit": 1.25}
        models: dict[str, tuple[str, dict[str, Any]]] = {
            "partners": (
                "res.partner",
                {"name": "Sample", "ref": name, "customer_rank": 1, "phone": "1", "email": "a@b.example"},
            ),
            "products": ("product.product", {"name": "Sample item", "default_code": name, "type": "consu"}),
            "orders of three lines": (
                "purchase.order",
                {"partner_id": vendor, "origin": name, "order_line": [[0, 0, line]] * 3},
            ),
        }
        model, values = models[what]
        await client.create(model, [values])
    return SINGLE[what]


async def per_second(work: Callable[[], Awaitable[int]]) -> float:
    """Records a second of one round."""
    start = time.perf_counter()
    count = await work()
    return count / (time.perf_counter() - start)


async def measure() -> list[dict[str, Any]]:
    """Both ways in turn, so that a disturbance hits both."""
    results = []
    async with server() as (settings, kind):
        hub = odoo.Odoo(**settings)
        await hub.open()
        transport = Transport(hub.settings)
        client = await connect(transport, hub.settings)
        first = deliveries([Supplier(code="BENCH", title="Sample supplier"), Item(code="BENCH", title="Sample item")])
        vendor, product = [int(one.reference.partition(":")[2].split()[0]) for one in await hub.deliver(first)]
        for what, goal in GOAL.items():
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(await per_second(lambda what=what: packed(hub, what)))
                theirs.append(await per_second(lambda what=what: single(client, what, product, vendor)))
            ratio = statistics.median(ours) / statistics.median(theirs)
            results.append(
                {
                    "name": f"Odoo {'.'.join(map(str, client.version))} ({kind}), {what}, packed",
                    "median": statistics.median(ours),
                    "unit": "records/s",
                    "peer": statistics.median(theirs),
                    "peer_name": "one create call each",
                    "ratio": ratio,
                    "target": f">= {goal} x on a real server",
                }
            )
        await transport.close()
        await hub.close()
        results += await at_one_call_a_second(settings, kind)
    return results


async def at_one_call_a_second(settings: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """What one call a second carries, none beside it: a backlog worked off for a bounded time, look-ups and all."""
    hub = odoo.Odoo(**settings, calls_per_second=1.0, connections=1)
    await hub.open()
    await packed(hub, "partners", limit=1)  # the version, modules and units are asked for once
    results = []
    for what in (*PACKED, CONFIRMED):
        before, start, sent = hub.effort() or Effort(), time.perf_counter(), 0
        while time.perf_counter() - start < SECONDS:
            sent += await packed(hub, what, limit=min(hub.portion(), hub.traits.batch_limit))
        spent, after = time.perf_counter() - start, hub.effort() or Effort()
        results.append(
            {
                "name": f"Odoo ({kind}), {what}, with calls_per_second = 1",
                "median": sent / spent * 3600,
                "unit": "records/h",
                "calls": after.calls - before.calls,
                "records": sent,
                "seconds": spent,
            }
        )
    await hub.close()
    return results


def run() -> list[dict[str, Any]]:
    """The figures, one for each kind of record."""
    return asyncio.run(measure())


if __name__ == "__main__":
    print(orjson.dumps(run(), option=orjson.OPT_INDENT_2).decode())
