"""How often and how long deliveries are repeated."""

from __future__ import annotations

from pydantic import Field

from hilum.settings.section import Section


class RetryRule(Section):
    """`[retry.<criticality>.<class>]`: what is left out is as in `[retry.<criticality>]`, and then as by default."""

    attempts: int | None = Field(None, ge=1, le=1_000, description="Attempts in all; then it is held for a person")
    first_wait_seconds: float | None = Field(None, gt=0, description="Seconds before the second attempt")
    factor: float | None = Field(None, ge=1, le=100, description="Each wait is so many times as long as the one before")
    longest_wait_seconds: float | None = Field(None, gt=0, description="Seconds that a wait takes at most")
    jitter_percent: float | None = Field(None, ge=0, le=90, description="Waits vary by so much, both ways")
    total_seconds: float | None = Field(
        None, gt=0, description="Seconds after the first attempt that failed, after which no other one is made"
    )


class RetrySettings(RetryRule):
    """`[retry.<criticality>]`: how often and how long the deliveries of such flows are repeated."""

    try_again: RetryRule = Field(RetryRule(), description="After an attempt that surely had no effect")
    unsure: RetryRule = Field(RetryRule(), description="After an attempt whose answer was lost")


class RetryTable(Section):
    """`[retry.<criticality>]`: other numbers of attempts and waits than by default, by the criticality of the flow."""

    low: RetrySettings = Field(RetrySettings(), description="Flows of criticality low")
    normal: RetrySettings = Field(RetrySettings(), description="Flows of criticality normal")
    high: RetrySettings = Field(RetrySettings(), description="Flows of criticality high")
    vital: RetrySettings = Field(RetrySettings(), description="Flows of criticality vital")
