"""Where the facts that all HL7 v2 packs need are found in a message, and how tolerant the packs are about it."""

from __future__ import annotations

from hilum.errors import Invalid
from hilum.formats import hl7v2 as hl7

_PATIENT_ACCOUNT = hl7.field("PID-18.1")
_VISIT_NUMBER = hl7.field("PV1-19.1")
_SENDING_FACILITY = hl7.field("MSH-4.1")
_SENDING_APPLICATION = hl7.field("MSH-3.1")

# HL7 table 0203, identifier type, as it stands in the fifth component of a CX
ACCOUNT_NUMBER = "AN"
VISIT_NUMBER = "VN"
MEDICAL_RECORD = "MR"


def account_of(msg: hl7.Message) -> str:
    """The patient account: PID-18, else the identifier of type AN in PID-3, else the visit number; else empty.

    PID-18 is where the standard puts it (HL7 v2.5.1 chapter 3, §3.4.2.18), but many systems send the account as one
    of the identifiers, and a system that keeps an account for each visit often sends the visit number only.
    """
    return _PATIENT_ACCOUNT(msg) or _identifier(msg, ACCOUNT_NUMBER) or encounter_of(msg)


def required_account(msg: hl7.Message) -> str:
    """The same where there must be one. Raises `Invalid` saying where it was looked for."""
    if found := account_of(msg):
        return found
    raise Invalid("no account number there, none of type AN in PID-3, no visit number in PV1-19", where="PID-18")


def encounter_of(msg: hl7.Message) -> str:
    """The visit number: PV1-19, else the identifier of type VN in PID-3; else empty."""
    return _VISIT_NUMBER(msg) or _identifier(msg, VISIT_NUMBER)


def patient_id_of(msg: hl7.Message) -> str:
    """The medical record number: type MR in PID-3, else the first identifier that is no account and no visit."""
    if found := _identifier(msg, MEDICAL_RECORD):
        return found
    for identifier in _identifiers(msg):
        if identifier["5"] not in (ACCOUNT_NUMBER, VISIT_NUMBER):
            return identifier["1"]
    return ""


def payer_of(msg: hl7.Message) -> str:
    """Who pays first: the insurer (IN1-3) of the first IN1, else its plan (IN1-2); else empty."""
    return msg["IN1-3.1.1"] or msg["IN1-2.1.1"]


def facility_of(msg: hl7.Message) -> str:
    """The sending facility, MSH-4.1; where it is empty the sending application, MSH-3.1."""
    return _SENDING_FACILITY(msg) or _SENDING_APPLICATION(msg)


def dedup_key(msg: hl7.Message) -> str:
    """Sender and control id (MSH-10): a control id is unique for its sender only (HL7 v2.5.1 §2.15.9.10)."""
    return f"{msg.sender}|{msg.control_id}" if msg.control_id else ""


def _identifiers(msg: hl7.Message) -> list[hl7.Repetition]:
    return [identifier for pid in msg.segments("PID")[:1] for identifier in pid.repetitions("3")]


def _identifier(msg: hl7.Message, kind: str) -> str:
    return next((found["1"] for found in _identifiers(msg) if found["5"] == kind), "")
