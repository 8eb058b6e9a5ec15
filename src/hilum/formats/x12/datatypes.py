"""Numbers, dates and times of X12 (X12.6 §3.3): N0 to N9, R, DT, TM; reading and writing.

Error texts say what is expected, never what was found: the value may be a patient's.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

from hilum.errors import Invalid

# Two-digit years up to this one are of this century, as the windows of most translators have it (ISA09 has no other).
CENTURY_PIVOT = 70


def read_decimal(text: str, where: str) -> Decimal:
    """R: digits with a decimal point, and a minus sign where below 0. Raises `Invalid`."""
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not _digits(digits.replace(".", "", 1)):
        raise Invalid("this is not a number: digits with a decimal point", where=where)
    return Decimal(text)


def read_implied(text: str, places: int, where: str) -> Decimal:
    """N0 to N9: a whole number whose last `places` digits are decimals, `12345` with 2 is 123.45. Raises `Invalid`."""
    digits = text.removeprefix("-")
    if not _digits(digits):
        raise Invalid(f"this is not a number of type N{places}: digits without a decimal point", where=where)
    return Decimal(text).scaleb(-places)


def read_integer(text: str, where: str) -> int:
    """N0. Raises `Invalid`."""
    if not _digits(text.removeprefix("-")):
        raise Invalid("this is not a whole number", where=where)
    return int(text)


def read_date(text: str, where: str) -> date:
    """DT: CCYYMMDD, or YYMMDD as in ISA09 and before version 004010. Raises `Invalid`."""
    if not _digits(text) or len(text) not in (6, 8):
        raise Invalid("this is not a date (CCYYMMDD)", where=where)
    if len(text) == 6:
        text = ("20" if int(text[:2]) < CENTURY_PIVOT else "19") + text
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        raise Invalid("there is no such date in the calendar", where=where) from None


def read_time(text: str, where: str) -> time:
    """TM: HHMM, HHMMSS, and to tenths or hundredths of a second. Raises `Invalid`."""
    if not _digits(text) or len(text) not in (4, 6, 7, 8):
        raise Invalid("this is not a time (HHMM[SS[DD]])", where=where)
    try:
        return time(int(text[:2]), int(text[2:4]), int(text[4:6] or 0), int(text[6:8].ljust(2, "0") or 0) * 10_000)
    except ValueError:
        raise Invalid("there is no such time of day", where=where) from None


def write_decimal(number: Decimal | int) -> str:
    """R, as short as it can be: no zeros at either end, no point at the end. Raises `ValueError` for NaN."""
    number = Decimal(number)
    if not number.is_finite():
        raise ValueError("a number in X12 is finite")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def write_implied(number: Decimal, places: int) -> str:
    """N0 to N9. Raises `ValueError` where the number has more decimals than that."""
    if not number.is_finite():
        raise ValueError("a number in X12 is finite")
    scaled = number.scaleb(places)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"the number has more than {places} decimals")
    return format(int(scaled), "d")


def write_date(day: date) -> str:
    """CCYYMMDD."""
    return day.strftime("%Y%m%d").rjust(8, "0")


def write_time(moment: time | datetime) -> str:
    """HHMM, or HHMMSS where there are seconds."""
    return moment.strftime("%H%M%S") if moment.second else moment.strftime("%H%M")


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
