"""The window gives out one delivery of each key at a time; the cursor never passes what may still appear before it."""

from __future__ import annotations

from collections import Counter, defaultdict
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hilum.journal.work import ToDeliver
from hilum.message import Priority
from hilum.runtime.cursor import START, Cursor, Horizon, before
from hilum.runtime.precedence import RANK, RANKS
from hilum.runtime.window import Window


def one(
    number: int, key: str = "", *, lane: int = 0, waiting: bool = False, priority: Priority = Priority.NORMAL
) -> ToDeliver:
    """The delivery of the n-th message."""
    return ToDeliver(
        message_id=UUID(int=number), ordinal=0, seq=number, lane=lane, flow="f", destination="d", operation="", key=key,
        idempotency_key=str(number), content_type="", headers={}, correlation_id="", attempts=0, head=None,
        waiting=waiting, priority=priority,
    )  # fmt: skip


def begin(window: Window, limit: int, lanes: list[int]) -> list[ToDeliver]:
    """Up to so many, the most urgent first."""
    found: list[ToDeliver] = []
    for rank in RANKS:
        found += window.begin(limit - len(found), lanes, rank)
    return found


STEP = st.one_of(
    st.tuples(st.just("begin"), st.integers(1, 5)),
    st.tuples(st.just("finish"), st.integers(0, 9)),
    st.tuples(st.just("fail"), st.integers(0, 9)),
    st.tuples(st.just("read"), st.integers(1, 6)),
)


@given(
    keys=st.lists(st.tuples(st.sampled_from("abc") | st.just(""), st.sampled_from(Priority)), max_size=30),
    steps=st.lists(STEP, max_size=60),
)
def test_each_key_goes_in_order_one_at_a_time_and_nothing_is_forgotten(
    keys: list[tuple[str, Priority]], steps: list[tuple[str, int]]
) -> None:
    """Against a journal in memory: what is done is gone; a failure is read again, with all that was behind it.

    In order are those of one key and one priority: each priority is read by itself.
    """
    journal = {number: one(number, key, priority=priority) for number, (key, priority) in enumerate(keys, 1)}
    horizon = Horizon()
    cursors = {priority: Cursor(horizon, priority) for priority in Priority}
    window = Window(lambda taken: cursors[taken.priority].back(before(taken.seq)))
    busy: list[ToDeliver] = []
    finished: dict[tuple[str, Priority], list[int]] = defaultdict(list)
    for name, number in [*steps, *[step for _ in keys for step in (("read", 9), ("begin", 9), ("finish", 0))] * 2]:
        if name == "read":
            window.reading()
            for priority, cursor in cursors.items():
                mine = [each for _, each in sorted(journal.items()) if each.priority is priority]
                batch = [each for each in mine if (each.seq, 0) > cursor.place][:number]
                window.add(batch)
                if batch:
                    cursor.advance((batch[-1].seq, 0))
        elif name == "begin":
            busy += begin(window, number, [0])
            assert max(Counter(each.key for each in busy if each.key).values(), default=0) <= 1
        elif number < len(busy):
            taken = busy.pop(number)
            if name == "finish":
                finished[taken.key, taken.priority].append(taken.seq)
                del journal[taken.seq]
            window.finished(taken, go_on=name == "finish")
    assert not journal, "something was forgotten"
    assert all(seqs == sorted(seqs) for (key, _), seqs in finished.items() if key)
    assert len(window) == window.under_way == window.ready == 0
    assert not any(window.count(priority) for priority in Priority)


def test_what_was_finished_during_a_reading_is_not_taken_in_again() -> None:
    window = Window(lambda _: None)
    window.add([one(1), one(2)])
    first, _ = begin(window, 2, [0])
    window.reading()
    window.finished(first, go_on=True)
    assert window.add([one(1), one(2), one(3)]) == 1
    window.reading()
    assert window.add([one(1)]) == 1


def test_what_is_in_a_lane_of_another_worker_is_forgotten_and_told() -> None:
    told: list[int] = []
    window = Window(lambda taken: told.append(taken.seq))
    window.add([one(1, "a", lane=1), one(2, "a", lane=1), one(3, "b", lane=2), one(4, "c", lane=3)])
    assert [each.seq for each in begin(window, 1, [1])] == [1]
    window.forget_lanes({1, 2})
    assert told == [2, 3]
    assert [each.seq for each in begin(window, 5, [3])] == [4]
    window.add([one(5, "d", lane=4)])
    assert begin(window, 5, [3]) == []
    assert told == [2, 3, 5]
    assert window.busy_lanes == {1, 3}


def test_a_waiting_head_goes_before_what_is_behind_it() -> None:
    window = Window(lambda _: None)
    window.add([one(2, "a")])
    window.add([one(1, "a", waiting=True)])
    assert [each.seq for each in begin(window, 5, [0])] == [1]


def test_a_key_is_as_urgent_as_its_most_urgent_member_and_keeps_its_order() -> None:
    window = Window(lambda _: None)
    bulk, normal, urgent = Priority.BULK, Priority.NORMAL, Priority.URGENT
    window.add([one(1, "a", priority=bulk), one(2, "b", priority=bulk), one(3, "c", priority=normal)])
    assert [window.ready_at(rank) for rank in RANKS] == [0, 1, 2]
    window.add([one(4, "b", priority=urgent), one(5, "b", priority=bulk)])
    assert [window.ready_at(rank) for rank in RANKS] == [1, 1, 1]
    [first] = window.begin(5, [0], RANK[urgent])
    assert (first.seq, first.priority) == (2, bulk), "the urgent one is behind it, so it goes now"
    window.finished(first, go_on=True)
    [second] = window.begin(5, [0], RANK[urgent])
    assert (second.seq, second.priority) == (4, urgent)
    assert window.begin(5, [0], RANK[urgent]) == []
    window.finished(second, go_on=True)
    assert [window.ready_at(rank) for rank in RANKS] == [0, 1, 2]
    assert [each.seq for each in window.begin(5, [0], RANK[bulk])] == [1, 5], "it has lost its place with its rank"


def test_the_cursor_stays_before_what_is_being_committed_and_goes_back_for_what_is_older() -> None:
    horizon = Horizon()
    cursor = Cursor(horizon)
    cursor.advance((500, 3))
    with horizon.routing(450, Priority.BULK):
        assert (cursor.place, cursor.turns) == ((500, 3), 0), "bulk is read by another cursor"
    with horizon.routing(450):
        assert (cursor.place, cursor.turns) == (before(450), 1)
        cursor.advance((600, 0))
        assert cursor.place == before(450)
        with horizon.routing(700):
            assert cursor.turns == 1, "it is not that far yet"
        cursor.advance((600, 0))
    cursor.begin()
    cursor.advance((600, 0))
    assert cursor.place == (600, 0)
    cursor.back()
    assert (cursor.place, cursor.turns) == (START, 2)


def test_a_commit_that_ends_while_a_reading_is_under_way_is_not_passed() -> None:
    """The reading began before the commit was there to be seen, and ends after it."""
    horizon = Horizon()
    cursor = Cursor(horizon)
    cursor.begin()
    with horizon.routing(450):
        pass
    cursor.advance((600, 0))
    assert (cursor.place, cursor.turns) == (before(450), 0)
    with horizon.routing(460):
        cursor.begin()
    cursor.advance((600, 0))
    assert cursor.place == before(460)
    cursor.begin()
    cursor.advance((600, 0))
    assert cursor.place == (600, 0)
