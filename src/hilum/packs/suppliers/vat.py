"""Numbers of the value added tax by country: their shapes, and their check digits where the country has published how.

For the countries of `_CHECKS` a wrong digit is found; for the others of `SHAPES` only the shape is looked at. Whether
the number is in use says only the register of its country (VIES for the Union): this is arithmetic. Sources: the
structure of numbers in VIES (European Commission), ISO/IEC 7064 (mod 11,10), ISO/IEC 7812-1 (Luhn).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Final

from hilum.packs.suppliers.numbers import compact

SHAPES = MappingProxyType(
    {
        "AT": r"U\d{8}",
        "BE": r"[01]\d{9}",
        "BG": r"\d{9,10}",
        "CH": r"E?\d{9}(?:MWST|TVA|IVA)?",
        "CY": r"\d{8}[A-Z]",
        "CZ": r"\d{8,10}",
        "DE": r"[1-9]\d{8}",
        "DK": r"\d{8}",
        "EE": r"\d{9}",
        "EL": r"\d{9}",
        "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
        "FI": r"\d{8}",
        "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
        "GB": r"\d{9}(?:\d{3})?",
        "HR": r"\d{11}",
        "HU": r"\d{8}",
        "IE": r"\d{7}[A-W][A-I]?",
        "IT": r"\d{11}",
        "LT": r"\d{9}(?:\d{3})?",
        "LU": r"\d{8}",
        "LV": r"\d{11}",
        "MT": r"\d{8}",
        "NL": r"\d{9}B\d{2}",
        "NO": r"\d{9}(?:MVA)?",
        "PL": r"\d{10}",
        "PT": r"\d{9}",
        "RO": r"\d{2,10}",
        "SE": r"\d{10}01",
        "SI": r"[1-9]\d{7}",
        "SK": r"\d{10}",
    }
)
"""What follows the letters of the country. Greece is EL, Switzerland CHE."""

_ALIASES: Final = MappingProxyType({"GR": "EL", "UK": "GB"})


def vat(country: str, text: str) -> str:
    """What is wrong with a number, with or without the country's letters before it; empty: nothing is."""
    country = _ALIASES.get(country, country)
    if country not in SHAPES:
        return ""
    number = compact(text)
    for letters in (country, *(alias for alias, meant in _ALIASES.items() if meant == country)):
        if number.startswith(letters) and re.fullmatch(SHAPES[country], number[2:], re.ASCII):
            number = number[2:]
            break
    if country == "BE" and (old := re.fullmatch(r"(?:BE)?(\d{9})", number, re.ASCII)):
        number = f"0{old[1]}"  # as they were written before 2005
    if not re.fullmatch(SHAPES[country], number, re.ASCII):
        return f"a VAT number of {country} does not look so"
    check = _CHECKS.get(country)
    return "" if check is None or check(number) else f"the check digits of the VAT number of {country} are wrong"


def _weighed(number: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = [int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(number))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def mod_11_10(number: str) -> bool:
    """ISO/IEC 7064, hybrid system mod 11,10."""
    rest = 10
    for digit in number[:-1]:
        rest = (rest + int(digit)) % 10 or 10
        rest = rest * 2 % 11
    return (rest + int(number[-1])) % 10 == 1


def _at(number: str) -> bool:
    total = sum(sum(divmod(int(d) * (2 if place % 2 else 1), 10)) for place, d in enumerate(number[1:8]))
    return (10 - (total + 4) % 10) % 10 == int(number[8])


def _be(number: str) -> bool:
    return 97 - int(number[:8]) % 97 == int(number[8:])


def _ch(number: str) -> bool:
    digits = re.sub(r"\D", "", number)
    return (11 - _weighed(digits, (5, 4, 3, 2, 7, 6, 5, 4))) % 11 == int(digits[8])


def _dk(number: str) -> bool:
    return _weighed(number, (2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def _el(number: str) -> bool:
    return _weighed(number, (256, 128, 64, 32, 16, 8, 4, 2)) % 11 % 10 == int(number[8])


def _es(number: str) -> bool:
    """A person's number (letters by the rest of 23), or a company's (Luhn, as a digit or as a letter)."""
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    if number[0].isdigit() or number[0] in "XYZ":
        body = number[:-1].translate(str.maketrans("XYZ", "012"))
        return letters[int(body) % 23] == number[-1]
    if number[0] in "KLM":
        return letters[int(number[1:-1]) % 23] == number[-1] or number[-1].isalpha()
    check = next(d for d in "0123456789" if luhn(number[1:-1] + d))
    return number[-1] in (check, "JABCDEFGHI"[int(check)])


def _fi(number: str) -> bool:
    return _weighed(number, (7, 9, 10, 5, 8, 4, 2, 1)) % 11 == 0


def _fr(number: str) -> bool:
    """The SIREN by Luhn, but for the post office, whose numbers are not made so; a key of two digits by the SIREN."""
    siren = number[2:]
    if number[:2].isdigit() and int(number[:2]) != (12 + 3 * (int(siren) % 97)) % 97:
        return False
    return luhn(siren) or siren.startswith("356000000")


def _gb(number: str) -> bool:
    return (_weighed(number, (8, 7, 6, 5, 4, 3, 2)) + int(number[7:9])) % 97 in (0, 42)


def _ie(number: str) -> bool:
    total = _weighed(number[:7], (8, 7, 6, 5, 4, 3, 2))
    if len(number) == 9:
        total += 9 * (ord(number[8]) - ord("A") + 1)
    return "WABCDEFGHIJKLMNOPQRSTUV"[total % 23] == number[7]


def _lu(number: str) -> bool:
    return int(number[:6]) % 89 == int(number[6:])


def _nl(number: str) -> bool:
    """By eleven, as of companies; or by 97 over the whole, as of sole traders since 2020."""
    if _weighed(number, (9, 8, 7, 6, 5, 4, 3, 2)) % 11 == int(number[8]):
        return True
    return int("".join(str(int(letter, 36)) for letter in f"NL{number}")) % 97 == 1


def _no(number: str) -> bool:
    return (11 - _weighed(number, (3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11 == int(number[8])


def _pl(number: str) -> bool:
    return _weighed(number, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(number[9])


def _pt(number: str) -> bool:
    rest = 11 - _weighed(number, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if rest > 9 else rest) == int(number[8])


def _se(number: str) -> bool:
    return luhn(number[:10])


def _sk(number: str) -> bool:
    return int(number) % 11 == 0


_CHECKS: Final = MappingProxyType[str, Callable[[str], bool]](
    {
        "AT": _at, "BE": _be, "CH": _ch, "DE": mod_11_10, "DK": _dk, "EL": _el, "ES": _es, "FI": _fi, "FR": _fr,
        "GB": _gb, "HR": mod_11_10, "IE": _ie, "IT": luhn, "LU": _lu, "NL": _nl, "NO": _no, "PL": _pl, "PT": _pt,
        "SE": _se, "SK": _sk,
    }
)  # fmt: skip
CHECKED: Final = tuple(_CHECKS)
"""Countries of whose numbers the check digits are looked at."""
