"""The delimiters and character set of an interchange, as UNA and UNB announce them (ISO 9735-1 §7, §8, annex A)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from hilum.errors import Invalid

ABSENT = "\udc80"
"""Stands for "not used": a lone surrogate never comes out of a strict decoder, so no text contains it."""


class Delimiters(NamedTuple):
    """The characters that divide an interchange. A left-out release or repetition character is `ABSENT`."""

    component: str = ":"
    element: str = "+"
    decimal: str = "."
    release: str = "?"
    repetition: str = ABSENT
    segment: str = "'"


STANDARD = Delimiters()
STANDARD_4 = STANDARD._replace(repetition="*")  # syntax version 4 divides repetitions

CODECS: Mapping[str, str] = MappingProxyType(
    {
        "UNOA": "ascii", "UNOB": "ascii", "UNOC": "iso8859-1", "UNOD": "iso8859-2", "UNOE": "iso8859-5",
        "UNOF": "iso8859-7", "UNOG": "iso8859-3", "UNOH": "iso8859-4", "UNOI": "iso8859-6", "UNOJ": "iso8859-8",
        "UNOK": "iso8859-9", "UNOW": "utf-8", "UNOX": "iso2022_jp_2", "UNOY": "utf-8",
    }
)  # fmt: skip
"""Python's names of the character sets (data element 0001).

UNOX is code extension by the escapes of ISO 2022: of its many sets those of RFC 1554 are read and written, which are
Japanese, Chinese, Korean, Latin and Greek.
"""


def read_una(una: bytes) -> Delimiters:
    """The nine bytes of UNA. Raises `Invalid` where no interchange can be read with them.

    The fifth character divides repetitions from syntax version 4 on only: see `for_version`.
    """
    text = una[3:9].decode("latin-1")
    component, element, decimal, release, repetition, segment = tuple(text)
    for each in (component, element, segment, release.replace(" ", "?"), repetition.replace(" ", "*")):
        if not each.isascii() or each.isalnum() or each == " ":
            raise Invalid("a delimiter must be a printing character, not a letter, digit or blank", where="UNA")
    used = [component, element, segment, *(each for each in (release, repetition) if each != " ")]
    if len(set(used)) < len(used):
        raise Invalid("the same character is announced for two purposes", where="UNA")
    absent = {" ": ABSENT}
    return Delimiters(
        component, element, decimal, absent.get(release, release), absent.get(repetition, repetition), segment
    )


def for_version(announced: Delimiters | None, version: str) -> Delimiters:
    """The delimiters in a syntax version (UNB-01.2), with or without UNA."""
    repeats = version.isascii() and version.isdigit() and int(version) >= 4
    if announced is None:
        return STANDARD_4 if repeats else STANDARD
    return announced if repeats else announced._replace(repetition=ABSENT)


def decoded(raw: bytes, identifier: str) -> tuple[str, str]:
    """The text and Python's name of its character set: the announced one, else UTF-8, else ISO 8859-1.

    Many senders announce UNOA and write names with accents. What was found is written again, so no byte changes.
    """
    for codec in (CODECS.get(identifier, "ascii"), "utf-8"):
        try:
            return raw.decode(codec), codec
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1"), "latin-1"
