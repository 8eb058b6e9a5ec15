"""Patient accounts and encounters, with no more about the person than billing needs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from hilum.canonical.base import BusinessObject, Code, Kind, Text, Value


class PersonName(Value):
    """A person's name. `family` is enough."""

    family: Text
    given: Text = ""

    @property
    def full(self) -> str:
        """Given name first, as letters and invoices show it."""
        return f"{self.given} {self.family}".strip()


class Address(Value):
    """A postal address. `country` is an ISO 3166-1 alpha-2 or alpha-3 code, or empty where the sender gave none."""

    street: Text = ""
    city: Text = ""
    state: Text = ""
    postal_code: Text = ""
    country: str = Field(default="", max_length=3)


Clearable = Literal["address", "phone", "email", "payer"]
"""A member of a patient account that a sender may delete."""


class PatientAccount(BusinessObject):
    """Who pays for a stay: the account to which charges are posted (HL7 v2: PID-18, the patient from PID-3).

    An empty member was not sent and stays as it is at the receiver; one named in `cleared` is deleted there.
    """

    name: ClassVar[str] = "hilum.patient.account"
    kind: ClassVar[Kind] = Kind.RECORD

    number: Code
    person: PersonName = Field(repr=False)
    patient_id: Code | None = Field(default=None, repr=False)  # medical record number
    address: Address | None = Field(default=None, repr=False)
    phone: Text = Field(default="", repr=False)
    email: Text = Field(default="", repr=False)
    payer: Text = ""  # code of the insurer or other payer
    facility: Text = ""
    active: bool = True
    cleared: tuple[Clearable, ...] = ()  # what the sender deletes (HL7 null, HL7 v2.5.1 §2.5.3)

    @property
    def business_key(self) -> str:
        """The account number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Account number and medical record number."""
        return tuple(x for x in (self.number, self.patient_id) if x)


class EncounterStatus(StrEnum):
    """Where an encounter is (FHIR R4 Encounter.status, as far as billing cares)."""

    PLANNED = "planned"
    IN_PROGRESS = "in-progress"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Encounter(BusinessObject):
    """A stay or visit (HL7 v2: PV1-19)."""

    name: ClassVar[str] = "hilum.encounter"

    number: Code
    account: Code
    status: EncounterStatus
    patient_class: Text = ""  # HL7 table 0004: I inpatient, O outpatient, E emergency …
    facility: Text = ""
    location: Text = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def business_key(self) -> str:
        """The visit number."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Visit number and account number."""
        return (self.number, self.account)
