"""What people ask of the hospital: leads of customers, and service cases as tasks of a project.

Odoo's help desk is not in the community edition, so a case becomes a task of the project that the endpoint names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from hilum.canonical import Lead, ServiceCase, ServiceStatus
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.operations.assets import one
from hilum.connectors.odoo.operations.base import Needs, Upsert, joined
from hilum.connectors.odoo.operations.item import in_company_currency
from hilum.connectors.odoo.references import MISSING, PROJECT
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected

_ENDED: Final = frozenset({ServiceStatus.SOLVED, ServiceStatus.CLOSED})
_DONE: Final = "1_done"
_OPEN: Final = "01_in_progress"


class UpsertLead(Upsert):
    """Lead → crm.lead."""

    name: ClassVar[str] = "lead"
    accepts: ClassVar[tuple[type, ...]] = (Lead,)
    needs: ClassVar[Needs] = {
        "crm.lead": (
            "name",
            "partner_name",
            "contact_name",
            "email_from",
            "phone",
            "expected_revenue",
            "description",
            "active",
        )
    }
    model = "crm.lead"
    kind = "lead"
    noun = "lead"

    async def values(self, session: Session, thing: Lead, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        return {
            "name": thing.title,
            "partner_name": thing.company,
            "contact_name": thing.contact,
            "email_from": thing.email,
            "phone": thing.phone,
            "expected_revenue": await in_company_currency(session, thing.worth),
            "description": thing.words,
            "active": thing.active,
        }


class UpsertCase(Upsert):
    """ServiceCase → project.task."""

    name: ClassVar[str] = "service_case"
    accepts: ClassVar[tuple[type, ...]] = (ServiceCase,)
    needs: ClassVar[Needs] = {
        "project.task": ("name", "project_id", "priority", "date_deadline", "stage_id"),
        "project.project": ("name",),
        "project.task.type": ("fold", "project_ids", "sequence"),
    }
    model = "project.task"
    kind = "servicecase"
    noun = "service case"

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        return joined(self.needs, {"project.task": (names.task_state,) if names.task_state else ()})

    async def values(self, session: Session, thing: ServiceCase, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        name = session.settings.cases_project
        if not name:
            raise Rejected(MISSING, "The endpoint does not say which project has the cases: set `cases_project`.")
        project = await one(session, PROJECT, name)
        return {
            "name": f"{thing.number} {thing.title}",
            "project_id/.id": project,
            "priority": "1" if thing.urgent else "0",
            "date_deadline": cell(thing.due_at) if thing.due_at else None,
            **await self._state(session, thing, int(project or 0)),
        }

    async def _state(self, session: Session, thing: ServiceCase, project: int) -> Mapping[str, Any]:
        """What closes the task, or opens it again; nothing where it is right: a person may have moved it on."""
        field, ended = session.client.dialect.task_state, thing.status in _ENDED
        target = await session.client.reference(session.xml_id(self.kind, thing.number))
        rows = []
        if target is not None and target[1]:
            rows = await session.client.read(self.model, [target[1]], [field or "stage_id"])
        now = rows[0][field or "stage_id"] if rows else None
        if field:
            if ended == (now == _DONE):
                return {}
            return {field: _DONE if ended else _OPEN}
        domain = [["project_ids", "in", [project]]]
        stages = await session.client.search_read("project.task.type", domain, ["fold"], order="sequence, id")
        folded = [row["id"] for row in stages if row["fold"]]
        if ended == (now in folded):
            return {}
        wanted = folded if ended else [row["id"] for row in stages if not row["fold"]]
        return {"stage_id/.id": cell(wanted[0])} if wanted else {}
