"""The web console."""

from __future__ import annotations

from pydantic import Field

from hilum.settings.section import Section


class ConsoleSettings(Section):
    """`[console]`: the web console."""

    host: str = Field("127.0.0.1", description="Address the console listens on")
    port: int = Field(8642, ge=0, le=65535, description="Port of the console; 0: any free one")
    session_hours: float = Field(10.0, gt=0, description="Hours after which a login ends")
