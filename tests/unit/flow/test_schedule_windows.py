"""Windows are open when the clock of the place shows it; checked minute by minute, over the jumps of clocks too."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hilum.errors import SettingsError
from hilum.flow.schedule import Windows

pytestmark = pytest.mark.req("MSG-12")

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


@given(
    begin=st.integers(0, 95).map(lambda quarter: quarter * 15),
    length=st.integers(1, 95).map(lambda quarter: quarter * 15),
    days=st.sets(st.integers(0, 6), min_size=1),
    start=st.sampled_from([datetime(2026, 6, 10), datetime(2026, 3, 28), datetime(2026, 10, 24)]),
    offset=st.integers(0, 3 * 96).map(lambda quarter: quarter * 15),
)
@settings(max_examples=150, deadline=None)
def test_open_is_what_the_wall_shows(begin: int, length: int, days: set[int], start: datetime, offset: int) -> None:
    """But for the hour that is shown twice, where a window stays open from the first showing to the last."""
    end = begin + length
    names = ",".join(("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")[day] for day in days)
    windows = Windows(f"{names} {_clock(begin)}-{_clock(end % 1440) if end != 1440 else '24:00'}", zone="Europe/Berlin")
    moment = start.replace(tzinfo=UTC) + offset * MINUTE

    def shown(at: datetime) -> bool:
        wall = at.astimezone(BERLIN)
        minute = wall.hour * 60 + wall.minute
        today = wall.weekday() in days and begin <= minute < end
        return today or ((wall.weekday() - 1) % 7 in days and minute + 1440 < end)

    repeated = set(_quarters(datetime(2026, 10, 25, 0, tzinfo=UTC), 12))  # 02:00 … 03:00, twice, and after
    for at in _quarters(moment, 40):
        if at not in repeated:
            assert windows.open_at(at) == shown(at), at.astimezone(BERLIN)
    opens, closes = windows.opens_at(moment), windows.closes_at(moment)
    assert opens is not None
    assert opens == next(at for at in _quarters(moment, 8 * 96) if windows.open_at(at))
    assert closes == next((at for at in _quarters(moment, 8 * 96) if not windows.open_at(at)), closes)
    assert windows.open_at(moment) == (opens == moment)


def _quarters(start: datetime, count: int) -> list[datetime]:
    return [start + n * 15 * MINUTE for n in range(count)]


def _clock(minutes: int) -> str:
    return f"{time(minutes // 60, minutes % 60):%H:%M}"


def test_the_edges_belong_to_the_beginning_and_not_to_the_end() -> None:
    windows = Windows("MON-FRI 06:00-18:00", zone="Europe/Berlin")
    monday = datetime(2026, 11, 2, 6, tzinfo=BERLIN)
    second = timedelta(seconds=1)
    assert [windows.open_at(monday + each) for each in (-second, 0 * second, second)] == [False, True, True]
    evening = monday.replace(hour=18)
    assert [windows.open_at(evening + each) for each in (-second, 0 * second)] == [True, False]
    assert windows.closes_at(monday) == evening
    assert windows.opens_at(datetime(2026, 11, 6, 18, tzinfo=BERLIN)) == datetime(2026, 11, 9, 6, tzinfo=BERLIN)


def test_a_window_past_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    windows = Windows("FRI 22:00-04:00", zone="UTC", holidays=["2026-11-13"])
    assert windows.open_at(datetime(2026, 11, 7, 3, 59, tzinfo=UTC))
    assert not windows.open_at(datetime(2026, 11, 7, 4, tzinfo=UTC))
    assert not windows.open_at(datetime(2026, 11, 6, 3, tzinfo=UTC))
    assert not windows.open_at(datetime(2026, 11, 14, 1, tzinfo=UTC)), "its Friday was a holiday"


def test_windows_in_the_hours_that_clocks_skip_or_show_twice() -> None:
    skipped = Windows("SUN 02:15-02:45", zone="Europe/Berlin")
    day = datetime(2026, 3, 28, 20, tzinfo=UTC)
    assert skipped.opens_at(day) == datetime(2026, 4, 5, 2, 15, tzinfo=BERLIN), "it did not exist on that Sunday"
    ends_in_it = Windows("SUN 01:00-02:30", zone="Europe/Berlin")
    assert ends_in_it.closes_at(datetime(2026, 3, 29, 0, 30, tzinfo=UTC)) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    begins_in_it = Windows("SUN 02:30-05:00", zone="Europe/Berlin")
    assert begins_in_it.opens_at(day) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    twice = Windows("SUN 02:30-02:45", zone="Europe/Berlin")
    autumn = datetime(2026, 10, 24, 20, tzinfo=UTC)
    assert twice.opens_at(autumn) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert twice.closes_at(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == datetime(2026, 10, 25, 1, 45, tzinfo=UTC)


def test_windows_that_follow_each_other_are_one() -> None:
    windows = Windows("MON 06:00-12:00,12:00-18:00", "TUE 00:00-24:00", "WED 00:00-06:00", zone="UTC")
    assert windows.closes_at(datetime(2026, 11, 2, 7, tzinfo=UTC)) == datetime(2026, 11, 2, 18, tzinfo=UTC)
    assert windows.closes_at(datetime(2026, 11, 3, 7, tzinfo=UTC)) == datetime(2026, 11, 4, 6, tzinfo=UTC)
    assert Windows("00:00-24:00", zone="UTC").closes_at(datetime(2026, 11, 3, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read"),
        ("MON-FRI", "are no hours"),
        ("MON-FRI 6-18", "are no hours"),
        ("MONDAY 06:00-18:00", "'MONDAY' is no day; days are MON"),
        ("MON 06:00-25:00", "no hours of a day"),
        ("MON 06:00-06:00", "no hours of a day"),
        ("MON - FRI 06:00-18:00", "cannot be read"),
    ],
)
def test_windows_that_cannot_be_are_told_with_an_example(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=f"Windows.*{words}.*'MON-FRI 06:00-18:00'"):
        Windows(text, zone="UTC")
    with pytest.raises(SettingsError, match="Windows"):
        Windows(zone="UTC")


def test_windows_speak_to_people() -> None:
    windows = Windows("MON-FRI 06:00-18:00", "SAT 08:00-12:00", zone="Europe/Berlin", holidays=["2026-12-25"])
    assert windows.words() == (
        "Monday to Friday 06:00 to 18:00 and Saturday 08:00 to 12:00 (Europe/Berlin), not on holidays"
    )
    saturday = datetime(2026, 10, 31, 12, tzinfo=BERLIN)
    assert windows.until_words(saturday) == "until Monday 06:00 (Europe/Berlin)"
    assert Windows("22:00-04:00", zone="UTC").words() == "every day 22:00 to 04:00 (UTC)"
    yearly = Windows("MON 06:00-07:00", zone="UTC", holidays=["2026-11-09"])
    assert yearly.until_words(datetime(2026, 11, 2, 7, tzinfo=UTC)) == ("until Monday 16 November 2026 06:00 (UTC)")
