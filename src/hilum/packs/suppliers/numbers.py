"""Numbers of banks and tax offices: is there such a number? Pure, no look-up anywhere.

Each function gives in words what is wrong, never the number; empty: nothing. Sources: ISO 13616 and the registry of
IBAN structures (lengths), ISO 9362 (BIC), the routing number policy of the American Bankers Association, the list of
valid prefixes of the Internal Revenue Service (EIN), and the Social Security Administration (SSN).
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from hilum.canonical import identifiers
from hilum.errors import Invalid

_LENGTHS: Final = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29"
    " ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20"
    " LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29"
    " PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
    " YE30"
)
IBAN_LENGTHS = MappingProxyType({each[:2]: int(each[2:]) for each in _LENGTHS.split()})
"""Characters of an IBAN, by its country."""

_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)

# Prefixes that no office has ever given out
_NO_EIN: Final = frozenset(
    ["00", "07", "08", "09", "17", "18", "19", "28", "29", "49", "69", "70", "78", "79", "89", "96", "97"]
)


def compact(text: str) -> str:
    """Letters and digits only, in capitals: dots, blanks and dashes are dress."""
    return "".join(letter for letter in text if letter.isalnum()).upper()


def plain_digits(text: str) -> bool:
    """Nothing but the digits 0 to 9, and at least one."""
    return text.isascii() and text.isdigit()


def iban(text: str) -> str:
    """What is wrong with an IBAN."""
    try:
        number = identifiers.iban(compact(text))
    except Invalid as error:
        return str(error)
    expected = IBAN_LENGTHS.get(number[:2])
    if expected is None:
        return f"{number[:2]} has no IBANs"
    if len(number) != expected:
        return f"an IBAN of {number[:2]} has {expected} characters, this has {len(number)}"
    if not 2 <= int(number[2:4]) <= 98:
        return "the check digits of an IBAN are 02 to 98"
    return ""


def aba(text: str) -> str:
    """What is wrong with a routing number of a bank in the United States."""
    digits = compact(text)
    if not plain_digits(digits) or len(digits) != 9:
        return "a routing number has 9 digits"
    district = int(digits[:2])
    if not (0 <= district <= 12 or 21 <= district <= 32 or 61 <= district <= 72 or district == 80):
        return "no routing number begins so"
    if digits == "000000000" or sum(int(d) * w for d, w in zip(digits, (3, 7, 1) * 3, strict=True)) % 10:
        return "the check digit of the routing number is wrong"
    return ""


def bic(text: str) -> str:
    """What is wrong with the identifier of a bank."""
    return "" if _BIC.fullmatch(compact(text)) else "a BIC has 8 or 11 characters: bank, country, place, branch"


def tin(text: str) -> str:
    """What is wrong with a taxpayer number of the United States: EIN, SSN or ITIN, by its dashes if it has some.

    These have no check digit: only numbers that were never given out are found.
    """
    digits = compact(text)
    if not plain_digits(digits) or len(digits) != 9:
        return "a taxpayer number has 9 digits"
    if re.fullmatch(r"\d{2}-\d{7}", text.strip()):
        return ein(text)
    if re.fullmatch(r"\d{3}-\d{2}-\d{4}", text.strip()):
        return _personal(digits)
    return "" if not ein(digits) or not _personal(digits) else "no such taxpayer number was given out"


def ein(text: str) -> str:
    """What is wrong with the number of an employer."""
    digits = compact(text)
    if not plain_digits(digits) or len(digits) != 9:
        return "an EIN has 9 digits"
    return "no EIN begins so" if digits[:2] in _NO_EIN else ""


def _personal(digits: str) -> str:
    """An SSN, or an ITIN, which begins with 9 and has 50 to 65, 70 to 88, 90 to 92 or 94 to 99 in the middle."""
    area, group, serial = digits[:3], int(digits[3:5]), digits[5:]
    if area[0] == "9":
        fits = 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99
        return "" if fits else "no ITIN has these digits in its middle"
    wrong = area in ("000", "666") or group == 0 or serial == "0000"
    return "no such social security number was given out" if wrong else ""
