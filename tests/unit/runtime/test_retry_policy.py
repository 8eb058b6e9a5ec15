"""How often and how long the hub repeats: the table of `hilum.runtime.retry`, held to its numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.errors import SettingsError, TryAgain, Unsure
from hilum.flow import Criticality, Retry
from hilum.runtime.retry import DEFAULTS, FailureClass, Hold, Wait, after, in_words, rule_for
from hilum.settings import RetryTable, Settings, load_settings
from support.doubles import Receiver
from support.projects import make_flow

LOW = DEFAULTS[Criticality.LOW, FailureClass.TRY_AGAIN]


def follows(failure: TryAgain | Unsure, rule: Retry, attempts: int, *, elapsed: float = 0, repeatable: bool = True) -> (
    Wait | Hold
):  # fmt: skip
    return after(failure, rule, attempts=attempts, elapsed=elapsed, repeatable=repeatable)


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
def test_it_gives_up_after_the_attempts_that_the_table_names(
    criticality: Criticality, limit: int, at_least: float, at_most: float
) -> None:
    rule = DEFAULTS[criticality, FailureClass.TRY_AGAIN]
    waited = 0.0
    for attempt in range(1, limit):
        found = follows(TryAgain("busy"), rule, attempt, elapsed=waited)
        assert isinstance(found, Wait)
        whole = min(2.0 ** (attempt - 1), 300)
        assert 0.8 * whole <= found.seconds <= 1.2 * whole
        waited += found.seconds
    assert isinstance(follows(TryAgain("busy"), rule, limit, elapsed=waited), Hold), "never for ever"
    assert at_least < waited < at_most


@pytest.mark.req("MSG-5")
def test_it_gives_up_when_the_time_since_the_first_attempt_would_be_over() -> None:
    rule = Retry(attempts=1000, first_wait=10, factor=1, total=60)
    assert isinstance(follows(TryAgain("busy"), rule, 3, elapsed=45), Wait)
    assert isinstance(follows(TryAgain("busy"), rule, 3, elapsed=55), Hold)
    assert isinstance(follows(TryAgain("busy", after=100), rule, 1), Hold), "a receiver that asks for more than that"


@pytest.mark.req("MSG-5")
def test_every_criticality_and_class_has_its_rule_and_each_has_limits() -> None:
    assert set(DEFAULTS) == {(each, kind) for each in Criticality for kind in FailureClass}
    assert all(not rule.problems() and rule.attempts <= 100 and rule.total <= 86_400 for rule in DEFAULTS.values())
    assert Retry(attempts=1000, factor=100).wait(999) == 300, "large numbers do no harm"
    assert Retry(attempts=0).problems()


@pytest.mark.req("MSG-5")
def test_waits_are_spread_so_that_many_do_not_come_back_together() -> None:
    waits = {found.seconds for _ in range(50) if isinstance(found := follows(TryAgain(""), LOW, 4), Wait)}
    assert len(waits) == 50


@pytest.mark.req("MSG-5")
def test_a_receiver_that_names_a_time_gets_at_least_that() -> None:
    assert follows(TryAgain("", after=90), LOW, 1) == Wait(90)


@pytest.mark.req("MSG-5")
@pytest.mark.parametrize(("repeatable", "kind"), [(True, Wait), (False, Hold)])
def test_what_is_unsure_is_repeated_only_where_a_repetition_is_recognised_or_can_be_asked_for(
    repeatable: bool, kind: type[Wait | Hold]
) -> None:
    assert isinstance(follows(Unsure(""), LOW, 1, repeatable=repeatable), kind)
    assert isinstance(follows(Unsure("", checked=True), LOW, 1), Hold), "it was asked for and is not known"


TOML = """
[retry.high]
attempts = 7
jitter_percent = 0
total_seconds = 7200

[retry.high.unsure]
attempts = 3
first_wait_seconds = 30
"""


@pytest.mark.req("MSG-5")
def test_hilum_toml_changes_the_table_and_a_flow_has_the_last_word(tmp_path: Path) -> None:
    (tmp_path / "hilum.toml").write_text(TOML, encoding="utf-8")
    settings = load_settings(tmp_path, {}).retry
    flow = make_flow(None, Receiver(), criticality=Criticality.HIGH)
    assert rule_for(flow, FailureClass.TRY_AGAIN, settings) == Retry(attempts=7, jitter=0, total=7200)
    assert rule_for(flow, FailureClass.UNSURE, settings) == Retry(attempts=3, first_wait=30, jitter=0, total=7200)
    other = make_flow(None, Receiver(), criticality=Criticality.LOW)
    assert rule_for(other, FailureClass.TRY_AGAIN, settings) == LOW
    own = make_flow(None, Receiver(), criticality=Criticality.HIGH, retry=Retry(attempts=2))
    assert rule_for(own, FailureClass.UNSURE, settings) == Retry(attempts=2)


@pytest.mark.req("MSG-5")
def test_a_wrong_number_in_hilum_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "hilum.toml").write_text("[retry.high]\nattempts = 0\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"retry\.high\.attempts: .*greater than or equal to 1"):
        load_settings(tmp_path, {})
    assert "retry" in Settings.model_fields


@pytest.mark.req("MSG-5")
def test_the_rule_is_told_in_words() -> None:
    flow = make_flow(None, Receiver(), criticality=Criticality.LOW)
    assert in_words(flow, RetryTable()) == (
        "Up to 5 attempts within 10 min, with waits of 1 s, 2 s, 4 s … at most 5 min (± 20%); then it is held for a "
        "person. After a lost answer: up to 5 attempts within 10 min, with waits of 5 s, 10 s, 20 s … at most 5 min "
        "(± 20%), where the receiver recognises a repetition or can be asked; else it is held at once. While the "
        "receiver is left alone as a whole, no attempt is used up."
    )
    own = make_flow(None, Receiver(), retry=Retry(attempts=1))
    assert in_words(own, RetryTable()).startswith(
        "One attempt only; then it is held for a person. After a lost answer: the same"
    )
