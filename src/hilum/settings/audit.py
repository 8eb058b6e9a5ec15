"""The chain of acts and its signed checkpoints."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from hilum.settings.section import Section


class AuditSettings(Section):
    """`[audit]`: who did what. Acts are chained by hashes; signed checkpoints say how far the chain was."""

    signing_key: SecretStr = Field(
        SecretStr(""),
        description="Ed25519 key that signs checkpoints, as `${NAME}`: base64 of 32 bytes, or PEM. Hubs of one database"
        " share it. Empty: `signing_key_file`",
    )
    signing_key_file: Path | None = Field(
        None, description="File with that key; none: the hub makes one, `audit-signing.key` in `data_dir`"
    )
    trusted_keys: list[str] = Field(
        default_factory=list, description="Public keys that also count: former ones, and those of other hubs"
    )
    checkpoint_file: Path | None = Field(
        None, description="File to which checkpoints are appended; none: `audit-checkpoints.jsonl` in `data_dir`"
    )
    checkpoint_seconds: float = Field(60.0, gt=0, description="Seconds between checkpoints, while there are new acts")
    late_seconds: float = Field(
        300.0, ge=30, description="An act that is linked so long after its own time is reported as backdated"
    )
    keep_months: int = Field(0, ge=0, description="Whole months that acts are kept; 0: for ever")
