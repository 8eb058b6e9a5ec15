"""Character sets: MSH-18 (HL7 table 0211) and what Python calls them."""

from __future__ import annotations

from functools import lru_cache

from hilum.formats.hl7v2.delimiters import Delimiters
from hilum.formats.hl7v2.escapes import unescape

# The names of table 0211 (v2.8.2 chapter 2C), then spellings that are not in it and are met all the same.
# CNS 11643-1992 has no decoder in Python; it is treated like an unknown name.
_CODECS = {
    "ASCII": "ascii",
    "ISO IR6": "ascii",
    **{f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "GB 18030-2000": "gb18030",
    "BIG-5": "big5hkscs",
    "KS X 1001": "euc_kr",
    # The Japanese sets switch by escape sequences; this codec knows all of them.
    "ISO IR13": "iso2022_jp_ext",
    "ISO IR14": "iso2022_jp_ext",
    "ISO IR87": "iso2022_jp_ext",
    "ISO IR159": "iso2022_jp_ext",
    "US-ASCII": "ascii",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "UNICODE UTF8": "utf-8",
    "UTF-16": "utf-16",
    **{f"ISO-8859-{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
    **{f"ISO 8859-{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
    **{f"ISO8859-{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
    "WINDOWS-1252": "cp1252",
    "CP1252": "cp1252",
    "GB18030": "gb18030",
    "BIG5": "big5hkscs",
    "SHIFT_JIS": "shift_jis",
}


@lru_cache(maxsize=256)
def codec_of(field: str, delimiters: Delimiters) -> str | None:
    """Python's name for what MSH-18, as it is encoded, announces; None where it announces nothing that is known.

    The first repetition is the set the message begins in, the others are those it may switch to (§2.15.9.18). Only
    the Japanese sets are switched to in practice, so they win: `~ISO IR87` is ASCII that switches to JIS X 0208.
    """
    names = (unescape(name, delimiters) for name in field.split(delimiters.repetition))
    codecs = [_CODECS.get(" ".join(name.upper().split())) for name in names]
    if "iso2022_jp_ext" in codecs:
        return "iso2022_jp_ext"
    return codecs[0]


def decode_body(body: bytes, field: str, delimiters: Delimiters) -> tuple[str, str, str]:
    """The bytes of a message and its MSH-18 → its text, the codec that read it, a warning or an empty text.

    Without MSH-18, or where the bytes contradict it: UTF-8 if they are that, else Windows-1252, else ISO 8859-1
    (which reads anything). All three give back the very same bytes when an edited message is written.
    """
    declared = codec_of(field, delimiters)
    if declared is not None and declared != "utf-16":
        text = _try(body, declared)
        if text is not None:
            return text, declared, ""
    for codec in ("utf-8", "cp1252", "iso8859-1"):
        text = _try(body, codec)
        if text is not None:
            return text, codec, _warning(bool(field), codec)
    raise AssertionError("ISO 8859-1 reads any bytes")


def codec_for_writing(field: str, delimiters: Delimiters) -> str:
    """The codec in which a message is written whose MSH-18 is set to `field`; UTF-8 where that announces nothing."""
    codec = codec_of(field, delimiters) or "utf-8"
    return "utf-16-be" if codec == "utf-16" else codec


def encode_body(text: str, codec: str) -> bytes:
    """Text as bytes; UTF-16 begins with its byte-order mark. Raises `UnicodeEncodeError`."""
    return ("\ufeff" + text if codec.startswith("utf-16") else text).encode(codec)


def _try(body: bytes, codec: str) -> str | None:
    try:
        text = body.decode(codec)
        if codec.startswith("iso2022") and ("\x1b" in text or text.encode(codec).decode(codec) != text):
            return None  # the decoder let pass what the set does not have; it could not be written again
    except UnicodeError:
        return None
    return text


def _warning(declared: bool, codec: str) -> str:
    readable = {"utf-8": "UTF-8", "cp1252": "Windows-1252", "iso8859-1": "ISO 8859-1"}[codec]
    if declared:
        return f"MSH-18: the character set is unknown, or the bytes are not in it; read as {readable}"
    if codec == "utf-8":
        return ""
    return f"MSH-18: no character set is given and the bytes are not UTF-8; read as {readable}"
