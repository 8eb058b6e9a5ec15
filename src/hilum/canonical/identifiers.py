"""Identifiers of trade items, places and logistic units (GS1), of bank accounts, and the UNSPSC code of a thing.

Check digits: GS1 General Specifications 7.9, ISO 13616 (IBAN). A number whose check digit is wrong is refused: it names
something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hilum.errors import Invalid


def check_digit(digits: str) -> str:
    """The GS1 check digit that belongs behind these digits (weights 3 and 1 from the right)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def gtin(text: str) -> str:
    """A GTIN-8, -12, -13 or -14 in its one form of 14 digits. Raises `Invalid`."""
    return _checked(text, "GTIN", (8, 12, 13, 14)).rjust(14, "0")


def gln(text: str) -> str:
    """A Global Location Number, 13 digits. Raises `Invalid`."""
    return _checked(text, "GLN", (13,))


def sscc(text: str) -> str:
    """A Serial Shipping Container Code, 18 digits. Raises `Invalid`."""
    return _checked(text, "SSCC", (18,))


_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)


def iban(text: str) -> str:
    """An International Bank Account Number without spaces, in capitals. Raises `Invalid`."""
    compact = "".join(text.split()).upper()
    if not _IBAN.fullmatch(compact):
        raise Invalid("an IBAN has two letters, two digits, and 11 to 30 letters or digits")
    digits = "".join(str(int(letter, 36)) for letter in compact[4:] + compact[:4])
    if int(digits) % 97 != 1:
        raise Invalid("the check digits of the IBAN are wrong")
    return compact


def is_iban(text: str) -> bool:
    """Does it look like an IBAN? Its check digits may still be wrong."""
    return _IBAN.fullmatch(text) is not None


def _checked(text: str, kind: str, lengths: tuple[int, ...]) -> str:
    digits = text.strip().replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in lengths:
        raise Invalid(f"a {kind} has {' or '.join(map(str, lengths))} digits")
    if check_digit(digits[:-1]) != digits[-1]:
        raise Invalid(f"the check digit of the {kind} is wrong")
    return digits


@dataclass(frozen=True, slots=True)
class Unspsc:
    """A commodity of the United Nations Standard Products and Services Code, by its levels."""

    code: str  # eight digits

    @property
    def segment(self) -> str:
        """The first level: `42000000`."""
        return f"{self.code[:2]}000000"

    @property
    def family(self) -> str:
        """The second level: `42130000`."""
        return f"{self.code[:4]}0000"

    @property
    def category(self) -> str:
        """The third level, called class there: `42132200`."""
        return f"{self.code[:6]}00"


def unspsc(text: str) -> Unspsc:
    """Eight digits, or ten with the business function, which is left out. Raises `Invalid`.

    A level of zeros means all below it, so nothing may follow one.
    """
    digits = text.strip()
    levels = [digits[at : at + 2] for at in range(0, 8, 2)]
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (8, 10) or digits < "10":
        raise Invalid("a UNSPSC code has 8 digits (10 with the business function) and begins with 10 or more")
    if any(levels[at] == "00" and levels[at + 1] != "00" for at in range(3)):
        raise Invalid("a UNSPSC code has no level below one that is 00")
    return Unspsc(digits[:8])
