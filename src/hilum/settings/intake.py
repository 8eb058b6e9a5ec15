"""The marks past which sources answer busy."""

from __future__ import annotations

from pydantic import Field

from hilum.settings.section import Section


class IntakeSettings(Section):
    """`[intake]`: past these marks the sources answer busy; `bulk` flows from 80 % of them, `normal` ones from 90 %."""

    max_pending_messages: int = Field(2_000_000, ge=1, description="Messages and deliveries not yet done")
    max_pending_bytes: int = Field(
        64 * 2**30, ge=1024, description="Bytes, as received, of the messages not yet done and not held"
    )
    max_waiting: int = Field(5_000, ge=1, description="Messages in memory of one process waiting for their commit")
    max_waiting_bytes: int = Field(
        32 * 2**20, ge=1024, description="Bytes of those messages; one larger message alone is let in too"
    )
    min_free_disk_mb: int = Field(256, ge=0, description="Free space on the disk of the embedded database, MB")
    batch: int = Field(400, ge=1, le=5_000, description="The most messages in one commit")
