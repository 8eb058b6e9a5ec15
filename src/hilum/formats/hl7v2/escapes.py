"""Escape sequences (HL7 v2.5.1 chapter 2, §2.7): from text to what may stand in a message, and back.

What reading makes of a sequence:

    \\F\\ \\S\\ \\T\\ \\R\\ \\E\\ \\P\\     the delimiter itself
    \\Xhh..\\                     the bytes, in the character set of the message
    \\.br\\ \\.ce\\                 one line end
    \\.sp\\ \\.sp n\\               one line end, n line ends
    \\.sk n\\                     n spaces
    \\H\\ \\N\\ \\.in n\\ \\.ti n\\ \\.fi\\ \\.nf\\    nothing: highlighting and layout have no place in a value
    \\Cxxyy\\ \\Mxxyyzz\\ \\Z..\\     kept as they are: their meaning is agreed outside the message
    anything else               kept as it is, with a warning in `Message.warnings`
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from hilum.formats.hl7v2.delimiters import ABSENT, STANDARD, Delimiters

# The longest run that `\.sp n\` and `\.sk n\` may ask for. Without a bound, twenty bytes could ask for gigabytes.
LONGEST_RUN = 255

_HEX = frozenset("0123456789abcdefABCDEF")
_LAYOUT_IGNORED = (".in", ".ti", ".fi", ".nf")


def escape(text: str, delimiters: Delimiters = STANDARD) -> str:
    """Text as it may stand in a message: delimiters, line ends and control characters become escape sequences.

    The text `""` would be read as the HL7 null (§2.5.3); its first quote is escaped. Raises `ValueError` where
    something needs escaping and the message announces no escape character.
    """
    if text.isalnum():
        return text
    escaped = text.translate(_escapes(delimiters))
    if text == '""':
        escaped = f'{delimiters.escape}X22{delimiters.escape}"'
    if delimiters.escape == ABSENT and escaped != text:
        raise ValueError("the text needs escape sequences, but MSH-2 announces no escape character")
    return escaped


def unescape(text: str, delimiters: Delimiters = STANDARD, codec: str = "utf-8") -> str:
    """The text that the encoded `text` stands for. `codec` is Python's name of the character set, for `\\Xhh\\`."""
    return decode(text, delimiters, codec)[0]


def decode(text: str, delimiters: Delimiters, codec: str) -> tuple[str, bool]:
    """As `unescape`, and whether every sequence was understood."""
    mark = delimiters.escape
    head, *rest = text.split(mark)
    out = [head]
    understood = True
    at = 0
    while at < len(rest):
        code = rest[at]
        closed = at + 1 < len(rest)
        meaning = _meaning(code, delimiters, codec) if closed else None
        if meaning is None:
            # A stray escape character (`C:\temp`) is itself; what follows may still be a sequence.
            understood = False
            out += (mark, code)
            at += 1
        else:
            out += (meaning, rest[at + 1])
            at += 2
    return "".join(out), understood


@lru_cache(maxsize=64)
def _escapes(delimiters: Delimiters) -> Mapping[int, str]:
    mark = delimiters.escape
    codes = {chr(control): f"X{control:02X}" for control in range(0x20) if control != 0x09}
    codes["\n"] = ".br"
    codes |= dict(zip(delimiters, "FSRETP", strict=True))
    codes.pop(ABSENT, None)
    return {ord(character): f"{mark}{code}{mark}" for character, code in codes.items()}


@lru_cache(maxsize=64)
def _fixed(delimiters: Delimiters) -> Mapping[str, str]:
    usual = (*STANDARD[:5], "#")
    meanings = {
        code: usual_one if own == ABSENT else own
        for code, own, usual_one in zip("FSRETP", delimiters, usual, strict=True)
    }
    return meanings | {"H": "", "N": "", ".br": "\n", ".BR": "\n", ".ce": "\n", ".sp": "\n", ".fi": "", ".nf": ""}


def _meaning(code: str, delimiters: Delimiters, codec: str) -> str | None:
    meaning = _fixed(delimiters).get(code)
    if meaning is not None:
        return meaning
    kind, rest = code[:1], code[1:]
    if kind == "X":
        return _bytes(rest, codec)
    if kind == ".":
        return _layout(code[:3], code[3:].strip())
    agreed_elsewhere = kind == "Z" or (kind in ("C", "M") and len(rest) in (4, 6) and _HEX.issuperset(rest))
    return f"{delimiters.escape}{code}{delimiters.escape}" if agreed_elsewhere else None


def _bytes(digits: str, codec: str) -> str | None:
    if not digits or len(digits) % 2 or not _HEX.issuperset(digits):
        return None
    raw = bytes.fromhex(digits)
    if raw.isascii() and (len(raw) == 1 or not codec.startswith("utf-16")):
        return raw.decode("ascii")
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None


def _layout(command: str, amount: str) -> str | None:
    amount = amount.removeprefix("+")
    if command in _LAYOUT_IGNORED:
        return ""
    unit = {".sp": "\n", ".sk": " "}.get(command)
    if unit is None or not (amount.isascii() and amount.isdigit()):
        return None
    return unit * int(amount) if len(amount) <= 3 and int(amount) <= LONGEST_RUN else None
