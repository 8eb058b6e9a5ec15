"""Any record of any model, by business key: for what has no operation of its own.

An integration engineer says which model, which fields and which key; see `hilum.connectors.odoo.upsert`. Columns are
those of Odoo's `load`: `name`, `country_id/.id` (database id), `parent_id/id` (external identifier), `categ_id` (name).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, ClassVar

import orjson
from pydantic import Field, ValidationError

from hilum.canonical.base import Code, Value
from hilum.connectors.odoo.external_ids import external_id
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Operation
from hilum.connectors.odoo.operations.filling import leave_filled
from hilum.connectors.odoo.operations.own_records import own_numbers
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.showing import shown, shows
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Invalid, Unsure
from hilum.message import Delivered


class FieldValues(Value):
    """The body of such a delivery."""

    model: str = Field(pattern=r"^[a-z][a-z0-9_.]*$")
    kind: str = Field(pattern=r"^[a-z]+$")  # of the external identifier
    key: Code
    # a column whose value is None is left alone in Odoo; "" clears it
    values: dict[str, str | bool | int | float | None] = Field(repr=False)
    fills: tuple[str, ...] = ()  # columns that are left alone where the record has something there

    def write(self) -> bytes:
        """The body, as JSON."""
        return orjson.dumps(self.model_dump())


class UpsertRecord(Operation):
    """FieldValues → any model."""

    name: ClassVar[str] = "upsert"
    accepts: ClassVar[tuple[type, ...]] = (FieldValues,)

    def read(self, body: bytes) -> FieldValues:
        """See `Operation.read`."""
        try:
            return FieldValues.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise Invalid(first["msg"], where=".".join(str(part) for part in first["loc"])) from None

    def effect(self, thing: FieldValues, prefix: str) -> str:
        """See `Operation.effect`."""
        return external_id(thing.kind, thing.key, prefix=prefix)

    async def landed(self, session: Session, task: Task) -> Delivered | Unsure | None:
        """See `Operation.landed`: the record is there and shows what was sent."""
        model = task.thing.model
        record = self._record(session, task)
        own = await own_numbers(session, model, task.thing.kind, [record])
        if own:
            number = own[0] if await shows(session, model, own[0], record.head) else None
        else:
            number = await shown(session, model, record)
        if number is None:
            return None
        words = f"The {record.about} is up to date in Odoo."
        return Delivered(reference=f"{model}:{number} {task.thing.key}", words=words)

    async def run(self, session: Session, tasks: Sequence[Task]) -> None:
        """See `Operation.run`. Consecutive records of one sort go together, so that the order is kept."""
        for (model, kind), some in groupby(tasks, key=lambda task: (task.thing.model, task.thing.kind)):
            await self._one_sort(session, model, kind, list(some), tasks)

    async def _one_sort(
        self, session: Session, model: str, kind: str, some: Sequence[Task], tasks: Sequence[Task]
    ) -> None:
        records = [self._record(session, task) for task in some if task.outcome is None]
        await leave_filled(session, model, kind, records)
        for place, number in (await own_numbers(session, model, kind, records)).items():
            records[place].own = number
        await session.master_data(model).load(records, tasks)
        for record in records:
            if record.task.outcome is None and record.number is not None:
                words = f"The {record.about} is up to date in Odoo."
                record.task.deliver(f"{model}:{record.number} {record.task.thing.key}", words)

    @staticmethod
    def _record(session: Session, task: Task) -> Record:
        thing: FieldValues = task.thing
        values: Mapping[str, Any] = thing.values
        return Record(
            task=task,
            xml_id=session.xml_id(thing.kind, thing.key),
            head={column: cell(value) for column, value in values.items() if value is not None},
            about=f"{thing.model} {thing.key}",
            fills=frozenset(thing.fills),
        )
