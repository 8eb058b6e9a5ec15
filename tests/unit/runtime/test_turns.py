"""Who of the waiting is called next, and when a destination has failed too often."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hilum.message import Priority
from hilum.runtime.breaker import Failures
from hilum.runtime.precedence import RANK, RANKS, Precedence, Standing
from hilum.runtime.turns import Turns
from hilum.settings import DestinationSettings


@pytest.mark.req("MSG-9")
@pytest.mark.parametrize(
    ("callers", "bulk", "with_normal"), [(1, 1, 1), (2, 1, 1), (3, 1, 2), (5, 3, 4), (8, 6, 7), (32, 24, 28)]
)
def test_bulk_never_holds_all_callers_nor_do_bulk_and_normal_together(
    callers: int, bulk: int, with_normal: int
) -> None:
    turns = Turns(callers, Precedence())

    def begin_all(rank: int) -> int:
        count = 0
        while rank in turns.order():
            turns.began(rank)
            count += 1
        return count

    assert begin_all(2) == bulk
    assert begin_all(1) == with_normal - bulk
    assert begin_all(0) == callers - with_normal
    assert list(turns.order()) == []
    turns.ended(2)
    assert list(turns.order())[-1] == 2


@pytest.mark.req("MSG-9")
def test_each_sixteenth_start_is_for_bulk_and_each_for_normal() -> None:
    turns = Turns(1, Precedence())
    firsts = []
    for _ in range(64):
        first = turns.order()[0]
        firsts.append(first)
        turns.began(first)
        turns.ended(first)
    assert [firsts.count(rank) for rank in RANKS] == [56, 4, 4]


@pytest.mark.req("MSG-8")
def test_different_failures_in_a_row_are_too_many_and_any_success_begins_anew() -> None:
    failures = Failures(DestinationSettings(open_after_failures=3, open_at_least=0))
    assert [failures.failed(n, 100.0) for n in (1, 1, 1, 2)] == ["", "", "", ""]
    failures.worked(1, 100.0)
    assert [failures.failed(n, 100.0) for n in (1, 2)] == ["", ""]
    assert failures.failed(3, 101.0) == "3 deliveries in a row failed"
    failures.forget()
    assert failures.failed(4, 101.0) == ""


@pytest.mark.req("MSG-8")
def test_a_share_of_failures_is_too_many_only_within_the_time_and_of_enough_attempts() -> None:
    settings = DestinationSettings(open_after_failures=0, open_at_percent=50, open_within_seconds=10, open_at_least=10)
    failures = Failures(settings)
    failures.worked(6, 100.0)
    assert [failures.failed(n, 101.0) for n in range(5)] == [""] * 5, "5 of 11"
    assert failures.failed(5, 102.0) == "50 % of 12 attempts failed within 10 s"
    failures.forget()
    failures.worked(100, 200.0)
    assert [failures.failed(n, 211.0) for n in range(9)] == [""] * 9, "the others are long ago, these too few"
    assert failures.failed(9, 211.0) == "100 % of 10 attempts failed within 10 s"


@pytest.mark.req("MSG-9")
def test_what_is_less_urgent_stands_back_and_takes_less_at_once_while_urgent_ones_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # the clock stands still: between two lines of a test a busy machine may take longer than anything stands back
    monkeypatch.setattr("hilum.runtime.precedence.time", SimpleNamespace(monotonic=lambda: 1000.0))
    precedence = Precedence()
    bulk = Standing(precedence, RANK[Priority.BULK])
    assert precedence.portion(Priority.BULK, 100) == 100
    precedence.note(Priority.URGENT)
    assert precedence.portion(Priority.BULK, 100) == 25
    assert precedence.portion(Priority.URGENT, 100) == 100
    assert bulk.may(), "it has waited long enough"
    assert not bulk.may()
    precedence.clear(Priority.URGENT)
    assert bulk.may()
    assert precedence.portion(Priority.NORMAL, 300) == 75, "the next urgent one is expected"
