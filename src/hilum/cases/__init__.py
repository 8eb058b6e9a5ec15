"""Exception cases: what is stuck, in business words, with the next step and the team that can take it."""

from pathlib import Path

from hilum.cases.classify import Finding, classify, reused
from hilum.cases.desk import Case, OpenCount, assign, case, cases, close, count_open, open_case
from hilum.cases.resolution import NotPossible, Step, apply, discard, plan, resubmit

MIGRATIONS = Path(__file__).with_name("migrations")

__all__ = [
    "MIGRATIONS",
    "Case",
    "Finding",
    "NotPossible",
    "OpenCount",
    "Step",
    "apply",
    "assign",
    "case",
    "cases",
    "classify",
    "close",
    "count_open",
    "discard",
    "open_case",
    "plan",
    "resubmit",
    "reused",
]
