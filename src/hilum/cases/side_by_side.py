"""Documents side by side: what each of them says of one thing, with what differs marked. Data; no I/O.

SideBySide(
    documents=("Order PO-1", "Received", "Bill B-1", "Contract price"),
    members=(Member(name="Line 1, GLV: price for one BX", values=("38", "", "41.2", "38"), marked=(2,)),),
)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Text = Annotated[str, Field(max_length=300)]


class Member(BaseModel):
    """One member of the documents: what each says of it, and which of them stands out."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: _Text
    values: tuple[_Text, ...]  # one for each document; empty: it says nothing of it
    marked: tuple[int, ...] = ()  # places of the documents that differ

    @property
    def differs(self) -> bool:
        """Does any of the documents stand out?"""
        return bool(self.marked)


class SideBySide(BaseModel):
    """The documents that a question is about. `documents` are the heads of the columns."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    documents: tuple[_Text, ...]
    members: tuple[Member, ...]

    @model_validator(mode="after")
    def _fits(self) -> SideBySide:
        count = len(self.documents)
        if any(len(each.values) != count or not all(0 <= at < count for at in each.marked) for each in self.members):
            raise ValueError("each member needs a value for each document, and marks some of these")
        return self

    def hidden(self) -> SideBySide:
        """That something differs, and where, without what it says."""
        members = tuple(
            Member(name=each.name, values=tuple("•••" if value else "" for value in each.values), marked=each.marked)
            for each in self.members
        )
        return SideBySide(documents=self.documents, members=members)


def member(name: str, *values: str, marked: Sequence[int] = ()) -> Member:
    """A member whose texts are cut where they are too long to be shown. `marked`: places of what stands out."""
    return Member(name=name[:300], values=tuple(value[:300] for value in values), marked=tuple(sorted(set(marked))))


def compared(name: str, values: Sequence[str]) -> Member:
    """A member whose documents should all say the same: those that differ from the first that says something stand out.

    Where there are two, both are marked: nobody knows which of them is right.
    """
    said = [value for value in values if value]
    others = [at for at, value in enumerate(values) if value and value != said[0]]
    if others and len(said) == 2:
        others = [at for at, value in enumerate(values) if value]
    return Member(name=name[:300], values=tuple(value[:300] for value in values), marked=tuple(others))
