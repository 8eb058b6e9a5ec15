"""Cost centres, assets, work orders, departments, employees, leads and service cases: created once, updated after."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import odoo_outcomes
import pytest
from odoo_far_side import TARGETS, FarSide
from odoo_outcomes import refused

from hilum.canonical import (
    Asset,
    CostCentre,
    Department,
    Employee,
    Lead,
    ServiceCase,
    ServiceStatus,
    WorkKind,
    WorkOrder,
    WorkStatus,
)
from hilum.connectors import odoo
from hilum.connectors.odoo import Odoo
from hilum.connectors.odoo.operations.assets import stage
from hilum.errors import Rejected
from hilum.simulator.odoo import SandboxOdoo

TARGETS.update(
    {
        CostCentre: odoo.cost_centre,
        Asset: odoo.asset,
        WorkOrder: odoo.work_order,
        Department: odoo.department,
        Employee: odoo.employee,
        Lead: odoo.lead,
        ServiceCase: odoo.service_case,
    }
)
STAGES = [{"id": 1, "done": False}, {"id": 2, "done": False}, {"id": 3, "done": True}, {"id": 4, "done": True}]


async def delivered(hub: Odoo, thing: Any, times: int = 2) -> None:
    """At each attempt."""
    for attempt in range(1, times + 1):
        await odoo_outcomes.delivered(hub, thing, attempt=attempt)


async def test_a_cost_centre_belongs_to_a_plan(far: FarSide, hub: Odoo) -> None:
    await far.needs(CostCentre)
    centre = CostCentre(code=far.name("CC"), title="Theatre 1")
    await delivered(hub, centre)
    await delivered(hub, centre.model_copy(update={"title": "Theatre one"}))
    (row,) = await far.rows("account.analytic.account", code=centre.code)
    assert row["name"] == "Theatre one"
    assert row["plan_id"]
    await refused(hub, centre.model_copy(update={"plan": "no such plan"}), "odoo.missing_reference", "analytic plan")


async def test_an_asset_and_the_work_on_it(far: FarSide, hub: Odoo) -> None:
    await far.needs(Asset, WorkOrder)
    asset = Asset(number=far.name("PUMP"), title="Infusion pump", serial=far.name("SN"), model="IP-7")
    await delivered(hub, asset)
    (equipment,) = await far.known_as("maintenance.equipment", "asset", asset.number)
    assert (equipment["name"], equipment["serial_no"]) == ("Infusion pump", asset.serial)
    same = Asset(number=far.name("PUMP2"), title="Another", serial=asset.serial)
    await refused(hub, same, "odoo.validation", "serial number")
    work = WorkOrder(number=far.name("WO"), title="Calibration", asset=asset.number, work=WorkKind.PREVENTIVE)
    done = work.model_copy(update={"status": WorkStatus.DONE})
    stages = {row["id"]: row["done"] for row in await far.rows("maintenance.stage")}
    for each, closed in ((work, False), (done, True), (work, False)):
        await delivered(hub, each)
        (request,) = await far.known_as("maintenance.request", "workorder", work.number)
        assert request["equipment_id"] == equipment["id"]
        assert stages[request["stage_id"]] is closed
        assert bool(request["close_date"]) is closed
    await refused(hub, work.model_copy(update={"asset": "no-such-asset"}), "odoo.missing_reference", "no-such-asset")


@pytest.mark.parametrize(
    ("status", "now", "wanted"),
    [
        (WorkStatus.OPEN, None, None),  # Odoo's own first stage
        (WorkStatus.OPEN, 2, None),  # somebody in Odoo has begun
        (WorkStatus.OPEN, 3, 1),  # opened again
        (WorkStatus.STARTED, None, 2),
        (WorkStatus.STARTED, 1, 2),
        (WorkStatus.STARTED, 2, None),
        (WorkStatus.STARTED, 4, 2),
        (WorkStatus.DONE, None, 3),
        (WorkStatus.DONE, 2, 3),
        (WorkStatus.DONE, 3, None),  # again: the closing date would move, and a recurring one begin anew
        (WorkStatus.DONE, 4, None),  # closed as scrap by a person
    ],
)
def test_the_stage_is_written_only_when_it_changes(status: WorkStatus, now: int | None, wanted: int | None) -> None:
    assert stage(status, STAGES, now) == wanted


def test_closing_needs_a_stage_that_is_done() -> None:
    with pytest.raises(Rejected, match="marked as done"):
        stage(WorkStatus.DONE, STAGES[:2], None)


async def test_closing_again_leaves_the_closing_date(sandboxed: FarSide) -> None:
    hub, box = await sandboxed.open(), sandboxed.sandbox
    assert box is not None
    work = WorkOrder(number="WO-1", title="Repair", status=WorkStatus.DONE)
    await delivered(hub, work)
    (request,) = await sandboxed.known_as("maintenance.request", "workorder", "WO-1")
    box.change(lambda env: env.record("maintenance.request", request["id"]).set(close_date="2026-01-02"))
    await delivered(hub, work)
    (request,) = await sandboxed.known_as("maintenance.request", "workorder", "WO-1")
    assert request["close_date"] == "2026-01-02"


async def test_departments_and_employees(far: FarSide, hub: Odoo) -> None:
    await far.needs(Department, Employee)
    surgery = Department(code=far.name("SURG"), title="Surgery")
    theatre = Department(code=far.name("TH2"), title="Theatre 2", parent=surgery.code)
    await delivered(hub, surgery)
    await delivered(hub, theatre)
    chief = Employee(number=far.name("E1"), title="Bo Sample", department=surgery.code)
    nurse = Employee(number=far.name("E2"), title="Ada Sample", manager=chief.number, badge=f"7{far.unique}")
    await delivered(hub, chief)
    await delivered(hub, nurse.model_copy(update={"department": theatre.code}))
    (row,) = await far.known_as("hr.employee", "employee", nurse.number)
    (boss,) = await far.known_as("hr.employee", "employee", chief.number)
    (place,) = await far.known_as("hr.department", "department", theatre.code)
    assert (row["parent_id"], row["department_id"], row["barcode"]) == (boss["id"], place["id"], nurse.badge)
    twin = Employee(number=far.name("E3"), title="Cy Sample", badge=nurse.badge)
    await refused(hub, twin, "odoo.validation", "Badge")
    assert await far.known_as("hr.employee", "employee", twin.number) == []
    await delivered(hub, nurse.model_copy(update={"active": False}))
    (row,) = await far.known_as("hr.employee", "employee", nurse.number)
    assert row["active"] is False


async def test_a_user_who_may_not_is_told_by_its_right(sandboxed: FarSide) -> None:
    hub = await sandboxed.open_as_user()
    await refused(hub, Employee(number="E1", title="Ada Sample"), "odoo.access", "right")


async def test_a_lead_is_made_once(far: FarSide, hub: Odoo) -> None:
    await far.needs(Lead)
    lead = Lead(number=far.name("L"), title=far.name("Vaccination days"), company="Harbour Works Ltd")
    await delivered(hub, lead, times=3)
    (row,) = await far.rows("crm.lead", name=lead.title)
    assert row["partner_name"] == "Harbour Works Ltd"
    await delivered(hub, lead.model_copy(update={"active": False}))
    (row,) = await far.known_as("crm.lead", "lead", lead.number)
    assert row["active"] is False


async def test_a_service_case_is_a_task_that_closes_and_opens(sandboxed: FarSide) -> None:
    box = sandboxed.sandbox
    assert box is not None
    box.change(lambda env: env["project.project"].create({"name": "Service desk"}))
    if not sandboxed.since(17):
        pytest.skip("before 17 a stage says it: see the next test")
    case = ServiceCase(number="C-1", title="Door is stuck", urgent=True)
    await refused(await sandboxed.open(), case, "odoo.missing_reference", "cases_project")
    hub = await sandboxed.open(cases_project="Service desk")
    steps = [(ServiceStatus.NEW, "01_in_progress"), (ServiceStatus.SOLVED, "1_done"), (ServiceStatus.CLOSED, "1_done")]
    for status, state in [*steps, (ServiceStatus.OPEN, "01_in_progress")]:
        await delivered(hub, case.model_copy(update={"status": status}))
        (task,) = await sandboxed.known_as("project.task", "servicecase", "C-1")
        assert (task["state"], task["priority"], task["name"]) == (state, "1", "C-1 Door is stuck")
    box.change(lambda env: env.record("project.task", task["id"]).set(state="03_approved"))
    await delivered(hub, case)  # what a person has done with an open task stays
    (task,) = await sandboxed.known_as("project.task", "servicecase", "C-1")
    assert task["state"] == "03_approved"


@pytest.mark.req("SYS-2")
async def test_before_17_a_service_case_is_closed_by_a_folded_stage() -> None:
    async with SandboxOdoo("16.0") as box:
        project = box.change(lambda env: env["project.project"].create({"name": "Service desk"}).id)
        board = [("New", False), ("Solved", True)]
        values = [{"name": name, "fold": fold, "project_ids": [[6, 0, [project]]]} for name, fold in board]
        new, solved = (box.change(lambda env, v=v: env["project.task.type"].create(v).id) for v in values)
        far = FarSide(box, "jsonrpc", None)
        hub = await far.open(cases_project="Service desk")
        case = ServiceCase(number="C-1", title="Door is stuck", due_at=datetime(2026, 11, 21, 15, tzinfo=UTC))
        for status, stage in (
            (ServiceStatus.SOLVED, solved),
            (ServiceStatus.OPEN, new),
            (ServiceStatus.CLOSED, solved),
        ):
            await delivered(hub, case.model_copy(update={"status": status}))
            (task,) = await far.known_as("project.task", "servicecase", "C-1")
            assert (task["stage_id"], task["date_deadline"]) == (stage, "2026-11-21")
        await far.close()
