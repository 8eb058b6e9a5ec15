"""How work is shared among workers."""

from __future__ import annotations

from pydantic import Field

from hilum.settings.section import Section


class WorkerSettings(Section):
    """`[worker]`: how work is shared and repeated."""

    lease_seconds: float = Field(4.0, gt=0.5, description="A worker that is silent for so long loses its lanes")
    batch: int = Field(300, ge=1, le=5_000, description="The most messages translated, or deliveries read, at once")
    bulk_batch: int = Field(
        100, ge=1, le=5_000, description="The same for messages of priority `bulk`: smaller, so that others wait less"
    )
    parallel: int = Field(32, ge=1, le=1_000, description="Calls under way to one destination by one worker")
    look_seconds: float | None = Field(
        None,
        gt=0,
        le=10,
        description="How long the pause is between two looks for what other processes stored, or what is due again; "
        "without it 5 looks a second. What its own process stored is translated and delivered at once. 1 spares much "
        "where there are many busy destinations",
    )
    stop_seconds: float = Field(20.0, gt=0, description="Time that work in hand gets to finish when the hub stops")
    translation_warn_seconds: float = Field(
        5.0, gt=0, description="A translation that takes longer is named in the log: all else in its process waits"
    )
    translation_limit_seconds: float = Field(
        60.0, gt=0, description="One that takes longer will not end: the process ends, and the message is held"
    )
