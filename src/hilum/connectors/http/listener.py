"""The HTTP listener: a source that other systems post messages to."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar, Literal

from aiohttp import web
from pydantic import Field, SecretStr

from hilum.connector import Received
from hilum.connectors.declaring import checked
from hilum.connectors.http.answering import answer_cxml, answer_many, answer_one
from hilum.connectors.http.reading import (
    NDJSON,
    BadRequest,
    check_signature,
    check_time,
    check_token,
    message_headers,
    split_many,
    with_item,
)
from hilum.connectors.http.receiver import Receiver, ReceiverSettings, peer_of


class ListenerSettings(ReceiverSettings):
    """Settings of an HTTP listener."""

    token: SecretStr | None = Field(
        default=None, description="Bearer token that senders must show; empty: none is asked", examples=["${IN_TOKEN}"]
    )
    hmac_secret: SecretStr | None = Field(
        default=None,
        description="Secret of the HMAC-SHA-256 over the body that senders must show; empty: none is asked",
        examples=["${WEBHOOK_SECRET}"],
    )
    hmac_header: str = Field(
        default="X-Hub-Signature-256",
        description="Header with that HMAC, in hex (with or without sha256=) or base64",
        examples=["X-Signature"],
    )
    hmac_secrets_before: tuple[SecretStr, ...] = Field(
        default=(),
        description="Former secrets that count too, while senders change to the new one",
        examples=[["${WEBHOOK_SECRET_BEFORE}"]],
    )
    hmac_timestamp: str = Field(
        default="",
        description="Header with the time of signing, in seconds since 1970 or ISO 8601; then the HMAC is over that"
        " text, a dot and the body, and one that is older than the tolerance is refused; empty: over the body alone",
        examples=["X-Signature-Timestamp"],
    )
    hmac_tolerance: float = Field(
        default=300,
        gt=0,
        description="Seconds that the time of signing may be off the hub's clock, to either side",
        examples=[300],
        json_schema_extra={"unit": "s"},
    )
    content_types: tuple[str, ...] = Field(
        default=(),
        description="Content types that are taken, others are answered 415; empty: all",
        examples=[["application/json"]],
    )
    answer: Literal["json", "cxml"] = Field(
        default="json",
        description="How a request with one message is answered: JSON, or a Response of cXML",
        examples=["cxml"],
    )
    max_items: int = Field(
        default=10_000,
        ge=1,
        description="The most messages in one body; a body with more is answered 413",
        examples=[1000],
    )


class Listener(Receiver):
    """Takes what is posted to one path, and answers after the journal has it.

    `Listener(port=8080, path="/in/orders")`: the settings are keyword arguments, see `ListenerSettings`.

    One message: `POST` any body → 202 `{"id": …, "duplicate": false}`. Several: `application/x-ndjson`, or a JSON
    array with `?many=1` → 202 `{"ids": […], "results": […]}`; see `answer_many` for mixed results. Every refusal is
    `application/problem+json` with the reason. `GET /healthz` answers 200 without a token.
    """

    Settings = ListenerSettings
    kind: ClassVar[str] = "http"
    default_format: ClassVar[str] = "json"
    settings: ListenerSettings

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.settings = checked(ListenerSettings, self.kind, settings)
        self._types = frozenset(self.settings.content_types)
        token, secret = self.settings.token, self.settings.hmac_secret
        self._token = token.get_secret_value().encode() if token else b""
        all_secrets = ((secret,) if secret else ()) + self.settings.hmac_secrets_before
        self._secrets = tuple(each.get_secret_value().encode() for each in all_secrets if each.get_secret_value())

    def wants(self, received: Received) -> bool:
        """All that was posted to the path: other listeners have other paths."""
        return True

    def _check_head(self, request: web.BaseRequest) -> None:
        if self._token:
            check_token(self._token, request.headers.get("Authorization", ""))
        if self._types and request.content_type not in self._types:
            taken = ", ".join(sorted(self._types))
            raise BadRequest(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"This path takes {taken}.")

    def _check_body(self, request: web.BaseRequest, body: bytes) -> None:
        if self._secrets:
            signed = body
            if self.settings.hmac_timestamp:
                signed_at = request.headers.get(self.settings.hmac_timestamp, "")
                check_time(signed_at, datetime.now(UTC), self.settings.hmac_tolerance)
                signed = b".".join((signed_at.encode(), body))
            check_signature(self._secrets, request.headers.get(self.settings.hmac_header, ""), signed)
        super()._check_body(request, body)

    async def _submit(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        headers = message_headers(request, peer_of(request))
        kind = request.headers.get("Content-Type", "application/octet-stream")
        many = request.content_type == NDJSON or request.query.get("many") == "1"
        if not many:
            (verdict,) = await self._received([body], kind, [headers])
            return self._counted(answer_cxml(verdict) if self.settings.answer == "cxml" else answer_one(verdict))
        bodies = split_many(body, request.content_type, self.settings.max_items)
        each = [with_item(headers, number) for number in range(1, len(bodies) + 1)]
        return self._counted(answer_many(await self._received(bodies, "application/json", each)))

    def _counted(self, answer: web.Response) -> web.Response:
        if answer.status >= HTTPStatus.BAD_REQUEST:
            self.counts[f"refused: {answer.status}"] += 1
        return answer
