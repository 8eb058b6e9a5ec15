"""A run of a process, as its function sees it: everything it does with the world is a step that happens once.

The engine records that a step is done; what it found or sent lies in our own tables, sealed, under the number of the
step. A step that is repeated after a crash finds what it did before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, overload
from uuid import UUID

import orjson
from pydantic import BaseModel

from hilum.cases import classify
from hilum.errors import HilumError, Invalid
from hilum.facts import Fact, note
from hilum.journal.payloads import packed
from hilum.journal.text import storable
from hilum.message import new_id
from hilum.postgres import Connection, Database
from hilum.processes import store, tasks
from hilum.processes.arrivals import Arrivals
from hilum.processes.clock import Clock
from hilum.processes.declaration import Process, topic_of
from hilum.processes.patience import surely
from hilum.processes.periods import Period
from hilum.processes.recording import Steps
from hilum.processes.store import DECISION, EVENT, RunRow
from hilum.processes.tasks import Task, sealed_as

Found = TypeVar("Found", bound=BaseModel)
Value = TypeVar("Value")
Undo = Callable[[], Awaitable[Any]]


class Failed(HilumError):
    """The business of this run cannot go on: what it did is undone, and the run ends as failed, with these words."""


@dataclass(frozen=True, slots=True)
class Open:
    """A task that was asked, and may be answered at any time."""

    id: UUID
    task: Task


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered."""

    to: Open
    content: Any  # an object of the task's form
    by: str


