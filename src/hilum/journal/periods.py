"""ISO 8601 periods of days and longer, counted by the calendar: how long payloads are kept."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

_PERIOD = re.compile(r"P(?!$)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?")


def is_period(text: str) -> bool:
    """Is it a period of at least a day, such as `P7Y`, `P6M` or `P1Y6M`?"""
    found = _PERIOD.fullmatch(text)
    return found is not None and any(int(number or 0) for number in found.groups())


def after(day: date, period: str) -> date:
    """The day that comes so long after: a year after 29 February is 28 February. Raises `ValueError` for no period.

    What lies beyond the calendar is its last day.
    """
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise ValueError(f"{period!r} is no ISO 8601 period of days or longer")
    years, months, weeks, days = (int(number or 0) for number in found.groups())
    month = day.year * 12 + day.month - 1 + years * 12 + months
    year, number = divmod(month, 12)
    if year > date.max.year:
        return date.max
    last = calendar.monthrange(year, number + 1)[1]
    try:
        return date(year, number + 1, min(day.day, last)) + timedelta(days=weeks * 7 + days)
    except OverflowError:
        return date.max
