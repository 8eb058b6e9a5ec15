"""Leads of customers, and tasks of projects."""

from __future__ import annotations

from typing import ClassVar

from hilum.simulator.odoo.business.base import company
from hilum.simulator.odoo.orm.access import PROJECT, SALES, USER, rights
from hilum.simulator.odoo.orm.fields import (
    Columns,
    boolean,
    char,
    choice,
    date,
    html,
    integer,
    many2many,
    many2one,
    moment,
    money,
    one2many,
)
from hilum.simulator.odoo.orm.model import Model

TASK_STATES = (
    ("01_in_progress", "In Progress"),
    ("02_changes_requested", "Changes Requested"),
    ("03_approved", "Approved"),
    ("1_done", "Done"),
    ("1_canceled", "Cancelled"),
    ("04_waiting_normal", "Waiting"),
)


class Lead(Model):
    """A lead or an opportunity."""

    name = "crm.lead"
    label = "Lead"
    module = "crm"
    order = "id desc"
    rights = rights(read=SALES, change=SALES)
    columns: ClassVar[Columns] = {
        "name": char("Opportunity", required=True, index=True),
        "active": boolean("Active", default=True),
        "type": choice(
            "Type", (("lead", "Lead"), ("opportunity", "Opportunity")), required=True, default="opportunity"
        ),
        "partner_id": many2one("res.partner", "Customer"),
        "partner_name": char("Company Name"),
        "contact_name": char("Contact Name"),
        "email_from": char("Email"),
        "phone": char("Phone"),
        "expected_revenue": money("Expected Revenue"),
        "description": html("Notes"),
        "company_id": many2one("res.company", "Company", default=company),
    }


class Project(Model):
    """A project."""

    name = "project.project"
    label = "Project"
    module = "project"
    rights = rights(read=(PROJECT, USER), change=PROJECT)
    columns: ClassVar[Columns] = {
        "name": char("Name", required=True, index=True),
        "active": boolean("Active", default=True),
        "task_ids": one2many("project.task", "project_id", "Tasks"),
        "company_id": many2one("res.company", "Company", default=company),
    }


class TaskStage(Model):
    """A column of a project's board."""

    name = "project.task.type"
    label = "Task Stage"
    module = "project"
    order = "sequence, id"
    rights = rights(read=(PROJECT, USER), change=PROJECT)
    columns: ClassVar[Columns] = {
        "name": char("Name", required=True),
        "sequence": integer("Sequence", default=1),
        "fold": boolean("Folded"),
        "project_ids": many2many("project.project", "Projects"),
    }


class ProjectTask(Model):
    """A task."""

    name = "project.task"
    label = "Task"
    module = "project"
    order = "priority desc, id desc"
    rights = rights(read=(PROJECT, USER), change=PROJECT)
    columns: ClassVar[Columns] = {
        "name": char("Title", required=True, index=True),
        "active": boolean("Active", default=True),
        "project_id": many2one("project.project", "Project"),
        "stage_id": many2one("project.task.type", "Stage"),
        "state": choice("State", TASK_STATES, required=True, default="01_in_progress", since=17),
        "kanban_state": choice(
            "Kanban State",
            (("normal", "In Progress"), ("done", "Ready"), ("blocked", "Blocked")),
            required=True,
            default="normal",
            until=16,
        ),
        "priority": choice("Priority", (("0", "Low"), ("1", "High")), default="0"),
        "date_deadline": (date("Deadline", until=16), moment("Deadline", since=17)),
        "description": html("Description"),
        "partner_id": many2one("res.partner", "Customer"),
        "company_id": many2one("res.company", "Company", default=company),
    }
