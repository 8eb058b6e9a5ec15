"""Settings of an AS2 sender."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, HttpUrl, field_validator, model_validator

from hilum.connectors.as2.keys import AgreementSettings
from hilum.connectors.tls import ClientTls


class SenderSettings(ClientTls, AgreementSettings):
    """Settings of an AS2 sender. TLS is spoken where the URL says https; `tls` need not be set."""

    url: HttpUrl = Field(description="Where the partner listens", examples=["https://as2.gloveco.example/in"])
    headers: Mapping[str, str] = Field(
        default_factory=dict, description="Headers of every request, such as a login", examples=[{"X-Station": "N1"}]
    )
    subject: str = Field(default="Document", description="Subject of what is sent", examples=["Order"])
    signed: bool = Field(default=True, description="Sign what is sent", examples=[False])
    encrypted: bool = Field(default=True, description="Encrypt what is sent", examples=[False])
    compressed: bool = Field(default=False, description="Compress before it is signed", examples=[True])
    hash: Literal["sha256", "sha384", "sha512"] = Field(
        default="sha256", description="Digest of signature and MIC", examples=["sha256"]
    )
    cipher: Literal["aes128", "aes256"] = Field(
        default="aes256", description="What it is encrypted by, in CBC", examples=["aes128"]
    )
    deduplicates: bool = Field(
        default=True,
        description="The partner answers a Message-ID that comes again like the first time, without a second effect",
        examples=[False],
    )
    receipt_signed: bool = Field(default=True, description="A receipt that is not signed is none", examples=[False])
    receipt_url: HttpUrl | None = Field(
        default=None,
        description="Where the partner is to post receipts to; empty: they are the answer",
        examples=["https://edi.hilltop.example/receipts"],
    )
    receipt_host: str = Field(
        default="0.0.0.0",  # noqa: S104 - partners are other hosts
        description="Address to listen on for them",
        examples=["10.20.0.5"],
    )
    receipt_port: int = Field(default=0, ge=0, le=65535, description="TCP port to listen on for them", examples=[4081])
    receipt_path: str = Field(
        default="/receipts", pattern=r"^/[\w./~-]*$", description="Path of them", examples=["/receipts"]
    )
    receipt_certificate: Path | None = Field(
        default=None, description="PEM file with certificate chain and key of that listener; empty: no TLS",
        examples=["tls/hub.pem"],
    )  # fmt: skip
    receipt_timeout: float = Field(
        default=300,
        gt=0,
        description="Seconds to wait for a posted receipt; then it is unsure, and sent again under its Message-ID",
        examples=[300],
        json_schema_extra={"unit": "s"},
    )
    connect_timeout: float = Field(
        default=10, gt=0, description="Seconds to wait for a connection", examples=[10], json_schema_extra={"unit": "s"}
    )
    answer_timeout: float = Field(
        default=60,
        gt=0,
        description="Seconds to wait for each part of the answer; then it is unsure whether the partner has it",
        examples=[60],
        json_schema_extra={"unit": "s"},
    )
    timeout_total: float = Field(
        default=120,
        gt=0,
        description="Seconds for one call altogether",
        examples=[120],
        json_schema_extra={"unit": "s"},
    )
    connections: int = Field(default=8, ge=1, description="The most connections at one time", examples=[4])

    @field_validator("url", "receipt_url")
    @classmethod
    def _no_login(cls, url: HttpUrl | None) -> HttpUrl | None:
        """A login in the URL would be shown wherever the address is."""
        if url is not None and (url.username or url.password):
            raise ValueError("put the login into headers, not into the URL")
        return url

    @model_validator(mode="after")
    def _agree(self) -> SenderSettings:
        if self.receipt_url is not None and not self.receipt_port:
            raise ValueError("receipt_url needs receipt_port, where the hub listens for receipts")
        return self
