"""Keys and certificates of an AS2 agreement: where they are said, how they are read, when they end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, SecretStr

from hilum.connector import ConnectorSettings
from hilum.connectors.as2.cms import Identity
from hilum.connectors.declaring import os_words
from hilum.errors import SettingsError


class AgreementSettings(ConnectorSettings):
    """What two partners agree on: names and keys. A key or certificate is the path of a PEM file, or PEM itself."""

    our_id: str = Field(min_length=1, max_length=128, description="Our AS2 identifier", examples=["HILLTOP"])
    partner_id: str = Field(
        min_length=1, max_length=128, description="The partner's AS2 identifier", examples=["GLOVECO"]
    )
    our_key: SecretStr = Field(
        description="PEM with our private key, or its file: signs what we send, decrypts what comes",
        examples=["as2/hilltop.key"],
    )
    our_key_password: SecretStr | None = Field(
        default=None, description="Its password; empty: it has none", examples=["${AS2_KEY_PASSWORD}"]
    )
    our_certificate: str = Field(
        default="",
        description="PEM with our certificate, or its file; empty: it is with the key",
        examples=["as2/hilltop.crt"],
    )
    partner_certificates: tuple[str, ...] = Field(
        min_length=1,
        description="PEM with certificates of the partner, or their files. Each may sign; the first that is valid "
        "encrypts. For a change of keys: old and new one",
        examples=[["as2/gloveco.crt"]],
    )
    allow_sha1: bool = Field(
        default=False, description="Take signatures and MICs by SHA-1, for old partners", examples=[True]
    )

    @property
    def digests(self) -> frozenset[str]:
        """Those that are taken."""
        return frozenset({"sha256", "sha384", "sha512"} | ({"sha1"} if self.allow_sha1 else set()))

    def identity(self) -> Identity:
        """Our key with its certificate. Raises `SettingsError`."""
        return read_identity(self.our_key, self.our_key_password, self.our_certificate, "our_key")

    def partner(self) -> Partner:
        """The partner's certificates. Raises `SettingsError`."""
        return Partner(
            [each for text in self.partner_certificates for each in _certificates(text, "partner_certificates")]
        )


class Partner:
    """Certificates that a partner is known by; which of them count depends on the day."""

    def __init__(self, certificates: Sequence[x509.Certificate]) -> None:
        self.certificates = certificates

    @property
    def valid(self) -> list[x509.Certificate]:
        """Those that are valid today, as they are set."""
        now = datetime.now(UTC)
        return [each for each in self.certificates if each.not_valid_before_utc <= now < each.not_valid_after_utc]

    @property
    def ends(self) -> datetime:
        """When the last of them ends: until then there is one."""
        return max(each.not_valid_after_utc for each in self.certificates)


def read_identity(key: SecretStr, password: SecretStr | None, certificate: str, name: str) -> Identity:
    """A key and the certificate that belongs to it. Raises `SettingsError`, which names no key."""
    text = _pem(key.get_secret_value(), name)
    try:
        found = load_pem_private_key(text, password.get_secret_value().encode() if password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(f"{name}: the private key does not open; is it PEM, and the password right?") from None
    if not isinstance(found, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise SettingsError(f"{name}: only RSA and elliptic curve keys can be used")
    held = _certificates(certificate, "our_certificate") if certificate else _certificates_in(text, name)
    for each in held:
        if each.public_key() == found.public_key():
            return Identity(found, each)
    raise SettingsError(f"{name}: the certificate does not belong to the key")


def _certificates(place: str, name: str) -> list[x509.Certificate]:
    return _certificates_in(_pem(place, name), name)


def _certificates_in(text: bytes, name: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(text)
    except ValueError:
        raise SettingsError(f"{name}: there is no certificate in PEM") from None


def _pem(place: str, name: str) -> bytes:
    if "-----BEGIN" in place:
        return place.encode()
    try:
        return Path(place).read_bytes()
    except OSError as error:
        raise SettingsError(f"{name}: its file cannot be read: {os_words(error)}") from None
    except ValueError:
        raise SettingsError(f"{name}: this is neither PEM nor the path of a file") from None


def subject_of(certificate: x509.Certificate) -> str:
    """Who it names, for people."""
    return certificate.subject.rfc4514_string()[:200]
