"""Carries out calls: one transaction each, all or nothing, counted, saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from hilum.simulator.odoo import keys
from hilum.simulator.odoo.business.outbox import last_number, note_changes
from hilum.simulator.odoo.errors import SerializationFailure
from hilum.simulator.odoo.faults import Faults
from hilum.simulator.odoo.orm import dispatch
from hilum.simulator.odoo.orm.model import Model
from hilum.simulator.odoo.orm.record import SUPERUSER, Env
from hilum.simulator.odoo.orm.store import Store
from hilum.simulator.odoo.saving import StateFile
from hilum.simulator.odoo.sowing import registry_of, sow
from hilum.simulator.odoo.timings import Timings

Result = TypeVar("Result")
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of the database."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Calls:
    """What clients have called: number of calls and of records in them, by `model/method`."""

    calls: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, dict[str, int]]:
        """By `model/method`: `calls`, `records`, `failed`."""
        return {
            name: {"calls": self.calls[name], "records": self.records[name], "failed": self.failed[name]}
            for name in sorted(self.calls)
        }

    def clear(self) -> None:
        """Start counting anew."""
        self.calls.clear()
        self.records.clear()
        self.failed.clear()


Binder = Callable[[Model, dispatch.Target], Any]


class TransactionNumbers:
    """The numbers that PostgreSQL gives to transactions, and which of them are open."""

    def __init__(self) -> None:
        self._last = 0
        self._open: set[int] = set()

    def go_on(self, last: int) -> None:
        """Numbers up to this one were given before a restart."""
        self._last = max(self._last, last)

    def begin(self) -> int:
        """The number of a transaction that begins now."""
        self._last += 1
        self._open.add(self._last)
        return self._last

    def end(self, number: int) -> None:
        """It is committed or rolled back."""
        self._open.discard(number)

    def horizon(self, *, besides: int = 0) -> int:
        """All below this number have ended, whatever they did."""
        return min((each for each in self._open if each != besides), default=self._last + 1)


class HeldTransaction:
    """A transaction that began some time ago: its rows carry that time and the ids that it took then.

    `held = sandbox.hold()` … `held.take("res.partner")` … `held.commit(work)`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._number = engine.numbers.begin()
        self.env = engine.env()

    def take(self, model: str) -> int:
        """The next id of a model: others now get higher ones, and see this one first when it is committed."""
        store = self._engine.store
        store.counters[model] += 1
        self.env.given_ids.setdefault(model, []).append(store.counters[model])
        return store.counters[model]

    def commit(self, work: Callable[[Env], Result]) -> Result:
        """Do it, and make it visible."""
        return self._engine.finish(self, lambda: work(self.env), self._number)

    def roll_back(self) -> None:
        """Nothing of it becomes visible."""
        self._engine.numbers.end(self._number)


class Engine:
    """The database and what runs over it. Calls are carried out one after the other."""

    def __init__(
        self,
        *,
        version: str,
        database: str,
        clock: Clock = utc_now,
        state: StateFile | None = None,
        faults: Faults,
        timings: bool = False,
    ) -> None:
        self.registry = registry_of(version).own()
        self.timings = Timings(self.registry.major) if timings else None
        self.store = Store(self.registry.indexed())
        self.database = database
        self.clock = clock
        self.faults = faults
        self.calls = Calls()
        self.numbers = TransactionNumbers()
        self.sessions: dict[str, int] = {}  # cookie of a browser's session → its user
        self._state = state
        if state is None or not state.load(self.store):
            self.transaction(sow)
        for row in self.store.tables["ir.module.module"].values():
            self.registry.fit(row["name"], installed=row["state"] == "installed")
        self.numbers.go_on(last_number(self.store))

    def env(
        self, uid: int = SUPERUSER, *, now: datetime | None = None, context: Mapping[str, Any] | None = None
    ) -> Env:
        """An environment for one transaction; of the superuser unless another is named, with that user's groups."""
        env = Env(self.registry, self.store, uid=uid, now=now or self.clock(), context=context)
        if uid != SUPERUSER:
            env.groups = keys.groups_of(env, uid)
        return env

    def transaction(self, work: Callable[[Env], Result]) -> Result:
        """Do something as the superuser; kept whole or not at all."""
        env = self.env()
        return self._committed(lambda: work(env), env)

    def hold(self) -> HeldTransaction:
        """Begin a transaction of the superuser that is committed later."""
        return HeldTransaction(self)

    def finish(self, held: HeldTransaction, work: Callable[[], Result], number: int) -> Result:
        """End a transaction that was held open."""
        return self._committed(work, held.env, number=number)

    def _committed(
        self, work: Callable[[], Result], env: Env, *, collide: bool = False, number: int | None = None
    ) -> Result:
        """`number`: what the transaction was given when it began; none: it begins now."""
        if number is None:
            number = self.numbers.begin()
        env.horizon = self.numbers.horizon(besides=number)
        try:
            result = work()
            if collide:
                raise SerializationFailure
            note_changes(env, number)
            if self._state is not None:  # first on disk, then visible: what cannot be saved is taken back
                self._state.save(self.store.changes(), self.store)
        except BaseException:
            self.store.rollback()
            raise
        finally:
            self.numbers.end(number)
        self.store.commit()
        return result

    def execute(
        self,
        uid: int,
        model: str,
        method: str,
        bind: Binder,
        *,
        context: Mapping[str, Any],
        started: datetime,
        collide: bool = False,
    ) -> Any:
        """A client's call as one transaction that started then. `bind` checks and passes the arguments.

        `collide` ends it as a serialization failure. Raises OdooError of every kind.
        """
        env = self.env(uid, now=started, context=context)
        name = f"{model}/{method}"
        self.calls.calls[name] += 1
        try:
            bound, target = dispatch.find(env, model, method)
            return self._committed(lambda: bind(bound, target), env, collide=collide)
        except Exception:
            self.calls.failed[name] += 1
            raise

    def count_records(self, model: str, method: str, argument: Any) -> None:
        """Count the records of a call: the length of its ids, values or rows."""
        self.calls.records[f"{model}/{method}"] += len(argument) if isinstance(argument, (list, tuple)) else 1

    def add_key(
        self,
        login: str,
        *,
        secret: str | None = None,
        expires: datetime | None = None,
        groups: Iterable[str] | None = None,
    ) -> str:
        """A key for a user; see `keys.add_key`."""
        return self.transaction(lambda env: keys.add_key(env, login, secret=secret, expires=expires, groups=groups))

    def close(self) -> None:
        """Close the state file."""
        if self._state is not None:
            self._state.close()
