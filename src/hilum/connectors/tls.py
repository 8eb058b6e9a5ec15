"""Transport encryption of the connectors: settings and contexts for both ends. TLS 1.2 or newer, nothing weaker."""

from __future__ import annotations

import ssl
from pathlib import Path

from pydantic import Field, SecretStr

from hilum.connector import ConnectorSettings
from hilum.errors import SettingsError


class ServerTls(ConnectorSettings):
    """Settings of a listener that can speak TLS. Without `certificate` it speaks plain TCP."""

    certificate: Path | None = Field(
        default=None,
        description="PEM file with the listener's certificate chain; empty: no TLS",
        examples=["tls/hub.pem"],
    )
    key: Path | None = Field(
        default=None,
        description="PEM file with the private key; empty: it is in the certificate file",
        examples=["tls/hub.key"],
    )
    key_password: SecretStr | None = Field(
        default=None,
        description="Password of the private key; empty: the key has none",
        examples=["${HUB_KEY_PASSWORD}"],
    )
    client_ca: Path | None = Field(
        default=None,
        description="PEM file with the authorities of client certificates; set: a client without one is refused",
        examples=["tls/hospital-ca.pem"],
    )

    def server_context(self) -> ssl.SSLContext | None:
        """The context to listen with, None for plain TCP. Raises `SettingsError` for files that cannot be used."""
        if self.certificate is None:
            if self.client_ca or self.key:
                raise SettingsError("client_ca and key need certificate: set the listener's own certificate too")
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        _load(context, self.certificate, self.key, self.key_password)
        if self.client_ca is not None:
            _trust(context, self.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


class ClientTls(ConnectorSettings):
    """Settings of a client that can speak TLS. The server's certificate and name are always verified."""

    tls: bool = Field(default=False, description="Speak TLS; the server's certificate is verified", examples=[True])
    ca: Path | None = Field(
        default=None,
        description="PEM file with the authorities to trust; empty: those of the operating system",
        examples=["tls/hospital-ca.pem"],
    )
    certificate: Path | None = Field(
        default=None,
        description="PEM file with the client certificate chain to show; empty: none is shown",
        examples=["tls/hub-client.pem"],
    )
    key: Path | None = Field(
        default=None,
        description="PEM file with the private key; empty: it is in the certificate file",
        examples=["tls/hub-client.key"],
    )
    key_password: SecretStr | None = Field(
        default=None,
        description="Password of the private key; empty: the key has none",
        examples=["${HUB_KEY_PASSWORD}"],
    )

    def client_context(self) -> ssl.SSLContext | None:
        """The context to connect with, None for plain TCP. Raises `SettingsError` for files that cannot be used."""
        if not self.tls:
            if self.ca or self.certificate or self.key:
                raise SettingsError("ca, certificate and key need tls = true")
            return None
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.ca is not None:
            # only these: a public authority has no say over a hospital's own network
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            _trust(context, self.ca)
        if self.certificate is not None:
            _load(context, self.certificate, self.key, self.key_password)
        return context


def _load(context: ssl.SSLContext, certificate: Path, key: Path | None, password: SecretStr | None) -> None:
    # an empty password, not None: OpenSSL would ask for one on the terminal and wait
    secret = password.get_secret_value() if password else ""
    try:
        context.load_cert_chain(certificate, key, password=secret)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or "the key does not open"
        raise SettingsError(f"certificate {certificate} and its key cannot be used: {reason}") from None


def _trust(context: ssl.SSLContext, authorities: Path) -> None:
    try:
        context.load_verify_locations(cafile=authorities)
    except OSError as error:
        raise SettingsError(f"authorities {authorities} cannot be used: {error.strerror or 'no certificate'}") from None


def subject(peer_certificate: object) -> str:
    """The subject of `getpeercert()` as `CN=lab-1,O=Hospital`; empty without a certificate."""
    if not isinstance(peer_certificate, dict):
        return ""
    short = {"commonName": "CN", "organizationName": "O", "organizationalUnitName": "OU", "countryName": "C"}
    pairs = [pair for group in peer_certificate.get("subject", ()) for pair in group]
    return ",".join(f"{short.get(name, name)}={value}" for name, value in reversed(pairs))
