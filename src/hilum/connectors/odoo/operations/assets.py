"""Assets become equipment in Odoo, and the work on them maintenance requests.

A request is closed by a stage that is marked as done. Odoo sets the closing date each time such a stage is written, and
makes the next request of a recurring one: so the stage is written only when it has to change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from hilum.canonical import Asset, WorkOrder, WorkStatus
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.operations.base import Needs, Upsert, found
from hilum.connectors.odoo.operations.item import in_company_currency
from hilum.connectors.odoo.references import ASSET, ASSET_CATEGORY, LOCATION, MISSING, SUPPLIER, TEAM, Kind
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected


class UpsertAsset(Upsert):
    """Asset → maintenance.equipment. Odoo keeps a serial number once."""

    name: ClassVar[str] = "asset"
    accepts: ClassVar[tuple[type, ...]] = (Asset,)
    needs: ClassVar[Needs] = {
        "maintenance.equipment": (
            "name",
            "serial_no",
            "model",
            "category_id",
            "partner_id",
            "cost",
            "effective_date",
            "warranty_date",
            "scrap_date",
            "active",
        ),
        "maintenance.equipment.category": ("name",),
    }
    model = "maintenance.equipment"
    kind = "asset"
    noun = "asset"

    async def values(self, session: Session, thing: Asset, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        return {
            "name": thing.title,
            "serial_no": thing.serial,
            "model": thing.model,
            "category_id/.id": await one(session, ASSET_CATEGORY, thing.category),
            "partner_id/.id": await one(session, SUPPLIER, thing.supplier),
            **await _place(session, thing, task),
            "cost": await in_company_currency(session, thing.cost),
            "effective_date": thing.in_use_since,
            "warranty_date": thing.warranty_until,
            "scrap_date": thing.retired_on,
            "active": thing.active,
        }


async def _place(session: Session, thing: Asset, task: Task) -> Mapping[str, Any]:
    """A text before 19, a stock location since."""
    if not thing.location:
        return {}
    there = await session.fields("maintenance.equipment")
    if "location" in there:
        return {"location": thing.location}
    if "location_id" not in there:
        task.remarks.append("Odoo keeps no location of equipment; it was left out.")
        return {}
    return {"location_id/.id": await one(session, LOCATION, thing.location)}


class UpsertWork(Upsert):
    """WorkOrder → maintenance.request."""

    name: ClassVar[str] = "work_order"
    accepts: ClassVar[tuple[type, ...]] = (WorkOrder,)
    needs: ClassVar[Needs] = {
        "maintenance.request": (
            "name",
            "equipment_id",
            "maintenance_type",
            "maintenance_team_id",
            "priority",
            "schedule_date",
            "description",
            "stage_id",
        ),
        "maintenance.stage": ("done", "sequence"),
        "maintenance.team": ("name",),
    }
    model = "maintenance.request"
    kind = "workorder"
    noun = "work order"

    async def values(self, session: Session, thing: WorkOrder, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        return {
            "name": thing.title,
            "equipment_id/.id": await one(session, ASSET, thing.asset),
            "maintenance_type": thing.work.value,
            "maintenance_team_id/.id": await one(session, TEAM, thing.team),
            "priority": "3" if thing.urgent else None,
            "schedule_date": cell(thing.planned_at) if thing.planned_at else None,
            "description": thing.words,
            "stage_id/.id": await self._stage(session, thing),
        }

    async def _stage(self, session: Session, thing: WorkOrder) -> int | None:
        stages = await session.client.search_read("maintenance.stage", [], ["done"], order="sequence, id")
        target = await session.client.reference(session.xml_id(self.kind, thing.number))
        now: int | None = None
        if target is not None and target[1]:
            rows = await session.client.read(self.model, [target[1]], ["stage_id"])
            now = rows[0]["stage_id"] if rows else None
        return stage(thing.status, stages, now)


def stage(status: WorkStatus, stages: Sequence[Row], now: int | None) -> int | None:
    """The stage to write; None: the one that it has is right. Raises `Rejected` where Odoo has no stage for it."""
    done = [row["id"] for row in stages if row["done"]]
    going = [row["id"] for row in stages if not row["done"]]
    if status is WorkStatus.DONE:
        if not done:
            raise Rejected(MISSING, "Odoo has no maintenance stage that is marked as done. Mark one, then replay.")
        return None if now in done else int(done[0])
    if status is WorkStatus.STARTED and len(going) > 1:
        return int(going[1]) if now is None or now == going[0] or now in done else None
    return int(going[0]) if now in done and going else None


async def one(session: Session, kind: Kind, code: str | None) -> str | None:
    """Odoo's id of what a code stands for, as a cell; None where none is given. Raises `Rejected`."""
    if not code:
        return None
    rows = await session.references.find(kind, [code])
    return cell(found(rows[code])["id"])
