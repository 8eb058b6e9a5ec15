"""What a sender is told over HTTP: 202 with ids, or a problem (RFC 9457) with the reason. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from hilum.connector import Receipt
from hilum.errors import Busy, HilumError, Invalid, NotAccepted
from hilum.formats import cxml
from hilum.message import new_id


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one received item ended. `receipt` is set when it was accepted, else `status` and `reason` say why not."""

    receipt: Receipt | None = None
    status: int = HTTPStatus.ACCEPTED
    reason: str = ""
    after: float = 0.0  # least seconds until the sender may come again

    @property
    def line(self) -> dict[str, Any]:
        """The item's line in an answer for many."""
        if self.receipt is not None:
            return {"id": str(self.receipt.message_id), "duplicate": self.receipt.duplicate}
        return {"status": self.status, "detail": self.reason}


def verdict_on(error: Exception) -> Verdict:
    """400 for a broken payload, 415 for a kind that no flow takes, 503 for everything that may pass."""
    match error:
        case Invalid():
            return Verdict(status=HTTPStatus.BAD_REQUEST, reason=str(error))
        case NotAccepted():
            return Verdict(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, reason=str(error))
        case Busy():
            return Verdict(status=HTTPStatus.SERVICE_UNAVAILABLE, reason=str(error), after=error.after)
    # the text of an error that is not the hub's own may hold anything, so it stays here
    reason = str(error) if isinstance(error, HilumError) else "The hub could not take the message."
    return Verdict(status=HTTPStatus.SERVICE_UNAVAILABLE, reason=reason, after=Busy().after)


def answer_one(verdict: Verdict) -> web.Response:
    """The answer to a request with one message."""
    if verdict.receipt is not None:
        return json_answer(HTTPStatus.ACCEPTED, verdict.line)
    return problem(verdict.status, verdict.reason, _wait([verdict]))


def answer_cxml(verdict: Verdict) -> web.Response:
    """The same as a Response of cXML: what became of it is in its Status; HTTP says only whether to come again."""
    now = datetime.now(UTC)
    name = verdict.receipt.message_id if verdict.receipt is not None else new_id()
    code, text = 200, "OK"
    if verdict.receipt is None:
        code = _CXML.get(verdict.status, verdict.status)
        text = verdict.reason
    again = verdict.status == HTTPStatus.SERVICE_UNAVAILABLE
    return web.Response(
        status=HTTPStatus.SERVICE_UNAVAILABLE if again else HTTPStatus.OK,
        body=cxml.answer_to(code, text, payload_id=f"{name}@hilum", at=now),
        content_type="text/xml",
        headers=_wait([verdict]),
    )


_CXML: dict[int, int] = {HTTPStatus.BAD_REQUEST: 406, HTTPStatus.UNSUPPORTED_MEDIA_TYPE: 406}
"""Status of HTTP → of cXML (Reference Guide, Status): what cannot be processed is "not acceptable"."""


def answer_many(verdicts: Sequence[Verdict]) -> web.Response:
    """The answer to a request with several messages, with a line for each in `results`.

    202: all were accepted. 503: at least one is to come again; send all again, those accepted count as duplicates
    where they have a key. 400: none was accepted, none may come again. 207: some were accepted, the others never will.
    """
    accepted = [each.receipt for each in verdicts if each.receipt is not None]
    again = [each for each in verdicts if each.status == HTTPStatus.SERVICE_UNAVAILABLE]
    if len(accepted) == len(verdicts):
        status = HTTPStatus.ACCEPTED
    elif again:
        status = HTTPStatus.SERVICE_UNAVAILABLE
    else:
        status = HTTPStatus.MULTI_STATUS if accepted else HTTPStatus.BAD_REQUEST
    body = {"ids": [str(each.message_id) for each in accepted], "results": [each.line for each in verdicts]}
    return json_answer(status, body, _wait(again))


def _wait(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Retry-After in whole seconds, at least one (RFC 9110 §10.2.3)."""
    again = [each.after for each in verdicts if each.status == HTTPStatus.SERVICE_UNAVAILABLE]
    return {"Retry-After": str(max(1, math.ceil(max(again))))} if again else {}


def json_answer(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json", headers=headers)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Problem details (RFC 9457): what is wrong, in words, for the engineer at the other side."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status), "detail": detail}
    return web.Response(
        status=status, body=orjson.dumps(body), content_type="application/problem+json", headers=headers
    )
