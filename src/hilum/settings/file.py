"""All of `hilum.toml`, and how it is read."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from hilum.errors import SettingsError
from hilum.settings.alerts import AlertSettings
from hilum.settings.approvals import ApprovalSettings
from hilum.settings.audit import AuditSettings
from hilum.settings.console import ConsoleSettings
from hilum.settings.desk import DeskSettings
from hilum.settings.destinations import DestinationSettings
from hilum.settings.encryption import EncryptionSettings
from hilum.settings.hub import HubSettings
from hilum.settings.indicators import IndicatorSettings
from hilum.settings.intake import IntakeSettings
from hilum.settings.matching import MatchingSettings
from hilum.settings.problems import problems_of
from hilum.settings.retry import RetryTable
from hilum.settings.section import Section
from hilum.settings.telemetry import TelemetrySettings
from hilum.settings.variables import interpolate
from hilum.settings.worker import WorkerSettings


class Settings(Section):
    """All of `hilum.toml`."""

    hub: HubSettings = HubSettings()
    console: ConsoleSettings = ConsoleSettings()
    intake: IntakeSettings = IntakeSettings()
    worker: WorkerSettings = WorkerSettings()
    audit: AuditSettings = AuditSettings()
    encryption: EncryptionSettings = EncryptionSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    alerts: AlertSettings = AlertSettings()
    indicators: IndicatorSettings = IndicatorSettings()
    approvals: ApprovalSettings = ApprovalSettings()
    desk: DeskSettings = DeskSettings()
    retry: RetryTable = RetryTable()
    matching: dict[str, MatchingSettings] = Field(
        default_factory=dict, description="`[matching.<object>]`: supplier, item, patient_account, employee"
    )
    destinations: dict[str, DestinationSettings] = Field(
        default_factory=dict, description='`[destinations."<name>"]`: rates, limits and the breaker of a destination'
    )
    endpoints: dict[str, dict[str, dict[str, Any]]] = Field(
        default_factory=dict,
        description="`[endpoints.<kind>.<name>]`: the destinations that flows name; variables not yet replaced",
        repr=False,
    )
    folder: Path = Field(Path(), description="The project folder; not written in the file")

    @property
    def data_dir(self) -> Path:
        """The data folder, absolute."""
        return (self.folder / self.hub.data_dir).resolve()

    @property
    def checkpoint_file(self) -> Path:
        """The file of the audit's checkpoints, absolute."""
        if self.audit.checkpoint_file is not None:
            return (self.folder / self.audit.checkpoint_file).resolve()
        return self.data_dir / "audit-checkpoints.jsonl"

    @property
    def signing_key_file(self) -> Path | None:
        """The file of the audit's signing key, absolute, where one is named."""
        file = self.audit.signing_key_file
        return (self.folder / file).resolve() if file is not None else None


def load_settings(folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read `hilum.toml` of a project folder (absent: all defaults). `HILUM_DATABASE_URL` and
    `HILUM_MASTER_KEY` override the file.

    Raises `SettingsError` that names file, place and what to do.
    """
    environment = os.environ if environment is None else environment
    path = folder / "hilum.toml"
    data: dict[str, Any] = {}
    if path.is_file():
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} is not valid TOML: {error}") from None
        # Endpoints are completed when they are opened: asking for the status of a hub needs none of their secrets.
        endpoints = data.pop("endpoints", {})
        try:
            data = interpolate(data, environment) | {"endpoints": endpoints}
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from None
    if url := environment.get("HILUM_DATABASE_URL"):
        data.setdefault("hub", {})["database_url"] = url
    if key := environment.get("HILUM_MASTER_KEY"):
        data.setdefault("encryption", {})["key"] = key
    try:
        return Settings(**data, folder=folder.resolve())
    except ValidationError as error:
        raise SettingsError(f"{path}: {problems_of(error)}") from None
