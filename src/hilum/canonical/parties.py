"""Companies that the hospital deals with, beside its suppliers, and the bank accounts of both."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from hilum.canonical.base import BusinessObject, Code, Currency, Kind, Text, Value
from hilum.canonical.patients import Address
from hilum.canonical.trade import Gln, place


class BankAccount(Value):
    """Where money for a party goes: an IBAN (ISO 13616) or a national number. Never shown in a repr."""

    number: Code = Field(repr=False)
    bic: str = Field(default="", max_length=11)  # of the bank (ISO 9362)
    currency: Currency | None = None

    @property
    def compact(self) -> str:
        """The number without spaces and punctuation, in capitals: how two spellings of one account compare."""
        return "".join(letter for letter in self.number if letter.isalnum()).upper()


class Customer(BusinessObject):
    """A company that the hospital sends invoices to: an insurer, an employer, another hospital."""

    name: ClassVar[str] = "hilum.customer"
    thing: ClassVar[str] = "customer"
    version: ClassVar[str] = "1.1"
    kind: ClassVar[Kind] = Kind.RECORD

    code: Code
    title: Text
    tax_id: Text = ""
    registry: Text = ""  # number in the register of companies
    gln: Gln | None = None
    email: Text = ""
    phone: Text = ""
    address: Address | None = None
    bank_accounts: tuple[BankAccount, ...] | None = None  # all of them; none: not sent
    blocked: bool = False  # nothing new may be sold
    block_reason: Text = ""
    active: bool = True

    @property
    def business_key(self) -> str:
        """The customer number."""
        return self.code

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Code and GLN."""
        return tuple(x for x in (self.code, self.gln) if x)

    @property
    def known_as(self) -> tuple[tuple[str, str], ...]:
        """Its GLN."""
        return place(self.gln)
