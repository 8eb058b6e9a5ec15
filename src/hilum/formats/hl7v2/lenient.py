"""Reading what bends the standard: other line ends, byte-order marks, frames, envelopes, lines without a name.

`message.parse` comes here only when the message is not plain ER7 in ASCII with CR. Each leniency leaves a note.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from hilum.errors import Invalid
from hilum.formats.hl7v2 import charsets, xml_encoding
from hilum.formats.hl7v2.delimiters import STANDARD, Delimiters, read_delimiters
from hilum.formats.hl7v2.reading import Context
from hilum.formats.hl7v2.segment import is_segment_name

# File and batch headers and trailers (§2.10.3); they stand around messages and belong to none.
OPENING = frozenset(("FHS", "BHS"))
CLOSING = frozenset(("BTS", "FTS"))
ENVELOPE = OPENING | CLOSING

_HEADER = re.compile(r"(?:^|[\r\n \t\x0b\ufeff])MSH([^\r\n]*)")


class Found(NamedTuple):
    """The segments of one message as text, and what they share."""

    lines: list[str]
    context: Context


def read_lenient(data: bytes) -> Found:
    """The segments of the one message in `data`. Raises `Invalid` where there is none, or more than one."""
    notes: list[str] = []
    text, codec = _decode(data, notes)
    text, indented = _unwrap(text, notes)
    if text.startswith("<"):
        return _from_xml(data, [note for note in notes if not note.startswith("MSH-18")])
    if "\n" in text:
        text = text.replace("\r\n", "\r").replace("\n", "\r")
        notes.append("segments end with LF or CRLF instead of CR")
    lines = _message_lines(text.split("\r"), indented, notes)
    delimiters, warning = read_delimiters(_announced(lines[0]))
    if warning:
        notes.append(warning)
    return Found(_joined(lines, delimiters.field, notes), Context(delimiters, codec, notes))


def _from_xml(data: bytes, notes: list[str]) -> Found:
    """The XML says itself in which characters it is written; MSH-18 counts when it is written as ER7."""
    lines = xml_encoding.read_xml(data).split("\r")
    delimiters, _ = read_delimiters(_announced(lines[0]))
    header = lines[0].split(delimiters.field)
    codec = charsets.codec_for_writing(header[17], delimiters) if len(header) > 17 else "utf-8"
    return Found(lines, Context(delimiters, codec, notes))


def is_envelope(line: str, names: frozenset[str]) -> bool:
    """Does the line begin with one of these segment names, whatever its field separator is?"""
    return line[:3] in names and not (line[3:4].isalnum() or line[3:4].isspace())


_MSH = frozenset(("MSH",))


def wide_codec(data: bytes) -> str | None:
    """The codec of UTF-16 text, told by its byte-order mark or by the zero beside its first letter; else None."""
    if data[:2] == b"\xff\xfe" or data[1:2] == b"\0" != data[:1]:
        return "utf-16-le"
    if data[:2] == b"\xfe\xff" or data[:1] == b"\0" != data[1:2]:
        return "utf-16-be"
    return None


def _decode(data: bytes, notes: list[str]) -> tuple[str, str]:
    wide = wide_codec(data)
    if wide is not None:
        try:
            return data.decode(wide).removeprefix("\ufeff"), wide
        except UnicodeDecodeError:
            raise Invalid("the text begins as UTF-16 but is not", where="MSH") from None
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        notes.append("a byte-order mark stands before the message")
    text, codec, warning = charsets.decode_body(data, *_declared(data))
    if warning:
        notes.append(warning)
    return text, codec


def _declared(data: bytes) -> tuple[str, Delimiters]:
    """MSH-18 as far as it can be made out in the bytes, and the delimiters."""
    match = _HEADER.search(data.decode("iso8859-1"))
    header = f"MSH{match[1]}" if match else "MSH"
    try:
        delimiters, _ = read_delimiters(_announced(header))
    except Invalid:
        return "", STANDARD  # it will be refused where the delimiters are needed, or is in the XML encoding
    fields = header.split(delimiters.field)
    return (fields[17] if len(fields) > 17 else ""), delimiters


def _unwrap(text: str, notes: list[str]) -> tuple[str, bool]:
    """Without frame bytes and white space around it; was the first line indented?"""
    bare = text.lstrip(" \t\r\n\x0b\ufeff")
    before = text[: len(text) - len(bare)]
    end = bare.rstrip("\r\n")
    if end.endswith("\x1c"):
        bare = end.rstrip("\x1c")
    if "\x0b" in before or end.endswith("\x1c"):
        notes.append("frame bytes of the transport stand around the message")
    if before.strip("\x0b"):
        notes.append("white space stands before the message")
    return bare, before.endswith((" ", "\t"))


def _announced(header: str) -> str:
    """MSH-1 and MSH-2 as they are written."""
    separator = header[3:4]
    end = header.find(separator, 4) if separator else -1
    return header[3:end] if end >= 0 else header[3:]


def _message_lines(lines: list[str], indented: bool, notes: list[str]) -> list[str]:
    """The lines from MSH to the last one before the trailers of a batch."""
    if indented:
        lines = [_outdented(line) for line in lines]
    start = next((n for n, line in enumerate(lines) if line.strip() and not is_envelope(line, OPENING)), len(lines))
    if start == len(lines) or not is_envelope(lines[start], _MSH):
        raise Invalid(f"line {start + 1} is not an MSH segment, with which a message begins", where="MSH")
    stop = next((n for n in range(start, len(lines)) if is_envelope(lines[n], CLOSING)), len(lines))
    for number, line in enumerate(lines[start + 1 :], start + 2):
        if is_envelope(line, _MSH):
            raise Invalid(f"line {number} begins another message; take them apart with split", where="MSH[2]")
        if number > stop and line.strip() and not is_envelope(line, CLOSING):
            raise Invalid(f"line {number} stands after the trailer of the batch", where=lines[stop][:3])
    if start > 0 or stop < len(lines):
        notes.append("the message stands in a batch envelope")
    return lines[start:stop]


def _outdented(line: str) -> str:
    """An indented segment without its white space; text that continues a value keeps its own."""
    bare = line.lstrip(" \t")
    return bare if is_segment_name(bare[:3]) and not bare[3:4].isalnum() and not bare[3:4].isspace() else line


def _joined(lines: list[str], separator: str, notes: list[str]) -> list[str]:
    """One text for each segment: lines without a segment name continue the one before, as a new line of its text."""
    segments: list[list[str]] = []
    blank: list[str] = []
    gaps = continued = False
    for line in lines:
        if not line.strip():
            blank.append(line)
        elif (line[3:4] == separator or len(line) == 3) and is_segment_name(line[:3]):
            gaps = gaps or bool(blank)
            blank = []
            segments.append([line])
        elif len(segments) == 1 or len(segments[-1][0]) == 3:
            # No field of MSH is a text of several lines, and a bare name has no field at all: this is damage, not a
            # value that goes on.
            raise Invalid("the line after this segment has no segment name", where=segments[-1][0][:3])
        else:
            continued = True
            segments[-1] += (*blank, line)
            blank = []
    if gaps:
        notes.append("blank lines stand between segments")
    if continued:
        notes.append("lines without a segment name were read as more text of the segment before them")
    return ["\n".join(parts) for parts in segments]
