"""How far a dispatcher has read, and when it must go back.

A dispatcher reads what is pending of each priority in the order of receipt, and each time only what lies after the
place it has reached. That keeps the order of a key only as long as nothing appears before that place unnoticed.
Three things do: what a translation commits late (a replayed message, a backlog of bulk), what the dispatcher itself
forgot, and what is set free behind a head by a person or another process. The first two are in this file; the third is
counted in the table `rewind` and read together with the deliveries.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hilum.message import Priority

Place = tuple[int, int]
"""`seq` and ordinal of a delivery: its place in the order."""

START: Place = (0, -1)

_END: Place = (2**63 - 1, 0)


def before(seq: int) -> Place:
    """The place just before all deliveries of this message."""
    return (seq, -1)


class Cursor:
    """The place to which one dispatcher has read the deliveries of one priority."""

    def __init__(self, horizon: Horizon, priority: Priority = Priority.NORMAL) -> None:
        self._horizon = horizon
        self.priority = priority
        self.place: Place = START
        self.turns = 0  # how often it was turned back: what was read across a turn is not in order and is dropped
        self._furthest = _END  # what the reading under way may have overlooked lies after this place
        horizon.cursors.append(self)

    def begin(self) -> None:
        """A reading of the journal begins."""
        self._furthest = self._horizon.place(self.priority)

    def advance(self, place: Place) -> None:
        """Everything up to there is read; but never pass what a translation commits, or has committed meanwhile.

        A commit that ends while a reading is under way is not in what the reading sees.
        """
        self.place = min(place, self._furthest)

    def commits(self, place: Place) -> None:
        """A translation begins to commit what lies after this place."""
        self._furthest = min(self._furthest, place)
        if self.place > place:
            self.back(place)

    def back(self, place: Place = START) -> None:
        """Something that lies after this place is to be read again, or for the first time."""
        self.place = min(self.place, place)
        self.turns += 1


class Horizon:
    """The translations of one worker that are being committed, and the cursors that must not pass them.

    A translation of one priority makes deliveries of that priority only, so the others need not go back for it.
    """

    def __init__(self) -> None:
        self.cursors: list[Cursor] = []
        self._under_way: dict[object, tuple[Priority, Place]] = {}

    def place(self, priority: Priority) -> Place:
        """The place before the earliest message of this priority that is being committed."""
        return min((place for its, place in self._under_way.values() if its is priority), default=_END)

    @contextmanager
    def routing(self, seq: int, priority: Priority = Priority.NORMAL) -> Iterator[None]:
        """While a commit of this priority is under way whose earliest message has this `seq`."""
        token = object()
        self._under_way[token] = (priority, before(seq))
        for cursor in self.cursors:
            if cursor.priority is priority:
                cursor.commits(before(seq))
        try:
            yield
        finally:
            del self._under_way[token]
