"""The far side of AS2, made of `cryptography` and the email package alone: it shares no code with the hub."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
from email.message import Message
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7

DETACHED = [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature]
OPTIONS = "signed-receipt-protocol=required, pkcs7-signature; signed-receipt-micalg=required, sha-256"


class FarSide:
    """One partner with its key, and the certificate of the other."""

    def __init__(self, name: str, pair: tuple[Path, Path], other: str, others: Path) -> None:
        self.name, self.other = name, other
        self.key: Any = load_pem_private_key(pair[0].read_bytes(), None)
        self.certificate = x509.load_pem_x509_certificate(pair[1].read_bytes())
        self.others = x509.load_pem_x509_certificate(others.read_bytes())

    def signed(self, part: bytes) -> tuple[str, bytes]:
        """multipart/signed around these exact bytes: content type and content."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(part)
        made = builder.add_signer(self.certificate, self.key, hashes.SHA256()).sign(Encoding.DER, DETACHED)
        signature = b"Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        signature += base64.encodebytes(made)
        content = b"--far\r\n" + part + b"\r\n--far\r\n" + signature + b"\r\n--far--\r\n"
        kind = 'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=far'
        return kind, content

    def encrypted(self, kind: str, content: bytes) -> bytes:
        """EnvelopedData of an entity."""
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(f"Content-Type: {kind}\r\n\r\n".encode() + content)
        return builder.add_recipient(self.others).encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])

    def document(self, body: bytes, kind: str = "application/edi-x12") -> bytes:
        """The part that is signed."""
        return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: binary\r\n\r\n".encode() + body

    def headers(self, message_id: str, **more: str) -> dict[str, str]:
        """Of an encrypted message that asks for a signed receipt."""
        made = {
            "AS2-From": self.name,
            "AS2-To": self.other,
            "Message-ID": message_id,
            "Content-Type": "application/pkcs7-mime; smime-type=enveloped-data",
            "Disposition-Notification-To": self.name,
            "Disposition-Notification-Options": OPTIONS,
        }
        return made | {name.replace("_", "-"): value for name, value in more.items()}

    def opened(self, content: bytes) -> tuple[bytes, str]:
        """The document in an encrypted and signed message, and its MIC by SHA-256; the signature is not looked at."""
        plain = pkcs7.pkcs7_decrypt_der(content, self.certificate, self.key, [])
        head, _, rest = plain.partition(b"\r\n\r\n")
        boundary = b"--" + str(email.message_from_bytes(head).get_param("boundary")).encode()
        part = rest.split(boundary)[1].removeprefix(b"\r\n").removesuffix(b"\r\n")
        return part.partition(b"\r\n\r\n")[2], mic(part)

    def receipt(self, original: str, mic_value: str, *, disposition: str = "processed", words: str = "ok") -> Any:
        """Content type and content of a signed receipt."""
        said = f"automatic-action/MDN-sent-automatically; {disposition}"
        fields = f"Original-Message-ID: {original}\r\nDisposition: {said}\r\n"
        if mic_value:
            fields += f"Received-Content-MIC: {mic_value}\r\n"
        part = (
            'Content-Type: multipart/report; report-type=disposition-notification; boundary="rep"\r\n\r\n'
            f"--rep\r\nContent-Type: text/plain\r\n\r\n{words}\r\n"
            f"--rep\r\nContent-Type: message/disposition-notification\r\n\r\n{fields}\r\n--rep--\r\n"
        )
        return self.signed(part.encode())


def mic(part: bytes) -> str:
    """As a receipt has it, by SHA-256."""
    return f"{base64.b64encode(hashlib.sha256(part).digest()).decode()}, sha-256"


def fields_of(kind: str, content: bytes) -> dict[str, str]:
    """The fields of a receipt, and its words as `text`, by the email package."""
    message = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + content)
    found: dict[str, str] = {}
    for part in message.walk():
        if part.get_content_type() == "text/plain" and not found.get("text"):
            found["text"] = str(part.get_payload())
        if part.get_content_type() == "message/disposition-notification":
            inner: Any = part.get_payload()
            note: Message = inner[0]
            found |= {name.lower(): str(value) for name, value in note.items()}
    return found
