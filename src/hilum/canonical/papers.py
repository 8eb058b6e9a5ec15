"""Documents that belong to business objects: where they lie and what they are, never the content itself."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from hilum.canonical.base import BusinessObject, Code, Kind, Moment, Text


class Document(BusinessObject):
    """A file that belongs to business objects: a certificate, a delivery note, a scanned invoice, a report."""

    name: ClassVar[str] = "hilum.document"
    kind: ClassVar[Kind] = Kind.RECORD

    number: Code
    title: Text
    document_type: Code  # certificate, invoice, delivery-note, contract …
    media_type: Text = "application/pdf"
    place: Text  # address or key under which the system that keeps it has it
    size: int | None = Field(default=None, ge=0)  # bytes
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    about: tuple[Code, ...] = ()  # business keys of what it belongs to
    revision: int = Field(default=1, ge=1)
    made_at: Moment | None = None
    confidential: bool = False

    @property
    def business_key(self) -> str:
        """Number and revision."""
        return f"{self.number}:{self.revision}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Number, and what it is about."""
        return (self.number, *self.about)
