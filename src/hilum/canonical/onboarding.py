"""What somebody who wants to sell to the hospital tells of themselves, and later changes of where their money goes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from hilum.canonical.base import BusinessObject, Code, Kind, Moment, Text, Value
from hilum.canonical.parties import BankAccount
from hilum.canonical.patients import Address, PersonName

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""An ISO 3166-1 alpha-2 code."""


class TaxNumber(Value):
    """A number of a tax authority. In the United States it is an EIN, SSN or ITIN, in the Union that of the VAT."""

    country: Country
    number: Code = Field(repr=False)


class PayeeAccount(BankAccount):
    """A bank account as a supplier tells it."""

    country: Country | None = None  # of the bank; none: as the IBAN says
    routing: Text = ""  # of the bank, where it has one beside the account: ABA in the United States
    holder: Text = ""  # whose account it is, where the bank knows them by another name


class Credential(Value):
    """A document that says what a supplier may do: an insurance, a licence, a certificate."""

    credential_type: Code  # what the hospital calls it: liability-insurance, iso-13485
    number: Text = ""
    issued_by: Text = ""
    valid_to: date | None = None  # the last day on which it holds; none: it has no end
    place: Text = ""  # address or key under which the portal keeps the document


class Principal(Value):
    """A person who owns, directs or speaks for a supplier."""

    person: PersonName = Field(repr=False)
    role: Text = ""  # owner, director, contact
    birth_date: date | None = Field(default=None, repr=False)
    address: Address | None = Field(default=None, repr=False)
    email: Text = Field(default="", repr=False)
    phone: Text = Field(default="", repr=False)


class SupplierRegistration(BusinessObject):
    """A company asks to become a supplier, by a portal or a form. What it sends later has a higher revision."""

    name: ClassVar[str] = "hilum.supplier.registration"

    number: Code
    revision: int = Field(default=1, ge=1)
    title: Text
    registered_by: Text = ""  # login of who entered it, inside or outside of the hospital
    registered_at: Moment | None = None
    supplier: Code | None = None  # the number that it is to have; none: the hub gives one
    registry: Text = ""  # number in the register of companies
    npi: Text = ""  # National Provider Identifier, where it treats patients in the United States
    tax_numbers: tuple[TaxNumber, ...] = ()
    email: Text = ""
    phone: Text = ""
    addresses: tuple[Address, ...] = ()  # the seat first
    principals: tuple[Principal, ...] = ()
    bank_accounts: tuple[PayeeAccount, ...] = ()
    credentials: tuple[Credential, ...] = ()

    @property
    def business_key(self) -> str:
        """Number and revision."""
        return f"{self.number}:{self.revision}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The number, and that of the supplier."""
        return tuple(x for x in (self.number, self.supplier) if x)


class SupplierBankChange(BusinessObject):
    """Somebody says that a supplier's money is to go elsewhere from now on."""

    name: ClassVar[str] = "hilum.supplier.bank.change"
    version: ClassVar[str] = "1.1"
    kind: ClassVar[Kind] = Kind.DOCUMENT

    number: Code
    supplier: Code
    entered_by: Code  # login of who entered it
    requested_by: Text = ""  # who asked for it, as they say
    bank_accounts: Annotated[tuple[PayeeAccount, ...], Field(min_length=1)]  # all that there are to be
    holds_from: date | None = None  # the first day on which money goes there; none: once it is confirmed
    reason: Text = ""
    entered_at: Moment | None = None

    @property
    def business_key(self) -> str:
        """The number of the change."""
        return self.number

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The change and its supplier."""
        return (self.number, self.supplier)
