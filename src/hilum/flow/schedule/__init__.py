"""When things run: a calendar of runs, and the windows in which a source looks or a receiver may be called.

    Calendar("0 6 * * MON-FRI", zone="Europe/Berlin", holidays="holidays", catch_up="latest")
    Windows("MON-FRI 06:00-18:00", "SAT 08:00-12:00", zone="Europe/Berlin", holidays=["2026-12-25"])

Both are pure: they are asked about a moment and know no clock. Moments go in and come out with their time zone (UTC).
"""

from hilum.flow.schedule.calendar import CATCH_UP_LIMIT, Calendar, CatchUp
from hilum.flow.schedule.days import Holidays
from hilum.flow.schedule.deciding import OVERLAP_WORDS, SUPERSEDED, Decision, Overlap, decide
from hilum.flow.schedule.windows import Windows

__all__ = [
    "CATCH_UP_LIMIT",
    "OVERLAP_WORDS",
    "SUPERSEDED",
    "Calendar",
    "CatchUp",
    "Decision",
    "Holidays",
    "Overlap",
    "Windows",
    "decide",
]
