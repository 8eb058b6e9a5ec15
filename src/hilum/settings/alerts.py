"""Who is told of what is not as it should be."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hilum.settings.section import Section


class AlertSettings(Section):
    """`[alerts]`: who is told of what is not as it should be. Nothing is watched until a webhook or a flow is set."""

    webhook: SecretStr = Field(SecretStr(""), description="URL that notices are posted to as JSON; empty: none")
    headers: dict[str, SecretStr] = Field(default_factory=dict, description="Headers for it, for example a token")
    flow: str = Field("", description="Flow without a source that carries the notices instead, through the journal")
    depth: int = Field(0, ge=0, description="Messages or deliveries that wait at one place; 0: not watched")
    oldest_seconds: float = Field(
        0.0, ge=0, description="Age of the oldest that waits at one place, held ones apart, in seconds; 0: not watched"
    )
    silence: dict[str, float] = Field(
        default_factory=dict, description="By flow: seconds after which a feed from which nothing comes is told"
    )
    down: bool = Field(True, description="Destinations that are down")
    findings: bool = Field(True, description="Destinations whose models or fields do not fit the flows any more")
    key_days: float = Field(14.0, ge=0, description="Days before the key of a destination ends; 0: not watched")
    budget_used: float = Field(
        0.9, ge=0, description="Share of the error budget of 30 days that is used up; 0: not watched"
    )
    for_seconds: float = Field(30.0, ge=0, description="Seconds that a cause must last before anybody is told")
    clear_seconds: float = Field(60.0, ge=0, description="Seconds that it must be gone before it counts as resolved")
