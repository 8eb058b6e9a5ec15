"""Files and batches of messages (§2.10.3): taking them apart without losing a byte of a message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hilum.errors import Invalid
from hilum.formats.hl7v2.lenient import wide_codec

# A line that begins a message or is part of the envelope, whatever its field separator is. Frame bytes of the
# transport and white space may stand before it.
_HEAD = re.compile(r"(?:\A|(?<=[\r\n\x0b\x1c]))[ \t\x0b\ufeff]*(MSH|FHS|BHS|BTS|FTS)(?![A-Za-z0-9 \t])")
_LINE_END = re.compile(r"[\r\n]")
_BETWEEN = " \t\r\n\x0b\x1c\ufeff"


def split(data: bytes) -> Iterator[bytes]:
    """The messages in `data`, one after the other, each with all its bytes up to the next header or trailer.

    The envelope (FHS, BHS, BTS, FTS) may be there, be incomplete or be missing; transport frames around messages are
    taken off. A document in the XML encoding is one message. Blank data and an empty envelope give nothing. Raises
    `Invalid` with the line number where text belongs neither to a message nor to the envelope.
    """
    wide = wide_codec(data)
    if wide is None:
        # ISO 8859-1 maps every byte to the character of the same number, so places in the text are places in the data.
        for piece in _split(data.removeprefix(b"\xef\xbb\xbf").decode("iso8859-1")):
            yield piece.encode("iso8859-1")
        return
    try:
        text = data.decode(wide)
    except UnicodeDecodeError:
        raise Invalid("the text begins as UTF-16 but is not", where="line 1") from None
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    for piece in _split(text.removeprefix(mark)):
        yield (mark + piece).encode(wide)


def _split(text: str) -> Iterator[str]:
    if text.lstrip(_BETWEEN).startswith("<"):
        yield text
        return
    at = 0
    heads = list(_HEAD.finditer(text))
    for number, head in enumerate(heads):
        _nothing_between(text, at, head.start())
        stop = heads[number + 1].start() if number + 1 < len(heads) else len(text)
        if head[1] == "MSH":
            yield _unframed(text[head.start(1) : stop])
            at = stop
        else:
            end = _LINE_END.search(text, head.end())
            at = end.start() if end else len(text)
    _nothing_between(text, at, len(text))


def _unframed(message: str) -> str:
    end = message.rstrip("\r\n")
    return end.rstrip("\x1c") if end.endswith("\x1c") else message


def _nothing_between(text: str, start: int, stop: int) -> None:
    between = text[start:stop]
    junk = between.lstrip(_BETWEEN)
    if junk:
        place = start + len(between) - len(junk)
        line = len(re.findall(r"\r\n|\r|\n", text[:place])) + 1
        raise Invalid(f"text at byte {place + 1} belongs to no message and to no envelope", where=f"line {line}")
