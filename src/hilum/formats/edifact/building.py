"""New interchanges: messages in an envelope, with counts and references that are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hilum.errors import Invalid
from hilum.formats.edifact.delimiters import CODECS, Delimiters, for_version, read_una
from hilum.formats.edifact.interchange import Interchange, parse
from hilum.formats.edifact.segment import Segment, Value


class Party(BaseModel):
    """How a company is named in UNB."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=35)
    qualifier: str = Field(default="", max_length=4)  # data element 0007: 14 is a GLN


class Partner(BaseModel):
    """What is agreed with a trading partner; data, which may be read out of a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="What people call it")
    ours: Party
    theirs: Party
    identifier: str = Field(
        default="UNOC", pattern="^UNO[A-KW-Y]$", description="Character set of what we write, UNB-01.1"
    )
    version: str = Field(default="3", pattern="^[1-4]$", description="Syntax version, UNB-01.2")
    test: bool = Field(default=False, description="UNB-11: everything is a test")
    answers: bool = Field(default=True, description="Do we answer its interchanges with CONTRL?")
    wants_answer: bool = Field(default=False, description="UNB-09: a CONTRL is asked for")
    line_end: str = Field(default="", pattern="^\r?\n?$", description="White space written behind each segment")
    una: bool = Field(default=False, description="Write UNA also where the delimiters are those of the standard")
    component: str = Field(default=":", min_length=1, max_length=1, description="Component separator")
    element: str = Field(default="+", min_length=1, max_length=1, description="Element separator")
    decimal: Literal[".", ","] = Field(default=".", description="Decimal mark of numbers that we write")
    release: str = Field(default="?", max_length=1, description="Release character; empty: none")
    repetition: str = Field(default="*", min_length=1, max_length=1, description="From syntax version 4 on")
    segment: str = Field(default="'", min_length=1, max_length=1, description="Segment terminator")
    types: dict[str, str] = Field(
        default_factory=dict,
        description="Message type as it is written in UNH-02: { ORDERS = 'ORDERS:D:96A:UN:EAN008' }",
    )

    @model_validator(mode="after")
    def _readable(self) -> Partner:
        try:
            read_una(self.una_segment)
        except Invalid as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def una_segment(self) -> bytes:
        """UNA, as it announces the delimiters."""
        repetition = self.repetition if self.version == "4" else " "
        marks = (self.component, self.element, self.decimal, self.release or " ", repetition, self.segment)
        return b"UNA" + "".join(marks).encode()

    @property
    def delimiters(self) -> Delimiters:
        """Those that we write with."""
        return for_version(read_una(self.una_segment), self.version)

    @property
    def announces(self) -> bool:
        """Is UNA written?"""
        return self.una or self.delimiters != for_version(None, self.version)

    def type_of(self, message: str, usual: str) -> str:
        """What UNH-02 says of a message: as the partner wants it, else as usual."""
        return self.types.get(message, usual)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be built: its type, and its segments without UNH and UNT, each name and elements."""

    type: str  # data elements of S009: `ORDERS:D:96A:UN:EAN008`
    rows: Sequence[Sequence[Value]]


def build(partner: Partner, drafts: Sequence[Draft], *, reference: str, at: datetime) -> Interchange:
    """An interchange to the partner. `reference` is never used twice for a partner; `at` is the time of preparation.

    Raises `ValueError` where a value cannot be written in the partner's character set, or holds a control character.
    """
    parts = [_head(partner, reference, at)]
    for number, draft in enumerate(drafts, 1):
        parts.append(_line(partner, "UNH", number, draft.type.split(":")))
        for name, *values in draft.rows:
            parts.append(_line(partner, str(name), *values))
        parts.append(_line(partner, "UNT", len(draft.rows) + 2, number))
    parts.append(_line(partner, "UNZ", len(drafts), reference))
    return parse(b"".join(parts))


def stamp(interchange: Interchange, partner: Partner, *, reference: str, at: datetime) -> Interchange:
    """The same messages in an interchange of another reference and time: what is drawn only when it is sent.

    Messages in functional groups are not built by the hub, and so not stamped: raises `ValueError`.
    """
    if interchange.groups:
        raise ValueError("an interchange with functional groups is not stamped")
    end_of_line = (partner.segment + partner.line_end).encode()
    bodies = [_in_line(each.body(), end_of_line, partner.line_end) for each in interchange.messages]
    end = _line(partner, "UNZ", len(bodies), reference)
    return parse(b"".join([_head(partner, reference, at), *bodies, end]))


def _head(partner: Partner, reference: str, at: datetime) -> bytes:
    """UNA where it is needed, and UNB."""
    day = at.strftime("%y%m%d" if partner.version != "4" else "%Y%m%d")
    flags: list[Value] = [None, None, None, "1" if partner.wants_answer else None, None, "1" if partner.test else None]
    unb = _line(
        partner, "UNB", [partner.identifier, partner.version], [partner.ours.id, partner.ours.qualifier],
        [partner.theirs.id, partner.theirs.qualifier], [day, at.strftime("%H%M")], reference, *flags,
    )  # fmt: skip
    return partner.una_segment + unb if partner.announces else unb


def _in_line(body: bytes, end: bytes, line_end: str) -> bytes:
    """A message with its line ends behind its segments, as they are written; what was read has them before."""
    body = body.lstrip(b" \t\r\n")
    return body if body.endswith(end) else body + line_end.encode()


def _line(partner: Partner, name: str, *values: Value) -> bytes:
    raw = Segment.new(name, *values, delimiters=partner.delimiters, end=partner.line_end, identifier="UNOY").raw
    return raw.decode().encode(CODECS[partner.identifier])
