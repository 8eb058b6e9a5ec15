"""Everything an engineer sets for an Odoo endpoint."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from hilum.connector import ConnectorSettings
from hilum.connectors.odoo.external_ids import PREFIX, is_prefix

SERVER_RETRIES: Final = 40.0
"""Seconds: Odoo's five tries with pauses took up to 34 s. An answer may come as late as that."""


class OdooSettings(ConnectorSettings):
    """Settings of an Odoo endpoint. Only `url` and `api_key` are needed for Odoo 19 with one database."""

    url: str = Field(description="Address of the Odoo server.", examples=["https://erp.example.org"])
    api_key: SecretStr = Field(
        default=SecretStr(""),
        description="API key of the hub's own Odoo user (My preferences, Account security).",
        examples=["${ODOO_KEY}"],
    )
    api_key_file: str = Field(
        default="",
        description="File with the API key in place of `api_key`, read again when it changes. Where the hub may write "
        "it and the folder, it can go over to new keys. All hubs of this endpoint must read one file.",
        examples=["/var/lib/hilum/odoo.key"],
    )
    renew_key: bool = Field(
        default=True,
        description="Let Odoo make a new key three weeks before the old one ends, and go over to it (`api_key_file`).",
        examples=[False],
    )
    key_days: int = Field(
        default=90,
        ge=1,
        le=3650,
        description="How long a new key is to live. Odoo lets internal users have 90 days at most.",
        examples=[30],
        json_schema_extra={"unit": "days"},
    )
    key_ends: date | None = Field(
        default=None,
        description="Day on which the API key ends, where Odoo does not tell; the hub warns 14 days ahead.",
        examples=["2027-02-19"],
    )
    database: str = Field(
        default="",
        description="Name of the database. Empty: the server has one only (not with JSON-RPC and XML-RPC).",
        examples=["hospital"],
    )
    login: str = Field(
        default="",
        description="Login of the hub's Odoo user. Needed for JSON-RPC (Odoo 16 to 18) and XML-RPC.",
        examples=["hub@example.org"],
    )
    protocol: Literal["auto", "json2", "jsonrpc", "xmlrpc"] = Field(
        default="auto",
        description="auto: JSON-2 where the server has it (19 and later), else JSON-RPC. xmlrpc: only where a proxy "
        "lets nothing else through; never chosen by itself.",
        examples=["jsonrpc"],
    )
    connections: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Most calls at one time of one hub process, with those of the feeds; of all processes together "
        "where `calls_per_second` or `workers` is set.",
        examples=[1],
    )
    prefix: str = Field(
        default=PREFIX,
        description="Module part of external identifiers. Keep it for ever; never the name of an Odoo module.",
        examples=["hilum"],
    )
    connect_timeout: float = Field(
        default=10.0, gt=0, description="Wait for a connection.", examples=[10.0], json_schema_extra={"unit": "s"}
    )
    timeout: float = Field(
        default=130.0,
        gt=0,
        description="Wait for an answer. More than Odoo's own limit of 120 s, or outcomes become unsure.",
        examples=[130.0],
        json_schema_extra={"unit": "s"},
    )
    short_timeout: bool = Field(
        default=False,
        description="Take a `timeout` that is shorter than Odoo's own retries (40 s): for tests, not for hospitals.",
        examples=[True],
    )
    rows_per_call: int = Field(
        default=300,
        ge=1,
        le=2000,
        description="Most rows (records, and lines of documents beyond their first) written in one call.",
        examples=[300],
        json_schema_extra={"unit": "rows"},
    )
    documents_per_call: int = Field(
        default=25,
        ge=1,
        le=100,
        description="Most documents (orders, invoices, transfers) confirmed or posted in one call.",
        examples=[25],
        json_schema_extra={"unit": "documents"},
    )
    call_seconds: float = Field(
        default=5.0,
        gt=0,
        le=30,
        description="Time that one call should take: as many records are packed into it as the server was measured "
        "to write in that time, within `rows_per_call` and `documents_per_call`.",
        examples=[5.0],
        json_schema_extra={"unit": "s"},
    )
    calls_per_second: float | None = Field(
        default=None,
        gt=0,
        description="Most calls that the hub begins in a second: deliveries and feeds, all processes together. On "
        "odoo.com it is 1 unless it is set, and never two at one time. Odoo Online under a name of your own: set it "
        "to 1, and `connections` too.",
        examples=[1.0],
        json_schema_extra={"unit": "calls/s"},
    )
    workers: int | None = Field(
        default=None,
        ge=1,
        description="Worker processes of the Odoo server; with `share` it bounds the calls at one time of all hub "
        "processes together.",
        examples=[6],
    )
    share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of those workers that this hub may keep busy; people use the rest.",
        examples=[0.5],
    )
    reference_seconds: float = Field(
        default=60.0,
        ge=0,
        description="How long a found item, location or account is not looked up again.",
        examples=[60.0],
        json_schema_extra={"unit": "s"},
    )
    tracking: bool = Field(
        default=True,
        description="Write the hub's changes of master data and draft orders to Odoo's chatter. false: on 19 they are "
        "20 to 40 % faster.",
        examples=[False],
    )
    locked_periods: Literal["hold", "move"] = Field(
        default="hold",
        description="A document for a closed period. hold: it waits for a person; move: Odoo books it on its first "
        "open day, and the words say so.",
        examples=["move"],
    )
    attachment_bytes: int = Field(
        default=10_000_000,
        ge=1,
        le=50_000_000,
        description="The largest content of a document that becomes an attachment; a larger one is held.",
        examples=[10_000_000],
        json_schema_extra={"unit": "bytes"},
    )
    cases_project: str = Field(
        default="",
        description="Name of the Odoo project whose tasks are the service cases. Empty: cases are held.",
        examples=["Service desk"],
    )
    units: dict[str, str] = Field(
        default_factory=dict,
        description="Unit code to Odoo unit (external identifier or name), over the built-in table.",
        examples=[{"BX": "my_module.uom_box"}],
    )
    ca_file: str = Field(
        default="",
        description="File with the certificate authority of the server (https only).",
        examples=["/etc/hilum/ca.pem"],
    )

    @model_validator(mode="after")
    def _waits_longer_than_odoo_retries(self) -> OdooSettings:
        """Odoo repeats a call that met others by itself, for up to 34 s as measured on 18 and 19."""
        if self.timeout < SERVER_RETRIES and not self.short_timeout:
            raise ValueError(
                f"`timeout` must be at least {SERVER_RETRIES:.0f} s: Odoo itself repeats a call that met others for up "
                "to 34 s, and the hub would give up calls that then succeed. `short_timeout = true` allows it"
            )
        return self

    @model_validator(mode="after")
    def _has_one_key(self) -> OdooSettings:
        if ("api_key" in self.model_fields_set) == bool(self.api_key_file):
            raise ValueError("set one of `api_key` and `api_key_file`")
        return self

    @field_validator("api_key_file")
    @classmethod
    def _is_whole_path(cls, path: str) -> str:
        if path and not Path(path).is_absolute():
            raise ValueError("must be a whole path, from / on")
        return path

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        if "@" in urlsplit(url).netloc:
            raise ValueError("must not contain a login; it would be shown in logs")
        return url.rstrip("/")

    @field_validator("prefix")
    @classmethod
    def _is_prefix(cls, prefix: str) -> str:
        if not is_prefix(prefix):
            raise ValueError("must be lower-case letters, digits and _, beginning with a letter")
        return prefix
