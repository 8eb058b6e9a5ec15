"""How long payloads are kept is counted by the calendar."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.journal.periods import after, is_period
from hilum.journal.retention import Bounds, due_of


@pytest.mark.req("MSG-15")
@pytest.mark.parametrize(
    ("day", "period", "expected"),
    [
        ("2026-03-04", "P7Y", "2033-03-04"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2024-02-29", "P4Y", "2028-02-29"),
        ("2026-10-31", "P1M", "2026-11-30"),
        ("2026-12-31", "P2M", "2027-02-28"),
        ("2026-03-04", "P1Y6M2W3D", "2027-09-21"),
        ("2026-03-04", "P1D", "2026-03-05"),
        ("2026-03-04", "P9999Y", "9999-12-31"),
        ("2026-03-04", "P99999D", "2299-12-17"),
        ("9999-12-30", "P99999D", "9999-12-31"),
    ],
)
def test_a_period_is_counted_by_the_calendar(day: str, period: str, expected: str) -> None:
    assert after(date.fromisoformat(day), period) == date.fromisoformat(expected)


@pytest.mark.parametrize("text", ["", "P", "P0D", "PT1H", "P1DT1H", "7Y", "P1.5Y", "P-1D", "P1D1Y"])
def test_what_is_no_period_of_a_day_or_longer_is_told_so(text: str) -> None:
    assert not is_period(text)
    if text != "P0D":
        with pytest.raises(ValueError, match="is no ISO 8601 period"):
            after(date(2026, 3, 4), text)


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(0, 50),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(1, 400),
)
def test_a_longer_period_never_ends_earlier(day: date, years: int, months: int, weeks: int, days: int) -> None:
    ends = after(day, f"P{years}Y{months}M{weeks}W{days}D")
    assert ends > day
    assert after(day, f"P{years}Y{months}M{weeks}W{days + 1}D") > ends
    assert after(day, f"P{years + 1}Y{months}M{weeks}W{days}D") > ends


@pytest.mark.req("MSG-15")
def test_the_hub_bounds_what_flows_keep_and_never_lengthens_it() -> None:
    day = date(2026, 3, 4)
    assert due_of(day, "P7Y", Bounds()) == (date(2033, 3, 5), "the retention of the flow (P7Y)")
    assert due_of(day, "P10D", Bounds(retention_days=400))[0] == date(2026, 3, 15)
    due, rule = due_of(day, "P7Y", Bounds(retention_days=400))
    assert due == date(2027, 4, 9)
    assert "upper bound" in rule
    assert due_of(day, None, Bounds())[0] is None
    assert due_of(day, None, Bounds(retention_days=1))[0] == date(2026, 3, 6)
