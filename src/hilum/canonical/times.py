"""Times with their zone: what a clock on a wall showed becomes a moment, or the reason why it cannot."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hilum.canonical.applied import apply, heard_by_nobody
from hilum.errors import Invalid


def zone(name: str) -> ZoneInfo:
    """The zone by its IANA name. Raises `Invalid` where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(f"there is no time zone '{name[:40]}'; write one such as Europe/Berlin") from None


def moment(clock: datetime, place: str, *, second: bool = False) -> datetime:
    """The moment at which clocks of this zone showed that; one that has an offset already keeps it.

    In the hour that the clock shows twice it is the first of both, unless `second`. A time that clocks skip there is
    `Invalid`: it never was.
    """
    if clock.tzinfo is not None:
        return clock
    found = clock.replace(tzinfo=zone(place), fold=int(second))
    if found.astimezone(UTC).astimezone(found.tzinfo).replace(tzinfo=None, fold=0) != clock.replace(fold=0):
        raise Invalid(f"clocks in {place} skip this time: summer time begins then")
    tell(clock, found)
    return found


def tell(clock: datetime, found: datetime) -> None:
    """Say to whoever listens that a clock time was taken for that of its zone. In UTC there is nothing to say."""
    place = str(found.tzinfo)
    if place != "UTC" and not heard_by_nobody():
        offset = f"{found:%z}"
        rule = f"clocks of {place} are {offset[:3]}:{offset[3:5]} then"
        apply("time zone", rule, clock.isoformat(timespec="seconds"), found.astimezone(UTC).isoformat())


def day(at: datetime, place: str) -> date:
    """The calendar day of a moment at a place: the day that a booking there belongs to. Raises `Invalid`."""
    if at.tzinfo is None:
        raise Invalid("the time has no offset, so its day elsewhere is not known")
    return at.astimezone(zone(place)).date()
