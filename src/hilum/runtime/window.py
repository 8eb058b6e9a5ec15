"""The window of a dispatcher: deliveries read from the journal, at most one of each ordering key under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable
from uuid import UUID

from hilum.journal.work import ToDeliver

Ref = tuple[UUID, int]


class Window:
    """Keys that are ready, in order of arrival; keys that are busy; and what waits behind them. No I/O.

    `forgot` is told of each delivery that is dropped although it may still be pending, so that it is read again.
    """

    def __init__(self, forgot: Callable[[ToDeliver], None]) -> None:
        self._forgot = forgot
        self._queues: dict[object, deque[ToDeliver]] = {}
        self._ready: deque[object] = deque()
        self._busy: dict[object, ToDeliver] = {}
        self._known: set[Ref] = set()
        self._done: set[Ref] = set()  # since the reading under way began

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, ref: Ref) -> bool:
        return ref in self._known

    @property
    def ready(self) -> int:
        """Keys of which one delivery may begin."""
        return len(self._ready)

    @property
    def busy_lanes(self) -> set[int]:
        """Lanes of what is under way."""
        return {taken.lane for taken in self._busy.values()}

    @property
    def under_way(self) -> int:
        """Deliveries under way."""
        return len(self._busy)

    def reading(self) -> None:
        """A reading of the journal begins. It may still see as pending what is finished before it ends."""
        self._done.clear()

    def add(self, batch: Iterable[ToDeliver]) -> int:
        """Add what was read, in order; what is known already is left out. Returns how many were new."""
        count = 0
        for taken in batch:
            if taken.ref in self._known or taken.ref in self._done:
                continue
            count += 1
            self._known.add(taken.ref)
            key = _key(taken)
            queue = self._queues.get(key)
            if queue is None:
                queue = self._queues[key] = deque()
            if taken.waiting:
                queue.appendleft(taken)  # the head of its key: all others are behind it
            else:
                queue.append(taken)
            if len(queue) == 1 and key not in self._busy:
                self._ready.append(key)
        return count

    def begin(self, limit: int, lanes: Collection[int]) -> list[ToDeliver]:
        """Up to `limit` deliveries of different keys; those whose lane is not ours any more are forgotten."""
        found: list[ToDeliver] = []
        while self._ready and len(found) < limit:
            key = self._ready.popleft()
            queue = self._queues[key]
            taken = queue.popleft()
            if taken.lane not in lanes:
                self._drop(taken)
                self._forget(key)
                continue
            self._busy[key] = taken
            found.append(taken)
        return found

    def finished(self, taken: ToDeliver, *, go_on: bool) -> None:
        """One is done. `go_on`: the next of its key may begin; else what is behind it is forgotten, to be read anew."""
        key = _key(taken)
        self._busy.pop(key, None)
        self._drop(taken, tell=not go_on)
        self._done.add(taken.ref)
        if not go_on:
            self._forget(key)
        elif self._queues.get(key):
            self._ready.append(key)
        else:
            self._queues.pop(key, None)

    def clear(self) -> None:
        """Forget everything that is not under way."""
        for key in list(self._queues):
            self._forget(key)
        self._ready.clear()

    def forget_lanes(self, lanes: Collection[int]) -> None:
        """Forget what is not under way in these lanes: another worker had them, and what was read may be done."""
        for key in [key for key, queue in self._queues.items() if queue and queue[0].lane in lanes]:
            self._forget(key)
        self._ready = deque(key for key in self._ready if key in self._queues)

    def _forget(self, key: object) -> None:
        for taken in self._queues.pop(key, ()):
            self._drop(taken)

    def _drop(self, taken: ToDeliver, *, tell: bool = True) -> None:
        self._known.discard(taken.ref)
        if tell:
            self._forgot(taken)


def _key(taken: ToDeliver) -> object:
    """Deliveries without an ordering key are each a key of their own."""
    return taken.key or taken.ref
