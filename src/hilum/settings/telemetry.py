"""Metrics, traces and health."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hilum.settings.section import Section


class TelemetrySettings(Section):
    """`[telemetry]`: metrics, traces, health."""

    host: str = Field("127.0.0.1", description="Address of the telemetry endpoint of this process")
    port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port for /metrics and /health, for processes without a console; 0: any free one; empty: none",
    )
    token: SecretStr = Field(
        SecretStr(""), description="Bearer token that scrapers must show; empty: only this machine may look"
    )
    metrics: bool = Field(
        True, description="Count and time the work of this process; false: only what the database tells is told"
    )
    refresh_seconds: float = Field(
        5.0, ge=0.1, description="Seconds for which the values of the whole hub are good before they are read again"
    )
    otlp_endpoint: str = Field(
        "", description="Base URL of an OTLP/HTTP receiver, `http://collector:4318`; empty: nothing is sent"
    )
    otlp_headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Headers for that receiver, for example its token"
    )
    otlp_seconds: float = Field(15.0, ge=1, description="Seconds between two sendings of all metrics")
    trace_ratio: float = Field(
        0.1, ge=0, le=1, description="Share of the messages that are traced; a sender that says itself is followed"
    )
    trace_url: str = Field(
        "", description="Link to a trace in your tool, with {trace_id} in it; shown with each message"
    )
