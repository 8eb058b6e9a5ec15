"""When people work: shifts and what was worked, as payroll, cost centres and staffing need it."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import model_validator

from hilum.canonical.base import BusinessObject, Code, Kind, Moment, Text


class ShiftStatus(StrEnum):
    """Where a shift is."""

    PLANNED = "planned"
    WORKED = "worked"
    ABSENT = "absent"
    CANCELLED = "cancelled"


class EmployeeShift(BusinessObject):
    """One shift of one employee, planned or worked."""

    name: ClassVar[str] = "hilum.employee.shift"
    kind: ClassVar[Kind] = Kind.EVENT

    shift: Code  # the roster's identifier
    employee: Code
    status: ShiftStatus
    starts_at: Moment
    ends_at: Moment
    department: Text = ""
    cost_centre: Code | None = None
    facility: Text = ""
    pay_code: Text = ""  # night, on call, overtime …

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> EmployeeShift:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be after starts_at")
        return self

    @property
    def business_key(self) -> str:
        """Shift and status: a planned one and a worked one are two facts."""
        return f"{self.shift}:{self.status.value}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Shift and employee."""
        return (self.shift, self.employee)
