"""Messages whose objects are matched, and judged by ownership, in the transaction that notes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hilum.errors import Stop
from hilum.flow import Matching, Yielded
from hilum.journal.work import Translated
from hilum.masterdata.matching import Record
from hilum.masterdata.sync import Noted


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """An object that is matched, as far as that can be said without the database."""

    place: int  # among what the translation made
    matching: Matching
    record: Record  # under the sender's own identifier; fields that it does not tell are missing
    told_as: str  # the name by which the sender was told it; empty: none


@dataclass(slots=True, kw_only=True)
class Unsettled(Translated):
    """A translated message with objects that are matched or governed: its deliveries are made when that is done."""

    yielded: list[Yielded]
    changed_at: float | None  # when the sender made the change, as far as it says so
    arriving: Sequence[Arriving] = ()
    identified: list[Yielded] = field(default_factory=list)  # what was yielded, with what it was found to be
    own_rules: str | None = None  # those of the translation; `rules` has those of the matching too

    @property
    def things(self) -> list[Yielded]:
        """What was made, known as what it is where that is asked."""
        return self.identified or self.yielded


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """A message that is held, and what was decided about it."""

    result: Unsettled
    error: Stop
    notes: Sequence[Noted] = ()
    doubt: Arriving | None = None  # what a person is to be asked about
