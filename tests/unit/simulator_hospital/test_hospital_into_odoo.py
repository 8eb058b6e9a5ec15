"""The demo's project, from the hospital's bytes to records in a sandbox Odoo: what the ledger expects is there.

The hub's journal and workers are left out: each message is translated and delivered here, one after the other. What is
looked at is the sandbox's own store.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import orjson
import pytest

from hilum.connectors.odoo import Odoo, external_id
from hilum.errors import Invalid, Stop, Unmapped
from hilum.flow import Flow, Project, load_project
from hilum.formats import read_delimited
from hilum.message import Delivered, Delivery, Outcome, new_id
from hilum.runtime.endpoints import build_endpoints
from hilum.scaffold import write_demo
from hilum.simulator.hospital import Event, Expected, Flaw, Hospital, Shares
from hilum.simulator.hospital.hospital import MASTER_DATA
from hilum.simulator.odoo import SandboxOdoo

FLOW_OF = {
    "ADT": "clinical.admissions",
    "DFT": "supply.consumption",
    "ORM": "procurement.requisitions",
    "CSV": "procurement.requisitions_csv",
    "suppliers": "procurement.suppliers",
    "locations": "inventory.locations",
    "items": "inventory.items",
    "counts": "inventory.counts",
}
BATCH = 100


def deliveries(flow: Flow, body: bytes, project: Project) -> list[Delivery]:
    """What the hub would deliver of one message. Raises `Stop`."""
    made = []
    for ordinal, yielded in enumerate(flow.run(flow.read(body), project.lookup)):
        (target,) = yielded.targets
        outgoing = target.encode(yielded.thing)
        assert outgoing is not None
        made.append(
            Delivery(
                message_id=new_id(),
                ordinal=ordinal,
                flow=flow.name,
                destination=target.endpoint,
                operation=target.operation,
                body=outgoing.body,
                key=flow.ordering_key(flow.read(body)),
                idempotency_key=f"{yielded.thing.name}:{yielded.thing.business_key}",
            )
        )
    return made


async def deliver(odoo: Odoo, wanted: list[Delivery]) -> None:
    for start in range(0, len(wanted), BATCH):
        outcomes: Iterable[Outcome] = await odoo.deliver(wanted[start : start + BATCH])
        assert [outcome for outcome in outcomes if not isinstance(outcome, Delivered)] == []


async def plant(odoo: Odoo, hospital: Hospital, project: Project) -> None:
    """Master data, in the order in which Odoo needs it."""
    for kind in MASTER_DATA:
        rows = [orjson.dumps(row) for _, row in read_delimited(hospital.master_data(kind).encode())]
        flow = project.flows[FLOW_OF[kind]]
        await deliver(odoo, [one for row in rows for one in deliveries(flow, row, project)])


def translated(events: Iterable[Event], project: Project) -> tuple[list[Delivery], dict[str, Stop]]:
    """Deliveries of all events, each counted once, and why the others are held."""
    made: list[Delivery] = []
    held: dict[str, Stop] = {}
    seen: set[str] = set()
    for event in events:
        if event.flaw is Flaw.UNREADABLE or event.control_id in seen:
            continue
        seen.add(event.control_id)
        try:
            made += deliveries(project.flows[FLOW_OF[event.kind[:3]]], event.body, project)
        except Stop as stop:
            held[event.control_id] = stop
    return made, held


@pytest.mark.req("SYS-3")
@pytest.mark.req("SYS-9")
@pytest.mark.req("UX-5")
@pytest.mark.parametrize("requisitions", ["hl7", pytest.param("csv", marks=pytest.mark.long)])
async def test_odoo_holds_what_the_ledger_expects(tmp_path, monkeypatch, requisitions):
    hospital = Hospital(seed=3, reorder_at=8)
    async with SandboxOdoo() as sandbox:
        for name in ("url", "login"):
            monkeypatch.setenv(f"ODOO_{name.upper()}", getattr(sandbox, name))
        monkeypatch.setenv("ODOO_DB", sandbox.database)
        monkeypatch.setenv("ODOO_KEY", sandbox.api_key)
        write_demo(tmp_path, hospital=hospital)
        project = load_project(tmp_path)
        odoo = build_endpoints(project.settings, project.flows.values())["odoo.main"]
        assert isinstance(odoo, Odoo)
        await odoo.open()
        try:
            await plant(odoo, hospital, project)
            shares = Shares(duplicate=0.05, early=0.2, unmapped=0.03, malformed=0.03, unreadable=0.02)
            events = list(hospital.traffic(count=120, shares=shares, requisitions=requisitions))
            ledger = Expected(hospital)
            wanted, held = translated(ledger.watch(events), project)
            await deliver(odoo, wanted)
            assert_holds(sandbox, ledger, held)

            # the steward adds the missing rows, and the held messages are replayed
            with (tmp_path / "lookups" / "items.csv").open("a") as table:
                table.write(hospital.missing_rows())
            assert project.lookup.refresh() == ["items"]
            again = [event for event in events if isinstance(held.get(event.control_id), Unmapped)]
            assert again
            replayed, still_held = translated(again, project)
            assert not still_held
            await deliver(odoo, replayed)
            ledger.unmapped_arrived()
            assert_holds(sandbox, ledger, {c: stop for c, stop in held.items() if isinstance(stop, Invalid)})
        finally:
            await odoo.close()


def assert_holds(sandbox: SandboxOdoo, ledger: Expected, held: dict[str, Stop]) -> None:
    assert held.keys() == ledger.held.keys()
    assert _stock(sandbox) == ledger.stock
    charges = _known(sandbox, "account.move")
    assert charges.keys() == {external_id("charge", number) for number in ledger.charges}
    assert {move["state"] for move in charges.values()} == {"posted"}
    for number, use in ledger.charges.items():
        move = charges[external_id("charge", number)]
        kind = "out_refund" if use.quantity < 0 else "out_invoice"
        amount = Decimal(str(move["amount_untaxed"]))
        assert (move["move_type"], amount) == (kind, abs(use.quantity) * use.price)
    orders = _known(sandbox, "purchase.order")
    assert orders.keys() == {external_id("order", number) for number in ledger.orders}
    assert orders
    assert {order["state"] for order in orders.values()} == {"purchase"}
    for number, wanted in ledger.orders.items():
        total = sum((line.quantity * line.cost for line in wanted.lines), Decimal(0))
        assert Decimal(str(orders[external_id("order", number)]["amount_untaxed"])) == total
    accounts = _known(sandbox, "res.partner")
    for number, person in ledger.accounts.items():
        partner = accounts[external_id("account", number)]
        assert partner["ref"] == number
        if person is not None:
            assert partner["name"] == f"{person.given} {person.family}"
            assert (partner["phone"], partner["street"]) == (person.phone, person.street)


def _known(sandbox: SandboxOdoo, model: str) -> dict[str, dict]:
    """Records that the hub made, by external identifier."""
    return {name: row for row in sandbox.records(model) for name in row["external_ids"] if name.startswith("hilum.")}


def _stock(sandbox: SandboxOdoo) -> dict[tuple[str, str], Decimal]:
    """(item, store) → on hand, of everything at the hub's locations."""
    places = {row["id"]: name.partition("location_")[2] for name, row in _known(sandbox, "stock.location").items()}
    items = {row["id"]: name.partition("item_")[2] for name, row in _known(sandbox, "product.product").items()}
    found: dict[tuple[str, str], Decimal] = {}
    for quant in sandbox.records("stock.quant"):
        if quant["location_id"] in places:
            key = items[quant["product_id"]], places[quant["location_id"]]
            found[key] = found.get(key, Decimal(0)) + Decimal(str(quant["quantity"]))
    return found
