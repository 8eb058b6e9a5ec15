"""Devices and the work on them; departments and employees; leads and service cases."""

from __future__ import annotations

from hilum.canonical import (
    Asset,
    Department,
    Employee,
    Lead,
    ServiceCase,
    ServiceStatus,
    WorkKind,
    WorkOrder,
    WorkStatus,
)
from hilum.connectors.odoo.references import (
    ASSET,
    ASSET_CATEGORY,
    DEPARTMENT,
    EMPLOYEE,
    LOCATION,
    SUPPLIER,
    TEAM,
)
from hilum.packs.building import make
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.records import Record

_FIRST_STAGE = "maintenance.stage_0"  # Odoo's own: New Request
_CASES = {
    "1_done": ServiceStatus.SOLVED,
    "1_canceled": ServiceStatus.CLOSED,
    "04_waiting_normal": ServiceStatus.WAITING,
}


def asset(record: Record, odoo: Conventions) -> Asset | None:
    """Equipment; its serial number is the number of one that the hub has not made."""
    return make(
        Asset,
        record.where("name"),
        number=odoo.key(record, ASSET.kind, "serial_no"),
        title=record.text("name"),
        category=odoo.of(record, "category_id", ASSET_CATEGORY),
        model=record.text("model"),
        serial=record.text("serial_no"),
        supplier=odoo.of(record, "partner_id", SUPPLIER),
        location=_place(record, odoo),
        cost=odoo.money(record, "cost"),
        in_use_since=record.day("effective_date"),
        warranty_until=record.day("warranty_date"),
        retired_on=record.day("scrap_date"),
        active=record.yes("active"),
    )


def _place(record: Record, odoo: Conventions) -> str:
    """A stock location since 19, a text before."""
    if record.given("location_id"):
        return odoo.of(record, "location_id", LOCATION)
    return record.text("location") if record.given("location") else ""


def work_order(record: Record, odoo: Conventions) -> WorkOrder | None:
    """A maintenance request. Which stages close it is said by Odoo; only its own first one is a request not begun."""
    equipment, team = record.reference("equipment_id"), record.reference("maintenance_team_id")
    return make(
        WorkOrder,
        record.where("name"),
        number=odoo.identity(record, "workorder", record.where("name"), record.text("name")),
        title=record.text("name"),
        asset=odoo.called(equipment, record.where("equipment_id"), ASSET) if equipment is not None else None,
        work=WorkKind(record.text("maintenance_type") or "corrective"),
        status=_status(record),
        team=odoo.called(team, record.where("maintenance_team_id"), TEAM) if team is not None else "",
        urgent=record.text("priority") == "3",
        planned_at=record.moment("schedule_date"),
        words=record.words("description"),
    )


def _status(record: Record) -> WorkStatus:
    if record.yes("done"):
        return WorkStatus.DONE
    stage = record.reference("stage_id")
    return WorkStatus.OPEN if stage is None or stage.external_id == _FIRST_STAGE else WorkStatus.STARTED


def department(record: Record, odoo: Conventions) -> Department | None:
    """A department; its name is the code of one that the hub has not made."""
    return make(
        Department,
        record.where("name"),
        code=odoo.key(record, DEPARTMENT.kind, "name"),
        title=record.text("name"),
        parent=_department(record, "parent_id", odoo),
        active=record.yes("active"),
    )


def _department(record: Record, name: str, odoo: Conventions) -> str:
    """Odoo shows a department with those above it: `Medicine / Surgery`."""
    found = record.reference(name)
    if found is None:
        return ""
    return odoo.own(found.external_id, DEPARTMENT.kind) or found.code or found.name.rpartition(" / ")[2]


def employee(record: Record, odoo: Conventions) -> Employee | None:
    """An employee. Names are no numbers, so one that the hub has not made is known by Odoo's id."""
    manager, where = record.reference("parent_id"), record.where("parent_id")
    badge = record.text("barcode") if record.given("barcode") else ""  # only officers see it
    return make(
        Employee,
        record.where("name"),
        number=odoo.identity(record, EMPLOYEE.kind, record.where("name"), badge),
        title=record.text("name"),
        email=record.text("work_email"),
        phone=record.text("work_phone"),
        job_title=record.text("job_title"),
        department=_department(record, "department_id", odoo),
        manager=odoo.identity(manager, EMPLOYEE.kind, where) if manager is not None else None,
        badge=badge,
        active=record.yes("active"),
    )


def lead(record: Record, odoo: Conventions) -> Lead | None:
    """A lead or an opportunity."""
    return make(
        Lead,
        record.where("name"),
        number=odoo.identity(record, "lead", record.where("name")),
        title=record.text("name"),
        company=record.text("partner_name"),
        contact=record.text("contact_name"),
        email=record.text("email_from"),
        phone=record.text("phone"),
        worth=odoo.money(record, "expected_revenue"),
        words=record.words("description"),
        active=record.yes("active"),
    )


def service_case(record: Record, odoo: Conventions) -> ServiceCase | None:
    """A task that the hub has made of a case, or one of the project that has the cases; other tasks are none."""
    project = record.reference("project_id")
    in_project = bool(odoo.cases_project) and project is not None and project.name == odoo.cases_project
    if not (in_project or odoo.is_own(record.external_id, "servicecase")):
        return None
    title = record.text("name")
    number = odoo.identity(record, "servicecase", record.where("name"), title.partition(" ")[0])
    return make(
        ServiceCase,
        record.where("name"),
        number=number,
        title=title.removeprefix(f"{number} "),
        status=_case_status(record),
        urgent=record.text("priority") != "0",
        due_at=record.moment("date_deadline") if "T" in record.text("date_deadline") else None,
    )


def _case_status(record: Record) -> ServiceStatus:
    """Odoo tells a new case from one that is worked on by its stages only, which each hospital has its own of."""
    return _CASES.get(record.text("state") if record.given("state") else "", ServiceStatus.OPEN)
