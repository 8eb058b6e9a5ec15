"""What all operations have in common.

An operation takes deliveries of one kind of object, in order, and settles each: delivered, or a failure. It may be
called again with the same delivery at any time and after any loss, also by two hubs at once, and has one effect.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeVar

from hilum import canonical
from hilum.canonical import BusinessObject
from hilum.connector import Header
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.external_ids import external_id
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.filling import fills, leave_filled, without_fills
from hilum.connectors.odoo.operations.own_records import own_numbers, written
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.showing import shown, shows
from hilum.connectors.odoo.work import Task, cell, still_open
from hilum.errors import Down, Failure, Invalid, Rejected, Unsure
from hilum.message import Delivered

V = TypeVar("V")

Needs = Mapping[str, tuple[str, ...]]
"""Model of Odoo → its fields that an operation writes, searches or compares."""

CLEAR: Final = object()
"""The value of a column that is to be emptied in Odoo: the sender deleted it."""


class Operation(ABC):
    """One thing that Odoo can be asked to do."""

    name: ClassVar[str]  # the `operation` of deliveries
    accepts: ClassVar[tuple[type, ...]]  # the canonical objects that it takes
    alone: ClassVar[int] = 1  # calls that one object takes when it is sent alone, look-ups aside
    needs: ClassVar[Needs] = {}  # fields that every version calls the same

    def needed(self, names: Dialect) -> Needs:
        """Every model and field that it touches on a server that uses these names.

        A model that a server does not have means that its module is not installed (`modules.MODULE_OF`).
        """
        return self.needs

    def effect(self, thing: Any, prefix: str) -> str:
        """The external identifier that the record or document of this object has in Odoo; empty: it leaves none."""
        return ""

    @abstractmethod
    async def landed(self, session: Session, task: Task) -> Delivered | Unsure | None:
        """Is the whole effect of this delivery in Odoo? None: surely not. Reads only. Raises a `Failure`.

        None and `Unsure` let the operation run again, and must not make anything double when they are wrong: a read may
        come from a replica that is behind, and a call that was given up may still be at work in Odoo. So a repetition
        writes by external identifier, in Odoo's primary database, and meets what is there.
        """

    def read(self, body: bytes) -> Any:
        """The object in a delivery's body. Raises `Invalid`."""
        thing = canonical.read(body)
        if not isinstance(thing, self.accepts):
            raise Invalid(f"the operation {self.name} does not take {thing.name}")
        return thing

    @abstractmethod
    async def run(self, session: Session, tasks: Sequence[Task]) -> None:
        """Settle every task. A raised `Failure` holds for all tasks that have no outcome yet."""


