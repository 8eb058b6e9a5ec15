"""The settings of a hub: `hilum.toml` in the project folder, with values from the environment.

`${NAME}` in any text is replaced by the environment variable, `${NAME:-default}` by the default where it is not set,
`${file:/path}` by what is in the file (as container platforms and the agents of vaults hand out secrets).
Secrets are `SecretStr` and never appear in a repr, a log or an error.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from hilum.errors import SettingsError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ApprovalRule(_Section):
    """One rule: which acts need a second person. Every condition that is given must fit."""

    act: Literal["replay", "discard", "edit", "pause", "breaker"] = Field(description="The act")
    more_than: int = Field(0, ge=0, description="Only for more messages than this; 0: for one too")
    data_class: list[Literal["public", "internal", "confidential", "phi"]] = Field(
        default=[], description="Only for flows with these data classes; empty: for all"
    )
    criticality: list[Literal["low", "normal", "high", "vital"]] = Field(
        default=[], description="Only for flows with these criticalities; empty: for all"
    )
    role: Literal["steward", "admin"] = Field("steward", description="The least role of the second person")


class ApprovalSettings(_Section):
    """`[approvals]`: which acts need a second person."""

    expires_hours: float = Field(24.0, gt=0, description="Hours after which a request that nobody decided has expired")
    rules: list[ApprovalRule] = Field(
        default=[], description="`[[approvals.rules]]`, once for each rule, with the settings below"
    )


class HubSettings(_Section):
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


class ConsoleSettings(_Section):
    """`[console]`: the web console."""

    host: str = Field("127.0.0.1", description="Address the console listens on")
    port: int = Field(8642, ge=0, le=65535, description="Port of the console; 0: any free one")
    session_hours: float = Field(10.0, gt=0, description="Hours after which a login ends")


class IntakeSettings(_Section):
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


class WorkerSettings(_Section):
    """`[worker]`: how work is shared and repeated."""

    lease_seconds: float = Field(4.0, gt=0.5, description="A worker that is silent for so long loses its lanes")
    batch: int = Field(300, ge=1, le=5_000, description="The most messages translated, or deliveries read, at once")
    bulk_batch: int = Field(
        100, ge=1, le=5_000, description="The same for messages of priority `bulk`: smaller, so that others wait less"
    )
    parallel: int = Field(32, ge=1, le=1_000, description="Calls under way to one destination by one worker")
    stop_seconds: float = Field(20.0, gt=0, description="Time that work in hand gets to finish when the hub stops")
    translation_warn_seconds: float = Field(
        5.0, gt=0, description="A translation that takes longer is named in the log: all else in its process waits"
    )
    translation_limit_seconds: float = Field(
        60.0, gt=0, description="One that takes longer will not end: the process ends, and the message is held"
    )


class DestinationSettings(_Section):
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


class RetryRule(_Section):
    """`[retry.<criticality>.<class>]`: what is left out is as in `[retry.<criticality>]`, and then as by default."""

    attempts: int | None = Field(None, ge=1, le=1_000, description="Attempts in all; then it is held for a person")
    first_wait_seconds: float | None = Field(None, gt=0, description="Seconds before the second attempt")
    factor: float | None = Field(None, ge=1, le=100, description="Each wait is so many times as long as the one before")
    longest_wait_seconds: float | None = Field(None, gt=0, description="Seconds that a wait takes at most")
    jitter_percent: float | None = Field(None, ge=0, le=90, description="Waits vary by so much, both ways")
    total_seconds: float | None = Field(
        None, gt=0, description="Seconds after the first attempt that failed, after which no other one is made"
    )


class RetrySettings(RetryRule):
    """`[retry.<criticality>]`: how often and how long the deliveries of such flows are repeated."""

    try_again: RetryRule = Field(RetryRule(), description="After an attempt that surely had no effect")
    unsure: RetryRule = Field(RetryRule(), description="After an attempt whose answer was lost")


class RetryTable(_Section):
    """`[retry.<criticality>]`: other numbers of attempts and waits than by default, by the criticality of the flow."""

    low: RetrySettings = Field(RetrySettings(), description="Flows of criticality low")
    normal: RetrySettings = Field(RetrySettings(), description="Flows of criticality normal")
    high: RetrySettings = Field(RetrySettings(), description="Flows of criticality high")
    vital: RetrySettings = Field(RetrySettings(), description="Flows of criticality vital")


class AuditSettings(_Section):
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


class VaultSettings(_Section):
    """`[encryption.vault]`: a secret in a KV store, version 2, of HashiCorp Vault or another with its API."""

    url: str = Field("", description="Address of the vault, `https://…`; empty: none")
    mount: str = Field("secret", description="Where the KV store is mounted")
    path: str = Field("hilum", description="Path of the secret")
    field: str = Field(
        "master_key", description="Field of the secret that holds the key; keys before it: `previous_keys`"
    )
    token: SecretStr = Field(SecretStr(""), description="Token that may read the secret")
    token_file: Path | None = Field(None, description="File with the token, where an agent of the vault renews it")
    namespace: str = Field("", description="Namespace, where the vault has them")
    ca_file: Path | None = Field(
        None, description="Certificates that the vault's is checked against; none: the system's"
    )


DataClassName = Literal["public", "internal", "confidential", "phi"]


class EncryptionSettings(_Section):
    """`[encryption]`: payloads in the journal, sealed under a master key."""

    model_config = ConfigDict(populate_by_name=True)

    classes: tuple[DataClassName, ...] = Field(
        ("phi",), alias="for", description="Data classes whose payloads are encrypted, unless their flow says otherwise"
    )
    key: SecretStr = Field(
        SecretStr(""), description="The master key, as `hilum keys new` prints it: `${HILUM_MASTER_KEY}`"
    )
    key_file: Path | None = Field(
        None, description="File with the master key in its first line and former ones below; only its owner may read it"
    )
    previous_keys: tuple[SecretStr, ...] = Field(
        (), description="Other master keys that old or coming data keys may need"
    )
    vault: VaultSettings = Field(VaultSettings(), description="A vault that holds the master key")


class TelemetrySettings(_Section):
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


class AlertSettings(_Section):
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


class MatchingSettings(_Section):
    """`[matching.<object>]`: from which scores two records are one thing, or a person is asked."""

    same: float | None = Field(
        None, gt=0, lt=1, description="Score from which the hub says alone that they are one; none: that of the kind"
    )
    ask: float | None = Field(
        None, gt=0, lt=1, description="Score from which a person is asked; below they are different; none: as above"
    )


class Settings(_Section):
    """All of `hilum.toml`."""

    hub: HubSettings = HubSettings()
    console: ConsoleSettings = ConsoleSettings()
    intake: IntakeSettings = IntakeSettings()
    worker: WorkerSettings = WorkerSettings()
    audit: AuditSettings = AuditSettings()
    encryption: EncryptionSettings = EncryptionSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    alerts: AlertSettings = AlertSettings()
    approvals: ApprovalSettings = ApprovalSettings()
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


_VARIABLE = re.compile(r"\$\{(?:file:(?P<file>/[^}]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?)\}")


def interpolate(value: Any, environment: Mapping[str, str], where: str = "") -> Any:
    """Replace `${NAME}` and `${file:/path}` in every text, at any depth.

    Raises `SettingsError` that names the place and the variable or file, never what is in it.
    """
    if isinstance(value, str):

        def replaced(found: re.Match[str]) -> str:
            if found["file"]:
                return _secret_in(Path(found["file"]), where)
            name, default = found["name"], found["default"]
            if environment.get(name):
                return environment[name]
            if default is None:
                raise SettingsError(f"{where}: the environment variable {name} is not set.")
            return default

        return _VARIABLE.sub(replaced, value)
    if isinstance(value, dict):
        return {key: interpolate(item, environment, f"{where}.{key}".strip(".")) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolate(item, environment, f"{where}[{n}]") for n, item in enumerate(value)]
    return value


def _secret_in(path: Path, where: str) -> str:
    """The text of a file, without the line end that editors leave there."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"{where}: the file {path} cannot be read: {words}.") from None


def problems_of(error: ValidationError) -> str:
    """A pydantic error in words: which setting, what is wrong. Never shows the value."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        place = ".".join(str(part) for part in problem["loc"])
        words = "there is no such setting" if problem["type"] == "extra_forbidden" else problem["msg"]
        lines.append(f"{place}: {words}")
    return "; ".join(lines)


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
