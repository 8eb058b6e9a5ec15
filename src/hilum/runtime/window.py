"""The window of a dispatcher: deliveries read from the journal, at most one of each ordering key under way."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable
from uuid import UUID

from hilum.journal.work import ToDeliver
from hilum.message import Priority
from hilum.runtime.precedence import RANK, RANKS

Ref = tuple[UUID, int]


class _Line:
    """What waits of one key, in order of arrival. It is as urgent as its most urgent member."""

    __slots__ = ("_counts", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[ToDeliver] = deque()
        self._counts = [0] * len(RANKS)

    def add(self, taken: ToDeliver) -> None:
        """A repeated one is the head of its key: all others are behind it."""
        if taken.waiting:
            self.waiting.appendleft(taken)
        else:
            self.waiting.append(taken)
        self._counts[RANK[taken.priority]] += 1

    def pop(self) -> ToDeliver:
        taken = self.waiting.popleft()
        self._counts[RANK[taken.priority]] -= 1
        return taken

    @property
    def rank(self) -> int:
        return next(rank for rank in RANKS if self._counts[rank])


class Window:
    """Keys that are ready, in order of arrival; keys that are busy; and what waits behind them. No I/O.

    `forgot` is told of each delivery that is dropped although it may still be pending, so that it is read again.
    """

    def __init__(self, forgot: Callable[[ToDeliver], None]) -> None:
        self._forgot = forgot
        self._lines: dict[object, _Line] = {}
        self._ready: tuple[OrderedDict[object, None], ...] = tuple(OrderedDict() for _ in RANKS)
        self._busy: dict[object, ToDeliver] = {}
        self._known: set[Ref] = set()
        self._counts = [0] * len(RANKS)  # of what is known
        self._done: set[Ref] = set()  # since the reading under way began

    def __len__(self) -> int:
        return len(self._known)

    def has_under_way(self, taken: ToDeliver) -> bool:
        """Is this very attempt under way?"""
        return self._busy.get(_key(taken)) is taken

    @property
    def ready(self) -> int:
        """Keys of which one delivery may begin."""
        return sum(map(len, self._ready))

    def ready_at(self, rank: int) -> int:
        """Those of them that are so urgent."""
        return len(self._ready[rank])

    @property
    def busy_lanes(self) -> set[int]:
        """Lanes of what is under way."""
        return {taken.lane for taken in self._busy.values()}

    @property
    def under_way(self) -> int:
        """Deliveries under way."""
        return len(self._busy)

    def count(self, priority: Priority) -> int:
        """Deliveries of this priority, waiting or under way."""
        return self._counts[RANK[priority]]

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
            self._counts[RANK[taken.priority]] += 1
            key = _key(taken)
            line = self._lines.get(key)
            if line is None:
                line = self._lines[key] = _Line()
            before = line.rank if line.waiting else -1
            line.add(taken)
            if key not in self._busy and line.rank != before:
                if before >= 0:
                    self._ready[before].pop(key, None)
                self._ready[line.rank][key] = None
        return count

    def begin(self, limit: int, lanes: Collection[int], rank: int) -> list[ToDeliver]:
        """Up to `limit` deliveries of different keys that are so urgent, in order of arrival.

        Those whose lane is not ours any more are forgotten.
        """
        found: list[ToDeliver] = []
        ready = self._ready[rank]
        while ready and len(found) < limit:
            key, _ = ready.popitem(last=False)
            taken = self._lines[key].pop()
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
            return
        line = self._lines.get(key)
        if line is not None and line.waiting:
            self._ready[line.rank][key] = None
        else:
            self._lines.pop(key, None)

    def clear(self) -> None:
        """Forget everything that is not under way."""
        for key in list(self._lines):
            self._forget(key)

    def forget_lanes(self, lanes: Collection[int]) -> None:
        """Forget what is not under way in these lanes: another worker had them, and what was read may be done."""
        for key in [key for key, line in self._lines.items() if line.waiting and line.waiting[0].lane in lanes]:
            self._forget(key)

    def _forget(self, key: object) -> None:
        for ready in self._ready:
            ready.pop(key, None)
        line = self._lines.pop(key, None)
        for taken in line.waiting if line is not None else ():
            self._drop(taken)

    def _drop(self, taken: ToDeliver, *, tell: bool = True) -> None:
        if taken.ref in self._known:
            self._known.discard(taken.ref)
            self._counts[RANK[taken.priority]] -= 1
        if tell:
            self._forgot(taken)


def _key(taken: ToDeliver) -> object:
    """Deliveries without an ordering key are each a key of their own."""
    return taken.key or taken.ref
