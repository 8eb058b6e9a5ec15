"""Acknowledgements (§2.9 and §2.13.1): making them, also for what cannot be read, and reading them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, get_args

from hilum.errors import Invalid
from hilum.formats.hl7v2 import paths
from hilum.formats.hl7v2.building import build, new_control_id
from hilum.formats.hl7v2.datatypes import write_timestamp
from hilum.formats.hl7v2.delimiters import Delimiters, read_delimiters
from hilum.formats.hl7v2.escapes import escape
from hilum.formats.hl7v2.message import Message, parse
from hilum.formats.hl7v2.reading import Context

# Table 0008. A: the application's answer; C: that of the accept stage of the enhanced mode.
Code = Literal["AA", "AE", "AR", "CA", "CE", "CR"]
CODES: frozenset[str] = frozenset(get_args(Code))

# Table 0357: what went wrong, as far as a receiver can tell others.
ERROR_TEXTS = {
    "0": "Message accepted",
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "104": "Value too long",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorDetail:
    """What an ERR segment says."""

    location: str = ""  # a path such as PID-3.1 or FT1[2]-10; empty: the message as a whole
    code: str = "207"  # table 0357
    severity: Literal["E", "F", "I", "W"] = "E"  # table 0516: error, fatal, information, warning
    text: str = ""  # for the user who reads it (ERR-8; the answer's own text is then in ERR-7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    """What an acknowledgement says."""

    code: str  # MSA-1, table 0008
    control_id: str  # MSA-2: of the message that it answers
    text: str = field(default="", repr=False)  # MSA-3, or ERR-8 where that is empty; may name a patient
    error_location: str = ""  # as a path; empty: none was given
    error_code: str = ""  # table 0357
    severity: str = ""  # table 0516; empty before version 2.5

    @property
    def accepted(self) -> bool:
        """Does the receiver have the message (AA, CA)?"""
        return self.code in ("AA", "CA")


def acknowledge(
    message: Message,
    code: Code,
    *,
    text: str = "",
    error: Invalid | ErrorDetail | None = None,
    control_id: str | None = None,
    timestamp: datetime | None = None,
) -> Message:
    """The answer to `message`: parties swapped, its version, delimiters, processing ID and character set kept.

    `text` goes into MSA-3. `error` becomes an ERR segment in the form of the message's version: ERR-1 up to 2.4,
    ERR-2 to ERR-4 and ERR-8 from 2.5. Without `control_id` a new one is made; `timestamp` is now unless given.
    """
    context = Context(message.context.delimiters.completed(), message.context.codec, [])
    own = context.delimiters
    asked = message.segment("MSH").fields
    asked = [*asked, *("" for _ in range(len(asked), 19))]
    header = [
        "MSH",
        own.encoding_characters,
        asked[5],
        asked[6],
        asked[3],
        asked[4],
        write_timestamp(timestamp) if timestamp else _second(int(time.time())),
        "",
        _message_type(message, own),
        escape(control_id or new_control_id(), own),
        asked[11],
        asked[12],
    ]
    if asked[18]:
        header += ["", "", "", "", "", asked[18]]
    answer = ["MSA", code, asked[10], escape(text, own)]
    while not answer[-1]:
        answer.pop()
    answered = Message([own.field.join(header), own.field.join(answer)], ["MSH|", "MSA|"], context, None)
    if error is not None:
        _append_error(answered, _detail(error), text)
    return answered


def acknowledge_unreadable(data: bytes, code: Code, text: str) -> bytes:
    """An answer to anything, with what can be made out of its MSH. Never raises."""
    try:
        message = parse(data)
    except Invalid:
        message = _guess(data)
    try:
        return acknowledge(message, code, text=text).encode()
    except (Invalid, ValueError):
        return acknowledge(build("ACK"), code, text=text.encode("ascii", "replace").decode()).encode()


def read_acknowledgement(data: bytes) -> Acknowledgement:
    """Read an answer. Raises `Invalid` where it is not one: no MSA, or an MSA-1 that is not in table 0008."""
    message = parse(data)
    code = message.segment("MSA")["1"]
    if code not in CODES:
        raise Invalid("this is not an acknowledgement code (AA, AE, AR, CA, CE, CR)", where="MSA-1")
    old = message.raw("ERR-1")
    return Acknowledgement(
        code=code,
        control_id=message["MSA-2"],
        text=message["MSA-3"] or message["ERR-8"] or message["ERR-7"],
        error_location=_read_location(message),
        error_code=message["ERR-3.1"] or (message["ERR-1.4.1"] if old else ""),
        severity=message["ERR-4"],
    )


@lru_cache(maxsize=2)
def _second(unix: int) -> str:
    """MSH-7 for this second; a busy listener answers thousands of messages in each."""
    return write_timestamp(datetime.fromtimestamp(unix, UTC))


def _message_type(message: Message, own: Delimiters) -> str:
    """`ACK^P03^ACK`; the structure came with 2.3.1, the event with 2.3 (§2.14.9.9)."""
    trigger = message.raw("MSH-9.2")
    version = _version(message.version)
    if not trigger or version < (2, 3):
        return "ACK"
    return own.component.join(("ACK", trigger, "ACK") if version >= (2, 3, 1) else ("ACK", trigger))


@lru_cache(maxsize=64)
def _version(text: str) -> tuple[int, ...]:
    """MSH-12 as numbers that compare; 2.5.1 for what is no version."""
    numbers = text.split(".")
    known = all(number.isascii() and number.isdigit() and len(number) < 3 for number in numbers)
    return tuple(map(int, numbers)) if known else (2, 5, 1)


def _detail(error: Invalid | ErrorDetail) -> ErrorDetail:
    if isinstance(error, ErrorDetail):
        return error
    return ErrorDetail(location=error.where or "", code="102", text=str(error))


def _append_error(answer: Message, detail: ErrorDetail, text: str) -> None:
    segment = answer.append("ERR")
    location = _location(detail.location)
    meaning = ERROR_TEXTS.get(detail.code, "")
    if _version(answer.version) < (2, 5):
        for number, value in enumerate(location[:3], 1):
            segment[f"1.{number}"] = value
        for number, value in enumerate((detail.code, meaning, "HL70357"), 1):
            segment[f"1.4.{number}"] = value
        return
    for number, value in enumerate(location, 1):
        segment[f"2.{number}"] = value
    for number, value in enumerate((detail.code, meaning, "HL70357"), 1):
        segment[f"3.{number}"] = value
    segment["4"] = detail.severity
    if detail.text:
        segment["7"] = text
    segment["8"] = detail.text or text


def _location(path: str) -> list[str]:
    """ERL (§2A.28): segment, its occurrence, field, repetition, component, subcomponent, as far as the path goes."""
    name, _, rest = path.partition("-")
    segment, _, occurrence = name.partition("[")
    try:
        if not rest:
            paths.field(f"{path}-1")
            return [segment, occurrence.rstrip("]") or "1"]
        field_ = paths.field(path)
    except ValueError:
        return []
    found = [field_.segment, str(field_.occurrence), *(str(number) if number else "" for number in field_.place)]
    while not found[-1]:
        found.pop()
    return found


def _read_location(message: Message) -> str:
    """ERR-2, or before 2.5 ERR-1, as a path."""
    source = "ERR-2" if message.raw("ERR-2") else "ERR-1"
    name, occurrence, field_ = (message[f"{source}.{number}"] for number in (1, 2, 3))
    if not name:
        return ""
    where = f"{name}[{occurrence}]" if occurrence not in ("", "1") else name
    if not field_:
        return where
    repetition, component, subcomponent = (
        (message[f"ERR-2.{number}"] for number in (4, 5, 6)) if source == "ERR-2" else ("", "", "")
    )
    where += f"-{field_}" + (f"[{repetition}]" if repetition not in ("", "1") else "")
    return where + (f".{component}" if component else "") + (f".{subcomponent}" if component and subcomponent else "")


def _guess(data: bytes) -> Message:
    """A message of the MSH that can be made out in the bytes, else one that says nothing of the sender."""
    start = data.find(b"MSH")
    line = data[start:].replace(b"\n", b"\r").split(b"\r", 1)[0] if start >= 0 else b""
    text = line.decode("ascii", "replace").replace("\ufffd", "?")
    try:
        read_delimiters(text[3 : max(text.find(text[3:4] or "|", 4), 4)])
        return parse(text.encode("ascii"))
    except Invalid:
        return parse(b"MSH|^~\\&|")
