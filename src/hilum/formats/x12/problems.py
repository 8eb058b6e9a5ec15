"""What is wrong with an interchange: where, why, and the code by which an acknowledgement tells the sender."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hilum.errors import Invalid

Level = Literal["interchange", "group", "set", "segment", "element"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong.

    `code` is that of its level: of an interchange the note code of TA1-05 (data element I18), of a group that of
    AK9-05 (716), of a transaction set that of AK5-02 (718), of a segment that of AK3-04 (720), of an element that of
    AK4-03 (723). IK3 (element 620), IK4 (621) and IK5 (618) of the 999 have the same codes and some more (I..).
    """

    level: Level
    code: str
    words: str  # why, without the value
    position: int = 0  # of the segment in its transaction set: ST is 1
    segment: str = ""
    loop: str = ""  # the loop of the declared structure that the segment stands in; empty: in none
    element: int = 0
    component: int = 0
    repetition: int = 0
    reference: int = 0  # number of the element in the data element dictionary (X12.3)
    bad: str = field(default="", repr=False)  # the value, for the sender only: AK4-04

    @property
    def where(self) -> str:
        """`PO1-04 (segment 14, loop PO1)`; of an envelope the segment: `GE-01`."""
        place = self.segment
        if self.element:
            place += f"-{self.element:02d}"
            place += f"[{self.repetition}]" if self.repetition > 1 else ""
            place += f".{self.component}" if self.component else ""
        more = [f"segment {self.position}"] if self.position else []
        more += [f"loop {self.loop}"] if self.loop else []
        return f"{place} ({', '.join(more)})" if more else place

    def __str__(self) -> str:
        return f"{self.where}: {self.words}"

    def error(self) -> Invalid:
        """The same as an error."""
        return Invalid(self.words, where=self.where)
