"""What is known of records, in ranges; and how far each look reaches back."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.connectors.odoo.capture.events import Linked, content_hash, plain_values, seconds_of
from hilum.connectors.odoo.capture.known import RANGE, Fingerprint, Known, KnownRecords
from hilum.connectors.odoo.capture.lookback import Lookback

pytestmark = pytest.mark.req("NEW-3")


@given(st.lists(st.tuples(st.integers(1, 2000), st.integers(0, 3)), max_size=60), st.booleans())
def test_it_knows_what_it_was_told(steps: list[tuple[int, int]], pack: bool) -> None:
    known, model = KnownRecords(), {}
    for record_id, what in steps:
        if what:
            model[record_id] = Known(what, what * 7, what == 2, what)
            known.set(record_id, model[record_id])
        else:
            model.pop(record_id, None)
            known.remove(record_id)
        if pack:
            known.pack()
    assert known.total == len(model)
    assert known.highest == max(model, default=0)
    assert known.between(100, 1500) == sorted(each for each in model if 100 <= each < 1500)
    inside = [each for each in model if RANGE <= each < 4 * RANGE]
    assert known.fingerprint(RANGE, 4 * RANGE) == Fingerprint(len(inside), sum(inside))
    kept = {number: text for number, text in known.to_remember().items() if text is not None}
    again = KnownRecords(kept)
    assert {each: again.get(each) for each in again.between(0, 10_000)} == model


def test_what_is_not_answered_is_not_remembered() -> None:
    known = KnownRecords()
    known.set(1, Known(10, 1))
    known.set(2, Known(10, 1))
    known.to_remember()
    known.handed_over(1, Known(20, 2))
    known.handed_over(1, Known(30, 3))
    known.handed_over(2, None)
    known.handed_over(3, Known(30, 3))

    def remembered() -> dict[int, Known | None]:
        kept = KnownRecords({number: text for number, text in known.to_remember().items() if text is not None})
        return {each: kept.get(each) for each in kept.between(0, RANGE)}

    assert remembered() == {1: Known(10, 1), 2: Known(10, 1)}
    assert sorted(known.unanswered) == [1, 2, 3]
    known.answered(1)
    known.answered(3)
    assert remembered() == {1: Known(10, 1), 2: Known(10, 1), 3: Known(30, 3)}
    known.answered(1)
    known.answered(2)
    assert remembered() == {1: Known(30, 3), 3: Known(30, 3)}
    assert known.unanswered == []


@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(6, 20))])
def test_every_transaction_is_seen_soon_after_its_commit(seed: int) -> None:
    """The claim of `Lookback`: at most four times as long after the commit as it took, and a look."""
    chance = random.Random(seed)
    lookback = Lookback(2.0, 86_400.0)
    now = 1_700_000_000.0
    lookback.begin(now)
    waiting: list[tuple[float, float]] = []  # start and commit
    found = 0
    for _ in range(4000):
        before, now = now, now + chance.choice([0.5, 2, 3, 30])
        commit = before + chance.random() * (now - before)
        took = 10 ** chance.uniform(-1, 4.5)
        waiting.append((commit - took, commit))
        number = lookback.due(now)
        since = lookback.since(number)
        for start, committed in list(waiting):
            if int(start) >= since:
                waiting.remove((start, committed))
                found += 1
            else:
                assert now - committed <= 4 * (committed - start) + 64, (start, committed, now)
        lookback.done(number, now)
    assert found > 3000


def test_a_restart_with_other_spans_reads_from_the_oldest_time() -> None:
    lookback = Lookback(1.0, 60.0)
    lookback.begin(1000.0)
    lookback.done(0, 1010.0)
    other = Lookback(2.0, 600.0)
    other.go_on(lookback.times)
    assert set(other.times) == {1000.0}
    assert other.since(0) <= 1000


@pytest.mark.parametrize(
    ("value", "kind", "plain"),
    [
        (False, "char", None),
        (False, "boolean", False),
        (False, "many2one", None),
        ([7, "Belgium"], "many2one", Linked(7, "res.country", "Belgium")),
        (7, "many2one", Linked(7, "res.country")),
        ([7, 8], "many2many", [Linked(7, "res.country"), Linked(8, "res.country")]),
        ("2026-11-21 10:00:00", "datetime", "2026-11-21T10:00:00Z"),
        ("2026-11-21", "date", "2026-11-21"),
        (0.0, "float", 0.0),
        ([], "many2many", []),
    ],
)
def test_values_are_plain(value: Any, kind: str, plain: Any) -> None:
    assert plain_values({"field": value}, {"field": kind}, {"field": "res.country"}) == {"field": plain}


def test_hashes_and_seconds() -> None:
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1}) != content_hash({"a": 1, "b": 3})
    assert content_hash({"a": Linked(7, "res.country", "Belgium"), "b": [Linked(8, "res.country")]}) == content_hash(
        {"a": 7, "b": [8]}
    )
    assert seconds_of("1970-01-01 00:01:00.99") == 60
    assert seconds_of(False) == 0
