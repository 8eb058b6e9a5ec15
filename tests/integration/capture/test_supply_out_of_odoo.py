"""Reordering rules, budgets and requests of departments that are kept in Odoo come out as facts and requisitions."""

from __future__ import annotations

from typing import Any

import pytest

from hilum.flow import Flow
from hilum.packs import inventory, procurement
from hilum.packs.odoo.conventions import Conventions
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo.orm.record import Env
from hilum.testing import eventually
from support.doubles import Receiver
from support.projects import target
from support.waits import Start

FEED: dict[str, Any] = {"begin": "all", "poll": 0.05, "compare": 0.05}


class Office:
    """An Odoo in which a store, a cost centre and an item are known."""

    def __init__(self, box: SandboxOdoo) -> None:
        self.box = box
        box.set_module("account_budget_oca", installed=True)
        make = self.make
        self.vendor = make("res.partner", name="Requests", ref="REQUESTS", supplier_rank=1)
        self.other = make("res.partner", name="Gloves Ltd", ref="V1", supplier_rank=1)
        self.glove = make("product.product", name="Glove", default_code="GLV", type="consu")
        self.ward = make("stock.location", name="Ward 3", barcode="WARD-3", usage="internal")
        plan = make("account.analytic.plan", name="Departments")
        self.centre = make("account.analytic.account", name="Ward 3", code="CC-1", plan_id=plan)

    @property
    def there(self) -> dict[str, Any]:
        box = self.box
        return {"url": box.url, "database": box.database, "login": box.login, "api_key": box.api_key}

    def make(self, model: str, **values: Any) -> int:
        def act(env: Env) -> int:
            return int(env[model].create(values).id)

        return int(self.box.change(act))

    def write(self, model: str, record: int, **values: Any) -> None:
        def act(env: Env) -> None:
            env[model].write(record, values)

        self.box.change(act)


@pytest.fixture(params=["18.0", "19.0"])
async def office(request: pytest.FixtureRequest) -> Any:
    async with SandboxOdoo(request.param, "hilum") as box:
        yield Office(box)


def bodies(receiver: Receiver, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(each.get(name) for name in names) for each in receiver.bodies]


@pytest.mark.req("WF-4")
async def test_reordering_rules_are_levels(hub: Start, office: Office) -> None:
    out = Receiver()
    flow: Flow = inventory.levels_in_odoo("", to=[target(out)], **office.there, **FEED)
    await hub(flow)
    rule = office.make("stock.warehouse.orderpoint", product_id=office.glove, location_id=office.ward,
                       product_min_qty=20, product_max_qty=100)  # fmt: skip
    members = ("location", "item", "reorder_at", "up_to", "active")
    await eventually(lambda: bodies(out, *members) == [("WARD-3", "GLV", "20", "100", True)], lambda: out.bodies)
    office.write("stock.warehouse.orderpoint", rule, product_max_qty=10)
    office.write("stock.warehouse.orderpoint", rule, active=False)
    await eventually(lambda: bodies(out, *members)[-1] == ("WARD-3", "GLV", "20", "20", False), lambda: out.bodies)


@pytest.mark.req("SYS-9")
async def test_requests_of_departments_are_requisitions(hub: Start, office: Office) -> None:
    out = Receiver()
    flow = procurement.asked_in_odoo("", to=[target(out)], place_of=lambda _: "WARD-3", **office.there, **FEED)
    await hub(flow)

    def ask(vendor: int, **more: Any) -> int:
        lines = [[0, 0, {"product_id": office.glove, "product_qty": 5}]]
        return office.make("purchase.order", partner_id=vendor, origin="CC-1", priority="1", order_line=lines, **more)

    office.write("purchase.order", ask(office.other), state="sent")  # an order like any other
    request = ask(office.vendor)
    office.write("purchase.order", request, state="sent")
    members = ("number", "department", "deliver_to", "urgent")
    names = {row["id"]: row["name"] for row in office.box.records("purchase.order")}
    number = names[request]
    await eventually(lambda: bodies(out, *members) == [(number, "CC-1", "WARD-3", True)], lambda: out.bodies)
    assert [(line["item"], line["quantity"], line["unit"]) for line in out.bodies[0]["lines"]] == [("GLV", "5", "EA")]
    office.write("purchase.order", request, state="cancel")
    await eventually(lambda: bodies(out, "number", "reason")[1:] == [(number, "cancelled in Odoo")], lambda: out.bodies)


@pytest.mark.req("WF-4")
@pytest.mark.parametrize("office", ["18.0"], indirect=True)
async def test_budgets_of_the_community_module_are_budgets(hub: Start, office: Office) -> None:
    out = Receiver()
    known = Conventions(currency="EUR")
    await hub(procurement.budgets_in_odoo("", to=[target(out)], conventions=known, **office.there, **FEED))
    line = office.make("crossovered.budget.lines", analytic_account_id=office.centre, date_from="2026-01-01",
                       date_to="2026-12-31", planned_amount=-1000.0, practical_amount=-250.5)  # fmt: skip
    members = ("cost_centre", "period_from", "period_to", "amount", "spent")
    wanted = ("CC-1", "2026-01-01", "2027-01-01", "1000", "250.5")
    await eventually(lambda: bodies(out, *members) == [wanted], lambda: out.bodies)
    assert len(out.bodies[0]["currency"]) == 3
    office.write("crossovered.budget.lines", line, practical_amount=-300.0)
    await eventually(lambda: bodies(out, *members)[-1] == (*wanted[:-1], "300"), lambda: out.bodies)
