"""What is agreed with a trading partner: identifiers, version, separators, answers, and what it does in its own way.

A profile is data: a project writes it in a file of its own (TOML, JSON) or as Python, and nothing else has to change.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hilum.formats.x12.delimiters import ABSENT, Delimiters

Answer = Literal["997", "999", "none"]

_Code = Annotated[str, Field(pattern=r"^[A-Z0-9]{2}$")]


class Party(BaseModel):
    """One side: how the envelope names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=15, description="Interchange identifier, ISA06 or ISA08")
    qualifier: _Code = Field(default="ZZ", description="What kind of identifier it is: 01 DUNS, 08 UCC, 14 DUNS+4, ZZ")
    application: str = Field(default="", max_length=15, description="Application code, GS02 or GS03; empty: the id")

    @property
    def in_group(self) -> str:
        """What GS02 or GS03 says."""
        return self.application or self.id


class Partner(BaseModel):
    """A trading partner and the habits of its translator."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="What people call it")
    ours: Party
    theirs: Party
    version: str = Field(default="005010", pattern=r"^00[0-9]{4}[A-Z0-9]{0,6}$", description="GS08")
    isa_version: str = Field(default="", pattern=r"^(00[0-9]{3})?$", description="ISA12; empty: the first five of GS08")
    usage: Literal["P", "T"] = Field(default="P", description="ISA15: production or test")
    element: str = Field(default="*", min_length=1, max_length=1, description="Element separator")
    component: str = Field(default=">", min_length=1, max_length=1, description="Component separator, ISA16")
    repetition: str = Field(
        default="^", max_length=1, description="Repetition separator, ISA11; empty: none, ISA11 is U"
    )
    segment: str = Field(default="~", min_length=1, max_length=1, description="Segment terminator")
    line_end: Literal["", "\n", "\r\n"] = Field(default="\n", description="White space written after each terminator")
    wants_ta1: bool = Field(default=False, description="ISA14 of what we send: a TA1 is asked for")
    answer: Answer = Field(default="997", description="What we answer functional groups with")
    tolerated: frozenset[str] = Field(
        default=frozenset(),
        description="Faults that are accepted with errors instead of rejected: level and code, such as set:4 (SE01)",
    )
    item_qualifiers: tuple[str, ...] = Field(
        default=("BP", "IN", "VN", "VP", "VC", "UP", "UK", "EN", "MG", "N4", "UA", "SK"),
        description="Product identifiers (element 235) in the order in which one is taken as the item",
    )
    own_item_qualifier: _Code = Field(default="IN", description="How our item number is qualified in what we send")
    their_item_qualifier: _Code = Field(default="VN", description="How the supplier's item number is qualified")
    unspsc_qualifier: str = Field(
        default="", pattern=r"^([A-Z0-9]{2})?$", description="How a UNSPSC code is qualified; empty: it is not sent"
    )
    bill_only_type: _Code = Field(
        default="CN", description="BEG02 of an order for what was used already, so that nothing is sent: CN consigned"
    )
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$", description="Where a document does not say it (CUR)")

    @field_validator("tolerated")
    @classmethod
    def _named(cls, tolerated: frozenset[str]) -> frozenset[str]:
        for each in tolerated:
            level, _, code = each.partition(":")
            if level not in ("interchange", "group", "set", "segment", "element") or not code:
                raise ValueError("write level and code, for example set:4 for a wrong number of segments")
        return tolerated

    @property
    def delimiters(self) -> Delimiters:
        """Those that we write with."""
        return Delimiters(self.element, self.component, self.repetition or ABSENT, self.segment)
