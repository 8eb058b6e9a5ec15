"""How often and how long the hub repeats: the table of `hilum.runtime.retry`, held to its numbers."""

from __future__ import annotations

import re

import pytest

from hilum.errors import TryAgain, Unsure
from hilum.flow import Criticality
from hilum.runtime import retry
from hilum.runtime.retry import Hold, Wait, after, pause


@pytest.mark.req("MSG-5")
@pytest.mark.parametrize(
    ("criticality", "limit", "at_least", "at_most"),
    [
        (Criticality.LOW, 5, 10, 20),
        (Criticality.NORMAL, 10, 6 * 60, 12 * 60),
        (Criticality.HIGH, 16, 30 * 60, 55 * 60),
        (Criticality.VITAL, 40, 2 * 3600, 3.4 * 3600),
    ],
)
def test_it_gives_up_after_the_attempts_and_the_time_that_the_table_names(
    criticality: Criticality, limit: int, at_least: float, at_most: float
) -> None:
    waited = 0.0
    for attempt in range(1, limit):
        follows = after(TryAgain("busy"), attempts=attempt, criticality=criticality, deduplicates=False)
        assert isinstance(follows, Wait)
        whole = min(2.0 ** (attempt - 1), 300)
        assert 0.8 * whole <= follows.seconds <= 1.2 * whole
        waited += follows.seconds
    assert isinstance(after(TryAgain("busy"), attempts=limit, criticality=criticality, deduplicates=True), Hold), (
        "never for ever"
    )
    assert at_least < waited < at_most
    [row] = re.findall(rf"^\| {criticality} +\| (\d+) ", retry.__doc__ or "", re.MULTILINE)
    assert int(row) == limit


@pytest.mark.req("MSG-5")
def test_waits_are_spread_so_that_many_do_not_come_back_together() -> None:
    waits = {
        follows.seconds
        for _ in range(50)
        if isinstance(follows := after(TryAgain(""), attempts=4, criticality=Criticality.HIGH, deduplicates=True), Wait)
    }
    assert len(waits) == 50


@pytest.mark.req("MSG-5")
def test_a_receiver_that_names_a_time_gets_at_least_that() -> None:
    follows = after(TryAgain("", after=90), attempts=1, criticality=Criticality.LOW, deduplicates=True)
    assert follows == Wait(90)
    assert pause(1, 45) == 45


@pytest.mark.req("MSG-5")
@pytest.mark.parametrize(("deduplicates", "kind"), [(True, Wait), (False, Hold)])
def test_what_is_unsure_is_repeated_only_where_a_repetition_is_recognised(
    deduplicates: bool, kind: type[Wait | Hold]
) -> None:
    assert isinstance(after(Unsure(""), attempts=1, criticality=Criticality.LOW, deduplicates=deduplicates), kind)


@pytest.mark.req("MSG-8")
def test_pauses_grow_to_half_a_minute_and_no_further() -> None:
    assert [pause(failures, None) for failures in (1, 2, 3, 5, 6, 60)] == [1, 2, 4, 16, 30, 30]
