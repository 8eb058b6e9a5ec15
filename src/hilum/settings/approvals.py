"""Which acts of people need a second person."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hilum.settings.names import CriticalityName, DataClassName
from hilum.settings.section import Section


class ApprovalRule(Section):
    """One rule: which acts need a second person. Every condition that is given must fit."""

    act: Literal["replay", "discard", "edit", "pause", "breaker"] = Field(description="The act")
    more_than: int = Field(0, ge=0, description="Only for more messages than this; 0: for one too")
    data_class: list[DataClassName] = Field(
        default=[], description="Only for flows with these data classes; empty: for all"
    )
    criticality: list[CriticalityName] = Field(
        default=[], description="Only for flows with these criticalities; empty: for all"
    )
    role: Literal["steward", "admin"] = Field("steward", description="The least role of the second person")


class ApprovalSettings(Section):
    """`[approvals]`: which acts need a second person."""

    expires_hours: float = Field(24.0, gt=0, description="Hours after which a request that nobody decided has expired")
    rules: list[ApprovalRule] = Field(
        default=[], description="`[[approvals.rules]]`, once for each rule, with the settings below"
    )
