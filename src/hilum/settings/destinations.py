"""Rates, limits and the breaker of one destination."""

from __future__ import annotations

from pydantic import Field

from hilum.settings.section import Section


class DestinationSettings(Section):
    """`[destinations."<name>"]`: how much one destination is given, by all workers together, and when it is left alone.

    The name is that of the endpoint, in quotation marks: `[destinations."odoo.main"]`.
    """

    window: str | list[str] = Field(
        "", description="Hours in which it may be called, `MON-FRI 06:00-18:00`, or a list of such; empty: at all times"
    )
    zone: str = Field("", description="Time zone of those hours, `Europe/Berlin`; needed with `window`")
    holidays: str | list[str] = Field(
        "", description="Days on which no window begins: the name of a lookup table of dates, or a list of dates"
    )
    calls_per_second: float | None = Field(None, gt=0, description="The most calls a second, of all workers together")
    records_per_second: float | None = Field(
        None, gt=0, description="The most deliveries a second, of all workers together"
    )
    parallel: int | None = Field(
        None, ge=1, le=1_000, description="Calls under way by one worker; else `[worker] parallel`, or 5 for batches"
    )
    gather_ms: float = Field(
        5.0, ge=0, le=60_000, description="Milliseconds for which a batch that is not full waits for more; urgent never"
    )
    open_after_failures: int = Field(
        20, ge=0, description="So many different deliveries failed with none made in between: left alone; 0: never"
    )
    open_at_percent: float = Field(
        80.0, gt=0, le=100, description="So many percent of the attempts of `open_within_seconds` failed: left alone"
    )
    open_within_seconds: int = Field(30, ge=1, le=3_600, description="Seconds over which that share is counted")
    open_at_least: int = Field(
        50, ge=0, description="Attempts within them below which the share says nothing; 0: the share is not looked at"
    )
    first_pause_seconds: float = Field(1.0, gt=0, description="Seconds it is left alone at first; then twice as long")
    longest_pause_seconds: float = Field(30.0, gt=0, description="Seconds it is left alone at most, if it names none")
    drain_seconds: float = Field(
        10.0, ge=0, description="Seconds in which the rate grows again when it works again; 0: at once"
    )
    drain_calls_per_second: float = Field(5.0, gt=0, description="Calls a second with which that begins")

    def in_words(self) -> str:
        """The limits that are set, as people read them; nothing where none is."""
        said = [
            f"{value:g} {words}"
            for value, words in (
                (self.calls_per_second, "calls a second"),
                (self.records_per_second, "deliveries a second"),
                (self.parallel, "calls at once by each worker"),
            )
            if value is not None
        ]
        return ", ".join(said)
