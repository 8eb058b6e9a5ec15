"""Unique device identifiers as they are scanned: GS1 element strings, HIBCC bar codes, ICCBBA (ISBT 128) structures.

GS1 General Specifications 3 and 7.8; ANSI/HIBC 2.6; ISBT 128 Standard, device identification. What is read is checked
as far as the issuer provides for it.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from hilum.canonical.identifiers import gtin, sscc
from hilum.errors import Invalid

GS1, HIBCC, ICCBBA = "GS1", "HIBCC", "ICCBBA"
"""The issuing agencies."""

_SEPARATOR = "\x1d"  # FNC1 within an element string


@dataclass(frozen=True, slots=True, kw_only=True)
class Udi:
    """What a label says of a device. Empty or none: it does not say that."""

    issuer: str
    device: str  # the device identifier: a GTIN of 14 digits, or as the issuer writes it
    lot: str = ""
    serial: str = ""
    expires_on: date | None = None
    made_on: date | None = None
    quantity: int | None = None
    donation: str = ""  # ISBT 128: identification of the donation


def udi(text: str, *, year: int | None = None) -> Udi:
    """Read a scanned or printed UDI of any issuer. `year`: this one, for the century of two-digit years.

    Raises `Invalid`.
    """
    now = year or datetime.now(UTC).year
    code = text.strip("\r\n").lstrip(" ")
    if code.startswith("+"):  # its check character may be a space
        return _hibcc(code, now)
    code = code.rstrip(" ")
    if code.startswith(("=", "&")):
        return _iccbba(code, now)
    return _gs1(code, now)


_BEGINNING = re.compile(r"\s*(?:\(01\)\d{14}|\](?:d2|C1|Q3|e0|J1)|\+[A-Z][A-Z0-9]{3}[A-Z0-9]{1,18}\d|=/[A-Z0-9]{16})")


def is_udi(text: str) -> bool:
    """Does it begin as a printed or scanned UDI, and surely not as a code of a hospital? It may still be wrong."""
    return _BEGINNING.match(text) is not None


# ---- GS1

# Application identifiers with a length of their own; all others of the list below end at FNC1 or at the end.
_FIXED: Mapping[str, int] = MappingProxyType(
    {"00": 18, "01": 14, "02": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}
    | {str(ai): 13 for ai in range(410, 418)}
    | {
        f"{ai}{point}": 6
        for first, last in ((310, 316), (320, 337), (340, 357), (360, 369))
        for ai in range(first, last + 1)
        for point in range(6)
    }
)
_VARIABLE: Mapping[str, int] = MappingProxyType(
    {
        "10": 20, "21": 20, "22": 20, "235": 28, "240": 30, "241": 30, "242": 6, "243": 20, "250": 30, "251": 30,
        "253": 30, "254": 20, "255": 25, "30": 8, "37": 8, "400": 30, "401": 30, "402": 17, "403": 30, "420": 20,
        "421": 12,
        "422": 3, "710": 20, "711": 20, "712": 20, "713": 20, "714": 20, "715": 20, "716": 20, "7001": 13,
        "7002": 30, "7003": 10, "7004": 4, "7005": 12, "7006": 6, "7010": 2, "7011": 10, "7020": 20, "7021": 20,
        "7022": 20, "7023": 30, "7040": 4, "7240": 20, "7241": 2, "7242": 25, **{f"723{n}": 30 for n in range(10)},
        "8001": 14, "8002": 20, "8003": 30, "8004": 30, "8005": 6, "8006": 18, "8007": 34, "8008": 12, "8009": 50,
        "8010": 30, "8011": 12, "8012": 20, "8013": 25, "8017": 18, "8018": 18, "8019": 10, "8020": 25, "8026": 18,
        **{f"39{n}{point}": 15 for n in (0, 2) for point in range(10)},
        **{f"39{n}{point}": 18 for n in (1, 3) for point in range(10)}, **{f"394{point}": 4 for point in range(4)},
        **{f"395{point}": 6 for point in range(6)}, "8110": 70, "8112": 70, "8200": 70,
        "90": 30, **{str(ai): 90 for ai in range(91, 100)},
    }
)  # fmt: skip


def _gs1(code: str, now: int) -> Udi:
    found = elements(code)
    if "01" not in found:
        raise Invalid("the label has no device identifier (application identifier 01)")
    made = found.get("11")
    expires = found.get("17") or found.get("7003", "")[:6]
    count = found.get("30", "")
    if count and not count.isdigit():
        raise Invalid("the count is not a number", where="(30)")
    return Udi(
        issuer=GS1, device=gtin(found["01"]), lot=found.get("10", ""), serial=found.get("21", ""),
        expires_on=_day(expires, "(17)", now) if expires else None, made_on=_day(made, "(11)", now) if made else None,
        quantity=int(count) if count else None,
    )  # fmt: skip


def elements(code: str) -> dict[str, str]:
    """A GS1 element string by application identifier, scanned (with FNC1) or printed (with brackets).

    Raises `Invalid` for one that is not known, is there twice with another value, or has a wrong length.
    """
    code = re.sub(r"^\](?:d2|C1|Q3|e0|J1)", "", code).lstrip(_SEPARATOR)
    pairs = _printed(code) if code.startswith("(") else _scanned(code)
    found: dict[str, str] = {}
    for ai, value in pairs:
        length = _FIXED.get(ai)
        if length is not None and (len(value) != length or not (value.isascii() and value.isdigit())):
            raise Invalid(f"it must have {length} digits", where=f"({ai})")
        if length is None and not 1 <= len(value) <= _VARIABLE.get(ai, 0):
            raise Invalid(f"it must have 1 to {_VARIABLE.get(ai, 0)} characters", where=f"({ai})")
        if found.setdefault(ai, value) != value:
            raise Invalid("it is there twice, with different values", where=f"({ai})")
    if "01" in found:
        gtin(found["01"])
    if "00" in found:
        sscc(found["00"])
    return found


def _printed(code: str) -> list[tuple[str, str]]:
    pieces = re.findall(r"\((\d{2,4})\)((?:(?!\(\d{2,4}\)).)*)", code)
    if "".join(f"({ai}){value}" for ai, value in pieces) != code:
        raise Invalid("this is not a GS1 element string")
    for ai, _ in pieces:
        if ai not in _FIXED and ai not in _VARIABLE:
            raise Invalid("this application identifier is not known here", where=f"({ai})")
    return [(ai, value.strip()) for ai, value in pieces]


def _scanned(code: str) -> list[tuple[str, str]]:
    pairs = []
    while code:
        ai = next((code[:n] for n in (2, 3, 4) if code[:n] in _FIXED or code[:n] in _VARIABLE), None)
        if ai is None:
            raise Invalid("this is not a GS1 element string: no known application identifier where one must be")
        rest = code[len(ai) :]
        if ai in _FIXED:
            value, code = rest[: _FIXED[ai]], rest[_FIXED[ai] :].removeprefix(_SEPARATOR)
        else:
            value, _, code = rest.partition(_SEPARATOR)
        pairs.append((ai, value))
    if not pairs:
        raise Invalid("there is nothing to read")
    return pairs


def _day(digits: str, where: str, now: int) -> date:
    """YYMMDD; day 00 is the last one of the month (GS1 General Specifications 3.4.7)."""
    year, month, day = _century(int(digits[:2]), now), int(digits[2:4]), int(digits[4:6])
    if not 1 <= month <= 12:
        raise Invalid("there is no such month", where=where)
    return _date(year, month, day or calendar.monthrange(year, month)[1], where)


def _century(two: int, now: int) -> int:
    """The year with these two digits that is at most 49 years ago or 50 ahead (GS1 General Specifications 7.12)."""
    year = now - now % 100 + two
    return year - 100 if year - now > 50 else year + 100 if now - year > 49 else year


def _date(year: int, month: int, day: int, where: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Invalid("there is no such day", where=where) from None


def _day_of_year(year: int, day: int, where: str) -> date:
    found = date(year, 1, 1) + timedelta(days=day - 1) if day else date(year - 1, 12, 31)
    if found.year != year:
        raise Invalid("there is no such day of the year", where=where)
    return found


# ---- HIBCC

_HIBC_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
_PRIMARY = re.compile(r"\+([A-Z][A-Z0-9]{3})([A-Z0-9]{1,18})(\d)")
# After `$$`: the flag, how many digits follow it, and how they are read as a date.
_HIBC_DATES: Mapping[str, tuple[int, str]] = MappingProxyType(
    {"2": (6, "mdy"), "3": (6, "ymd"), "4": (8, "ymd"), "5": (5, "julian"), "6": (7, "julian"), "7": (0, "")}
)


def _hibcc(code: str, now: int) -> Udi:
    body, check = code[:-1], code[-1:].replace("_", " ")  # in print, a space is shown so
    if not body or any(letter not in _HIBC_CHARACTERS for letter in body + check):
        raise Invalid("an HIBC bar code has digits, capital letters and - . $ / + % only")
    if check != _HIBC_CHARACTERS[sum(map(_HIBC_CHARACTERS.index, body)) % 43]:
        raise Invalid("the check character of the HIBC bar code is wrong")
    first, *others = body.split("/")
    found = _PRIMARY.fullmatch(first)
    if found is None:
        raise Invalid("this is not an HIBC primary bar code: labeller, product and unit of measure")
    # The device identifier is all of the primary data: labeller, product and unit of measure.
    made = Udi(issuer=HIBCC, device=f"{found[1]}{found[2]}{found[3]}")
    for part in others:
        made = _hibc_part(made, part, now)
    return made


def _hibc_part(made: Udi, part: str, now: int) -> Udi:
    if part.startswith("$$"):
        return _hibc_dated(made, part[2:], now)
    if part.startswith("$+"):
        return replace(made, serial=part[2:])
    if part.startswith("$"):
        return replace(made, lot=part[1:])
    if part.startswith(("14D", "16D")) and len(part) == 11 and part[3:].isdigit():
        day = _date(int(part[3:7]), int(part[7:9]), int(part[9:11]), f"/{part[:3]}")
        return replace(made, expires_on=day) if part.startswith("14D") else replace(made, made_on=day)
    if part.startswith("S"):
        return replace(made, serial=part[1:])
    if part.startswith("Q") and part[1:].isdigit():
        return replace(made, quantity=int(part[1:]))
    if re.match(r"\d{5}", part):
        day = _day_of_year(_century(int(part[:2]), now), int(part[2:5]), "secondary data")
        return replace(made, expires_on=day, lot=part[5:])
    raise Invalid("this part of the HIBC bar code is not known here", where=f"/{part[:3]}")


def _hibc_dated(made: Udi, text: str, now: int) -> Udi:
    """Quantity, expiry date, then lot; or serial, where a `+` stands before them."""
    serial = text.startswith("+")
    text = text.removeprefix("+")
    if text[:1] in ("8", "9"):
        digits = 2 if text[0] == "8" else 5
        made, text = replace(made, quantity=_number(text[1 : 1 + digits], digits)), text[1 + digits :]
    expires, rest = _hibc_date(text, now)
    made = replace(made, expires_on=expires)
    return replace(made, serial=rest) if serial else replace(made, lot=rest)


def _hibc_date(text: str, now: int) -> tuple[date | None, str]:
    flag = text[:1]
    if flag in _HIBC_DATES:
        length, how = _HIBC_DATES[flag]
        digits, rest = text[1 : 1 + length], text[1 + length :]
        if not length:
            return None, rest
        _number(digits, length)
        if how == "julian":
            return _day_of_year(_century(int(digits[:2]), now), int(digits[2:5]), "expiry date"), rest
        if how == "mdy":
            digits = digits[4:6] + digits[:4]
        year = _century(int(digits[:2]), now)
        return _date(year, int(digits[2:4]), int(digits[4:6]), "expiry date"), rest
    if not text:
        return None, ""
    digits = text[:4]  # MMYY: the last day of the month
    _number(digits, 4)
    year, month = _century(int(digits[2:4]), now), int(digits[:2])
    if not 1 <= month <= 12:
        raise Invalid("there is no such month", where="expiry date")
    return _date(year, month, calendar.monthrange(year, month)[1], "expiry date"), text[4:]


def _number(digits: str, length: int) -> int:
    if len(digits) != length or not (digits.isascii() and digits.isdigit()):
        raise Invalid(f"{length} digits must stand in the HIBC secondary data")
    return int(digits)


# ---- ICCBBA

# Data structures of ISBT 128 that a device label has: its identifier and the form of its data.
_ISBT = re.compile(
    r"=/(?P<device>[A-Z0-9]{5}[A-Z0-9]{6}[A-Z0-9]{5})|=,(?P<serial>[A-Z0-9]{6})|=>(?P<expires>\d{6})|=\}(?P<made>\d{6})"
    r"|&,1(?P<lot>[A-Za-z0-9 ]{18})|=(?P<donation>[A-NP-Z1-9][A-Z0-9]{4}[0-9]{8}[A-Z0-9]{2})"
)


def _iccbba(code: str, now: int) -> Udi:
    parts: dict[str, str] = {}
    at = 0
    while at < len(code):
        found = _ISBT.match(code, at)
        if found is None:
            raise Invalid(f"this ISBT 128 data structure is not known here (character {at + 1})")
        parts |= {name: value for name, value in found.groupdict().items() if value is not None}
        at = found.end()
    if "device" not in parts:
        raise Invalid("the label has no device identifier (ISBT 128 data structure =/)")
    return Udi(
        issuer=ICCBBA, device=parts["device"], serial=parts.get("serial", ""), lot=parts.get("lot", "").strip(),
        donation=parts.get("donation", ""), expires_on=_isbt_day(parts.get("expires"), "=>", now),
        made_on=_isbt_day(parts.get("made"), "=}", now),
    )  # fmt: skip


def _isbt_day(digits: str | None, where: str, now: int) -> date | None:
    """cyyjjj: the century's last digit, the year, the day of the year."""
    if digits is None:
        return None
    year = (now // 1000) * 1000 + int(digits[:3])
    year -= 1000 if year - now > 500 else 0
    return _day_of_year(year, int(digits[3:]), where)
