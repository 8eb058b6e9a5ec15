"""Devices and other assets, and the work that is done on them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import ClassVar

from hilum.canonical.base import BusinessObject, Code, Kind, Moment, Money, Text


class Asset(BusinessObject):
    """A device or other thing that is maintained."""

    name: ClassVar[str] = "hilum.asset"
    kind: ClassVar[Kind] = Kind.RECORD

    number: Code  # inventory tag
    title: Text
    category: Text = ""
    model: Text = ""
    serial: Code | None = None  # unique
    supplier: Code | None = None
    location: Text = ""
    cost: Money | None = None
    in_use_since: date | None = None
    warranty_until: date | None = None
    retired_on: date | None = None
    active: bool = True

    @property
    def business_key(self) -> str:
        """The inventory tag."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Tag and serial number."""
        return tuple(x for x in (self.number, self.serial) if x)


class WorkKind(StrEnum):
    """Why work is done on an asset."""

    CORRECTIVE = "corrective"
    PREVENTIVE = "preventive"


class WorkStatus(StrEnum):
    """Where a work order is."""

    OPEN = "open"
    STARTED = "started"
    DONE = "done"


class WorkOrder(BusinessObject):
    """Work on an asset: a repair, a calibration, an inspection."""

    name: ClassVar[str] = "hilum.work.order"

    number: Code
    title: Text
    asset: Code | None = None
    work: WorkKind = WorkKind.CORRECTIVE
    status: WorkStatus = WorkStatus.OPEN
    team: Text = ""
    urgent: bool = False
    planned_at: Moment | None = None
    words: Text = ""

    @property
    def business_key(self) -> str:
        """The work order number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Work order and asset."""
        return tuple(x for x in (self.number, self.asset) if x)
