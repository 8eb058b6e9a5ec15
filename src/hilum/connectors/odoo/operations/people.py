"""Departments and employees. The hub's user needs the right Employees/Officer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hilum.canonical import Department, Employee
from hilum.connectors.odoo.operations.assets import one
from hilum.connectors.odoo.operations.base import Needs, Upsert
from hilum.connectors.odoo.references import DEPARTMENT, EMPLOYEE
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task


class UpsertDepartment(Upsert):
    """Department → hr.department."""

    name: ClassVar[str] = "department"
    accepts: ClassVar[tuple[type, ...]] = (Department,)
    needs: ClassVar[Needs] = {"hr.department": ("name", "parent_id", "active")}
    model = "hr.department"
    kind = "department"
    noun = "department"

    async def values(self, session: Session, thing: Department, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        return {
            "name": thing.title,
            "parent_id/.id": await one(session, DEPARTMENT, thing.parent),
            "active": thing.active,
        }


class UpsertEmployee(Upsert):
    """Employee → hr.employee. Odoo keeps a badge number once."""

    name: ClassVar[str] = "employee"
    accepts: ClassVar[tuple[type, ...]] = (Employee,)
    needs: ClassVar[Needs] = {
        "hr.employee": (
            "name",
            "work_email",
            "work_phone",
            "job_title",
            "department_id",
            "parent_id",
            "barcode",
            "active",
        )
    }
    model = "hr.employee"
    kind = "employee"
    noun = "employee"

    async def values(self, session: Session, thing: Employee, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        return {
            "name": thing.title,
            "work_email": thing.email,
            "work_phone": thing.phone,
            "job_title": thing.job_title,
            "department_id/.id": await one(session, DEPARTMENT, thing.department),
            "parent_id/.id": await one(session, EMPLOYEE, thing.manager),
            "barcode": thing.badge,
            "active": thing.active,
        }
