"""The character set that all banks take (EPC217-08, SEPA conversion table), identifiers, limits of the schemas."""

from __future__ import annotations

import re
import unicodedata

from hilum.errors import Invalid

ID_LIMIT = 35  # characters, Max35Text
NAME_LIMIT = 70  # characters; the schemas allow 140, banks and clearing houses 70
TEXT_LIMIT = 140  # characters, Max140Text

_OTHERS = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
# Letters that have no decomposition in Unicode, and signs with a usual way of writing.
_WRITTEN = str.maketrans(
    {
        "ß": "ss", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Ł": "L", "ł": "l", "Đ": "D",
        "đ": "d", "Ð": "D", "ð": "d", "Þ": "TH", "þ": "th", "ı": "i", "&": "+", "_": "-", "–": "-", "—": "-",
        "’": "'", "‘": "'", "`": "'", "´": "'", "“": "'", "”": "'", '"': "'", ";": ",", "€": "EUR", "@": "(at)",
        "\n": " ", "\t": " ", "\u00a0": " ",
    }
)  # fmt: skip


def latin(text: str) -> str:
    """The text in the banks' character set: accents fall off, what has no way of writing becomes a point."""
    plain = unicodedata.normalize("NFKD", text.translate(_WRITTEN))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(_OTHERS.sub(".", plain).split())


def name(text: str, where: str) -> str:
    """A name for a bank, cut at 70 characters. Raises `Invalid` where nothing of it is left."""
    found = latin(text)[:NAME_LIMIT].strip()
    if not found:
        raise Invalid("a name is missing", where=where)
    return found


def purpose(text: str, where: str) -> str:
    """What a payment is for. Raises `Invalid` above 140 characters: cut, the receiver could not tell what is paid."""
    found = latin(text)
    if len(found) > TEXT_LIMIT:
        raise Invalid(f"the text has more than {TEXT_LIMIT} characters", where=where)
    return found


def identifier(text: str, where: str) -> str:
    """An identifier as it is. Raises `Invalid` where a bank would refuse it; it is never changed, as it comes back."""
    if not 1 <= len(text) <= ID_LIMIT:
        raise Invalid(f"an identifier has 1 to {ID_LIMIT} characters", where=where)
    if _OTHERS.search(text) or text != text.strip():
        raise Invalid("an identifier has letters without accents, digits and / - ? : ( ) . , ' + only", where=where)
    if text.startswith("/") or text.endswith("/") or "//" in text:
        raise Invalid("an identifier does not begin or end with a slash, nor has two in a row", where=where)
    return text
