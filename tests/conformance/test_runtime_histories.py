"""Random histories of whole hubs: whatever fails, is held, decided, killed or down, each key arrives in order, once.

A history that is not permitted is shortened by hypothesis before it is shown, and shown as its steps: put them into
`live` to see them again.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from broken_hubs import SABOTEURS, Saboteur
from hypothesis import HealthCheck, Phase, find, given, settings

from hilum.runtime import breaker
from support.hub_histories import live
from support.hub_steps import Step, histories, permitted
from support.servers import Databases

TRIED = settings(
    deadline=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(autouse=True)
def _breakers_are_looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that works again is found out in tenths of a second, and so is that the prober was killed."""
    monkeypatch.setattr(breaker, "_LOOK_EVERY", 0.1)
    monkeypatch.setattr(breaker, "_PROBE_SECONDS", 1.0)


@pytest.mark.req("MSG-4")
@pytest.mark.req("MSG-7")
@pytest.mark.req("MSG-14")
@pytest.mark.timeout(600)  # of which it needs seconds, unless it fails and is shortened
@given(steps=histories(least=6))
@settings(TRIED, max_examples=3, derandomize=True)
def test_the_same_histories_of_hubs_are_permitted(databases: Databases, tmp_path: Path, steps: list[Step]) -> None:
    live(databases, tmp_path, steps)


@pytest.mark.req("MSG-4")
@pytest.mark.req("MSG-7")
@pytest.mark.timeout(600)
@given(steps=histories(least=6))
@settings(TRIED, max_examples=2)
@pytest.mark.long
def test_other_histories_of_hubs_each_time_are_permitted(
    databases: Databases, tmp_path: Path, steps: list[Step]
) -> None:
    live(databases, tmp_path, steps)


@pytest.mark.long
@pytest.mark.req("MSG-4")
@pytest.mark.timeout(3000)
@given(steps=histories(least=10, most=40, messages=20))
@settings(TRIED, max_examples=60)
def test_many_long_histories_of_hubs_are_permitted(databases: Databases, tmp_path: Path, steps: list[Step]) -> None:
    live(databases, tmp_path, steps)


@pytest.mark.parametrize("saboteur", SABOTEURS)
def test_a_history_catches_a_broken_hub(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saboteur: type[Saboteur]
) -> None:
    saboteur.install(monkeypatch)
    with pytest.raises(AssertionError):
        live(databases, tmp_path, saboteur.shown_by, patience=1.5)


def test_what_catches_a_broken_hub_is_permitted_of_one_that_works(databases: Databases, tmp_path: Path) -> None:
    live(databases, tmp_path, [step for saboteur in SABOTEURS for step in saboteur.shown_by])


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("saboteur", SABOTEURS)
def test_a_broken_hub_is_found_by_chance_and_its_history_is_short(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saboteur: type[Saboteur]
) -> None:
    saboteur.install(monkeypatch)

    def fails(steps: list[Step]) -> bool:
        try:
            live(databases, tmp_path, steps, patience=2.0)
        except AssertionError:
            return True
        return False

    once = settings(TRIED, max_examples=60, database=None)
    shortest = find(histories(), fails, settings=once, random=random.Random(1))
    sent = sum(len(step[2]) for step in shortest if step[0] == "send")
    assert len(shortest) <= len(saboteur.shown_by) + 1, shortest
    assert sent <= 5, shortest  # two or three, mostly; what becomes one batch depends on the clock


def test_the_model_tells_what_is_wrong() -> None:
    assert permitted(3, [0, 1, 2], set(), passes=set())
    assert permitted(3, [0, 2], {1}, passes=set())
    assert permitted(3, [0, 2, 1], set(), passes={1})
    assert not permitted(3, [0, 2, 1], set(), passes=set())
    assert not permitted(3, [0, 2], set(), passes=set()), "lost"
    assert not permitted(3, [0, 1, 1, 2], set(), passes=set()), "twice"
    assert not permitted(3, [1, 0, 2], set(), passes={2})
