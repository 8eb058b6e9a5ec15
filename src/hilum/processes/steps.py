"""The steps of a run: each happens once, because what it does and that it is done are one transaction.

A run that is executed again (its hub died, another one took it over) finds what its steps came to and does none twice.
Where two hubs execute one run for a moment, the first that records a step wins; the other one's work is undone with its
transaction, and it goes on from what is recorded.
"""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import orjson

from hilum.errors import DatabaseUnavailable, Invalid, trail
from hilum.postgres import Connection, Database
from hilum.processes.patience import surely
from hilum.processes.store import RunRow

AT_ONCE: Final = 16
"""Steps that are under way at once in one hub; others wait their turn. Hundreds at once (a hub that takes over the runs
of another one, a morning with many deliveries) would each be slower by as much, and take the connections that messages
need."""

Value = TypeVar("Value")
Act = Callable[[Connection, int], Awaitable[Any]]
"""What a step does, in the transaction that records it, with its number. What it comes to is JSON: ids and words only,
for bodies lie elsewhere, sealed."""


class StepFailed(Exception):
    """A step failed before the hub died: where its error was raised, without its text, which might quote a payload."""


class Elsewhere(BaseException):
    """Another execution of the run was quicker: nothing of the step is done, and this one must begin again.

    No `Exception`, so that no process takes it for an error of its own.
    """


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a step came to."""

    name: str
    outcome: str  # JSON
    failed: str = ""  # where its error was raised


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was just done, and is to be recorded."""

    number: int
    name: str
    outcome: Any = field(repr=False)


Acts = Callable[[Connection], Awaitable[Sequence[Done]]]
"""Several steps of one transaction: what they came to."""

_RECORD: Final = (
    "INSERT INTO process_step (run_id, step, name, outcome, failed)"
    " SELECT r.id, s.step, s.name, s.outcome, s.failed FROM process_run r,"
    " unnest(%s::int[], %s::text[], %s::text[], %s::text[]) AS s (step, name, outcome, failed)"
    " WHERE r.id = %s AND r.workflow = %s FOR SHARE OF r ON CONFLICT DO NOTHING"
)
"""Nothing is recorded for a run that was moved to another version meanwhile; its row stays so until the commit."""


class Steps:
    """Of one execution of a run. Used by one task."""

    def __init__(
        self, database: Database, row: RunRow, recorded: Mapping[int, Recorded], turns: Semaphore | None = None
    ) -> None:
        self._database = database
        self._row = row
        self._recorded = dict(recorded)
        self._turns = turns or Semaphore(AT_ONCE)
        self._number = row.step_base
        self._later: list[tuple[int, str, Any, Act | None]] = []  # done with the next that cannot wait
        self._broken: BaseException | None = None

    @property
    def next(self) -> int:
        """The number of the next step; no two of a run are equal, whatever version it is in."""
        return self._number + 1

    def known(self, number: int) -> Recorded | None:
        """What the step of that number came to, if it was done."""
        return self._recorded.get(number)

    def replay(self, name: str) -> Any:
        """The next step was done: what it came to. Raises `StepFailed`, or `Invalid` where it was another one."""
        self._number += 1
        found = self._recorded.pop(self._number)
        if found.name != name:
            raise Invalid(
                f"Step {self._number} was “{found.name}” when the run took it, and is “{name}” in the code of its "
                "process now. Keep the old code as a version of its own."
            )
        if found.failed:
            raise StepFailed(found.failed)
        return orjson.loads(found.outcome)

    def skip(self) -> None:
        """A number that no step has: earlier hubs used it."""
        self._number += 1

    async def do(self, name: str, act: Act) -> Any:
        """Do it as the next step; or, if it was done before, what it came to then."""
        number = self.next

        async def one(connection: Connection) -> Sequence[Done]:
            return [Done(number, name, await act(connection, number))]

        if number not in self._recorded:
            try:
                await self.together(one)
            except DatabaseUnavailable:
                raise
            except Exception as error:
                await self._fail(number, name, error)
                raise
        return self.replay(name)

    async def call(self, name: str, outside: Callable[[], Awaitable[Any]], act: Callable[..., Awaitable[Any]]) -> Any:
        """Do a step that begins with something outside of the database. It is repeated if the hub dies in the middle.

        What was to be done before is done before. `act` gets what `outside` came to as its last argument.
        """
        number = self.next
        if number in self._recorded:
            return self.replay(name)
        await self.flush()
        try:
            async with self._turns:
                found = await surely(outside)
        except Exception as error:
            await self._fail(number, name, error)
            raise
        return await self.do(name, lambda connection, number: act(connection, number, found))

    async def later(self, name: str, act: Act | None = None, outcome: Any = None) -> Any:
        """A step that is caused by nothing outside and whose outcome is known: it is done with the next that is not so.

        If the hub dies before, it is as if the run had not come so far: nobody has seen anything of it.
        """
        if self.next in self._recorded:
            return self.replay(name)
        self._sound()
        self._number += 1
        self._later.append((self._number, name, outcome, act))
        return outcome

    async def flush(self) -> None:
        """Do now what was left for later."""
        if self._later:
            await self.together(_nothing)

    async def together(self, acts: Acts) -> None:
        """What was left for later, and these, in one transaction. What they came to is there for `replay`."""
        self._sound()

        async def once() -> Sequence[Done]:
            async with self._database.transaction() as connection:
                return await self._do_all(connection, acts)

        async with self._turns:
            done = await surely(once)
        self._later.clear()
        self._recorded |= {
            each.number: Recorded(each.name, orjson.dumps(each.outcome).decode())
            for each in done
            if each.number > self._number
        }

    async def read(self, act: Callable[[], Awaitable[Value]]) -> Value:
        """A look at what never changes, which is no step; never from within one."""
        async with self._turns:
            return await surely(act)

    def mend(self) -> None:
        """What was left for later and failed is given up: the run is held, and does it again when it goes on."""
        if not isinstance(self._broken, Elsewhere):
            self._broken = None

    def _sound(self) -> None:
        if self._broken is not None:
            raise self._broken

    async def _do_all(self, connection: Connection, acts: Acts) -> Sequence[Done]:
        done: list[Done] = []
        for number, name, outcome, act in self._later:
            try:
                if act is not None:
                    await act(connection, number)
            except DatabaseUnavailable:
                raise
            except Exception as error:
                self._later, self._broken = [], error
                raise
            done.append(Done(number, name, outcome))
        done += await acts(connection)
        await self._record(connection, [(each, "") for each in done])
        return done

    async def _fail(self, number: int, name: str, error: Exception) -> None:
        """The run sees the same when it is repeated. What was left for later before it is done."""
        if self._broken is not None:
            return

        async def note(connection: Connection) -> Sequence[Done]:
            await self._record(connection, [(Done(number, name, None), trail(error))])
            return []

        await self.together(note)
        self._number = number

    async def _record(self, connection: Connection, done: Sequence[tuple[Done, str]]) -> None:
        if not done:
            return
        cursor = await connection.execute(
            _RECORD,
            [
                [each.number for each, _ in done], [each.name for each, _ in done],
                [orjson.dumps(each.outcome).decode() for each, _ in done], [failed for _, failed in done],
                self._row.id, self._row.workflow,
            ],
        )  # fmt: skip
        if cursor.rowcount != len(done):
            self._broken = Elsewhere()
            raise self._broken


async def _nothing(connection: Connection) -> Sequence[Done]:
    return []
