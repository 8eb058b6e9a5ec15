"""New interchanges: messages in an envelope, with counts and references that are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from hilum.formats.edifact.delimiters import CODECS, for_version
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

    name: str
    ours: Party
    theirs: Party
    identifier: str = Field(default="UNOC", pattern="^UNO[A-KWY]$")  # the character set
    version: str = Field(default="3", pattern="^[1-4]$")  # of the syntax
    test: bool = False
    line_end: str = Field(default="", pattern="^\r?\n?$")  # behind each segment


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be built: its type, and its segments without UNH and UNT, each name and elements."""

    type: str  # data elements of S009: `ORDERS:D:96A:UN:EAN008`
    rows: Sequence[Sequence[Value]]


def build(partner: Partner, drafts: Sequence[Draft], *, reference: str, at: datetime) -> Interchange:
    """An interchange to the partner. `reference` is never used twice for a partner; `at` is the time of preparation.

    Raises `ValueError` where a value cannot be written in the partner's character set, or holds a control character.
    """
    own = for_version(None, partner.version)
    end = partner.line_end

    def line(name: str, *values: Value) -> bytes:
        raw = Segment.new(name, *values, delimiters=own, end=end, identifier="UNOY").raw
        return raw.decode().encode(CODECS[partner.identifier])

    day = at.strftime("%y%m%d" if partner.version != "4" else "%Y%m%d")
    flags: list[Value] = [None, None, None, None, None, "1"] if partner.test else []
    parts = [
        line(
            "UNB", [partner.identifier, partner.version], [partner.ours.id, partner.ours.qualifier],
            [partner.theirs.id, partner.theirs.qualifier], [day, at.strftime("%H%M")], reference, *flags,
        )
    ]  # fmt: skip
    for number, draft in enumerate(drafts, 1):
        parts.append(line("UNH", number, draft.type.split(":")))
        for name, *values in draft.rows:
            parts.append(line(str(name), *values))
        parts.append(line("UNT", len(draft.rows) + 2, number))
    parts.append(line("UNZ", len(drafts), reference))
    return parse(b"".join(parts))
