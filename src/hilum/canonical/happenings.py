"""What happens to assets, and what people ask of a service desk."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import ClassVar

from hilum.canonical.base import BusinessObject, Code, Kind, Moment, Quantity, Text


class AssetHappening(StrEnum):
    """What happened to an asset."""

    COMMISSIONED = "commissioned"
    MOVED = "moved"
    FAILED = "failed"
    REPAIRED = "repaired"
    CALIBRATED = "calibrated"
    RECALLED = "recalled"
    RETIRED = "retired"
    METERED = "metered"  # a counter was read


class AssetEvent(BusinessObject):
    """Something happened to a device or other asset."""

    name: ClassVar[str] = "hilum.asset.event"
    kind: ClassVar[Kind] = Kind.EVENT

    event: Code  # the sender's identifier
    asset: Code
    happening: AssetHappening
    happened_at: Moment
    location: Text = ""
    facility: Text = ""
    work_order: Code | None = None
    due_on: date | None = None  # when it is due next
    reading: Quantity | None = None
    unit: Code | None = None  # of the reading
    words: Text = ""

    @property
    def business_key(self) -> str:
        """The event."""
        return self.event

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Event, asset, work order."""
        return tuple(x for x in (self.event, self.asset, self.work_order) if x)


class ServiceStatus(StrEnum):
    """Where a service case is."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    SOLVED = "solved"
    CLOSED = "closed"


class ServiceCase(BusinessObject):
    """Somebody asks a service desk for help: a complaint, a question, a fault that was seen."""

    name: ClassVar[str] = "hilum.service.case"

    number: Code
    title: Text
    status: ServiceStatus = ServiceStatus.NEW
    requester: Code | None = None  # supplier, employee or account that asks
    category: Text = ""
    urgent: bool = False
    opened_at: Moment | None = None
    due_at: Moment | None = None
    about: tuple[Code, ...] = ()  # business keys of what it is about

    @property
    def business_key(self) -> str:
        """The case number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Case, requester, what it is about."""
        return tuple(x for x in (self.number, self.requester, *self.about) if x)
