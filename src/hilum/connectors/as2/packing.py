"""A document becomes a message of AS2 and back: compressed, signed, encrypted, in this order, and its MIC. Pure."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509

from hilum.connectors.as2 import cms, mime
from hilum.connectors.as2.cms import Identity, Unreadable
from hilum.errors import Invalid

LAYERS: Final = 4
"""Encrypted, compressed, signed, and compressed inside: more is none of AS2."""
_SMIME: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_ONE_ANSWER: Final = "It cannot be decrypted, or what is inside is not signed as agreed."


@dataclass(frozen=True, kw_only=True, slots=True)
class Mic:
    """Message Integrity Check: what a receipt shows to say which content came (RFC 4130 §7.3.1)."""

    hash_name: str
    value: bytes

    @classmethod
    def of(cls, hash_name: str, content: bytes) -> Mic:
        """Over exactly these bytes."""
        return cls(hash_name=hash_name, value=cms.digest(hash_name, content))

    def __str__(self) -> str:
        return f"{base64.b64encode(self.value).decode()}, {written(self.hash_name)}"


def written(hash_name: str) -> str:
    """`sha256` → `sha-256`, as RFC 8551 §3.5.3.2 names it; SHA-1 is `sha1`, as RFC 4130 does."""
    return "sha1" if hash_name == "sha1" else f"sha-{hash_name[3:]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """What is posted."""

    body: bytes = field(repr=False)
    content_type: str
    mic: Mic


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrapping:
    """How a document is wrapped. None: not signed, not encrypted."""

    signer: Identity | None
    recipient: x509.Certificate | None
    compressed: bool
    hash_name: str
    cipher: str


def pack(body: bytes, content_type: str, how: Wrapping) -> Packed:
    """The MIC is over the part that is signed, with its head; without signature over the document with its head."""
    document = mime.write([("Content-Type", content_type), ("Content-Transfer-Encoding", "binary")], body)
    kind, content, exact = content_type, body, document
    measured = document if how.recipient or how.compressed else body
    if how.compressed:
        kind = "application/pkcs7-mime; smime-type=compressed-data; name=smime.p7z"
        content = cms.compress(exact)
        exact = _binary(kind, content)
    if how.signer is not None:
        measured = exact
        kind, content = signed(exact, how.signer, how.hash_name)
        exact = mime.write([("Content-Type", kind)], content)
    if how.recipient is not None:
        kind = "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"
        content = cms.encrypt(exact, how.recipient, how.cipher)
    return Packed(body=content, content_type=kind, mic=Mic.of(how.hash_name, measured))


def _binary(kind: str, content: bytes) -> bytes:
    return mime.write([("Content-Type", kind), ("Content-Transfer-Encoding", "binary")], content)


def signed(exact: bytes, signer: Identity, hash_name: str) -> tuple[str, bytes]:
    """Content type and content of multipart/signed (RFC 1847) around these exact bytes."""
    signature = base64.encodebytes(cms.sign(exact, signer, hash_name)).replace(b"\n", b"\r\n")
    head = [
        ("Content-Type", "application/pkcs7-signature; name=smime.p7s"),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", "attachment; filename=smime.p7s"),
    ]
    boundary = f"hilum-{secrets.token_hex(16)}"
    kind = (
        f'multipart/signed; protocol="application/pkcs7-signature"; micalg={written(hash_name)}; boundary="{boundary}"'
    )
    return kind, mime.multipart(boundary, [exact, mime.write(head, signature)])


# ---- what comes


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What is agreed of what comes."""

    identities: Sequence[Identity]  # ours: the present one, and a former one
    certificates: Sequence[x509.Certificate]  # of the partner, valid today
    digests: Collection[str]
    must_be_signed: bool
    must_be_encrypted: bool
    allow_3des: bool
    limit: int  # bytes of a document


@dataclass(slots=True)
class Unpacked:
    """A document, and how it came."""

    entity: mime.Entity
    encrypted: bool = False
    compressed: bool = False
    verified: cms.Verified | None = None

    @property
    def body(self) -> bytes:
        """The document. Raises `Invalid` where its transfer encoding is broken."""
        return self.entity.decoded()

    @property
    def content_type(self) -> str:
        """As the sender said it."""
        return mime.one_line(str(self.entity.head.get("Content-Type", "application/octet-stream")))

    def mic(self, hash_name: str) -> Mic:
        """Over what was signed; without signature over the document, with its head if it had one of its own."""
        return Mic.of(hash_name, self.verified.content if self.verified else self.entity.exact)


def unpack(headers: Mapping[str, str], body: bytes, expected: Expected) -> Unpacked:
    """The document of a request. Raises `Unreadable`.

    Of what was encrypted the sender is told one and the same thing whatever is wrong inside: from different answers to
    altered copies a message could be decrypted bit by bit (padding oracle).
    """
    outer = Unpacked(mime.of_headers(headers, body))
    try:
        if not _is_enveloped(outer.entity):
            if expected.must_be_encrypted:
                raise Unreadable("insufficient-message-security", "It is not encrypted, and it was agreed so.")
            return _inside(outer, expected)
    except Invalid as error:
        raise Unreadable("unexpected-processing-error", f"It cannot be read: {error}.") from None
    try:
        plain = cms.decrypt(outer.entity.decoded(), expected.identities, allow_3des=expected.allow_3des)
        return _inside(Unpacked(mime.read(plain), encrypted=True), expected)
    except (Unreadable, Invalid) as error:
        raise Unreadable("decryption-failed", str(error), told=_ONE_ANSWER) from None


def _is_enveloped(entity: mime.Entity) -> bool:
    return entity.content_type in _SMIME and entity.parameter("smime-type").lower() in ("enveloped-data", "")


def _inside(found: Unpacked, expected: Expected) -> Unpacked:
    for _ in range(LAYERS):
        kind = found.entity.parameter("smime-type").lower()
        if found.entity.content_type == "multipart/signed" and found.verified is None:
            found.verified = verify_parts(found.entity, expected.certificates, expected.digests)
            found.entity = mime.read(found.verified.content)
        elif found.entity.content_type in _SMIME and kind == "signed-data" and found.verified is None:
            signature = found.entity.decoded()
            found.verified = cms.verify(signature, [cms.embedded(signature)], expected.certificates, expected.digests)
            found.entity = mime.read(found.verified.content)
        elif found.entity.content_type in _SMIME and kind == "compressed-data" and not found.compressed:
            found.compressed = True
            found.entity = mime.read(cms.decompress(found.entity.decoded(), expected.limit))
        elif found.entity.content_type in _SMIME or found.entity.content_type == "multipart/signed":
            break
        elif expected.must_be_signed and found.verified is None:
            raise Unreadable("insufficient-message-security", "It is not signed, and it was agreed so.")
        else:
            found.body  # noqa: B018 - a broken transfer encoding is told now
            return found
    raise Unreadable("unexpected-processing-error", "It is wrapped more often than AS2 has it.")


def verify_parts(
    entity: mime.Entity, certificates: Sequence[x509.Certificate], digests: Collection[str]
) -> cms.Verified:
    """A multipart/signed: its first part was signed, exactly or as text in canonical form. Raises `Unreadable`."""
    found = mime.parts(entity)
    if len(found) != 2:  # RFC 1847 §2.1
        raise Unreadable("integrity-check-failed", "What is signed has not two parts.")
    content, signature = found
    candidates = [content.exact]
    if content.encoding != "binary":
        candidates.append(mime.canonical(content.exact))
    return cms.verify(signature.decoded(), candidates, certificates, digests)
