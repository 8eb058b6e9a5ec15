"""The delimiters of a message, as MSH-1 and MSH-2 announce them.

HL7 v2.5.1 chapter 2, §2.5.4; the fifth encoding character, for truncation, came with v2.7 (§2.5.5.2).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from hilum.errors import Invalid

# Stands for a delimiter that MSH-2 leaves out. A lone surrogate never comes out of a strict decoder, so no text
# contains it and the reading code needs no test for "is there such a delimiter at all".
ABSENT = "\udc80"


class Delimiters(NamedTuple):
    """The characters that divide a message. A left-out one is `ABSENT`."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ABSENT

    @property
    def encoding_characters(self) -> str:
        """MSH-2 as it is written."""
        return "".join(self[1:]).replace(ABSENT, "")

    def completed(self) -> Delimiters:
        """The same, with the recommended character for each left-out one (a character already taken stays left out)."""
        values = list(self)
        for place, usual in enumerate(STANDARD[:5]):
            if values[place] == ABSENT and usual not in values:
                values[place] = usual
        return Delimiters(*values)


STANDARD = Delimiters()

DOUBLED_ESCAPE = "MSH-2: the escape character is written twice; read as one"
SHORT = "MSH-2: fewer than four encoding characters; the message cannot use the others"


@lru_cache(maxsize=256)
def read_delimiters(text: str) -> tuple[Delimiters, str]:
    """MSH-1 followed by MSH-2 (`|^~\\&`) → the delimiters, and a warning or an empty text.

    Raises `Invalid` at `MSH-1` or `MSH-2` where no message can be read with them.
    """
    separator, encoding = text[:1], text[1:]
    if not _usable(separator):
        raise Invalid("the field separator must be a printing character, not a letter or digit", where="MSH-1")
    if not encoding:
        raise Invalid("the encoding characters are missing", where="MSH-2")
    warning = ""
    if encoding[2:3] and encoding[2:3] == encoding[3:4]:
        encoding = encoding[:3] + encoding[4:]
        warning = DOUBLED_ESCAPE
    if len(encoding) > 5:
        raise Invalid("there are more than five encoding characters", where="MSH-2")
    if not all(map(_usable, encoding)):
        raise Invalid("an encoding character must be a printing character, not a letter or digit", where="MSH-2")
    if len({separator, *encoding}) != len(encoding) + 1:
        raise Invalid("the same character is announced for two purposes", where="MSH-2")
    if len(encoding) < 4:
        warning = warning or SHORT
        encoding += ABSENT * (4 - len(encoding))
    return Delimiters(separator, *encoding), warning


def _usable(character: str) -> bool:
    return (
        character.isprintable() and not character.isalnum() and not character.isspace() and character not in ('"', "")
    )
