"""The HTTP endpoint for cXML: what became of a document is in the Response, not in the status of HTTP alone."""

from __future__ import annotations

import aiohttp

from hilum.connectors.encoding import without_payload
from hilum.connectors.http import Endpoint
from hilum.errors import Down, Invalid, Rejected, TryAgain, Unsure
from hilum.formats import cxml
from hilum.message import Delivered, Outcome


class CxmlEndpoint(Endpoint):
    """As `http.Endpoint`; a 2xx of HTTP with a Status of cXML:

    | Status | outcome |
    |---|---|
    | 200 to 299 | Delivered |
    | 401, 403 | Down: credentials are wrong for every document |
    | other 4xx | Rejected `cxml.<code>` |
    | 5xx | TryAgain: cXML has it for what is to be sent again |
    | none that can be read | Unsure |
    """

    def _outcome(self, answer: aiohttp.ClientResponse, content: bytes, body: bytes) -> Outcome:
        outcome = super()._outcome(answer, content, body)
        if not isinstance(outcome, Delivered):
            return outcome
        try:
            status = cxml.read_response(content)
        except Invalid:
            return Unsure("The receiver answered, and not with a Response of cXML.")
        words = f"The receiver answered {status.code}: {without_payload(status.text, body)}".rstrip(": ")
        if status.accepted:
            return Delivered(words=f"cXML status {status.code}")
        if status.code in ("401", "403"):
            return Down(f"{words}. Check the identities and the secret in the profile.")
        return TryAgain(words) if status.code.startswith("5") else Rejected(f"cxml.{status.code}", words)
