"""Employees and departments."""

from __future__ import annotations

from typing import Any, ClassVar

from hilum.simulator.odoo.business.base import company
from hilum.simulator.odoo.orm.access import EMPLOYEES, USER, rights
from hilum.simulator.odoo.orm.fields import Columns, boolean, char, choice, many2many, many2one, one2many
from hilum.simulator.odoo.orm.model import Model
from hilum.simulator.odoo.orm.record import Record

SEXES = (("male", "Male"), ("female", "Female"), ("other", "Other"))


class Department(Model):
    """A department, in a tree."""

    name = "hr.department"
    label = "Department"
    module = "hr"
    title_field = "complete_name"
    rights = rights(read=USER, change=EMPLOYEES)
    columns: ClassVar[Columns] = {
        "name": char("Department Name", required=True, index=True),
        "complete_name": char("Complete Name", compute=lambda department: department.model.title(department.id)),
        "active": boolean("Active", default=True),
        "parent_id": many2one("hr.department", "Parent Department"),
        "child_ids": one2many("hr.department", "parent_id", "Child Departments"),
        "manager_id": many2one("hr.employee", "Manager"),
        "member_ids": one2many("hr.employee", "department_id", "Members"),
        "company_id": many2one("res.company", "Company", default=company),
    }

    def title(self, record_id: int) -> str:
        """The path: `Surgery / Theatre 2`."""
        row = self.table[record_id]
        return f"{self.title(row['parent_id'])} / {row['name']}" if row.get("parent_id") else str(row["name"])


class Job(Model):
    """A job position."""

    name = "hr.job"
    label = "Job Position"
    module = "hr"
    rights = rights(read=USER, change=EMPLOYEES)
    columns: ClassVar[Columns] = {
        "name": char("Job Position", required=True),
        "active": boolean("Active", default=True),
        "department_id": many2one("hr.department", "Department"),
    }


class Version(Model):
    """19 only: the record of an employee's terms; one is made with the employee."""

    name = "hr.version"
    label = "Version"
    since = 19
    module = "hr"
    rights = rights(read=EMPLOYEES, change=EMPLOYEES)
    columns: ClassVar[Columns] = {
        "name": char("Name"),
        "employee_id": many2one("hr.employee", "Employee", ondelete="cascade"),
    }


class Employee(Model):
    """An employee. The badge (`barcode`) is unique; a work contact is made too."""

    name = "hr.employee"
    label = "Employee"
    module = "hr"
    order = "name"
    rights = rights(read=USER, change=EMPLOYEES)
    columns: ClassVar[Columns] = {
        "name": char("Employee Name", required=True, index=True),
        "active": boolean("Active", default=True),
        "work_email": char("Work Email", index=True),
        "work_phone": char("Work Phone"),
        "mobile_phone": char("Work Mobile"),
        "job_title": char("Job Title"),
        "job_id": many2one("hr.job", "Job Position"),
        "department_id": many2one("hr.department", "Department"),
        "parent_id": many2one("hr.employee", "Manager"),
        "barcode": char(
            "Badge ID",
            groups=EMPLOYEES,
            unique="The Badge ID must be unique, this one is already assigned to another employee.",
        ),
        "registration_number": char("Employee Reference", groups=EMPLOYEES),
        "gender": choice("Gender", SEXES, until=18, groups=EMPLOYEES),
        "sex": choice("Gender", SEXES, since=19, groups=EMPLOYEES),
        "bank_account_id": many2one("res.partner.bank", "Bank Account", until=18, groups=EMPLOYEES),
        "bank_account_ids": many2many("res.partner.bank", "Bank Accounts", since=19, groups=EMPLOYEES),
        "version_id": many2one("hr.version", "Current Version", since=19, groups=EMPLOYEES),
        "address_home_id": many2one("res.partner", "Address", until=16, groups=EMPLOYEES),
        "work_contact_id": many2one("res.partner", "Work Contact"),
        "user_id": many2one("res.users", "User"),
        "company_id": many2one("res.company", "Company", required=True, default=company),
    }

    def after_create(self, record: Record, given: Any) -> None:
        """Make the work contact and, in 19, the first version."""
        if not record["work_contact_id"]:
            contact = self.env["res.partner"].create({"name": record["name"], "email": record["work_email"] or False})
            record.set(work_contact_id=contact.id)
        if self.env.since(19) and not record["version_id"]:
            version = self.env["hr.version"].create({"name": record["name"], "employee_id": record.id})
            record.set(version_id=version.id)
