"""Who works in the hospital and where, and who may become a customer."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from hilum.canonical.base import BusinessObject, Code, Kind, Money, Text


class Department(BusinessObject):
    """A part of the organisation that people belong to."""

    name: ClassVar[str] = "hilum.department"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text
    parent: Code | None = None
    active: bool = True

    @property
    def business_key(self) -> str:
        """The code."""
        return self.code


class Employee(BusinessObject):
    """Someone who works in the hospital. No more about the person than other systems need."""

    name: ClassVar[str] = "hilum.employee"
    kind: ClassVar[Kind] = Kind.RECORD

    number: Code
    title: Text = Field(repr=False)  # the name, as it is shown
    email: Text = Field(default="", repr=False)
    phone: Text = Field(default="", repr=False)
    job_title: Text = ""
    department: Code | None = None
    manager: Code | None = None
    badge: Code | None = Field(default=None, repr=False)  # unique
    active: bool = True

    @property
    def business_key(self) -> str:
        """The personnel number."""
        return self.number


class Lead(BusinessObject):
    """Somebody asks for a service of the hospital, and may become a customer: an employer, a referrer, a donor."""

    name: ClassVar[str] = "hilum.lead"

    number: Code
    title: Text
    company: Text = ""
    contact: Text = Field(default="", repr=False)
    email: Text = Field(default="", repr=False)
    phone: Text = Field(default="", repr=False)
    worth: Money | None = None  # what it may bring
    words: Text = ""
    active: bool = True  # false: lost

    @property
    def business_key(self) -> str:
        """The number."""
        return self.number
