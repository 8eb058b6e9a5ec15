"""Numbers and times of HL7 v2 (chapter 2A): NM, SI, DT, TM's part of TS/DTM; reading and writing.

Error texts say what is expected, never what was found: the value may be a patient's.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal

from hilum.canonical import times
from hilum.errors import Invalid

# Lengths of the digits that a DTM may have, without fraction and offset: year, month, day, hour, minute, second.
_PRECISIONS = (4, 6, 8, 10, 12, 14)


def read_decimal(text: str, where: str) -> Decimal:
    """NM (§2A.47): sign, digits, decimal point. Raises `Invalid` for anything else, also for exponents and commas."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not _digits(digits.replace(".", "", 1)):
        raise Invalid("this is not a number (NM: digits with an optional sign and decimal point)", where=where)
    return Decimal(text)


def read_integer(text: str, where: str) -> int:
    """SI (§2A.70) or an NM without a fraction. Raises `Invalid` for anything else."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not _digits(digits) or len(digits) > 18:
        raise Invalid("this is not a whole number of at most 18 digits", where=where)
    return int(text)


def read_date(text: str, where: str) -> date:
    """DT (§2A.21), or the date of a DTM. A missing month or day is the first. Raises `Invalid` where it is none."""
    return read_timestamp(text, where).date()


def read_timestamp(text: str, where: str, zone: tzinfo | None = None) -> datetime:
    """DTM or TS (§2A.22, §2A.77): `YYYY[MM[DD[HH[MM[SS[.S…]]]]]][±ZZZZ]`, any precision.

    What the precision leaves out is the first month or day, hour 0 and so on. Digits of the second beyond the
    microsecond are cut off. Without an offset the result has `zone`, or none. Raises `Invalid` where it is none.
    """
    body, offset = _without_offset(text, where)
    digits, point, fraction = body.partition(".")
    if (
        not _digits(digits)
        or len(digits) not in _PRECISIONS
        or (point and not (len(digits) == 14 and _digits(fraction)))
    ):
        raise Invalid("this is not a date or time (YYYY[MM[DD[HH[MM[SS[.SSSS]]]]]][+/-ZZZZ])", where=where)
    try:
        found = datetime(
            int(digits[:4]),
            int(digits[4:6] or 1),
            int(digits[6:8] or 1),
            int(digits[8:10] or 0),
            int(digits[10:12] or 0),
            int(digits[12:14] or 0),
            int(fraction[:6].ljust(6, "0")),
            tzinfo=offset or zone,
        )
    except ValueError:
        raise Invalid("there is no such date or time in the calendar", where=where) from None
    if offset is None and zone is not None:
        times.tell(found.replace(tzinfo=None), found)
    return found


def write_timestamp(moment: datetime) -> str:
    """DTM to the second, with four digits of fraction where there is one, and the offset where the zone is known."""
    text = moment.strftime("%Y%m%d%H%M%S").rjust(14, "0")
    if moment.microsecond >= 100:
        text += f".{moment.microsecond // 100:04d}"
    return text + moment.strftime("%z")[:5]


def write_date(day: date) -> str:
    """DT to the day."""
    return day.strftime("%Y%m%d").rjust(8, "0")


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _without_offset(text: str, where: str) -> tuple[str, tzinfo | None]:
    for sign in "+-":
        body, found, offset = text.partition(sign)
        if not found:
            continue
        if len(offset) != 4 or not _digits(offset) or int(offset[:2]) > 14 or int(offset[2:]) > 59:
            raise Invalid("the offset from UTC is not +ZZZZ or -ZZZZ", where=where)
        minutes = int(offset[:2]) * 60 + int(offset[2:])
        return body, timezone(timedelta(minutes=-minutes if sign == "-" else minutes))
    return text, None
