"""From which scores two records are one thing."""

from __future__ import annotations

from pydantic import Field

from hilum.settings.section import Section


class MatchingSettings(Section):
    """`[matching.<object>]`: from which scores two records are one thing, or a person is asked."""

    same: float | None = Field(
        None, gt=0, lt=1, description="Score from which the hub says alone that they are one; none: that of the kind"
    )
    ask: float | None = Field(
        None, gt=0, lt=1, description="Score from which a person is asked; below they are different; none: as above"
    )
    one_to_one: bool = Field(
        False, description="Each of two lists has each thing once, so that a record is one thing with one other at most"
    )
