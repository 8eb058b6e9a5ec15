"""What a receipt means for a delivery. Pure."""

from __future__ import annotations

import hmac
import re
from typing import Final

from hilum.connectors.as2.packing import Mic
from hilum.connectors.as2.receipts import Receipt
from hilum.connectors.encoding import without_payload
from hilum.errors import Rejected, Unsure
from hilum.message import Delivered, Outcome

MEANINGS: Final = {
    "authentication-failed": "It could not tell that we signed it: does it have our certificate?",
    "decryption-failed": "It could not decrypt it: is its certificate still the one that we have?",
    "decompression-failed": "It could not decompress it: switch `compressed` off.",
    "insufficient-message-security": "It wants it signed, encrypted, or both.",
    "integrity-check-failed": "It found the signature broken.",
    "unexpected-processing-error": "It could not process it.",
    "unknown-trading-relationship": "It knows no agreement with us: check our_id and partner_id.",
}
"""Modifiers of RFC 4130 §7.5 and of use, and what they mean for the sender."""


def judged(receipt: Receipt, name: str, mic: Mic, body: bytes | None) -> Outcome:
    """`name` and `mic`: of what was sent; `body`: the document, whose words are not shown; none: no words are."""
    if receipt.original.strip("<> ") != name.strip("<>"):
        return Unsure("The receipt is for another message.")
    if not receipt.processed or receipt.problem:
        return _refused(receipt, body)
    if receipt.mic is None and not receipt.warning:
        return Unsure("The receipt has no MIC, so it does not say which content came.")
    if receipt.mic is not None and (
        receipt.mic.hash_name != mic.hash_name or not hmac.compare_digest(receipt.mic.value, mic.value)
    ):
        words = "The partner's receipt is for other content than was sent (the MIC differs). Ask what it received."
        return Rejected("as2.mic", words)
    known = "; it had it before" if "duplicate" in receipt.warning else ""
    said = f"the receipt shows the same content (MIC by {mic.hash_name}){known}"
    return Delivered(reference=receipt.message_id or name, words=said)


def _refused(receipt: Receipt, body: bytes | None) -> Rejected:
    # the modifier is the partner's text: only what looks like one becomes a category
    problem = re.sub(r"[^a-z]+", "-", receipt.problem).strip("-")
    category = problem if problem in MEANINGS else "failed"
    words = f"The partner refuses it. {MEANINGS.get(problem, '')}".strip()
    told = without_payload(receipt.words, body) if body is not None else ""
    return Rejected(f"as2.{category}", f"{words} It says: {told}" if told else words)
