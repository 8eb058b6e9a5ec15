"""What becomes of times that have come: catch-up for those that nobody saw, overlap for those that came too early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hilum.flow.schedule import CATCH_UP_LIMIT, Calendar, CatchUp, Overlap, decide

pytestmark = pytest.mark.req("MSG-12")

SIX = datetime(2026, 11, 2, 6, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def hourly(catch_up: CatchUp = "latest") -> Calendar:
    return Calendar("0 * * * *", zone="UTC", catch_up=catch_up)


def hours(*made: tuple[int, str]) -> list[tuple[datetime, str]]:
    return [(SIX.replace(hour=hour), why) for hour, why in made]


@pytest.mark.parametrize(
    ("catch_up", "made"),
    [
        ("latest", [(10, "missed")]),
        ("all", [(7, "missed"), (8, "missed"), (9, "missed"), (10, "missed")]),
        ("skip", []),
    ],
)
def test_after_an_outage(catch_up: CatchUp, made: list[tuple[int, str]]) -> None:
    now = SIX.replace(hour=10, minute=30)
    decision = decide(hourly(catch_up), "latest", decided=SIX, now=now, busy=False)
    assert decision.made == hours(*made)
    assert ("Monday 2 November 2026, 10:00" in decision.remark) == (catch_up == "skip")


@pytest.mark.parametrize(
    ("catch_up", "made"),
    [
        ("latest", [(10, "due")]),
        ("all", [(7, "missed"), (8, "missed"), (9, "missed"), (10, "due")]),
        ("skip", [(10, "due")]),
    ],
)
def test_an_outage_that_ends_just_in_time(catch_up: CatchUp, made: list[tuple[int, str]]) -> None:
    """Where one is enough, the one that came on time makes up for the missed ones."""
    now = SIX.replace(hour=10) + 20 * SECOND
    assert decide(hourly(catch_up), "queue", decided=SIX, now=now, busy=False).made == hours(*made)


def test_a_hub_that_is_started_again_within_a_minute_has_missed_nothing() -> None:
    for late, made in ((59 * SECOND, hours((6, "due"))), (61 * SECOND, [])):
        decided = SIX - timedelta(minutes=30)
        assert decide(hourly("skip"), "latest", decided=decided, now=SIX + late, busy=False).made == made


def test_what_is_made_up_is_bounded_and_said() -> None:
    calendar = Calendar("* * * * *", zone="UTC", catch_up="all")
    now = SIX + timedelta(days=30)
    decision = decide(calendar, "latest", decided=SIX, now=now, busy=False)
    missed = [at for at, why in decision.made if why == "missed"]
    assert len(missed) == CATCH_UP_LIMIT
    assert missed[-1] == now - timedelta(minutes=1)
    assert decision.remark.startswith(f"Of the runs that were missed the latest {CATCH_UP_LIMIT} are made up; those up")
    exactly = decide(calendar, "latest", decided=missed[0] - SECOND, now=now, busy=False)
    assert ([at for at, why in exactly.made if why == "missed"], exactly.remark) == (missed, "")


@pytest.mark.parametrize(
    ("overlap", "made", "left_out", "supersedes"),
    [("latest", 1, 0, True), ("skip", 0, 1, False), ("queue", 1, 0, False)],
)
def test_a_time_that_comes_while_the_former_run_is_under_way(
    overlap: Overlap, made: int, left_out: int, supersedes: bool
) -> None:
    decision = decide(hourly(), overlap, decided=SIX, now=SIX + timedelta(hours=1), busy=True)
    assert (len(decision.made), len(decision.left_out), decision.supersedes) == (made, left_out, supersedes)


def test_a_queue_has_an_end() -> None:
    decision = decide(hourly(), "queue", decided=SIX, now=SIX + timedelta(hours=1), busy=True, waiting=CATCH_UP_LIMIT)
    assert not decision.made
    assert decision.left_out == [(SIX + timedelta(hours=1), f"left out: {CATCH_UP_LIMIT} runs wait already")]


def test_what_is_made_up_is_not_superseded_by_what_comes_on_time() -> None:
    now = SIX.replace(hour=10) + SECOND
    decision = decide(hourly("all"), "latest", decided=SIX, now=now, busy=True)
    assert decision.made == hours((7, "missed"), (8, "missed"), (9, "missed"), (10, "due"))
    assert decision.supersedes


def test_nothing_becomes_of_nothing() -> None:
    decision = decide(hourly(), "latest", decided=SIX, now=SIX + timedelta(minutes=59), busy=False)
    assert (decision.made, decision.left_out, decision.remark) == ([], [], "")