class Upsert(Operation):
    """Master data: one record of one model for each object, created or updated by external identifier."""

    model: ClassVar[str]
    kind: ClassVar[str]  # of the external identifier
    noun: ClassVar[str]  # how people call it
    number: ClassVar[str] = ""  # the column that shows people the business key; empty: none does

    @abstractmethod
    async def values(self, session: Session, thing: Any, task: Task) -> Mapping[str, Any]:
        """Column → value. None and "" leave the column alone in Odoo, `CLEAR` empties it. Raises `Rejected`."""

    def key_of(self, thing: Any) -> str:
        """What the external identifier of its record is made of."""
        return str(thing.business_key)

    def effect(self, thing: Any, prefix: str) -> str:
        """See `Operation.effect`."""
        return external_id(self.kind, self.key_of(thing), prefix=prefix)

    async def landed(self, session: Session, task: Task) -> Delivered | Unsure | None:
        """See `Operation.landed`: the record is there and shows what was sent, and so does what belongs to it."""
        records = await self._records(session, [task])
        if not records:
            return Unsure(str(task.outcome))
        record = records[0]
        record.number = await self.shown(session, record)
        if record.number is None or not await self.belongings_shown(session, record):
            return None
        if task.outcome is None:
            self.settle(record)
        return task.outcome if isinstance(task.outcome, Delivered) else None

    async def shown(self, session: Session, record: Record) -> int | None:
        """The id of the record in Odoo that shows what was sent; None where there is none."""
        own = await own_numbers(session, self.model, self.kind, [record])
        if not own:
            return await shown(session, self.model, record)
        return own[0] if await shows(session, self.model, own[0], record.head) else None

    async def belongings_shown(self, session: Session, record: Record) -> bool:
        """Is what is written besides the one record in Odoo as it was sent too? The record is. Raises a `Failure`."""
        return True

    async def run(self, session: Session, tasks: Sequence[Task]) -> None:
        """See `Operation.run`."""
        records = await self._records(session, tasks)
        await leave_filled(session, self.model, self.kind, records)
        await self.write(session, records, tasks)
        for record in records:
            if record.task.outcome is None and record.number is not None:
                self.settle(record)

    async def write(self, session: Session, records: Sequence[Record], tasks: Sequence[Task]) -> None:
        """Write the records and what belongs to them; tasks of refused ones are settled. Raises a `Failure`."""
        own = await own_numbers(session, self.model, self.kind, records)
        together: list[Record] = []
        for place, record in enumerate(records):
            if place not in own:
                together.append(record)
                continue
            await self._load(session, together, tasks)
            together = []
            await self._change(session, record, own[place], tasks)
        await self._load(session, together, tasks)

    async def _load(self, session: Session, records: Sequence[Record], tasks: Sequence[Task]) -> None:
        if records:
            await session.master_data(self.model).load(records, tasks)

    async def _change(self, session: Session, record: Record, number: int, tasks: Sequence[Task]) -> None:
        """Change a record by its id, unless one of its key before it was refused."""

        async def change(task: Task) -> None:
            await session.client.write(self.model, [number], dict(record.values))
            record.number = number

        await prepare([task for task in still_open(tasks) if task is record.task], change)

    def settle(self, record: Record) -> None:
        """Say that it is written."""
        words = f"The {record.about} is up to date in Odoo."
        record.task.deliver(f"{self.model}:{record.number} {record.task.thing.business_key}", words)

    async def _records(self, session: Session, tasks: Sequence[Task]) -> list[Record]:
        async def record(task: Task) -> Record:
            thing: BusinessObject = task.thing
            key = thing.business_key
            values = await self.values(session, thing, task)
            others = without_fills(task)
            filling = fills(values, await self.values(session, others, task)) if others is not None else frozenset()
            if task.delivery.headers.get(Header.UNNUMBERED):  # its number is still to come: nothing is put in its place
                values = {column: value for column, value in values.items() if column != self.number}
            if thing.left_out is not None:  # of a partial object an empty text is told, and a deletion
                values = {column: CLEAR if value == "" else value for column, value in values.items()}
            head = {column: _cell(value) for column, value in values.items() if value not in (None, "")}
            return Record(
                task=task,
                xml_id=session.xml_id(self.kind, self.key_of(thing)),
                head=head,
                about=f"{self.noun} {key}",
                values=written({column: value for column, value in values.items() if value not in (None, "")}, CLEAR),
                fills=filling,
            )

        return await prepare(tasks, record)


def _cell(value: Any) -> str:
    return "" if value is CLEAR else cell(value)


async def prepare(tasks: Sequence[Task], make: Callable[[Task], Awaitable[V]]) -> list[V]:
    """What `make` makes of each open task. A task for which it raises a failure is settled with that.

    Raises `Down` all the same: the others would fail too, each after a time-out of its own.
    """
    made = []
    for task in still_open(tasks):
        try:
            made.append(await make(task))
        except Down:
            raise
        except Failure as failure:
            task.fail(failure)
    return made


def joined(*needs: Needs) -> dict[str, tuple[str, ...]]:
    """All that several say of the same models, each field once."""
    models = dict.fromkeys(model for each in needs for model in each)
    return {model: tuple(dict.fromkeys(name for each in needs for name in each.get(model, ()))) for model in models}


def found(value: V | Rejected) -> V:
    """The value of a look-up, or its `Rejected` raised."""
    if isinstance(value, Rejected):
        raise value
    return value
