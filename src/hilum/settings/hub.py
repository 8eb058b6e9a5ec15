"""What the hub is and where it keeps its journal."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from hilum.settings.section import Section


class HubSettings(Section):
    """`[hub]`: what this hub is and where it keeps its journal."""

    name: str = Field("hilum", description="Name of the hub, shown in the console and in acknowledgements")
    database_url: SecretStr = Field(
        SecretStr(""), description="PostgreSQL ≥ 15, `postgresql://…`; empty: the hub starts its own in `data_dir`"
    )
    database_wait_seconds: float = Field(
        60.0, ge=0, description="Seconds that `hilum serve` waits at its start for a database that does not answer"
    )
    data_dir: Path = Field(Path(".hilum"), description="Folder of the embedded database and of local state")
    lanes: int = Field(64, ge=1, le=4096, description="Slices of the ordering keys; fixed once the journal exists")
    zone: str = Field("UTC", description="Time zone of the calendar day by which rows of lookup tables hold")
    retention_days: int | None = Field(
        None,
        ge=1,
        description="Upper bound for keeping payloads, in whole days, whatever a flow's retention says; none: no bound",
    )
    evidence_days: int | None = Field(
        None,
        ge=31,
        description="Whole days after which messages and deliveries are dropped too, by the month; none: they are kept",
    )
    clock_file: Path | None = Field(
        None,
        description="Simulations only: a file of the project that says what time it is for processes (ISO 8601). It "
        "stands still until somebody writes a later moment",
    )
