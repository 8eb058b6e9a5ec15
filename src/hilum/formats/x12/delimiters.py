"""The delimiters of an interchange, as its ISA segment announces them (X12.5 §3; X12.6 §3.5 for what may be one).

ISA is the one segment of fixed width: 106 bytes with its end. The byte after `ISA` divides elements, ISA16 components,
the byte after ISA16 ends segments, and from version 00402 on ISA11 divides repetitions. Many senders do not pad its
elements, so the delimiters are found by counting elements, and what is not of that width is noted as a warning.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from hilum.errors import Invalid

# Stands for "this interchange does not repeat elements". A lone surrogate never comes out of a strict decoder, so no
# text contains it and the reading code needs no test for it.
ABSENT = "\udc80"

ISA_BYTES = 106
_FIRST_WITH_REPETITION = "00402"
_EBCDIC_ISA = b"\xc9\xe2\xc1"


class Delimiters(NamedTuple):
    """The characters that divide an interchange. A left-out repetition separator is `ABSENT`."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    segment: str = "~"


STANDARD = Delimiters()

NOT_FIXED = "ISA: its elements are not of fixed width"
NO_REPETITION = "ISA-11: this cannot divide repetitions; read as if elements did not repeat"


class Header(NamedTuple):
    """What the head of an interchange says of its form."""

    delimiters: Delimiters
    length: int  # bytes of the ISA segment, without its end
    warnings: tuple[str, ...]


def find_header(data: bytes | bytearray, start: int) -> Header | None:
    """The header of the interchange that begins at `start` with `ISA`; None while more bytes are needed to tell.

    Raises `Invalid` at `ISA` where no interchange can be read with it.
    """
    head = bytes(data[start : start + 512])
    if head.startswith(_EBCDIC_ISA):
        raise Invalid("the file is in EBCDIC; have it sent in ASCII or UTF-8", where="ISA")
    if len(head) < 4:
        return None
    if not head.startswith(b"ISA"):
        raise Invalid("an interchange begins with ISA", where="ISA")
    at = 3
    for _ in range(15):
        at = head.find(head[3:4], at + 1)
        if at < 0:
            if len(head) < 512:
                return None
            raise Invalid("the header has fewer than 16 elements", where="ISA")
    # at is the separator before ISA16; one byte is the component separator, the next ends the segment
    if len(head) < at + 3:
        return None
    return _header(head[: at + 3])


@lru_cache(maxsize=1024)
def _header(head: bytes) -> Header:
    element, component, segment = chr(head[3]), chr(head[-2]), chr(head[-1])
    for character, where in ((element, "ISA"), (component, "ISA-16"), (segment, "ISA-16")):
        if not _usable(character, line_ends=character is segment):
            raise Invalid("a delimiter must be a printing character, not a letter or digit", where=where)
    if len({element, component, segment}) < 3:
        raise Invalid("the same character is announced for two purposes", where="ISA-16")
    if head.count(head[-1:]) > 1:
        raise Invalid("the end of segments stands within the header", where="ISA")
    fields = head.split(head[3:4])
    repetition, warnings = ABSENT, []
    if len(head) != ISA_BYTES:
        warnings.append(NOT_FIXED)
    announced = fields[11].decode("latin-1")
    version = fields[12].strip().decode("latin-1")
    if _digits(version) and version >= _FIRST_WITH_REPETITION and announced != "U":
        if len(announced) == 1 and _usable(announced) and announced not in (element, component, segment):
            repetition = announced
        else:
            warnings.append(NO_REPETITION)
    return Header(Delimiters(element, component, repetition, segment), len(head) - 1, tuple(warnings))


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _usable(character: str, *, line_ends: bool = False) -> bool:
    """May it divide? Control characters may (X12.6 suggests 1C to 1F), letters, digits and spaces would be values."""
    if not character.isascii() or character.isalnum() or character in ' ".-+':
        return False
    return line_ends or character not in "\r\n"
