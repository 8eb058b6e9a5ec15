"""The AS2 sender: a destination that signs, encrypts and posts, and is done when a receipt shows the same content."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, ClassVar

import aiohttp
from cryptography.hazmat.primitives.asymmetric import rsa

from hilum.connector import NO_NEEDS, Destination, Inspection, Needs, Target, Traits
from hilum.connectors.as2 import mime, names, receipts
from hilum.connectors.as2.awaiting import Attempt, Awaiting
from hilum.connectors.as2.cms import Identity, Unreadable
from hilum.connectors.as2.judging import judged
from hilum.connectors.as2.keys import Partner
from hilum.connectors.as2.packing import Packed, Wrapping, pack, written
from hilum.connectors.as2.sender_settings import SenderSettings
from hilum.connectors.declaring import checked, target
from hilum.connectors.encoding import encode
from hilum.connectors.http import Endpoint
from hilum.errors import DatabaseUnavailable, Down, SettingsError, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answered(Delivered):
    """The request was taken; whether that means anything its receipt says."""

    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class _Wire(Endpoint):
    """As `http.Endpoint`, but a 2xx is not the end; of other answers only the status counts."""

    def _outcome(self, answer: aiohttp.ClientResponse, content: bytes, body: bytes) -> Outcome:
        # no content: it may quote the document, and `body` is the encrypted one, by which words cannot be hidden
        outcome = super()._outcome(answer, b"", body)
        if not isinstance(outcome, Delivered):
            return outcome
        return _Answered(words=outcome.words, headers=answer.headers, content=content)


@dataclass(frozen=True, slots=True)
class _Keys:
    """Read when it is opened."""

    identity: Identity
    partner: Partner


class Sender(Destination):
    """Sends each delivery as one message of AS2, under a Message-ID that is the same at each attempt.

    | answer | outcome |
    |---|---|
    | a receipt: processed, signed by the partner, with the MIC of what was sent | Delivered |
    | a receipt with an error | Rejected `as2.<disposition>` |
    | a receipt with another MIC | Rejected `as2.mic` |
    | no receipt, one that is not signed by the partner, none in time | Unsure |
    | 2xx without a receipt, where one is to be posted | waits for it |
    | other statuses, no connection | as `http.Endpoint` |
    | a certificate has ended | Down |
    """

    Settings = SenderSettings
    kind: ClassVar[str] = "as2"
    traits: ClassVar[Traits] = Traits(batch_limit=1, deduplicates=True)

    def __init__(self, **settings: Any) -> None:
        self.settings = checked(SenderSettings, self.kind, settings)
        # here the partner decides, not the class
        vars(self)["traits"] = Traits(batch_limit=1, deduplicates=self.settings.deduplicates)
        shared = (
            *("url", "headers", "connect_timeout", "answer_timeout", "timeout_total", "connections"),
            *("tls", "ca", "certificate", "key", "key_password"),
        )
        self._wire = _Wire(**{name: getattr(self.settings, name) for name in shared})
        self._keys: _Keys | None = None
        self._awaiting = Awaiting(self.settings, self._read)

    def __repr__(self) -> str:
        return f"<Sender {self.address}>"

    @property
    def address(self) -> str:
        """Where it sends to."""
        return self._wire.address

    def over(self, database: Database) -> None:
        """Keep there which receipts are to be posted, and what they say."""
        self._awaiting.over(database)

    async def open(self) -> None:
        """Read the keys; in a hub that runs, listen for receipts that are posted. Raises `SettingsError`."""
        if self._keys is not None:
            return
        keys = _Keys(self.settings.identity(), self.settings.partner())
        if self.settings.encrypted and not any(_can_encrypt(each) for each in keys.partner.certificates):
            raise SettingsError("partner_certificates: none has an RSA key, which encryption needs")
        self._keys = keys  # by which receipts are read, which may come at once
        await self._wire.open()
        await self._awaiting.begin()

    async def close(self) -> None:
        """Close the connections; what waits for its receipt becomes `Unsure`."""
        self._keys = None
        await self._awaiting.end()  # first: an attempt that the next line breaks off is not at its end
        await self._wire.close()

    async def check(self) -> str:
        """Is the partner there, and until when are the certificates valid? Sends nothing. Raises `Down`."""
        keys = self._keys
        if keys is None:
            raise Down("the sender is not open")
        own, theirs = keys.identity.certificate.not_valid_after_utc, keys.partner.ends
        return f"{await self._wire.check()}; our certificate ends {own:%Y-%m-%d}, the partner's {theirs:%Y-%m-%d}"

    async def inspect(
        self, operations: Collection[str], known: Mapping[str, Any], needs: Mapping[str, Needs] = NO_NEEDS
    ) -> Inspection:
        """See `Inspected.inspect`: the earlier end of our certificate and of the partner's last one."""
        partner, identity = self.settings.partner(), self.settings.identity()
        return Inspection(metadata={}, key_ends=min(partner.ends, identity.certificate.not_valid_after_utc))

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Send each, and read its receipt."""
        return [await self._deliver(each) for each in batch]

    async def _deliver(self, delivery: Delivery) -> Outcome:
        keys = self._keys
        if keys is None:
            return TryAgain("The sender is closed.")
        name = names.message_id(delivery.idempotency_key, self.settings.our_id)
        if self.settings.receipt_url is None:
            packed = await self._packed(delivery, keys)
            if isinstance(packed, Down):
                return packed
            outcome = await self._post(delivery, name, packed)
            return self._answered(outcome, name, packed, delivery) if isinstance(outcome, _Answered) else outcome
        try:
            async with self._awaiting.attempt(name, delivery) as attempt:
                return await self._attempt(attempt, delivery, name, keys)
        except DatabaseUnavailable as error:
            return TryAgain(f"Nothing was sent, for it could not be noted that a receipt is awaited: {error}")

    async def _attempt(self, attempt: Attempt, delivery: Delivery, name: str, keys: _Keys) -> Outcome:
        """Where receipts are posted. Raises `DatabaseUnavailable` before anything was sent."""
        if (earlier := await attempt.earlier()) is not None:
            return earlier
        packed = await self._packed(delivery, keys)
        if isinstance(packed, Down):
            return packed
        if not await attempt.sending(packed.mic):
            return await attempt.ended(TryAgain("The receipt of an earlier attempt came just now."))
        outcome = await self._post(delivery, name, packed)
        if isinstance(outcome, _Answered):
            if _is_receipt(outcome):  # errors are told at once by some
                outcome = self._answered(outcome, name, packed, delivery)
                await attempt.came(outcome)
            else:
                outcome = await attempt.receipt()
        return await attempt.ended(outcome)

    async def _packed(self, delivery: Delivery, keys: _Keys) -> Packed | Down:
        how = self._wrapping(keys)
        if isinstance(how, Down):
            return how
        # another thread: a large document would keep the loop from all others
        return await asyncio.to_thread(pack, delivery.body, delivery.content_type, how)

    async def _post(self, delivery: Delivery, name: str, packed: Packed) -> Outcome:
        posted = replace(delivery, body=packed.body, content_type=packed.content_type, headers=self._headers(name))
        (outcome,) = await self._wire.deliver([posted])
        return outcome

    def _wrapping(self, keys: _Keys) -> Wrapping | Down:
        settings = self.settings
        now = datetime.now(UTC)
        recipient = next((each for each in keys.partner.valid if _can_encrypt(each)), None)
        if not keys.partner.valid or (settings.encrypted and recipient is None):
            return Down("The certificate of the partner has ended, or is not valid yet; set its new one.")
        if not now < keys.identity.certificate.not_valid_after_utc:
            return Down("Our certificate has ended; set a new one, and give it to the partner.")
        return Wrapping(
            signer=keys.identity if settings.signed else None,
            recipient=recipient if settings.encrypted else None,
            compressed=settings.compressed,
            hash_name=settings.hash,
            cipher=settings.cipher,
        )

    def _headers(self, name: str) -> dict[str, str]:
        settings = self.settings
        options = f"signed-receipt-micalg=required, {written(settings.hash)}"
        if settings.receipt_signed:
            options = f"signed-receipt-protocol=required, pkcs7-signature; {options}"
        headers = {
            "AS2-Version": names.VERSION,
            "AS2-From": names.written(settings.our_id),
            "AS2-To": names.written(settings.partner_id),
            "Message-ID": name,
            "Subject": settings.subject,
            "Date": formatdate(usegmt=True),
            "MIME-Version": "1.0",
            "Disposition-Notification-To": str(settings.receipt_url or settings.our_id),
            "Disposition-Notification-Options": options,
        }
        if settings.receipt_url is not None:
            headers["Receipt-Delivery-Option"] = str(settings.receipt_url)
        return headers

    def _read(self, headers: Mapping[str, str], content: bytes) -> receipts.Receipt:
        """A receipt that the partner signed. Raises `Unreadable`."""
        entity = mime.of_headers(headers, content)
        certificates = self._keys.partner.valid if self._keys else ()
        must = self.settings.receipt_signed
        found = receipts.read(entity, certificates, self.settings.digests, must_be_signed=must)
        return replace(found, message_id=mime.one_line(headers.get("Message-ID", ""))[:200])

    def _answered(self, answer: _Answered, name: str, packed: Packed, delivery: Delivery) -> Outcome:
        try:
            receipt = self._read(answer.headers, answer.content)
        except Unreadable as error:
            return Unsure(f"{self.address} answered without a receipt that counts: {error}")
        return judged(receipt, name, packed.mic, delivery.body)


def _can_encrypt(certificate: Any) -> bool:
    return isinstance(certificate.public_key(), rsa.RSAPublicKey)


def _is_receipt(answer: _Answered) -> bool:
    return mime.of_headers(answer.headers, b"").content_type in ("multipart/report", "multipart/signed")


def send(endpoint: str = "", *, accepts: tuple[type, ...] = (object,), operation: str = "", **settings: Any) -> Target:
    """The target that sends what the flow yields to an endpoint of `hilum.toml`, or to one given by settings."""
    return target(endpoint, Sender, settings, encode, accepts=accepts, operation=operation)
