"""Until when somebody must have acted, and who hears of it when nobody did."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from hilum.settings.names import CriticalityName
from hilum.settings.section import Section


class ClockRule(Section):
    """One clock: for what it counts, how long there is, and who gets it when the time is over."""

    team: str = Field("", description="Only for what this team has; empty: for every team")
    criticality: list[CriticalityName] = Field(default=[], description="Only for these criticalities; empty: for all")
    due: timedelta = Field(
        gt=timedelta(0), description="Time to act, ISO 8601 as PT4H; for a task the earlier of this and its own"
    )
    escalate_after: timedelta | None = Field(
        None, ge=timedelta(0), description="So long after it was due it goes to others too; none: it does not"
    )
    escalate_to: str = Field("", description="The team that it goes to")

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if (self.escalate_after is None) != (not self.escalate_to):
            raise ValueError("escalate_after and escalate_to belong together: say both, or none")
        return self


class HoursRule(Section):
    """The hours in which a team works: its clocks stand still at all other times."""

    team: str = Field("", description="Only for what this team has; empty: for every team")
    criticality: list[CriticalityName] = Field(
        default=[], description="Only for these criticalities, the others run around the clock; empty: for all"
    )
    window: str | list[str] = Field(description="Days and hours, `MON-FRI 08:00-12:00,13:00-17:00`, or a list of such")
    zone: str = Field(description="Time zone of those hours, `Europe/Brussels`")
    holidays: str | list[str] = Field(
        "", description="Days on which nobody works: the name of a lookup table of dates, or a list of dates"
    )


class DeskSettings(Section):
    """`[desk]`: the clocks of cases and tasks, and the hours in which they run."""

    soon: timedelta = Field(
        timedelta(hours=2), ge=timedelta(0), description="So long before its due time something is shown as due soon"
    )
    clocks: list[ClockRule] = Field(
        default=[], description="`[[desk.clocks]]`, once for each clock, with the settings below; the first that fits"
    )
    hours: list[HoursRule] = Field(
        default=[], description="`[[desk.hours]]`, working hours by team; the first that fits; none: around the clock"
    )
