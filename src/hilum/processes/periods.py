"""How long: ISO 8601 durations of days, hours, minutes and seconds, as `P3D`, `PT4H`, `P1DT12H`."""

from __future__ import annotations

import re
from datetime import timedelta

from hilum.errors import SettingsError

_FORM = re.compile(r"P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")

Period = str | timedelta
"""A duration, as text or as Python has it."""


def duration(period: Period) -> timedelta:
    """Raises `SettingsError` where the text is none. Months and years are none: they are not all equally long."""
    if isinstance(period, timedelta):
        return period
    found = _FORM.fullmatch(period)
    if found is None:
        raise SettingsError(
            f"“{period}” is no duration: write weeks, days, hours, minutes or seconds as in P3D, PT4H, P1DT12H."
        )
    weeks, days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
