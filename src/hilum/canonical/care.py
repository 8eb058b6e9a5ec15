"""What is planned and asked for around a patient, as far as supply, staff and billing need it: no clinical content."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from hilum.canonical.base import BusinessObject, Code, Kind, Moment, Quantity, Text


class AppointmentStatus(StrEnum):
    """Where an appointment is (FHIR R4 Appointment.status, as far as resources care)."""

    PROPOSED = "proposed"
    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NO_SHOW = "noshow"


class Appointment(BusinessObject):
    """A time that is booked for a patient and resources (HL7 v2: SIU, SCH and AIS/AIL)."""

    name: ClassVar[str] = "hilum.appointment"

    number: Code
    status: AppointmentStatus
    account: Code | None = None
    patient_id: Code | None = Field(default=None, repr=False)  # medical record number
    service: Text = ""  # code of what is done
    location: Text = ""
    facility: Text = ""
    starts_at: Moment
    ends_at: Moment | None = None

    @property
    def business_key(self) -> str:
        """The appointment number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Appointment, account and medical record number."""
        return tuple(x for x in (self.number, self.account, self.patient_id) if x)


class Referral(BusinessObject):
    """A patient is sent to another provider (HL7 v2: REF^I12, RF1; FHIR R4 ServiceRequest)."""

    name: ClassVar[str] = "hilum.referral"

    number: Code
    account: Code | None = None
    patient_id: Code | None = Field(default=None, repr=False)
    from_provider: Code
    to_provider: Code
    service: Text = ""
    urgent: bool = False
    authorisation: Code | None = None
    valid_from: date | None = None
    valid_to: date | None = None  # the first day on which it does not hold any more
    visits: int | None = Field(default=None, ge=1)  # how many it allows

    @property
    def business_key(self) -> str:
        """The referral number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Referral, account, authorisation, medical record number."""
        return tuple(x for x in (self.number, self.account, self.authorisation, self.patient_id) if x)


class OrderControl(StrEnum):
    """What is to happen with an order (HL7 table 0119, as far as supply cares)."""

    NEW = "new"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


class ClinicalOrder(BusinessObject):
    """A service or a product is ordered for a patient (HL7 v2: ORM, OMG, OML, RDE with ORC and OBR/RXE)."""

    name: ClassVar[str] = "hilum.clinical.order"

    number: Code  # ORC-2, the placer's number
    filler_number: Code | None = None  # ORC-3
    control: OrderControl = OrderControl.NEW
    account: Code | None = None
    encounter: Code | None = None
    item: Code | None = None  # stocked item, where it is one
    service: Text = ""  # service code, where it is none
    quantity: Quantity | None = None
    unit: Code = "EA"
    urgent: bool = False
    ordered_at: Moment | None = None
    needed_at: Moment | None = None
    department: Text = ""
    facility: Text = ""

    @property
    def business_key(self) -> str:
        """The placer's order number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Both order numbers, account, encounter, item."""
        found = (self.number, self.filler_number, self.account, self.encounter, self.item)
        return tuple(x for x in found if x)


class QualityIndicator(BusinessObject):
    """A measured value of an indicator, for a unit and a period: falls per 1 000 bed days, hand rub per bed day."""

    name: ClassVar[str] = "hilum.quality.indicator"
    kind: ClassVar[Kind] = Kind.EVENT

    indicator: Code
    facility: Code
    department: Text = ""
    period_from: date
    period_to: date  # the first day that does not belong to it any more
    numerator: Quantity
    denominator: Quantity = Field(gt=0)
    unit: Code = "1"  # UCUM
    target: Quantity | None = None

    @property
    def business_key(self) -> str:
        """Indicator, facility, department and period."""
        return ":".join(x for x in (self.indicator, self.facility, self.department, str(self.period_from)) if x)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The indicator and its key."""
        return (self.business_key, self.indicator)
