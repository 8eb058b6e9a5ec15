"""How the indicators of the business are counted."""

from __future__ import annotations

from pydantic import Field

from hilum.settings.section import Section


class IndicatorSettings(Section):
    """`[indicators]`: what facts of business come to by day. The days are those of `[hub] zone`."""

    count_seconds: float = Field(15.0, ge=0.1, description="Seconds between two counts of what was noted meanwhile")
    closes_after_hours: float = Field(
        6.0,
        ge=0,
        description="Hours after its end until a day is closed and its fact tables are written; later facts correct it",
    )
    keep_days: int = Field(3650, ge=400, description="Days for which facts and figures are kept")
