"""Documents that belong to business objects: where they lie and what they are; the content where it is handed on."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from hilum.canonical.base import BusinessObject, Code, Kind, Moment, Text, Value

CONTENT_LIMIT = 70_000_000
"""Characters of a content in base64: about 50 MB."""


class RecordKey(Value):
    """One business object, by its name and its key: `hilum.purchase.order`, `PO-7`."""

    object: Annotated[str, Field(pattern=r"^hilum(\.[a-z]+)+$")]
    key: Code


class Document(BusinessObject):
    """A file that belongs to business objects: a certificate, a delivery note, a scanned invoice, a report."""

    name: ClassVar[str] = "hilum.document"
    version: ClassVar[str] = "1.1"  # 1.1: the record that it is filed with, and its content
    kind: ClassVar[Kind] = Kind.RECORD

    number: Code
    title: Text
    document_type: Code  # certificate, invoice, delivery-note, contract …
    media_type: Text = "application/pdf"
    place: Text  # address or key under which the system that keeps it has it
    size: int | None = Field(default=None, ge=0)  # bytes
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    about: tuple[Code, ...] = ()  # business keys of what it belongs to
    belongs_to: RecordKey | None = None  # the one record with which a receiver files it
    # in base64; none: it lies at `place`
    content: str | None = Field(default=None, max_length=CONTENT_LIMIT, repr=False)
    revision: int = Field(default=1, ge=1)
    made_at: Moment | None = None
    confidential: bool = False

    @model_validator(mode="after")
    def _is_its_content(self) -> Document:
        """The content is whole, and the one that size and hash were made of."""
        if self.content is None:
            return self
        try:
            content = b64decode(self.content, validate=True)
        except ValueError:
            raise ValueError("content is not base64") from None
        if self.size is not None and self.size != len(content):
            raise ValueError("content has another size than is said")
        if self.sha256 is not None and self.sha256 != sha256(content).hexdigest():
            raise ValueError("content has another hash than is said")
        return self

    @property
    def business_key(self) -> str:
        """Number and revision."""
        return f"{self.number}:{self.revision}"

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Number, and what it is about."""
        return (self.number, *self.about)
