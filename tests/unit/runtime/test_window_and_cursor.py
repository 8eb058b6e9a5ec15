"""The window gives out one delivery of each key at a time; the cursor never passes what may still appear before it."""

from __future__ import annotations

from collections import Counter, defaultdict
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hilum.journal.work import ToDeliver
from hilum.runtime.cursor import START, Cursor, Horizon, before
from hilum.runtime.window import Window


def one(number: int, key: str = "", *, lane: int = 0, waiting: bool = False) -> ToDeliver:
    """The delivery of the n-th message."""
    return ToDeliver(
        message_id=UUID(int=number), ordinal=0, seq=number, lane=lane, flow="f", destination="d", operation="", key=key,
        idempotency_key=str(number), content_type="", headers={}, correlation_id="", attempts=0, head=None,
        waiting=waiting,
    )  # fmt: skip


STEP = st.one_of(
    st.tuples(st.just("begin"), st.integers(1, 5)),
    st.tuples(st.just("finish"), st.integers(0, 9)),
    st.tuples(st.just("fail"), st.integers(0, 9)),
    st.tuples(st.just("read"), st.integers(1, 6)),
)


@given(keys=st.lists(st.sampled_from("abc") | st.just(""), max_size=30), steps=st.lists(STEP, max_size=60))
def test_each_key_goes_in_order_one_at_a_time_and_nothing_is_forgotten(
    keys: list[str], steps: list[tuple[str, int]]
) -> None:
    """Against a journal in memory: what is done is gone; a failure is read again, with all that was behind it."""
    journal = {number: one(number, key) for number, key in enumerate(keys, 1)}
    cursor = Cursor(Horizon())
    window = Window(lambda taken: cursor.back(before(taken.seq)))
    busy: list[ToDeliver] = []
    finished: dict[str, list[int]] = defaultdict(list)
    for name, number in [*steps, *[step for _ in keys for step in (("read", 9), ("begin", 9), ("finish", 0))] * 2]:
        if name == "read":
            batch = [each for seq, each in sorted(journal.items()) if (seq, 0) > cursor.place][:number]
            window.reading()
            window.add(batch)
            if batch:
                cursor.advance((batch[-1].seq, 0))
        elif name == "begin":
            busy += window.begin(number, [0])
            assert max(Counter(each.key for each in busy if each.key).values(), default=0) <= 1
        elif number < len(busy):
            taken = busy.pop(number)
            if name == "finish":
                finished[taken.key].append(taken.seq)
                del journal[taken.seq]
            window.finished(taken, go_on=name == "finish")
    assert not journal, "something was forgotten"
    assert all(seqs == sorted(seqs) for key, seqs in finished.items() if key)
    assert len(window) == window.under_way == 0


def test_what_was_finished_during_a_reading_is_not_taken_in_again() -> None:
    window = Window(lambda _: None)
    window.add([one(1), one(2)])
    first, _ = window.begin(2, [0])
    window.reading()
    window.finished(first, go_on=True)
    assert window.add([one(1), one(2), one(3)]) == 1
    window.reading()
    assert window.add([one(1)]) == 1


def test_what_is_in_a_lane_of_another_worker_is_forgotten_and_told() -> None:
    told: list[int] = []
    window = Window(lambda taken: told.append(taken.seq))
    window.add([one(1, "a", lane=1), one(2, "a", lane=1), one(3, "b", lane=2), one(4, "c", lane=3)])
    assert [each.seq for each in window.begin(1, [1])] == [1]
    window.forget_lanes({1, 2})
    assert told == [2, 3]
    assert [each.seq for each in window.begin(5, [3])] == [4]
    window.add([one(5, "d", lane=4)])
    assert window.begin(5, [3]) == []
    assert told == [2, 3, 5]
    assert window.busy_lanes == {1, 3}


def test_a_waiting_head_goes_before_what_is_behind_it() -> None:
    window = Window(lambda _: None)
    window.add([one(2, "a")])
    window.add([one(1, "a", waiting=True)])
    assert [each.seq for each in window.begin(5, [0])] == [1]


def test_the_cursor_stays_before_what_is_being_committed_and_goes_back_for_what_is_older() -> None:
    horizon = Horizon()
    cursor = Cursor(horizon)
    cursor.advance((500, 3))
    with horizon.routing(450):
        assert (cursor.place, cursor.turns) == (before(450), 1)
        cursor.advance((600, 0))
        assert cursor.place == before(450)
        with horizon.routing(700):
            assert cursor.turns == 1, "it is not that far yet"
        cursor.advance((600, 0))
    cursor.advance((600, 0))
    assert cursor.place == (600, 0)
    cursor.back()
    assert (cursor.place, cursor.turns) == (START, 2)
