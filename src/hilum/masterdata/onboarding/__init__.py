"""Onboarding: a facility, supplier or finance entity is taken in from a workbook, phase by phase, and can go back.

`workbook` has the sheets and reads them, `checking` says what they would do and what is wrong, `running` does it,
`files` keeps the workbooks that were handed in.
"""

from hilum.masterdata.onboarding.checking import Plan, Problem, Step, check
from hilum.masterdata.onboarding.files import (
    MOST_KEPT_BYTES,
    HandedIn,
    forget,
    hand_in,
    handed_in,
    kept_workbook,
    taken_in,
)
from hilum.masterdata.onboarding.running import (
    Onboarding,
    StepRow,
    Switches,
    activate,
    file,
    onboarding,
    onboardings,
    revert,
    steps,
)
from hilum.masterdata.onboarding.workbook import SHEETS, read, sheets_of, write_template

__all__ = [
    "MOST_KEPT_BYTES",
    "SHEETS",
    "HandedIn",
    "Onboarding",
    "Plan",
    "Problem",
    "Step",
    "StepRow",
    "Switches",
    "activate",
    "check",
    "file",
    "forget",
    "hand_in",
    "handed_in",
    "kept_workbook",
    "onboarding",
    "onboardings",
    "read",
    "revert",
    "sheets_of",
    "steps",
    "taken_in",
    "write_template",
]
