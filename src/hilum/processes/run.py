"""A run of a process, as its function sees it: everything it does with the world is a step that happens once.

What a step does and that it is done are one transaction; what it found or sent is sealed. Steps that are caused by
nothing outside (`move`, `send`, `now`) are done with the next that cannot wait.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
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
from hilum.processes import progress, store, tasks
from hilum.processes.arrivals import Arrivals
from hilum.processes.bells import Bell
from hilum.processes.clock import Clock
from hilum.processes.declaration import Process, topic_of
from hilum.processes.periods import Period
from hilum.processes.steps import Steps
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


@dataclass(frozen=True, slots=True)
class _Command:
    """What a run sends."""

    channel: str
    what: str
    key: str
    body: bytes = field(repr=False)
    cause: UUID | None
    facts: tuple[Fact, ...] = field(repr=False)


class Run:
    """One run. Its function calls these one after the other, never two at once."""

    def __init__(
        self, steps: Steps, database: Database, process: Process, row: RunRow, clock: Clock, bell: Bell
    ) -> None:
        self._steps = steps
        self._clock = clock
        self._database = database
        self._process = process
        self._row = row
        self._undo: list[tuple[str, Undo]] = []
        self._arrivals = Arrivals(steps, clock, row, bell)
        self._undoing = False
        self._state = row.state  # after all steps that are recorded
        self._kept: tuple[UUID, bytes] | None = None  # what the last step came to

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
        return datetime.fromisoformat(await self._steps.later("now", outcome=self._clock.now().isoformat()))

    @property
    def started_at(self) -> datetime:
        """When it began."""
        return self._row.started_at

    async def move(self, state: str, *, facts: Sequence[Fact] = ()) -> None:
        """It is in this state now. Raises `Invalid` where the state model does not allow it: then the run is held.

        `facts` are noted in the same transaction.
        """
        was = self._state

        async def write(connection: Connection, number: int) -> None:
            self._process.states.check(was, state)
            await self._note_facts(connection, facts)
            if was != state:
                await connection.execute(
                    "UPDATE process_run SET state = %s, since = now() WHERE id = %s", [state, self.id]
                )
                await progress.tell(connection, self.id, number, "moved", f"{was} → {state}")

        if self._steps.known(self._steps.next) is not None:
            self._steps.replay("move")
        elif self._process.states.allow(was, state):
            await self._steps.later("move", write)
            self._state = state
        else:
            await self._steps.do("move", write)

    async def step(self, name: str, act: Callable[[], Awaitable[Value]]) -> Value:
        """Anything else that must happen once and be remembered: a look at a table, a call that only reads.

        What it comes to must be JSON. It is repeated if the hub dies in the middle.
        """

        async def keep(connection: Connection, number: int, value: Value) -> str:
            return await self._keep(connection, number, name, value)

        found: Value = await self._result(await self._steps.call(name, act, keep))
        return found

    async def query(self, name: str, act: Callable[[Connection], Awaitable[Value]]) -> Value:
        """A look into the hub's own tables, or a note there, that is remembered: it happens in one transaction.

        What it comes to must be JSON. What it notes is noted once.
        """

        async def within(connection: Connection, number: int) -> str:
            return await self._keep(connection, number, name, await act(connection))

        found: Value = await self._result(await self._steps.do(name, within))
        return found

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
        cause = self._arrivals.cause
        body = orjson.dumps({"type": topic_of(type(thing)), "content": thing.model_dump(mode="json")})
        sent = _Command(channel, type(thing).__name__, key or self.key, body, cause, tuple(facts))

        async def write(connection: Connection, number: int) -> None:
            await self._write_command(connection, number, sent)

        await self._steps.later(f"send {channel}", write)
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

        async def write(connection: Connection, number: int) -> str:
            process = self._process
            id = await tasks.put(connection, process.name, self.id, number, task, process.criticality)
            await progress.tell(connection, self.id, number, "asked", f"{task.team}: {task.title}")
            return str(id)

        return Open(UUID(await self._steps.do("ask", write)), task)

    async def withdraw(self, asked: Open) -> bool:
        """It need not be answered any more. False: somebody has answered, and `next` brings it."""

        async def write(connection: Connection, number: int) -> bool:
            withdrawn = await tasks.withdraw(connection, asked.id)
            if withdrawn:
                await progress.tell(connection, self.id, number, "withdrawn", asked.task.title)
            return withdrawn

        return bool(await self._steps.do("withdraw", write))

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
        content = await self._content(found.id) if found.content is progress.NOT_READ else found.content
        if found.topic not in asked:
            return known[found.topic].model_validate(content)
        answered = asked[found.topic]
        return Answer(answered, answered.task.form.model_validate(content), await self._by(answered.id))

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

        async def write(connection: Connection, number: int) -> None:
            await progress.end(connection, self.id, number, status, outcome)

        await self._steps.do("end", write)
        return status

    async def hold(self, error: Exception) -> str:
        """A defect, or something nobody thought of: it waits for a person, who lets it be repeated from here."""
        words = str(error) if isinstance(error, HilumError) else f"A defect of the process: {type(error).__name__}"
        kind = classify(error).kind

        async def write(connection: Connection, number: int) -> None:
            await connection.execute(
                "UPDATE process_run SET status = 'held', held_step = %s, held_kind = %s, outcome = %s,"
                " waits_for = 'a person', waits_until = NULL WHERE id = %s",
                [number - self._row.step_base, kind, storable(words), self.id],
            )
            await progress.tell(connection, self.id, number, "held", words)

        self._steps.mend()
        await self._steps.do("hold", write)
        return store.HELD

    # Parts of steps

    async def _keep(self, connection: Connection, number: int, name: str, value: Any) -> str:
        id = new_id()
        kept = await progress.keep_result(connection, self._row, number, name, value, id)
        self._kept = (id, orjson.dumps(value)) if kept == id else None
        return str(kept)

    async def _result(self, id: str) -> Any:
        """What a step came to that was just kept, or was kept before; the same types in both cases."""
        kept, self._kept = self._kept, None
        if kept is not None and str(kept[0]) == id:
            return orjson.loads(kept[1])
        return await self._content(UUID(id))

    async def _note(self, kind: str, words: str) -> None:
        async def write(connection: Connection, number: int) -> None:
            await progress.tell(connection, self.id, number, kind, words)

        await self._steps.later(kind, write)

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
        if facts:
            await note(connection, [fact.model_copy(update={"run_id": self.id}) for fact in facts])

    async def _write_command(self, connection: Connection, number: int, sent: _Command) -> None:
        id = new_id()
        async with packed(connection, [(sealed_as(self._process.name), id, 0, sent.body)]) as [(codec, stored)]:
            await connection.execute(
                "INSERT INTO process_command (id, channel, run_id, process, step, key, codec, body, correlation, cause)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (run_id, step) DO NOTHING",
                [id, sent.channel, self.id, self._process.name, number, storable(sent.key), codec, stored,
                 self._row.correlation, sent.cause],
            )  # fmt: skip
            await progress.tell(connection, self.id, number, "sent", f"{sent.what} to {sent.channel}")
            await self._note_facts(connection, sent.facts)
