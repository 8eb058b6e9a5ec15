"""The settings of a hub: `hilum.toml` in the project folder, with values from the environment.

One file for each section. `${NAME}` in any text is replaced by the environment variable, `${NAME:-default}` by the
default where it is not set, `${file:/path}` by what is in the file (as container platforms and the agents of vaults
hand out secrets). Secrets are `SecretStr` and never appear in a repr, a log or an error.
"""

from hilum.settings.alerts import AlertSettings
from hilum.settings.approvals import ApprovalRule, ApprovalSettings
from hilum.settings.audit import AuditSettings
from hilum.settings.console import ConsoleSettings
from hilum.settings.desk import ClockRule, DeskSettings, HoursRule
from hilum.settings.destinations import DestinationSettings
from hilum.settings.encryption import EncryptionSettings, VaultSettings
from hilum.settings.file import Settings, load_settings
from hilum.settings.hub import HubSettings
from hilum.settings.indicators import IndicatorSettings
from hilum.settings.intake import IntakeSettings
from hilum.settings.matching import MatchingSettings
from hilum.settings.problems import problems_of, words_of
from hilum.settings.retry import RetryRule, RetrySettings, RetryTable
from hilum.settings.telemetry import TelemetrySettings
from hilum.settings.variables import interpolate
from hilum.settings.worker import WorkerSettings

__all__ = [
    "AlertSettings",
    "ApprovalRule",
    "ApprovalSettings",
    "AuditSettings",
    "ClockRule",
    "ConsoleSettings",
    "DeskSettings",
    "DestinationSettings",
    "EncryptionSettings",
    "HoursRule",
    "HubSettings",
    "IndicatorSettings",
    "IntakeSettings",
    "MatchingSettings",
    "RetryRule",
    "RetrySettings",
    "RetryTable",
    "Settings",
    "TelemetrySettings",
    "VaultSettings",
    "WorkerSettings",
    "interpolate",
    "load_settings",
    "problems_of",
    "words_of",
]
