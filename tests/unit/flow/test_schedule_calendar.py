"""A calendar of runs says what cron would do, in the time of a place; checked minute by minute by a slow model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hilum.errors import SettingsError
from hilum.flow import Lookup
from hilum.flow.schedule import Calendar
from support.projects import write_lookup

pytestmark = pytest.mark.req("MSG-12")

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
DAYS = ("*", "MON-FRI", "SUN", "MON,WED")
WEEKDAYS = {"*": range(7), "MON-FRI": range(5), "SUN": [6], "MON,WED": [0, 2]}  # 0: Monday
MINUTES = {"0": [0], "30": [30], "5,50": [5, 50], "*/20": [0, 20, 40], "*": range(60)}
HOURS = {"*": range(24), "2": [2], "1-3": [1, 2, 3], "6": [6], "*/2": range(0, 24, 2)}
# around the days on which clocks jump, and an ordinary one
STARTS = [datetime(2026, 3, 28), datetime(2026, 10, 24), datetime(2026, 6, 10), datetime(2026, 4, 4)]
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]


def model(minute: str, hour: str, days: str, zone: ZoneInfo, after: datetime, until: datetime) -> set[datetime]:
    """Every minute is looked at. Fixed times are those of the wall, each once; with a star each real minute counts."""

    def fits(wall: datetime) -> bool:
        return wall.minute in MINUTES[minute] and wall.hour in HOURS[hour] and wall.weekday() in WEEKDAYS[days]

    if minute.startswith("*") or hour.startswith("*"):
        return {at for at in minutes(after, until) if fits(at.astimezone(zone))}
    found = set()
    for wall in minutes(after - timedelta(days=1), until + timedelta(days=1)):
        wall = wall.replace(tzinfo=None)
        if fits(wall):
            while not exists(wall, zone):
                wall += MINUTE  # right after the jump
            found.add(wall.replace(tzinfo=zone).astimezone(UTC))
    return {at for at in found if after < at <= until}


def minutes(after: datetime, until: datetime) -> Iterator[datetime]:
    at = after.replace(second=0, microsecond=0) + MINUTE
    while at <= until:
        yield at
        at += MINUTE


def exists(wall: datetime, zone: ZoneInfo) -> bool:
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall


@given(
    minute=st.sampled_from(sorted(MINUTES)),
    hour=st.sampled_from(sorted(HOURS)),
    days=st.sampled_from(DAYS),
    zone=st.sampled_from(ZONES),
    start=st.sampled_from(STARTS),
    offset=st.integers(0, 2 * 24 * 60),
    length=st.integers(1, 2 * 24 * 60),
)
@settings(max_examples=120, deadline=None)
def test_runs_are_those_of_cron_minute_by_minute(
    minute: str, hour: str, days: str, zone: str, start: datetime, offset: int, length: int
) -> None:
    # Known limit, told in docs/howto/schedules.md: where clocks jump by half an hour, some runs are missed.
    assume(not (zone == "Australia/Lord_Howe" and (hour != "*" or minute == "30")))
    calendar = Calendar(f"{minute} {hour} * * {days}", zone=zone)
    after = start.replace(tzinfo=UTC) + offset * MINUTE
    until = after + length * MINUTE
    found = list(calendar.between(after, until))
    assert found == sorted(model(minute, hour, days, calendar.zone, after, until))
    assert calendar.latest(after, until, 3) == found[-3:]
    assert calendar.after(after) is not None
    if found:
        assert calendar.after(after) == found[0]
        assert calendar.before(until + timedelta(seconds=1)) == found[-1]


def test_a_fixed_time_that_the_clock_skips_runs_right_after_the_jump() -> None:
    calendar = Calendar("30 2 * * *", zone="Europe/Berlin")
    day = datetime(2026, 3, 29, tzinfo=BERLIN)
    assert list(calendar.between(day, day + timedelta(days=1))) == [datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN)]


def test_a_fixed_time_that_the_clock_shows_twice_runs_once() -> None:
    calendar = Calendar("30 2 * * *", zone="Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN).astimezone(UTC)
    day = datetime(2026, 10, 25, tzinfo=BERLIN)
    assert list(calendar.between(day, day + timedelta(days=1))) == [first]
    # asked between the two showings: it was there already
    assert calendar.after(first + timedelta(minutes=10)) == datetime(2026, 10, 26, 2, 30, tzinfo=BERLIN)


def test_every_half_hour_goes_on_through_both_jumps() -> None:
    calendar = Calendar("*/30 * * * *", zone="Europe/Berlin")
    for day in (datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        found = list(calendar.between(day, day + timedelta(hours=8)))
        assert [b - a for a, b in pairwise(found)] == [timedelta(minutes=30)] * 15


def test_nothing_runs_on_holidays_of_a_list() -> None:
    calendar = Calendar("0 6 * * MON-FRI", zone="Europe/Berlin", holidays=["2026-12-25", date(2027, 1, 1)])
    found = list(calendar.between(datetime(2026, 12, 23, 12, tzinfo=UTC), datetime(2027, 1, 4, 12, tzinfo=UTC)))
    assert [at.astimezone(BERLIN).day for at in found] == [24, 28, 29, 30, 31, 4]
    assert calendar.before(datetime(2026, 12, 26, tzinfo=UTC)) == datetime(2026, 12, 24, 6, tzinfo=BERLIN)


def test_holidays_of_a_table_are_read_again_when_it_changes(tmp_path: Path) -> None:
    write_lookup(tmp_path, "holidays", "date,name\n2026-12-25,Christmas\n")
    lookup = Lookup(tmp_path / "lookups")
    calendar = Calendar("0 6 * * *", zone="UTC", holidays="holidays")
    calendar.bind(lookup)
    evening = datetime(2026, 12, 24, 20, tzinfo=UTC)
    assert calendar.after(evening) == datetime(2026, 12, 26, 6, tzinfo=UTC)
    write_lookup(tmp_path, "holidays", "date,name\n2026-12-25,Christmas\n2026-12-26,Boxing Day\n")
    lookup.refresh()
    assert calendar.after(evening) == datetime(2026, 12, 27, 6, tzinfo=UTC)
    write_lookup(tmp_path, "holidays", "date,name\n25.12.2026,a steward's slip\n")
    lookup.refresh()
    assert calendar.after(evening) == datetime(2026, 12, 27, 6, tzinfo=UTC), "the former days stay in force"


def test_a_wrong_table_of_holidays_is_told_with_its_file(tmp_path: Path) -> None:
    write_lookup(tmp_path, "holidays", "date,name\n25.12.2026,Christmas\n")
    with pytest.raises(SettingsError, match=r"lookups/holidays\.csv: '25\.12\.2026' is no date.*2026-12-25"):
        Calendar("0 6 * * *", zone="UTC", holidays="holidays").bind(Lookup(tmp_path / "lookups"))
    with pytest.raises(SettingsError, match=r"no lookup table 'feasts'; put feasts\.csv"):
        Calendar("0 6 * * *", zone="UTC", holidays="feasts").bind(Lookup(tmp_path / "lookups"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"cron": "0 6 * *"}, "five fields, for example '0 6"),
        ({"cron": "0 0 6 * * *"}, "five fields"),
        ({"cron": "61 * * * *"}, "the minute cannot be read"),
        ({"cron": "0 6 * * FOO"}, "the day-of-week cannot be read"),
        ({"cron": "0 6 30 2 *"}, "cannot be read"),
        ({"zone": "Mars/Olympus"}, "no time zone 'Mars/Olympus'.*'Europe/Berlin'"),
        ({"zone": "../../etc/passwd"}, "no time zone"),
        ({"holidays": ["tomorrow"]}, "'tomorrow' is no date"),
        ({"catch_up": "some"}, "'latest', 'all' or 'skip'"),
    ],
)
def test_a_calendar_that_cannot_be_is_told_with_an_example(settings: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=f"Calendar.*{words}"):
        Calendar(**{"cron": "0 6 * * *", "zone": "UTC", **settings})  # type: ignore[arg-type]


def test_years_of_missed_minutes_are_not_counted_through() -> None:
    calendar = Calendar("* * * * *", zone="Europe/Berlin")
    until = datetime(2026, 6, 1, tzinfo=UTC)
    found = calendar.latest(datetime(1990, 1, 1, tzinfo=UTC), until, 1000)
    assert found == [until - (999 - n) * MINUTE for n in range(1000)]


def test_a_calendar_speaks_to_people() -> None:
    calendar = Calendar("0 6 * * MON-FRI", zone="Europe/Berlin", holidays=["2026-12-25"])
    assert calendar.words() == (
        "at 06:00 on Monday to Friday (Europe/Berlin), not on holidays; missed runs are made up once"
    )
    assert Calendar("*/15 * * * *", zone="UTC", catch_up="skip").words() == (
        "every 15th minute of every hour (UTC); missed runs are left out"
    )
    assert calendar.at(datetime(2026, 11, 2, 5, tzinfo=UTC)) == "Monday 2 November 2026, 06:00"
