"""The AS2 station: a source that partners post signed and encrypted documents to, and that answers with receipts."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from typing import Any, ClassVar, Final

import aiohttp
import structlog
from aiohttp import web
from pydantic import Field, SecretStr

from hilum.connector import Header, Received, Source
from hilum.connectors.as2 import names, receipts
from hilum.connectors.as2.cms import Identity, Unreadable
from hilum.connectors.as2.keys import AgreementSettings, Partner, read_identity, subject_of
from hilum.connectors.as2.mime import one_line
from hilum.connectors.as2.packing import Expected, Unpacked, unpack
from hilum.connectors.as2.receipts import Receipt, Wanted
from hilum.connectors.declaring import checked
from hilum.connectors.http.answering import Verdict, answer_one, problem
from hilum.connectors.http.reading import ID_LIMIT, BadRequest
from hilum.connectors.http.receiver import Receiver, ReceiverSettings, peer_of
from hilum.ending import cancel_all
from hilum.errors import SettingsError
from hilum.message import new_id

log = structlog.get_logger(__name__)

PAUSES: Final = (0.0, 5.0, 30.0, 120.0)
"""Seconds before each attempt to post a receipt; then the sender asks again, by sending the same Message-ID."""
RECEIPT_TIMEOUT: Final = 30.0
"""Seconds for one of these attempts."""


class StationSettings(ReceiverSettings, AgreementSettings):
    """Settings of an AS2 station. Agreements with several partners may share host, port and path."""

    path: str = Field(
        default="/as2", pattern=r"^/[\w./~-]*$", description="Path that partners post to", examples=["/as2"]
    )
    former_key: SecretStr | None = Field(
        default=None,
        description="PEM with our former key and its certificate, or its file: partners may still encrypt for it",
        examples=["as2/hilltop-2025.pem"],
    )
    must_be_signed: bool = Field(default=True, description="What the partner did not sign is refused", examples=[False])
    must_be_encrypted: bool = Field(default=True, description="What is not encrypted is refused", examples=[False])
    allow_3des: bool = Field(
        default=False, description="Take what is encrypted by Triple DES, for old partners", examples=[True]
    )
    receipts_to: tuple[str, ...] = Field(
        default=(),
        description="Addresses that receipts may be posted to, exactly as the partner names them; "
        "empty: a receipt is only given as the answer",
        examples=[["https://as2.gloveco.example/receipts"]],
    )


@dataclass(frozen=True, slots=True)
class _Agreement:
    """Settings with their keys."""

    settings: StationSettings
    identities: tuple[Identity, ...]
    partner: Partner

    @classmethod
    def of(cls, settings: StationSettings) -> _Agreement:
        identities = [settings.identity()]
        if settings.former_key is not None:
            identities.append(read_identity(settings.former_key, settings.our_key_password, "", "former_key"))
        return cls(settings, tuple(identities), settings.partner())

    @property
    def expected(self) -> Expected:
        """Today."""
        settings = self.settings
        return Expected(
            identities=self.identities,
            certificates=self.partner.valid,
            digests=settings.digests,
            must_be_signed=settings.must_be_signed,
            must_be_encrypted=settings.must_be_encrypted,
            allow_3des=settings.allow_3des,
            limit=settings.max_body,
        )


@dataclass(frozen=True, slots=True)
class _Call:
    """One request: who sends what to whom under which name."""

    sender: str
    receiver: str
    message_id: str
    subject: str
    peer: str

    @classmethod
    def of(cls, request: web.BaseRequest) -> _Call:
        headers = request.headers
        made = cls(
            names.read(headers.get("AS2-From", "")),
            names.read(headers.get("AS2-To", "")),
            one_line(headers.get("Message-ID", "")),
            one_line(headers.get("Subject", ""))[:ID_LIMIT],
            peer_of(request),
        )
        if not (made.sender and made.receiver and made.message_id):
            raise BadRequest(HTTPStatus.BAD_REQUEST, "AS2-From, AS2-To or Message-ID is missing: this is no AS2.")
        return made


class Station(Receiver):
    """Takes documents of one partner, and with others on the same path, of them too.

    | what comes | answer |
    |---|---|
    | signed and encrypted as agreed | after the journal has it: a receipt `processed`, with the MIC |
    | the same Message-ID again | the same receipt |
    | broken, not signed by the partner, not as agreed, or what no flow takes | a receipt `processed/error` |
    | of or to somebody else | 403; without AS2-From, AS2-To, Message-ID: 400 |
    | when the hub is busy or the journal away | 503 with Retry-After, no receipt |

    A receipt is signed where that is asked for. Asked for elsewhere, it is posted there (`receipts_to`).
    """

    Settings = StationSettings
    kind: ClassVar[str] = "as2"
    settings: StationSettings

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.settings = checked(StationSettings, self.kind, settings)
        self._all: dict[tuple[str, str], StationSettings] = {self._pair(self.settings): self.settings}
        self._agreements: dict[tuple[str, str], _Agreement] = {}
        self._session: aiohttp.ClientSession | None = None
        self._posts: set[asyncio.Task[None]] = set()

    @staticmethod
    def _pair(settings: StationSettings) -> tuple[str, str]:
        return settings.partner_id, settings.our_id

    def share(self, other: Source) -> None:
        """Take in for the partner of `other` too. Raises `SettingsError` where they contradict each other."""
        assert isinstance(other, Station)  # noqa: S101 - the same kind
        pair = self._pair(other.settings)
        known = self._all.setdefault(pair, other.settings)
        if known != other.settings:
            raise SettingsError(f"{self.address}: two different agreements between {pair[0]} and {pair[1]}")
        for name in ("certificate", "key", "client_ca", "max_body", "requests", "body_timeout"):
            if getattr(self.settings, name) != getattr(other.settings, name):
                raise SettingsError(f"{self.address}: agreements that share an address must have the same {name}")

    async def open(self) -> None:
        """Read the keys and listen. Raises `SettingsError`, `Down`."""
        if self._session is not None:
            return
        self._agreements = {pair: _Agreement.of(each) for pair, each in self._all.items()}
        await super().open()
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=RECEIPT_TIMEOUT), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )

    async def close(self) -> None:
        """Stop listening. A receipt that could not yet be posted is given when the sender asks again."""
        await super().close()
        await cancel_all(self._posts)
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def check(self) -> str:
        """Says whether it listens, and until when the certificates are valid."""
        ends = [
            f"{pair[0]}: ours ends {each.identities[0].certificate.not_valid_after_utc:%Y-%m-%d}, "
            f"theirs {each.partner.ends:%Y-%m-%d}"
            for pair, each in self._agreements.items()
        ]
        return "; ".join([await super().check(), *ends])

    def wants(self, received: Received) -> bool:
        """What its partner sent to us."""
        return (received.headers.get("as2-from"), received.headers.get("as2-to")) == self._pair(self.settings)

    # ---- one request

    async def _submit(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        call = _Call.of(request)
        agreement = self._agreements.get((call.sender, call.receiver))
        if agreement is None:
            self._tell(call, "AS2-From and AS2-To are of no agreement")
            raise BadRequest(HTTPStatus.FORBIDDEN, "There is no agreement between AS2-From and AS2-To.")
        head = Message()
        for name, value in request.headers.items():
            head[name] = one_line(value)
        wants: Wanted | None = Wanted(signed=True, hash_name="", to="")
        try:
            wants = receipts.wanted(head, agreement.settings.digests)
            if wants is not None and wants.to and wants.to not in agreement.settings.receipts_to:
                raise BadRequest(HTTPStatus.FORBIDDEN, "Receipt-Delivery-Option names an address that is not agreed.")
            # another thread: a large document would keep the loop from all others
            found = await asyncio.to_thread(unpack, request.headers, body, agreement.expected)
        except Unreadable as error:
            self.counts[f"refused: {error.disposition}"] += 1
            self._tell(call, str(error))
            refused = Receipt(original=call.message_id, problem=error.disposition, words=error.told)
            return self._answer_with(refused, call, agreement, wants)
        (verdict,) = await self._received([found.body], found.content_type, [_headers(call, found)])
        return self._answer_to(verdict, found, call, agreement, wants)

    def _answer_to(
        self, verdict: Verdict, found: Unpacked, call: _Call, agreement: _Agreement, wants: Wanted | None
    ) -> web.StreamResponse:
        if verdict.receipt is None and verdict.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return answer_one(verdict)
        name = (wants.hash_name if wants else "") or (found.verified.hash_name if found.verified else "sha256")
        mic = found.mic(name)
        if verdict.receipt is None:
            self.counts[f"refused: {verdict.status}"] += 1
            problem_of = "unexpected-processing-error"
            receipt = Receipt(original=call.message_id, problem=problem_of, mic=mic, words=verdict.reason)
        else:
            words = "The document was received and is stored."
            own = names.receipt_id(verdict.receipt.message_id, call.receiver)
            receipt = Receipt(original=call.message_id, message_id=own, mic=mic, words=words)
        return self._answer_with(receipt, call, agreement, wants)

    def _answer_with(
        self, receipt: Receipt, call: _Call, agreement: _Agreement, wants: Wanted | None
    ) -> web.StreamResponse:
        if wants is None:
            if receipt.problem:
                return problem(HTTPStatus.BAD_REQUEST, receipt.words)
            return web.Response(status=HTTPStatus.OK)
        signer = agreement.identities[0] if wants.signed else None
        # a MIC by SHA-1 may be given where that is agreed; nothing is signed by it
        hash_name = wants.hash_name if wants.hash_name not in ("", "sha1") else "sha256"
        kind, content = receipts.write(receipt, recipient=call.receiver, signer=signer, hash_name=hash_name)
        headers = {
            "AS2-Version": names.VERSION,
            "AS2-From": names.written(call.receiver),
            "AS2-To": names.written(call.sender),
            "Message-ID": receipt.message_id or names.receipt_id(new_id(), call.receiver),
            "MIME-Version": "1.0",
            "Content-Type": kind,
        }
        if not wants.to:
            return web.Response(status=HTTPStatus.OK, body=content, headers=headers)
        task = asyncio.create_task(self._post(wants.to, content, headers), name=f"receipt to {call.sender}")
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)
        return web.Response(status=HTTPStatus.OK)

    async def _post(self, url: str, content: bytes, headers: Mapping[str, str]) -> None:
        """A receipt to where it was asked for; several attempts."""
        for pause in PAUSES:
            await asyncio.sleep(pause)
            if self._session is None:
                return
            try:
                async with self._session.post(url, data=content, headers=headers, allow_redirects=False) as answer:
                    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
                        return
                    reason = f"status {answer.status}"
            except (aiohttp.ClientError, OSError) as error:
                reason = type(error).__name__
            log.warning("as2_receipt_not_posted", station=self.address, to=url, reason=reason)

    def _tell(self, call: _Call, reason: str) -> None:
        """People see who was refused and why; the sender is told less."""
        log.warning("as2_refused", station=self.address, sender=call.sender, peer=call.peer, reason=reason)
        if self.turned_away is not None:
            self.turned_away(call.peer, f"AS2 of {call.sender}: {reason}")


def _headers(call: _Call, found: Unpacked) -> dict[str, str]:
    """What the hub keeps of how it came."""
    key = call.message_id
    if len(key) > ID_LIMIT:
        key = hashlib.sha256(key.encode()).hexdigest()
    headers = {
        Header.PEER: call.peer,
        Header.IDEMPOTENCY_KEY: key,
        "as2-from": call.sender,
        "as2-to": call.receiver,
        "as2-message-id": call.message_id,
        "as2-encrypted": "yes" if found.encrypted else "no",
    }
    if call.subject:
        headers["as2-subject"] = call.subject
    if name := found.entity.head.get_filename():
        headers[Header.FILE] = one_line(name)[:ID_LIMIT]
    if found.verified is not None:
        headers["as2-signed-by"] = f"{subject_of(found.verified.certificate)}, {found.verified.hash_name}"
    return headers
