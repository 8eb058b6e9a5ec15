"""Exception cases: what is stuck, in business words, with the next step and the team that can take it."""

from pathlib import Path

from hilum.cases.categories import BUSINESS, CATEGORIES, TECHNICAL, Category, described
from hilum.cases.classify import Finding, classify, reused
from hilum.cases.conditions import close_condition, conditions, settle
from hilum.cases.desk import (
    Case,
    Note,
    NotPossible,
    OpenCount,
    add_note,
    assign,
    case,
    cases,
    close,
    count_open,
    hand_over,
    notes,
    open_case,
)
from hilum.cases.edits import Edit, editable, keep_draft, resubmit
from hilum.cases.endings import cancel_retry, discard, retry_now
from hilum.cases.groups import Group, group, groups
from hilum.cases.policy import Demand, Policy
from hilum.cases.resolution import Settled, Step, apply, plan
from hilum.cases.running import is_due, run_batch
from hilum.cases.selection import Selection
from hilum.cases.stewarding import let_through
from hilum.cases.trial import Trial, trial

MIGRATIONS = Path(__file__).with_name("migrations")

__all__ = [
    "BUSINESS",
    "CATEGORIES",
    "MIGRATIONS",
    "TECHNICAL",
    "Case",
    "Category",
    "Demand",
    "Edit",
    "Finding",
    "Group",
    "NotPossible",
    "Note",
    "OpenCount",
    "Policy",
    "Selection",
    "Settled",
    "Step",
    "Trial",
    "add_note",
    "apply",
    "assign",
    "cancel_retry",
    "case",
    "cases",
    "classify",
    "close",
    "close_condition",
    "conditions",
    "count_open",
    "described",
    "discard",
    "editable",
    "group",
    "groups",
    "hand_over",
    "is_due",
    "keep_draft",
    "let_through",
    "notes",
    "open_case",
    "plan",
    "resubmit",
    "retry_now",
    "reused",
    "run_batch",
    "settle",
    "trial",
]
