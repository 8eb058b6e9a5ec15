"""Equipment and maintenance requests."""

from __future__ import annotations

from typing import ClassVar

from hilum.simulator.odoo.business.base import company
from hilum.simulator.odoo.orm.access import MAINTENANCE, rights
from hilum.simulator.odoo.orm.fields import (
    Columns,
    boolean,
    char,
    choice,
    date,
    decimal,
    html,
    integer,
    many2one,
    moment,
    one2many,
)
from hilum.simulator.odoo.orm.model import Model, Values
from hilum.simulator.odoo.orm.record import Env, Record


class EquipmentCategory(Model):
    """A kind of equipment."""

    name = "maintenance.equipment.category"
    label = "Maintenance Equipment Category"
    module = "maintenance"
    rights = rights(change=MAINTENANCE)
    columns: ClassVar[Columns] = {
        "name": char("Category Name", required=True),
        "equipment_ids": one2many("maintenance.equipment", "category_id", "Equipment"),
    }


class Team(Model):
    """A maintenance team."""

    name = "maintenance.team"
    label = "Maintenance Teams"
    module = "maintenance"
    rights = rights(change=MAINTENANCE)
    columns: ClassVar[Columns] = {
        "name": char("Team Name", required=True),
        "active": boolean("Active", default=True),
        "company_id": many2one("res.company", "Company", default=company),
    }


class Stage(Model):
    """A stage of a request; `done` ones close it."""

    name = "maintenance.stage"
    label = "Maintenance Stage"
    module = "maintenance"
    order = "sequence, id"
    rights = rights(change=MAINTENANCE)
    columns: ClassVar[Columns] = {
        "name": char("Name", required=True),
        "sequence": integer("Sequence", default=20),
        "done": boolean("Request Done"),
    }


class Equipment(Model):
    """A device. The serial number is unique."""

    name = "maintenance.equipment"
    label = "Maintenance Equipment"
    module = "maintenance"
    rights = rights(change=MAINTENANCE)
    columns: ClassVar[Columns] = {
        "name": char("Equipment Name", required=True),
        "active": boolean("Active", default=True),
        "category_id": many2one("maintenance.equipment.category", "Equipment Category"),
        "partner_id": many2one("res.partner", "Vendor"),
        "partner_ref": char("Vendor Reference"),
        "serial_no": char(
            "Serial Number",
            unique="The operation cannot be completed: Another asset already exists with this serial number!",
        ),
        "model": char("Model"),
        "cost": decimal("Cost"),
        "location": char("Location", until=18),
        "location_id": many2one("stock.location", "Location", since=19),
        "maintenance_team_id": many2one("maintenance.team", "Maintenance Team"),
        "owner_user_id": many2one("res.users", "Owner"),
        "technician_user_id": many2one("res.users", "Technician"),
        "assign_date": date("Assigned Date"),
        "effective_date": date("Effective Date", required=True, default=lambda env: env.today),
        "scrap_date": date("Scrap Date"),
        "warranty_date": date("Warranty Expiration Date"),
        "note": html("Note"),
        "company_id": many2one("res.company", "Company", default=company),
        "maintenance_ids": one2many("maintenance.request", "equipment_id", "Maintenance"),
        "maintenance_count": integer("Maintenance Count", compute=lambda equipment: len(equipment["maintenance_ids"])),
        "maintenance_open_count": integer(
            "Current Maintenance", compute=lambda e: sum(not _is_done(each) for each in e.many("maintenance_ids"))
        ),
    }


def _is_done(request: Record) -> bool:
    stage = request.one("stage_id")
    return bool(stage and stage["done"])


def first_stage(env: Env) -> int | None:
    """The stage a new request starts in."""
    found = env["maintenance.stage"].find([], limit=1)
    return found[0] if found else None


def first_team(env: Env) -> int | None:
    """The team that gets a request unless another is named."""
    found = env["maintenance.team"].find([], limit=1)
    return found[0] if found else None


class Request(Model):
    """A maintenance request. It is closed by a stage with `done`, which sets `close_date`."""

    name = "maintenance.request"
    label = "Maintenance Request"
    module = "maintenance"
    order = "id desc"
    rights = rights(change=MAINTENANCE)
    columns: ClassVar[Columns] = {
        "name": char("Subjects", required=True),
        "description": html("Description"),
        "request_date": date("Request Date", default=lambda env: env.today),
        "schedule_date": moment("Scheduled Date"),
        "schedule_end": moment("Scheduled End", since=19),
        "close_date": date("Close Date"),
        "duration": decimal("Duration"),
        "equipment_id": many2one("maintenance.equipment", "Equipment", ondelete="restrict"),
        "category_id": many2one("maintenance.equipment.category", "Category", related="equipment_id.category_id"),
        "maintenance_type": choice(
            "Maintenance Type", (("corrective", "Corrective"), ("preventive", "Preventive")), default="corrective"
        ),
        "maintenance_team_id": many2one("maintenance.team", "Team", required=True, default=first_team),
        "priority": choice("Priority", (("0", "Very Low"), ("1", "Low"), ("2", "Normal"), ("3", "High")), default="0"),
        "stage_id": many2one("maintenance.stage", "Stage", ondelete="restrict", default=first_stage),
        "done": boolean("Done", related="stage_id.done"),
        "user_id": many2one("res.users", "Technician"),
        "archive": boolean("Archive"),
        "kanban_state": choice(
            "Kanban State",
            (("normal", "In Progress"), ("blocked", "Blocked"), ("done", "Ready for next stage")),
            default="normal",
        ),
        "company_id": (
            many2one("res.company", "Company", default=company, until=16),
            many2one("res.company", "Company", required=True, default=company, since=17),
        ),
    }

    def after_create(self, record: Record, given: Values) -> None:
        """A request that starts closed has its date."""
        self._close(record)

    def after_write(self, record: Record, given: Values) -> None:
        """Closing sets the date, opening again clears it."""
        if "stage_id" in given:
            self._close(record)

    def _close(self, record: Record) -> None:
        record.set(close_date=self.env.today if _is_done(record) else None)