class Run:
    """One run. Its function calls these one after the other, never two at once."""

    def __init__(self, steps: Steps, database: Database, process: Process, row: RunRow, clock: Clock) -> None:
        self._steps = steps
        self._clock = clock
        self._database = database
        self._process = process
        self._row = row
        self._undo: list[tuple[str, Undo]] = []
        self._arrivals = Arrivals(steps, database, clock, row)
        self._undoing = False

    def __repr__(self) -> str:
        return f"<Run {self._process.workflow} {self._row.id}>"

    @property
    def id(self) -> UUID:
        """The same for the whole life of the run."""
        return self._row.id

    @property
    def key(self) -> str:
        """What the run is about."""
        return self._row.key

    async def now(self) -> datetime:
        """The time, UTC; the same when the run is repeated."""

        async def look() -> str:
            return self._clock.now().isoformat()

        return datetime.fromisoformat(await self._stepped("now", look))

    @property
    def started_at(self) -> datetime:
        """When it began."""
        return self._row.started_at

    async def move(self, state: str, *, facts: Sequence[Fact] = ()) -> None:
        """It is in this state now. Raises `Invalid` where the state model does not allow it: then the run is held.

        `facts` are noted in the same transaction.
        """

        async def write() -> None:
            async with self._database.transaction() as connection:
                row = await self._locked(connection)
                await self._note_facts(connection, facts)
                if row.state == state:
                    return
                self._process.states.check(row.state, state)
                await connection.execute(
                    "UPDATE process_run SET state = %s, since = now() WHERE id = %s", [state, self.id]
                )
                await store.tell(connection, self.id, self._step(), "moved", f"{row.state} → {state}")

        await self._stepped("move", write)

    async def step(self, name: str, act: Callable[[], Awaitable[Value]]) -> Value:
        """Anything else that must happen once and be remembered: a look at a table, a call that only reads.

        What it comes to must be JSON. It is repeated if the hub dies in the middle.
        """

        async def remember() -> str:
            number = self._step()
            value = await act()
            async with self._database.transaction() as connection:
                return str(await store.keep_result(connection, self._row, number, name, value))

        found: Value = await self._content(UUID(await self._stepped(name, remember)))
        return found

    async def query(self, name: str, act: Callable[[Connection], Awaitable[Value]]) -> Value:
        """A look into the hub's own tables, or a note there, that is remembered: it happens in one transaction.

        What it comes to must be JSON. What it notes must bear being noted again, if the hub dies in the middle.
        """

        async def within() -> Value:
            async with self._database.transaction() as connection:
                return await act(connection)

        return await self.step(name, within)

    async def send(
        self,
        channel: str,
        thing: BaseModel,
        *,
        key: str = "",
        undo: tuple[str, BaseModel] | None = None,
        facts: Sequence[Fact] = (),
    ) -> None:
        """Send a command: a message for the flow whose source is `Commands(channel)`. It is sent once.

        `key` is its ordering key, else that of the run. `undo`: what to send, and to which channel, if the run fails.
        `facts` are noted in the same transaction.
        """

        async def write() -> None:
            await self._write_command(channel, thing, key or self.key, facts)

        await self._stepped(f"send {channel}", write)
        if undo is not None:
            back, what = undo
            self.undo(f"send {back}", lambda: self.send(back, what, key=key))

    def undo(self, words: str, act: Undo) -> None:
        """If the run fails or is cancelled, do this; the last that was named comes first."""
        if not self._undoing:
            self._undo.append((words, act))

    async def undo_all(self) -> None:
        """Undo what was done, the last first."""
        self._undoing = True
        while self._undo:
            words, act = self._undo.pop()
            await self._note("undone", words)
            await act()

    @overload
    async def wait(self, one: type[Found], /, *, within: Period | None = None) -> Found | None: ...
    @overload
    async def wait(self, *types: type[BaseModel], within: Period | None = None) -> BaseModel | None: ...
    async def wait(self, *types: type[BaseModel], within: Period | None = None) -> BaseModel | None:
        """The next object of one of these types that came for this run, in the order of arrival; none: time is over."""
        found = await self.next(*types, within=within)
        return found if isinstance(found, BaseModel) else None

    async def sleep(self, period: Period) -> None:
        """Wait so long; also over restarts. A run that is cancelled does not wait to the end."""
        await self._arrivals.next([], [], "the time", period)

    async def until(self, moment: datetime) -> None:
        """Wait until then."""
        await self.sleep(max(moment - await self.now(), timedelta()))

    async def put(self, task: Task) -> Open:
        """Ask people, and go on; the answer comes by `next`."""

        async def write() -> str:
            async with self._database.transaction() as connection:
                process = self._process
                id = await tasks.put(connection, process.name, self.id, self._step(), task, process.criticality)
                await store.tell(connection, self.id, self._step(), "asked", f"{task.team}: {task.title}")
            return str(id)

        return Open(UUID(await self._stepped("ask", write)), task)

    async def withdraw(self, asked: Open) -> bool:
        """It need not be answered any more. False: somebody has answered, and `next` brings it."""

        async def write() -> bool:
            async with self._database.transaction() as connection:
                withdrawn = await tasks.withdraw(connection, asked.id)
                if withdrawn:
                    await store.tell(connection, self.id, self._step(), "withdrawn", asked.task.title)
            return withdrawn

        return bool(await self._stepped("withdraw", write))

    async def next(
        self, *types: type[BaseModel], answers_to: Sequence[Open] = (), within: Period | None = None
    ) -> BaseModel | Answer | None:
        """Whatever comes first: an object of these types, or an answer to one of these tasks; none: time is over."""
        known = self._known(types)
        asked = {str(each.id): each for each in answers_to}
        words = [each.__name__ for each in types] + [f"{each.task.team}: {each.task.title}" for each in answers_to]
        kinds = [EVENT, *([DECISION] if asked else [])]
        found = await self._arrivals.next(kinds, [*known, *asked], " or ".join(words), within)
        if found is None:
            return None
        id, topic = found
        if topic not in asked:
            return known[topic].model_validate(await self._content(id))
        answered = asked[topic]
        return Answer(answered, answered.task.form.model_validate(await self._content(id)), await self._by(answered.id))

    async def ask(self, task: Task) -> Any:
        """Ask people, and wait for the answer: an object of the task's form. It has `decided_by` of the task's."""
        answer, _ = await self.asked(task)
        return answer

    async def asked(self, task: Task) -> tuple[Any, str]:
        """As `ask`; also says who answered."""
        found = await self.next(answers_to=[await self.put(task)])
        if not isinstance(found, Answer):
            raise Failed(f"Nobody answered: {task.title}.")
        return found.content, found.by

    # The end, called by the engine

    async def finish(self, status: str, outcome: str) -> str:
        """It is over."""

        async def write() -> None:
            async with self._database.transaction() as connection:
                await store.end(connection, self.id, self._step(), status, outcome)

        await self._stepped("end", write)
        return status

    async def hold(self, error: Exception) -> str:
        """A defect, or something nobody thought of: it waits for a person, who lets it be repeated from here."""

        async def write() -> None:
            number = self._step()
            words = str(error) if isinstance(error, HilumError) else f"A defect of the process: {type(error).__name__}"
            kind = classify(error).kind
            async with self._database.transaction() as connection:
                await connection.execute(
                    "UPDATE process_run SET status = 'held', held_step = %s, held_kind = %s, outcome = %s,"
                    " waits_for = 'a person', waits_until = NULL WHERE id = %s",
                    [number - self._row.step_base, kind, storable(words), self.id],
                )
                await store.tell(connection, self.id, number, "held", words)

        await self._stepped("hold", write)
        return store.HELD

    # Steps

    def _step(self) -> int:
        """The number of the step that is under way; no two of a run are equal, whatever version it is in."""
        return self._row.step_base + self._steps.number

    async def _stepped(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any:
        return await self._steps.do(name, lambda: surely(act))

    async def _note(self, kind: str, words: str) -> None:
        async def write() -> None:
            async with self._database.transaction() as connection:
                await store.tell(connection, self.id, self._step(), kind, words)

        await self._stepped(kind, write)

    async def _locked(self, connection: Connection) -> RunRow:
        row = await store.run_by_id(connection, self.id, lock=True)
        if row is None:
            raise Invalid("The run is not there any more.")
        return row

    async def _content(self, item: UUID) -> Any:
        """What lies in it never changes, so reading it is no step."""

        async def read() -> Any:
            async with self._database.cold() as connection:
                return await store.content(connection, item)

        return await self._steps.read(read)

    async def _by(self, task: UUID) -> str:
        async def read() -> str:
            async with self._database.cold() as connection:
                return await tasks.decided_by(connection, task)

        return str(await self._steps.read(read))

    def _known(self, types: Sequence[type[BaseModel]]) -> dict[str, type[BaseModel]]:
        known = {topic_of(each): each for each in types}
        if missing := [topic for topic in known if topic not in self._process.heard]:
            raise Invalid(f"The process does not listen to {', '.join(missing)}: say hears(…).")
        return known

    async def _note_facts(self, connection: Connection, facts: Sequence[Fact]) -> None:
        await note(connection, [fact.model_copy(update={"run_id": self.id}) for fact in facts])

    async def _write_command(self, channel: str, thing: BaseModel, key: str, facts: Sequence[Fact] = ()) -> None:
        number, id = self._step(), new_id()
        body = orjson.dumps({"type": topic_of(type(thing)), "content": thing.model_dump(mode="json")})
        async with (
            self._database.transaction() as connection,
            packed(connection, [(sealed_as(self._process.name), id, 0, body)]) as [(codec, stored)],
        ):
            await connection.execute(
                "INSERT INTO process_command (id, channel, run_id, process, step, key, codec, body, correlation, cause)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (run_id, step) DO NOTHING",
                [id, channel, self.id, self._process.name, number, storable(key), codec, stored, self._row.correlation,
                 self._arrivals.cause],
            )  # fmt: skip
            await store.tell(connection, self.id, number, "sent", f"{type(thing).__name__} to {channel}")
            await self._note_facts(connection, facts)
