"""Receipts: Message Disposition Notifications (RFC 4130 §7, RFC 8098), written and read. Pure."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Final

from cryptography import x509

from hilum.connectors.as2 import cms, mime
from hilum.connectors.as2.cms import Identity, Unreadable
from hilum.connectors.as2.packing import Mic, signed, verify_parts
from hilum.errors import Invalid

_MODE: Final = "automatic-action/MDN-sent-automatically"


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What became of a message. `problem`: how RFC 4130 §7.5 names it, such as `decryption-failed`; empty: none."""

    original: str  # Message-ID of the message
    message_id: str = ""  # of the receipt itself
    processed: bool = True
    problem: str = ""
    warning: str = ""
    mic: Mic | None = None
    words: str = ""

    @property
    def disposition(self) -> str:
        """The value of the field."""
        modifier = f"/error: {self.problem}" if self.problem else f"/warning: {self.warning}" if self.warning else ""
        return f"{_MODE}; {'processed' if self.processed else 'failed'}{modifier}"


def write(receipt: Receipt, *, recipient: str, signer: Identity | None, hash_name: str) -> tuple[str, bytes]:
    """Content type and content. `signer`: none where an unsigned one was asked for."""
    fields = [
        ("Reporting-UA", "Hilum"),
        ("Original-Recipient", f"rfc822; {recipient}"),
        ("Final-Recipient", f"rfc822; {recipient}"),
        ("Original-Message-ID", receipt.original),
        ("Disposition", receipt.disposition),
    ]
    if receipt.mic is not None:
        fields.append(("Received-Content-MIC", str(receipt.mic)))
    boundary = f"hilum-{secrets.token_hex(16)}"
    text = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", "8bit")]
    note = [("Content-Type", "message/disposition-notification"), ("Content-Transfer-Encoding", "7bit")]
    parts = [
        mime.write(text, mime.canonical(receipt.words.encode()) + b"\r\n"),
        mime.write(note, mime.write(fields, b"")),
    ]
    kind = f'multipart/report; report-type=disposition-notification; boundary="{boundary}"'
    content = mime.multipart(boundary, parts)
    if signer is None:
        return kind, content
    return signed(mime.write([("Content-Type", kind)], content), signer, hash_name)


def read(
    entity: mime.Entity, certificates: Sequence[x509.Certificate], digests: Collection[str], *, must_be_signed: bool
) -> Receipt:
    """A receipt whose signature holds. Raises `Unreadable`."""
    try:
        if entity.content_type == "multipart/signed":
            entity = mime.read(verify_parts(entity, certificates, digests).content)
        elif must_be_signed:
            raise Unreadable("insufficient-message-security", "The receipt is not signed.")
        if entity.content_type != "multipart/report":
            raise Unreadable("unexpected-processing-error", "This is no receipt.")
        found = mime.parts(entity)
        for part in found:
            if part.content_type == "message/disposition-notification":
                fields = BytesHeaderParser().parsebytes(part.decoded().lstrip())
                return _of(fields, _text(found[0]))
    except Invalid as error:
        raise Unreadable("unexpected-processing-error", f"The receipt cannot be read: {error}.") from None
    raise Unreadable("unexpected-processing-error", "The receipt has no disposition.")


def _text(part: mime.Entity) -> str:
    return part.decoded().decode("utf-8", "replace") if part.content_type == "text/plain" else ""


def _of(fields: Message, words: str) -> Receipt:
    disposition = mime.one_line(str(fields.get("Disposition", "")))
    _, _, kind = disposition.partition(";")
    state, _, modifier = kind.strip().lower().partition("/")
    if state.strip() not in ("processed", "failed"):
        raise Unreadable("unexpected-processing-error", "The receipt does not say what became of the message.")
    which, _, what = modifier.partition(":")
    warned = which.strip() == "warning"
    bad = bool(modifier.strip()) and not warned
    return Receipt(
        original=mime.one_line(str(fields.get("Original-Message-ID", ""))),
        processed=state.strip() == "processed",
        problem=(what.strip() or which.strip()) if bad else "",
        warning=what.strip() if warned else "",
        mic=_mic(str(fields.get("Received-Content-MIC", ""))),
        words=words,
    )


def _mic(value: str) -> Mic | None:
    text, _, name = value.rpartition(",")
    known = cms.digest_name(name)
    try:
        return Mic(hash_name=known, value=base64.b64decode("".join(text.split()), validate=True)) if known else None
    except (binascii.Error, ValueError):
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a sender wants for a receipt."""

    signed: bool
    hash_name: str  # empty: it said none that we may use
    to: str  # where an asynchronous one goes; empty: it is the answer


def wanted(headers: Message, digests: Collection[str]) -> Wanted | None:
    """None: no receipt is wanted. Raises `Unreadable` where only what we must not use would do (RFC 4130 §7.3)."""
    if not headers.get("Disposition-Notification-To"):
        return None
    options: dict[str, list[str]] = {}
    for option in str(headers.get("Disposition-Notification-Options", "")).split(";"):
        name, _, value = option.partition("=")
        options[name.strip().lower()] = [each.strip().strip('"').lower() for each in value.split(",")]
    importance, *names = options.get("signed-receipt-micalg", ["optional"])
    known = [found for name in names if (found := cms.digest_name(name)) in digests]
    if importance == "required" and not known:
        raise Unreadable("unexpected-processing-error", "It requires a MIC by an algorithm that is not allowed.")
    to = mime.one_line(str(headers.get("Receipt-Delivery-Option", "")))
    return Wanted(signed="signed-receipt-protocol" in options, hash_name=known[0] if known else "", to=to)
