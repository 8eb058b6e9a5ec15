"""Which acknowledgement a received message gets. Pure.

Rules: HL7 v2.5 chapter 2 §2.9.2 (original mode), §2.9.3 (enhanced mode), tables 0008 and 0155.

- MSH-15 and MSH-16 empty: original mode; every message is answered AA, AE or AR.
- MSH-15 valued: the answer is the accept acknowledgement CA, CE or CR, sent as MSH-15 says (AL always, NE never,
  ER only for an error or reject, SU only for success).
- MSH-16 valued and MSH-15 empty or NE: the sender waits for the application's answer only. To the sender the hub is
  that application, and its commit is the only answer there will be: AA, AE or AR, sent as MSH-16 says.
- An acknowledgement (MSH-9 ACK) is itself never answered in original mode, or two systems would answer each other
  for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from hilum.formats import hl7v2 as hl7

Verdict = Literal["A", "E", "R"]  # accepted; error: send it again; rejected: do not send it again

_CODES: Final[Mapping[tuple[str, str], hl7.Code]] = {
    ("A", "A"): "AA", ("A", "E"): "AE", ("A", "R"): "AR",
    ("C", "A"): "CA", ("C", "E"): "CE", ("C", "R"): "CR",
}  # fmt: skip
# Bytes beyond this are of no use to tell which message could not be read.
_HEAD_LIMIT: Final = 4096


def answer_to(message: hl7.Message, verdict: Verdict, text: str = "") -> bytes:
    """The bytes to send back for a message that could be read; empty where the sender asked for no answer."""
    accept, application = message["MSH-15"], message["MSH-16"]
    if accept and (accept != "NE" or application in ("", "NE")):
        return _encode(message, "C", verdict, text) if _asked(accept, verdict) else b""
    if application:
        return _encode(message, "A", verdict, text) if _asked(application, verdict) else b""
    return b"" if message.type.startswith("ACK") else _encode(message, "A", verdict, text)


def _asked(condition: str, verdict: Verdict) -> bool:
    """Does this condition of table 0155 ask for an answer? An unknown one counts as AL: an answer too many is safe."""
    return {"NE": False, "ER": verdict != "A", "SU": verdict == "A"}.get(condition, True)


def _encode(message: hl7.Message, level: Literal["A", "C"], verdict: Verdict, text: str) -> bytes:
    return hl7.acknowledge(message, _CODES[level, verdict], text=text).encode()


def answer_to_unreadable(data: bytes, verdict: Verdict, text: str) -> bytes:
    """The bytes to send back for what is no HL7 v2 message, or could not be read as one: AR or AE with the reason."""
    return hl7.acknowledge_unreadable(data[:_HEAD_LIMIT], _CODES["A", verdict], text)
